//! `/organizations/{organization}/permissions/revoke`: the grants that were ticked in the list, which of them can be taken
//! back, who loses what, and the form that does it.

use domain::{
    errors::Error,
    ids::{GrantId, OrganizationId},
    principals::ResourceKind,
    views::{ChosenGrant, GrantRow, RevocationEffects},
};
use leptos::prelude::*;
use leptos_router::{
    hooks::{use_params_map, use_query_map},
    params::ParamsMap,
};

use super::{
    choices::named, grant_page::around, list_page::what, people::People, preview_page::after,
    revocation_page::gone,
};
use crate::{
    components::{
        alerts::warning,
        effects::resource,
        empty::empty,
        frame::{Viewer, head},
        icons::Icon,
        page::page_of,
        preview::Preview,
        table::{Column, Row, table},
    },
    context::{answer, control},
    errors::AppError,
    organizations::asked,
    projects::api::view_project,
    quantities::count,
};

/// What taking the chosen grants back would do.
#[component]
pub(crate) fn RevokeChosenPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page_of(gone(&params), async move {
        let viewer = Viewer::load().await?;
        let id = asked(&params)?;
        let ids = chosen(&query)?;
        if ids.is_empty() {
            viewer.organization(id).ok_or(Error::NotFound)?;
            let body = nothing(next(&viewer, id, &[]));
            return Ok(around(&viewer, id, None, "Revoke").view(viewer, body));
        }
        let found = control::permissions::preview_revoke_chosen(&control()?, id, &ids).await;
        let would = answer(found)?;
        let next = next(&viewer, id, &would.grants);
        let project = match on_one(&would.grants) {
            Some(row) if row.resource.kind == ResourceKind::Project => {
                Some(view_project(row.resource.name.clone()).await?)
            }
            _ => None,
        };
        let frame = around(&viewer, id, project, "Revoke").step("Revoke", next.clone());
        let people = People::of(&viewer, id);
        Ok(frame.view(viewer, draw(id, &people, would, next)))
    })
}

/// What is said when nothing was ticked.
fn nothing(next: String) -> AnyView {
    let back = view! { <a class="button" href=next>"Back to the list"</a> };
    let text = "Tick those in the list that you want to take back, then revoke them together.";
    view! { {head("Revoke".into(), (), ())} {empty(Icon::Permission, "No grant is chosen", text, back)} }
        .into_any()
}

/// The grants that the address names.
fn chosen(query: &ParamsMap) -> Result<Vec<GrantId>, AppError> {
    let chosen = query.get_all("grants").unwrap_or_default();
    chosen.iter().map(|id| id.parse().map_err(|_| Error::NotFound.into())).collect()
}

/// One of them, if all are on the same place.
fn on_one(grants: &[ChosenGrant]) -> Option<&GrantRow> {
    let first = &grants.first()?.row;
    grants.iter().all(|chosen| chosen.row.resource == first.resource).then_some(first)
}

/// The list that those go back to who have decided.
fn next(viewer: &Viewer, id: OrganizationId, grants: &[ChosenGrant]) -> String {
    match on_one(grants).filter(|row| row.resource.kind == ResourceKind::Project) {
        Some(row) => after(viewer, id, row.resource.kind, &named(&row.resource)),
        None => after(viewer, id, ResourceKind::Organization, ""),
    }
}

