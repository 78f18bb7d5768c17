//! Who is meant by a name: members by address or id, groups by id, and both groups and application users by name for who
//! may list them. Decides nothing.

use domain::{
    actions::Action,
    errors::Error,
    ids::{GroupId, OrganizationId, UserId},
    names::EmailAddress,
    principals::{PrincipalKind, SubjectKind, UserKind},
    views::Principal,
};
use store::{Tx, access::Target, memberships::Member};
use uuid::Uuid;

use crate::{Context, errors::Failure};

/// What is said of who is not there, and of who may not be found by that name: it depends on nothing.
const NOBODY: &str = "No member, no group and no application user of that name belongs to the organization. Enter the e-mail address of a member, or the name of a group or of an application user.";

/// Reads `user:{id}` or `group:{id}`.
pub(crate) fn parse_principal(text: &str) -> Result<(PrincipalKind, Uuid), Error> {
    let parsed =
        text.trim().split_once(':').and_then(|(kind, id)| Some((kind.parse().ok()?, id.parse().ok()?)));
    parsed.ok_or_else(|| Error::invalid("principal", "Name a user or a group: user:ID or group:ID."))
}

/// The member or group of that id, or the member of that e-mail address, if there is one in the organization. For a text
/// that is neither, the group or the only application user of that name, for who may list them: names are free, and
/// nobody is to take the place of an address that no member has by calling something so.
pub(crate) async fn find_principal(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    text: &str,
) -> Result<Option<Principal>, Failure> {
    let member = match parse_principal(text) {
        Ok((PrincipalKind::Group, id)) => {
            let group = store::groups::find(tx, organization, GroupId::from_uuid(id)).await?;
            return Ok(group.map(|group| group_principal(id, group.name)));
        }
        Ok((PrincipalKind::User, id)) => {
            store::memberships::find_member(tx, organization, UserId::from_uuid(id)).await?
        }
        Err(_) => match text.parse::<EmailAddress>() {
            Ok(email) => store::memberships::find_member_by_email(tx, organization, email.as_str()).await?,
            Err(_) => return find_by_name(ctx, tx, organization, text).await,
        },
    };
    Ok(member.map(member_principal))
}

/// Groups and application users have names, people have addresses.
async fn find_by_name(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    text: &str,
) -> Result<Option<Principal>, Failure> {
    let text = text.trim();
    let Some(found) = ctx.look(tx, Target::Organization(organization)).await? else { return Ok(None) };
    let (group, program) = match text.split_once(':') {
        Some(("group", name)) => (Some(name.trim()), None),
        Some(("user", name)) => (None, Some(name.trim())),
        _ => (Some(text), Some(text)),
    };
    let group = match group.filter(|_| found.powers.may(Action::ListGroups)) {
        Some(name) => store::groups::find_by_name(tx, organization, name).await?,
        None => None,
    };
    let group = group.map(|group| group_principal(group.id.uuid(), group.name));
    // `user:` before an address means a person, too.
    let program = program.filter(|name| name.parse::<EmailAddress>().is_err());
    let Some(name) = program.filter(|_| found.powers.may(Action::ListApplicationUsers)) else {
        return Ok(group);
    };
    // Those of just this name come first. Names are given once, but were not always: nobody is to be mistaken for another.
    let from = Some((name, UserId::from_uuid(Uuid::nil())));
    let named = store::memberships::list_application_users(tx, organization, Some(name), from, 2).await?;
    let named = named.into_iter().filter(|found| found.member.name == name);
    let mut named = group.into_iter().chain(named.map(|found| member_principal(found.member)));
    match (named.next(), named.next()) {
        (only, None) => Ok(only),
        _ => Err(ambiguous(text).into()),
    }
}

/// The error for a name that more than one has.
fn ambiguous(name: &str) -> Error {
    let reason = format!(
        "More than one goes by the name {name}. Choose the one you mean from the list, or enter its id."
    );
    Error::invalid("principal", reason)
}

fn group_principal(id: Uuid, name: String) -> Principal {
    Principal { kind: PrincipalKind::Group, id, name, email: None, user_kind: None, is_active: true }
}

fn member_principal(member: Member) -> Principal {
    Principal {
        kind: PrincipalKind::User,
        id: member.user_id.uuid(),
        name: member.name,
        email: (member.kind == UserKind::Person).then_some(member.email),
        user_kind: Some(member.kind),
        is_active: member.is_active && member.is_user_active,
    }
}

/// The error for a name that nobody has.
pub(super) fn nobody() -> Error {
    Error::invalid("principal", NOBODY)
}

/// What events call a principal.
pub(crate) fn subject(principal: &Principal) -> (SubjectKind, String) {
    match (principal.kind, principal.user_kind) {
        (PrincipalKind::Group, _) => (SubjectKind::Group, principal.name.clone()),
        (PrincipalKind::User, Some(UserKind::Application)) => {
            (SubjectKind::ApplicationUser, principal.name.clone())
        }
        (PrincipalKind::User, _) => {
            (SubjectKind::User, principal.email.clone().unwrap_or_else(|| principal.name.clone()))
        }
    }
}

/// The id of whoever is named: somebody who is gone may still be asked for by id. Who does not see the organization's
/// people gets none for who is not there, as if they held nothing, and so does not find out who belongs to it.
pub(super) async fn id_of(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    text: &str,
) -> Result<Option<Uuid>, Failure> {
    if let Ok((_, id)) = parse_principal(text) {
        return Ok(Some(id));
    }
    if let Some(found) = find_principal(ctx, tx, organization, text).await? {
        return Ok(Some(found.id));
    }
    let seen = ctx.look(tx, Target::Organization(organization)).await?;
    match seen.is_some_and(|found| found.powers.may(Action::ListUsers)) {
        true => Err(nobody().into()),
        false => Ok(None),
    }
}
