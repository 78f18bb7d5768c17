//! An organization with an identity provider that pushes people and groups. Checks nothing itself.

use axum::http::{Method, StatusCode};
use control::{identity_providers, identity_providers::Change, scim};
use domain::{
    domains::{DomainState, DomainVerification},
    events::EventType,
    identity_providers::ProviderProtocol,
    ids::{DomainId, GroupId, IdentityProviderId, OrganizationId, UserId},
};
use serde_json::{Value, json};
use store::{
    domains::Domain,
    events::{Event, EventFilter},
    memberships::Membership,
    users::User,
};
use uuid::Uuid;

use crate::{
    api::callers::{Person, Program, Reply, owner},
    installation::Installation,
};

/// The schema of people.
pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The schema of changes.
pub(super) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// An organization with a verified domain and an identity provider that it leads to.
pub(crate) struct Workplace {
    pub(crate) installation: Installation,
    /// Its super admin.
    pub(super) ann: Person,
    pub(super) organization: OrganizationId,
    pub(super) provider: IdentityProviderId,
    pub(crate) token: String,
    base: String,
}

/// A request as SCIM is asked.
pub(super) struct Asked<'a> {
    pub(super) program: Program,
    base: &'a str,
}

impl Workplace {
    pub(crate) async fn new() -> Self {
        Self::at("http://localhost:8080").await
    }

    pub(crate) async fn at(public_url: &str) -> Self {
        let installation = Installation::at(public_url).await;
        let (ann, organization) = owner(&installation).await;
        let domain = verified(&installation, organization, "acme.example", 0xd0).await;
        let provider = with_scim(&ann, organization, "Okta", &[domain]).await;
        let token = scim::make_token(&ann.ctx, organization, provider).await.unwrap();
        let base = format!("/v1/scim/v2/account/{organization}/method/{provider}");
        let token = token.token.expose().to_owned();
        Self { installation, ann, organization, provider, token, base }
    }

    /// The path that the addresses of all resources begin with.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whoever pushes, with the token.
    pub(super) fn okta(&self) -> Asked<'_> {
        self.with(&self.token)
    }

    /// Whoever pushes, with another token.
    pub(super) fn with(&self, token: &str) -> Asked<'_> {
        let program = Program::new(&self.installation).with_token(token);
        let program = program.with_header("content-type", "application/scim+json");
        Asked { program, base: &self.base }
    }

    /// Pushes somebody.
    pub(super) async fn push(&self, email: &str) -> Value {
        let reply = self.okta().post("/Users", json!({ "schemas": [USER], "userName": email })).await;
        read(&reply, 201)
    }

    pub(super) async fn user(&self, email: &str) -> User {
        let mut tx = self.installation.store.read().await.unwrap();
        store::users::find_by_email(&mut tx, email).await.unwrap().unwrap()
    }

    pub(super) async fn membership(&self, user: UserId) -> Membership {
        let mut tx = self.installation.store.read().await.unwrap();
        store::memberships::find(&mut tx, self.organization, user).await.unwrap().unwrap()
    }

    pub(super) async fn is_in(&self, group: &Value, user: &Value) -> bool {
        let (group, user): (GroupId, UserId) = (id(group), id(user));
        let mut tx = self.installation.store.read().await.unwrap();
        store::group_members::contains(&mut tx, group, user).await.unwrap()
    }

    /// What is on record of this type in the organization, the newest first.
    pub(super) async fn events(&self, event_type: EventType) -> Vec<Event> {
        let filter = EventFilter { event_type: Some(event_type), ..EventFilter::default() };
        let mut tx = self.installation.store.read().await.unwrap();
        store::events::list_for_organization(&mut tx, Some(self.organization), &filter, None, 100)
            .await
            .unwrap()
    }
}

/// The id of a resource.
pub(super) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(resource: &Value) -> T {
    resource["id"].as_str().unwrap().parse().unwrap()
}

/// A verified domain of an organization.
pub(super) async fn verified(
    installation: &Installation,
    organization: OrganizationId,
    name: &str,
    number: u128,
) -> DomainId {
    let (id, now) = (DomainId::from_uuid(Uuid::from_u128(number)), installation.control.session_rows().now());
    let domain = Domain {
        id,
        organization_id: organization,
        name: name.into(),
        verification: DomainVerification::Dns,
        challenge_token: "x".into(),
        state: DomainState::Verified,
        state_since: now,
        created_at: now,
        verified_at: Some(now),
        checked_at: None,
        next_check_at: None,
        failing_since: None,
        last_failure: None,
        notices: 0,
        told_until: None,
    };
    let mut tx = installation.store.write().await.unwrap();
    assert!(store::domains::add(&mut tx, &domain).await.unwrap());
    tx.commit().await.unwrap();
    id
}

/// An identity provider with SCIM, that these domains lead to.
pub(super) async fn with_scim(
    ann: &Person,
    organization: OrganizationId,
    name: &str,
    domains: &[DomainId],
) -> IdentityProviderId {
    let made = identity_providers::create(&ann.ctx, organization, name, ProviderProtocol::Saml, "other")
        .await
        .unwrap();
    let change =
        Change { name: name.into(), settings: made.settings, secret: None, domains: domains.to_vec() };
    let (id, generation) = (made.row.id, made.row.generation);
    identity_providers::edit(&ann.ctx, organization, id, generation, change).await.unwrap();
    let on = scim::switch_on(&ann.ctx, organization, id).await.unwrap();
    assert!(on.is_on && on.tokens.is_empty());
    id
}

impl Asked<'_> {
    /// The same, sending this header as well.
    pub(super) fn with_header(self, name: &'static str, value: &str) -> Self {
        Self { program: self.program.with_header(name, value), ..self }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.program.get(&format!("{}{path}", self.base)).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Reply {
        self.program.post(&format!("{}{path}", self.base), body).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Reply {
        self.program.send(Method::PUT, &format!("{}{path}", self.base), Some(body.to_string())).await
    }

    /// Changes a resource.
    pub(super) async fn patch(&self, path: &str, operations: Value) -> Reply {
        let body = json!({ "schemas": [PATCH], "Operations": operations }).to_string();
        self.program.send(Method::PATCH, &format!("{}{path}", self.base), Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Reply {
        self.program.send(Method::DELETE, &format!("{}{path}", self.base), None).await
    }
}

/// The JSON of an answer with this status.
#[track_caller]
pub(super) fn read(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "application/scim+json", "{}", reply.text);
    serde_json::from_str(&reply.text).unwrap()
}

/// Status, `scimType` and sentence of a refusal.
#[track_caller]
pub(super) fn refusal(reply: &Reply) -> (u16, String, String) {
    let body = read(reply, reply.status.as_u16());
    assert!(reply.status.is_client_error() || reply.status == StatusCode::NOT_IMPLEMENTED, "{body}");
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(body["status"], reply.status.as_u16().to_string());
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (reply.status.as_u16(), text("scimType"), text("detail"))
}
