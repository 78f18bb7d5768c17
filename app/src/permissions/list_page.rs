//! `/organizations/{organization}/permissions` and `/projects/{project}/permissions`: who holds what there.

use domain::{
    actions::Action,
    permissions::Granted,
    views::{GrantRow, Page, Path},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde_json::json;

use super::{
    choices::{Chosen, Holder, holders, places, typed_holder},
    people::People,
    places::{Place, Tab},
};
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        breaks::breakable,
        effects::resource,
        empty::empty,
        filter::{Filter, found, is_needed, nothing_fits},
        form::FormState,
        frame::{Viewer, head},
        icons::{Icon, icon},
        list::List,
        page::page,
        paths::paths,
        table::{Column, Row, pick_all, table},
        time::time,
    },
    context::{answer, control},
    errors::AppError,
    links,
};

/// The form whose ticks are in the rows.
const CHOSEN: &str = "revoke-chosen";

/// Who holds what.
#[component]
pub(crate) fn PermissionsPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let after = query.get("after");
        let viewer = Viewer::load().await?;
        let place = Place::load(&viewer, &params).await?;
        let id = place.organization();
        let on = Chosen::asked(&query, id).await?;
        let asked = Asked {
            holder: Holder::asked(&query),
            resource: place.resource().unwrap_or(on.resource),
            typed: on.typed,
        };
        let filter =
            control::permissions::Filter { principal: asked.holder.text(), resource: &asked.resource };
        let list = match on.error.or_else(|| asked.holder.both()) {
            Some(error) => place.require_others().and(Err(error)),
            None => control::permissions::list(&control()?, id, filter, after.as_deref()).await,
        };
        let (list, refused) = found(answer(list))?;
        let form = FormState::asked(&asked.pairs(&place), refused);
        let form = match is_needed(&list, &form) {
            true => Some(filter_form(&viewer, &place, &asked, &list, form).await?),
            false => None,
        };
        let frame = place.frame(Tab::Grants).calls(calls(&place, &asked));
        let people = People::of(&viewer, id);
        let otherwise = match asked.is_of_one_anywhere() && after.is_none() {
            true => answer(control::explanations::otherwise(&control()?, id, asked.holder.text()).await)?,
            false => Page { rows: Vec::new(), next: None, total: 0 },
        };
        let body = draw(&place, &asked, &people, list, otherwise, form, after.as_deref());
        Ok(frame.view(viewer, body))
    })
}

/// What the list was asked for.
struct Asked {
    holder: Holder,
    resource: String,
    /// What was typed and is no place.
    typed: String,
}

impl Asked {
    /// Whether it is about one person or group, wherever they hold something.
    fn is_of_one_anywhere(&self) -> bool {
        !self.holder.text().is_empty() && self.resource.is_empty() && self.typed.is_empty()
    }

    fn pairs(&self, place: &Place) -> Vec<(&'static str, &str)> {
        let resource = if place.resource().is_some() { "" } else { &self.resource };
        let [principal, holder] = self.holder.pairs();
        vec![principal, holder, ("resource", resource), ("place", &self.typed)]
    }
}

fn calls(place: &Place, asked: &Asked) -> ApiCalls {
    let path = format!("/v1/organizations/{}/permissions", place.organization());
    let resource = place.resource();
    let list = links::with_query(
        &path,
        &[("principal", Some(asked.holder.text())), ("resource", Some(&asked.resource))],
    );
    let calls = ApiCalls::new().v1("List who holds what", "GET", &list, None);
    if !place.powers().may(Action::Grant) {
        return calls;
    }
    let resource = resource.unwrap_or_else(|| "organization".to_owned());
    let body =
        json!({ "principal": "ann@example.org", "granted": "developer", "resource": resource, "days": 30 });
    calls
        .v1("See what giving it would do", "POST", &format!("{path}/preview"), Some(&body))
        .v1("Give it", "POST", &path, Some(&body))
        .v1("Revoke it", "DELETE", &format!("{path}/GRANT"), None)
}

