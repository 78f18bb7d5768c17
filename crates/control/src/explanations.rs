//! Why somebody can do something, and who can: every permission with the paths it came by. Reads the same rows as the
//! authorization itself and follows the same policy; decides nothing. By what means somebody gets in at all is said of people alone.

use std::collections::BTreeMap;

use domain::{
    actions::Action,
    errors::Error,
    ids::{GroupId, OrganizationId, UserId},
    permissions::{Granted, Permission},
    powers::{Ability, Powers},
    principals::{PrincipalKind, ResourceKind, UserKind},
    views::{ExplainedPermission, Explanation, HolderRow, PAGE_ROWS_MAX, Page, Path, Principal, Resource},
};
use store::{Tx, access::Target, grants::Held, holders::HolderFilter, memberships::Member};

use crate::{
    Context,
    contexts::Permit,
    errors::{Failure, attempt},
    pages,
    permissions::find_principal,
    policies::kept_out,
    resources,
    standings::{Place, Standing},
};

/// What a member or group can do at a place, and why. Everybody may ask about themselves where they know the place. Who
/// does not see the organization's people is told of those alone who hold something there.
///
/// # Errors
/// `Invalid` on `principal` or `resource`; `Denied`; `NotFound`.
pub async fn explain(
    ctx: &Context,
    organization: OrganizationId,
    principal: &str,
    resource: &str,
) -> Result<Explanation, Error> {
    attempt!(ctx, {
        let target = resources::parse(organization, resource)?;
        let own = format!("user:{}", ctx.user()?);
        let principal = if principal.is_empty() { own.as_str() } else { principal };
        let permit = match principal == own {
            true => resources::authorize(ctx, Action::ViewOwnPermissions, organization, target).await?,
            false => authorize(ctx, organization, target).await?,
        };
        let mut tx = permit.read().await?;
        let place = Place::of(permit.access()?);
        let seen = Seen::by(ctx, &mut tx, organization).await?;
        let found =
            find_principal(ctx, &mut tx, organization, principal).await?.ok_or_else(|| seen.nobody())?;
        let (standing, obstacle) = standing(ctx, &mut tx, organization, &found).await?;
        let obstacle = match obstacle {
            None => kept_out::among(&mut tx, permit.access()?, &[found.id]).await?.into_values().next(),
            obstacle => obstacle,
        };
        // Who does not see the organization's permissions is told of what counts in the project, and of nothing else.
        let counts = |permission: Permission| {
            principal == own || seen.may(Action::ViewPermissions) || permission.opens_projects()
        };
        let is_held = |held: &Held| held.granted.parse().is_ok_and(|granted| opens_any(granted, &counts));
        let holds =
            standing.counting(place).any(is_held) || standing.at(place).permissions().into_iter().any(counts);
        if principal != own && !holds && !seen.holds(&found) {
            return Err(seen.nobody().into());
        }
        let (kind, id, now) = (found.kind, found.id, ctx.now());
        let mut ended = store::grants::ended(&mut tx, organization, kind, id, now).await?;
        ended.sort_by_key(|held| std::cmp::Reverse(held.expires_at));
        let ended = ended.iter().filter(|held| is_held(held) && place.counts(held)).filter_map(path);
        let mut told =
            draw(organization, found, resources::name(permit.access()?), obstacle, &standing, place);
        told.permissions.retain(|explained| counts(explained.permission));
        told.ended = ended.collect();
        Ok(told)
    })
}

/// Whether what is given opens one of those that count.
fn opens_any(granted: Granted, counts: &impl Fn(Permission) -> bool) -> bool {
    Permission::ALL.iter().any(|permission| counts(*permission) && granted.opens(*permission))
}

