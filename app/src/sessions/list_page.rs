//! `/profile/sessions`: the browsers in which one is signed in, and the forms that sign them out.

use domain::{
    sign_ins::{FactorKind, SignInMethod},
    views::SessionView,
};
use leptos::prelude::*;

use super::agents::program;
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        breaks::breakable,
        dialog::{dialog, open_button},
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        page::page,
        table::{Column, Row, table},
        time::time,
    },
    context::{answer, control},
};

const TITLE: &str = "Sessions";
const END: &str = "/api/sessions/end";
const END_OTHERS: &str = "/api/sessions/end_others";
const DIALOG: &str = "end-others";
const COLUMNS: [Column; 6] = [
    Column::Name("Browser"),
    Column::Text("From"),
    Column::Text("Signed in with"),
    Column::Text("Since"),
    Column::Text("Last used"),
    Column::Actions,
];

/// Where one is signed in.
#[component]
pub(crate) fn OwnSessionsPage() -> impl IntoView {
    page(async move {
        let viewer = Viewer::load().await?;
        let mut sessions = answer(control::sessions::own(&control()?).await)?;
        sessions.sort_by_key(|session| !session.is_current);
        let calls = ApiCalls::new().post("Sign all other browsers out", END_OTHERS, &[]);
        let frame = Frame::of_person(Section::Sessions, TITLE).calls(calls);
        Ok(frame.view(viewer, draw(&sessions)))
    })
}

fn draw(sessions: &[SessionView]) -> AnyView {
    let others = sessions.iter().filter(|session| !session.is_current).count();
    // What concerns the dialog is said in it, while there is one.
    let outside: &[&'static str] = if others > 0 { &[END] } else { &[END, END_OTHERS] };
    let refused = outside.iter().map(|action| FormState::of(action).error(&[])).collect_view();
    let end_others = (others > 0).then(|| open_button(DIALOG, "button", "Sign out everywhere else…"));
    view! {
        {head(TITLE.into(), (), end_others)}
        <p class="muted">
            "The browsers in which you are signed in. Sign out any that you do not know, and change your password then. Programs \
             have tokens instead, which are under Tokens."
        </p>
        {refused} {table("Your sessions", &COLUMNS, sessions.iter().map(row).collect())}
        {(others > 0).then(|| confirm(others, &FormState::of(END_OTHERS)))}
    }
    .into_any()
}

fn row(session: &SessionView) -> Row {
    let agent = session.agent.clone().unwrap_or_default();
    let program = program(&agent);
    let here = session.is_current.then(|| badge(Tone::Good, "this one"));
    let name = view! { <span class="session-name" title=agent><span>{program.clone()}</span> {here}</span> };
    let from = match session.address.clone() {
        // The parts of a long one may stand below one another.
        Some(address) if address.contains(':') => view! { <code>{breakable(&address)}</code> }.into_any(),
        Some(address) => view! { <code class="nowrap">{address}</code> }.into_any(),
        None => view! { <span class="muted">"unknown"</span> }.into_any(),
    };
    let from_where = session.address.as_ref().map(|address| format!(", at {address}")).unwrap_or_default();
    let which = format!("Sign out {program}{from_where}, signed in {}", session.created_at.human());
    let end = match session.is_current {
        true => view! {
            <form method="post" action="/api/sign_out">
                <button class="button button-small" aria-label="Sign out of this browser">"Sign out"</button>
            </form>
        }
        .into_any(),
        false => view! {
            <form method="post" action=END>
                {hidden(&[("id", &session.id)])}
                <button class="button button-small" aria-label=which>"Sign out"</button>
            </form>
        }
        .into_any(),
    };
    let with = proof(session.method, session.second_factor);
    vec![
        name.into_any(),
        from,
        view! { <span>{with}</span> }.into_any(),
        time(session.created_at),
        time(session.last_seen_at),
        end,
    ]
}

/// `password and authenticator app`.
fn proof(method: Option<SignInMethod>, factor: Option<FactorKind>) -> String {
    let method = match method {
        None | Some(SignInMethod::Password) => "password",
        Some(SignInMethod::Passkey) => return "passkey".to_owned(),
        Some(SignInMethod::Saml) => "identity provider (SAML)",
        Some(SignInMethod::Oidc) => "identity provider (OpenID Connect)",
    };
    match factor {
        Some(factor) => format!("{method} and {}", factor.name()),
        None => method.to_owned(),
    }
}

fn confirm(others: usize, form: &FormState) -> AnyView {
    let what = match others {
        1 => "One other browser is signed out at once. What was being typed there is lost.".to_owned(),
        others => {
            format!("{others} other browsers are signed out at once. What was being typed there is lost.")
        }
    };
    let body = view! {
        <form method="post" action=END_OTHERS class="form">
            {form.error(&[])} <p>{what} " You stay signed in here."</p>
            <div class="form-actions">
                <button class="button button-danger">"Sign out everywhere else"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">"Cancel"</button>
            </div>
        </form>
    };
    dialog(DIALOG, "Sign out everywhere else?".into(), form.is_refused(), body.into_any())
}

#[cfg(test)]
mod tests {
    use domain::errors::Error;
    use leptos::reactive::owner::Owner;

    use super::*;
    use crate::context::Posted;

    #[test]
    fn what_is_said_of_the_dialog_stands_in_it() {
        let said = FormState::refused(END_OTHERS, Error::conflict("Send it again."), &Posted([].into()));
        let html = Owner::new().with(|| confirm(2, &said).to_html());
        let dialog = html.split("<dialog").nth(1).unwrap();
        assert!(dialog.contains(" open") && dialog.contains("Send it again."), "{html}");
        assert!(dialog.contains("autofocus"), "{html}");
    }

    #[test]
    fn a_proof_is_told_in_words() {
        let password = Some(SignInMethod::Password);
        assert_eq!(proof(password, None), "password");
        assert_eq!(proof(password, Some(FactorKind::Totp)), "password and authenticator app");
        assert_eq!(proof(Some(SignInMethod::Passkey), Some(FactorKind::Passkey)), "passkey");
    }
}
