//! How a browser gets to an identity provider: by a redirect, or by a form that it posts. Begins nothing.

use control::{ceremonies::Begun, single_sign_on::Way};
use domain::views::ProviderChoice;
use http::header::{CONTENT_SECURITY_POLICY, REFRESH};
use leptos::{nonce::use_nonce, prelude::*};

use crate::{
    components::icons::{Icon, icon},
    context::{go_on_keeping, insert_header},
    links, session,
    sessions::gate::gate,
    shell::csp_with_form,
};

/// Sends the browser away; what it began is in its cookie. It is a page that leads there, not a redirect: who had to sign in or
/// to confirm who they are gets here by a form, and browsers follow no redirect of a form to another origin (CSP `form-action`).
/// With the POST binding the page has a form, and the browser may send that form there and nowhere else.
pub(crate) fn leave(begun: Begun<Way>) -> AnyView {
    session::keep_ceremony(&begun.ceremony);
    match begun.shown {
        Way::Redirect(address) => {
            go_on_keeping();
            insert_header(REFRESH, &format!("0; url={address}"));
            let body = view! {
                <p>"Your identity provider takes over from here."</p>
                <div class="form-actions">
                    <a class="button button-primary button-wide" href=address rel="external nofollow noreferrer">
                        "Continue"
                    </a>
                </div>
            };
            gate("Sign in", body.into_any())
        }
        Way::Post { action, request } => {
            go_on_keeping();
            if let Some(nonce) = use_nonce() {
                insert_header(CONTENT_SECURITY_POLICY, &csp_with_form(&nonce, &origin(&action)));
            }
            let body = view! {
                <p>"Your identity provider takes over from here."</p>
                <form method="post" action=action class="form" data-sends-itself="">
                    <input type="hidden" name="SAMLRequest" value=request />
                    <div class="form-actions">
                        <button class="button button-primary button-wide" autofocus>"Continue"</button>
                    </div>
                </form>
            };
            gate("Sign in", body.into_any())
        }
    }
}

/// Scheme, host and port of an address.
fn origin(address: &str) -> String {
    let end = address.find("://").map_or(0, |at| at + 3);
    let rest = &address[end..];
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{}{host}", &address[..end])
}

/// The identity providers of somebody's company, as the first way in, if there are any.
pub(crate) fn first_way(choices: Vec<ProviderChoice>, next: Option<&str>) -> Option<AnyView> {
    let said = match choices.as_slice() {
        [] => return None,
        [one] => view! { "Your organization signs people in with " <strong>{one.name.clone()}</strong> "." }.into_any(),
        _ => "Your organization signs people in with one of these. Ask an admin of it if you do not know which is yours.".into_any(),
    };
    let links = choices
        .into_iter()
        .map(|choice| {
            let address = links::trip(&choice.id.to_string(), next);
            view! {
                <a class="button button-primary button-wide" href=address rel="external nofollow">
                    {icon(Icon::SignIn)} "Continue with " {choice.name}
                </a>
            }
        })
        .collect_view();
    Some(
        view! {
            <div class="first-way">
                <p>{said}</p>
                {links}
                <p class="muted first-way-or">"or with your password"</p>
            </div>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path() {
        assert_eq!(origin("https://idp.example.org:8443/sso/post?a=b"), "https://idp.example.org:8443");
        assert_eq!(origin("https://idp.example.org"), "https://idp.example.org");
    }
}
