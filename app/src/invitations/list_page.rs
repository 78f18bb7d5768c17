//! `/organizations/{organization}/invitations`: the open invitations; many can be sent again or taken back at once. The form
//! is sent to the page itself, which says what could not be done. Before some are taken back, `withdrawal` asks.

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
    withdrawal,
};
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        breaks::breakable,
        effects::place,
        empty::empty,
        field::Field,
        filter::{Filter, is_needed, nothing_fits},
        form::FormState,
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        list::List,
        page::page,
        table::{Column, Row, pick_all},
        time::time,
    },
    context::{Posted, done, posted, set_status},
    errors::AppError,
    links, mails, organizations,
    quantities::count,
};

/// What the form is called that does something with what is chosen.
const CHOSEN: &str = "invitations";
/// Of how many the notice says why nothing was done: it travels in a cookie.
const TOLD_MAX: usize = 4;
/// What its buttons send.
const RESEND: &str = "resend";
pub(super) const WITHDRAW: &str = "withdraw";
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
            Some(sent) if sent.value("do") == WITHDRAW && withdrawal::is_to_be_asked(&sent) => {
                let list = list_invitations(id, text.clone(), after.clone()).await?;
                let back = address(&key, &text, after.as_deref());
                return Ok(frame.view(viewer, withdrawal::asked(&sent, &list.rows, &back)));
            }
            Some(sent) => match act(id, &sent).await? {
                Ok(notice) => {
                    done(&address(&key, &text, after.as_deref()), &notice);
                    return Ok(frame.view(viewer, head("Invitations".into(), (), ())));
                }
                Err(refusal) => FormState::refused(CHOSEN, refusal, &sent),
            },
            None => FormState::of(CHOSEN),
        };
        let list = list_invitations(id, text.clone(), after.clone()).await?;
        let kept = if list.rows.is_empty() { None } else { kept(&viewer, id).await? };
        let sees_mails = viewer.may(id, Action::ViewMails);
        let body = draw(id, list, (&text, after.as_deref()), &form, kept, sees_mails);
        Ok(frame.view(viewer, body))
    })
}

/// The list, narrowed down to `text` and from there on.
fn address(organization: &str, text: &str, after: Option<&str>) -> String {
    links::invitations(organization, &[("text", Some(text)), ("after", after)])
}

/// Does with the chosen ones what was asked for, and says what became of them. What can be mended in the list is the inner
/// error; so is that nothing was done.
async fn act(id: OrganizationId, sent: &Posted) -> Result<Result<String, Error>, AppError> {
    let chosen = sent.values("invitations[]");
    let chosen = chosen.iter().map(|text| text.parse::<InvitationId>().map_err(|_| Error::NotFound));
    let chosen = chosen.collect::<Result<Vec<_>, _>>()?;
    let answers = match sent.value("do").as_str() {
        RESEND => resend_invitations(id, chosen).await,
        WITHDRAW => withdraw_invitations(id, chosen).await,
        _ => Err(Error::invalid("do", "Choose what is to be done.").into()),
    };
    match answers {
        Ok(answers) => {
            let answered = answered(sent.value("do") == RESEND, answers);
            if let Err(error) = &answered {
                set_status(error.status());
            }
            Ok(answered)
        }
        Err(AppError::Refused(
            error @ (Error::Invalid { .. } | Error::Conflict { .. } | Error::Limited { .. }),
        )) => {
            set_status(error.status());
            Ok(Err(error))
        }
        Err(other) => Err(other),
    }
}

/// What became of those that were chosen, with the reasons of the first with which nothing was done; an error if nothing was
/// done with any.
fn answered(is_resent: bool, answers: Vec<ChosenInvitation>) -> Result<String, Error> {
    let number = answers.len();
    let reasons: Vec<String> = answers.into_iter().filter_map(|answer| answer.reason).collect();
    let (good, untold) = (number - reasons.len(), reasons.len().saturating_sub(TOLD_MAX));
    let mut sentences = vec![told(good, is_resent)];
    if !reasons.is_empty() && good > 0 {
        sentences.push(format!("Nothing was done with {} of {number}.", reasons.len()));
    }
    sentences.extend(reasons.into_iter().take(TOLD_MAX));
    if untold > 0 {
        sentences.push(format!("And so on, with {untold} more."));
    }
    let text = sentences.join(" ");
    if good > 0 { Ok(text) } else { Err(Error::conflict(text)) }
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
    (text, after): (&str, Option<&str>),
    act: &FormState,
    kept: Option<AnyView>,
    sees_mails: bool,
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
    let page_at = |after: Option<&str>| address(&id, text, after);
    let list = List { caption: "Invitations", columns: &COLUMNS, after, address: &page_at };
    let chosen = act.values("invitations[]");
    let table =
        list.view(page, |invitation| row(invitation, &chosen, sees_mails.then_some(id.as_str())), nothing);
    let body = match has_rows {
        true => choice(&page_at(after), act, table),
        false => view! { {act.error(&[])} {table} }.into_any(),
    };
    view! { {head("Invitations".into(), (), (has_rows || is_asked).then(new))} {kept} {filter} {body} }
        .into_any()
}