async fn filter_form(
    viewer: &Viewer,
    place: &Place,
    asked: &Asked,
    list: &Page<GrantRow>,
    form: FormState,
) -> Result<AnyView, AppError> {
    let id = place.organization();
    let holders = holders(viewer, id).await?;
    let holders = holders.with(&asked.holder.chosen, asked.holder.name(id, &asked.resource).await);
    let mut fields = vec![typed_holder(viewer, id).view(&form)];
    if !holders.groups.is_empty() {
        fields.push(holders.select("holder", "Group or application user", Some("All")).view(&form));
    }
    if place.resource().is_none() {
        let name = list.rows.first().map_or_else(|| asked.resource.clone(), |row| row.resource.name.clone());
        let places = places(viewer, id).await?.with(&asked.resource, name);
        fields.push(places.fields(&form, "On", Some("Everything"), ""));
    }
    Ok(Filter { address: place.path(Tab::Grants, &[]), hidden: Vec::new(), form }.view(fields))
}

fn draw(
    place: &Place,
    asked: &Asked,
    people: &People,
    page: Page<GrantRow>,
    otherwise: Page<Path>,
    form: Option<AnyView>,
    after: Option<&str>,
) -> AnyView {
    let organization = place.organization().to_string();
    let resource = place.resource();
    let new = || {
        let resource = (!asked.resource.is_empty()).then_some(asked.resource.as_str());
        let path = links::new_grant(
            &organization,
            &[("resource", resource), ("principal", Some(asked.holder.text()))],
        );
        let may_grant = place.powers().may(Action::Grant);
        may_grant.then(
            || view! { <a class="button button-primary" href=path>{icon(Icon::Add)} "Grant a role"</a> },
        )
    };
    let is_filled = form.is_some();
    let has_otherwise = !otherwise.rows.is_empty();
    let empty = || match is_filled {
        true if has_otherwise => empty(
            Icon::Permission,
            "Nothing was given to them directly",
            "What they hold nevertheless is below, and where it comes from.",
            (),
        ),
        true => nothing_fits(false),
        false => empty(
            Icon::Permission,
            "Nothing is granted here yet",
            "A grant gives a person, an application user or a group a role or permission on the organization, a unit or \
             a project. It holds for everything below.",
            new(),
        ),
    };
    let has_actions = page.rows.iter().any(|row| row.may_revoke);
    let mut columns = columns(resource.is_none(), has_actions);
    columns.splice(0..0, has_actions.then_some(Column::Pick));
    let pairs = asked.pairs(place);
    let address = |after: Option<&str>| {
        let mut query: Vec<_> = pairs.iter().map(|(name, value)| (*name, Some(*value))).collect();
        query.push(("after", after));
        place.path(Tab::Grants, &query)
    };
    let list = List { caption: "Grants", columns: &columns, after, address: &address };
    let above = resource.is_some().then(|| {
        view! {
            <p class="muted">
                "What is given on the organization or the unit of this project counts here, too, and is not in this list: \
                 “Explain” and “Who can” show all of it."
            </p>
        }
    });
    let row = |grant: GrantRow| row(&organization, people, resource.is_none(), has_actions, &grant);
    view! {
        {head("Permissions".into(), (), is_filled.then(new).flatten())} {place.tabs(Tab::Grants)} {above} {form}
        {list.view(page, row, empty)} {held_otherwise(&organization, asked, people, otherwise)} {has_actions.then(|| chosen(&organization))}
    }
    .into_any()
}

