//! The authentication policy of an organization.

use control::policies;
use domain::{
    actions::Action,
    errors::Error,
    inputs::EditAuthenticationPolicy,
    views::{PolicyPreview, PolicyView},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    calls::{Call, Json, lines},
    operations::Operation,
    token_bodies::number,
};

const POLICY: &str = "/v1/organizations/{organization}/authentication-policy";
const PREVIEW: &str = "/v1/organizations/{organization}/authentication-policy/preview";
const BREAK_GLASS: &str = "/v1/organizations/{organization}/users/{user}/break-glass";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(POLICY, "getAuthenticationPolicy", Action::ViewAuthenticationPolicy, view)
            .about("Shows which ways of signing in, tokens and addresses reach the organization."),
        Operation::post(PREVIEW, "previewAuthenticationPolicy", Action::EditAuthenticationPolicy, preview)
            .about("Shows whom and which tokens a policy would turn away, without setting it."),
        Operation::put(POLICY, "setAuthenticationPolicy", Action::EditAuthenticationPolicy, save)
            .about("Sets the policy, once its preview is confirmed."),
        Operation::put(BREAK_GLASS, "setBreakGlass", Action::SetBreakGlass, set_break_glass)
            .about("Exempts a super admin from “identity provider required”, or no longer."),
    ]
}

/// An authentication policy to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Policy {
    /// Whether e-mail and password reach the organization.
    password_allowed: bool,
    /// Whether only who showed a second factor does, unless an identity provider vouches for one. A passkey is two.
    second_factor_required: bool,
    /// Whether only the organization's own identity providers do.
    identity_provider_required: bool,
    /// Whether identity providers of other organizations do as well.
    other_providers_allowed: bool,
    /// Whether OpenID Connect does.
    oidc_allowed: bool,
    /// Whether personal tokens do.
    personal_tokens_allowed: bool,
    /// Whether a personal token does only if the sign-in that it was made in would.
    tokens_bound: bool,
    /// How old a token may be, in seconds; null for any age.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(required, example = 7_776_000)]
    token_seconds_max: Option<i64>,
    /// From where people and tokens reach the organization; empty for anywhere.
    #[schemars(example = ["203.0.113.0/24"])]
    addresses: Vec<String>,
    /// How long a session lasts without use, in seconds.
    #[schemars(example = 3600)]
    idle_seconds: i64,
    /// How long a session lasts at most, in seconds.
    #[schemars(example = 86_400)]
    session_seconds: i64,
    /// Fewest characters of a password beside a second factor.
    #[schemars(example = 8)]
    password_chars_min: i64,
    /// Fewest characters of a password that is the only factor.
    #[schemars(example = 15)]
    password_chars_min_alone: i64,
    /// The generation that this is a change of; if it is not the present one, nothing is changed.
    generation: i64,
}

/// A policy that is to be set. All of it must be there: what is left out would mean something.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetPolicy {
    /// What it is to be.
    policy: Policy,
    /// What the preview of this very change gave: if it would do something else by now, nothing is changed.
    confirmation: String,
}

impl TryFrom<&Policy> for EditAuthenticationPolicy {
    type Error = Error;
    fn try_from(body: &Policy) -> Result<Self, Error> {
        Ok(Self {
            password_allowed: body.password_allowed,
            second_factor_required: body.second_factor_required,
            identity_provider_required: body.identity_provider_required,
            other_providers_allowed: body.other_providers_allowed,
            oidc_allowed: body.oidc_allowed,
            personal_tokens_allowed: body.personal_tokens_allowed,
            tokens_bound: body.tokens_bound,
            token_seconds_max: number(body.token_seconds_max),
            addresses: lines("addresses", &body.addresses)?,
            idle_seconds: body.idle_seconds.to_string(),
            session_seconds: body.session_seconds.to_string(),
            password_chars_min: body.password_chars_min.to_string(),
            password_chars_min_alone: body.password_chars_min_alone.to_string(),
            generation: body.generation,
        })
    }
}

/// Whether a super admin is to be exempt.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetBreakGlass {
    /// Whether they are.
    is_break_glass: bool,
}

async fn view(call: Call) -> Result<Json<PolicyView>, Error> {
    policies::view(&call.ctx, call.id("organization")?).await.map(Json)
}

async fn preview(call: Call<Json<Policy>>) -> Result<Json<PolicyPreview>, Error> {
    let organization = call.id("organization")?;
    policies::preview(&call.ctx, organization, &(&call.body.0).try_into()?).await.map(Json)
}

async fn save(call: Call<Json<SetPolicy>>) -> Result<Json<PolicyView>, Error> {
    let organization = call.id("organization")?;
    let Json(SetPolicy { policy, confirmation }) = &call.body;
    policies::save(&call.ctx, organization, &policy.try_into()?, confirmation).await.map(Json)
}

async fn set_break_glass(call: Call<Json<SetBreakGlass>>) -> Result<(), Error> {
    let is_break_glass = call.body.0.is_break_glass;
    policies::set_break_glass(&call.ctx, call.id("organization")?, call.id("user")?, is_break_glass).await
}
