//! Every address of the console, written once. Builds and checks addresses; fetches nothing.

mod directory;
mod own;

use std::fmt::Write as _;

pub use self::directory::{
    domain, domain_file, domain_verification, domains, identity_provider, identity_provider_scim,
    identity_provider_test, identity_providers, managed_user, managed_users, provider_metadata,
};
pub use self::own::{
    authentication, change_password, confirmation_trip, factor, factor_removal, factor_reset, new_app,
    new_passkey, new_security_key, own_sessions, password_reset, provider_link, provider_sign_out,
    provider_unlink, recovery_codes, second_factor, sign_in, signed_out, step_up, trip,
};

/// The list of projects, of one organization or of the first.
#[must_use]
pub fn projects(organization: Option<&str>, after: Option<&str>) -> String {
    with_query("/projects", &[("organization", organization), ("after", after)])
}
/// A project's services.
#[must_use]
pub fn services(project: &str, after: Option<&str>) -> String {
    with_query(&format!("/projects/{}/services", encode(project)), &[("after", after)])
}
/// The form that makes a service.
#[must_use]
pub fn new_service(project: &str) -> String {
    format!("/projects/{}/services/new", encode(project))
}
/// A service's overview, or with `tab` another of its pages.
#[must_use]
pub fn service(project: &str, service: &str, tab: &str) -> String {
    let mut path = format!("/projects/{}/services/{}", encode(project), encode(service));
    if !tab.is_empty() {
        path.push('/');
        path.push_str(tab);
    }
    path
}
/// The stream of a service's timeline.
#[must_use]
pub fn timeline_stream(project: &str, service: &str) -> String {
    format!("/streams/projects/{}/services/{}/timeline", encode(project), encode(service))
}
/// A project's events.
#[must_use]
pub fn events(project: &str, after: Option<&str>) -> String {
    with_query(&format!("/projects/{}/events", encode(project)), &[("after", after)])
}
/// A project's certificates of destruction.
#[must_use]
pub fn certificates(project: &str, after: Option<&str>) -> String {
    with_query(&format!("/projects/{}/certificates", encode(project)), &[("after", after)])
}
/// One certificate of destruction.
#[must_use]
pub fn certificate(project: &str, id: &str) -> String {
    format!("/projects/{}/certificates/{}", encode(project), encode(id))
}
/// The authentication policy of an organization.
#[must_use]
pub fn authentication_policy(organization: &str) -> String {
    of_organization(organization, &["authentication"], &[])
}
/// Everything that happened in an organization.
#[must_use]
pub fn organization_events(organization: &str, after: Option<&str>) -> String {
    with_query(&format!("/organizations/{}/events", encode(organization)), &[("after", after)])
}
/// Every certificate of destruction of an organization.
#[must_use]
pub fn organization_certificates(organization: &str, after: Option<&str>) -> String {
    with_query(&format!("/organizations/{}/certificates", encode(organization)), &[("after", after)])
}
/// One certificate of destruction of an organization.
#[must_use]
pub fn organization_certificate(organization: &str, id: &str) -> String {
    format!("/organizations/{}/certificates/{}", encode(organization), encode(id))
}
/// Rename or delete a project.
#[must_use]
pub fn project_settings(project: &str) -> String {
    format!("/projects/{}/settings", encode(project))
}
/// A project, wherever the viewer may look first.
#[must_use]
pub fn project(project: &str) -> String {
    format!("/projects/{}", encode(project))
}
/// Who holds what on a project.
#[must_use]
pub fn project_permissions(project: &str, query: &[(&str, Option<&str>)]) -> String {
    with_query(&format!("/projects/{}/permissions", encode(project)), query)
}
/// What somebody can do in a project, and why.
#[must_use]
pub fn project_explain(project: &str, query: &[(&str, Option<&str>)]) -> String {
    with_query(&format!("/projects/{}/permissions/explain", encode(project)), query)
}
/// Who can do something in a project.
#[must_use]
pub fn project_holders(project: &str, query: &[(&str, Option<&str>)]) -> String {
    with_query(&format!("/projects/{}/permissions/holders", encode(project)), query)
}
/// What moving a project to a unit would do; without one, to the organization itself.
#[must_use]
pub fn project_move(project: &str, unit: &str) -> String {
    with_query(&format!("/projects/{}/settings/move", encode(project)), &[("unit", Some(unit))])
}
/// An organization: its name, its units, its end.
#[must_use]
pub fn organization(organization: &str) -> String {
    format!("/organizations/{}", encode(organization))
}
/// A unit.
#[must_use]
pub fn unit(organization: &str, unit: &str) -> String {
    of_organization(organization, &["units", unit], &[])
}
/// The people of an organization.
#[must_use]
pub fn users(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["users"], query)
}
/// One of its people.
#[must_use]
pub fn user(organization: &str, user: &str) -> String {
    of_organization(organization, &["users", user], &[])
}
/// What removing one of its people would do.
#[must_use]
pub fn user_removal(organization: &str, user: &str) -> String {
    of_organization(organization, &["users", user, "remove"], &[])
}
/// What deactivating one of its people would do.
#[must_use]
pub fn user_deactivation(organization: &str, user: &str) -> String {
    of_organization(organization, &["users", user, "deactivate"], &[])
}
/// What resetting the second factors of one of its people would do, and the form that asks for it.
#[must_use]
pub fn user_factor_reset(organization: &str, user: &str) -> String {
    of_organization(organization, &["users", user, "factor-reset"], &[])
}
/// What making one of its people a super admin would do, or none any more.
#[must_use]
pub fn user_super_admin(organization: &str, user: &str) -> String {
    of_organization(organization, &["users", user, "super-admin"], &[])
}
/// The open invitations of an organization.
#[must_use]
pub fn invitations(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["invitations"], query)
}
/// The form that invites people.
#[must_use]
pub fn new_invitations(organization: &str) -> String {
    of_organization(organization, &["invitations", "new"], &[])
}
/// The page behind the link of an invitation.
#[must_use]
pub fn invitation(token: &str) -> String {
    format!("/invitations/{}", encode(token))
}
/// The groups of an organization.
#[must_use]
pub fn groups(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["groups"], query)
}
/// A group.
#[must_use]
pub fn group(organization: &str, group: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["groups", group], query)
}
/// The form that puts people into a group.
#[must_use]
pub fn group_addition(organization: &str, group: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["groups", group, "members", "new"], query)
}
/// What taking somebody out of a group would do.
#[must_use]
pub fn group_removal(organization: &str, group: &str, user: &str) -> String {
    of_organization(organization, &["groups", group, "members", user, "remove"], &[])
}
/// What deleting a group would do.
#[must_use]
pub fn group_deletion(organization: &str, group: &str) -> String {
    of_organization(organization, &["groups", group, "delete"], &[])
}
/// The form that gives a role or permission.
#[must_use]
pub fn new_grant(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["permissions", "new"], query)
}
/// What giving it would do.
#[must_use]
pub fn grant_preview(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["permissions", "preview"], query)
}
/// What taking a role or permission back would do.
#[must_use]
pub fn revocation(organization: &str, grant: &str) -> String {
    of_organization(organization, &["permissions", grant, "revoke"], &[])
}
/// What taking several grants of an organization back would do.
#[must_use]
pub fn revocations(organization: &str) -> String {
    of_organization(organization, &["permissions", "revoke"], &[])
}
/// Who holds what in an organization.
#[must_use]
pub fn permissions(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["permissions"], query)
}
/// What somebody can do somewhere in an organization, and why.
#[must_use]
pub fn explain(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["permissions", "explain"], query)
}
/// Who can do something somewhere in an organization.
#[must_use]
pub fn holders(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["permissions", "holders"], query)
}
/// The application users of an organization.
#[must_use]
pub fn application_users(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["application-users"], query)
}
/// An application user with its tokens.
#[must_use]
pub fn application_user(organization: &str, user: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["application-users", user], query)
}
/// What deleting an application user would do.
#[must_use]
pub fn application_user_deletion(organization: &str, user: &str) -> String {
    of_organization(organization, &["application-users", user, "delete"], &[])
}
/// The form that makes a token for an application user.
#[must_use]
pub fn new_application_token(organization: &str, user: &str) -> String {
    of_organization(organization, &["application-users", user, "tokens", "new"], &[])
}
/// What asks whether to end those of its tokens that are ticked.
#[must_use]
pub fn application_tokens_revocation(organization: &str, user: &str) -> String {
    of_organization(organization, &["application-users", user, "tokens", "revoke"], &[])
}
/// One token of an application user.
#[must_use]
pub fn application_token(organization: &str, user: &str, token: &str) -> String {
    of_organization(organization, &["application-users", user, "tokens", token], &[])
}
/// The mails that were written for an organization.
#[must_use]
pub fn mails(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    of_organization(organization, &["mails"], query)
}
/// One of its mails.
#[must_use]
pub fn mail(organization: &str, mail: &str) -> String {
    of_organization(organization, &["mails", mail], &[])
}
/// One's own profile.
#[must_use]
pub fn profile() -> String {
    "/profile".to_owned()
}
/// One's own tokens.
#[must_use]
pub fn own_tokens(query: &[(&str, Option<&str>)]) -> String {
    with_query("/profile/tokens", query)
}
/// What asks whether to end those of one's own tokens that are ticked.
#[must_use]
pub fn own_tokens_revocation() -> String {
    "/profile/tokens/revoke".to_owned()
}
/// The form that makes a token for oneself.
#[must_use]
pub fn new_own_token() -> String {
    "/profile/tokens/new".to_owned()
}
/// One of one's own tokens.
#[must_use]
pub fn own_token(token: &str) -> String {
    format!("/profile/tokens/{}", encode(token))
}
/// What leaving an organization means, and the form for it.
#[must_use]
pub fn leaving(organization: &str) -> String {
    format!("/profile/organizations/{}/leave", encode(organization))
}
/// A project's events, those that are asked for.
#[must_use]
pub fn found_events(project: &str, query: &[(&str, Option<&str>)]) -> String {
    with_query(&events(project, None), query)
}
/// A project's events as a file.
#[must_use]
pub fn events_file(project: &str, query: &[(&str, Option<&str>)]) -> String {
    with_query(&format!("{}/export", events(project, None)), query)
}
/// An organization's events, those that are asked for.
#[must_use]
pub fn found_organization_events(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    with_query(&organization_events(organization, None), query)
}
/// An organization's events as a file.
#[must_use]
pub fn organization_events_file(organization: &str, query: &[(&str, Option<&str>)]) -> String {
    with_query(&format!("{}/export", organization_events(organization, None)), query)
}
/// The organizations that one belongs to or is invited into.
#[must_use]
pub fn own_organizations() -> String {
    "/profile/organizations".to_owned()
}

