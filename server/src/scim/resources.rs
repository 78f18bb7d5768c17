//! Requests about people and groups.

use axum::{
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use control::scim::{self, Resource};
use identity::scim::{
    Kind, Patch,
    queries::{self, Query, Wanted},
};
use serde_json::Value;

use super::{
    Call,
    answers::{Problem, document},
    tag,
};

impl Call {
    /// All of a kind: listed, and added to.
    pub(super) async fn all(self, kind: Kind) -> Result<Response, Problem> {
        if self.method == Method::POST {
            let sent = self.json()?;
            let wanted = Wanted::read(kind, &self.query)?;
            let made = match kind {
                Kind::User => scim::create_user(&self.scim, &sent).await?,
                Kind::Group => scim::create_group(&self.scim, &sent).await?,
            };
            let mut response = resource(StatusCode::CREATED, made, &wanted);
            if let Some(location) = response.headers().get(header::CONTENT_LOCATION).cloned() {
                response.headers_mut().insert(header::LOCATION, location);
            }
            return Ok(response);
        }
        let query = Query::read(kind, &self.query)?;
        let (rows, total) = match kind {
            Kind::User => scim::list_users(&self.scim, &query).await?,
            Kind::Group => scim::list_groups(&self.scim, &query).await?,
        };
        Ok(document(StatusCode::OK, &queries::list(&rows, total, query.start)))
    }

    /// One of a kind: looked at, replaced, changed, removed.
    pub(super) async fn one(self, kind: Kind) -> Result<Response, Problem> {
        let (scim, id, version) = (&self.scim, self.id.as_str(), self.version.as_deref());
        let wanted = Wanted::read(kind, &self.query)?;
        let answered = match (&self.method, kind) {
            (&Method::DELETE, Kind::User) => {
                scim::delete_user(scim, id, version).await?;
                return Ok(StatusCode::NO_CONTENT.into_response());
            }
            (&Method::DELETE, Kind::Group) => {
                scim::delete_group(scim, id, version).await?;
                return Ok(StatusCode::NO_CONTENT.into_response());
            }
            (&Method::PUT, Kind::User) => scim::replace_user(scim, id, version, &self.json()?).await?,
            (&Method::PUT, Kind::Group) => scim::replace_group(scim, id, version, &self.json()?).await?,
            (&Method::PATCH, Kind::User) => {
                scim::patch_user(scim, id, version, &Patch::read(kind, &self.json()?)?).await?
            }
            (&Method::PATCH, Kind::Group) => {
                scim::patch_group(scim, id, version, &Patch::read(kind, &self.json()?)?).await?
            }
            (_, Kind::User) => scim::view_user(scim, id, &wanted).await?,
            (_, Kind::Group) => scim::view_group(scim, id, &wanted).await?,
        };
        if self.method == Method::GET && self.knows(&answered.version) {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            response.headers_mut().extend(tag(&answered.version).map(|tag| (header::ETAG, tag)));
            return Ok(response);
        }
        Ok(resource(StatusCode::OK, answered, &wanted))
    }
}

fn resource(status: StatusCode, resource: Resource, wanted: &Wanted) -> Response {
    let Resource { members, location, version } = resource;
    let mut response = document(status, &Value::Object(wanted.cut(members)));
    let headers = response.headers_mut();
    headers.extend(tag(&version).map(|tag| (header::ETAG, tag)));
    headers.extend(HeaderValue::from_str(&location).ok().map(|value| (header::CONTENT_LOCATION, value)));
    response
}
