//! `/organizations/{organization}/groups/{group}`: who is in a group, what it holds, and what it is called.

use domain::{
    actions::Action,
    views::{GrantRow, GroupMemberRow, GroupView, Page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde_json::json;

use super::list_page::texts;
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        copy::CopyButton,
        dialog::{dialog, open_button},
        empty::empty,
        field::Field,
        filter::{Filter, is_needed, nothing_fits},
        form::{FormState, hidden},
        frame::{Viewer, head},
        icons::{Icon, icon},
        list::List,
        page::page_of,
        table::{Column, Row},
        time::{maybe_time, time},
    },
    context::{answer, control},
    links,
    permissions::{self, people::People},
    quantities::count,
};

/// A group.
#[component]
pub(crate) fn GroupPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page_of(super::gone(&params), async move {
        let (text, after) = (query.get("text").unwrap_or_default(), query.get("after"));
        let viewer = Viewer::load().await?;
        let group = super::load(&params).await?;
        let (ctx, organization, id) = (control()?, group.organization_id, group.row.id);
        let members = control::groups::members(&ctx, organization, id, &text, after.as_deref());
        let members = answer(members.await)?;
        let holds = match viewer.may(organization, Action::ViewPermissions) {
            true => {
                let principal = format!("group:{id}");
                let filter = control::permissions::Filter { principal: &principal, resource: "" };
                Some(answer(control::permissions::list(&ctx, organization, filter, None).await)?)
            }
            false => None,
        };
        let frame = super::frame(&group, "").calls(calls(&group, &viewer));
        let people = People::of(&viewer, organization);
        let body = view! {
            {title(&group, &people)}
            {members_card(&group, &people, members, &text, after.as_deref())}
            {holds.map(|holds| holds_card(&group, &people, &holds))}
            {end(&group, &people)}
        };
        Ok(frame.view(viewer, body.into_any()))
    })
}

fn calls(group: &GroupView, viewer: &Viewer) -> ApiCalls {
    let path = format!("/v1/organizations/{}/groups/{}", group.organization_id, group.row.id);
    let members = format!("{path}/members");
    let calls = ApiCalls::new().v1("View the group", "GET", &path, None).v1(
        "List its members",
        "GET",
        &members,
        None,
    );
    if !viewer.may(group.organization_id, Action::AddGroupMember) {
        return calls;
    }
    let added = json!({ "members": ["ann@example.org"] });
    calls.v1("Add members", "POST", &members, Some(&added)).v1(
        "Remove one",
        "DELETE",
        &format!("{members}/USER"),
        None,
    )
}

const DIALOG: &str = "edit-group";

fn title(group: &GroupView, people: &People) -> AnyView {
    let may_edit = people.may(Action::EditGroup);
    let edit = may_edit.then(|| open_button(DIALOG, "button", "Edit…"));
    let id = group.row.id.to_string();
    let description = (!group.row.description.is_empty())
        .then(|| view! { <p class="description">{group.row.description.clone()}</p> });
    view! {
        {head(group.row.name.clone(), (), edit)}
        {description} {managed(group)}
        <dl class="facts">
            <div><dt>"Members"</dt><dd>{group.row.members}</dd></div>
            <div><dt>"Grants"</dt><dd>{group.row.grants}</dd></div>
            <div><dt>"Created"</dt><dd>{time(group.row.created_at)}</dd></div>
            <div class="facts-wide">
                <dt>"Id"</dt>
                <dd class="copyable"><code class="break">{id.clone()}</code> <CopyButton text=id what="id".to_owned() /></dd>
            </div>
        </dl>
        {may_edit.then(|| edit_dialog(group))}
    }
    .into_any()
}

/// Which identity provider keeps it, if one does.
fn managed(group: &GroupView) -> Option<AnyView> {
    let keeper = group.managed_by_scim.as_ref()?;
    let (mark, name) =
        (format!("Managed by SCIM of {}", keeper.identity_provider_name), &keeper.identity_provider_name);
    let text = format!(
        "Its name and its members are changed at the identity provider {name}. What it holds is given here."
    );
    Some(view! { <p class="badges">{badge(Tone::Plain, mark)} <span>{text}</span></p> }.into_any())
}

fn edit_dialog(group: &GroupView) -> AnyView {
    let form = FormState::of("/api/groups/edit");
    let (organization, id) = (group.organization_id.to_string(), group.row.id.to_string());
    let generation = group.generation.to_string();
    let is_refused = form.is_refused();
    let body = view! {
        <form method="post" action=form.action class="form">
            {hidden(&[("organization", &organization), ("group", &id), ("generation", &generation)])}
            {texts(&form, Some(&group.row))} <div class="form-actions">
                <button class="button button-primary">"Save"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">
                    "Cancel"
                </button>
            </div>
        </form>
    };
    dialog(DIALOG, "Edit group".into(), is_refused, body.into_any())
}

