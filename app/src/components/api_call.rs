//! “Show as API call”: the request behind a page or form, as a line for the shell. The public REST API comes later;
//! these are the console's own server functions, and the text says so.

use leptos::prelude::*;

use super::copy::CopyButton;
use crate::{context::origin, links};

/// The requests behind a page.
#[derive(Default)]
pub(crate) struct ApiCalls(Vec<(&'static str, String)>);

impl ApiCalls {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a request that reads.
    pub(crate) fn get(mut self, what: &'static str, path: &str, values: &[(&str, Option<&str>)]) -> Self {
        let address = links::with_query(&format!("{}{path}", origin()), values);
        self.0.push((what, format!("curl -b \"__Host-redoubt-session=$SESSION\" '{address}'")));
        self
    }

    /// Adds a request that changes something.
    pub(crate) fn post(mut self, what: &'static str, path: &str, values: &[(&str, &str)]) -> Self {
        self.0.push((what, post_line(&origin(), path, values)));
        self
    }

    /// Draws them, folded.
    pub(crate) fn view(self) -> AnyView {
        let calls = self
            .0
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
        view! {
            <details class="api-call">
                <summary>"Show as API call"</summary>
                <p class="muted">
                    "These are the requests that this page sends to the console itself; a versioned REST API with tokens \
                     comes later. SESSION is the value of your browser’s session cookie."
                </p>
                <dl>{calls}</dl>
            </details>
        }
        .into_any()
    }
}

fn post_line(origin: &str, path: &str, values: &[(&str, &str)]) -> String {
    let mut line =
        format!("curl -b \"__Host-redoubt-session=$SESSION\" -H 'Origin: {origin}' '{origin}{path}'");
    for (name, value) in values {
        // Inside single quotes the shell reads everything but the single quote itself as it stands.
        line.push_str(&format!(" --data-urlencode '{name}={}'", value.replace('\'', r"'\''")));
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
}
