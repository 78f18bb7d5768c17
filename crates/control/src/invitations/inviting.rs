//! Inviting people, one or many: each line is looked at by itself, and the good ones are invited whatever becomes of the
//! others.

mod lines;

use std::time::Duration;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{EventId, InvitationId, OrganizationId},
    inputs::InviteUsers,
    names::EmailAddress,
    principals::SubjectKind,
    timestamps::Timestamp,
    views::InvitedLine,
};
use serde_json::json;
use store::{Tx, access::Target, events::Event, invitations::Invitation};

use super::{
    Letter,
    attached::{Attached, AttachedGrant, Things},
    commit_each, denied, hash, limits,
    limits::Limit,
    new_token, refuse_mailing,
};
use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    permissions, resources,
    standings::{Place, Standing, forbidden},
};
use lines::Line;

pub use lines::INVITED_MAX;

/// Days that an invitation is good for if nobody says otherwise, and at most.
const DAYS: u64 = 7;
const DAYS_MAX: u64 = 30;
/// Groups, and roles and permissions, that come with one invitation, at most.
const ATTACHED_MAX: usize = 20;
/// Open invitations of an organization, at most.
const OPEN_MAX: i64 = 10_000;
/// Names under this domain are nobody's (RFC 2606); application users have such addresses.
const NOWHERE: &str = ".invalid";

/// Invites people by e-mail, with what the actor could also give them directly. Says for each line what became of it.
///
/// # Errors
/// `Invalid` on `emails` (none, too many, or a header that nobody understands), `groups`, `granted`, `resource` or `days`;
/// `Forbidden` when the form would give what the actor cannot give; `StepUp` when it would give anything; `Conflict` when too many are open; `Limited` on `emails`
/// when the organization has mailed too many for today: then nobody is invited; `Denied`; `NotFound`.
pub async fn invite(
    ctx: &Context,
    organization: OrganizationId,
    input: &InviteUsers,
) -> Result<Vec<InvitedLine>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::InviteUsers, Target::Organization(organization)).await?;
        let lines = lines::parse(&input.emails)?;
        // What comes with an invitation is given as surely as by a grant, to whoever reads the mail.
        let is_bare = |line: &Line| line.groups.is_empty() && line.granted.is_empty();
        if !(input.groups.iter().chain(&input.granted).all(|text| text.trim().is_empty())
            && lines.iter().all(is_bare))
        {
            ctx.is_fresh_for(Action::Grant)?;
        }
        let mut write = permit.write(EventType::UserInvited).await?;
        let mut round = Round::begin(ctx, &permit, &mut write, organization, input).await?;
        let form = round.form(&mut write.tx, input).await?;
        if let Some(reason) = round.things.obstacle(ctx, &mut write.tx, &round.actor, &form).await? {
            drop(write);
            permit.refuse(format!("with what the actor cannot give: {reason}")).await?;
            return Err(forbidden(format!("You cannot give this with an invitation. {reason}")).into());
        }
        let open = store::invitations::count_open(&mut write.tx, organization, None).await?;
        if open + i64::try_from(lines.len()).unwrap_or(i64::MAX) > OPEN_MAX {
            let reason =
                format!("An organization has at most {OPEN_MAX} open invitations. Withdraw some first.");
            return Err(Error::conflict(reason).into());
        }
        let limit = limits::of_organization(&mut write.tx, organization, lines.len(), ctx.now()).await?;
        if let Some(limit) = limit {
            drop(write);
            let number = format!("{} people", lines.len());
            return Err(refuse_mailing(&permit, &number, limit.error(Some("emails"))).await?);
        }
        let (mut answers, mut events) = (Vec::new(), Vec::new());
        for line in lines {
            let answer = round.line(&mut write, &form, &line).await?;
            let (reason, retry_after_seconds) = match answer {
                Ok(event) => {
                    events.push(event);
                    (None, None)
                }
                Err(Refusal { reason, retry_after_seconds, is_denied }) => {
                    // As the refusal of one alone is on record.
                    if is_denied {
                        events.push(denied(ctx, &write, &line.email, &reason));
                    }
                    (Some(reason), retry_after_seconds)
                }
            };
            answers.push(InvitedLine { line: line.number, email: line.email, reason, retry_after_seconds });
        }
        commit_each(write, events).await?;
        Ok(answers)
    })
}

