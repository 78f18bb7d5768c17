//! `/organizations/{organization}/permissions/preview`: what a grant would give to whom, and the form that makes it.

use domain::{
    actions::Action,
    errors::Error,
    ids::OrganizationId,
    principals::ResourceKind,
    views::{GrantEffects, GrantRow, seen_end},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    choices::{called, identified},
    grant_page::{ACTION, Asked, On, TITLE, ask, frame},
    list_page::label,
};
use crate::{
    components::{
        alerts::warning,
        effects::place,
        form::FormState,
        frame::{Viewer, head},
        page::page,
        preview::Preview,
        time::time,
    },
    context::{Posted, answer, control, set_status},
    errors::AppError,
    links,
    organizations::asked,
    quantities::count,
};

/// What a grant would give.
#[component]
pub(crate) fn PreviewGrantPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let viewer = Viewer::load().await?;
        let (id, asked) = (asked(&params)?, Asked::of(&query));
        let on = On::load(&viewer, id, &asked.resource).await?;
        let refused = match asked.holder.both() {
            Some(error) => error,
            None => {
                let would = control::permissions::preview_grant(&control()?, id, &asked.input()).await;
                match answer(would) {
                    Ok(would) => {
                        let out = (!would.principal.is_active).then(|| out(&called(&would.principal)));
                        let present = now(would.present.as_ref());
                        let preview = preview(&viewer, id, &asked, &on, &would);
                        let pairs = asked.pairs().map(|(name, value)| (name, Some(value)));
                        let back = links::new_grant(&id.to_string(), &pairs);
                        let frame = frame(&viewer, id, on.project.clone(), &asked).step(TITLE, back);
                        let title = head("Grant it?".into(), (), ());
                        let body = view! { {title} {out} {preview.view_with(present, would.effects)} };
                        return Ok(frame.view(viewer, body.into_any()));
                    }
                    Err(AppError::Refused(error @ (Error::Invalid { .. } | Error::Forbidden { .. }))) => {
                        error
                    }
                    Err(other) => return Err(other),
                }
            }
        };
        set_status(refused.status());
        let sent = asked.pairs().map(|(name, value)| (name.to_owned(), value.to_owned()));
        ask(viewer, id, &asked, FormState::refused(ACTION, refused, &Posted(sent.into()))).await
    })
}

/// Why a grant changes nothing yet for somebody who is deactivated.
fn out(name: &str) -> AnyView {
    warning(capitalized(&format!("{name} is deactivated: it counts once they are let in again.")))
}

fn preview(viewer: &Viewer, id: OrganizationId, asked: &Asked, on: &On, would: &GrantEffects) -> Preview {
    let (name, present) = (called(&would.principal), would.present.as_ref());
    let label = label(&asked.granted);
    let days = match asked.days.trim().parse() {
        Ok(days) => format!(" for {}", count(days, "day")),
        Err(_) => String::new(),
    };
    let sentence = format!("{name} will hold “{label}” on {}{days}.", place(on.kind, &on.name));
    let organization = id.to_string();
    let pairs = asked.pairs().map(|(name, value)| (name, Some(value)));
    Preview {
        action: ACTION,
        sentence: capitalized(&sentence),
        note: asked.days.trim().is_empty().then_some("It lasts until it is revoked."),
        verb: if present.is_some() { "Change the end" } else { "Grant" },
        is_danger: false,
        confirmation: None,
        back: links::new_grant(&organization, &pairs),
        hidden: sent(id, asked, would, after(viewer, id, on.kind, &asked.resource)),
    }
}

/// What the form sends: the id of whom the page names, not what was typed, which may mean somebody else by then.
fn sent(
    id: OrganizationId,
    asked: &Asked,
    would: &GrantEffects,
    next: String,
) -> Vec<(&'static str, String)> {
    let input = asked.input();
    vec![
        ("next", next),
        ("organization", id.to_string()),
        ("principal", identified(&would.principal)),
        ("granted", input.granted),
        ("resource", input.resource),
        ("days", input.days),
        ("seen_end", seen_end(would.present.as_ref())),
    ]
}

/// What there is to know of a grant that gets another end.
fn now(present: Option<&GrantRow>) -> AnyView {
    match present.map(|row| (row.expires_at, row.is_expired)) {
        None => ().into_any(),
        Some((None, _)) => " It is held now, until it is revoked.".into_any(),
        Some((Some(at), false)) => view! { " It is held now, until " {time(at)} "." }.into_any(),
        Some((Some(at), true)) => view! { " It was held until " {time(at)} "." }.into_any(),
    }
}

/// Where those go on who have given or taken something on a place: to a list that they may see.
pub(super) fn after(viewer: &Viewer, id: OrganizationId, kind: ResourceKind, resource: &str) -> String {
    let organization = id.to_string();
    let name = resource.split_once(':').map_or("", |(_, name)| name);
    match kind {
        ResourceKind::Project => links::project_permissions(name, &[]),
        _ if viewer.may(id, Action::ViewPermissions) => {
            links::permissions(&organization, &[("resource", Some(resource))])
        }
        ResourceKind::Unit => links::unit(&organization, name),
        ResourceKind::Organization => links::organization(&organization),
    }
}

/// A sentence with its first letter in capitals.
pub(super) fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use domain::{
        principals::PrincipalKind,
        views::{Effects, Principal},
    };

    use super::*;
    use crate::permissions::choices::Holder;

    #[test]
    fn the_form_sends_who_was_found_and_not_what_was_typed() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let asked = Asked {
            holder: Holder { address: "Night shift".into(), chosen: String::new() },
            granted: "operator".into(),
            resource: "project:shop".into(),
            days: "7".into(),
        };
        let would = |kind| GrantEffects {
            effects: Effects::default(),
            principal: Principal {
                kind,
                id: id.parse().unwrap(),
                name: "Night shift".into(),
                email: None,
                user_kind: None,
                is_active: true,
            },
            present: None,
        };
        for (kind, principal) in [(PrincipalKind::Group, "group"), (PrincipalKind::User, "user")] {
            let sent = sent(id.parse().unwrap(), &asked, &would(kind), "/next".into());
            let value = |field| sent.iter().find(|(name, _)| *name == field).map(|(_, value)| value.as_str());
            assert_eq!(value("principal"), Some(format!("{principal}:{id}").as_str()));
            assert_eq!(
                (value("granted"), value("days"), value("seen_end")),
                (Some("operator"), Some("7"), Some("none"))
            );
        }
    }
}
