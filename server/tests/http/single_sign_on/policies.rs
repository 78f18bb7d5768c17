//! What the organization's policy makes of a session that began with its identity provider.

use axum::http::StatusCode;
use domain::policies::AuthenticationPolicy;

use super::company::Company;
use crate::{
    api::callers::member,
    installation::{Browser, EMAIL, PASSWORD},
};

/// Of the domain that leads to the identity provider, with a password.
pub(super) const BEA: &str = "bea@acme.example";

impl Company {
    async fn set_policy(&self, policy: &AuthenticationPolicy) {
        let text = serde_json::to_string(policy).unwrap();
        let mut tx = self.installation.store.write().await.unwrap();
        let before = store::authentication_policies::find(&mut tx, self.organization).await.unwrap();
        let generation = before.map_or(0, |row| row.generation);
        let set =
            store::authentication_policies::set(&mut tx, self.organization, generation, &text, self.now());
        assert!(set.await.unwrap());
        tx.commit().await.unwrap();
    }

    /// A browser in which somebody with an address of the company is signed in with a password.
    pub(super) async fn bea(&self) -> Browser {
        let bea = member(&self.installation, self.organization, BEA).await.id;
        let mut tx = self.installation.store.write().await.unwrap();
        let hash = store::users::find_by_email(&mut tx, EMAIL).await.unwrap().unwrap().password_hash;
        store::users::set_password_hash(&mut tx, bea, &hash, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        let browser = self.installation.browser();
        assert_eq!(browser.sign_in(BEA, PASSWORD).await.location(), "/projects");
        browser
    }
}

#[tokio::test]
async fn a_policy_without_passwords_lets_those_in_who_come_through_the_identity_provider() {
    let company = Company::new().await;
    let alice = company.alice().await;
    let ann = company.installation.browser();
    assert_eq!(ann.sign_in(EMAIL, PASSWORD).await.location(), "/projects");
    let bea = company.bea().await;
    let path = format!("/organizations/{}", company.organization);
    assert_eq!(ann.get(&path).await.status, StatusCode::OK);
    assert_eq!(alice.get(&path).await.status, StatusCode::OK);
    for policy in [
        AuthenticationPolicy { password_allowed: false, ..AuthenticationPolicy::default() },
        AuthenticationPolicy { identity_provider_required: true, ..AuthenticationPolicy::default() },
    ] {
        company.set_policy(&policy).await;
        assert_eq!(alice.get(&path).await.status, StatusCode::OK);
        let refused = ann.get(&path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
        assert!(refused.body.contains("The authentication policy of Acme"), "{}", refused.body);
        // It does not vouch for her address.
        assert!(!refused.body.contains("/sign-in/sso/"), "{}", refused.body);
        let refused = bea.get(&path).await;
        let trip = format!("href=\"/sign-in/sso/{}?next=%2Forganizations%2F", company.provider);
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
        assert!(refused.body.contains(&trip), "{}", refused.body);
    }
    // Who comes through it without a second factor has shown none, unless it says so.
    let policy = AuthenticationPolicy { second_factor_required: true, ..AuthenticationPolicy::default() };
    company.set_policy(&policy).await;
    assert_eq!(alice.get(&path).await.status, StatusCode::FORBIDDEN);
    let away = company.away().await;
    let mut draft = company.draft(&away);
    draft.statement = draft.statement.replace(
        "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        "https://refeds.org/profile/mfa",
    );
    assert_eq!(company.come_back(&away, company.form(&draft)).await.location(), "/projects");
    assert_eq!(away.browser.get(&path).await.status, StatusCode::OK);
}