/// Why nobody is invited by a line.
struct Refusal {
    reason: String,
    /// When it can be tried again, if only too much was mailed.
    retry_after_seconds: Option<u64>,
    /// Whether a guard or a limit refused what would have been possible otherwise.
    is_denied: bool,
}

impl Refusal {
    /// By a guard.
    const fn denied(reason: String) -> Self {
        Self { reason, retry_after_seconds: None, is_denied: true }
    }
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self { reason, retry_after_seconds: None, is_denied: false }
    }
}

impl From<Limit> for Refusal {
    fn from(limit: Limit) -> Self {
        let retry_after_seconds = Some(limit.retry_after_seconds);
        Self { reason: limit.error(None).to_string(), retry_after_seconds, is_denied: true }
    }
}

/// One invitation of many, under way.
struct Round<'a> {
    ctx: &'a Context,
    organization: OrganizationId,
    organization_name: &'a str,
    actor: Standing,
    things: Things,
    /// What roles and permissions are given on.
    place: Place,
    expires_at: Timestamp,
}

impl<'a> Round<'a> {
    async fn begin(
        ctx: &'a Context,
        permit: &'a Permit,
        write: &mut Write,
        organization: OrganizationId,
        input: &InviteUsers,
    ) -> Result<Self, Failure> {
        let days = parse_days(&input.days)?;
        let target = resources::parse(organization, &input.resource)?;
        let found = ctx.look(&mut write.tx, target).await?;
        // What lies in another organization, or what they may not know of, is not here.
        let found =
            found.filter(|found| found.access.organization_id == organization && found.powers.knows());
        Ok(Self {
            ctx,
            organization,
            organization_name: &permit.access()?.organization_name,
            actor: Standing::of_actor(ctx, &mut write.tx, organization).await?,
            things: Things::new(organization),
            place: Place::of(&found.ok_or(Error::NotFound)?.access),
            expires_at: ctx.now().plus(days),
        })
    }

    /// What comes with every invitation of the form.
    async fn form(&self, tx: &mut Tx, input: &InviteUsers) -> Result<Attached, Failure> {
        let mut groups = Vec::new();
        for text in input.groups.iter().filter(|text| !text.trim().is_empty()) {
            let text = text.trim();
            let group = match text.parse() {
                Ok(id) => store::groups::find(tx, self.organization, id).await?,
                Err(_) => store::groups::find_by_name(tx, self.organization, text).await?,
            };
            // The text is not said again: what an id of another organization gets is what any other gets.
            let unknown = || {
                Error::invalid(
                    "groups",
                    "There is no such group. Choose some of the list, or type their names.",
                )
            };
            groups.push(group.ok_or_else(unknown)?.id);
        }
        let granted = input.granted.iter().filter(|text| !text.trim().is_empty());
        let grants = granted.map(|text| self.grant(text)).collect::<Result<Vec<_>, _>>()?;
        let none = Attached::default();
        let attached = none.and(&Attached { groups, grants });
        for (field, count) in [("groups", attached.groups.len()), ("granted", attached.grants.len())] {
            if count > ATTACHED_MAX {
                let reason = format!("At most {ATTACHED_MAX} come with an invitation; these are {count}.");
                return Err(Error::invalid(field, reason).into());
            }
        }
        Ok(attached)
    }

    fn grant(&self, text: &str) -> Result<AttachedGrant, Error> {
        let granted = permissions::parse_granted(text, self.place.kind())?;
        Ok(AttachedGrant { granted, resource_kind: self.place.kind(), resource_id: self.place.id() })
    }

    /// Invites somebody and gives the event that says so, or why not.
    async fn line(
        &mut self,
        write: &mut Write,
        form: &Attached,
        line: &Line,
    ) -> Result<Result<Event, Refusal>, Failure> {
        let email = match self.check(&mut write.tx, line).await? {
            Ok(email) => email,
            Err(reason) => return Ok(Err(reason.into())),
        };
        let attached = match self.own(&mut write.tx, line).await? {
            Ok(own) => form.and(&own),
            Err(reason) => return Ok(Err(reason.into())),
        };
        if attached.groups.len().max(attached.grants.len()) > ATTACHED_MAX {
            let reason =
                format!("At most {ATTACHED_MAX} groups, roles and permissions come with an invitation.");
            return Ok(Err(reason.into()));
        }
        if attached != *form {
            let obstacle = self.things.obstacle(self.ctx, &mut write.tx, &self.actor, &attached).await?;
            if let Some(reason) = obstacle {
                let reason = format!("You cannot give this with an invitation. {reason}");
                return Ok(Err(Refusal::denied(reason)));
            }
        }
        if let Some(limit) = limits::of_address(&mut write.tx, email.as_str(), self.ctx.now()).await? {
            return Ok(Err(limit.into()));
        }
        self.add(write, &email, &attached).await
    }

