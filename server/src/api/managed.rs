//! The accounts that an organization manages because of its verified domains.

use control::managed;
use domain::{
    actions::Action,
    errors::Error,
    views::{ManagedRow, ManagedView, Page, TokenRow},
};

use super::{
    answers::Listed,
    calls::{Call, Json},
    operations::{AFTER, CONFIRM, Operation, Parameter},
};

const USERS: &str = "/v1/organizations/{organization}/managed-users";
const USER: &str = "/v1/organizations/{organization}/managed-users/{user}";
const DEACTIVATE: &str = "/v1/organizations/{organization}/managed-users/{user}/deactivate";
const REACTIVATE: &str = "/v1/organizations/{organization}/managed-users/{user}/reactivate";
const PASSWORD_RESET: &str = "/v1/organizations/{organization}/managed-users/{user}/password-reset";
const TOKENS: &str = "/v1/organizations/{organization}/managed-users/{user}/tokens";
const TOKEN: &str = "/v1/organizations/{organization}/managed-users/{user}/tokens/{token}";

pub(super) fn operations() -> Vec<Operation> {
    const FILTER: &[Parameter] = &[
        Parameter { name: "text", description: "Part of the e-mail address or name." },
        Parameter { name: "membership", description: "member or not_member of the organization." },
        AFTER,
    ];
    vec![
        Operation::get(USERS, "listManagedUsers", Action::ViewManagedUsers, list)
            .about("Lists everybody whom the organization manages, by e-mail address.")
            .with_query(FILTER),
        Operation::get(USER, "getManagedUser", Action::ViewManagedUsers, view)
            .about("Shows a managed account."),
        Operation::delete(USER, "deleteManagedUser", Action::DeleteManagedUser, delete)
            .about("Deletes a managed account with everything it holds, in every organization.")
            .requiring(&[CONFIRM]),
        Operation::post(DEACTIVATE, "deactivateManagedUser", Action::DeactivateManagedUser, deactivate)
            .about("Shuts a managed account out everywhere and signs it out."),
        Operation::post(REACTIVATE, "reactivateManagedUser", Action::ReactivateManagedUser, reactivate)
            .about("Lets a managed account in again."),
        Operation::post(PASSWORD_RESET, "askManagedPasswordReset", Action::AskManagedPasswordReset, reset)
            .about("Mails a link that sets a new password."),
        Operation::get(TOKENS, "listManagedTokens", Action::ViewManagedUsers, tokens)
            .about("Lists somebody's personal tokens, newest first.")
            .with_query(&[AFTER]),
        Operation::delete(TOKEN, "revokeManagedToken", Action::RevokeManagedToken, revoke)
            .about("Ends one of somebody's personal tokens."),
    ]
}

impl Listed for ManagedRow {
    const PLURAL: &'static str = "users";
}

async fn list(call: Call) -> Result<Page<ManagedRow>, Error> {
    let (text, membership) = (call.query("text"), call.query("membership"));
    managed::list(&call.ctx, call.id("organization")?, text, membership, call.after()).await
}

async fn view(call: Call) -> Result<Json<ManagedView>, Error> {
    managed::view(&call.ctx, call.id("organization")?, call.id("user")?).await.map(Json)
}

async fn delete(call: Call) -> Result<(), Error> {
    let (organization, user) = (call.id("organization")?, call.id("user")?);
    managed::delete(&call.ctx, organization, user, call.query("confirm")).await.map_err(Call::unconfirmed)
}

async fn deactivate(call: Call) -> Result<(), Error> {
    managed::deactivate(&call.ctx, call.id("organization")?, call.id("user")?).await
}

async fn reactivate(call: Call) -> Result<(), Error> {
    managed::reactivate(&call.ctx, call.id("organization")?, call.id("user")?).await
}

async fn reset(call: Call) -> Result<(), Error> {
    managed::ask_password_reset(&call.ctx, call.id("organization")?, call.id("user")?).await
}

async fn tokens(call: Call) -> Result<Page<TokenRow>, Error> {
    managed::tokens(&call.ctx, call.id("organization")?, call.id("user")?, call.after()).await
}

async fn revoke(call: Call) -> Result<(), Error> {
    let (organization, user) = (call.id("organization")?, call.id("user")?);
    managed::revoke_token(&call.ctx, organization, user, call.id("token")?).await
}
