//! Server functions of domains.

use domain::{
    ids::{DomainId, OrganizationId},
    views::DomainRow,
};
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
};

/// Lists a domain.
#[server(endpoint = "domains/add")]
pub async fn add_domain(
    organization: OrganizationId,
    #[server(default)] domain_name: String,
    #[server(default)] verification_type: String,
) -> Result<DomainRow, AppError> {
    let ctx = control()?;
    let added = control::domains::add(&ctx, organization, &domain_name, &verification_type);
    let added = answer(added.await)?;
    let notice = format!("{} is listed. Prove now that it is yours.", added.domain_name);
    done(&path(organization, added.domain_id), &notice);
    Ok(added)
}

/// Chooses how a domain is proven.
#[server(endpoint = "domains/set_method")]
pub async fn set_domain_method(
    organization: OrganizationId,
    domain: DomainId,
    #[server(default)] verification_type: String,
) -> Result<DomainRow, AppError> {
    let ctx = control()?;
    let changed = control::domains::set_method(&ctx, organization, domain, &verification_type);
    let changed = answer(changed.await)?;
    let notice = format!("It is to be proven by a {} now.", changed.verification_type.label());
    done(&path(organization, domain), &notice);
    Ok(changed)
}

/// Looks for a domain's proof, and has it verified if it is there.
#[server(endpoint = "domains/verify")]
pub async fn verify_domain(organization: OrganizationId, domain: DomainId) -> Result<DomainRow, AppError> {
    let verified = answer(control::domains::verify(&control()?, organization, domain).await)?;
    done(&path(organization, domain), &format!("{} is verified.", verified.domain_name));
    Ok(verified)
}

/// Removes a domain.
#[server(endpoint = "domains/remove")]
pub async fn remove_domain(
    organization: OrganizationId,
    domain: DomainId,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    answer(control::domains::remove(&control()?, organization, domain, &confirmation).await)?;
    done(&links::domains(&organization.to_string()), &format!("{} is removed.", confirmation.trim()));
    Ok(())
}

#[cfg(feature = "ssr")]
fn path(organization: OrganizationId, domain: DomainId) -> String {
    links::domain(&organization.to_string(), &domain.to_string())
}