    /// Writes an invitation and its mail down, and gives the event that says so.
    async fn add(
        &mut self,
        write: &mut Write,
        email: &EmailAddress,
        attached: &Attached,
    ) -> Result<Result<Event, Refusal>, Failure> {
        let (control, now) = (&self.ctx.control, self.ctx.now());
        let token = new_token(control);
        let invitation = Invitation {
            id: InvitationId::from_uuid(control.new_uuid()),
            organization_id: self.organization,
            email: email.as_str().to_owned(),
            token_hash: hash(&token),
            attached: serde_json::to_string(attached)?,
            invited_by: self.ctx.user()?,
            created_at: now,
            sent_at: now,
            expires_at: self.expires_at,
            outcome: None,
            ended_at: None,
        };
        if !store::invitations::add(&mut write.tx, &invitation).await? {
            let reason = "Is invited already. Send that invitation again instead.".to_owned();
            return Ok(Err(reason.into()));
        }
        let inviter = write.event.actor.clone();
        let letter = Letter {
            organization: self.organization,
            name: self.organization_name,
            inviter: &inviter,
            expires_at: self.expires_at,
        };
        letter.post(control, &mut write.tx, email, &token).await?;
        self.event(write, &invitation, attached).await.map(Ok)
    }

    /// The address of somebody who can be invited, or why they cannot.
    async fn check(&self, tx: &mut Tx, line: &Line) -> Result<Result<EmailAddress, String>, Failure> {
        if let Some(reason) = &line.reason {
            return Ok(Err(reason.clone()));
        }
        let email: EmailAddress = match line.email.parse() {
            Ok(email) => email,
            Err(error) => return Ok(Err(error.0)),
        };
        if email.as_str().ends_with(NOWHERE) {
            return Ok(Err(format!("No mail arrives at addresses that end with {NOWHERE}.")));
        }
        let member = store::memberships::find_member_by_email(tx, self.organization, email.as_str()).await?;
        Ok(match member {
            Some(member) if member.is_active => Err("Belongs to the organization already.".into()),
            Some(_) => Err("Belongs to the organization and is deactivated. Reactivate them instead.".into()),
            None => Ok(email),
        })
    }

    /// What the line itself asks for.
    async fn own(&self, tx: &mut Tx, line: &Line) -> Result<Result<Attached, String>, Failure> {
        let mut own = Attached::default();
        for name in &line.groups {
            match store::groups::find_by_name(tx, self.organization, name).await? {
                Some(group) => own.groups.push(group.id),
                None => return Ok(Err(format!("There is no group named {name}."))),
            }
        }
        for text in &line.granted {
            match self.grant(text) {
                Ok(grant) => own.grants.push(grant),
                Err(error) => return Ok(Err(error.to_string())),
            }
        }
        Ok(Ok(Attached::default().and(&own)))
    }

    async fn event(
        &mut self,
        write: &mut Write,
        invitation: &Invitation,
        attached: &Attached,
    ) -> Result<Event, Failure> {
        let (groups, granted) = self.things.told(self.ctx, &mut write.tx, attached).await?;
        let after = json!({
            "email": invitation.email, "groups": groups, "granted": granted,
            "expires_at": invitation.expires_at.rfc3339(),
        });
        Ok(Event {
            id: EventId::from_uuid(self.ctx.control.new_uuid()),
            subject_kind: Some(SubjectKind::Invitation),
            subject_id: Some(invitation.id.uuid()),
            subject_name: Some(invitation.email.clone()),
            after: Some(after.to_string()),
            text: format!("Invited {}", invitation.email),
            ..write.event.clone()
        })
    }
}

/// Reads how many days an invitation is good for.
fn parse_days(text: &str) -> Result<Duration, Error> {
    let days = match text.trim() {
        "" => Some(DAYS),
        text => text.parse().ok().filter(|days| (1..=DAYS_MAX).contains(days)),
    };
    let days = days.ok_or_else(|| {
        let reason = format!("Enter a whole number of days from 1 to {DAYS_MAX}, or nothing for {DAYS}.");
        Error::invalid("days", reason)
    })?;
    Ok(Duration::from_secs(days * 24 * 3600))
}
