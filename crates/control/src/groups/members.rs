//! Who is in a group: looked at, added, taken out, and what that would do to them. What the group holds is not changed
//! here.

use std::collections::BTreeSet;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{GroupId, OrganizationId, UserId},
    names::EmailAddress,
    principals::{PrincipalKind, SubjectKind, UserKind},
    views::{AdditionEffects, Effects, GroupMemberRow, Page},
};
use serde_json::{Value, json};
use store::{Tx, access::Target, group_members::GroupMember, groups::Group, memberships::Member};

use super::{find, giving_obstacle, protections, taking_obstacle, with};
use crate::{
    Context,
    effects::{self, Change},
    errors::{Failure, attempt},
    pages,
    permissions::{self, TOLD_MAX},
    scim,
    standings::{Standing, guarded},
};

/// Most people and application users that are added at once.
pub const MEMBERS_MAX: usize = 200;
/// Names that are wrong and are told at once, at most.
const WRONG_TOLD_MAX: usize = 20;
/// Names that the sentence of an event spells out; all of them are in what it holds.
const NAMES_TOLD_MAX: usize = 3;

/// One page of those in a group by e-mail address, after the one of the address `after`: those whose address or name
/// holds the text.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn members(
    ctx: &Context,
    organization: OrganizationId,
    id: GroupId,
    text: &str,
    after: Option<&str>,
) -> Result<Page<GroupMemberRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListGroups, Target::Organization(organization)).await?;
        let text = pages::search(text);
        let mut tx = permit.read().await?;
        find(&mut tx, organization, id).await?;
        let total = store::group_members::count(&mut tx, id, text).await?;
        let found = store::group_members::list(&mut tx, id, text, after, pages::FETCHED).await?;
        let mut page = pages::page(found, total, |member| member.email.clone(), draw);
        let powers = permit.powers()?;
        // No one is more powerful than a super admin.
        if powers.may(Action::RemoveGroupMember) && !powers.acts_as_super_admin() {
            protections::protect(ctx, &mut tx, organization, &mut page.rows).await?;
        }
        Ok(page)
    })
}

/// Who of these is in the group.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn who_is_in(
    ctx: &Context,
    organization: OrganizationId,
    id: GroupId,
    people: &[UserId],
) -> Result<BTreeSet<UserId>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListGroups, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        find(&mut tx, organization, id).await?;
        let mut present = BTreeSet::new();
        for user in people {
            if store::group_members::contains(&mut tx, id, *user).await? {
                present.insert(*user);
            }
        }
        Ok(present)
    })
}

/// Puts members of the organization into a group: one e-mail address or `user:ID` a line, or with commas between. All of
/// them or none; says how many were not in it before.
///
/// # Errors
/// `Invalid` on `members`, naming the lines; `Forbidden` when the group gives what the actor cannot give; `Denied`;
/// `NotFound`.
pub async fn add_members(
    ctx: &Context,
    organization: OrganizationId,
    id: GroupId,
    members: &str,
) -> Result<i64, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::AddGroupMember, Target::Organization(organization)).await?;
        let named = parse(members)?;
        let mut write = permit.write(EventType::GroupMemberAdded).await?;
        let group = find(&mut write.tx, organization, id).await?;
        scim::refuse_group(&mut write.tx, id).await?;
        let obstacle = giving_obstacle(ctx, &mut write.tx, &group).await?;
        let mut write = guarded(&permit, write, obstacle, &with(&group)).await?;
        let mut added = Vec::new();
        for member in all(&mut write.tx, organization, &named).await? {
            if store::group_members::add(&mut write.tx, id, member.user_id, ctx.now()).await? {
                added.push(called(&member));
            }
        }
        let count = i64::try_from(added.len()).unwrap_or(i64::MAX);
        if added.is_empty() {
            return Ok(count);
        }
        write
            .subject(SubjectKind::Group, id.uuid(), group.name.clone())
            .after(&json!({ "members": added }))?
            .text(format!("Added {} to the group {}", told(&added), group.name));
        write.commit().await?;
        Ok(count)
    })
}

