//! SCIM of an identity provider: switched on and off, and its tokens. What is pushed with them has addresses of its own.

use control::scim;
use domain::{
    actions::Action,
    errors::Error,
    ids::{IdentityProviderId, OrganizationId},
    views::{MadeScimToken, ScimView},
};

use super::{
    answers::Created,
    calls::{Call, Json},
    operations::{CONFIRM, Operation},
};

const SCIM: &str = "/v1/organizations/{organization}/identity-providers/{provider}/scim";
const TOKENS: &str = "/v1/organizations/{organization}/identity-providers/{provider}/scim/tokens";
const TOKEN: &str = "/v1/organizations/{organization}/identity-providers/{provider}/scim/tokens/{scim_token}";

pub(super) fn operations() -> Vec<Operation> {
    use Action::{ListIdentityProviders, TrustIdentityProvider};
    vec![
        Operation::get(SCIM, "getScim", ListIdentityProviders, view)
            .about("Shows SCIM of an identity provider: its address and tokens, and how much it keeps."),
        Operation::post(SCIM, "createScim", TrustIdentityProvider, switch_on)
            .about("Switches SCIM on for an identity provider."),
        Operation::delete(SCIM, "deleteScim", TrustIdentityProvider, switch_off)
            .about("Switches SCIM off: its tokens end, and people and groups that it kept are changed by hand again.")
            .requiring(&[CONFIRM]),
        Operation::post(TOKENS, "createScimToken", TrustIdentityProvider, make_token)
            .about("Makes a token to push people and groups with. Its text is in the answer and nowhere else."),
        Operation::delete(TOKEN, "deleteScimToken", TrustIdentityProvider, remove_token)
            .about("Ends a token to push people and groups with."),
    ]
}

fn named(call: &Call) -> Result<(OrganizationId, IdentityProviderId), Error> {
    Ok((call.id("organization")?, call.id("provider")?))
}

async fn view(call: Call) -> Result<Json<ScimView>, Error> {
    let (organization, id) = named(&call)?;
    scim::view(&call.ctx, organization, id).await.map(Json)
}

async fn switch_on(call: Call) -> Result<Created<ScimView>, Error> {
    let (organization, id) = named(&call)?;
    scim::switch_on(&call.ctx, organization, id).await.map(Created)
}

async fn switch_off(call: Call) -> Result<(), Error> {
    let (organization, id) = named(&call)?;
    scim::switch_off(&call.ctx, organization, id, call.query("confirm"))
        .await
        .map(drop)
        .map_err(Call::unconfirmed)
}

async fn make_token(call: Call) -> Result<Created<MadeScimToken>, Error> {
    let (organization, id) = named(&call)?;
    scim::make_token(&call.ctx, organization, id).await.map(Created)
}

async fn remove_token(call: Call) -> Result<(), Error> {
    let (organization, id) = named(&call)?;
    scim::remove_token(&call.ctx, organization, id, call.id("scim_token")?).await.map(drop)
}
