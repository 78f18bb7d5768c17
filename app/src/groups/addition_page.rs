//! `/organizations/{organization}/groups/{group}/members/new`: who is put into a group, typed in or chosen from the
//! organization; and, once the form was sent to the page itself, what that would give them.

use std::collections::BTreeSet;

use domain::{
    actions::Action,
    errors::Error,
    ids::{OrganizationId, UserId},
    inputs::MemberFilter,
    views::{AdditionEffects, ApplicationUserRow, GroupView, MemberRow, Page},
};
use leptos::prelude::*;
use leptos_router::{
    hooks::{use_params_map, use_query_map},
    params::ParamsMap,
};
use serde_json::json;

use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        field::Field,
        filter::{Filter, nothing_fits},
        form::{FormState, hidden},
        frame::{Viewer, head},
        page::page_of,
        preview::Preview,
        text_area::TextArea,
    },
    context::{Posted, answer, control, posted, set_status},
    errors::AppError,
    links,
    quantities::count,
};

const ACTION: &str = "/api/groups/add_members";
/// Tells the form with the ticks from the one that is typed into.
const TICKED: &str = "ticked";
const TITLE: &str = "Add members";

/// The form that puts members of the organization into a group.
#[component]
pub(crate) fn AddMembersPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page_of(super::gone(&params), async move {
        let viewer = Viewer::load().await?;
        let group = load(&viewer, &params).await?;
        match posted() {
            Some(sent) => preview_page(viewer, &group, &sent).await,
            None => {
                let forms = Forms { typed: FormState::of_page(ACTION), ticked: FormState::default() };
                ask(viewer, &group, &query.get("text").unwrap_or_default(), forms).await
            }
        }
    })
}

/// What adding them would do, or the form again with what is wrong. Addresses of people are in no address of a page.
async fn preview_page(viewer: Viewer, group: &GroupView, sent: &Posted) -> Result<AnyView, AppError> {
    let (organization, id) = (group.organization_id, group.row.id);
    let (members, is_ticked) = (sent.values("members").join("\n"), !sent.value(TICKED).is_empty());
    let would = answer(control::groups::preview_add(&control()?, organization, id, &members).await);
    let refused = match would {
        Ok(AdditionEffects { added: 0, .. }) => {
            Error::invalid("members", "All of these are in the group already.")
        }
        Ok(AdditionEffects { effects, added, present }) => {
            let back = links::group_addition(&organization.to_string(), &id.to_string(), &[]);
            let frame = super::frame(group, TITLE).step(TITLE, back).calls(calls(group, &members));
            let title = head(format!("Add members to {}?", group.row.name), (), ());
            let who = who(organization, &members).await?;
            let body = preview(group, members, added, present).view(effects);
            return Ok(frame.view(viewer, view! { {title} {who} {body} }.into_any()));
        }
        Err(AppError::Refused(Error::Invalid { .. })) if is_ticked && members.is_empty() => {
            Error::invalid("members", "Tick those who are to be put into the group.")
        }
        Err(AppError::Refused(error @ Error::Invalid { .. })) => error,
        Err(other) => return Err(other),
    };
    set_status(refused.status());
    let kept = Posted([("members".to_owned(), members)].into());
    let (form, other) = (FormState::refused(ACTION, refused, &kept), FormState::default());
    let forms = match is_ticked {
        true => Forms { typed: other, ticked: form },
        false => Forms { typed: form, ticked: other },
    };
    ask(viewer, group, &sent.value("text"), forms).await
}

/// The two forms of the page: only the one that was sent says what was wrong with it.
struct Forms {
    typed: FormState,
    ticked: FormState,
}

/// The group, for who may put somebody into it.
async fn load(viewer: &Viewer, params: &ParamsMap) -> Result<GroupView, AppError> {
    let group = super::load(params).await?;
    viewer.require(group.organization_id, Action::AddGroupMember)?;
    match group.add_obstacle.clone() {
        Some(reason) => Err(Error::Forbidden { reason }.into()),
        None => Ok(group),
    }
}

fn calls(group: &GroupView, members: &str) -> ApiCalls {
    let path = format!("/v1/organizations/{}/groups/{}/members", group.organization_id, group.row.id);
    let body = json!({ "members": named(members).collect::<Vec<_>>() });
    ApiCalls::new().v1("Add members", "POST", &path, Some(&body))
}

async fn ask(viewer: Viewer, group: &GroupView, text: &str, forms: Forms) -> Result<AnyView, AppError> {
    let organization = group.organization_id;
    let filter = MemberFilter { text: text.to_owned(), state: "active".into(), idle_days: String::new() };
    let people = answer(control::users::list(&control()?, organization, &filter, None).await)?;
    let programs = answer(control::application_users::list(&control()?, organization, text, None).await)?;
    let shown: Vec<UserId> = people
        .rows
        .iter()
        .map(|row| row.user_id)
        .chain(programs.rows.iter().map(|row| row.user_id))
        .collect();
    let present = control::groups::who_is_in(&control()?, organization, group.row.id, &shown).await;
    let offered = Offered { people, programs, present: answer(present)? };
    let path = links::group_addition(&organization.to_string(), &group.row.id.to_string(), &[]);
    let frame = super::frame(group, TITLE).step(TITLE, path).calls(calls(group, "ann@example.org"));
    let body = view! {
        {head(format!("Add members to {}", group.row.name), (), ())} {typed(group, &forms.typed)}
        {chosen(group, text, offered, &forms.ticked)}
    };
    Ok(frame.view(viewer, body.into_any()))
}

