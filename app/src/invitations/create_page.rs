//! `/organizations/{organization}/invitations/new`: the form that invites one or many. It is sent to the page itself, which
//! says of each line what became of it: without script, and however many they are.

use std::collections::BTreeMap;

use domain::{
    actions::Action,
    errors::Error,
    ids::OrganizationId,
    principals::ResourceKind,
    views::{GroupRow, InvitedLine},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{INVITE, api::invite_users, kept::kept};
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        field::{Field, Label},
        form::FormState,
        frame::{Frame, Section, Viewer, head},
        grantables::{Grantables, givable},
        page::page,
        table::{Column, table},
        text_area::TextArea,
    },
    context::{LeftOut, Posted, WhyLeftOut, answer, control, left_out, posted, set_status},
    errors::AppError,
    links, organizations,
    permissions::{Choices, Chosen, places},
    quantities::count,
};

/// The field for groups that are not listed.
const TYPED_GROUPS: &str = "group_names";

/// The form, or what became of it.
#[component]
pub(crate) fn InvitePage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let viewer = Viewer::load().await?;
        let id = organizations::asked(&params)?;
        viewer.require(id, Action::InviteUsers)?;
        let key = id.to_string();
        let mut frame = Frame::in_organization(id, Section::Users, "Invite people");
        if viewer.may(id, Action::ListUsers) {
            frame = frame.step("Users", links::users(&key, &[]));
        }
        let frame = frame
            .step("Invitations", links::invitations(&key, &[]))
            .step("Invite", links::new_invitations(&key))
            .calls(calls(&key));
        let (form, sent) = match posted() {
            Some(sent) => match invite(id, &sent).await? {
                Ok(lines) => {
                    let kept = kept(&viewer, id).await?;
                    let again = match refused_again(&lines, &sent) {
                        None => None,
                        Some(again) => {
                            let offer = Offer::load(&viewer, id, String::new()).await?;
                            let reason =
                                "These lines were refused. Mend them and send them again, or leave them.";
                            let error = Error::invalid("emails", reason);
                            let form = FormState::refused(INVITE, error, &again);
                            Some(draw_form(&key, offer, &form, Some(&again)))
                        }
                    };
                    return Ok(frame.view(viewer, answered(&key, lines, kept, again)));
                }
                Err(refusal) => (FormState::refused(INVITE, refusal, &shown_again(&sent)), Some(sent)),
            },
            None => {
                let form = FormState::of_page(INVITE).shown_as("file", "emails");
                let late = form.is_filled().then(|| form.posted());
                (form, late)
            }
        };
        let offer = Offer::load(&viewer, id, query.get("resource").unwrap_or_default()).await?;
        Ok(frame.view(viewer, draw(&key, offer, &form, sent.as_ref())))
    })
}

fn calls(organization: &str) -> ApiCalls {
    let body = serde_json::json!({ "emails": ["ann@example.org"], "granted": ["developer"], "resource": "project:shop" });
    let path = format!("/v1/organizations/{organization}/invitations");
    ApiCalls::new().v1("Invite people", "POST", &path, Some(&body))
}

/// What was sent, with the text of the file where it can be seen: no page can choose a file for anybody.
fn shown_again(sent: &Posted) -> Posted {
    let (pasted, file) = (sent.value("emails"), sent.value("file"));
    if file.trim().is_empty() || !pasted.trim().is_empty() {
        return sent.clone();
    }
    let others = sent.0.iter().filter(|(name, _)| name != "emails" && name != "file").cloned();
    Posted(others.chain([("emails".to_owned(), file)]).collect())
}

/// What was sent with those of its records alone that were refused, below the header if there was one; none if all went well. A
/// record begins on the line that its answer names and reaches to the next one: what stands in quotes may have several lines.
fn refused_again(lines: &[InvitedLine], sent: &Posted) -> Option<Posted> {
    let sent = shown_again(sent);
    let text = sent.value("emails");
    let refused: BTreeMap<u32, bool> = lines.iter().map(|of| (of.line, of.reason.is_some())).collect();
    let mut records: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        // What stands above the first record is the header.
        let begin = refused.range(..=number).next_back().map_or(0, |(begin, _)| *begin);
        records.entry(begin).or_default().push(line);
    }
    if !refused.values().any(|is_refused| *is_refused) {
        return None;
    }
    let kept = records.into_iter().filter(|(begin, _)| refused.get(begin).copied().unwrap_or(true));
    let kept: Vec<String> = kept
        .map(|(_, record)| record.join("\n").trim_matches(['\r', '\n']).to_owned())
        .filter(|record| !record.trim().is_empty())
        .collect();
    let others = sent.0.iter().filter(|(name, _)| name != "emails").cloned();
    Some(Posted(others.chain([("emails".to_owned(), kept.join("\n"))]).collect()))
}

