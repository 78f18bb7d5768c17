//! Invitations of people into organizations. Only hashes of their tokens are stored. An invitation is open until it
//! has ended, by whatever outcome; one that has expired is open, too, and can be renewed.

use std::fmt;

use domain::{
    events::EventType,
    ids::{InvitationId, OrganizationId, UnitId, UserId},
    principals::{InvitationOutcome, ResourceKind, UserKind},
    states::Outcome,
    timestamps::Timestamp,
};
use uuid::Uuid;

use crate::{
    Error, Tx,
    patterns::containing,
    queries::{among, execute, fetch_all, fetch_all_among, fetch_one, fetch_optional},
};

/// Invitations of one person that are shown to them at once.
const FOR_EMAIL_MAX: i64 = 100;

/// An invitation.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The organization to join.
    pub organization_id: OrganizationId,
    /// Who is invited.
    pub email: String,
    /// Hash of the token in the link.
    pub token_hash: Vec<u8>,
    /// What comes with the acceptance, JSON.
    pub attached: String,
    /// Who invited them.
    pub invited_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its mail was last written.
    pub sent_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
    /// How it ended.
    pub outcome: Option<InvitationOutcome>,
    /// When.
    pub ended_at: Option<Timestamp>,
}

// The hash belongs in no log.
impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("id", &self.id)
            .field("email", &self.email)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// Who invited.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Inviter {
    /// Their sign-in name.
    #[sqlx(rename = "inviter_email")]
    pub email: String,
    /// What they are called.
    #[sqlx(rename = "inviter_name")]
    pub name: String,
    /// A person or an application user.
    #[sqlx(rename = "inviter_kind")]
    pub kind: UserKind,
}

/// Something that comes with invitations: a group, or what is given on a unit or project.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Attachable {
    /// Its id.
    pub id: Uuid,
    /// What something is given on; none for a group.
    pub resource_kind: Option<ResourceKind>,
    /// Its name.
    pub name: String,
    /// The unit that a project is in.
    pub unit_id: Option<UnitId>,
}

#[derive(sqlx::FromRow)]
struct FromInviter {
    #[sqlx(flatten)]
    invitation: Invitation,
    #[sqlx(flatten)]
    inviter: Inviter,
}

#[derive(sqlx::FromRow)]
struct IntoOrganization {
    #[sqlx(flatten)]
    invitation: Invitation,
    organization_name: String,
}

/// Adds an invitation. False if one into the same organization is open for that address.
pub async fn add(tx: &mut Tx, invitation: &Invitation) -> Result<bool, Error> {
    let text =
        "INSERT INTO invitations (id, organization_id, email, token_hash, attached, invited_by, created_at,
            sent_at, expires_at, outcome, ended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (organization_id, email) WHERE ended_at IS NULL DO NOTHING RETURNING id";
    let row: Option<(InvitationId,)> = fetch_optional!(
        tx,
        text,
        invitation.id,
        invitation.organization_id,
        &invitation.email,
        &invitation.token_hash,
        &invitation.attached,
        invitation.invited_by,
        invitation.created_at,
        invitation.sent_at,
        invitation.expires_at,
        invitation.outcome,
        invitation.ended_at,
    )?;
    Ok(row.is_some())
}

/// The organization's invitation of that id, ended ones included.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: InvitationId,
) -> Result<Option<Invitation>, Error> {
    let text = "SELECT * FROM invitations WHERE id = $1 AND organization_id = $2";
    fetch_optional!(tx, text, id, organization)
}