/// What somebody holds without having been given it, and how they came by it.
fn held_otherwise(organization: &str, asked: &Asked, people: &People, otherwise: Page<Path>) -> AnyView {
    let Page { mut rows, total, .. } = otherwise;
    let is_super_admin = rows.first() == Some(&Path::SuperAdmin);
    let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    rows.retain(|path| *path != Path::SuperAdmin);
    if shown == 0 {
        return ().into_any();
    }
    let all = is_super_admin
        .then(|| view! { <p>"They are a super admin of the organization: they can do everything here."</p> });
    let through = (!rows.is_empty()).then(|| {
        view! {
            <h3>"Through groups"</h3>
            {paths(rows, &|group| people.group(group))}
        }
    });
    let further =
        (total > shown).then(|| view! { <p class="muted">{format!("And {} more.", total - shown)}</p> });
    let explain = links::explain(organization, &[("principal", Some(asked.holder.text()))]);
    view! {
        <section class="card" aria-labelledby="otherwise">
            <h2 id="otherwise">"What they hold besides"</h2>
            {all} {through} {further} <p><a href=explain>"What they can do with all of it"</a></p>
        </section>
    }
    .into_any()
}

/// The form whose ticks are in the rows: it shows what taking those back would do, and takes nothing.
fn chosen(organization: &str) -> AnyView {
    view! {
        <form id=CHOSEN method="get" action=links::revocations(organization) class="form-actions">
            <button class="button">"Revoke chosen…"</button>
            {pick_all(None)}
        </form>
    }
    .into_any()
}

/// The tick of a grant; nothing but its place for one that stays.
fn pick(grant: &GrantRow) -> AnyView {
    if !grant.may_revoke {
        return view! { <span class="pick"></span> }.into_any();
    }
    let label = format!("Choose {}", one(grant));
    view! {
        <label class="pick">
            <input type="checkbox" name="grants" value=grant.id.to_string() form=CHOSEN aria-label=label />
        </label>
    }
    .into_any()
}

/// One grant in words.
fn one(grant: &GrantRow) -> String {
    format!("{} of {} on {}", grant.granted, grant.principal.name, grant.resource.name)
}

fn columns(has_place: bool, has_actions: bool) -> Vec<Column> {
    let mut columns = vec![Column::Name("Who"), Column::Text("What")];
    columns.extend(has_place.then_some(Column::Text("On")));
    columns.extend([Column::Text("Ends"), Column::Text("Given")]);
    columns.extend(has_actions.then_some(Column::Actions));
    columns
}

fn row(organization: &str, people: &People, has_place: bool, has_actions: bool, grant: &GrantRow) -> Row {
    let mut row: Row = has_actions.then(|| pick(grant)).into_iter().collect();
    row.push(people.principal(&grant.principal));
    row.extend(rest(organization, has_place, has_actions, grant));
    row
}

/// A grant without who holds it.
fn rest(organization: &str, has_place: bool, has_actions: bool, grant: &GrantRow) -> Row {
    let mut row = vec![what(&grant.granted)];
    row.extend(has_place.then(|| resource(&grant.resource)));
    row.push(match (grant.expires_at, grant.is_expired) {
        (Some(at), false) => view! { <span class="given">{time(at)}</span> }.into_any(),
        (Some(at), true) => {
            view! { <span class="ended">{badge(Tone::Plain, "ended")} {time(at)}</span> }.into_any()
        }
        (None, _) => view! { <span class="muted">"never"</span> }.into_any(),
    });
    row.push(
        view! { <span class="given">{time(grant.created_at)} <span class="muted">{format!("by {}", grant.created_by)}</span></span> }
            .into_any(),
    );
    row.extend(has_actions.then(|| revoke(organization, grant)));
    row
}

/// What people read of a role or permission; one that this server does not know stays as it is.
pub(super) fn label(granted: &str) -> String {
    let known = granted.parse::<Granted>().map(Granted::label);
    known.unwrap_or(granted).to_owned()
}

/// An identifier, which may go on in a second line.
pub(super) fn identifier(text: &str) -> AnyView {
    view! { <code class="muted">{breakable(text)}</code> }.into_any()
}