/// The form for who has a list of addresses.
fn typed(group: &GroupView, form: &FormState) -> AnyView {
    let members = TextArea {
        name: "members",
        label: "E-mail addresses",
        hint: Some(format!(
            "Of members of the organization, one a line or with commas between; at most {}.",
            control::groups::MEMBERS_MAX
        )),
        rows: 5,
        is_code: true,
        ..TextArea::default()
    };
    view! {
        <section class="card" aria-labelledby="typed">
            <h2 id="typed">"By address"</h2>
            <form method="post" action=own_path(group) class="form">
                {form.error(&["members"])} {members.view(form)} <div class="form-actions">
                    <button class="button button-primary">"Preview"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// The form for who looks for them: the first of those who fit the text.
fn chosen(group: &GroupView, text: &str, offered: Offered, sent: &FormState) -> AnyView {
    let Offered { people, programs, present } = offered;
    let (organization, id) = (group.organization_id.to_string(), group.row.id.to_string());
    let field = Field {
        name: "text",
        label: "Name or e-mail address",
        kind: "search",
        is_optional: true,
        ..Field::default()
    };
    let form = FormState::asked(&[("text", text)], None);
    let fields = vec![field.view(&form)];
    let address = links::group_addition(&organization, &id, &[]);
    let filter = Filter { address, hidden: Vec::new(), form }.view(fields);
    let shown = people.rows.len() + programs.rows.len();
    let total = people.total + programs.total;
    let further = (total > i64::try_from(shown).unwrap_or(i64::MAX)).then(
        || view! { <p class="muted">{format!("{shown} of {total} are shown: search for the others.")}</p> },
    );
    let ticked = sent.values("members");
    let line = |id: UserId, value: String, name: String, beside: String| {
        let is_ticked = ticked.contains(&value);
        line(value, name, beside, is_ticked, present.contains(&id))
    };
    let lines = people.rows.into_iter().map(|row| line(row.user_id, row.email.clone(), row.name, row.email));
    let programs = programs
        .rows
        .into_iter()
        .map(|row| line(row.user_id, format!("user:{}", row.user_id), row.name, "application user".into()));
    let body = match shown {
        0 => nothing_fits(false),
        _ => view! {
            <form method="post" action=own_path(group) class="form">
                {hidden(&[(TICKED, "1"), ("text", text)])} {sent.error(&[])}
                <fieldset>
                    <legend class="visually-hidden">"Members of the organization"</legend>
                    <div class="checks">{lines.collect_view()} {programs.collect_view()}</div>
                </fieldset>
                {further}
                <div class="form-actions">
                    <button class="button button-primary">"Preview"</button>
                </div>
            </form>
        }
        .into_any(),
    };
    view! {
        <section class="card" aria-labelledby="chosen">
            <h2 id="chosen">"From the organization"</h2>
            {filter} {body}
        </section>
    }
    .into_any()
}

/// Who can be ticked, and who of them is in the group already.
struct Offered {
    people: Page<MemberRow>,
    programs: Page<ApplicationUserRow>,
    present: BTreeSet<UserId>,
}

fn line(value: String, name: String, beside: String, is_ticked: bool, is_present: bool) -> AnyView {
    let present = is_present.then(|| badge(Tone::Plain, "in it already"));
    view! {
        <label class="check">
            <input type="checkbox" name="members" value=value checked=is_ticked && !is_present disabled=is_present />
            <span class="principal"><span>{name}</span> <span class="muted">{beside}</span> {present}</span>
        </label>
    }
    .into_any()
}

/// Each of those who are named.
fn named(members: &str) -> impl Iterator<Item = &str> {
    members.split(['\n', ',']).map(str::trim).filter(|name| !name.is_empty())
}

/// All of those who are named, as people know them, folded.
async fn who(organization: OrganizationId, members: &str) -> Result<AnyView, AppError> {
    let mut names = Vec::new();
    for text in named(members) {
        let program = text.strip_prefix("user:").and_then(|id| id.parse().ok());
        names.push(match program {
            Some(id) => {
                let found = control::application_users::view(&control()?, organization, id).await;
                found.map_or_else(|_| text.to_owned(), |found| found.row.name)
            }
            None => text.to_owned(),
        });
    }
    let names = names.into_iter().map(|name| view! { <li>{name}</li> }).collect_view();
    Ok(view! {
        <details class="named">
            <summary>"Who is meant"</summary>
            <ul class="checks">{names}</ul>
        </details>
    }
    .into_any())
}

/// Where the forms are sent: to their own page.
fn own_path(group: &GroupView) -> String {
    links::group_addition(&group.organization_id.to_string(), &group.row.id.to_string(), &[])
}

/// What is going to be done, where some may be in the group already.
fn sentence(group: &str, added: i64, present: i64) -> String {
    let added = count(added, "member");
    let are = match present {
        0 => String::new(),
        1 => " One more is in it already.".to_owned(),
        present => format!(" {present} more are in it already."),
    };
    format!("{added} of the organization will be put into the group {group}.{are}")
}

fn preview(group: &GroupView, members: String, added: i64, present: i64) -> Preview {
    let (organization, id) = (group.organization_id.to_string(), group.row.id.to_string());
    Preview {
        action: ACTION,
        sentence: sentence(&group.row.name, added, present),
        note: None,
        verb: TITLE,
        is_danger: false,
        confirmation: None,
        back: links::group_addition(&organization, &id, &[]),
        hidden: vec![("organization", organization), ("group", id), ("members", members)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_in_already_are_not_counted() {
        assert_eq!(sentence("Ops", 1, 0), "1 member of the organization will be put into the group Ops.");
        let some = sentence("Ops", 2, 1);
        assert!(some.starts_with("2 members of") && some.ends_with("One more is in it already."), "{some}");
        assert!(sentence("Ops", 2, 3).ends_with("3 more are in it already."));
    }
}
