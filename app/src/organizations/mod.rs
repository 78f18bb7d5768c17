//! An organization: its own page, and its events and certificates, which outlive the projects they came from.

pub mod api;

#[cfg(feature = "ssr")]
mod certificate_page;
#[cfg(feature = "ssr")]
mod certificates_page;
#[cfg(feature = "ssr")]
mod events_page;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    certificate_page::OrganizationCertificatePage, certificates_page::OrganizationCertificatesPage,
    events_page::OrganizationEventsPage, view_page::OrganizationPage,
};

#[cfg(feature = "ssr")]
use domain::{
    errors::Error,
    ids::OrganizationId,
    permissions::{Granted, Role},
    views::OrganizationView,
};
#[cfg(feature = "ssr")]
use leptos_router::params::ParamsMap;

/// The organization that an address names.
#[cfg(feature = "ssr")]
pub(crate) fn asked(params: &ParamsMap) -> Result<OrganizationId, Error> {
    params.get("organization").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)
}

/// What the viewer is in an organization, in words.
#[cfg(feature = "ssr")]
pub(crate) fn standing(organization: &OrganizationView) -> &'static str {
    let is_admin = organization.powers.granted.contains(&Granted::Role(Role::OrganizationAdmin));
    match (organization.is_super_admin, is_admin) {
        (true, _) => "super admin",
        (false, true) => "organization admin",
        (false, false) => "member",
    }
}

/// What is told who is deactivated in the organizations of those names.
#[cfg(feature = "ssr")]
pub(crate) fn deactivated(names: &[String]) -> String {
    let (where_, whose) = match names {
        [only] => (only.clone(), "its"),
        [first, second] => (format!("{first} and in {second}"), "their"),
        [first, others @ ..] => (format!("{first} and in {} other organizations", others.len()), "their"),
        [] => (String::new(), "its"),
    };
    format!(
        "You are deactivated in {where_}. What you held there is kept: ask {whose} admins to reactivate you."
    )
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::{powers::Powers, principals::ResourceKind};

    use super::*;

    #[test]
    fn an_admin_is_no_mere_member() {
        let of = |is_super_admin, granted: &[Role]| {
            let granted = granted.iter().copied().map(Granted::Role).collect();
            let powers = Powers { is_member: true, granted, ..Powers::none(ResourceKind::Organization) };
            standing(&OrganizationView {
                id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
                name: "Acme".into(),
                is_super_admin,
                generation: 0,
                powers,
                refused_by: None,
            })
        };
        assert_eq!(of(true, &[Role::OrganizationAdmin]), "super admin");
        assert_eq!(of(false, &[Role::Operator, Role::OrganizationAdmin]), "organization admin");
        assert_eq!(of(false, &[Role::Operator]), "member");
    }
}
