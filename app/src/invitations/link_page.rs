//! `/invitations/{token}`: the page behind the link in the mail. Anybody may open it; it shows the organization's name, who
//! invited whom, and what can be done by who looks.

use domain::{errors::Error, secrets::Secret, views::InvitationView};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::{
    components::{
        field::Field,
        form::{FormState, hidden},
        frame::brand,
        page::page,
        time::time,
        toast::toasts,
    },
    context::{control, no_store, set_status},
    links,
    passwords::rules::{Judge, PasswordRules},
};

const ACCEPT: &str = "/api/invitations/accept";
const JOIN: &str = "/api/invitations/join";
const DECLINE: &str = "/api/invitations/decline";

/// The invitation of the link.
#[component]
pub(crate) fn InvitationPage() -> impl IntoView {
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    page(async move {
        no_store();
        match control::invitations::view(&control()?, &Secret::new(token.clone())).await {
            Ok(invitation) => Ok(draw(&token, &invitation)),
            Err(error @ Error::Conflict { .. }) => Ok(unusable(&error)),
            Err(error) => Err(error.into()),
        }
    })
}

fn gate(title: &'static str, body: AnyView) -> AnyView {
    view! {
        <Title text=format!("{title} · Redoubt") />
        <main id="main" class="gate">
            {brand()}
            <section class="card gate-card">
                <h1>{title}</h1>
                {body}
            </section>
        </main>
        {toasts()}
    }
    .into_any()
}

/// Whoever comes with a link that does not work need not have an account.
fn unusable(error: &Error) -> AnyView {
    set_status(error.status());
    let body = view! {
        <p>{error.to_string()}</p>
        <p>"If you have an account here: " <a href="/projects">"go to your projects"</a> "."</p>
    };
    gate("This invitation does not work", body.into_any())
}

fn draw(token: &str, invitation: &InvitationView) -> AnyView {
    let InvitationView { organization_name, email, invited_by, expires_at, .. } = invitation;
    let body = match &invitation.signed_in_as {
        Some(own) if own == email => view! { {accept(token, own)} {decline(token)} }.into_any(),
        Some(other) => another(email, other),
        None if invitation.has_account => view! { {sign_in(token, email)} {decline(token)} }.into_any(),
        None => view! { {join(token, invitation)} {decline(token)} }.into_any(),
    };
    let body = view! {
        <p class="break">
            <strong>{invited_by.clone()}</strong> " invites " <strong>{email.clone()}</strong> " to the organization "
            <strong>{organization_name.clone()}</strong>
        </p>
        <p class="muted">"It can be accepted until " {time(*expires_at)} "."</p>
        {body}
    };
    gate("You are invited", body.into_any())
}

fn accept(token: &str, own: &str) -> AnyView {
    let form = FormState::of(ACCEPT);
    view! {
        <form method="post" action=ACCEPT class="form">
            {form.error(&[])} {hidden(&[("token", token)])}
            <p class="break">{format!("You are signed in as {own}.")}</p>
            <div class="form-actions">
                <button class="button button-primary button-wide">"Accept"</button>
            </div>
        </form>
    }
    .into_any()
}

/// For somebody who is signed in with another address.
fn another(email: &str, own: &str) -> AnyView {
    view! {
        <p class="alert alert-warning break" role="note">
            <span>
                {format!(
                    "You are signed in as {own}, and this invitation is for {email}. Sign out, then open the link again.",
                )}
            </span>
        </p>
        <form method="post" action="/api/sign_out">
            <div class="form-actions">
                <button class="button button-primary">"Sign out"</button>
                <a class="button" href="/projects">"Go to your projects"</a>
            </div>
        </form>
    }
    .into_any()
}

fn sign_in(token: &str, email: &str) -> AnyView {
    let path = links::sign_in(Some(&links::invitation(token)));
    view! {
        <p class="break">{format!("{email} has an account here. Sign in with it to accept.")}</p>
        <div class="form-actions">
            <a class="button button-primary button-wide" href=path>"Sign in"</a>
        </div>
    }
    .into_any()
}

fn join(token: &str, invitation: &InvitationView) -> AnyView {
    let InvitationView { email, chars_min, .. } = invitation;
    let form = FormState::of(JOIN);
    let name = Field {
        name: "name",
        label: "Your name",
        autocomplete: Some("name"),
        has_focus: !form.is_refused(),
        max: Some(128),
        ..Field::default()
    };
    let password = Field {
        name: "password",
        label: "Password",
        hint: Some(format!(
            "At least {chars_min} characters while it is your only factor. A few unrelated words are easy to \
             remember and hard to guess; any characters, spaces too."
        )),
        kind: "password",
        autocomplete: Some("new-password"),
        min: u32::try_from(*chars_min).ok(),
        ..Field::default()
    };
    view! {
        <form method="post" action=JOIN class="form">
            {form.error(&["name", "password"])} {hidden(&[("token", token)])}
            // Password managers keep the password under this name.
            <input type="email" name="username" value=email.clone() autocomplete="username" hidden readonly />
            {name.view(&form)} {password.view(&form)}
            <PasswordRules field=form.id("password") judge=Judge::Invitation />
            <div class="form-actions">
                <button class="button button-primary button-wide">"Accept and sign in"</button>
            </div>
        </form>
    }
    .into_any()
}

fn decline(token: &str) -> AnyView {
    let form = FormState::of(DECLINE);
    view! {
        <form method="post" action=DECLINE class="form">
            {form.error(&[])} {hidden(&[("token", token)])}
            <div class="form-actions">
                <button class="button button-quiet button-wide">"Decline"</button>
            </div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::timestamps::Timestamp;
    use leptos::reactive::owner::Owner;

    use super::*;

    fn html(has_account: bool, signed_in_as: Option<&str>) -> String {
        let invitation = InvitationView {
            chars_min: 15,
            organization_name: "Acme".into(),
            email: "ann@example.org".into(),
            invited_by: "bob@example.org".into(),
            expires_at: Timestamp::from_micros(0),
            has_account,
            signed_in_as: signed_in_as.map(str::to_owned),
        };
        Owner::new().with(|| {
            leptos_meta::provide_meta_context();
            draw("t-1", &invitation).to_html()
        })
    }

    #[test]
    fn everybody_sees_what_they_can_do() {
        for (has_account, signed_in_as, offered) in [
            (false, None, [false, true, true, false]),
            (true, None, [false, false, true, true]),
            (true, Some("ann@example.org"), [true, false, true, false]),
            (true, Some("eve@example.org"), [false, false, false, false]),
            (false, Some("eve@example.org"), [false, false, false, false]),
        ] {
            let html = html(has_account, signed_in_as);
            let signs_in = html.contains("/sign-in?next=%2Finvitations%2Ft-1");
            let shown = [html.contains(ACCEPT), html.contains(JOIN), html.contains(DECLINE), signs_in];
            assert_eq!(shown, offered, "{has_account} {signed_in_as:?}: {html}");
            assert_eq!(html.contains("/api/sign_out"), signed_in_as == Some("eve@example.org"), "{html}");
        }
    }
}
