//! `/organizations/{organization}/mails/{mail}`: one mail with its text, which may hold a link that lets its reader in: kept
//! out of every cache.

use domain::{
    errors::Error,
    ids::MailId,
    principals::MailState,
    views::{MailRow, MailView},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{api::view_mail, state};
use crate::{
    components::{
        alerts::warning,
        api_call::ApiCalls,
        frame::{Frame, Section, Viewer, head},
        page::page,
        time::{maybe_time, time},
    },
    links, organizations,
};

/// A mail.
#[component]
pub(crate) fn MailPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let organization = organizations::asked(&params)?;
        let id: MailId = params.get("mail").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
        let mail = view_mail(organization, id).await?;
        let (key, id) = (organization.to_string(), id.to_string());
        let values = [("organization", Some(key.as_str())), ("mail", Some(&id))];
        let frame = Frame::in_organization(organization, Section::Mails, mail.row.subject.clone())
            .step("Mails", links::mails(&key, &[]))
            .step(mail.row.subject.clone(), links::mail(&key, &id))
            .calls(ApiCalls::new().get("View the mail", "/api/mails/view", &values));
        Ok(frame.view(viewer, draw(mail)))
    })
}

fn draw(mail: MailView) -> AnyView {
    let MailView { row, body } = mail;
    let text = match (body, row.state) {
        (Some(body), _) => self::text(body.expose()),
        (None, MailState::Sent) => {
            view! { <p class="muted">"It was handed to the mail server. Its text is not kept."</p> }
                .into_any()
        }
        (None, MailState::Kept) => view! {
            <p class="muted">
                "There is no mail server, so it is kept here. Whoever operates this installation can read it, on the \
                 machine with " <code>"redoubt admin mails "{row.id.to_string()}</code>
                ", and hand its link on."
            </p>
        }
        .into_any(),
        (None, _) => {
            view! { <p class="muted">"Its text is shown to nobody: it goes to its reader."</p> }.into_any()
        }
    };
    let error = row.error.clone().map(|error| warning(format!("The last try to send it failed: {error}")));
    view! {
        {head(row.subject.clone(), state(row.state), ())} {error} {facts(&row)}
        <section class="card" aria-labelledby="text">
            <h2 id="text">"Text"</h2>
            {text}
        </section>
    }
    .into_any()
}

fn facts(row: &MailRow) -> AnyView {
    view! {
        <section class="card" aria-label="About it">
            <dl class="facts">
                <div><dt>"To"</dt><dd class="break">{row.recipient.clone()}</dd></div>
                <div><dt>"About"</dt><dd>{row.kind.as_str()}</dd></div>
                <div><dt>"Written"</dt><dd>{time(row.created_at)}</dd></div>
                <div><dt>"Sent"</dt><dd>{maybe_time(row.sent_at)}</dd></div>
            </dl>
        </section>
    }
    .into_any()
}

/// The text with its links as links.
fn text(body: &str) -> AnyView {
    let lines = body
        .lines()
        .map(|line| {
            let address = line.trim();
            let is_link = address.starts_with("https://") || address.starts_with("http://");
            match is_link && !address.contains(' ') {
                true => view! { <a href=address.to_owned()>{address.to_owned()}</a> "\n" }.into_any(),
                false => format!("{line}\n").into_any(),
            }
        })
        .collect_view();
    view! { <div class="mail-text">{lines}</div> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_a_mail_are_links_and_the_rest_is_text() {
        let html =
            text("Hello <b>\n\nhttps://c.example/invitations/x\nhttps://c.example and more\n").to_html();
        assert_eq!(html.matches("<a ").count(), 1, "{html}");
        assert!(html.contains("href=\"https://c.example/invitations/x\""), "{html}");
        assert!(html.contains("Hello &lt;b&gt;\n"), "{html}");
    }
}
