//! Every address of the console, written once. Builds and checks addresses; fetches nothing.

use std::fmt::Write as _;

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
/// Sign in, then go on to `next`.
#[must_use]
pub fn sign_in(next: Option<&str>) -> String {
    with_query("/sign-in", &[("next", next)])
}

/// `next` if it is a path of this console and nothing else: no other host, no scheme, nothing a header cannot hold.
#[must_use]
pub fn own_path(next: &str) -> Option<&str> {
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_own = next.starts_with('/') && !next.starts_with("//") && !next.starts_with("/api/");
    (is_plain && is_own && next.len() <= 1024).then_some(next)
}

/// `path` with those pairs that have a value.
#[must_use]
pub fn with_query(path: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let mut address = path.to_owned();
    let mut separator = '?';
    for (name, value) in pairs {
        if let Some(value) = value {
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
    }
}
