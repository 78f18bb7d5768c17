//! What is shown while somebody is to lose their second factors: on their page, for those who may take it back, in their own
//! profile, and on every page that they open.

use domain::views::{FactorResetView, OwnFactorResets};
use leptos::prelude::*;

use crate::{
    components::{
        alerts::warning,
        badges::{Tone, badge},
        dialog::{dialog, open_button},
        form::{FormState, hidden},
        icons::{Icon, icon},
        time::time,
    },
    context::own_address,
    links,
};

const WITHDRAW: &str = "/api/users/withdraw_factor_reset";
const OBJECT_OWN: &str = "/api/factor_resets/object_own";
const DIALOG: &str = "withdraw-factor-reset";

/// On the page of a person; with the way to take it back for who may.
pub(crate) fn waiting(
    reset: Option<&FactorResetView>,
    organization: &str,
    user: &str,
    may_withdraw: bool,
) -> AnyView {
    let form = FormState::of(WITHDRAW);
    // Who came too late to take it back is told.
    let Some(reset) = reset else { return form.error(&[]) };
    let is_refused = form.is_refused();
    let body = view! {
        <form method="post" action=WITHDRAW class="form">
            {form.error(&[])} {hidden(&[("organization", organization), ("user", user)])}
            <p>
                {format!(
                    "{} keeps their second factors and recovery codes. If they did lose them all, it has to be asked again and \
                     takes another day.",
                    reset.email,
                )}
            </p>
            <div class="form-actions">
                <button class="button button-primary">"Withdraw"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">"Cancel"</button>
            </div>
        </form>
    };
    let dialog =
        may_withdraw.then(|| dialog(DIALOG, "Withdraw the reset?".into(), is_refused, body.into_any()));
    let button = may_withdraw.then(|| open_button(DIALOG, "button", "Withdraw…"));
    view! {
        <section class="card" aria-labelledby="factor-reset">
            <div class="card-head">
                <h2 id="factor-reset">"Reset of second factors"</h2>
                {badge(Tone::Warning, "waiting")}
            </div>
            {facts(reset)}
            <p class="muted">"They can stop it with the link in their mail, in their profile, or with a second factor."</p>
            {button}
        </section>
        {dialog}
    }
    .into_any()
}

/// In one's own profile.
pub(crate) fn own_waiting(reset: Option<&FactorResetView>) -> AnyView {
    let form = FormState::of(OBJECT_OWN);
    let Some(reset) = reset else { return form.error(&[]) };
    view! {
        <section class="card" aria-labelledby="factor-reset">
            <div class="card-head">
                <h2 id="factor-reset">"You are to lose your second factors"</h2>
                {badge(Tone::Warning, "waiting")}
            </div>
            <p>
                <strong class="break">{reset.asked_by.clone()}</strong>
                " says that you have lost them all. If that is so, you need not do anything. If it is not, stop it, and change your \
                 password: somebody may know it."
            </p>
            {facts(reset)}
            <form method="post" action=OBJECT_OWN class="form">
                {form.error(&[])}
                <div class="form-actions">
                    <button class="button button-danger">"This was not me: stop it"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// On every page of who is to lose their second factors, with the way to stop it; and of who has lost them and added none
/// since, with the way to add one.
pub(crate) fn own_banner(resets: &OwnFactorResets) -> AnyView {
    if let Some(reset) = &resets.waiting {
        return view! {
            <div class="alert alert-warning" role="note">
                {icon(Icon::Warning)}
                <form method="post" action=OBJECT_OWN class="alert-form">
                    {hidden(&[("next", &own_address())])}
                    <span class="break">
                        {format!("{} asked that your second factors be removed. That happens ", reset.asked_by)}
                        {time(reset.due_at)} ", unless you stop it. "
                        <a href=links::authentication()>"See why it was asked"</a>
                    </span>
                    <button class="button">"Stop it"</button>
                </form>
            </div>
        }
        .into_any();
    }
    let refused = FormState::of(OBJECT_OWN).error(&[]);
    let removed = resets.removed_at.map(|at| {
        warning(view! {
            "Your second factors were removed " {time(at)}
            ". Your password alone opens your account, and organizations may ask for more. "
            <a href=links::authentication()>"Add a second factor"</a>
        })
    });
    view! { {refused} {removed} }.into_any()
}

fn facts(reset: &FactorResetView) -> AnyView {
    view! {
        <dl class="facts">
            <div><dt>"Asked by"</dt><dd class="break">{reset.asked_by.clone()}</dd></div>
            <div><dt>"Asked"</dt><dd>{time(reset.created_at)}</dd></div>
            <div><dt>"Comes to pass"</dt><dd>{time(reset.due_at)}</dd></div>
            <div class="facts-wide"><dt>"Reason"</dt><dd class="break">{reset.reason.clone()}</dd></div>
        </dl>
    }
    .into_any()
}
