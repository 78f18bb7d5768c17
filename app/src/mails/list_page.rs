//! `/organizations/{organization}/mails`: the mails that were written for the organization, latest first.

use domain::{
    ids::OrganizationId,
    views::{MailRow, Page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{api::list_mails, state};
use crate::{
    components::{
        api_call::ApiCalls,
        empty::empty,
        field::Field,
        filter::{Filter, is_needed, nothing_fits},
        form::FormState,
        frame::{Frame, Section, Viewer, head},
        icons::Icon,
        list::List,
        page::page,
        table::{Column, Row},
        time::{maybe_time, time},
    },
    links, organizations,
};

const COLUMNS: [Column; 5] = [
    Column::Name("Subject"),
    Column::Text("To"),
    Column::Text("State"),
    Column::Text("Written"),
    Column::Text("Sent"),
];

/// The mails of an organization.
#[component]
pub(crate) fn MailsPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let viewer = Viewer::load().await?;
        let id = organizations::asked(&params)?;
        let (text, after) = (query.get("text").unwrap_or_default(), query.get("after"));
        let list = list_mails(id, text.clone(), after.clone()).await?;
        let key = id.to_string();
        let values = [
            ("organization", Some(key.as_str())),
            ("text", Some(text.as_str())),
            ("after", after.as_deref()),
        ];
        let calls = ApiCalls::new().get("List mails", "/api/mails/list", &values);
        let frame = Frame::in_organization(id, Section::Mails, "Mails").calls(calls);
        Ok(frame.view(viewer, draw(id, list, &text, after.as_deref())))
    })
}

fn draw(organization: OrganizationId, page: Page<MailRow>, text: &str, after: Option<&str>) -> AnyView {
    let id = organization.to_string();
    let form = FormState::asked(&[("text", text)], None);
    let is_asked = form.is_filled();
    let none = move || match is_asked {
        true => nothing_fits(false),
        false => empty(
            Icon::Mail,
            "No mails yet",
            "What is sent to people, like invitations, is listed here. Without a mail server it is kept here to be read.",
            (),
        ),
    };
    let filter = is_needed(&page, &form).then(|| {
        let field = Field { name: "text", label: "To", kind: "search", ..Field::default() };
        let field = field.view(&form);
        Filter { address: links::mails(&id, &[]), hidden: Vec::new(), form }.view(vec![field])
    });
    let page_at = |after: Option<&str>| links::mails(&id, &[("text", Some(text)), ("after", after)]);
    let list = List { caption: "Mails", columns: &COLUMNS, after, address: &page_at };
    view! { {head("Mails".into(), (), ())} {filter} {list.view(page, |mail| row(&id, mail), none)} }
        .into_any()
}

fn row(organization: &str, mail: MailRow) -> Row {
    let path = links::mail(organization, &mail.id.to_string());
    let problem = mail.error.map(|error| view! { <span class="problem">{error}</span> });
    vec![
        view! { <a class="row-link free-text" href=path>{mail.subject}</a> }.into_any(),
        view! { <span class="break">{mail.recipient}</span> }.into_any(),
        view! { <div>{state(mail.state)} {problem}</div> }.into_any(),
        time(mail.created_at),
        maybe_time(mail.sent_at),
    ]
}
