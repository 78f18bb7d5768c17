//! Application users and their tokens.

use control::application_users;
use domain::{
    actions::Action,
    errors::Error,
    views::{ApplicationUserRow, ApplicationUserView, Effects, MadeToken, Page, TokenRow},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    answers::{Created, Listed},
    calls::{Call, Json},
    operations::{AFTER, CONFIRM, Operation, Parameter},
    token_bodies::{
        CreateToken, EditToken, EditedToken, RevokeTokens, RevokedTokens, RotateToken, UNUSED_DAYS,
    },
};

const USERS: &str = "/v1/organizations/{organization}/application-users";
const USER: &str = "/v1/organizations/{organization}/application-users/{user}";
const EFFECTS: &str = "/v1/organizations/{organization}/application-users/{user}/deletion-effects";
const TOKENS: &str = "/v1/organizations/{organization}/application-users/{user}/tokens";
const TOKEN: &str = "/v1/organizations/{organization}/application-users/{user}/tokens/{token}";
const ROTATE: &str = "/v1/organizations/{organization}/application-users/{user}/tokens/{token}/rotate";
const REVOKE: &str = "/v1/organizations/{organization}/application-users/{user}/tokens/revoke";
const TEXT: Parameter = Parameter { name: "text", description: "Part of the name." };

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(USERS, "listApplicationUsers", Action::ListApplicationUsers, list)
            .about("Lists the application users by name.")
            .with_query(&[TEXT, AFTER]),
        Operation::post(USERS, "createApplicationUser", Action::CreateApplicationUser, create)
            .about("Makes an application user. It holds nothing yet."),
        Operation::get(USER, "getApplicationUser", Action::ListApplicationUsers, view)
            .about("Shows an application user."),
        Operation::patch(USER, "editApplicationUser", Action::EditApplicationUser, edit)
            .about("Changes an application user's name and description."),
        Operation::delete(USER, "deleteApplicationUser", Action::DeleteApplicationUser, delete)
            .about("Deletes an application user with its tokens and all it holds.")
            .requiring(&[CONFIRM]),
        Operation::get(EFFECTS, "previewApplicationUserDeletion", Action::DeleteApplicationUser, effects)
            .about("Shows what deleting an application user would take away, without doing it."),
        Operation::get(TOKENS, "listApplicationTokens", Action::ListApplicationUsers, tokens)
            .about("Lists an application user's tokens.")
            .with_query(&[UNUSED_DAYS, AFTER]),
        Operation::post(TOKENS, "createApplicationToken", Action::CreateApplicationToken, create_token)
            .about("Makes a token. Its text is in the answer and nowhere else."),
        Operation::patch(TOKEN, "editApplicationToken", Action::EditApplicationToken, edit_token)
            .about("Changes a token's description and address ranges."),
        Operation::delete(TOKEN, "revokeApplicationToken", Action::RevokeApplicationToken, revoke_token)
            .about("Ends a token at once."),
        Operation::post(ROTATE, "rotateApplicationToken", Action::CreateApplicationToken, rotate_token)
            .about("Makes a token that takes the place of this one, which ends after both were good for a while."),
        Operation::post(REVOKE, "revokeApplicationTokens", Action::RevokeApplicationToken, revoke_tokens)
            .about("Ends all tokens, or those that were not used for a while."),
    ]
}

impl Listed for ApplicationUserRow {
    const PLURAL: &'static str = "application_users";
}

/// An application user to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateApplicationUser {
    /// What it is called.
    name: String,
    /// What it is for.
    #[serde(default)]
    description: String,
}

/// What an application user is to be called.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EditApplicationUser {
    /// What it is called.
    name: String,
    /// What it is for.
    description: String,
    /// The generation that this is a change of; if it is not the present one, nothing is changed.
    generation: i64,
}

async fn list(call: Call) -> Result<Page<ApplicationUserRow>, Error> {
    application_users::list(&call.ctx, call.id("organization")?, call.query("text"), call.after()).await
}

async fn create(call: Call<Json<CreateApplicationUser>>) -> Result<Created<ApplicationUserView>, Error> {
    let Json(body) = &call.body;
    let organization = call.id("organization")?;
    application_users::create(&call.ctx, organization, &body.name, &body.description).await.map(Created)
}

async fn view(call: Call) -> Result<Json<ApplicationUserView>, Error> {
    application_users::view(&call.ctx, call.id("organization")?, call.id("user")?).await.map(Json)
}

async fn edit(call: Call<Json<EditApplicationUser>>) -> Result<Json<ApplicationUserView>, Error> {
    let Json(EditApplicationUser { name, description, generation }) = &call.body;
    let (organization, user) = (call.id("organization")?, call.id("user")?);
    application_users::edit(&call.ctx, organization, user, *generation, name, description).await.map(Json)
}

async fn delete(call: Call) -> Result<(), Error> {
    let (organization, user) = (call.id("organization")?, call.id("user")?);
    let deleted = application_users::delete(&call.ctx, organization, user, call.query("confirm"));
    deleted.await.map_err(Call::unconfirmed)
}

async fn effects(call: Call) -> Result<Json<Effects>, Error> {
    application_users::preview_delete(&call.ctx, call.id("organization")?, call.id("user")?).await.map(Json)
}

async fn tokens(call: Call) -> Result<Page<TokenRow>, Error> {
    let (organization, user) = (call.id("organization")?, call.id("user")?);
    application_users::tokens(&call.ctx, organization, user, call.query("unused_days"), call.after()).await
}

async fn create_token(call: Call<Json<CreateToken>>) -> Result<Created<MadeToken>, Error> {
    let (organization, user) = (call.id("organization")?, call.id("user")?);
    application_users::create_token(&call.ctx, organization, user, &call.body.0.try_into()?)
        .await
        .map(Created)
}

async fn edit_token(call: Call<Json<EditToken>>) -> Result<Json<EditedToken>, Error> {
    let (organization, user, token) = (call.id("organization")?, call.id("user")?, call.id("token")?);
    let edited = call.body.0.try_into()?;
    let row = application_users::edit_token(&call.ctx, organization, user, token, &edited).await?;
    Ok(Json(EditedToken::new(&call.ctx, row)))
}

async fn revoke_token(call: Call) -> Result<(), Error> {
    let (organization, user, token) = (call.id("organization")?, call.id("user")?, call.id("token")?);
    application_users::revoke_token(&call.ctx, organization, user, token).await
}

async fn rotate_token(call: Call<Json<RotateToken>>) -> Result<Created<MadeToken>, Error> {
    let (organization, user, token) = (call.id("organization")?, call.id("user")?, call.id("token")?);
    let overlap = call.body.0.overlap();
    application_users::rotate_token(&call.ctx, organization, user, token, &overlap).await.map(Created)
}

async fn revoke_tokens(call: Call<Json<RevokeTokens>>) -> Result<Json<RevokedTokens>, Error> {
    let (organization, user) = (call.id("organization")?, call.id("user")?);
    let days = call.body.0.days();
    let revoked = application_users::revoke_tokens(&call.ctx, organization, user, &days).await?;
    Ok(Json(RevokedTokens { revoked }))
}
