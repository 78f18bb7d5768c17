//! `/organizations/{organization}/permissions/explain` and the same of a project: what somebody can do at a place, and the
//! paths by which they came to it.

use domain::{
    errors::Error,
    views::{ExplainedPermission, Explanation, Path},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    choices::{Chosen, Holder, called, holders, places, typed_holder},
    list_page::identifier,
    people::People,
    places::{Place, Tab},
    preview_page::capitalized,
};
use crate::{
    components::{
        alerts::warning,
        api_call::ApiCalls,
        effects::place as named,
        empty::empty,
        filter::Filter,
        form::FormState,
        frame::{Viewer, head},
        grantables::{HEADINGS, heading},
        icons::Icon,
        page::page,
        paths::{ended, paths},
        table::{Column, Row, table},
    },
    context::{answer, control, set_status},
    errors::AppError,
    links,
};

/// What somebody can do, and why.
#[component]
pub(crate) fn ExplainPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let viewer = Viewer::load().await?;
        let place = Place::load(&viewer, &params).await?;
        let holder = Holder::asked(&query);
        let mut on = Chosen::asked(&query, place.organization()).await?;
        on.resource = place.resource().unwrap_or(on.resource);
        let explanation = explanation(&place, &holder, &mut on).await?;
        let form = form(&viewer, &place, &holder, &on).await?;
        let people = People::of(&viewer, place.organization());
        let title = if place.sees_others() { "Permissions" } else { "What you can do" };
        let body = view! {
            {head(title.into(), (), ())} {place.tabs(Tab::Explain)} {form}
            {explanation.map(|explanation| draw(&people, explanation))}
        };
        let frame = place.frame(Tab::Explain).calls(calls(&place, &holder, &on.resource));
        Ok(frame.view(viewer, body.into_any()))
    })
}

/// What was asked for; none, and the reason beside what was asked, if it cannot be answered.
async fn explanation(
    place: &Place,
    holder: &Holder,
    on: &mut Chosen,
) -> Result<Option<Explanation>, AppError> {
    if let Some(error) = holder.both() {
        set_status(error.status());
        on.error = Some(error);
    }
    if on.error.is_some() {
        place.require_others()?;
        return Ok(None);
    }
    let (ctx, id) = (control()?, place.organization());
    match answer(control::explanations::explain(&ctx, id, holder.text(), &on.resource).await) {
        Ok(explanation) => Ok(Some(explanation)),
        Err(AppError::Refused(error @ Error::Invalid { .. })) => {
            set_status(error.status());
            on.error = Some(error);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

fn calls(place: &Place, holder: &Holder, resource: &str) -> ApiCalls {
    let path = format!("/v1/organizations/{}/permissions/explain", place.organization());
    let asked = [("principal", Some(holder.text())), ("resource", Some(resource))];
    ApiCalls::new().v1("Explain it", "GET", &links::with_query(&path, &asked), None)
}

async fn form(
    viewer: &Viewer,
    place: &Place,
    holder: &Holder,
    on: &Chosen,
) -> Result<Option<AnyView>, AppError> {
    let id = place.organization();
    let [principal, chosen] = holder.pairs();
    let resource = on.resource.as_str();
    let kept = if place.resource().is_some() { "" } else { resource };
    let asked = [principal, chosen, ("resource", kept), on.pair()];
    let form = FormState::asked(&asked, on.error.clone());
    let mut fields = Vec::new();
    if place.sees_others() {
        fields.push(typed_holder(viewer, id).view(&form));
        let name = holder.name(id, resource).await;
        let holders = holders(viewer, id).await?.with(&holder.chosen, name);
        if !holders.groups.is_empty() {
            fields.push(holders.select("holder", "Group or application user", Some("None")).view(&form));
        }
    }
    if place.resource().is_none() {
        let places = places(viewer, id).await?.with(resource, resource.to_owned());
        fields.push(places.fields(&form, "On", None, ""));
    }
    let has_fields = !fields.is_empty();
    let filter = Filter { address: place.path(Tab::Explain, &[]), hidden: Vec::new(), form };
    Ok(has_fields.then(|| filter.asking("Explain".into_any(), fields)))
}

fn draw(people: &People, explanation: Explanation) -> AnyView {
    let Explanation {
        principal,
        resource,
        obstacle,
        permissions,
        administration,
        administration_of_projects: of_projects,
        ended: over,
        ..
    } = explanation;
    let title = format!("{} on {}", called(&principal), named(resource.kind, &resource.name));
    let here = format!("May give and take roles and permissions on the {}", resource.kind);
    let below =
        format!("May give and take what a project admin holds, in every project of the {}", resource.kind);
    // Who administers the place itself administers what is in it by the same paths.
    let of_projects = if of_projects == administration { Vec::new() } else { of_projects };
    let administration =
        [("administration", here, administration), ("administration-below", below, of_projects)]
            .into_iter()
            .filter(|(.., by)| !by.is_empty())
            .map(|(id, title, by)| administers(people, id, title, by))
            .collect_view();
    let is_nothing = permissions.is_empty();
    let groups = HEADINGS.into_iter().filter_map(|title| {
        let of_it = permissions.iter().filter(|explained| heading(explained.permission) == title);
        let rows: Vec<Row> = of_it.map(|explained| row(people, explained)).collect();
        let columns = [Column::Name("Permission"), Column::Text("Why")];
        (!rows.is_empty()).then(|| {
            view! {
                <section class="stack explained">
                    <h3>{title}</h3>
                    {table(title, &columns, rows)}
                </section>
            }
        })
    });
    let nothing = is_nothing.then(|| {
        empty(
            Icon::Permission,
            "Nothing",
            "No role and no permission counts here, neither given directly nor through a group. What is held on a unit or a project counts there.",
            (),
        )
    });
    view! {
        <h2>{capitalized(&title)}</h2>
        {obstacle.map(warning)}
        {administration}
        {groups.collect_view()}
        {nothing}
        {(!over.is_empty()).then(|| ended_before(people, over))}
    }
    .into_any()
}

/// What counted here until its time was over.
fn ended_before(people: &People, over: Vec<Path>) -> AnyView {
    view! {
        <section class="card" aria-labelledby="ended">
            <h3 id="ended">"What has ended"</h3>
            <p class="muted">"It counts no more. Whoever is to have it again has to be given it anew."</p>
            {ended(over, &|group| people.group(group))}
        </section>
    }
    .into_any()
}

fn administers(people: &People, id: &'static str, title: String, by: Vec<Path>) -> AnyView {
    view! {
        <section class="card" aria-labelledby=id>
            <h3 id=id>{title}</h3>
            {paths(by, &|group| people.group(group))}
        </section>
    }
    .into_any()
}

fn row(people: &People, explained: &ExplainedPermission) -> Row {
    let permission = explained.permission;
    let name = view! {
        <span class="principal" title=permission.purpose()>
            <span>{permission.label()}</span> {identifier(permission.as_str())}
        </span>
    };
    vec![name.into_any(), paths(explained.paths.clone(), &|group| people.group(group))]
}
