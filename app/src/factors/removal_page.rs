//! `/profile/authentication/factors/{factor}/remove`: what goes with a factor, and the form that removes it.

use domain::{sign_ins::FactorKind, views::FactorRow};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{asked, frame, kind_name};
use crate::{
    components::{
        api_call::ApiCalls,
        field::Field,
        form::{FormState, hidden},
        frame::{Viewer, head},
        page::page,
    },
    context::{answer, control},
    links,
};

const REMOVE: &str = "/api/factors/remove";

/// Removes a factor.
#[component]
pub(crate) fn RemoveFactorPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let factor = asked(&params).await?;
        let own = answer(control::factors::own(&control()?).await)?;
        let is_last = own.factors.len() == 1;
        let id = factor.id.to_string();
        let calls = ApiCalls::new().post("Remove it", REMOVE, &[("factor", &id), ("confirmed", "true")]);
        let frame = frame("Remove a factor")
            .step(factor.name.clone(), links::factor(&id))
            .step("Remove", links::factor_removal(&id))
            .calls(calls);
        Ok(frame.view(viewer, draw(&factor, is_last, is_last && own.has_password)))
    })
}

fn draw(factor: &FactorRow, is_last: bool, asks_password: bool) -> AnyView {
    let form = FormState::of(REMOVE);
    let id = factor.id.to_string();
    let goes = goes(factor, is_last).into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    let confirm = (!factor.needed_by.is_empty()).then(|| {
        let text = format!("I know that I do not get into {} any more", factor.needed_by.join(", "));
        let is_checked = form.value("confirmed").is_some();
        view! {
            <label class="check">
                <input type="checkbox" name="confirmed" value="true" required checked=is_checked /> <span>{text}</span>
            </label>
        }
    });
    let password = asks_password.then(|| {
        let hint = "It alone opens your account then, and has to be long enough for that.";
        let field = Field {
            name: "password",
            label: "Your password",
            hint: Some(hint.into()),
            kind: "password",
            autocomplete: Some("current-password"),
            ..Field::default()
        };
        let change = view! { <p><a href=links::change_password()>"Change your password"</a></p> };
        view! { {field.view(&form)} {form.reason("password").map(|_| change)} }
    });
    view! {
        {head(format!("Remove {}?", factor.name), (), ())}
        <p>"What goes:"</p>
        <ul class="goes">{goes}</ul>
        <form method="post" action=REMOVE class="form form-narrow">
            {hidden(&[("factor", &id)])} {form.error(&["password"])} {confirm} {password}
            <div class="form-actions">
                <button class="button button-danger">{format!("Remove {}", factor.kind.name())}</button>
                <a class="button" href=links::authentication()>"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}

/// What goes, one line each.
fn goes(factor: &FactorRow, is_last: bool) -> Vec<String> {
    let mut lines = vec![match factor.kind {
        FactorKind::Passkey => {
            "The passkey: it signs you in no more. Delete it from your device as well.".to_owned()
        }
        FactorKind::Totp => {
            "The authenticator app: its codes are worth nothing any more. Delete the entry in it.".to_owned()
        }
        kind => format!("The {}: it opens your account no more.", kind_name(kind).to_lowercase()),
    }];
    lines.push(match is_last {
        true => "All of your sessions: every browser is signed out, this one as well.".to_owned(),
        false => "Every other session of yours: those browsers are signed out.".to_owned(),
    });
    if is_last {
        lines.push(
            "Your recovery codes, because this is your last second factor: your password alone lets you in then.".to_owned(),
        );
    }
    if !factor.needed_by.is_empty() {
        lines.push(format!(
            "Your way into {}: without it they do not let you in.",
            factor.needed_by.join(", ")
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use domain::timestamps::Timestamp;

    use super::*;

    fn factor(needed_by: &[&str]) -> FactorRow {
        FactorRow {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            kind: FactorKind::Totp,
            name: "Phone".into(),
            created_at: Timestamp::from_micros(0),
            last_used_at: None,
            is_synced: false,
            needed_by: needed_by.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn what_goes_is_said_before_it_goes() {
        assert_eq!(goes(&factor(&[]), false).len(), 2);
        assert!(goes(&factor(&[]), true).iter().any(|line| line.contains("recovery codes")));
        assert!(goes(&factor(&["Acme", "Orga"]), false).iter().any(|line| line.contains("into Acme, Orga")));
    }
}
