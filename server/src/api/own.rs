//! What somebody may know of themselves: who they are, what they may do where, their tokens.

use control::{explanations, sessions, tokens};
use domain::{
    actions::Action,
    errors::Error,
    views::{Explanation, MadeToken, Page, Profile, TokenRow},
};

use super::{
    answers::Created,
    calls::{Call, Json},
    operations::{AFTER, Operation, Parameter},
    token_bodies::{CreateToken, EditToken, EditedToken, UNUSED_DAYS},
};

const TOKENS: &str = "/v1/me/tokens";
const TOKEN: &str = "/v1/me/tokens/{token}";

pub(super) fn operations() -> Vec<Operation> {
    const ORGANIZATION: Parameter =
        Parameter { name: "organization", description: "Id of the organization." };
    vec![
        Operation::get("/v1/me", "getMe", Action::ViewOwnProfile, view)
            .about("Shows who the token's owner is and where they belong."),
        Operation::get("/v1/me/permissions", "explainMyPermissions", Action::ViewOwnPermissions, explain)
            .about("Shows what the token's owner holds at a place, and why. What the token is limited to is not looked at.")
            .requiring(&[ORGANIZATION])
            .with_query(&[super::permissions::RESOURCE]),
        Operation::get(TOKENS, "listMyTokens", Action::ViewOwnTokens, list)
            .about("Lists one's own tokens. Refused to a token that is limited by scopes.")
            .with_query(&[UNUSED_DAYS, AFTER]),
        Operation::post(TOKENS, "createMyToken", Action::ManageOwnTokens, create)
            .about("Refused: a token cannot make another of its owner. Sign in to the console."),
        Operation::patch(TOKEN, "editMyToken", Action::ManageOwnTokens, edit)
            .about("Refused: a token cannot change one of its owner. Sign in to the console."),
        Operation::delete(TOKEN, "revokeMyToken", Action::ViewOwnTokens, revoke)
            .about("Ends one of one's own tokens at once, the one that is used too. A token that is limited by scopes ends itself alone."),
    ]
}

async fn view(call: Call) -> Result<Json<Profile>, Error> {
    sessions::profile(&call.ctx).await.map(Json)
}

async fn explain(call: Call) -> Result<Json<Explanation>, Error> {
    if call.query("organization").is_empty() {
        return Err(Error::invalid("organization", "Say in which organization: give its id."));
    }
    let organization = call.query("organization").parse().map_err(|_| Error::NotFound)?;
    explanations::explain(&call.ctx, organization, "", call.query("resource")).await.map(Json)
}

async fn list(call: Call) -> Result<Page<TokenRow>, Error> {
    tokens::list(&call.ctx, call.query("unused_days"), call.after()).await
}

async fn create(call: Call<Json<CreateToken>>) -> Result<Created<MadeToken>, Error> {
    tokens::create(&call.ctx, &call.body.0.try_into()?).await.map(Created)
}

async fn edit(call: Call<Json<EditToken>>) -> Result<Json<EditedToken>, Error> {
    let token = call.id("token")?;
    let row = tokens::edit(&call.ctx, token, &call.body.0.try_into()?).await?;
    Ok(Json(EditedToken::new(&call.ctx, row)))
}

async fn revoke(call: Call) -> Result<(), Error> {
    tokens::revoke(&call.ctx, call.id("token")?).await
}
