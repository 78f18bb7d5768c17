//! What an identity provider has to know of us: our addresses in its own words, our metadata, our certificates; and how our key is
//! changed without anybody noticing.

use domain::{
    identity_providers::spaced,
    views::{OidcAddresses, ProviderAddresses, ProviderKey, ProviderView, SamlAddresses},
};
use leptos::prelude::*;

use super::{
    api::{ADD_KEY, REMOVE_KEY, USE_KEY},
    form::step,
};
use crate::{
    components::{
        badges::{Tone, badge},
        copy::CopyButton,
        dialog::{dialog, open_button},
        form::{FormState, hidden},
        icons::{Icon, icon},
        table::{Column, Row, table},
        time::time,
    },
    links,
};

const USE_DIALOG: &str = "use-key";
const REMOVE_DIALOG: &str = "remove-key";

/// The first step.
pub(super) fn draw(view: &ProviderView) -> AnyView {
    let body = match &view.addresses {
        ProviderAddresses::Saml(addresses) => service_provider(view, addresses),
        ProviderAddresses::Oidc(addresses) => client(view, addresses),
    };
    step("1", "Tell your identity provider about Redoubt", "our-side", body)
}

/// What one needs to know that speaks OpenID Connect.
fn client(view: &ProviderView, addresses: &OidcAddresses) -> AnyView {
    let preset = view.settings.preset();
    let ([callback, ..], product) = (preset.client_words(), preset.within());
    let leaving = preset.leaving().map(|[called, besides]| {
        let what = "Where people come back to who signed out there as well";
        let what = if besides.is_empty() { what.to_owned() } else { format!("{what}. {besides}") };
        address(called, &what, &addresses.post_logout)
    });
    view! {
        <p>
            {format!(
                "In {product}, make an application for OpenID Connect: a web application with the authorization code flow. Give it these.",
            )}
        </p>
        <dl class="facts facts-list provider-addresses">
            {address(callback, "Where people come back to, with a code", &addresses.callback)}
            {leaving}
            {address(
                "Back-channel logout URI",
                "Where it says by itself that somebody signed out there, if it can",
                &addresses.backchannel_logout,
            )}
            {address("Start URL or bookmark", "For a tile in your portal", &addresses.start)}
        </dl>
    }
    .into_any()
}

/// What one needs to know that speaks SAML.
fn service_provider(view: &ProviderView, addresses: &SamlAddresses) -> AnyView {
    let (organization, id) = (view.row.organization_id.to_string(), view.row.id.to_string());
    let [entity, acs, ..] = view.settings.preset().words();
    let product = view.settings.preset().within();
    let certificates = view.keys.iter().map(certificate).collect_view();
    view! {
        <p>
            {format!("In {product}, make an application for SAML 2.0 and give it these. If it takes metadata, the file has them all.")}
        </p>
        <dl class="facts facts-list provider-addresses">
            {address(entity, "Our entity id, where our metadata is as well", &addresses.metadata)}
            {address(acs, "Where its answers are posted to", &addresses.acs)}
            {address("Single logout URL", "Where people are signed out", &addresses.slo)}
            {address("Start URL or bookmark", "For a tile in your portal", &addresses.start)}
        </dl>
        <div class="form-actions">
            <a class="button" href=links::provider_metadata(&organization, &id) download="redoubt-metadata.xml">
                {icon(Icon::Download)} "Download our metadata"
            </a>
        </div>
        {certificates}
    }
    .into_any()
}

fn address(called: &'static str, what: &str, value: &str) -> AnyView {
    let (what, value) = (what.to_owned(), value.to_owned());
    view! {
        <div>
            <dt>{called}</dt>
            <dd>
                <span class="copyable"><code class="break">{value.clone()}</code> <CopyButton text=value what=called.to_owned() /></span>
                <p class="hint">{what}</p>
            </dd>
        </div>
    }
    .into_any()
}

/// A certificate of ours, folded.
fn certificate(key: &ProviderKey) -> AnyView {
    let title = match key.is_used {
        true => "Our certificate: for checking our requests and encrypting assertions",
        false => "Our next certificate",
    };
    let pem = key.certificate.clone();
    view! {
        <details class="provider-pem">
            <summary>{title}</summary>
            <div class="copyable">
                <pre tabindex="0" aria-label=title><code>{pem.clone()}</code></pre>
                <CopyButton text=pem what="the certificate".to_owned() />
            </div>
        </details>
    }
    .into_any()
}