/// The invitation of that token, ended and expired ones included.
pub async fn find_by_token(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<Invitation>, Error> {
    fetch_optional!(tx, "SELECT * FROM invitations WHERE token_hash = $1", token_hash)
}

/// The organization's open invitations to addresses that hold the text, newest first, from behind the one with time
/// and id `after` on, each with who invited.
pub async fn list_open(
    tx: &mut Tx,
    organization: OrganizationId,
    holding: Option<&str>,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<(Invitation, Inviter)>, Error> {
    let (at, id) = after.unwrap_or((Timestamp::from_micros(i64::MAX), Uuid::max()));
    let text = "SELECT i.*, u.email AS inviter_email, u.name AS inviter_name, u.kind AS inviter_kind
        FROM invitations i JOIN users u ON u.id = i.invited_by
        WHERE i.organization_id = $1 AND i.ended_at IS NULL AND (i.created_at, i.id) < ($2, $3)
            AND LOWER(i.email) LIKE $4 ESCAPE '!'
        ORDER BY i.created_at DESC, i.id DESC LIMIT $5";
    let limit = i64::from(limit);
    let rows: Vec<FromInviter> =
        fetch_all!(tx, text, organization, at, id, &containing(holding.unwrap_or("")), limit)?;
    Ok(rows.into_iter().map(|row| (row.invitation, row.inviter)).collect())
}

/// How many open invitations the organization has to addresses that hold the text.
pub async fn count_open(
    tx: &mut Tx,
    organization: OrganizationId,
    holding: Option<&str>,
) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM invitations
        WHERE organization_id = $1 AND ended_at IS NULL AND LOWER(email) LIKE $2 ESCAPE '!'";
    let (count,): (i64,) = fetch_one!(tx, text, organization, &containing(holding.unwrap_or("")))?;
    Ok(count)
}

/// Gives an open invitation a new token and more time; the old token opens nothing any more. False if it has ended, or
/// there is none.
pub async fn renew(
    tx: &mut Tx,
    id: InvitationId,
    token_hash: &[u8],
    sent_at: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE invitations SET token_hash = $2, sent_at = $3, expires_at = $4
        WHERE id = $1 AND ended_at IS NULL";
    Ok(execute!(tx, text, id, token_hash, sent_at, expires_at)? > 0)
}

/// Ends an invitation. False if it has ended, or there is none.
pub async fn end(
    tx: &mut Tx,
    id: InvitationId,
    outcome: InvitationOutcome,
    at: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE invitations SET outcome = $2, ended_at = $3 WHERE id = $1 AND ended_at IS NULL";
    Ok(execute!(tx, text, id, outcome, at)? > 0)
}

/// The invitations that somebody of that address can accept, newest first, each with the organization's name. The
/// newest few if there are very many.
pub async fn list_open_for_email(
    tx: &mut Tx,
    email: &str,
    now: Timestamp,
) -> Result<Vec<(Invitation, String)>, Error> {
    let text = "SELECT i.*, o.name AS organization_name
        FROM invitations i JOIN organizations o ON o.id = i.organization_id
        WHERE i.email = $1 AND i.ended_at IS NULL AND i.expires_at > $2
        ORDER BY i.created_at DESC, i.id DESC LIMIT $3";
    let rows: Vec<IntoOrganization> = fetch_all!(tx, text, email, now, FOR_EMAIL_MAX)?;
    Ok(rows.into_iter().map(|row| (row.invitation, row.organization_name)).collect())
}

/// The projects, units and groups of the organization $1 among the ids $2.
macro_rules! attachable {
    ($database:ident) => {
        concat!(
            "SELECT p.id, 'project' AS resource_kind, p.name, p.unit_id FROM projects p
                WHERE p.organization_id = $1 AND p.id ",
            among!($database),
            " UNION ALL SELECT u.id, 'unit', u.name, NULL FROM units u WHERE u.organization_id = $1 AND u.id ",
            among!($database),
            " UNION ALL SELECT g.id, NULL, g.name, NULL FROM groups g WHERE g.organization_id = $1 AND g.id ",
            among!($database)
        )
    };
}

/// Which of these ids are groups, units or projects of the organization, in no order.
pub async fn attachable(
    tx: &mut Tx,
    organization: OrganizationId,
    ids: &[Uuid],
) -> Result<Vec<Attachable>, Error> {
    fetch_all_among!(tx, attachable!(sqlite), attachable!(postgres), organization, ids)
}

/// The times of the mails about the invitations that are picked, later than $2, newest first: the events of an invitation
/// tell when it was made and sent again. $3 to $5 are [`MAILED`].
macro_rules! mailed {
    ($picked:literal, $end:literal) => {
        concat!(
            "SELECT e.at FROM invitations i CROSS JOIN events e WHERE ",
            $picked,
            " AND i.sent_at > $2 AND e.subject_id = i.id AND e.event_type IN ($3, $4) AND e.outcome = $5 AND e.at > $2
            ORDER BY e.at DESC ",
            $end
        )
    };
}
const MAILED: (EventType, EventType, Outcome) =
    (EventType::UserInvited, EventType::InvitationResent, Outcome::Done);

/// When invitations, those of all organizations, were mailed to that address after `since`: newest first, at most `limit`.
/// Those of organizations that are gone are forgotten.
pub async fn mailed_to(
    tx: &mut Tx,
    email: &str,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<Timestamp>, Error> {
    let (invited, resent, done) = MAILED;
    let text = mailed!("i.email = $1", "LIMIT $6");
    let rows: Vec<(Timestamp,)> =
        fetch_all!(tx, text, email, since, invited, resent, done, i64::from(limit))?;
    Ok(rows.into_iter().map(|(at,)| at).collect())
}

/// When the organization last mailed an invitation before the newest `newer` of those after `since`; none if there were no
/// more than these.
pub async fn mailed_before(
    tx: &mut Tx,
    organization: OrganizationId,
    since: Timestamp,
    newer: u32,
) -> Result<Option<Timestamp>, Error> {
    let (invited, resent, done) = MAILED;
    let text = mailed!("i.organization_id = $1", "LIMIT 1 OFFSET $6");
    let row: Option<(Timestamp,)> =
        fetch_optional!(tx, text, organization, since, invited, resent, done, i64::from(newer))?;
    Ok(row.map(|(at,)| at))
}
