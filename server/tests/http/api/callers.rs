//! People with tokens, and the programs that use them. Checks nothing itself.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, BodyDataStream, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::Response,
};
use control::{Context, Origin, Session};
use domain::{
    ids::{FactorId, OrganizationId, RequestId, UserId},
    inputs::CreateToken,
    principals::UserKind,
    sign_ins::{FactorKind, Proof},
};
use serde_json::Value;
use server::middleware::requests::Peer;
use tower::ServiceExt;
use uuid::Uuid;

use crate::installation::{EMAIL, Installation};

/// Bytes of an answer, at most.
const BODY_BYTES_MAX: usize = 8 << 20;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as JSON; null if there is none.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        assert_eq!(self.header("content-type"), "application/json", "{}", self.text);
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn with(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// Status, word for programs, and field of the one error that this is.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String, String) {
        let body = self.json();
        let error = &body["errors"][0];
        assert_eq!(body["errors"].as_array().unwrap().len(), 1, "{body}");
        assert_eq!(body["message"], error["message"], "{body}");
        assert_eq!(error["status"], self.status.as_u16(), "{body}");
        assert!(!body["message"].as_str().unwrap().is_empty(), "{body}");
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), text("error_code"), text("field"))
    }
}

/// A program with a token, or without one.
#[derive(Clone)]
pub(crate) struct Program {
    router: Router,
    /// Sent with every request.
    pub(crate) headers: HeaderMap,
    pub(crate) address: IpAddr,
}

impl Program {
    pub(crate) fn new(installation: &Installation) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "localhost:8080".parse().unwrap());
        headers.insert(header::USER_AGENT, "test program".parse().unwrap());
        Self { router: installation.router.clone(), headers, address: Ipv4Addr::LOCALHOST.into() }
    }

    /// The same, sending this header as well.
    pub(crate) fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.insert(name, value.parse().unwrap());
        other
    }

    /// The same with this token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// The same from this address.
    pub(crate) fn at_address(&self, address: &str) -> Self {
        Self { address: address.parse().unwrap(), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    /// The pieces of a good answer, as they come.
    pub(crate) async fn open(&self, path: &str) -> BodyDataStream {
        let answer = self.answer(Method::GET, path, None).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.into_body().into_data_stream()
    }

    /// Sends a request, with this text as JSON if there is one.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<String>) -> Reply {
        let (parts, body) = self.answer(method, path, body).await.into_parts();
        let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Reply { status: parts.status, headers: parts.headers, text }
    }

    async fn answer(&self, method: Method, path: &str, body: Option<String>) -> Response {
        let mut headers = self.headers.clone();
        if body.is_some() && !headers.contains_key(header::CONTENT_TYPE) {
            headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        }
        let body = body.map_or_else(Body::empty, Body::from);
        let mut request = Request::builder().method(method).uri(path).body(body).unwrap();
        *request.headers_mut() = headers;
        request.extensions_mut().insert(Peer(self.address));
        self.router.clone().oneshot(request).await.unwrap()
    }
}

/// Somebody with an account.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) ctx: Context,
}

impl Person {
    /// As if they were signed in to the console, with a password.
    pub(crate) async fn signed_in(installation: &Installation, id: UserId) -> Self {
        Self::signed_in_with(installation, id, Proof::PASSWORD).await
    }

    /// The same with what they showed.
    pub(crate) async fn signed_in_with(installation: &Installation, id: UserId, proof: Proof) -> Self {
        let request_id = RequestId::from_uuid(Uuid::from_u128(7));
        let address = Some(Ipv4Addr::LOCALHOST.into());
        let origin = Origin { address, agent: None, device: None, request_id };
        let rows = installation.control.session_rows();
        let (key_hash, now) = ([*id.uuid().as_bytes(), [7; 16]].concat(), rows.now());
        let row = control::sessions::SessionRow {
            key_hash: key_hash.clone(),
            user_id: Some(id),
            data: Vec::new(),
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(Duration::from_secs(100 * 365 * 24 * 3600)),
            address: None,
            agent: None,
            method: Some(proof.method),
            second_factor: proof.second_factor,
            proven_at: Some(now),
            identity_provider_id: None,
            provider_organization_id: None,
            subject: None,
            session_index: None,
        };
        // It may be there already.
        rows.add(&row).await.unwrap();
        let session = Session { key_hash, user: id, proof, proven_at: Some(now), name: None };
        Self { id, ctx: installation.control.context(origin, Some(session)) }
    }

    /// The text of a new token of theirs.
    pub(crate) async fn token(&self, input: &CreateToken) -> String {
        let input = CreateToken { description: "test".into(), ..input.clone() };
        control::tokens::create(&self.ctx, &input).await.unwrap().token.expose().to_owned()
    }
}

/// The first user, who is a super admin, and their organization.
pub(crate) async fn owner(installation: &Installation) -> (Person, OrganizationId) {
    installation.signed_in().await;
    let mut tx = installation.store.read().await.unwrap();
    let user = store::users::find_by_email(&mut tx, EMAIL).await.unwrap().unwrap();
    drop(tx);
    let person = Person::signed_in(installation, user.id).await;
    let profile = control::sessions::profile(&person.ctx).await.unwrap();
    (person, profile.organizations[0].id)
}

/// A program with a token of the first user without limits, and their organization.
pub(crate) async fn owners_program(installation: &Installation) -> (Program, OrganizationId) {
    let (owner, organization) = owner(installation).await;
    let token = owner.token(&CreateToken::default()).await;
    (Program::new(installation).with_token(&token), organization)
}

/// Gives somebody the first user's password, and a second factor that answers nothing; gives the factor's id.
pub(crate) async fn give_way_in(installation: &Installation, user: UserId) -> FactorId {
    let now = installation.control.session_rows().now();
    let mut tx = installation.store.write().await.unwrap();
    let hash = store::users::find_by_email(&mut tx, EMAIL).await.unwrap().unwrap().password_hash;
    store::users::set_password_hash(&mut tx, user, &hash, now).await.unwrap();
    let factor = store::factors::Factor {
        id: FactorId::from_uuid(user.uuid()),
        user_id: user,
        kind: FactorKind::SecurityKey,
        name: "Blue key".into(),
        secret_sealed: None,
        last_step: None,
        credential_id: None,
        credential: None,
        created_at: now,
        last_used_at: None,
    };
    assert!(store::factors::add(&mut tx, &factor).await.unwrap());
    tx.commit().await.unwrap();
    factor.id
}

/// Somebody who belongs to an organization, and holds nothing.
pub(crate) async fn member(installation: &Installation, organization: OrganizationId, email: &str) -> Person {
    let now = installation.control.session_rows().now();
    let id = UserId::from_uuid(Uuid::from_u128(1000 + email.len() as u128));
    let user = store::users::User {
        name: "Mel".to_owned(),
        ..store::users::User::new(id, email, UserKind::Person, now)
    };
    let mut tx = installation.store.write().await.unwrap();
    assert!(store::users::add(&mut tx, &user).await.unwrap());
    store::memberships::add(&mut tx, organization, user.id, false, now).await.unwrap();
    tx.commit().await.unwrap();
    Person::signed_in(installation, user.id).await
}
