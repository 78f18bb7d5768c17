//! Small facts of identity providers as lists and pages show them: states, certificates, what is missing. Decides nothing.

use domain::{
    identity_providers::{ProviderProtocol, ProviderState, spaced},
    views::{CertificateFacts, MetadataFacts, ProviderRow},
};
use leptos::prelude::*;

use crate::{
    components::{
        badges::{Tone, badge},
        time::{day, time},
    },
    quantities::count,
};

/// Days before its end from which on a certificate is warned of.
pub(super) const DAYS_WARNED: i64 = 30;

/// A state as a word in its colour.
pub(super) fn state(state: ProviderState) -> AnyView {
    match state {
        ProviderState::Draft => badge(Tone::Plain, "draft"),
        ProviderState::Active => badge(Tone::Good, "active"),
        ProviderState::Disabled => badge(Tone::Warning, "switched off"),
    }
}

/// What people call a protocol.
pub(super) const fn protocol(protocol: ProviderProtocol) -> &'static str {
    match protocol {
        ProviderProtocol::Saml => "SAML 2.0",
        ProviderProtocol::Oidc => "OpenID Connect",
    }
}

/// Whether it passed its test with the settings that it has.
pub(super) fn tested(row: &ProviderRow) -> AnyView {
    match (row.passed_at, row.tested_at) {
        (Some(at), _) => {
            view! { <span class="badges">{badge(Tone::Good, "passed")} {day(at)}</span> }.into_any()
        }
        (None, Some(at)) => {
            let word = if row.last_test_passed { "passed, with other settings" } else { "not passed" };
            view! { <span class="badges">{badge(Tone::Warning, word)} {day(at)}</span> }.into_any()
        }
        (None, None) => view! { <span class="muted">"not yet"</span> }.into_any(),
    }
}

/// When its last certificate ends, and a word if that is soon.
pub(super) fn certificate_end(row: &ProviderRow) -> AnyView {
    let (Some(ends), Some(days)) = (row.certificate_ends_at, row.certificate_days_left) else {
        return view! { <span class="muted">"–"</span> }.into_any();
    };
    let word = match days {
        ..0 => Some(badge(Tone::Bad, "ended")),
        0 => Some(badge(Tone::Warning, "ends today")),
        1..DAYS_WARNED => Some(badge(Tone::Warning, format!("{} left", count(days, "day")))),
        _ => None,
    };
    view! { <span class="badges">{day(ends)} {word}</span> }.into_any()
}

/// What became of reading its metadata again.
pub(super) fn metadata(facts: &MetadataFacts) -> AnyView {
    let read = match facts.read_at {
        Some(at) => view! { "read " {time(at)} }.into_any(),
        None => view! { "not read yet" }.into_any(),
    };
    let failing = facts.failing_since.map(|since| {
        let why = facts.failure.clone().unwrap_or_default();
        view! { {badge(Tone::Warning, "cannot be read")} " since " {time(since)} ": " <span class="break">{why}</span> }
    });
    view! { <div><dt>"Metadata"</dt><dd>{read} " " {failing}</dd></div> }.into_any()
}

/// What a certificate says.
pub(super) fn certificate(facts: &CertificateFacts) -> AnyView {
    view! {
        <dl class="facts provider-certificate">
            <div><dt>"For"</dt><dd class="break">{facts.subject.clone()}</dd></div>
            <div><dt>"Key"</dt><dd>{facts.key.clone()}</dd></div>
            <div><dt>"Good from"</dt><dd>{time(facts.not_before)}</dd></div>
            <div><dt>"Ends"</dt><dd>{time(facts.not_after)}</dd></div>
            <div class="facts-wide"><dt>"SHA-256 fingerprint"</dt><dd><code class="break">{spaced(&facts.fingerprint)}</code></dd></div>
        </dl>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::{super::inputs::tests::view, *};

    #[test]
    fn a_certificate_that_ends_soon_is_said() {
        let html = |days| {
            let row = ProviderRow { certificate_days_left: Some(days), ..view().row };
            certificate_end(&row).to_html()
        };
        assert!(html(-1).contains("badge-bad") && html(-1).contains("ended"));
        assert!(html(0).contains("ends today"));
        assert!(html(1).contains("1 day left") && html(29).contains("29 days left"));
        assert!(!html(30).contains("left"));
        // The day alone, with the instant for who wants to know it.
        assert!(html(30).contains(r#"data-day="1970-01-01 00:00:00 UTC">1970-01-01</time>"#), "{}", html(30));
    }
}
