//! The HTML document around every page, and its content security policy. Reads no files: the server hands over the
//! names of the assets.

use http::header::CONTENT_SECURITY_POLICY;
use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, provide_meta_context};
use serde::Deserialize;

use crate::{components::theme::Theme, context::insert_header, routes::App, session};

/// Hashed names of the built files, as `target/site/manifest.json` holds them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Assets {
    /// The style sheet.
    #[serde(rename = "console.css")]
    pub style: String,
    /// The script that loads the WASM.
    #[serde(rename = "loader.js")]
    pub loader: String,
    /// The script for passkeys and security keys.
    #[serde(rename = "passkeys.js")]
    pub passkeys: String,
    /// The WASM's glue.
    #[serde(rename = "console.js")]
    pub glue: String,
    /// The WASM.
    #[serde(rename = "console.wasm")]
    pub wasm: String,
    /// The icon.
    #[serde(rename = "favicon.svg")]
    pub icon: String,
}

/// The policy: only what this server sent, no inline script without the nonce, no frames, no plug-ins.
#[must_use]
pub fn csp(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}

/// The same for a page with a form that is posted to another origin.
pub(crate) fn csp_with_form(nonce: &str, origin: &str) -> String {
    csp(nonce).replace("form-action 'self'", &format!("form-action 'self' {origin}"))
}

/// The whole document. The server calls it for every page and gives the names of the files to load.
pub fn shell(assets: &Assets) -> AnyView {
    provide_meta_context();
    if let Some(nonce) = use_nonce() {
        insert_header(CONTENT_SECURITY_POLICY, &csp(&nonce));
    }
    // Outside islands nothing is hydrated, so nothing needs to be written down for it.
    if let Some(shared) = Owner::current_shared_context() {
        shared.set_is_hydrating(false);
    }
    let assets = assets.clone();
    view! {
        <!DOCTYPE html>
        {Suspend::new(async move { document(&assets, session::theme()) })}
    }
    .into_any()
}

fn document(assets: &Assets, theme: Theme) -> AnyView {
    let path = |name: &str| format!("/assets/{name}");
    view! {
        <html lang="en" data-theme=theme.as_str()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="stylesheet" href=path(&assets.style) />
                <link rel="icon" type="image/svg+xml" href=path(&assets.icon) />
                <script
                    type="module"
                    src=path(&assets.loader)
                    data-glue=path(&assets.glue)
                    data-wasm=path(&assets.wasm)
                    data-passkeys=path(&assets.passkeys)
                ></script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_nonce_once_and_nothing_unsafe() {
        let policy = csp("abc");
        assert_eq!(policy.matches("'nonce-abc'").count(), 1);
        assert!(!policy.contains("unsafe-inline"));
        assert!(!policy.contains("'unsafe-eval'"));
        assert!(policy.contains("frame-ancestors 'none'"));
    }
}