/// One page of those who can do something at a place, by e-mail address, with the paths they came by it: what a permission
/// opens, `administration` (to give and take roles and permissions there), or `super_admin` (everything).
///
/// # Errors
/// `Invalid` on `permission` or `resource`; `Denied`; `NotFound`.
pub async fn holders(
    ctx: &Context,
    organization: OrganizationId,
    permission: &str,
    resource: &str,
    after: Option<&str>,
) -> Result<Page<HolderRow>, Error> {
    attempt!(ctx, {
        let target = resources::parse(organization, resource)?;
        let permit = authorize(ctx, organization, target).await?;
        let ability: Ability = permission.trim().parse().map_err(|_| {
            Error::invalid("permission", format!("“{permission}” is no permission. Choose one of the list."))
        })?;
        let place = Place::of(permit.access()?);
        let openings = openings(|granted| ability.comes_by(granted, place.kind()));
        let filter = HolderFilter {
            organization,
            unit: place.unit,
            project: place.project,
            openings: &openings,
            now: ctx.now(),
        };
        let mut tx = permit.read().await?;
        if let Ability::Permission(permission) = ability
            && !permission.opens_projects()
            && !Seen::by(ctx, &mut tx, organization).await?.may(Action::ViewPermissions)
        {
            let reason = format!("{permission} does not count in a project. Choose one that does.");
            return Err(Error::invalid("permission", reason).into());
        }
        let total = store::holders::count(&mut tx, &filter).await?;
        let found = store::holders::list(&mut tx, &filter, after, pages::FETCHED).await?;
        let mut paths: BTreeMap<UserId, Vec<Path>> = BTreeMap::new();
        for one in store::holders::paths(&mut tx, &filter, after, pages::FETCHED).await? {
            paths.entry(one.user_id).or_default().extend(path(&one.held));
        }
        let users: Vec<_> = found.iter().map(|holder| holder.user_id.uuid()).collect();
        let mut kept_out = kept_out::among(&mut tx, permit.access()?, &users).await?;
        Ok(pages::page(
            found,
            total,
            |holder| holder.email.clone(),
            |holder| {
                let mut paths = paths.remove(&holder.user_id).unwrap_or_default();
                if holder.is_super_admin {
                    paths.insert(0, Path::SuperAdmin);
                }
                HolderRow {
                    user_id: holder.user_id,
                    name: holder.name,
                    email: (holder.kind == UserKind::Person).then_some(holder.email),
                    kind: holder.kind,
                    obstacle: kept_out.remove(&holder.user_id),
                    paths,
                }
            },
        ))
    })
}

/// By which paths a member holds anything in an organization besides what they were given themselves: as super admin, and
/// through groups. The first by age, and how many they are; none for a group, and for who is not there.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn otherwise(
    ctx: &Context,
    organization: OrganizationId,
    principal: &str,
) -> Result<Page<Path>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewPermissions, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let found = find_principal(ctx, &mut tx, organization, principal).await?;
        let Some(found) = found.filter(|found| found.kind == PrincipalKind::User) else {
            return Ok(Page { rows: Vec::new(), next: None, total: 0 });
        };
        let (standing, _) = standing(ctx, &mut tx, organization, &found).await?;
        let is_super_admin = standing.at(Place::organization(organization)).is_super_admin;
        let through = standing.held.iter().filter(|held| held.group_id.is_some()).filter_map(path);
        let mut rows: Vec<Path> =
            is_super_admin.then_some(Path::SuperAdmin).into_iter().chain(through).collect();
        let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        rows.truncate(PAGE_ROWS_MAX as usize);
        Ok(Page { rows, next: None, total })
    })
}

/// Whom of an organization the actor sees, whatever those hold.
struct Seen(Option<Powers>);

impl Seen {
    async fn by(ctx: &Context, tx: &mut Tx, organization: OrganizationId) -> Result<Self, Failure> {
        let found = ctx.look(tx, Target::Organization(organization)).await?;
        Ok(Self(found.map(|found| found.powers)))
    }

    fn may(&self, action: Action) -> bool {
        self.0.as_ref().is_some_and(|powers| powers.may(action))
    }

    fn holds(&self, principal: &Principal) -> bool {
        self.may(match (principal.kind, principal.user_kind) {
            (PrincipalKind::Group, _) => Action::ListGroups,
            (PrincipalKind::User, Some(UserKind::Application)) => Action::ListApplicationUsers,
            (PrincipalKind::User, _) => Action::ListUsers,
        })
    }

