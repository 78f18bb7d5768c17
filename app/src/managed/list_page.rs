//! `/organizations/{organization}/managed-users`: everybody whom an organization manages, members or not.

use domain::views::{ManagedRow, Page};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        empty::empty,
        field::Field,
        filter::{Filter, found, is_needed, nothing_fits},
        form::FormState,
        frame::{Frame, Section, Viewer, head},
        icons::Icon,
        list::List,
        page::page,
        select::{Group, Select},
        table::{Column, Row},
        time::maybe_time,
    },
    context::{answer, control},
    links,
    organizations::asked,
};

/// Everybody whom an organization manages.
#[component]
pub(crate) fn ManagedUsersPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let text = query.get("text").unwrap_or_default();
        let (membership, after) = (query.get("membership").unwrap_or_default(), query.get("after"));
        let viewer = Viewer::load().await?;
        let id = asked(&params)?;
        let list = control::managed::list(&control()?, id, &text, &membership, after.as_deref()).await;
        let (list, refused) = found(answer(list))?;
        let key = id.to_string();
        let form = FormState::asked(&[("text", &text), ("membership", &membership)], refused);
        let path = links::with_query(
            &format!("/v1/organizations/{key}/managed-users"),
            &[("text", Some(&text)), ("membership", Some(&membership))],
        );
        let frame = Frame::in_organization(id, Section::Users, "Managed users")
            .step("Users", links::users(&key, &[]))
            .step("Managed users", links::managed_users(&key, &[]))
            .calls(ApiCalls::new().v1("List managed users", "GET", &path, None));
        Ok(frame.view(viewer, draw(&key, list, form, (&text, &membership, after.as_deref()))))
    })
}

fn draw(
    organization: &str,
    page: Page<ManagedRow>,
    form: FormState,
    (text, membership, after): (&str, &str, Option<&str>),
) -> AnyView {
    let (is_needed, is_filled) = (is_needed(&page, &form), form.is_filled());
    let is_refused = form.is_refused();
    let nothing = || match is_filled {
        true => nothing_fits(is_refused),
        false => empty(
            Icon::Users,
            "Nobody is managed",
            "Once a domain is verified, everybody with an address in it is here.",
            (),
        ),
    };
    let list = List {
        caption: "Managed users",
        columns: &[
            Column::Name("Name"),
            Column::Text("E-mail"),
            Column::Text("Account"),
            Column::Text("Membership"),
            Column::Text("Last activity"),
        ],
        after,
        address: &|after| {
            let query = [("text", Some(text)), ("membership", Some(membership)), ("after", after)];
            links::managed_users(organization, &query)
        },
    };
    let filter = is_needed.then(|| {
        let field = Field {
            name: "text",
            label: "Name or e-mail address",
            kind: "search",
            is_optional: true,
            ..Field::default()
        };
        let choices =
            [("", "Members or not"), ("not_member", "Managed, not a member"), ("member", "Members")];
        let choices = choices.map(|(value, label)| (value.to_owned(), label.to_owned()));
        let select = Select {
            name: "membership",
            label: "Membership",
            groups: vec![Group { heading: None, choices: choices.into() }],
            is_optional: true,
            ..Select::default()
        };
        let fields = vec![field.view(&form), select.view(&form)];
        Filter { address: links::managed_users(organization, &[]), hidden: Vec::new(), form }.view(fields)
    });
    view! {
        {head("Managed users".into(), (), ())}
        <p class="muted">"Everybody with an address in your verified domains, whether they belong to the organization or not."</p>
        {filter} {list.view(page, |managed| row(organization, &managed), nothing)}
    }
    .into_any()
}

fn row(organization: &str, managed: &ManagedRow) -> Row {
    let path = links::managed_user(organization, &managed.user_id.to_string(), &[]);
    let membership = if managed.is_member { "member" } else { "not a member" };
    vec![
        view! { <a class="row-link" href=path>{managed.name.clone()}</a> }.into_any(),
        view! { <span class="free-text">{managed.email.clone()}</span> }.into_any(),
        state(managed),
        membership.into_any(),
        maybe_time(managed.last_activity_at),
    ]
}

/// Whether an account is let in anywhere, in words.
pub(super) fn state(managed: &ManagedRow) -> AnyView {
    let state = match managed.is_active {
        true => badge(Tone::Good, "active"),
        false => badge(Tone::Warning, "deactivated"),
    };
    let kept = managed.is_kept_by_scim.then(|| badge(Tone::Plain, "SCIM"));
    view! { <span class="badges">{state} {kept}</span> }.into_any()
}
