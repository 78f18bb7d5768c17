//! Invitations into an organization, as those see them who invite.

use control::invitations;
use domain::{
    actions::Action,
    errors::Error,
    inputs,
    views::{InvitationRow, InvitedLine, Page},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    answers::Listed,
    calls::{Call, Json, lines},
    operations::{AFTER, Operation, Parameter},
    token_bodies::number,
};

const INVITATIONS: &str = "/v1/organizations/{organization}/invitations";
const INVITATION: &str = "/v1/organizations/{organization}/invitations/{invitation}";
const RESEND: &str = "/v1/organizations/{organization}/invitations/{invitation}/resend";
const TEXT: Parameter = Parameter { name: "text", description: "Part of the e-mail address." };

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(INVITATIONS, "listInvitations", Action::ListInvitations, list)
            .about("Lists the open invitations.")
            .with_query(&[TEXT, AFTER]),
        Operation::post(INVITATIONS, "inviteUsers", Action::InviteUsers, invite).about(
            "Invites people. Those who cannot be invited are named, and the others are invited all the same.",
        ),
        Operation::delete(INVITATION, "withdrawInvitation", Action::WithdrawInvitation, withdraw)
            .about("Takes an invitation back."),
        Operation::post(RESEND, "resendInvitation", Action::InviteUsers, resend)
            .about("Sends an invitation again; the link before it ends."),
    ]
}

impl Listed for InvitationRow {
    const PLURAL: &'static str = "invitations";
}

/// Who is to be invited, and to what.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InviteUsers {
    /// Their e-mail addresses.
    #[schemars(example = ["ann@example.org"])]
    emails: Vec<String>,
    /// Ids of groups to be put into.
    #[serde(default)]
    groups: Vec<String>,
    /// Roles and permissions to be given.
    #[serde(default)]
    #[schemars(example = ["developer"])]
    granted: Vec<String>,
    /// On what they are given: `organization`, `unit:ID` or `project:NAME`; the organization if it is not there.
    #[serde(default)]
    #[schemars(example = &"project:shop")]
    resource: String,
    /// Days until it expires; null for 7.
    #[serde(default)]
    days: Option<i64>,
}

/// What became of an invitation of many.
#[derive(Serialize, JsonSchema)]
struct InvitedUsers {
    /// One for each address.
    lines: Vec<InvitedLine>,
}

async fn list(call: Call) -> Result<Page<InvitationRow>, Error> {
    invitations::list(&call.ctx, call.id("organization")?, call.query("text"), call.after()).await
}

async fn invite(call: Call<Json<InviteUsers>>) -> Result<Json<InvitedUsers>, Error> {
    let organization = call.id("organization")?;
    let Json(body) = call.body;
    let input = inputs::InviteUsers {
        emails: addresses(&body.emails)?,
        groups: body.groups,
        granted: body.granted,
        resource: body.resource,
        days: number(body.days),
    };
    let lines = invitations::invite(&call.ctx, organization, &input).await?;
    Ok(Json(InvitedUsers { lines }))
}

/// The addresses as the form has them, where a first line that names a column would be no address.
fn addresses(emails: &[String]) -> Result<String, Error> {
    let is_column = |text: &&String| {
        let word = text.trim_start_matches('\u{feff}').trim().trim_matches('"');
        ["email", "e-mail"].iter().any(|column| word.eq_ignore_ascii_case(column))
    };
    match emails.iter().find(is_column) {
        Some(word) => {
            let reason =
                format!("“{word}” is no e-mail address. Give the addresses alone, without a header.");
            Err(Error::invalid("emails", reason))
        }
        None => lines("emails", emails),
    }
}

async fn withdraw(call: Call) -> Result<(), Error> {
    invitations::withdraw(&call.ctx, call.id("organization")?, call.id("invitation")?).await
}

async fn resend(call: Call) -> Result<(), Error> {
    invitations::resend(&call.ctx, call.id("organization")?, call.id("invitation")?).await
}
