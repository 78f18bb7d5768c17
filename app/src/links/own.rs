//! Addresses of signing in, and of how one signs in. Builds them; fetches nothing.

use super::{encode, with_query};

/// Sign in, then go on to `next`.
#[must_use]
pub fn sign_in(next: Option<&str>) -> String {
    with_query("/sign-in", &[("next", next)])
}
/// The second factor, after the password.
#[must_use]
pub fn second_factor(next: Option<&str>) -> String {
    with_query("/sign-in/factor", &[("next", next)])
}
/// Where one is told that one is signed out; and offered to be signed out at the identity provider, too.
#[must_use]
pub fn signed_out(has_provider: bool) -> String {
    with_query("/signed-out", &[("provider", has_provider.then_some("yes"))])
}
/// Leads to the identity provider to be signed out there.
#[must_use]
pub fn provider_sign_out() -> String {
    "/signed-out/provider".to_owned()
}
/// Sign in with an identity provider, then go on to `next`.
#[must_use]
pub fn trip(provider: &str, next: Option<&str>) -> String {
    with_query(&format!("/sign-in/sso/{}", encode(provider)), &[("next", next)])
}
/// Show once more who one is, at an identity provider, then go on to `next`.
#[must_use]
pub fn confirmation_trip(provider: &str, next: &str) -> String {
    with_query(&format!("/step-up/sso/{}", encode(provider)), &[("next", Some(next))])
}
/// Show once more who one is, then go on to `next`. What leads there itself leads to the start.
#[must_use]
pub fn step_up(next: &str) -> String {
    let next = if next.starts_with("/step-up") { "/" } else { next };
    with_query("/step-up", &[("next", Some(next))])
}
/// One's own password, second factors and recovery codes.
#[must_use]
pub fn authentication() -> String {
    "/profile/authentication".to_owned()
}
/// What begins to link one's own account with an identity provider.
#[must_use]
pub fn provider_link(provider: &str) -> String {
    format!("/profile/authentication/identity-providers/{}/link", encode(provider))
}
/// What asks whether to take a link away, for who is called so there.
#[must_use]
pub fn provider_unlink(provider: &str, subject: &str) -> String {
    let path = format!("/profile/authentication/identity-providers/{}/unlink", encode(provider));
    with_query(&path, &[("subject", Some(subject))])
}
/// The form that changes one's own password.
#[must_use]
pub fn change_password() -> String {
    "/profile/authentication/password".to_owned()
}
/// The form that asks for a link that sets a new password.
#[must_use]
pub fn password_reset() -> String {
    "/password-reset".to_owned()
}
/// The page behind the link in the mail to who is to lose their second factors.
#[must_use]
pub fn factor_reset(token: &str) -> String {
    format!("/factor-resets/{}", encode(token))
}
/// The form that adds an authenticator app.
#[must_use]
pub fn new_app() -> String {
    "/profile/authentication/apps/new".to_owned()
}
/// The form that adds a security key.
#[must_use]
pub fn new_security_key() -> String {
    "/profile/authentication/security-keys/new".to_owned()
}
/// The form that adds a passkey.
#[must_use]
pub fn new_passkey() -> String {
    "/profile/authentication/passkeys/new".to_owned()
}
/// One of one's own factors.
#[must_use]
pub fn factor(factor: &str) -> String {
    format!("/profile/authentication/factors/{}", encode(factor))
}
/// What removing it means, and the form for it.
#[must_use]
pub fn factor_removal(factor: &str) -> String {
    format!("{}/remove", self::factor(factor))
}
/// One's own recovery codes.
#[must_use]
pub fn recovery_codes() -> String {
    "/profile/authentication/recovery-codes".to_owned()
}
/// Where one is signed in.
#[must_use]
pub fn own_sessions() -> String {
    "/profile/sessions".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn showing_who_one_is_leads_back_and_never_to_itself() {
        assert_eq!(step_up("/projects/a?x=y"), "/step-up?next=%2Fprojects%2Fa%3Fx%3Dy");
        assert_eq!(step_up(&step_up("/projects")), "/step-up?next=%2F");
    }
}
