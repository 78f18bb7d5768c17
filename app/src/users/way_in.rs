//! What can be done on a person's page about how they get in: a link for a new password, a reset of second factors, signing them
//! out. What each of them does is in `control`.

use domain::views::MemberView;
use leptos::prelude::*;

use crate::{
    components::{
        dialog::{dialog, open_button},
        form::{FormState, hidden},
    },
    links,
};

const PASSWORD: &str = "/api/users/ask_password_reset";
const END_SESSIONS: &str = "/api/users/end_sessions";
const DIALOG: &str = "end-sessions";

/// All of them; without the second factors of who has none, and while a reset of those is waited for, which is shown by itself.
pub(super) fn way_in(
    member: &MemberView,
    (is_reset_waiting, are_mails_sent): (bool, bool),
    organization: &str,
    user: &str,
) -> AnyView {
    view! {
        {password_reset(member.has_password, are_mails_sent, organization, user)}
        {(member.row.has_second_factor && !is_reset_waiting).then(|| factor_reset(organization, user))}
        {sessions(member, organization, user)}
    }
    .into_any()
}

/// Has a link mailed to them that sets a new password; whoever presses it learns neither. Where no mail server sends it, only
/// whoever operates the installation can read it.
fn password_reset(has_password: bool, are_mails_sent: bool, organization: &str, user: &str) -> AnyView {
    let form = FormState::of(PASSWORD);
    let (none, new) = match has_password {
        true => ("", "a new one"),
        false => ("They have none, and sign in another way. ", "a password"),
    };
    let (text, verb) = match are_mails_sent {
        true => (
            format!(
                "{none}Mails them a link that sets {new}, once, within half an hour. Their second factors stay."
            ),
            "Send the link",
        ),
        false => (
            format!(
                "{none}Makes a link that sets {new}, once, within half an hour. There is no mail server that sends it: ask \
                 whoever operates this installation to hand it on. Their second factors stay."
            ),
            "Make the link",
        ),
    };
    view! {
        {form.error(&[])}
        <section class="card card-line" aria-labelledby="password">
            <div>
                <h2 id="password">"Password"</h2>
                <p class="muted">{text}</p>
            </div>
            <form method="post" action=form.action>
                {hidden(&[("organization", organization), ("user", user)])}
                <button class="button">{verb}</button>
            </form>
        </section>
    }
    .into_any()
}

fn factor_reset(organization: &str, user: &str) -> AnyView {
    view! {
        <section class="card card-line" aria-labelledby="second-factors">
            <div>
                <h2 id="second-factors">"Second factors"</h2>
                <p class="muted">
                    "For who lost them all: a day after you ask for it they are removed, unless the person objects. Their password \
                     stays."
                </p>
            </div>
            <a class="button" href=links::user_factor_reset(organization, user)>"Reset second factors…"</a>
        </section>
    }
    .into_any()
}

fn sessions(member: &MemberView, organization: &str, user: &str) -> AnyView {
    let form = FormState::of(END_SESSIONS);
    let is_refused = form.is_refused();
    let name = member.row.name.clone();
    let body = view! {
        <form method="post" action=END_SESSIONS class="form">
            {form.error(&[])} {hidden(&[("organization", organization), ("user", user)])} <p>"What goes:"</p>
            <ul class="goes">
                <li>
                    "Every browser in which they are signed in, also for their other organizations. What is being typed there is lost."
                </li>
                <li>"Sign-ins that are under way."</li>
            </ul>
            <p class="muted">
                "They can sign in again at once, with what they have. Their tokens stay good: deactivating them stops those as well."
            </p>
            <div class="form-actions">
                <button class="button button-danger">"Sign out everywhere"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">"Cancel"</button>
            </div>
        </form>
    };
    view! {
        <section class="card card-line" aria-labelledby="sessions">
            <div>
                <h2 id="sessions">"Sessions"</h2>
                <p class="muted">"Signs them out of every browser, as when a device was lost. Their tokens stay."</p>
            </div>
            {open_button(DIALOG, "button", "Sign out everywhere…")}
        </section>
        {dialog(DIALOG, format!("Sign {name} out everywhere?"), is_refused, body.into_any())}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::{
        timestamps::Timestamp,
        views::{MemberRow, ProfileTexts},
    };
    use leptos::reactive::owner::Owner;

    use super::*;

    fn member() -> MemberView {
        MemberView {
            managed_by: None,
            managed_by_scim: None,
            row: MemberRow {
                user_id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
                name: "Bea".into(),
                email: "bea@example.org".into(),
                is_active: true,
                is_super_admin: false,
                has_second_factor: true,
                is_factor_reset_waiting: false,
                is_managed: false,
                is_kept_by_scim: false,
                joined_at: Timestamp::from_micros(0),
                last_activity_at: None,
            },
            organization_id: "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap(),
            profile: ProfileTexts::default(),
            has_password: true,
            groups: Vec::new(),
            protection: None,
            is_self: false,
            indispensable: None,
        }
    }

    #[test]
    fn a_reset_that_is_waited_for_is_not_offered_again() {
        let html =
            |is_waiting| Owner::new().with(|| way_in(&member(), (is_waiting, true), "o", "u").to_html());
        let (offered, waiting) = (html(false), html(true));
        assert!(offered.contains("/organizations/o/users/u/factor-reset"), "{offered}");
        assert!(!waiting.contains("factor-reset"), "{waiting}");
        for html in [offered, waiting] {
            assert!(html.contains(PASSWORD) && html.contains(END_SESSIONS), "{html}");
        }
    }

    #[test]
    fn nothing_is_offered_for_what_they_do_not_have() {
        let mut nobodys = member();
        (nobodys.has_password, nobodys.row.has_second_factor) = (false, false);
        for are_sent in [true, false] {
            let html = |member| Owner::new().with(|| way_in(member, (false, are_sent), "o", "u").to_html());
            let (theirs, other) = (html(&nobodys), html(&member()));
            assert!(
                !theirs.contains("factor-reset") && theirs.contains("a link that sets a password"),
                "{theirs}"
            );
            assert!(theirs.contains("They have none") && !other.contains("They have none"), "{theirs}");
            assert!(other.contains("a link that sets a new one"), "{other}");
        }
    }

    #[test]
    fn what_becomes_of_the_link_is_told_as_it_is() {
        let html = |are_sent| Owner::new().with(|| way_in(&member(), (false, are_sent), "o", "u").to_html());
        let (sent, kept) = (html(true), html(false));
        assert!(sent.contains("Mails them a link") && sent.contains("Send the link"), "{sent}");
        assert!(
            kept.contains("whoever operates this installation") && kept.contains("Make the link"),
            "{kept}"
        );
        assert!(!kept.contains("Mails them") && !sent.contains("no mail server"), "{kept}");
    }
}
