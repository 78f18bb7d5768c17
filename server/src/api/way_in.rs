//! What is done about how a member gets in: a link for a new password, a reset of second factors, signing them out.

use control::{factor_resets, passwords, sessions};
use domain::{actions::Action, errors::Error, views::FactorResetView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    answers::Created,
    calls::{Call, Json},
    operations::Operation,
};

const FACTOR_RESET: &str = "/v1/organizations/{organization}/users/{user}/factor-reset";
const PASSWORD_RESET: &str = "/v1/organizations/{organization}/users/{user}/password-reset";
const SESSIONS: &str = "/v1/organizations/{organization}/users/{user}/sessions";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(FACTOR_RESET, "getFactorReset", Action::ListUsers, view)
            .about("Shows whether somebody is to lose their second factors, and when."),
        Operation::post(FACTOR_RESET, "askFactorReset", Action::ResetFactors, ask)
            .about("Asks that somebody lose their second factors, who lost them all: a day later, unless they object."),
        Operation::delete(FACTOR_RESET, "withdrawFactorReset", Action::WithdrawFactorReset, withdraw)
            .about("Takes that back while it waits."),
        Operation::post(PASSWORD_RESET, "askPasswordReset", Action::AskPasswordResetFor, ask_password)
            .about("Has a link mailed to somebody that sets a new password."),
        Operation::delete(SESSIONS, "endUserSessions", Action::EndUserSessions, end_sessions)
            .about("Signs somebody out of every browser; their tokens stay."),
    ]
}

/// Whether somebody is to lose their second factors.
#[derive(Serialize, JsonSchema)]
struct FactorReset {
    /// What is waited for; null if nothing is.
    #[schemars(required)]
    waiting: Option<FactorResetView>,
}

/// Why somebody is to lose their second factors.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskFactorReset {
    /// How it was made sure that it is really they who ask. They and every super admin read it.
    #[schemars(example = "She called, and I know her voice.")]
    reason: String,
}

async fn view(call: Call) -> Result<Json<FactorReset>, Error> {
    let waiting = factor_resets::open_for(&call.ctx, call.id("organization")?, call.id("user")?).await?;
    Ok(Json(FactorReset { waiting }))
}

async fn ask(call: Call<Json<AskFactorReset>>) -> Result<Created<FactorResetView>, Error> {
    let (organization, user) = (call.id("organization")?, call.id("user")?);
    factor_resets::ask(&call.ctx, organization, user, &call.body.0.reason).await.map(Created)
}

async fn withdraw(call: Call) -> Result<(), Error> {
    factor_resets::withdraw(&call.ctx, call.id("organization")?, call.id("user")?).await
}

async fn ask_password(call: Call) -> Result<(), Error> {
    passwords::ask_reset_for(&call.ctx, call.id("organization")?, call.id("user")?).await
}

async fn end_sessions(call: Call) -> Result<(), Error> {
    sessions::end_all_of(&call.ctx, call.id("organization")?, call.id("user")?).await.map(drop)
}
