//! SCIM 2.0 over HTTP (RFC 7644): addresses, tokens, versions, and how all that can go wrong is said. Knows no cookie and holds no rule;
//! what resources are is said in `identity`, what becomes of them in `control`.

mod answers;
mod resources;

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, any},
};
use control::{
    Control, Origin,
    scim::{Provisioner, authenticate},
};
use domain::{
    errors::Error,
    ids::{IdentityProviderId, OrganizationId},
    timestamps::Clock,
    tokens::ScimToken,
};
use identity::scim::{Kind, Reason, Refusal, discovery};
use serde_json::Value;

use self::answers::{Problem, document};
use crate::api::{
    credentials,
    limits::{Key, Limits},
};

/// Bytes of a body, at most.
const BODY_BYTES_MAX: usize = 1 << 20;

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Config,
    ResourceTypes,
    ResourceType,
    Schemas,
    Schema,
    Me,
    Bulk,
    Search,
    All(Kind),
    One(Kind),
}

/// Every address here, with the methods that it takes.
pub const PATHS: &[(Method, &str)] = &[
    (Method::GET, "/v1/scim/v2/account/{organization}/method/{provider}/ServiceProviderConfig"),
    (Method::GET, "/v1/scim/v2/account/{organization}/method/{provider}/ResourceTypes"),
    (Method::GET, "/v1/scim/v2/account/{organization}/method/{provider}/ResourceTypes/{id}"),
    (Method::GET, "/v1/scim/v2/account/{organization}/method/{provider}/Schemas"),
    (Method::GET, "/v1/scim/v2/account/{organization}/method/{provider}/Schemas/{id}"),
    (Method::GET, "/v1/scim/v2/account/{organization}/method/{provider}/Me"),
    (Method::POST, "/v1/scim/v2/account/{organization}/method/{provider}/Bulk"),
    (Method::POST, "/v1/scim/v2/account/{organization}/method/{provider}/.search"),
    (Method::GET, "/v1/scim/v2/account/{organization}/method/{provider}/Users"),
    (Method::POST, "/v1/scim/v2/account/{organization}/method/{provider}/Users"),
    (Method::GET, "/v1/scim/v2/account/{organization}/method/{provider}/Users/{id}"),
    (Method::PUT, "/v1/scim/v2/account/{organization}/method/{provider}/Users/{id}"),
    (Method::PATCH, "/v1/scim/v2/account/{organization}/method/{provider}/Users/{id}"),
    (Method::DELETE, "/v1/scim/v2/account/{organization}/method/{provider}/Users/{id}"),
    (Method::GET, "/v1/scim/v2/account/{organization}/method/{provider}/Groups"),
    (Method::POST, "/v1/scim/v2/account/{organization}/method/{provider}/Groups"),
    (Method::GET, "/v1/scim/v2/account/{organization}/method/{provider}/Groups/{id}"),
    (Method::PUT, "/v1/scim/v2/account/{organization}/method/{provider}/Groups/{id}"),
    (Method::PATCH, "/v1/scim/v2/account/{organization}/method/{provider}/Groups/{id}"),
    (Method::DELETE, "/v1/scim/v2/account/{organization}/method/{provider}/Groups/{id}"),
];

/// What each ending of an address is for.
const PLACES: &[(&str, Place)] = &[
    ("/ServiceProviderConfig", Place::Config),
    ("/ResourceTypes", Place::ResourceTypes),
    ("/ResourceTypes/{id}", Place::ResourceType),
    ("/Schemas", Place::Schemas),
    ("/Schemas/{id}", Place::Schema),
    ("/Me", Place::Me),
    ("/Bulk", Place::Bulk),
    ("/.search", Place::Search),
    ("/Users", Place::All(Kind::User)),
    ("/Users/{id}", Place::One(Kind::User)),
    ("/Groups", Place::All(Kind::Group)),
    ("/Groups/{id}", Place::One(Kind::Group)),
];

/// What all requests need.
struct Scim {
    control: Control,
    limits: Limits,
}

/// A request whose token was found good.
struct Call {
    scim: Provisioner,
    method: Method,
    id: String,
    query: Vec<(String, String)>,
    /// The version that the client knows.
    version: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

/// The part of the map below `/v1/scim`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(control: Control, clock: Arc<dyn Clock>) -> Router<S> {
    let scim = Arc::new(Scim { control, limits: Limits::new(clock) });
    let mut router: Router<S> = Router::new();
    for (ending, place) in PLACES {
        let mut methods = MethodRouter::new();
        let mut path = "";
        for (method, known) in
            PATHS.iter().filter(|(_, known)| known.ends_with(&format!("{{provider}}{ending}")))
        {
            path = known;
            // Every method of the table has a filter; a test asks for each of them.
            let Ok(filter) = MethodFilter::try_from(method.clone()) else { continue };
            let scim = scim.clone();
            methods = methods.on(filter, move |request: Request| answer(scim, Some(*place), request));
        }
        router = router.route(path, methods.fallback(no_method));
    }
    let nowhere = any(move |request: Request| answer(scim, None, request));
    router.route(ELSEWHERE, nowhere)
}

