//! What every page does around its own work: wait for what it loads, and say why there is nothing to show.

use domain::{
    errors::Error, ids::OrganizationId, policies::Rule, sign_ins::FactorKind, views::ProviderChoice,
};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{
    api_call::ApiCalls,
    form::hidden,
    frame::{Frame, Viewer},
    gone::Gone,
    icons::{Icon, icon},
};
use crate::{
    context::{control, go, hold_back_posted, is_post, own_address, set_status, wants_html},
    errors::AppError,
    links,
};

/// A page that shows what `load` makes, or the error that it ends in with the status that says the same.
pub(crate) fn page<V: IntoView + 'static>(
    load: impl Future<Output = Result<V, AppError>> + Send + 'static,
) -> AnyView {
    page_of(None, load)
}

/// The same for a page about one thing that others may end meanwhile: who finds nothing is told what may have become of it.
pub(crate) fn page_of<V: IntoView + 'static>(
    gone: Option<Gone>,
    load: impl Future<Output = Result<V, AppError>> + Send + 'static,
) -> AnyView {
    Suspend::new(async move {
        match load.await {
            Ok(view) => view.into_any(),
            Err(error) => refused(&error.to_domain(), gone).await,
        }
    })
    .into_any()
}

/// The page for an address that does not exist.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    page::<()>(async { Err(Error::NotFound.into()) })
}

/// In the frame for those who are signed in: an error takes nobody's navigation away.
async fn refused(error: &Error, gone: Option<Gone>) -> AnyView {
    if matches!(error, Error::Unauthenticated { .. }) {
        set_status(401);
        if wants_html() {
            if is_post() {
                hold_back_posted(error.clone());
            }
            go(&links::sign_in(Some(&own_address())));
        }
        return alone(error);
    }
    if matches!(error, Error::StepUp) && wants_html() {
        if is_post() {
            hold_back_posted(error.clone());
        }
        go(&links::step_up(&own_address()));
        return alone(error);
    }
    let viewer = Viewer::load().await;
    set_status(error.status());
    match viewer {
        Ok(viewer) => {
            let calls = ApiCalls::new().get("Who am I", "/api/sessions/profile", &[]);
            let gone = gone.filter(|_| matches!(error, Error::NotFound)).and_then(|gone| gone.told(&viewer));
            let (said, label, path) = match gone {
                Some((said, label, path)) => (said.to_owned(), label, path),
                None => (error.to_string(), "Go to your projects", "/projects".to_owned()),
            };
            let step = match error {
                Error::TurnedAway { rule, organization } => {
                    let email = viewer.profile.email.clone().unwrap_or_default();
                    way_in(*rule, organization, &email).await
                }
                _ => view! { <a class="button" href=path>{label}</a> }.into_any(),
            };
            let body = notice(heading(error), said, step);
            let organization = organization_here(&viewer);
            Frame { organization, ..Frame::nowhere(heading(error)) }.calls(calls).view(viewer, body)
        }
        Err(_) => alone(error),
    }
}

/// The organization whose page was asked for, if the viewer belongs to it: its navigation stays.
fn organization_here(viewer: &Viewer) -> Option<OrganizationId> {
    let address = own_address();
    let named = address.strip_prefix("/organizations/")?.split(['/', '?']).next()?;
    named.parse().ok().filter(|id| viewer.organization(*id).is_some())
}

