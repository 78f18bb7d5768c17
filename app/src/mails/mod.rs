//! The mails that were written for an organization: what became of them, and the text of those that are kept here because
//! there is no mail server.

pub mod api;

#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
pub(crate) use self::{list_page::MailsPage, view_page::MailPage};

#[cfg(feature = "ssr")]
use domain::principals::MailState;
#[cfg(feature = "ssr")]
use leptos::prelude::AnyView;

#[cfg(feature = "ssr")]
use crate::components::badges::{Tone, badge};

/// What became of a mail, as a coloured word.
#[cfg(feature = "ssr")]
pub(crate) fn state(state: MailState) -> AnyView {
    let tone = match state {
        MailState::Kept => Tone::Plain,
        MailState::Queued => Tone::Busy,
        MailState::Sent => Tone::Good,
        MailState::Failed => Tone::Bad,
    };
    badge(tone, state.as_str())
}