    /// What is said of who is not there, and of who is not to be told of: it depends on the actor alone.
    fn nobody(&self) -> Error {
        let reason = match self.may(Action::ListUsers) {
            true => "Nobody of that name belongs to the organization.",
            false => "Nobody of that name holds anything here.",
        };
        Error::invalid("principal", reason)
    }
}

/// Who sees the permissions of the organization sees those of everything in it; a project's readers see those of the
/// project.
async fn authorize(
    ctx: &Context,
    organization: OrganizationId,
    target: Target<'_>,
) -> Result<Permit, Failure> {
    let Target::ProjectName(_) = target else {
        // The place must be there, and the permission is the organization's.
        resources::authorize(ctx, Action::ViewPermissions, organization, Target::Organization(organization))
            .await?;
        return resources::authorize(ctx, Action::ViewPermissions, organization, target).await;
    };
    resources::authorize(ctx, Action::ViewProjectPermissions, organization, target).await
}

async fn standing(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    principal: &Principal,
) -> Result<(Standing, Option<String>), Failure> {
    if principal.kind == PrincipalKind::Group {
        let group = GroupId::from_uuid(principal.id);
        return Ok((Standing::of_group(ctx, tx, organization, group).await?, None));
    }
    let user = UserId::from_uuid(principal.id);
    let member = store::memberships::find_member(tx, organization, user).await?.ok_or(Error::NotFound)?;
    let held = store::grants::held(tx, organization, user, ctx.now()).await?;
    Ok((Standing::of_member(organization, &member, held), obstacle(&member)))
}

fn obstacle(member: &Member) -> Option<String> {
    match (member.is_active, member.is_user_active) {
        (true, true) => None,
        (false, _) => {
            Some("They are deactivated in this organization: nothing of what they hold counts.".into())
        }
        (true, false) => Some("Their account is deactivated: nothing of what they hold counts.".into()),
    }
}

fn draw(
    organization_id: OrganizationId,
    principal: Principal,
    resource: Resource,
    obstacle: Option<String>,
    standing: &Standing,
    place: Place,
) -> Explanation {
    let powers = standing.at(place);
    let paths = |opens: &dyn Fn(Granted) -> bool| -> Vec<Path> {
        let own = powers.is_super_admin.then_some(Path::SuperAdmin);
        let counting = standing.counting(place).filter(|held| held.granted.parse().is_ok_and(opens));
        own.into_iter().chain(counting.filter_map(path)).collect()
    };
    let permissions = powers.permissions().into_iter().map(|permission| ExplainedPermission {
        permission,
        paths: paths(&|granted| granted.opens(permission)),
    });
    let permissions = permissions.collect();
    let administration =
        if powers.administers() { paths(&|granted| granted.administers(place.kind())) } else { Vec::new() };
    let administration_of_projects =
        match place.kind() != ResourceKind::Project && powers.administers_projects() {
            true => paths(&|granted| granted.administers(ResourceKind::Project)),
            false => Vec::new(),
        };
    Explanation {
        organization_id,
        principal,
        resource,
        obstacle,
        permissions,
        administration,
        administration_of_projects,
        ended: Vec::new(),
    }
}

fn path(held: &Held) -> Option<Path> {
    Some(Path::Grant {
        granted: held.granted.parse().ok()?,
        resource_kind: held.resource_kind,
        resource_name: held.resource_name.clone(),
        group_id: held.group_id,
        group_name: held.group_name.clone(),
        expires_at: held.expires_at,
    })
}

/// The identifiers of all that opens something, as the store takes them: a comma before and behind each.
pub(crate) fn openings(opens: impl Fn(Granted) -> bool) -> String {
    let mut text = String::from(",");
    for granted in Granted::all().filter(|granted| opens(*granted)) {
        text.push_str(granted.as_str());
        text.push(',');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_are_between_commas() {
        let text = openings(|granted| granted.opens(Permission::OrganizationBillingRead));
        assert_eq!(text, ",role:organization:admin,organization:billing:read,");
        assert_eq!(openings(|_| false), ",");
    }
}