/// What somebody does whom a policy turns away as they are signed in now.
async fn way_in(rule: Rule, organization: &str, email: &str) -> AnyView {
    let here = own_address();
    // With what comes next, signed in anew; no other sign-in moves anybody to another address.
    let again = (rule != Rule::Address).then(|| {
        view! {
            <form method="post" action="/api/sign_out">
                {hidden(&[("next", &here)])} <button class="button">"Sign in again"</button>
            </form>
        }
    });
    let step = match rule {
        Rule::SecondFactor => Some(match own_kinds().await.is_empty() {
            false => (links::step_up(&here), "Show your second factor"),
            true => (links::authentication(), "Add a second factor"),
        }),
        // It signs them in from then on.
        Rule::Password if !own_kinds().await.contains(&FactorKind::Passkey) => {
            Some((links::new_passkey(), "Add a passkey"))
        }
        _ => None,
    };
    let (providers, linkable) = match rule {
        Rule::Password | Rule::IdentityProvider | Rule::OtherProvider => providers(organization, email).await,
        _ => (Vec::new(), None),
    };
    // Of several buttons one is the first.
    let class = if providers.is_empty() { "button button-primary" } else { "button" };
    let providers = providers.into_iter().map(|choice| {
        let address = links::trip(&choice.id.to_string(), Some(&here));
        view! {
            <a class="button button-primary" href=address rel="external nofollow">"Sign in with " {choice.name}</a>
        }
    });
    let linking = linkable.map(|name| {
        view! {
            <a class="button button-primary" href=links::authentication()>"Link your account with " {name}</a>
        }
    });
    let step = step.map(|(path, label)| view! { <a class=class href=path>{label}</a> });
    let others =
        view! { <a class="button button-quiet" href=links::own_organizations()>"Your organizations"</a> };
    view! { {providers.collect_view()} {linking} {step} {again} {others} }.into_any()
}

/// What second factors one has.
async fn own_kinds() -> Vec<FactorKind> {
    let Ok(ctx) = control() else { return Vec::new() };
    let own = control::factors::own(&ctx).await;
    own.map(|own| own.factors.iter().map(|factor| factor.kind).collect()).unwrap_or_default()
}

/// The identity providers of the organization that vouch for an address, as far as that can be known.
async fn providers(organization: &str, email: &str) -> (Vec<ProviderChoice>, Option<String>) {
    let Ok(ctx) = control() else { return (Vec::new(), None) };
    let mut choices =
        control::single_sign_on::providers_of(&ctx, organization, email).await.unwrap_or_default();
    let own = control::single_sign_on::own(&ctx).await.unwrap_or_default();
    let linked = own.identities.into_iter().filter(|one| one.is_active && one.organization == organization);
    for one in linked {
        if choices.iter().all(|choice| choice.id != one.provider_id) {
            choices.push(ProviderChoice { id: one.provider_id, name: one.provider });
        }
    }
    let linkable = own.linkable.into_iter().find(|one| one.organization == organization);
    let linkable = linkable.filter(|_| choices.is_empty()).map(|one| one.name);
    (choices, linkable)
}

/// For somebody of whom nothing is known: neither whether they have projects nor an account.
fn alone(error: &Error) -> AnyView {
    let (label, path) = match error {
        Error::Unavailable { .. } => ("Try again", own_address()),
        _ => ("Go to the start", "/".to_owned()),
    };
    let step = view! { <a class="button" href=path>{label}</a> };
    view! {
        <Title text=format!("{} · Redoubt", heading(error)) />
        <main id="main">{notice(heading(error), error.to_string(), step.into_any())}</main>
    }
    .into_any()
}

fn notice(heading: &'static str, said: String, step: AnyView) -> AnyView {
    view! {
        <section class="notice-page" aria-labelledby="notice">
            <p class="notice-page-icon">{icon(Icon::Warning)}</p>
            <h1 id="notice">{heading}</h1>
            <p>{said}</p>
            <div class="notice-page-steps">{step}</div>
        </section>
    }
    .into_any()
}

const fn heading(error: &Error) -> &'static str {
    match error {
        Error::NotFound => "Nothing here",
        Error::Denied { .. } | Error::Forbidden { .. } | Error::TurnedAway { .. } => "Not allowed",
        Error::Unauthenticated { .. } => "Sign in first",
        Error::StepUp => "Confirm it is you",
        Error::Invalid { .. } | Error::Conflict { .. } => "That did not work",
        Error::Limited { .. } => "Too many tries",
        Error::Unavailable { .. } => "Not available right now",
        Error::Internal { .. } => "Something went wrong",
    }
}