fn members_card(
    group: &GroupView,
    people: &People,
    page: Page<GroupMemberRow>,
    text: &str,
    after: Option<&str>,
) -> AnyView {
    let (organization, id) = (group.organization_id.to_string(), group.row.id.to_string());
    let form = FormState::asked(&[("text", text)], None);
    let (is_needed, is_filled) = (is_needed(&page, &form), form.is_filled());
    let may_add = people.may(Action::AddGroupMember) && group.add_obstacle.is_none();
    let add = || {
        let path = links::group_addition(&organization, &id, &[]);
        may_add
            .then(|| view! { <a class="button button-primary" href=path>{icon(Icon::Add)} "Add members"</a> })
    };
    let empty = || match is_filled {
        true => nothing_fits(false),
        false => empty(
            Icon::Users,
            "Nobody is in it yet",
            "Whoever is put into the group holds everything that the group holds, for as long as they stay in it.",
            add(),
        ),
    };
    let may_remove = people.may(Action::RemoveGroupMember) && group.take_obstacle.is_none();
    let columns = columns(may_remove);
    let list = List {
        caption: "Members of the group",
        columns: &columns,
        after,
        address: &|after| links::group(&organization, &id, &[("text", Some(text)), ("after", after)]),
    };
    let filter = is_needed.then(|| {
        let field = Field {
            name: "text",
            label: "Name or e-mail address",
            kind: "search",
            is_optional: true,
            ..Field::default()
        };
        let fields = vec![field.view(&form)];
        Filter { address: links::group(&organization, &id, &[]), hidden: Vec::new(), form }.view(fields)
    });
    let row = |member: GroupMemberRow| row(&organization, &id, people, may_remove, &member);
    view! {
        <section class="stack" aria-labelledby="members">
            <header class="card-head">
                <h2 id="members">"Members"</h2>
                {is_needed.then(add).flatten()}
            </header>
            {people.may(Action::AddGroupMember).then(|| obstacle("Nobody can be added by you.", group.add_obstacle.as_deref()))}
            {people.may(Action::RemoveGroupMember).then(|| obstacle("Nobody can be removed by you.", group.take_obstacle.as_deref()))}
            {filter} {list.view(page, row, empty)}
        </section>
    }
    .into_any()
}

/// Why something that the viewer could do elsewhere cannot be done here.
fn obstacle(what: &str, reason: Option<&str>) -> Option<AnyView> {
    reason.map(|reason| view! { <p class="muted">{format!("{what} {reason}")}</p> }.into_any())
}

fn columns(may_remove: bool) -> Vec<Column> {
    let mut columns = vec![
        Column::Name("Name"),
        Column::Text("E-mail"),
        Column::Text("Added"),
        Column::Text("Last activity"),
    ];
    columns.extend(may_remove.then_some(Column::Actions));
    columns
}

fn row(organization: &str, group: &str, people: &People, may_remove: bool, member: &GroupMemberRow) -> Row {
    let is_open = member.protection.is_none();
    let remove = is_open.then(|| {
        let path = links::group_removal(organization, group, &member.user_id.to_string());
        let label = format!("Remove {}", member.name);
        view! { <a class="button button-small" href=path aria-label=label>"Remove…"</a> }
    });
    let email = match member.email.clone() {
        Some(email) => view! { <span class="free-text">{email}</span> }.into_any(),
        None => view! { <span class="muted">"application user"</span> }.into_any(),
    };
    let name = people.named(member.user_id, member.kind, &member.name);
    let out = (!member.is_active).then(|| badge(Tone::Warning, "deactivated"));
    let mut row = vec![
        view! { <span class="badges">{name} {out}</span> }.into_any(),
        email,
        time(member.added_at),
        maybe_time(member.last_activity_at),
    ];
    row.extend(may_remove.then(|| remove.into_any()));
    row
}

/// What the group holds, for who sees the permissions of the organization.
fn holds_card(group: &GroupView, people: &People, page: &Page<GrantRow>) -> AnyView {
    let organization = group.organization_id.to_string();
    let principal = format!("group:{}", group.row.id);
    let give = people.may(Action::Grant).then(|| {
        let path = links::new_grant(&organization, &[("principal", Some(&principal))]);
        view! { <a class="button" href=path>{icon(Icon::Add)} "Grant a role"</a> }
    });
    let further = page.next.is_some().then(|| {
        let path = links::permissions(&organization, &[("principal", Some(&principal))]);
        view! { <p><a href=path>{format!("All {}", count(page.total, "grant"))}</a></p> }
    });
    let explain = page.rows.first().map(|grant| {
        let resource = permissions::named(&grant.resource);
        let query = [("principal", Some(principal.as_str())), ("resource", Some(resource.as_str()))];
        let path = links::explain(&organization, &query);
        view! { <a class="button button-quiet" href=path>"What that opens"</a> }
    });
    let body = match page.rows.is_empty() {
        true => view! { <p class="muted">"It holds nothing: to be in it changes nothing."</p> }.into_any(),
        false => permissions::table_of_group(&organization, &page.rows),
    };
    view! {
        <section class="stack" aria-labelledby="holds">
            <header class="card-head">
                <h2 id="holds">"What it holds"</h2>
                <div class="form-actions">{explain} {give}</div>
            </header>
            {body} {further}
        </section>
    }
    .into_any()
}

/// The way to delete it, for who manages groups.
fn end(group: &GroupView, people: &People) -> AnyView {
    if !people.may(Action::DeleteGroup) {
        return ().into_any();
    }
    let path = links::group_deletion(&group.organization_id.to_string(), &group.row.id.to_string());
    let action = match group.delete_obstacle.clone() {
        Some(reason) => view! { <p class="muted">{format!("You cannot delete it. {reason}")}</p> }.into_any(),
        None => view! { <a class="button button-danger" href=path>"Delete group…"</a> }.into_any(),
    };
    view! {
        <section class="card danger" aria-labelledby="delete">
            <div>
                <h2 id="delete">"Delete group"</h2>
                <p>"Everybody in it loses what only the group gave them. The next page shows who that is."</p>
            </div>
            {action}
        </section>
    }
    .into_any()
}