/// What adding them would do, without doing it.
///
/// # Errors
/// As [`add_members`].
pub async fn preview_add(
    ctx: &Context,
    organization: OrganizationId,
    id: GroupId,
    members: &str,
) -> Result<AdditionEffects, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::AddGroupMember, Target::Organization(organization)).await?;
        let named = parse(members)?;
        let mut tx = permit.read().await?;
        let group = find(&mut tx, organization, id).await?;
        scim::refuse_group(&mut tx, id).await?;
        let obstacle = giving_obstacle(ctx, &mut tx, &group).await?;
        let mut tx = guarded(&permit, tx, obstacle, &with(&group)).await?;
        let (mut new, mut present) = (Vec::new(), 0);
        for member in all(&mut tx, organization, &named).await? {
            match store::group_members::contains(&mut tx, id, member.user_id).await? {
                true => present += 1,
                false => new.push((PrincipalKind::User, member.user_id.uuid())),
            }
        }
        let effects = effects::of_all(ctx, &mut tx, organization, &new, &[Change::Join(id)]).await?;
        let added = i64::try_from(new.len()).unwrap_or(i64::MAX);
        Ok(AdditionEffects { effects, added, present })
    })
}

/// Takes somebody out of a group.
///
/// # Errors
/// `Forbidden` when the group, or who is in it, administers what the actor does not; `Denied`; `NotFound`, also when
/// they are not in it any more.
pub async fn remove_member(
    ctx: &Context,
    organization: OrganizationId,
    id: GroupId,
    user: UserId,
) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::RemoveGroupMember, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::GroupMemberRemoved).await?;
        let (group, member) = find_member(&mut write.tx, organization, id, user).await?;
        scim::refuse_group(&mut write.tx, id).await?;
        let obstacle = removing_obstacle(ctx, &mut write.tx, &group, user).await?;
        let mut write = guarded(&permit, write, obstacle, &out_of(&group, &member)).await?;
        if !store::group_members::remove(&mut write.tx, id, user).await? {
            return Err(Error::NotFound.into());
        }
        let called = called(&member);
        write
            .subject(SubjectKind::Group, id.uuid(), group.name.clone())
            .before(&json!({ "members": [called] }))?
            .text(format!("Removed {called} from the group {}", group.name));
        write.commit().await
    })
}

/// What taking them out would do, without doing it.
///
/// # Errors
/// As [`remove_member`].
pub async fn preview_remove(
    ctx: &Context,
    organization: OrganizationId,
    id: GroupId,
    user: UserId,
) -> Result<Effects, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::RemoveGroupMember, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let (group, member) = find_member(&mut tx, organization, id, user).await?;
        scim::refuse_group(&mut tx, id).await?;
        let obstacle = removing_obstacle(ctx, &mut tx, &group, user).await?;
        let mut tx = guarded(&permit, tx, obstacle, &out_of(&group, &member)).await?;
        let principal = (PrincipalKind::User, user.uuid());
        effects::of(ctx, &mut tx, organization, principal, Change::Leave(id)).await
    })
}

/// Why the actor may not take them out of the group, if so. Everybody may leave what they could take others out of.
async fn removing_obstacle(
    ctx: &Context,
    tx: &mut Tx,
    group: &Group,
    user: UserId,
) -> Result<Option<String>, Failure> {
    if let Some(reason) = taking_obstacle(ctx, tx, group).await? {
        return Ok(Some(reason));
    }
    let actor = Standing::of_actor(ctx, tx, group.organization_id).await?;
    protections::of(ctx, tx, group.organization_id, &actor, user).await
}

/// What the record of a try names.
fn out_of(group: &Group, member: &Member) -> String {
    format!("of {} from the group {}", called(member), group.name)
}

/// A group, and somebody in it.
async fn find_member(
    tx: &mut Tx,
    organization: OrganizationId,
    id: GroupId,
    user: UserId,
) -> Result<(Group, Member), Failure> {
    let group = find(tx, organization, id).await?;
    if !store::group_members::contains(tx, id, user).await? {
        return Err(Error::NotFound.into());
    }
    let member = store::memberships::find_member(tx, organization, user).await?.ok_or(Error::NotFound)?;
    Ok((group, member))
}

/// Somebody as they were named, and on which line.
struct Named<'a> {
    line: usize,
    text: &'a str,
}

fn parse(members: &str) -> Result<Vec<Named<'_>>, Error> {
    let lines = members.lines().zip(1..);
    let named =
        lines.flat_map(|(text, line)| text.split(',').map(move |text| Named { line, text: text.trim() }));
    let named: Vec<_> = named.filter(|named| !named.text.is_empty()).collect();
    match named.len() {
        0 => Err(Error::invalid("members", "Enter the e-mail address of a member, or several, one a line.")),
        count if count > MEMBERS_MAX => {
            let reason =
                format!("At most {MEMBERS_MAX} are added at once; these are {count}. Do it in parts.");
            Err(Error::invalid("members", reason))
        }
        _ => Ok(named),
    }
}

