//! Who is meant by a name: members by address or id, groups by id. Decides nothing.

use domain::{
    errors::Error,
    ids::{GroupId, OrganizationId, UserId},
    names::EmailAddress,
    principals::{PrincipalKind, SubjectKind, UserKind},
    views::Principal,
};
use store::Tx;
use uuid::Uuid;

use crate::errors::Failure;

/// Reads `user:{id}` or `group:{id}`.
pub(crate) fn parse_principal(text: &str) -> Result<(PrincipalKind, Uuid), Error> {
    let parsed =
        text.trim().split_once(':').and_then(|(kind, id)| Some((kind.parse().ok()?, id.parse().ok()?)));
    parsed.ok_or_else(|| Error::invalid("principal", "Name a user or a group: user:ID or group:ID."))
}

/// The member or group of that id or e-mail address, if there is one in the organization.
pub(crate) async fn find_principal(
    tx: &mut Tx,
    organization: OrganizationId,
    text: &str,
) -> Result<Option<Principal>, Failure> {
    let member = match parse_principal(text) {
        Ok((PrincipalKind::Group, id)) => {
            let group = store::groups::find(tx, organization, GroupId::from_uuid(id)).await?;
            return Ok(group.map(|group| Principal {
                kind: PrincipalKind::Group,
                id,
                name: group.name,
                email: None,
                user_kind: None,
            }));
        }
        Ok((PrincipalKind::User, id)) => {
            store::memberships::find_member(tx, organization, UserId::from_uuid(id)).await?
        }
        Err(_) => match text.parse::<EmailAddress>() {
            Ok(email) => store::memberships::find_member_by_email(tx, organization, email.as_str()).await?,
            Err(_) => None,
        },
    };
    Ok(member.map(|member| Principal {
        kind: PrincipalKind::User,
        id: member.user_id.uuid(),
        name: member.name,
        email: (member.kind == UserKind::Person).then_some(member.email),
        user_kind: Some(member.kind),
    }))
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

/// The id of whoever is named: somebody who is gone may still be asked for by id.
pub(super) async fn id_of(tx: &mut Tx, organization: OrganizationId, text: &str) -> Result<Uuid, Failure> {
    if let Ok((_, id)) = parse_principal(text) {
        return Ok(id);
    }
    let found = find_principal(tx, organization, text).await?;
    let reason = "Nobody of that name belongs to the organization. Enter the e-mail address of a member.";
    Ok(found.ok_or_else(|| Error::invalid("principal", reason))?.id)
}
