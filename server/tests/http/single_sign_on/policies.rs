//! What the organization's policy makes of a session that began with its identity provider.

use axum::http::StatusCode;
use domain::policies::AuthenticationPolicy;

use super::company::Company;
use crate::installation::{EMAIL, PASSWORD};

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
}

#[tokio::test]
async fn a_policy_without_passwords_lets_those_in_who_come_through_the_identity_provider() {
    let company = Company::new().await;
    let alice = company.alice().await;
    let ann = company.installation.browser();
    assert_eq!(ann.sign_in(EMAIL, PASSWORD).await.location(), "/projects");
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