/// Our keys, and how they are changed; `may_edit` says whether the viewer may.
pub(super) fn keys(view: &ProviderView, may_edit: bool) -> AnyView {
    let columns = [
        Column::Name("SHA-256 fingerprint"),
        Column::Text("Key"),
        Column::Text("Ends"),
        Column::Text("State"),
        Column::Actions,
    ];
    let rows = view.keys.iter().map(|key| row(key, may_edit)).collect();
    let dialogs = match view.keys.iter().find(|key| !key.is_used).filter(|_| may_edit) {
        Some(key) => view! { {use_dialog(view, key)} {remove_dialog(view, key)} }.into_any(),
        None => ().into_any(),
    };
    let make = (may_edit && view.keys.len() < 2).then(|| {
        view! {
            <form method="post" action=ADD_KEY class="form">
                {hidden(&ids(view).each_ref().map(|(name, value)| (*name, value.as_str())))} {FormState::of(ADD_KEY).error(&[])}
                <div class="form-actions"><button class="button">"Make the next key"</button></div>
            </form>
        }
    });
    view! {
        <section class="card" aria-labelledby="our-keys">
            <h2 id="our-keys">"Our keys"</h2>
            <p class="muted">
                "We sign requests with one, and your identity provider may encrypt to its certificate. Change it in this order, and nobody \
                 notices:"
            </p>
            <ol class="provider-order">
                <li>"Make the next key. It is in our metadata at once, and reads what is encrypted to it."</li>
                <li>"Give your identity provider the new metadata or certificate."</li>
                <li>"Take the next key into use: requests are signed with it from then on."</li>
                <li>"Remove the old one once nothing is encrypted to it any more."</li>
            </ol>
            {table("Our keys towards the identity provider", &columns, rows)} {make}
        </section>
        {dialogs}
    }
    .into_any()
}

fn ids(view: &ProviderView) -> [(&'static str, String); 2] {
    [("organization", view.row.organization_id.to_string()), ("provider", view.row.id.to_string())]
}

fn row(key: &ProviderKey, may_edit: bool) -> Row {
    let state = match (key.is_used, key.was_used) {
        (true, _) => badge(Tone::Good, "signs"),
        (false, true) => badge(Tone::Plain, "old: signed before, still reads"),
        (false, false) => badge(Tone::Plain, "next: given out, does not sign yet"),
    };
    let take = if key.was_used { "Take into use again…" } else { "Take into use…" };
    let actions = (may_edit && !key.is_used).then(|| {
        view! {
            {open_button(USE_DIALOG, "button button-small", take)}
            {open_button(REMOVE_DIALOG, "button button-small", "Remove…")}
        }
    });
    vec![
        view! { <code class="break">{spaced(&key.facts.fingerprint)}</code> }.into_any(),
        key.facts.key.clone().into_any(),
        time(key.facts.not_after),
        state,
        view! { <span class="badges">{actions}</span> }.into_any(),
    ]
}

fn asked(
    view: &ProviderView,
    key: &ProviderKey,
    (id, action): (&'static str, &'static str),
    (title, text, verb): (&'static str, &'static str, &'static str),
    class: &'static str,
) -> AnyView {
    let form = FormState::of(action);
    let key = key.id.to_string();
    let is_refused = form.is_refused();
    let body = view! {
        <form method="post" action=action class="form">
            {hidden(&ids(view).each_ref().map(|(name, value)| (*name, value.as_str())))} {hidden(&[("key", &key)])}
            {form.error(&[])} <p>{text}</p>
            <div class="form-actions">
                <button class=class>{verb}</button>
                <button type="button" class="button" commandfor=id command="close">"Cancel"</button>
            </div>
        </form>
    };
    dialog(id, title.into(), is_refused, body.into_any())
}

fn use_dialog(view: &ProviderView, key: &ProviderKey) -> AnyView {
    let text = "Requests are signed with it from now on. If the identity provider checks our signature and does not know this \
                certificate yet, nobody can sign in with it.";
    let title = if key.was_used { "Take the old key into use again?" } else { "Take the next key into use?" };
    let words = (title, text, "Take it into use");
    asked(view, key, (USE_DIALOG, USE_KEY), words, "button button-primary")
}

fn remove_dialog(view: &ProviderView, key: &ProviderKey) -> AnyView {
    let text = "It leaves our metadata. What is encrypted to it cannot be read any more: if the identity provider still uses its \
                certificate, nobody can sign in with it.";
    asked(
        view,
        key,
        (REMOVE_DIALOG, REMOVE_KEY),
        ("Remove this key?", text, "Remove it"),
        "button button-danger",
    )
}

#[cfg(test)]
mod tests {
    use domain::identity_providers::Preset;

    use super::{
        super::inputs::tests::{client_view, view},
        *,
    };

    #[test]
    fn another_product_is_no_name_within_a_sentence() {
        let mut view = view();
        assert!(draw(&view).to_html().contains("In Okta, make an application"));
        let settings = view.settings.saml().unwrap().clone();
        view.settings = domain::identity_providers::SamlSettings { preset: Preset::Other, ..settings }.into();
        let html = draw(&view).to_html();
        assert!(
            html.contains("In your identity provider, make") && !html.contains("Another product"),
            "{html}"
        );
    }

    #[test]
    fn where_people_come_back_to_is_called_as_the_product_calls_it() {
        let html = |preset| {
            let mut view = client_view();
            let settings = view.settings.oidc().unwrap().clone();
            view.settings = domain::identity_providers::OidcSettings { preset, ..settings }.into();
            draw(&view).to_html()
        };
        assert!(html(Preset::Keycloak).contains("Valid post logout redirect URI"));
        let entra = html(Preset::EntraId);
        assert!(entra.contains("<dt>Another redirect URI (Web)</dt>"), "{entra}");
        assert!(entra.contains("Leave its front-channel logout URL empty"), "{entra}");
        assert!(!html(Preset::Google).contains("/signed-out"), "it has no way to sign out from here");
    }
}
