//! “Show as API call”: the request behind a page or form, as a line for the shell: one of the API under `/v1`, or, for what
//! that does not offer yet, one of the console's own server functions. The texts say which is which.

use leptos::prelude::*;
use serde_json::Value;

use super::copy::CopyButton;
use crate::{context::origin, links};

/// What is behind a page: what each request is for, and its line.
type Lines = Vec<(&'static str, String)>;

/// The requests behind a page.
#[derive(Default)]
pub(crate) struct ApiCalls {
    v1: Lines,
    own: Lines,
}

impl ApiCalls {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a request of the API: `path` as in `/v1/organizations`, and the JSON that goes with it.
    pub(crate) fn v1(mut self, what: &'static str, method: &str, path: &str, body: Option<&Value>) -> Self {
        self.v1.push((what, v1_line(&origin(), method, path, body)));
        self
    }

    /// Adds a request of the console's own that reads.
    pub(crate) fn get(mut self, what: &'static str, path: &str, values: &[(&str, Option<&str>)]) -> Self {
        let address = links::with_query(&format!("{}{path}", origin()), values);
        self.own.push((what, format!("curl -b \"__Host-redoubt-session=$SESSION\" '{address}'")));
        self
    }

    /// Adds a request of the console's own that changes something.
    pub(crate) fn post(mut self, what: &'static str, path: &str, values: &[(&str, &str)]) -> Self {
        self.own.push((what, post_line(&origin(), path, values)));
        self
    }

    /// Draws them, folded.
    pub(crate) fn view(self) -> AnyView {
        let of_api = (!self.v1.is_empty()).then(|| {
            view! {
                <p class="muted">
                    "TOKEN is a token of yours: make one under "
                    <a href=links::own_tokens(&[])>"Profile → Tokens"</a> ". All of the API is described in "
                    <a href="/v1/openapi.json">"its OpenAPI document"</a> "."
                </p>
                {lines(self.v1)}
            }
        });
        let of_console = (!self.own.is_empty()).then(|| {
            view! {
                <p class="muted">
                    "These are requests that this page sends to the console itself; SESSION is the value of your browser’s \
                     session cookie."
                </p>
                {lines(self.own)}
            }
        });
        view! {
            <details class="api-call">
                <summary>"Show as API call"</summary>
                {of_api}
                {of_console}
            </details>
        }
        .into_any()
    }
}

fn lines(lines: Lines) -> AnyView {
    let lines = lines
        .into_iter()
        .map(|(what, line)| {
            view! {
                <dt>{what}</dt>
                <dd class="copyable">
                    <pre tabindex="0" aria-label=what><code>{line.clone()}</code></pre>
                    <CopyButton text=line what="the command".to_owned() />
                </dd>
            }
        })
        .collect_view();
    view! { <dl>{lines}</dl> }.into_any()
}

fn v1_line(origin: &str, method: &str, path: &str, body: Option<&Value>) -> String {
    let mut line = "curl".to_owned();
    if method != "GET" {
        line.push_str(&format!(" -X {method}"));
    }
    line.push_str(&format!(" -H \"Authorization: Bearer $TOKEN\" '{origin}{path}'"));
    if let Some(body) = body {
        line.push_str(&format!(" -H 'Content-Type: application/json' -d '{}'", quoted(&body.to_string())));
    }
    line
}

/// Inside single quotes the shell reads everything but the single quote itself as it stands.
fn quoted(text: &str) -> String {
    text.replace('\'', r"'\''")
}

fn post_line(origin: &str, path: &str, values: &[(&str, &str)]) -> String {
    let mut line =
        format!("curl -X POST -b \"__Host-redoubt-session=$SESSION\" -H 'Origin: {origin}' '{origin}{path}'");
    for (name, value) in values {
        line.push_str(&format!(" --data-urlencode '{name}={}'", quoted(value)));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_for_the_shell() {
        let line = post_line("http://localhost:1", "/api/x", &[("name", "it's; $(rm)")]);
        assert!(line.ends_with(r"--data-urlencode 'name=it'\''s; $(rm)'"), "{line}");
        assert!(line.contains("-H 'Origin: http://localhost:1'"));
    }

    #[test]
    fn a_line_of_the_api_names_method_token_and_body() {
        let body = serde_json::json!({ "name": "it's" });
        let line = v1_line("http://localhost:1", "POST", "/v1/organizations/o/units", Some(&body));
        let head =
            "curl -X POST -H \"Authorization: Bearer $TOKEN\" 'http://localhost:1/v1/organizations/o/units'";
        assert_eq!(line, format!(r#"{head} -H 'Content-Type: application/json' -d '{{"name":"it'\''s"}}'"#));
        let line = v1_line("http://localhost:1", "GET", "/v1/projects", None);
        assert_eq!(line, "curl -H \"Authorization: Bearer $TOKEN\" 'http://localhost:1/v1/projects'");
    }
}
