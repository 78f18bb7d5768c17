//! The table of every route there is, with what each asks for first: what anybody gets there follows from it. Says nothing
//! of who asks; sends nothing.
//!
//! A route that is not in here fails the test `every_route_is_in_the_table`. To add one, write a row in the file of its
//! kind:
//!
//! - its path, with names in braces that [`super::things`] has a value for;
//! - what a permitted caller sends, with the same names in it, for `with`: fields as in a query, or JSON for the API. What is
//!   sent must be refused only after everything that it names has been looked for (a wrong confirmation, a generation that
//!   nobody saw, what is so already), so that the walk leaves everything as it is. If that cannot be, give such values to
//!   `actors_send` and good ones to `with`; and if nothing can be refused at all, say that it `spends` what it is about, and
//!   have `Things::mend` put that back;
//! - what it asks for, in the order in which it does: the first one that is not given decides.

mod downloads;
mod functions;
mod operations;
mod pages;

use axum::http::{Method, StatusCode};
use domain::actions::Action;

/// What a route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A page of the console.
    Page,
    /// A server function.
    Function,
    /// An operation of the API.
    Operation,
    /// A file that people take with them.
    Download,
    /// Something that people watch.
    Stream,
    /// What machines ask for, and built files.
    Machinery,
}

/// Something that a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Of the actor, about themselves.
    Own(Action),
    /// The same, and a program is nobody that has it.
    Person(Action),
    /// In the organization.
    In(Action),
    /// On the unit.
    OnUnit(Action),
    /// On the unit, or on the project in it.
    InUnit(Action),
    /// On the project.
    OnProject(Action),
}

impl Ask {
    /// What is asked for.
    pub(super) const fn action(self) -> Action {
        match self {
            Self::Own(action)
            | Self::Person(action)
            | Self::In(action)
            | Self::OnUnit(action)
            | Self::InUnit(action)
            | Self::OnProject(action) => action,
        }
    }
}

/// A row of the table.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) kind: Kind,
    pub(super) method: Method,
    /// With names of things in braces.
    pub(super) path: &'static str,
    /// Fields, or JSON, with such names in it.
    pub(super) sent: &'static str,
    /// What those send who may do it, if what is `sent` would change something.
    pub(super) actors_send: Option<&'static str>,
    /// In this order; nothing for what is open to everybody.
    pub(super) asks: &'static [Ask],
    /// What those get who may do it, if others are told the same who may not.
    pub(super) answers: Option<StatusCode>,
    /// Whether it ends what it is about if it is allowed.
    pub(super) spends: bool,
    /// Names of things whose absence is refused on the field that chose them, as any other wrong choice is.
    pub(super) chosen: &'static [&'static str],
    /// Names of things that narrow a list down: one that is not there leaves nothing of it.
    pub(super) filters: &'static [&'static str],
}

impl Route {
    fn new(kind: Kind, method: Method, path: &'static str, asks: &'static [Ask]) -> Self {
        let (sent, actors_send, answers, spends) = ("", None, None, false);
        Self { kind, method, path, sent, actors_send, asks, answers, spends, chosen: &[], filters: &[] }
    }

    /// The same, sending this.
    const fn with(mut self, sent: &'static str) -> Self {
        self.sent = sent;
        self
    }

    /// The same, sending this when everything is there.
    const fn actors_send(mut self, sent: &'static str) -> Self {
        self.actors_send = Some(sent);
        self
    }

    /// The same, answering with this when it is allowed.
    const fn answers(mut self, status: StatusCode) -> Self {
        self.answers = Some(status);
        self
    }

    /// The same, ending what it is about.
    const fn spends(mut self) -> Self {
        self.spends = true;
        self
    }

    /// The same, refusing these on the field that chose them.
    const fn chosen(mut self, names: &'static [&'static str]) -> Self {
        self.chosen = names;
        self
    }

    /// The same, narrowing a list down by these.
    const fn filters(mut self, names: &'static [&'static str]) -> Self {
        self.filters = names;
        self
    }

    /// Kind, method and path, the names left out: the same of all rows about one route.
    pub(super) fn place(&self) -> (Kind, String, String) {
        (self.kind, self.method.to_string(), without_names(self.path))
    }

    /// The names in path and values, in that order.
    pub(super) fn names(&self) -> Vec<&'static str> {
        names(self.path).into_iter().chain(names(self.sent)).collect()
    }
}

/// Every route.
pub(super) fn all() -> Vec<Route> {
    let parts = [pages::routes(), functions::routes(), operations::routes(), downloads::routes()];
    parts.into_iter().flatten().collect()
}

/// A path with `{}` for every name in braces or behind a colon.
pub(super) fn without_names(path: &str) -> String {
    let part = |part: &str| match part.starts_with('{') || part.starts_with(':') {
        true => "{}".to_owned(),
        false => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The names in braces.
pub(super) fn names(template: &'static str) -> Vec<&'static str> {
    pieces(template).into_iter().filter_map(|(_, name)| name).collect()
}

/// A template as texts, each with the name behind it.
pub(super) fn pieces(template: &str) -> Vec<(&str, Option<&str>)> {
    let (mut pieces, mut rest, mut from) = (Vec::new(), template, 0);
    while let Some(start) = rest[from..].find('{').map(|at| from + at) {
        let name = rest[start + 1..].split('}').next().unwrap_or_default();
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_name && rest.as_bytes().get(start + 1 + name.len()) == Some(&b'}') {
            pieces.push((&rest[..start], Some(name)));
            (rest, from) = (&rest[start + name.len() + 2..], 0);
        } else {
            from = start + 1;
        }
    }
    pieces.push((rest, None));
    pieces
}

#[test]
fn templates_are_read() {
    assert_eq!(names("/a/{organization}/b/{own_token}"), ["organization", "own_token"]);
    assert_eq!(names(r#"{"a":"user:{user}","b":{}}"#), ["user"]);
    assert_eq!(without_names("/a/{x}/b/:y/{*z}"), "/a/{}/b/{}/{}");
}
