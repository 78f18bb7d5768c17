//! What is asked before invitations that were chosen in the list are taken back: it says whose links will open nothing any
//! more. The answer goes to the list's page, which takes them back.

use domain::views::InvitationRow;
use leptos::prelude::*;

use super::list_page::WITHDRAW;
use crate::{
    components::{breaks::breakable, form::hidden, frame::head},
    context::Posted,
    quantities::count,
};

/// What the form is sent with that says yes.
const CONFIRMED: &str = "is_confirmed";
/// Of how many the address is told.
const NAMED_MAX: usize = 10;

/// Whether something was chosen, and nobody was asked yet whether it is to go.
pub(super) fn is_to_be_asked(sent: &Posted) -> bool {
    !sent.has(CONFIRMED) && sent.has("invitations[]")
}

/// The question about what was chosen among `rows` of the list, which stands at `back`. What is not among them any more is
/// counted, and sent on: the list says what became of it.
pub(super) fn asked(sent: &Posted, rows: &[InvitationRow], back: &str) -> AnyView {
    let chosen = sent.values("invitations[]");
    let emails = rows.iter().filter(|row| chosen.contains(&row.id.to_string())).map(|row| row.email.clone());
    let emails: Vec<String> = emails.collect();
    let number = count(i64::try_from(chosen.len()).unwrap_or(i64::MAX), "invitation");
    let named = emails.len().min(NAMED_MAX);
    let more = chosen.len() - named;
    let goes =
        emails.into_iter().take(NAMED_MAX).map(|email| view! { <li class="break">{breakable(&email)}</li> });
    let goes = goes.collect_view();
    let more = (more > 0).then(|| match named {
        0 => view! { <li>{number.clone()}</li> }.into_any(),
        _ => view! { <li>{format!("and {more} more")}</li> }.into_any(),
    });
    let mut pairs = vec![("do", WITHDRAW), (CONFIRMED, "true")];
    pairs.extend(chosen.iter().map(|id| ("invitations[]", id.as_str())));
    view! {
        {head(format!("Withdraw {number}?"), (), ())}
        <p class="preview-sentence">"The links of these people will open nothing any more:"</p>
        <ul class="goes">{goes} {more}</ul>
        <p class="muted">"They are not told. Who is to come after all has to be invited again."</p>
        <form method="post" action=back.to_owned() class="form form-narrow">
            {hidden(&pairs)}
            <div class="form-actions">
                <button class="button button-danger">"Withdraw"</button>
                <a class="button" href=back.to_owned()>"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}
