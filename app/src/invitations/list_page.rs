//! `/organizations/{organization}/invitations`: the open invitations; many can be sent again or taken back at once. The form
//! is sent to the page itself, which says of each what could not be done.

use domain::{
    actions::Action,
    errors::Error,
    ids::{InvitationId, OrganizationId},
    views::{AttachedView, ChosenInvitation, InvitationRow, Page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    api::{list_invitations, resend_invitations, withdraw_invitations},
    kept::kept,
};
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        effects::place,
        empty::empty,
        field::Field,
        filter::{Filter, is_needed, nothing_fits},
        form::FormState,
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        list::List,
        page::page,
        table::{Column, Row, table},
        time::time,
    },
    context::{Posted, done, posted, set_status},
    errors::AppError,
    links, organizations,
    quantities::count,
};

/// What the form is called that does something with what is chosen.
const CHOSEN: &str = "invitations";
/// What its buttons send.
const RESEND: &str = "resend";
const WITHDRAW: &str = "withdraw";
const COLUMNS: [Column; 4] =
    [Column::Name("E-mail"), Column::Text("Comes with"), Column::Text("Sent"), Column::Text("Expires")];

/// The open invitations of an organization.
#[component]
pub(crate) fn InvitationsPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let viewer = Viewer::load().await?;
        let id = organizations::asked(&params)?;
        let (text, after) = (query.get("text").unwrap_or_default(), query.get("after"));
        let key = id.to_string();
        let sees_users = viewer.may(id, Action::ListUsers);
        let mut frame = Frame::in_organization(id, Section::Users, "Invitations");
        if sees_users {
            frame = frame.step("Users", links::users(&key, &[]));
        }
        let frame = frame.step("Invitations", links::invitations(&key, &[])).calls(calls(&key, &text));
        let form = match posted() {
            Some(sent) => match act(id, &sent).await? {
                Ok(answers) => {
                    return Ok(frame.view(viewer, answered(&key, sent.value("do") == RESEND, answers)));
                }
                Err(refusal) => FormState::refused(CHOSEN, refusal, &sent),
            },
            None => FormState::of(CHOSEN),
        };
        let list = list_invitations(id, text.clone(), after.clone()).await?;
        let kept = if list.rows.is_empty() { None } else { kept(&viewer, id).await? };
        let body = draw(id, list, &text, after.as_deref(), &form, kept);
        Ok(frame.view(viewer, body))
    })
}

/// Does with the chosen ones what was asked for. What can be mended in the list is the inner error.
async fn act(id: OrganizationId, sent: &Posted) -> Result<Result<Vec<ChosenInvitation>, Error>, AppError> {
    let chosen = sent.values("invitations[]");
    let chosen = chosen.iter().map(|text| text.parse::<InvitationId>().map_err(|_| Error::NotFound));
    let chosen = chosen.collect::<Result<Vec<_>, _>>()?;
    let answers = match sent.value("do").as_str() {
        RESEND => resend_invitations(id, chosen).await,
        WITHDRAW => withdraw_invitations(id, chosen).await,
        _ => Err(Error::invalid("do", "Choose what is to be done.").into()),
    };
    match answers {
        Ok(answers) => Ok(Ok(answers)),
        Err(AppError::Refused(
            error @ (Error::Invalid { .. } | Error::Conflict { .. } | Error::Limited { .. }),
        )) => {
            set_status(error.status());
            Ok(Err(error))
        }
        Err(other) => Err(other),
    }
}

/// What became of each that was chosen, those first with which nothing was done; without such, the list says so.
fn answered(organization: &str, is_resent: bool, answers: Vec<ChosenInvitation>) -> AnyView {
    let all = links::invitations(organization, &[]);
    let (refused, good): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.reason.is_some());
    let summary = told(good.len(), is_resent);
    if refused.is_empty() {
        done(&all, &summary);
    }
    let columns = [Column::Name("E-mail"), Column::Text("Result")];
    let rows = refused.into_iter().chain(good).map(|answer| result(answer, is_resent)).collect();
    view! {
        {head("Invitations".into(), (), ())}
        <p role="status">{summary}</p>
        {table("What became of each", &columns, rows)}
        <div class="form-actions">
            <a class="button button-primary" href=all>"See the open invitations"</a>
        </div>
    }
    .into_any()
}

fn result(answer: ChosenInvitation, is_resent: bool) -> Row {
    let result = match answer.reason {
        Some(reason) => {
            view! { <div>{badge(Tone::Bad, "not done")} " " <span class="break">{reason}</span></div> }
                .into_any()
        }
        None => badge(Tone::Good, if is_resent { "sent again" } else { "withdrawn" }),
    };
    let email = answer.email.unwrap_or_else(|| "–".to_owned());
    vec![view! { <span class="break">{email}</span> }.into_any(), result]
}

fn told(number: usize, is_resent: bool) -> String {
    let what = if is_resent { "sent again, and the links before" } else { "withdrawn: the links" };
    match number {
        0 => "Nothing was done.".to_owned(),
        _ => {
            let number = count(i64::try_from(number).unwrap_or(i64::MAX), "invitation");
            format!("{number} {what} open nothing any more.")
        }
    }
}

