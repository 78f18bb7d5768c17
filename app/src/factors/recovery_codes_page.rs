//! `/profile/authentication/recovery-codes`: makes new recovery codes. The form is sent to the page itself, which then shows
//! the codes, once; sent again, it makes no others and says so.

use control::factors::NO_CODES;
use domain::{errors::Error, timestamps::Timestamp, views::OwnFactors};
use leptos::prelude::*;

use super::{frame, made_codes::made_codes};
use crate::{
    components::{
        form::{FormState, hidden},
        frame::{Viewer, head},
        page::page,
    },
    context::{Posted, answer, control, posted, set_status},
    links,
    quantities::count,
};

const TITLE: &str = "Recovery codes";
/// Names the form for what is said of it.
const FORM: &str = "recovery-codes";
/// The field that says which codes are to end.
const BEFORE: &str = "before";

/// Makes new recovery codes.
#[component]
pub(crate) fn RecoveryCodesPage() -> impl IntoView {
    page(async move {
        let viewer = Viewer::load().await?;
        let frame = frame(TITLE).step(TITLE, links::recovery_codes());
        let form = match posted() {
            None => FormState::of(FORM),
            Some(sent) => match control::factors::make_recovery_codes(&control()?, before(&sent)).await {
                Ok(codes) => {
                    let body = view! { {head("New recovery codes".into(), (), ())} {made_codes(&codes)} };
                    return Ok(frame.view(viewer, body));
                }
                Err(error @ (Error::Conflict { .. } | Error::Forbidden { .. })) => {
                    set_status(error.status());
                    FormState::refused(FORM, error, &sent)
                }
                Err(error) => return Err(error.into()),
            },
        };
        let own = answer(control::factors::own(&control()?).await)?;
        Ok(frame.view(viewer, draw(&own, &form)))
    })
}

/// For who has nothing that a code could stand in for.
fn none() -> AnyView {
    view! {
        {head(TITLE.into(), (), ())}
        <p>"Recovery codes stand in for a second factor, and you have none. Add one first: codes come with it."</p>
        <div class="form-actions">
            <a class="button button-primary" href=links::authentication()>"Add a second factor"</a>
        </div>
    }
    .into_any()
}

/// When the codes were made that the form knew of.
fn before(sent: &Posted) -> Option<Timestamp> {
    sent.value(BEFORE).parse().ok().map(Timestamp::from_micros)
}

fn draw(own: &OwnFactors, form: &FormState) -> AnyView {
    if own.factors.is_empty() {
        return none();
    }
    let made_at = own.recovery_codes_made_at.unwrap_or(NO_CODES).micros().to_string();
    let before = match own.recovery_codes_left {
        0 => "You have none left.".to_owned(),
        left => {
            format!("The {} that you have left will not work any more: throw them away.", count(left, "code"))
        }
    };
    view! {
        {head("Make new recovery codes?".into(), (), ())}
        <p>"Ten new codes are shown once. Each stands in once for a second factor that you do not have at hand. " {before}</p>
        <form method="post" action=links::recovery_codes() class="form form-narrow">
            {hidden(&[(BEFORE, &made_at)])} {form.error(&[])}
            <div class="form-actions">
                <button class="button button-primary">"Make new codes"</button>
                <a class="button" href=links::authentication()>"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use leptos::reactive::owner::Owner;

    use super::*;

    #[test]
    fn who_has_no_factor_is_led_to_one_and_makes_no_codes() {
        let own = OwnFactors {
            factors: Vec::new(),
            recovery_codes_left: 0,
            recovery_codes_made_at: None,
            has_password: true,
            password_changed_at: None,
            factors_max: 20,
        };
        let html = Owner::new().with(|| draw(&own, &FormState::default()).to_html());
        assert!(!html.contains("<form") && !html.contains("<button"), "{html}");
        assert!(html.contains(&format!("href=\"{}\"", links::authentication())), "{html}");
    }
}
