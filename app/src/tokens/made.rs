//! A token that was just made, with its text: shown by the answer to the form that made it and never again. No address,
//! cookie or cache ever holds it.

use domain::{tokens::TokenKind, views::MadeToken};
use leptos::prelude::*;

use super::{owners::Owner, view::facts};
use crate::{
    components::{
        alerts::warning,
        copy::CopyButton,
        icons::{Icon, icon},
    },
    context::{no_store, origin},
};

/// The token's text, what to do with it, and what it is.
pub(super) fn made(owner: &Owner, made: MadeToken, what_became: Option<AnyView>) -> AnyView {
    no_store();
    // The person made it to read it.
    let text = made.token.expose().to_owned();
    let whose = match (made.row.kind, owner.name()) {
        (TokenKind::Application, Some(name)) => format!("Whoever has it acts as {name}"),
        _ => "Whoever has it acts as you".to_owned(),
    };
    let try_it = format!("curl -H \"Authorization: Bearer $TOKEN\" {}/v1/me", origin());
    let (list, page) = (owner.list(&[]), owner.token(made.row.id));
    view! {
        <section class="card made-token" aria-labelledby="made-token">
            <h2 id="made-token">"Copy the token now"</h2>
            <p>
                "This is the only time that it is shown: only its fingerprint is kept. "
                {format!("{whose}; put it where programs keep their secrets, into no file that others read.")}
            </p>
            <div class="copyable">
                <pre class="secret" tabindex="0" aria-label="Token"><code>{text.clone()}</code></pre>
                <CopyButton text what="token".to_owned() />
            </div>
            {made.warning.map(warning)}
            {what_became.map(|text| view! { <p>{icon(Icon::Done)} " " {text}</p> })}
            <div class="form-actions">
                <a class="button button-primary" href=list>"I have copied it"</a>
                <a class="button" href=page>"Its page"</a>
            </div>
        </section>
        <section class="card" aria-labelledby="try-token">
            <h2 id="try-token">"Try it"</h2>
            <p class="muted">"With the token in the variable TOKEN this says whose it is."</p>
            <div class="copyable">
                <pre tabindex="0" aria-label="Command"><code>{try_it.clone()}</code></pre>
                <CopyButton text=try_it what="the command".to_owned() />
            </div>
        </section>
        <section class="card" aria-labelledby="token-facts">
            <h2 id="token-facts">"What it is"</h2>
            {facts(owner, &made.row, None)}
        </section>
    }
    .into_any()
}
