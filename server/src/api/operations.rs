//! The table's rows: what an operation of the API is called, where it is, what it takes and answers, and which action it
//! is. Router, document and tests are made of them; what an operation does is in the handlers.

use std::{collections::BTreeMap, pin::Pin};

use axum::{
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use control::Context;
use domain::{actions::Action, errors::Error};
use schemars::{Schema, SchemaGenerator};

use super::{
    answers::Answer,
    calls::{Body, Call, Values},
    credentials,
    problems::Problem,
};

/// A value that an operation takes in the query.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
}

/// Where a list goes on.
pub(super) const AFTER: Parameter =
    Parameter { name: super::calls::AFTER, description: "What the page before gave as `next`." };
/// What a deletion must be confirmed with.
pub(super) const CONFIRM: Parameter =
    Parameter { name: "confirm", description: "The name of what is deleted. Without it nothing is." };

/// A request for an operation, not read yet.
pub(super) struct Incoming<'a> {
    pub(super) ctx: Context,
    pub(super) path: BTreeMap<String, String>,
    pub(super) query: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

type Running = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;
type Run = Box<dyn Fn(Incoming<'_>, &[Parameter]) -> Result<Running, Problem> + Send + Sync>;
type Describe<T> = fn(&mut SchemaGenerator) -> T;

/// One operation.
pub struct Operation {
    /// The method.
    pub method: Method,
    /// The path, with names in braces.
    pub path: &'static str,
    /// Its name in programs that are made from the document.
    pub id: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// What is authorized.
    pub action: Action,
    /// What it can take in the query besides.
    pub query: &'static [Parameter],
    /// What of it must be there.
    pub required: &'static [Parameter],
    /// Whether it takes JSON.
    pub takes_body: bool,
    /// Whether it answers without a token.
    pub is_open: bool,
    /// The status if all goes well.
    pub status: StatusCode,
    pub(super) body: Describe<Option<Schema>>,
    pub(super) content: Describe<Vec<(&'static str, Schema)>>,
    run: Run,
}

impl Operation {
    fn new<B, A, F>(
        method: Method,
        path: &'static str,
        id: &'static str,
        action: Action,
        handler: fn(Call<B>) -> F,
    ) -> Self
    where
        B: Body,
        A: Answer,
        F: Future<Output = Result<A, Error>> + Send + 'static,
    {
        let run = move |incoming: Incoming<'_>, query: &[Parameter]| -> Result<Running, Problem> {
            let request = incoming.ctx.request_id();
            let values = Values::new(incoming.path, incoming.query, query)?;
            let body = B::read(incoming.headers, incoming.body)?;
            let token = credentials::token(incoming.headers).ok();
            let answer = handler(Call { ctx: incoming.ctx, token, body, values });
            Ok(Box::pin(async move { Ok(answer.await?.respond(request)) }))
        };
        Self {
            method,
            path,
            id,
            summary: "",
            action,
            query: &[],
            required: &[],
            takes_body: B::IS_TAKEN,
            is_open: false,
            status: A::STATUS,
            body: B::schema,
            content: A::content,
            run: Box::new(run),
        }
    }

    /// One that reads.
    pub(super) fn get<A, F>(
        path: &'static str,
        id: &'static str,
        action: Action,
        handler: fn(Call) -> F,
    ) -> Self
    where
        A: Answer,
        F: Future<Output = Result<A, Error>> + Send + 'static,
    {
        Self::new(Method::GET, path, id, action, handler)
    }

    /// One that makes something, or does what has no other method.
    pub(super) fn post<B, A, F>(
        path: &'static str,
        id: &'static str,
        action: Action,
        handler: fn(Call<B>) -> F,
    ) -> Self
    where
        B: Body,
        A: Answer,
        F: Future<Output = Result<A, Error>> + Send + 'static,
    {
        Self::new(Method::POST, path, id, action, handler)
    }

    /// One that sets all of something.
    pub(super) fn put<B, A, F>(
        path: &'static str,
        id: &'static str,
        action: Action,
        handler: fn(Call<B>) -> F,
    ) -> Self
    where
        B: Body,
        A: Answer,
        F: Future<Output = Result<A, Error>> + Send + 'static,
    {
        Self::new(Method::PUT, path, id, action, handler)
    }

    /// One that edits something.
    pub(super) fn patch<B, A, F>(
        path: &'static str,
        id: &'static str,
        action: Action,
        handler: fn(Call<B>) -> F,
    ) -> Self
    where
        B: Body,
        A: Answer,
        F: Future<Output = Result<A, Error>> + Send + 'static,
    {
        Self::new(Method::PATCH, path, id, action, handler)
    }

    /// One that ends something.
    pub(super) fn delete<F>(
        path: &'static str,
        id: &'static str,
        action: Action,
        handler: fn(Call) -> F,
    ) -> Self
    where
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        Self::new(Method::DELETE, path, id, action, handler)
    }

    /// The same, saying what it does.
    pub(super) const fn about(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// The same, taking these in the query.
    pub(super) const fn with_query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    /// The same, of which these must be there.
    pub(super) const fn requiring(mut self, required: &'static [Parameter]) -> Self {
        self.required = required;
        self
    }

    /// The same, for everybody.
    pub(super) const fn open(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Everything that it takes in the query.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        self.required.iter().chain(self.query)
    }

    /// The names in the path.
    pub fn path_names(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Answers a request.
    pub(super) async fn answer(&self, incoming: Incoming<'_>) -> Result<Response, Problem> {
        let parameters: Vec<Parameter> = self.parameters().copied().collect();
        (self.run)(incoming, &parameters)?.await
    }
}