/// A role or permission: what people read, and its identifier.
pub(super) fn what(granted: &str) -> AnyView {
    let label = label(granted);
    view! {
        <span class="principal"><span>{label}</span> {identifier(granted)}</span>
    }
    .into_any()
}

fn revoke(organization: &str, grant: &GrantRow) -> AnyView {
    if !grant.may_revoke {
        return ().into_any();
    }
    let path = links::revocation(organization, &grant.id.to_string());
    let label = format!("Revoke {}", one(grant));
    view! { <a class="button button-small" href=path aria-label=label>"Revoke…"</a> }.into_any()
}

/// What one group holds, for its page.
pub(crate) fn table_of_group(organization: &str, grants: &[GrantRow]) -> AnyView {
    let has_actions = grants.iter().any(|grant| grant.may_revoke);
    let mut columns = columns(true, has_actions);
    columns.remove(0);
    columns[0] = Column::Name("What");
    let rows = grants.iter().map(|grant| rest(organization, true, has_actions, grant)).collect();
    table("Grants of the group", &columns, rows)
}

#[cfg(test)]
mod tests {
    use domain::{
        powers::Powers,
        principals::{PrincipalKind, ResourceKind},
        timestamps::Timestamp,
        views::{Principal, Resource},
    };

    use super::*;

    #[test]
    fn only_what_may_be_taken_back_can_be_ticked() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let grant = |may_revoke| GrantRow {
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
            may_revoke,
        };
        let place =
            Place::Organization { id: id.parse().unwrap(), powers: Powers::none(ResourceKind::Organization) };
        let people = People::nobody(id);
        let asked = Asked {
            holder: Holder { address: String::new(), chosen: String::new() },
            resource: String::new(),
            typed: String::new(),
        };
        let none = || Page { rows: Vec::new(), next: None, total: 0 };
        let html = |rows: Vec<GrantRow>| {
            let total = i64::try_from(rows.len()).unwrap();
            draw(&place, &asked, &people, Page { rows, next: None, total }, none(), None, None).to_html()
        };
        let both = html(vec![grant(true), grant(false)]);
        assert_eq!(both.matches("type=\"checkbox\"").count(), 1, "{both}");
        assert!(
            both.contains("form=\"revoke-chosen\" aria-label=\"Choose operator of Ops on shop\""),
            "{both}"
        );
        assert!(both.contains("method=\"get\"") && both.contains("/permissions/revoke\""), "{both}");
        let none = html(vec![grant(false)]);
        assert!(!none.contains("checkbox") && !none.contains("Revoke chosen"), "{none}");
    }

    #[test]
    fn what_comes_through_groups_is_told_with_them() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let asked = Asked {
            holder: Holder { address: String::new(), chosen: format!("user:{id}") },
            resource: String::new(),
            typed: String::new(),
        };
        assert!(asked.is_of_one_anywhere());
        let through = Path::Grant {
            granted: "operator".parse().unwrap(),
            resource_kind: ResourceKind::Project,
            resource_name: "shop".into(),
            group_id: Some(id.parse().unwrap()),
            group_name: Some("Ops".into()),
            expires_at: None,
        };
        let html = |rows: Vec<Path>, total| {
            held_otherwise("o", &asked, &People::nobody(id), Page { rows, next: None, total }).to_html()
        };
        assert!(!html(Vec::new(), 0).contains("<section"));
        let group = html(vec![through.clone()], 3);
        for text in
            ["Through the group Ops", "And 2 more.", "/organizations/o/permissions/explain?principal=user"]
        {
            assert!(group.contains(text), "{text}: {group}");
        }
        assert!(!group.contains("super admin"), "{group}");
        let both = html(vec![Path::SuperAdmin, through], 2);
        assert!(both.contains("they can do everything here") && !both.contains("more."), "{both}");
        assert!(!html(vec![Path::SuperAdmin], 1).contains("Through groups"));
    }
}