/// Why a form that could not be read whole is refused, on the field that was left out of it; and the answer's status.
fn unread(LeftOut { field, why }: &LeftOut) -> (u16, Error) {
    let (status, reason) = match why {
        WhyLeftOut::TooLarge { bytes_max } => {
            let (most, lines) = (bytes_max >> 10, control::invitations::INVITED_MAX);
            (
                413,
                format!("This is too large: at most {most} KiB are read, and {lines} lines. Do it in parts."),
            )
        }
        WhyLeftOut::NotText if field == "file" => {
            (422, "This file is not text in UTF-8. Save it as CSV UTF-8 and choose it again.".to_owned())
        }
        WhyLeftOut::NotText => (422, "This is not text in UTF-8.".to_owned()),
    };
    (status, Error::invalid(field.trim_end_matches("[]"), reason))
}

/// Invites whom the form names. What can be mended in the form is the inner error.
async fn invite(id: OrganizationId, sent: &Posted) -> Result<Result<Vec<InvitedLine>, Error>, AppError> {
    if let Some(left_out) = left_out() {
        let (status, error) = unread(&left_out);
        set_status(status);
        return Ok(Err(error));
    }
    let (pasted, file) = (sent.value("emails"), sent.value("file"));
    if !pasted.trim().is_empty() && !file.trim().is_empty() {
        let reason = "Write the addresses here or choose a file, not both.";
        set_status(422);
        return Ok(Err(Error::invalid("emails", reason)));
    }
    let emails = if file.trim().is_empty() { pasted } else { file };
    let on = Chosen::find(id, sent.value("resource"), sent.value("place")).await?;
    if let Some(error) = on.error {
        return Ok(Err(error));
    }
    let (mut groups, granted) = (sent.values("groups[]"), sent.values("granted[]"));
    groups.extend(sent.value(TYPED_GROUPS).split(';').map(str::to_owned));
    match invite_users(id, emails, groups, granted, on.resource, sent.value("days")).await {
        Ok(lines) => Ok(Ok(lines)),
        Err(AppError::Refused(
            error @ (Error::Invalid { .. }
            | Error::Conflict { .. }
            | Error::Forbidden { .. }
            | Error::Limited { .. }),
        )) => {
            set_status(error.status());
            Ok(Err(error))
        }
        Err(other) => Err(other),
    }
}

/// What can come with an invitation of the viewer's.
struct Offer {
    groups: Vec<GroupRow>,
    has_more_groups: bool,
    /// What they can give on the organization, and where else.
    grants: Option<(Vec<domain::permissions::Granted>, Choices)>,
    /// On what it is given at first.
    resource: String,
}

impl Offer {
    /// `resource` is where the viewer came from; what is none counts as nothing.
    async fn load(viewer: &Viewer, id: OrganizationId, resource: String) -> Result<Self, AppError> {
        let resource = control::places::named(&control()?, id, &resource).await.unwrap_or_default();
        let (groups, has_more_groups) = match viewer.may(id, Action::AddGroupMember) {
            true => {
                let page = answer(control::groups::list(&control()?, id, "", None).await)?;
                (page.rows, page.next.is_some())
            }
            false => (Vec::new(), false),
        };
        let powers = &viewer.organization(id).ok_or(Error::NotFound)?.powers;
        let choices = givable(powers, ResourceKind::Organization);
        let grants = match choices.is_empty() {
            true => None,
            false => {
                let name = resource.strip_prefix("project:").unwrap_or(&resource).to_owned();
                Some((choices, places(viewer, id).await?.with(&resource, name)))
            }
        };
        Ok(Self { groups, has_more_groups, grants, resource })
    }
}

fn draw(organization: &str, offer: Offer, form: &FormState, sent: Option<&Posted>) -> AnyView {
    view! { {head("Invite people".into(), (), ())} {draw_form(organization, offer, form, sent)} }.into_any()
}

