//! The head of an identity provider's page: what it is, what ends soon, and what is said of a form that is shown again. Changes
//! nothing.

use domain::{identity_providers::ProviderProtocol, views::ProviderView};
use leptos::prelude::*;

use super::facts;
use crate::{
    components::{
        alerts::warning,
        frame::head,
        icons::{Icon, icon},
    },
    links,
};

/// What is said above a form that is shown again.
#[derive(Clone, Copy)]
pub(super) enum Note {
    /// Something was filled in.
    Filled(&'static str),
    /// Somebody has to show first who they are; what they entered is too long to be kept while they do.
    Confirm,
    /// The same of a secret, which is never shown again.
    ConfirmSecret,
}

/// Draws it.
pub(super) fn title(view: &ProviderView, note: Option<Note>, may_edit: bool) -> AnyView {
    let days = view.row.certificate_days_left.filter(|days| *days < facts::DAYS_WARNED);
    let ending = days.map(|days| {
        let said = match days {
            ..0 => "Its certificate has ended. Get the next one from the identity provider and enter it.",
            _ => "Its certificate ends soon. Enter the next one beside it, so that both are believed while it is changed.",
        };
        warning(said.to_owned())
    });
    let is_saml = view.row.protocol == ProviderProtocol::Saml;
    let note = note.map(note_above);
    let closed = (!may_edit).then(|| {
        view! {
            <p class="alert" role="note">
                {icon(Icon::Lock)}
                <span>"You can look at it and test it. Only super admins change one that was in use: whoever it vouches for is believed here."</span>
            </p>
        }
    });
    view! {
        {head(view.row.name.clone(), facts::state(view.row.state), ())} {note} {closed} {ending}
        <dl class="facts">
            <div><dt>"Product"</dt><dd>{view.settings.preset().label()}</dd></div>
            <div><dt>"Protocol"</dt><dd>{facts::protocol(view.row.protocol)}</dd></div>
            <div><dt>"People"</dt><dd>{view.row.people}</dd></div>
            <div><dt>"Test"</dt><dd>{facts::tested(&view.row)}</dd></div>
            {is_saml.then(|| view! { <div><dt>"Certificate ends"</dt><dd>{facts::certificate_end(&view.row)}</dd></div> })}
            {view.metadata.as_ref().map(facts::metadata)}
        </dl>
    }
    .into_any()
}

fn note_above(note: Note) -> AnyView {
    match note {
        Note::Filled(why) => view! {
            <p class="alert alert-busy" role="status">
                {icon(Icon::Warning)} <span>{why} " " <a href="#their-side">"Look at it"</a> " and save."</span>
            </p>
        }
        .into_any(),
        Note::Confirm => confirm_first(", then come back and save again: everything that you entered is still here."),
        Note::ConfirmSecret => confirm_first(
            ", then come back, enter the client secret once more and save again: everything else that you entered is still here.",
        ),
    }
}

fn confirm_first(then: &'static str) -> AnyView {
    view! {
        <p class="alert alert-warning" role="alert">
            {icon(Icon::Warning)}
            <span>
                "Nothing was saved yet, because this asks you to confirm first that it is you. "
                <a href=links::step_up("/projects") target="_blank">"Confirm it in a new tab"</a> {then}
            </span>
        </p>
    }
    .into_any()
}
