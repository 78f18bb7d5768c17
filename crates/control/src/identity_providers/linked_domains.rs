//! The domains that lead to an identity provider: which are linked, before a change and after it.

use domain::{
    errors::Error,
    ids::{DomainId, IdentityProviderId, OrganizationId},
};
use store::Tx;

use crate::errors::Failure;

/// Names of the domains before and after.
pub(super) struct LinkedDomains {
    pub(super) before: Vec<String>,
    pub(super) after: Vec<String>,
}

/// Links just these domains.
pub(super) async fn set(
    tx: &mut Tx,
    organization: OrganizationId,
    id: IdentityProviderId,
    wanted: &[DomainId],
) -> Result<LinkedDomains, Failure> {
    let known = store::domains::list(tx, organization).await?;
    let name = |id: &DomainId| known.iter().find(|domain| domain.id == *id).map(|domain| domain.name.clone());
    if wanted.iter().any(|id| name(id).is_none()) {
        return Err(Error::invalid("domains", "Choose domains of this organization.").into());
    }
    let linked = store::identity_providers::domains(tx, id).await?;
    for gone in linked.iter().filter(|linked| !wanted.contains(linked)) {
        store::identity_providers::remove_domain(tx, id, *gone).await?;
    }
    for new in wanted.iter().filter(|wanted| !linked.contains(wanted)) {
        store::identity_providers::add_domain(tx, id, *new).await?;
    }
    Ok(LinkedDomains {
        before: linked.iter().filter_map(name).collect(),
        after: wanted.iter().filter_map(name).collect(),
    })
}