/// The members that are named, each once; what is wrong with any of them is told at once.
async fn all(tx: &mut Tx, organization: OrganizationId, named: &[Named<'_>]) -> Result<Vec<Member>, Failure> {
    let (mut found, mut known) = (Vec::with_capacity(named.len()), BTreeSet::new());
    let mut wrong = Vec::new();
    for Named { line, text } in named {
        match one(tx, organization, text).await? {
            Ok(member) => {
                if known.insert(member.user_id) {
                    found.push(member);
                }
            }
            Err(reason) => wrong.push(format!("Line {line}: {reason}")),
        }
    }
    match wrong.len() {
        0 => Ok(found),
        count => {
            wrong.truncate(WRONG_TOLD_MAX);
            let more = count - wrong.len();
            wrong.extend((more > 0).then(|| format!("And {more} more.")));
            Err(Error::invalid("members", wrong.join(" ")).into())
        }
    }
}

/// The member that is named, or why there is none who can be put into a group.
async fn one(
    tx: &mut Tx,
    organization: OrganizationId,
    text: &str,
) -> Result<Result<Member, String>, Failure> {
    let member = match permissions::parse_principal(text) {
        Ok((PrincipalKind::Group, _)) => {
            return Ok(Err("a group holds people and application users, and no other group.".to_owned()));
        }
        Ok((PrincipalKind::User, id)) => {
            store::memberships::find_member(tx, organization, UserId::from_uuid(id)).await?
        }
        Err(_) => match text.parse::<EmailAddress>() {
            Ok(email) => store::memberships::find_member_by_email(tx, organization, email.as_str()).await?,
            Err(error) => return Ok(Err(format!("“{text}”: {error}"))),
        },
    };
    Ok(match member {
        None => Err(format!("{text} does not belong to the organization. Invite them first.")),
        Some(member) if !member.is_active || !member.is_user_active => {
            Err(format!("{} is deactivated. Reactivate them first.", called(&member)))
        }
        Some(member) => Ok(member),
    })
}

/// What events call a member.
pub(super) fn called(member: &Member) -> String {
    call(member.kind, &member.email, &member.name)
}

fn call(kind: UserKind, email: &str, name: &str) -> String {
    match kind {
        UserKind::Person => email.to_owned(),
        UserKind::Application => format!("{name} (application user)"),
    }
}

/// Puts the first of those who are in a group into what the event of its deletion holds.
pub(super) async fn tell(tx: &mut Tx, id: GroupId, before: &mut Value) -> Result<(), Failure> {
    let total = store::group_members::count(tx, id, None).await?;
    let limit = u32::try_from(TOLD_MAX).unwrap_or(u32::MAX);
    let first = store::group_members::list(tx, id, None, None, limit).await?;
    let first = first.iter().map(|member| call(member.kind, &member.email, &member.name)).collect();
    permissions::tell(before, "members", first, usize::try_from(total).unwrap_or(usize::MAX));
    Ok(())
}

/// The first of these names, and how many more there are.
fn told(names: &[String]) -> String {
    let first = names.iter().take(NAMES_TOLD_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_TOLD_MAX) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn draw(member: GroupMember) -> GroupMemberRow {
    GroupMemberRow {
        user_id: member.user_id,
        email: (member.kind == UserKind::Person).then_some(member.email),
        name: member.name,
        kind: member.kind,
        added_at: member.added_at,
        last_activity_at: member.last_activity_at,
        is_active: member.is_active,
        protection: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_named_by_line_or_comma() {
        let named = parse("a@b.c, d@e.f,,\n\n  user:7  \r\n").unwrap();
        let named: Vec<_> = named.iter().map(|named| (named.line, named.text)).collect();
        assert_eq!(named, [(1, "a@b.c"), (1, "d@e.f"), (3, "user:7")]);
        assert_eq!(parse("a,".repeat(MEMBERS_MAX).as_str()).unwrap().len(), MEMBERS_MAX);
        for bad in [" \n,", "a,".repeat(MEMBERS_MAX + 1).as_str()] {
            assert_eq!(parse(bad).err().unwrap().field(), Some("members"));
        }
    }

    #[test]
    fn long_lists_are_told_in_short() {
        let names: Vec<String> = (1..=5).map(|number| format!("n{number}")).collect();
        assert_eq!(told(&names[..1]), "n1");
        assert_eq!(told(&names[..3]), "n1, n2, n3");
        assert_eq!(told(&names), "n1, n2, n3 and 2 more");
    }
}
