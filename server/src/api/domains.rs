//! Domains of an organization, and whom they make managed.

use control::domains;
use domain::{
    actions::Action,
    errors::Error,
    views::{DiscoveredOrganization, DomainRow, Page},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    answers::{Created, Listed, whole},
    calls::{Call, Json},
    operations::{CONFIRM, Operation},
};

const DOMAINS: &str = "/v1/organizations/{organization}/domains";
const DOMAIN: &str = "/v1/organizations/{organization}/domains/{domain}";
const VERIFY: &str = "/v1/organizations/{organization}/domains/{domain}/verify";
const DISCOVERED: &str = "/v1/organizations/{organization}/discovered-organizations";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(DOMAINS, "listDomains", Action::ListDomains, list)
            .about("Lists the organization's domains, by name."),
        Operation::post(DOMAINS, "addDomain", Action::AddDomain, add)
            .about("Lists a domain, which is to be proven then."),
        Operation::get(DOMAIN, "getDomain", Action::ListDomains, view).about("Shows a domain."),
        Operation::patch(DOMAIN, "setDomainVerification", Action::SetDomainMethod, set_method)
            .about("Has a domain proven in another way."),
        Operation::delete(DOMAIN, "removeDomain", Action::RemoveDomain, remove)
            .about("Removes a domain; its people are not managed any more.")
            .requiring(&[CONFIRM]),
        Operation::post(VERIFY, "verifyDomain", Action::VerifyDomain, verify)
            .about("Looks for a domain's proof, and has it verified if it is there."),
        Operation::get(DISCOVERED, "listDiscoveredOrganizations", Action::ListDomains, discovered)
            .about("Lists the other organizations that managed people are in."),
    ]
}

impl Listed for DomainRow {
    const PLURAL: &'static str = "domains";
}

impl Listed for DiscoveredOrganization {
    const PLURAL: &'static str = "organizations";
}

/// A domain to be listed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AddDomain {
    /// The domain, like `example.com`.
    domain_name: String,
    /// How it is to be proven: `dns` or `http`; `dns` if it is left out.
    #[serde(default = "by_dns")]
    verification_type: String,
}

/// How a domain is to be proven.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetVerification {
    /// `dns` or `http`.
    verification_type: String,
}

fn by_dns() -> String {
    "dns".to_owned()
}

async fn list(call: Call) -> Result<Page<DomainRow>, Error> {
    domains::list(&call.ctx, call.id("organization")?).await.map(whole)
}

async fn add(call: Call<Json<AddDomain>>) -> Result<Created<DomainRow>, Error> {
    let Json(AddDomain { domain_name, verification_type }) = &call.body;
    domains::add(&call.ctx, call.id("organization")?, domain_name, verification_type).await.map(Created)
}

async fn view(call: Call) -> Result<Json<DomainRow>, Error> {
    domains::view(&call.ctx, call.id("organization")?, call.id("domain")?).await.map(Json)
}

async fn set_method(call: Call<Json<SetVerification>>) -> Result<Json<DomainRow>, Error> {
    let (organization, domain) = (call.id("organization")?, call.id("domain")?);
    domains::set_method(&call.ctx, organization, domain, &call.body.0.verification_type).await.map(Json)
}

async fn remove(call: Call) -> Result<(), Error> {
    let (organization, domain) = (call.id("organization")?, call.id("domain")?);
    domains::remove(&call.ctx, organization, domain, call.query("confirm")).await.map_err(Call::unconfirmed)
}

async fn verify(call: Call) -> Result<Json<DomainRow>, Error> {
    domains::verify(&call.ctx, call.id("organization")?, call.id("domain")?).await.map(Json)
}

async fn discovered(call: Call) -> Result<Page<DiscoveredOrganization>, Error> {
    domains::discovered(&call.ctx, call.id("organization")?).await.map(whole)
}