fn draw(id: OrganizationId, people: &People, would: RevocationEffects, next: String) -> AnyView {
    let RevocationEffects { grants, gone, effects } = would;
    let going: Vec<&GrantRow> =
        grants.iter().filter(|chosen| chosen.obstacle.is_none()).map(|chosen| &chosen.row).collect();
    let number = count(i64::try_from(going.len()).unwrap_or(i64::MAX), "grant");
    let mut columns = vec![Column::Name("Who"), Column::Text("What"), Column::Text("On")];
    let has_obstacles = going.len() < grants.len();
    columns.extend(has_obstacles.then_some(Column::Text("What becomes of it")));
    let rows = grants.iter().map(|chosen| row(people, chosen, has_obstacles)).collect();
    let gone = (gone > 0).then(|| {
        let are = if gone == 1 { "is" } else { "are" };
        warning(format!("{} of those that you chose {are} gone already.", count(gone, "grant")))
    });
    let table = table("The chosen grants", &columns, rows);
    if going.is_empty() {
        return view! {
            {head("Nothing to revoke".into(), (), ())} {gone} {table}
            <p><a class="button" href=next>"Back"</a></p>
        }
        .into_any();
    }
    let mut hidden = vec![("organization", id.to_string()), ("next", next.clone())];
    hidden.extend(going.iter().map(|row| ("grants[]", row.id.to_string())));
    let preview = Preview {
        action: "/api/permissions/revoke_chosen",
        sentence: format!("{number} will be revoked."),
        note: Some("Passwords of services that they have seen stay valid: reset them if that matters."),
        verb: "Revoke",
        is_danger: true,
        confirmation: None,
        back: next,
        hidden,
    };
    view! { {head(format!("Revoke {number}?"), (), ())} {gone} {table} {preview.view(effects)} }.into_any()
}

fn row(people: &People, chosen: &ChosenGrant, has_obstacles: bool) -> Row {
    let ChosenGrant { row: grant, obstacle } = chosen;
    let mut row = vec![people.principal(&grant.principal), what(&grant.granted), resource(&grant.resource)];
    row.extend(has_obstacles.then(|| match obstacle {
        Some(reason) => view! { <span class="free-text">{format!("It stays. {reason}")}</span> }.into_any(),
        None => view! { <span>"It goes."</span> }.into_any(),
    }));
    row
}

#[cfg(test)]
mod tests {
    use domain::{
        principals::PrincipalKind,
        timestamps::Timestamp,
        views::{Effects, Principal, Resource},
    };
    use leptos::reactive::owner::Owner;

    use super::*;

    const IDS: [&str; 2] = ["01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058"];

    fn grant(number: usize, obstacle: Option<&str>) -> ChosenGrant {
        let id = IDS[number];
        let row = GrantRow {
            id: id.parse().unwrap(),
            principal: Principal {
                kind: PrincipalKind::Group,
                id: id.parse().unwrap(),
                name: "Ops".into(),
                email: None,
                user_kind: None,
                is_active: true,
            },
            granted: "operator".into(),
            resource: Resource { kind: ResourceKind::Project, id: id.parse().unwrap(), name: "shop".into() },
            created_at: Timestamp::from_micros(0),
            created_by: "ann@example.org".into(),
            expires_at: None,
            is_expired: false,
            may_revoke: obstacle.is_none(),
        };
        ChosenGrant { row, obstacle: obstacle.map(str::to_owned) }
    }

    fn html(grants: Vec<ChosenGrant>, gone: i64) -> String {
        let (id, people) = (IDS[0].parse().unwrap(), People::nobody(IDS[0]));
        let would = RevocationEffects { grants, gone, effects: Effects::default() };
        Owner::new().with(|| draw(id, &people, would, "/back".into()).to_html())
    }

    #[test]
    fn what_stays_is_told_in_its_row_and_not_sent() {
        let html = html(vec![grant(0, None), grant(1, Some("You cannot."))], 1);
        assert!(html.contains("Revoke 1 grant?") && html.contains("It stays. You cannot."), "{html}");
        assert!(html.contains("1 grant of those that you chose is gone already."), "{html}");
        assert!(html.contains(&format!("name=\"grants[]\" value=\"{}\"", IDS[0])), "{html}");
        assert!(!html.contains(&format!("name=\"grants[]\" value=\"{}\"", IDS[1])), "{html}");
    }

    #[test]
    fn where_nothing_goes_there_is_no_form() {
        let html = html(vec![grant(0, Some("You cannot."))], 0);
        assert!(html.contains("Nothing to revoke") && !html.contains("<form"), "{html}");
        assert!(html.contains("href=\"/back\"") && !html.contains("gone already"), "{html}");
    }

    #[test]
    fn several_places_lead_back_to_the_whole_list() {
        assert!(on_one(&[grant(0, None), grant(1, None)]).is_none());
        assert!(on_one(&[grant(0, None), grant(0, None)]).is_some());
        assert!(on_one(&[]).is_none());
    }
}