/// The list, which stands at this address, in the form that does something with what is chosen in it.
fn choice(address: &str, form: &FormState, table: AnyView) -> AnyView {
    view! {
        {form.error(&[])}
        <form method="post" action=address.to_owned() class="stack">
            {table}
            <div class="form-actions chosen-actions">
                <span class="muted">"Chosen:"</span>
                <button class="button" name="do" value=RESEND>"Send again"</button>
                <button class="button" name="do" value=WITHDRAW>"Withdraw…"</button>
                {pick_all(None)}
            </div>
        </form>
    }
    .into_any()
}

/// `mails` is the organization whose mails the viewer sees.
fn row(invitation: InvitationRow, chosen: &[String], mails: Option<&str>) -> Row {
    let id = invitation.id.to_string();
    let mail = mail(&invitation, mails);
    let is_chosen = chosen.contains(&id);
    let expired = invitation.is_expired.then(|| badge(Tone::Warning, "expired"));
    let label = format!("Choose {}", invitation.email);
    vec![
        view! {
            <label class="check">
                <input type="checkbox" name="invitations[]" value=id checked=is_chosen aria-label=label />
                <span class="break">{breakable(&invitation.email)}</span>
            </label>
        }
        .into_any(),
        attached(invitation.attached),
        view! {
            <span class="principal">
                {time(invitation.sent_at)} <span class="muted">{format!("by {}", invitation.invited_by)}</span>
                {mail}
            </span>
        }
        .into_any(),
        view! { <span>{time(invitation.expires_at)} " " {expired}</span> }.into_any(),
    ]
}

/// What became of the mail with its link, and the way to it for who may see it.
fn mail(invitation: &InvitationRow, organization: Option<&str>) -> Option<AnyView> {
    let state = mails::state(invitation.mail?);
    let to = |organization| links::mails(organization, &[("text", Some(&invitation.email))]);
    // The line below a link ends with its word.
    let word = match organization.map(to) {
        Some(path) => view! { <a href=path>"mail"</a> }.into_any(),
        None => "mail".into_any(),
    };
    let said = view! { <span>{word} " " {state}</span> };
    let error = invitation.mail_error.clone().map(|error| view! { <span class="problem">{error}</span> });
    Some(view! { {said} {error} }.into_any())
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

    fn answers(reasons: &[Option<&str>]) -> Vec<ChosenInvitation> {
        let answer = |(number, reason): (usize, &Option<&str>)| ChosenInvitation {
            id: format!("01890a5d-ac96-774b-bcce-b302099a805{number}").parse().unwrap(),
            email: Some("ann@b.c".into()),
            reason: reason.map(str::to_owned),
            retry_after_seconds: None,
        };
        reasons.iter().enumerate().map(answer).collect()
    }

    #[test]
    fn what_could_not_be_done_is_told_with_the_reason() {
        let text = answered(true, answers(&[None, Some("Was accepted already.")])).unwrap();
        assert!(text.starts_with("1 invitation sent again"), "{text}");
        assert!(text.ends_with("Nothing was done with 1 of 2. Was accepted already."), "{text}");
        let text = answered(false, answers(&[None, None])).unwrap();
        assert!(!text.contains("Nothing"), "{text}");
    }

    #[test]
    fn where_nothing_was_done_that_is_an_error() {
        let error = answered(true, answers(&[Some("Was accepted already.")])).unwrap_err();
        assert_eq!(
            (error.status(), error.to_string().as_str()),
            (409, "Nothing was done. Was accepted already.")
        );
    }

    #[test]
    fn what_is_told_has_room_in_a_cookie() {
        let reason = "x".repeat(400);
        let text =
            answered(true, answers(&[[None].as_slice(), &[Some(reason.as_str()); 9]].concat())).unwrap();
        assert!(text.ends_with("And so on, with 5 more."), "{text}");
        // A cookie of 3 KiB in base64.
        assert!(text.len() < 2200, "{}", text.len());
    }

    #[test]
    fn the_form_leads_back_to_the_same_part_of_the_list() {
        let html = choice(&address("o", "a b", Some("x")), &FormState::of(CHOSEN), ().into_any()).to_html();
        assert!(html.contains("action=\"/organizations/o/invitations?text=a%20b&amp;after=x\""), "{html}");
    }
}
