//! `/organizations/{organization}/groups`: the groups of an organization, and the form that makes one.

use domain::{
    actions::Action,
    views::{GroupRow, Page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde_json::json;

use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        clamped::clamped,
        dialog::{dialog, open_button},
        empty::empty,
        field::Field,
        filter::{Filter, found, is_needed, nothing_fits},
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        list::List,
        page::page,
        table::{Column, Row},
        text_area::TextArea,
        time::time,
    },
    context::{answer, control},
    links,
    organizations::asked,
};

/// Most characters of a group's name.
pub(super) const NAME_CHARS_MAX: u32 = 128;

/// The groups of an organization.
#[component]
pub(crate) fn GroupsPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let (text, after) = (query.get("text").unwrap_or_default(), query.get("after"));
        let viewer = Viewer::load().await?;
        let id = asked(&params)?;
        let list = control::groups::list(&control()?, id, &text, after.as_deref()).await;
        let (list, refused) = found(answer(list))?;
        let (key, may_create) = (id.to_string(), viewer.may(id, Action::CreateGroup));
        let form = FormState::asked(&[("text", &text)], refused);
        let frame =
            Frame::in_organization(id, Section::Groups, "Groups").calls(calls(&key, &text, may_create));
        Ok(frame.view(viewer, draw(&key, list, form, (&text, after.as_deref()), may_create)))
    })
}

fn calls(organization: &str, text: &str, may_create: bool) -> ApiCalls {
    let path = format!("/v1/organizations/{organization}/groups");
    let list = links::with_query(&path, &[("text", Some(text))]);
    let calls = ApiCalls::new().v1("List groups", "GET", &list, None);
    match may_create {
        true => calls.v1("Create a group", "POST", &path, Some(&json!({ "name": "Night shift" }))),
        false => calls,
    }
}

const DIALOG: &str = "new-group";

fn draw(
    organization: &str,
    page: Page<GroupRow>,
    form: FormState,
    (text, after): (&str, Option<&str>),
    may_create: bool,
) -> AnyView {
    let new = || {
        may_create
            .then(|| open_button(DIALOG, "button button-primary", view! { {icon(Icon::Add)} "New group" }))
    };
    let (is_needed, is_filled) = (is_needed(&page, &form), form.is_filled());
    let empty = || match is_filled {
        true => nothing_fits(false),
        false => empty(
            Icon::Group,
            "No groups yet",
            "A group holds permissions for everybody in it, so that who joins or leaves a team is put in or taken out once.",
            new(),
        ),
    };
    let list = List {
        caption: "Groups",
        columns: &[
            Column::Name("Name"),
            Column::Text("Description"),
            Column::Figure("Members"),
            Column::Figure("Grants"),
            Column::Text("Created"),
        ],
        after,
        address: &|after| links::groups(organization, &[("text", Some(text)), ("after", after)]),
    };
    let filter = is_needed.then(|| {
        let field = Field {
            name: "text",
            label: "Name or description",
            kind: "search",
            is_optional: true,
            ..Field::default()
        };
        let fields = vec![field.view(&form)];
        Filter { address: links::groups(organization, &[]), hidden: Vec::new(), form }.view(fields)
    });
    view! {
        {head("Groups".into(), (), is_needed.then(new).flatten())} {filter}
        {list.view(page, |group| row(organization, group), empty)}
        {may_create.then(|| create_dialog(organization))}
    }
    .into_any()
}

fn row(organization: &str, group: GroupRow) -> Row {
    let path = links::group(organization, &group.id.to_string(), &[]);
    let kept = group.is_kept_by_scim.then(|| badge(Tone::Plain, "SCIM"));
    vec![
        view! { <span class="badges"><a class="row-link" href=path>{group.name}</a> {kept}</span> }
            .into_any(),
        clamped(&group.description),
        group.members.into_any(),
        group.grants.into_any(),
        time(group.created_at),
    ]
}

fn create_dialog(organization: &str) -> AnyView {
    let form = FormState::of("/api/groups/create");
    let is_refused = form.is_refused();
    let body = view! {
        <form method="post" action=form.action class="form">
            {hidden(&[("organization", organization)])} {texts(&form, None)} <div class="form-actions">
                <button class="button button-primary">"Create group"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">
                    "Cancel"
                </button>
            </div>
        </form>
    };
    dialog(DIALOG, "New group".into(), is_refused, body.into_any())
}

/// The fields of a group: empty, or with what it is called and what it is for.
pub(super) fn texts(form: &FormState, group: Option<&GroupRow>) -> AnyView {
    let name = Field {
        name: "name",
        label: "Name",
        value: group.map(|group| group.name.clone()),
        has_focus: true,
        max: Some(NAME_CHARS_MAX),
        ..Field::default()
    };
    let description = TextArea {
        name: "description",
        label: "Description",
        hint: Some("Whom it is meant for, and what it lets them do.".into()),
        value: group.map(|group| group.description.clone()),
        rows: 3,
        is_optional: true,
        ..TextArea::default()
    };
    // What it is called is its identity provider's matter.
    let name = match group.filter(|group| group.is_kept_by_scim) {
        Some(kept) => hidden(&[("name", &kept.name)]),
        None => name.view(form),
    };
    view! { {form.error(&["name", "description"])} {name} {description.view(form)} }.into_any()
}

#[cfg(test)]
mod tests {
    use domain::timestamps::Timestamp;
    use leptos::reactive::owner::Owner;

    use super::*;

    #[test]
    fn what_scim_keeps_is_marked_and_not_renamed() {
        let group = GroupRow {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            name: "Ops".into(),
            description: String::new(),
            members: 1,
            grants: 0,
            is_kept_by_scim: true,
            created_at: Timestamp::from_micros(0),
        };
        let own = GroupRow { is_kept_by_scim: false, ..group.clone() };
        let html = |group: &GroupRow| {
            Owner::new().with(|| texts(&FormState::of("/api/groups/edit"), Some(group)).to_html())
        };
        assert!(
            html(&own).contains("type=\"text\"") || html(&own).contains("Name</label>"),
            "{}",
            html(&own)
        );
        assert!(
            html(&group).contains("type=\"hidden\"") && !html(&group).contains(">Name<"),
            "{}",
            html(&group)
        );
    }
}