fn draw_form(organization: &str, offer: Offer, form: &FormState, sent: Option<&Posted>) -> AnyView {
    let emails = TextArea {
        name: "emails",
        label: "Addresses, written here",
        hint: Some(format!(
            "One a line, at most {}. Or CSV with a header: a column email and, if wanted, groups and granted, several names in quotes \
             with ; between.",
            control::invitations::INVITED_MAX,
        )),
        rows: 6,
        is_optional: true,
        is_code: true,
        ..TextArea::default()
    };
    let days = Field {
        name: "days",
        label: "Days until it expires",
        hint: Some("1 to 30.".into()),
        kind: "number",
        value: Some("7".into()),
        ..Field::default()
    };
    let groups = groups(&offer, form);
    let has_groups = !offer.groups.is_empty();
    let grants = offer.grants.map(|(choices, place)| {
        let chosen = sent.map(|sent| sent.values("granted[]")).unwrap_or_default();
        let grantables =
            Grantables { name: "granted[]", legend: "Roles and permissions", choices, chosen, is_many: true };
        view! { {grantables.view(form)} {place.fields(form, "On what", None, &offer.resource)} }
    });
    let has_grants = grants.is_some();
    view! {
        <form method="post" action=links::new_invitations(organization) enctype="multipart/form-data" class="form form-wide">
            {form.error(&["emails", "file", "groups", "granted", "resource", "place", "days"])}
            <section class="card" aria-labelledby="whom">
                <h2 id="whom">"Whom"</h2>
                {emails.view(form)} {file(form)} {days.view(form)}
            </section>
            {(has_groups || has_grants)
                .then(|| {
                    view! {
                        <section class="card" aria-labelledby="with">
                            <h2 id="with">"What comes with it"</h2>
                            <p class="muted">
                                "Everybody in this list gets it when they accept, as far as you can still give it then."
                            </p>
                            {groups} {grants}
                        </section>
                    }
                })}
            <div class="form-actions">
                <button class="button button-primary">"Send invitations"</button>
                <a class="button" href=links::invitations(organization, &[])>"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}

fn file(form: &FormState) -> AnyView {
    let hint = "Lines or CSV, as above; text in UTF-8.";
    let label =
        Label { name: "file", label: "Addresses, from a file", hint: Some(hint.into()), is_optional: true };
    label.around(form, |control| {
        view! {
            <input
                id=control.id
                name="file"
                type="file"
                accept=".csv,.txt,text/csv,text/plain"
                aria-describedby=control.described
            />
        }
        .into_any()
    })
}

fn groups(offer: &Offer, form: &FormState) -> AnyView {
    if offer.groups.is_empty() {
        return ().into_any();
    }
    let chosen = form.values("groups[]");
    let boxes = offer
        .groups
        .iter()
        .map(|group| {
            let id = group.id.to_string();
            let is_chosen = chosen.contains(&id);
            view! {
                <label class="check">
                    <input type="checkbox" name="groups[]" value=id checked=is_chosen />
                    <span class="break">{group.name.clone()}</span>
                </label>
            }
        })
        .collect_view();
    let more = offer.has_more_groups.then(|| {
        let field = Field {
            name: TYPED_GROUPS,
            label: "Other groups, by name",
            hint: Some(
                "Only the first groups are listed above. Type others here, with ; between them, or name them in a column of a \
                 CSV file."
                    .into(),
            ),
            is_optional: true,
            max: Some(1000),
            ..Field::default()
        };
        field.view(form)
    });
    let reason =
        form.reason("groups").map(|reason| view! { <p class="field-error"><span>{reason}</span></p> });
    view! {
        <fieldset class="choices">
            <legend>"Groups"</legend>
            {reason} <div class="choices-grid">{boxes}</div> {more}
        </fieldset>
    }
    .into_any()
}

/// What became of each line, the refused ones first: there is something left to do about them.
/// The form with those is below.
fn answered(
    organization: &str,
    lines: Vec<InvitedLine>,
    kept: Option<AnyView>,
    again: Option<AnyView>,
) -> AnyView {
    let number = |is_refused: bool| {
        let lines = lines.iter().filter(|line| line.reason.is_some() == is_refused);
        i64::try_from(lines.count()).unwrap_or(i64::MAX)
    };
    let summary = summary(number(false), number(true));
    let kept = kept.filter(|_| number(false) > 0);
    let (refused, invited): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.reason.is_some());
    let columns = [Column::Figure("Line"), Column::Name("Address"), Column::Text("Result")];
    let rows = refused.into_iter().chain(invited).map(row).collect();
    let all = links::invitations(organization, &[]);
    let more = links::new_invitations(organization);
    view! {
        {head("Invite people".into(), (), ())}
        <p role="status">{summary}</p>
        {kept}
        {table("What became of each line", &columns, rows)}
        <div class="form-actions">
            <a class="button button-primary" href=all>"See the open invitations"</a>
            <a class="button" href=more>"Invite more"</a>
        </div>
        {again.map(|form| view! { <h2>"What was refused"</h2> {form} })}
    }
    .into_any()
}

fn summary(invited: i64, refused: i64) -> String {
    let verb = |number| if number == 1 { "was" } else { "were" };
    let invited_text = match invited {
        0 => "Nobody was invited.".to_owned(),
        1 => "1 person was invited.".to_owned(),
        more => format!("{more} people were invited."),
    };
    match refused {
        0 => invited_text,
        _ => format!("{invited_text} {} {} refused.", count(refused, "line"), verb(refused)),
    }
}

fn row(line: InvitedLine) -> Vec<AnyView> {
    let result = match line.reason {
        Some(reason) => {
            view! { <div>{badge(Tone::Bad, "refused")} " " <span class="break">{reason}</span></div> }
                .into_any()
        }
        None => badge(Tone::Good, "invited"),
    };
    vec![line.line.into_any(), view! { <span class="break">{line.email}</span> }.into_any(), result]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_the_lines_is_summed_up() {
        assert_eq!(summary(1, 0), "1 person was invited.");
        assert_eq!(summary(3, 1), "3 people were invited. 1 line was refused.");
        assert_eq!(summary(0, 2), "Nobody was invited. 2 lines were refused.");
    }

    #[test]
    fn the_text_of_a_refused_file_can_be_seen() {
        let posted = |fields: &[(&str, &str)]| {
            let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Posted(fields.collect())
        };
        let again = shown_again(&posted(&[("emails", " "), ("file", "a@b.c"), ("days", "3")]));
        assert_eq!((again.value("emails").as_str(), again.value("days").as_str()), ("a@b.c", "3"));
        assert_eq!(again.values("file"), Vec::<String>::new());
        let both = shown_again(&posted(&[("emails", "x@b.c"), ("file", "a@b.c")]));
        assert_eq!((both.value("emails").as_str(), both.value("file").as_str()), ("x@b.c", "a@b.c"));
    }

    #[test]
    fn the_refused_lines_are_offered_again_below_their_header() {
        let again = |text: &str, answers: &[(u32, bool)]| {
            let lines: Vec<InvitedLine> = answers
                .iter()
                .map(|(line, is_refused)| InvitedLine {
                    line: *line,
                    email: String::new(),
                    reason: is_refused.then(|| "no address".to_owned()),
                    retry_after_seconds: None,
                })
                .collect();
            let fields = [("emails", ""), ("file", text), ("days", "3")];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            refused_again(&lines, &Posted(fields.into()))
                .map(|sent| (sent.value("emails"), sent.value("days"), sent.values("file").len()))
        };
        let csv = "\nemail;groups\nann@b.c;x\nbob;y\r\n\ncara;";
        let told = |text: &str| Some((text.to_owned(), "3".to_owned(), 0));
        assert_eq!(again(csv, &[(3, false), (4, true), (6, true)]), told("email;groups\nbob;y\ncara;"));
        assert_eq!(again("ann@b.c\nbob", &[(1, false), (2, true)]), told("bob"));
        assert_eq!(again("bob\nann@b.c", &[(1, true), (2, false)]), told("bob"));
        assert_eq!(again(csv, &[(3, false)]), None);
        // A record with line breaks in quotes comes back whole, and what follows one that went well does not.
        let csv = "email,groups\nann@b.c,\"one\n\ntwo\"\n\nbob,\"x;\n\ny\"\n\ncara@b.c,\n";
        assert_eq!(again(csv, &[(2, false), (6, true), (10, false)]), told("email,groups\nbob,\"x;\n\ny\""));
        assert_eq!(
            again(csv, &[(2, true), (6, false), (10, true)]),
            told("email,groups\nann@b.c,\"one\n\ntwo\"\ncara@b.c,")
        );
    }

    #[test]
    fn what_could_not_be_read_is_told_on_its_field() {
        let told = |field: &str, why| {
            let (status, error) = unread(&LeftOut { field: field.into(), why });
            (status, error.field().unwrap().to_owned(), error.to_string())
        };
        let (status, field, reason) = told("file", WhyLeftOut::TooLarge { bytes_max: 1 << 20 });
        assert_eq!((status, field.as_str()), (413, "file"));
        assert!(reason.contains("1024 KiB") && reason.contains("1000 lines"), "{reason}");
        let (status, field, reason) = told("file", WhyLeftOut::NotText);
        assert_eq!((status, field.as_str()), (422, "file"));
        assert!(reason.contains("Save it as CSV UTF-8"), "{reason}");
        let (status, field, reason) = told("groups[]", WhyLeftOut::NotText);
        assert_eq!((status, field.as_str()), (422, "groups"));
        assert!(!reason.contains("file"), "{reason}");
    }

    #[test]
    fn refused_lines_come_first_with_their_numbers() {
        let line = |line, email: &str, reason: Option<&str>| InvitedLine {
            line,
            email: email.into(),
            reason: reason.map(str::to_owned),
            retry_after_seconds: None,
        };
        let html =
            answered("o", vec![line(1, "a@b.c", None), line(2, "nobody", Some("No address."))], None, None)
                .to_html();
        assert!(html.find("nobody").unwrap() < html.find("a@b.c").unwrap(), "{html}");
        assert!(html.contains("1 person was invited. 1 line was refused."), "{html}");
    }
}