/// Whatever else is below.
const ELSEWHERE: &str = "/v1/scim/v2/account/{organization}/method/{provider}/{*rest}";

async fn no_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "This address does not have the method; the header Allow names those it has.",
    )
}

/// Answers a request; one to no place as well, to those who may know that there is none.
async fn answer(scim: Arc<Scim>, place: Option<Place>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let answered = async {
        let path =
            RawPathParams::from_request_parts(&mut parts, &()).await.map_err(|_| Problem::not_found())?;
        let value = |name: &str| path.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        let id = value("id").unwrap_or_default().to_owned();
        let named = value("organization").zip(value("provider"));
        let named = named
            .and_then(|(organization, provider)| Some((organization.parse().ok()?, provider.parse().ok()?)));
        let origin = parts.extensions.get::<Origin>().cloned();
        let origin = origin.ok_or_else(|| Problem::from(Error::Internal { report: "no origin".into() }))?;
        let provisioner = scim.authenticate(origin, named, &parts.headers).await?;
        let place = place.ok_or_else(Problem::not_found)?;
        let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
            let sentence =
                format!("The body is larger than {BODY_BYTES_MAX} bytes, or did not arrive whole.");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
        })?;
        let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let version = parts.headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
        let call = Call {
            scim: provisioner,
            method: parts.method.clone(),
            id,
            query: query.into_owned().collect(),
            version: version.map(str::to_owned),
            headers: parts.headers.clone(),
            body,
        };
        call.answer(place).await
    };
    let answered: Result<Response, Problem> = answered.await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

impl Scim {
    /// Who pushes, unless they do it too often.
    async fn authenticate(
        &self,
        origin: Origin,
        named: Option<(OrganizationId, IdentityProviderId)>,
        headers: &HeaderMap,
    ) -> Result<Provisioner, Problem> {
        let token = credentials::token(headers).map_err(Problem::from)?;
        let (key, address): (Key, Option<IpAddr>) = (Key::of(&token), origin.address);
        self.limits.may_try(&key, address)?;
        let found = match named {
            Some((organization, provider)) => {
                authenticate(&self.control, origin, organization, provider, &token).await
            }
            None => Err(Error::Unauthenticated {
                reason: "There is no identity provider at this address.".into(),
            }),
        };
        match found {
            Ok(scim) => {
                self.limits.accepted(key);
                Ok(scim)
            }
            Err(error) => {
                // What is no token of SCIM is no guess either, and cost nothing to refuse. Exposed to be read.
                let is_guess = ScimToken::read(token.expose()).is_ok();
                if is_guess && matches!(error, Error::Unauthenticated { .. }) {
                    self.limits.refused(&key, address);
                }
                Err(error.into())
            }
        }
    }
}

impl Call {
    async fn answer(self, place: Place) -> Result<Response, Problem> {
        let base = self.scim.base_url();
        match place {
            Place::Config => Ok(document(StatusCode::OK, &discovery::service_provider_config(&base))),
            Place::ResourceTypes => self.described(&discovery::resource_types(&base)),
            Place::Schemas => self.described(&discovery::schemas(&base)),
            Place::ResourceType => self.one_of(discovery::resource_types(&base)),
            Place::Schema => self.one_of(discovery::schemas(&base)),
            Place::Me => {
                Err(Problem::not_implemented("Nobody is signed in with such a token: there is no /Me."))
            }
            Place::Bulk => {
                Err(Problem::not_implemented("Send one request for each resource: there is no bulk."))
            }
            Place::Search => {
                Err(Problem::not_implemented("Ask /Users or /Groups: both at once are not searched."))
            }
            Place::All(kind) => self.all(kind).await,
            Place::One(kind) => self.one(kind).await,
        }
    }

    /// A list that is always whole. RFC 7644 section 4 refuses filters of it.
    fn described(&self, all: &[Value]) -> Result<Response, Problem> {
        if self.query.iter().any(|(name, _)| name.eq_ignore_ascii_case("filter")) {
            return Err(Problem::new(StatusCode::FORBIDDEN, "This list takes no filter."));
        }
        let total = all.len() as u64;
        Ok(document(StatusCode::OK, &identity::scim::queries::list(all, total, 1)))
    }

    fn one_of(&self, all: Vec<Value>) -> Result<Response, Problem> {
        let found = all.into_iter().find(|one| one["id"] == *self.id);
        Ok(document(StatusCode::OK, &found.ok_or_else(Problem::not_found)?))
    }

    /// What was sent, as JSON.
    fn json(&self) -> Result<Value, Problem> {
        let value = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence =
            value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !matches!(essence.as_str(), "application/scim+json" | "application/json") {
            let sentence = "Send JSON, and say so: Content-Type: application/scim+json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            Problem::from(Refusal::new(Reason::InvalidSyntax, format!("The body is no JSON: {error}.")))
        })
    }

    /// Whether the client knows that version, and needs it no second time.
    fn knows(&self, version: &str) -> bool {
        let known = self.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == version || tag.trim() == "*"))
    }
}

fn tag(version: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(version).ok()
}