/// A page of an organization.
fn of_organization(organization: &str, segments: &[&str], query: &[(&str, Option<&str>)]) -> String {
    let mut path = self::organization(organization);
    for segment in segments {
        path.push('/');
        path.push_str(&encode(segment));
    }
    with_query(&path, query)
}

/// `next` if it is a path of this console and nothing else: no other host, no scheme, nothing a header cannot hold.
#[must_use]
pub fn own_path(next: &str) -> Option<&str> {
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_own = next.starts_with('/') && !next.starts_with("//") && !next.starts_with("/api/");
    (is_plain && is_own && next.len() <= 1024).then_some(next)
}

/// `path` with those pairs that have a value; an empty one is none.
#[must_use]
pub fn with_query(path: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let mut address = path.to_owned();
    let mut separator = '?';
    for (name, value) in pairs {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let _ = write!(address, "{separator}{name}={}", encode(value));
            separator = '&';
        }
    }
    address
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_come_back() {
        for good in ["/", "/projects", "/projects/a/services?after=x%20y"] {
            assert_eq!(own_path(good), Some(good));
        }
        for bad in [
            "",
            "projects",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a b",
            "/a\r\nb",
            "/ü",
            "/api/sign_out",
        ] {
            assert_eq!(own_path(bad), None, "{bad}");
        }
        assert_eq!(own_path(&"/a".repeat(600)), None);
    }

    #[test]
    fn values_cannot_break_out() {
        assert_eq!(services("a/../b", None), "/projects/a%2F..%2Fb/services");
        assert_eq!(projects(None, Some("a&b=ü")), "/projects?after=a%26b%3D%C3%BC");
        assert_eq!(service("p", "s", "connect"), "/projects/p/services/s/connect");
        assert_eq!(user("a/b", ".."), "/organizations/a%2Fb/users/..");
        assert_eq!(users("a", &[("text", Some("")), ("after", Some("x"))]), "/organizations/a/users?after=x");
    }
}
