//! `/profile/authentication`: what one signs in with: the password, second factors and recovery codes.

use domain::{
    sign_ins::FactorKind,
    views::{FactorResetView, FactorRow, OwnFactors, OwnIdentities},
};
use leptos::prelude::*;

use super::kind_name;
use crate::{
    components::{
        alerts::warning,
        api_call::ApiCalls,
        badges::{Tone, badge},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        page::page,
        table::{Column, Row, table},
        time::{maybe_time, time},
    },
    context::{answer, control},
    factor_resets::own_waiting,
    links,
    quantities::count,
    single_sign_on::own_identities,
};

const TITLE: &str = "Authentication";
/// With so few recovery codes left, new ones should be made.
const CODES_FEW: i64 = 3;
const COLUMNS: [Column; 5] = [
    Column::Name("Name"),
    Column::Text("Kind"),
    Column::Text("Added"),
    Column::Text("Last used"),
    Column::Actions,
];

/// What one signs in with.
#[component]
pub(crate) fn AuthenticationPage() -> impl IntoView {
    page(async move {
        let viewer = Viewer::load().await?;
        let ctx = control()?;
        let own = answer(control::factors::own(&ctx).await)?;
        let identities = answer(control::single_sign_on::own(&ctx).await)?;
        let reset = viewer.resets.waiting.clone();
        let calls = ApiCalls::new().get("List your second factors", "/api/factors/list", &[]).get(
            "List your identity providers",
            "/api/identities/list",
            &[],
        );
        let frame = Frame::of_person(Section::Authentication, TITLE).calls(calls);
        Ok(frame.view(viewer, draw(&own, &identities, reset.as_ref())))
    })
}

fn draw(own: &OwnFactors, identities: &OwnIdentities, reset: Option<&FactorResetView>) -> AnyView {
    view! {
        {head(TITLE.into(), (), ())} {own_waiting(reset)} {advice(own)} {password(own)} {factors(own)}
        {(!own.factors.is_empty()).then(|| recovery_codes(own.recovery_codes_left))} {own_identities(identities)}
    }
    .into_any()
}

/// What to do next, if anything.
fn advice(own: &OwnFactors) -> Option<AnyView> {
    let left = own.recovery_codes_left;
    let text = match (own.factors.len(), left) {
        (0, _) if !own.has_password => return None,
        (0, _) => "Your password is all that protects your account. Add a second factor, best a passkey.".to_owned(),
        (1, 0) => "You have one second factor and no recovery code: if it gets lost, only an admin can let you in again.".to_owned(),
        (_, 0) => "You have no recovery code left. Make new ones.".to_owned(),
        (_, left) if left <= CODES_FEW => format!("You have {} left. Make new ones.", count(left, "recovery code")),
        _ => return None,
    };
    Some(warning(text))
}

fn password(own: &OwnFactors) -> AnyView {
    if !own.has_password {
        return view! {
            <section class="card" aria-labelledby="password">
                <h2 id="password">"Password"</h2>
                <p class="muted">
                    "You have none: your identity provider signs you in. An admin of your organization can have a link sent to you \
                     that sets one."
                </p>
            </section>
        }
        .into_any();
    }
    let changed = match own.password_changed_at {
        Some(at) => view! { "Changed " {time(at)} "." }.into_any(),
        None => "It is the one that you began with.".into_any(),
    };
    view! {
        <section class="card card-line" aria-labelledby="password">
            <div>
                <h2 id="password">"Password"</h2>
                <p class="muted">{changed}</p>
            </div>
            <a class="button" href=links::change_password()>"Change…"</a>
        </section>
    }
    .into_any()
}

fn factors(own: &OwnFactors) -> AnyView {
    let list = (!own.factors.is_empty())
        .then(|| table("Your second factors", &COLUMNS, own.factors.iter().map(row).collect()));
    let has_room = own.factors.len() < own.factors_max;
    let add = match has_room {
        true => additions(),
        false => {
            let text = format!(
                "You have {} second factors, which is the most. Remove one to add another.",
                own.factors_max
            );
            view! { <p class="muted">{text}</p> }.into_any()
        }
    };
    view! {
        <section class="stack" aria-labelledby="factors">
            <h2 id="factors">"Second factors and passkeys"</h2>
            {list} {add}
        </section>
    }
    .into_any()
}