fn calls(organization: &str, text: &str) -> ApiCalls {
    let path = format!("/v1/organizations/{organization}/invitations");
    ApiCalls::new()
        .v1("List invitations", "GET", &links::with_query(&path, &[("text", Some(text))]), None)
        .v1("Send one again", "POST", &format!("{path}/INVITATION/resend"), None)
        .v1("Withdraw one", "DELETE", &format!("{path}/INVITATION"), None)
}

fn draw(
    organization: OrganizationId,
    page: Page<InvitationRow>,
    text: &str,
    after: Option<&str>,
    act: &FormState,
    kept: Option<AnyView>,
) -> AnyView {
    let id = organization.to_string();
    let path = links::new_invitations(&id);
    let new = || view! { <a class="button button-primary" href=path.clone()>{icon(Icon::Add)} "Invite"</a> };
    let form = FormState::asked(&[("text", text)], None);
    let (is_asked, has_rows) = (form.is_filled(), !page.rows.is_empty());
    let step = new();
    let nothing = move || match is_asked {
        true => nothing_fits(false),
        false => empty(
            Icon::Mail,
            "No open invitations",
            "People come into the organization by an invitation that is sent to their e-mail address. What they are to hold \
             can come with it.",
            step,
        ),
    };
    let filter = is_needed(&page, &form).then(|| {
        let field = Field { name: "text", label: "E-mail", kind: "search", ..Field::default() };
        let field = field.view(&form);
        Filter { address: links::invitations(&id, &[]), hidden: Vec::new(), form }.view(vec![field])
    });
    let address = |after: Option<&str>| links::invitations(&id, &[("text", Some(text)), ("after", after)]);
    let list = List { caption: "Invitations", columns: &COLUMNS, after, address: &address };
    let chosen = act.values("invitations[]");
    let table = list.view(page, |invitation| row(invitation, &chosen), nothing);
    let body = match has_rows {
        true => choice(&id, act, table),
        false => view! { {act.error(&[])} {table} }.into_any(),
    };
    view! { {head("Invitations".into(), (), (has_rows || is_asked).then(new))} {kept} {filter} {body} }
        .into_any()
}

/// The list in the form that does something with what is chosen in it.
fn choice(organization: &str, form: &FormState, table: AnyView) -> AnyView {
    view! {
        {form.error(&[])}
        <form method="post" action=links::invitations(organization, &[]) class="stack">
            {table}
            <div class="form-actions chosen-actions">
                <span class="muted">"Chosen:"</span>
                <button class="button" name="do" value=RESEND>"Send again"</button>
                <button class="button" name="do" value=WITHDRAW>"Withdraw"</button>
            </div>
        </form>
    }
    .into_any()
}

fn row(invitation: InvitationRow, chosen: &[String]) -> Row {
    let id = invitation.id.to_string();
    let is_chosen = chosen.contains(&id);
    let expired = invitation.is_expired.then(|| badge(Tone::Warning, "expired"));
    let label = format!("Choose {}", invitation.email);
    vec![
        view! {
            <label class="check">
                <input type="checkbox" name="invitations[]" value=id checked=is_chosen aria-label=label />
                <span class="break">{invitation.email}</span>
            </label>
        }
        .into_any(),
        attached(invitation.attached),
        view! {
            <span class="principal">
                {time(invitation.sent_at)} <span class="muted">{format!("by {}", invitation.invited_by)}</span>
            </span>
        }
        .into_any(),
        view! { <span>{time(invitation.expires_at)} " " {expired}</span> }.into_any(),
    ]
}

/// What comes with an invitation.
fn attached(attached: AttachedView) -> AnyView {
    if attached.groups.is_empty() && attached.grants.is_empty() {
        return view! { <span class="muted nothing">"–"</span> }.into_any();
    }
    let groups = attached.groups.into_iter().map(|group| format!("Group {}", group.name));
    let grants = attached.grants.into_iter().map(|grant| {
        let place = match grant.resource.is_unseen() {
            true => grant.resource.name,
            false => place(grant.resource.kind, &grant.resource.name),
        };
        format!("{} on {place}", grant.granted.label())
    });
    let lines = groups.chain(grants).map(|line| view! { <li class="free-text">{line}</li> }).collect_view();
    view! { <ul class="lines">{lines}</ul> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_counted() {
        assert_eq!(told(0, true), "Nothing was done.");
        assert_eq!(told(1, false), "1 invitation withdrawn: the links open nothing any more.");
        assert!(told(2, true).starts_with("2 invitations sent again, and the links before"));
    }

    #[test]
    fn what_could_not_be_done_comes_first_with_the_reason() {
        let answer = |number, email: &str, reason: Option<&str>| ChosenInvitation {
            id: format!("01890a5d-ac96-774b-bcce-b302099a805{number}").parse().unwrap(),
            email: Some(email.into()),
            reason: reason.map(str::to_owned),
            retry_after_seconds: None,
        };
        let answers = vec![answer(1, "ann@b.c", None), answer(2, "bob@b.c", Some("Was accepted already."))];
        let html = answered("o", true, answers).to_html();
        assert!(html.find("Was accepted already.").unwrap() < html.find("ann@b.c").unwrap(), "{html}");
        assert!(html.contains("1 invitation sent again"), "{html}");
    }
}
