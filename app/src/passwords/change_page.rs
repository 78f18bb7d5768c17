//! `/profile/authentication/password`: a new password for oneself.

use leptos::prelude::*;

use crate::{
    components::{
        field::Field,
        form::FormState,
        frame::{Frame, Section, Viewer, head},
        page::page,
    },
    context::{answer, control, no_store},
    links,
    passwords::rules::{Judge, PasswordRules},
};

const TITLE: &str = "Change password";
const FIELDS: [&str; 2] = ["old_password", "password"];

/// The form.
#[component]
pub(crate) fn ChangePasswordPage() -> impl IntoView {
    page(async move {
        no_store();
        let viewer = Viewer::load().await?;
        let ctx = control()?;
        let (own, least) = (control::factors::own(&ctx).await, control::passwords::own_least(&ctx).await);
        let (own, least) = (answer(own)?, answer(least)?);
        let frame = Frame::of_person(Section::Authentication, TITLE)
            .step("Authentication", links::authentication())
            .step(TITLE, links::change_password());
        Ok(frame.view(viewer, draw(!own.factors.is_empty(), least)))
    })
}

fn draw(has_factor: bool, least: usize) -> AnyView {
    let form = FormState::of("/api/passwords/change");
    let length = match has_factor {
        true => format!(
            "At least {least} characters, beside your second factor: no names and no common words. A few words that do not belong together \
             are best."
        ),
        false => format!(
            "At least {least} characters, because it is all that protects your account: with a second factor it could be shorter. A few \
             words that do not belong together are best."
        ),
    };
    let old = Field {
        name: "old_password",
        label: "Password that you have",
        kind: "password",
        autocomplete: Some("current-password"),
        has_focus: true,
        ..Field::default()
    };
    let new = Field {
        name: "password",
        label: "New password",
        kind: "password",
        autocomplete: Some("new-password"),
        hint: Some(length),
        ..Field::default()
    };
    view! {
        {head(TITLE.into(), (), ())}
        <section class="card form-narrow" aria-label=TITLE>
            <form method="post" action=form.action class="form">
                {form.error(&FIELDS)} {old.view(&form)} {new.view(&form)}
                <PasswordRules field=form.id("password") judge=Judge::Own />
                <label class="check">
                    <input type="checkbox" name="end_other_sessions" value="true" checked />
                    <span>"Sign out everywhere else"</span>
                </label>
                <p class="muted">"Your second factors, recovery codes and tokens stay."</p>
                <div class="form-actions">
                    <button class="button button-primary">"Change password"</button>
                    <a class="button" href=links::authentication()>"Cancel"</a>
                </div>
            </form>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use leptos::reactive::owner::Owner;

    use super::*;

    #[test]
    fn asvs_6_2_3_changing_asks_for_the_old_password() {
        let html = Owner::new().with(|| draw(false, 40).to_html());
        for (name, autocomplete) in [("old_password", "current-password"), ("password", "new-password")] {
            let input =
                html.split("<input").find(|input| input.contains(&format!("name=\"{name}\""))).unwrap();
            assert!(input.contains("type=\"password\"") && input.contains(autocomplete), "{input}");
        }
        assert!(html.contains("At least 40"), "{html}");
        assert!(Owner::new().with(|| draw(true, 8).to_html()).contains("At least 8"));
    }
}