fn row(factor: &FactorRow) -> Row {
    let (id, name) = (factor.id.to_string(), factor.name.clone());
    let needed = (!factor.needed_by.is_empty()).then(|| badge(Tone::Plain, "needed"));
    let synced = factor.is_synced.then(|| view! { <span class="muted">" shared by your devices"</span> });
    let remove = format!("Remove {name}");
    let needed_by = factor.needed_by.join(", ");
    let title = (!needed_by.is_empty()).then(|| format!("Needed by {needed_by}"));
    vec![
        view! { <span class="factor-name"><a class="free-text" href=links::factor(&id)>{name}</a> {needed}</span> }.into_any(),
        view! { <span title=title>{kind_name(factor.kind)} {synced}</span> }.into_any(),
        time(factor.created_at),
        maybe_time(factor.last_used_at),
        view! { <a class="button button-small" href=links::factor_removal(&id) aria-label=remove>"Remove…"</a> }
            .into_any(),
    ]
}

/// What each kind is good for, and the way to add one.
fn additions() -> AnyView {
    let kinds = [
        (
            FactorKind::Passkey,
            "Signs you in with your fingerprint, face or PIN and without a password. Cannot be given away on a false page.",
            links::new_passkey(),
        ),
        (
            FactorKind::SecurityKey,
            "A key that you plug in or hold to your phone, after the password. Cannot be given away on a false page.",
            links::new_security_key(),
        ),
        (
            FactorKind::Totp,
            "An app shows six digits, which you type after the password. Works with every device that has a clock.",
            links::new_app(),
        ),
    ];
    let cards = kinds.map(|(kind, text, path)| {
        let label = format!("Add {} {}", article(kind), kind.name());
        view! {
            <li class="card addition">
                <h3>{kind_name(kind)}</h3>
                <p class="muted">{text}</p>
                <a class="button" href=path>{icon(Icon::Add)} {label}</a>
            </li>
        }
    });
    view! { <ul class="additions">{cards.collect_view()}</ul> }.into_any()
}

const fn article(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Totp => "an",
        _ => "a",
    }
}

fn recovery_codes(left: i64) -> AnyView {
    let tone = if left > CODES_FEW { Tone::Good } else { Tone::Warning };
    view! {
        <section class="card card-line" aria-labelledby="recovery-codes">
            <div>
                <h2 id="recovery-codes">"Recovery codes"</h2>
                <p class="muted">"Each stands in once for a second factor that you do not have at hand."</p>
            </div>
            <p>{badge(tone, format!("{left} left"))}</p>
            <a class="button" href=links::recovery_codes()>"Make new ones…"</a>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::timestamps::Timestamp;

    use super::*;

    fn own(kinds: &[FactorKind], recovery_codes_left: i64) -> OwnFactors {
        let factor = |kind: &FactorKind| FactorRow {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            kind: *kind,
            name: "Phone".into(),
            created_at: Timestamp::from_micros(0),
            last_used_at: None,
            is_synced: false,
            needed_by: vec!["Acme".into()],
        };
        let factors = kinds.iter().map(factor).collect();
        OwnFactors {
            factors,
            recovery_codes_left,
            recovery_codes_made_at: None,
            has_password: true,
            password_changed_at: None,
            factors_max: 2,
        }
    }

    fn html(own: &OwnFactors) -> String {
        draw(own, &OwnIdentities::default(), None).to_html().replace("<!>", "")
    }

    #[test]
    fn who_has_few_recovery_codes_is_told() {
        assert!(html(&own(&[FactorKind::Totp], 3)).contains("You have 3 recovery codes left"));
        assert!(html(&own(&[FactorKind::Totp], 1)).contains("You have 1 recovery code left"));
        assert!(html(&own(&[FactorKind::Totp], 0)).contains("no recovery code"));
        assert!(!html(&own(&[FactorKind::Totp], 4)).contains("alert-warning"));
    }

    #[test]
    fn who_has_nothing_but_a_password_is_told_and_has_no_codes_to_make() {
        let html = html(&own(&[], 0));
        assert!(
            html.contains("all that protects your account") && !html.contains("Recovery codes"),
            "{html}"
        );
    }

    #[test]
    fn who_has_no_password_is_told_nothing_of_theirs() {
        let nobodys = OwnFactors { has_password: false, ..own(&[], 0) };
        let html = draw(&nobodys, &OwnIdentities::default(), None).to_html();
        assert!(html.contains("You have none") && !html.contains("all that protects"), "{html}");
        assert!(!html.contains(&links::change_password()), "{html}");
    }

    #[test]
    fn a_full_list_offers_no_more() {
        assert!(html(&own(&[FactorKind::Totp], 9)).contains("Add a passkey"));
        let full = html(&own(&[FactorKind::Totp, FactorKind::Passkey], 9));
        assert!(!full.contains("Add a passkey") && full.contains("which is the most"), "{full}");
        assert!(full.contains("Needed by Acme"), "{full}");
    }
}
