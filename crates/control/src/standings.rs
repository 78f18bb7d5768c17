//! What somebody holds in a whole organization, and the guards that follow from it: who may give what, and who may act on
//! whom. Reads what it is about; writes nothing but the record of what a guard forbade.

mod beside;

use std::collections::BTreeSet;

use domain::{
    errors::Error,
    ids::{GroupId, OrganizationId, ProjectId, UnitId, UserId},
    permissions::{Granted, Permission},
    powers::Powers,
    principals::ResourceKind,
    timestamps::Timestamp,
};
use store::{
    Tx,
    access::Access,
    grants::{Described, HELD_MAX, Held},
    memberships::Member,
};
use uuid::Uuid;

use crate::{Context, contexts::Permit, errors::Failure};

/// What is said where more is held than can be looked at.
const CUT: &str = "It holds more than can be looked at. Give roles instead of thousands of single grants.";

/// A place in an organization, with what lies above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The organization.
    pub(crate) organization: OrganizationId,
    /// The unit, if the place is one or lies in one.
    pub(crate) unit: Option<UnitId>,
    /// The project, if the place is one.
    pub(crate) project: Option<ProjectId>,
}

impl Place {
    /// The organization itself.
    pub(crate) const fn organization(organization: OrganizationId) -> Self {
        Self { organization, unit: None, project: None }
    }

    /// The place that was asked for.
    pub(crate) const fn of(access: &Access) -> Self {
        Self { organization: access.organization_id, unit: access.unit_id, project: access.project_id }
    }

    /// What it is.
    pub(crate) const fn kind(&self) -> ResourceKind {
        match (self.project, self.unit) {
            (Some(_), _) => ResourceKind::Project,
            (None, Some(_)) => ResourceKind::Unit,
            (None, None) => ResourceKind::Organization,
        }
    }

    /// Its id.
    pub(crate) fn id(&self) -> Uuid {
        match (self.project, self.unit) {
            (Some(project), _) => project.uuid(),
            (None, Some(unit)) => unit.uuid(),
            (None, None) => self.organization.uuid(),
        }
    }

    /// Whether what this is counts here.
    pub(crate) fn counts(&self, held: &Held) -> bool {
        self.is_under(held.resource_kind, held.resource_id)
    }

    /// Whether what is held on that resource counts here.
    fn is_under(&self, kind: ResourceKind, id: Uuid) -> bool {
        match kind {
            ResourceKind::Organization => id == self.organization.uuid(),
            ResourceKind::Unit => self.unit.is_some_and(|unit| unit.uuid() == id),
            ResourceKind::Project => self.project.is_some_and(|project| project.uuid() == id),
        }
    }
}

/// The place that something is held on.
pub(crate) fn place_of(held: &Held, organization: OrganizationId) -> Place {
    place(organization, held.resource_kind, held.resource_id, held.resource_unit_id)
}

/// The place that a grant is on.
pub(crate) fn place_of_described(row: &Described) -> Place {
    place(row.grant.organization_id, row.grant.resource_kind, row.grant.resource_id, row.resource_unit_id)
}

fn place(
    organization: OrganizationId,
    kind: ResourceKind,
    id: Uuid,
    unit_of_project: Option<UnitId>,
) -> Place {
    let (unit, project) = match kind {
        ResourceKind::Organization => (None, None),
        ResourceKind::Unit => (Some(UnitId::from_uuid(id)), None),
        ResourceKind::Project => (unit_of_project, Some(ProjectId::from_uuid(id))),
    };
    Place { organization, unit, project }
}

/// What somebody holds in an organization, directly and through groups.
#[derive(Clone)]
pub(crate) struct Standing {
    organization: OrganizationId,
    is_member: bool,
    is_super_admin: bool,
    scopes: Option<Vec<Granted>>,
    /// Everything unexpired that they hold.
    pub(crate) held: Vec<Held>,
}

impl Standing {
    /// The standing of a member, without limits by a token. Of who is no member, or deactivated, what they would hold.
    pub(crate) async fn of(
        ctx: &Context,
        tx: &mut Tx,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<Self, Failure> {
        let membership = store::memberships::find(tx, organization, user).await?;
        let held = store::grants::held(tx, organization, user, ctx.now()).await?;
        let is_super_admin = membership.is_some_and(|membership| membership.is_super_admin);
        Ok(Self { organization, is_member: true, is_super_admin, scopes: None, held })
    }

    /// The standing of a member who was read with what they hold.
    pub(crate) fn of_member(organization: OrganizationId, member: &Member, held: Vec<Held>) -> Self {
        let is_member = member.is_active && member.is_user_active;
        Self { organization, is_member, is_super_admin: member.is_super_admin, scopes: None, held }
    }

    /// What it is once they are made a super admin, or none any more.
    pub(crate) fn set_super_admin(&mut self, is_super_admin: bool) {
        self.is_super_admin = is_super_admin;
    }

    /// What is left of it once they are shut out.
    pub(crate) fn shut_out(&mut self) {
        self.is_member = false;
    }

    /// The standing of the actor, with the limits of the token they use.
    pub(crate) async fn of_actor(
        ctx: &Context,
        tx: &mut Tx,
        organization: OrganizationId,
    ) -> Result<Self, Failure> {
        let user = ctx.user()?;
        let is_member =
            store::memberships::find(tx, organization, user).await?.is_some_and(|found| found.is_active);
        let scopes = ctx.scopes().map(<[Granted]>::to_vec);
        Ok(Self { is_member, scopes, ..Self::of(ctx, tx, organization, user).await? })
    }

    /// What a group gives those who are in it.
    pub(crate) async fn of_group(
        ctx: &Context,
        tx: &mut Tx,
        organization: OrganizationId,
        group: GroupId,
    ) -> Result<Self, Failure> {
        let held = store::grants::held_by_group(tx, group, ctx.now()).await?;
        Ok(Self { organization, is_member: true, is_super_admin: false, scopes: None, held })
    }

    /// What they can do at a place.
    pub(crate) fn at(&self, place: Place) -> Powers {
        let granted: BTreeSet<Granted> =
            self.counting(place).filter_map(|held| held.granted.parse().ok()).collect();
        Powers {
            place: place.kind(),
            is_member: self.is_member,
            is_super_admin: self.is_super_admin,
            granted: granted.into_iter().collect(),
            scopes: self.scopes.clone(),
        }
    }

    /// What of that counts at a place.
    pub(crate) fn counting(&self, place: Place) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(move |held| place.counts(held))
    }

    /// The places that they hold something on, and the organization: what they can do anywhere is what they can do at one
    /// of these or, below it, more of the same.
    pub(crate) fn places(&self) -> BTreeSet<Place> {
        let own = self.held.iter().map(|held| place_of(held, self.organization));
        own.chain([Place::organization(self.organization)]).collect()
    }

    /// Whether everything that `other` can do anywhere, this one can do there, too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        !other.is_cut() && other.places().into_iter().all(|place| self.at(place).cover(&other.at(place)))
    }

    /// What they can do at a place for as long as `until`, or for ever.
    fn lasting(&self, place: Place, until: Option<Timestamp>) -> Powers {
        let lasts = |held: &&Held| match (held.expires_at, until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(end), Some(until)) => end >= until,
        };
        let held = self.held.iter().filter(lasts).cloned().collect();
        Self { held, ..self.without_held() }.at(place)
    }

    fn without_held(&self) -> Self {
        Self { scopes: self.scopes.clone(), held: Vec::new(), ..*self }
    }

    /// Whether this one may give that away: nobody may give what they do not hold, or longer than they hold it, or where
    /// they do not administer.
    pub(crate) fn may_give(&self, grant: &GrantedAt) -> bool {
        gives(&self.lasting(grant.place, grant.until), grant.granted)
    }

    /// Whether this one may take that back: who could give it, for however short a time.
    pub(crate) fn may_take(&self, granted: &str, place: Place) -> bool {
        let powers = self.at(place);
        match granted.parse() {
            Ok(granted) => gives(&powers, granted),
            // What this program does not know of opens nothing that it knows of.
            Err(_) => powers.administers(),
        }
    }

    /// Why this one may not put anybody where all of that is held, if so.
    pub(crate) fn giving_obstacle(&self, group: &Self) -> Option<String> {
        if group.is_cut() {
            return Some(CUT.to_owned());
        }
        let unknown = || "It holds something that this server does not know.".to_owned();
        group.held.iter().find_map(|held| {
            let Ok(granted) = held.granted.parse() else { return Some(unknown()) };
            let place = place_of(held, self.organization);
            let grant = GrantedAt { granted, place, until: held.expires_at };
            (!self.may_give(&grant)).then(|| match self.name(held) {
                Some(name) => {
                    format!("It gives {granted} on the {} {name}, which you cannot give.", held.resource_kind)
                }
                None => format!("It gives something on a {} that you cannot see.", held.resource_kind),
            })
        })
    }

    /// The name of what something is held on, unless this one may not know of it.
    fn name<'a>(&self, held: &'a Held) -> Option<&'a str> {
        self.sees(place_of(held, self.organization)).then_some(held.resource_name.as_str())
    }

    /// Whether this one may know of a place, or sees everything that is held.
    pub(crate) fn sees(&self, place: Place) -> bool {
        let reads = Permission::OrganizationPermissionsRead;
        self.at(place).knows() || self.at(Place::organization(self.organization)).holds(reads)
    }

    /// Why this one may take nothing of it away, if so: who does not hold all that an administrator of a place holds there
    /// decides nothing about them.
    pub(crate) fn taking_obstacle(&self, other: &Self) -> Option<String> {
        if other.is_cut() {
            return Some(CUT.to_owned());
        }
        let beyond = other.places().into_iter().find(|place| {
            let theirs = other.at(*place);
            theirs.administers_projects() && !self.at(*place).cover(&theirs)
        })?;
        if beyond.kind() == ResourceKind::Organization {
            let what = if other.at(beyond).administers() { "the organization" } else { "all projects" };
            return Some(format!("It administers {what}, and you do not."));
        }
        let name =
            other.held.iter().find(|held| held.resource_id == beyond.id()).and_then(|held| self.name(held));
        Some(match name {
            Some(name) => format!("It administers the {} {name}, and you do not.", beyond.kind()),
            None => format!("It administers a {} that you cannot see.", beyond.kind()),
        })
    }

    /// Whether more is held than was read: then nothing is said of the rest, and nothing allowed because of it.
    fn is_cut(&self) -> bool {
        i64::try_from(self.held.len()).is_ok_and(|count| count >= HELD_MAX)
    }

    /// Why this one may not act on the other (deactivate, remove, take out of a group), if so: nobody may act on who is
    /// more powerful than themselves.
    pub(crate) fn acting_obstacle(&self, other: &Self) -> Option<&'static str> {
        if other.is_super_admin && !(self.is_super_admin && self.scopes.is_none()) {
            return Some("Only a super admin may act on a super admin.");
        }
        if self.taking_obstacle(other).is_some() {
            return Some("They administer something that you do not.");
        }
        let is_above = other.covers(self) && !self.covers(other);
        is_above.then_some("They hold everything that you hold, and more.")
    }

    /// Why this one may not take the other's place (make a token for it, reset its password), if so: that would be to hold
    /// what the other holds.
    pub(crate) fn takeover_obstacle(&self, other: &Self) -> Option<&'static str> {
        if !self.covers(other) {
            return Some("It holds something that you do not hold.");
        }
        (!self.outlasts(other)).then_some("It holds something for longer than you hold it.")
    }

    /// Whether this one holds everything that `other` holds for as long as they do.
    fn outlasts(&self, other: &Self) -> bool {
        other.held.iter().all(|held| {
            let place = place_of(held, self.organization);
            let one = Self { held: vec![held.clone()], ..other.without_held() };
            self.lasting(place, held.expires_at).cover(&one.at(place))
        })
    }
}

/// One role or permission at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GrantedAt {
    /// What.
    pub(crate) granted: Granted,
    /// Where.
    pub(crate) place: Place,
    /// When it ends.
    pub(crate) until: Option<Timestamp>,
}

/// Whether with these powers that can be given and taken at their place.
fn gives(powers: &Powers, granted: Granted) -> bool {
    let given = Powers {
        place: powers.place,
        is_member: true,
        is_super_admin: false,
        granted: vec![granted],
        scopes: None,
    };
    powers.administers() && powers.cover(&given)
}

/// Why the actor may not act on somebody else, if so.
pub(crate) async fn acting_obstacle(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<&'static str>, Failure> {
    let actor = Standing::of_actor(ctx, tx, organization).await?;
    let other = Standing::of(ctx, tx, organization, user).await?;
    Ok(actor.acting_obstacle(&other))
}

/// Goes on with a transaction, unless a guard has an obstacle: then the transaction is over, and the try is on record, which
/// was `of` somebody or something.
pub(crate) async fn guarded<T>(
    permit: &Permit,
    tx: T,
    obstacle: Option<impl Into<String>>,
    of: &str,
) -> Result<T, Failure> {
    let Some(reason) = obstacle.map(Into::into) else { return Ok(tx) };
    drop(tx);
    permit.refuse(format!("{of}: {reason}")).await?;
    Err(forbidden(reason).into())
}

/// The error for what a guard forbids.
pub(crate) fn forbidden(reason: impl Into<String>) -> Error {
    Error::Forbidden { reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use domain::{
        ids::GrantId,
        permissions::Role,
        principals::{PrincipalKind, UserKind},
    };

    use super::*;

    const ONE: OrganizationId = OrganizationId::from_uuid(Uuid::from_u128(1));
    const UNIT: UnitId = UnitId::from_uuid(Uuid::from_u128(2));
    const PROJECT: ProjectId = ProjectId::from_uuid(Uuid::from_u128(3));
    const IN_UNIT: Place = Place { organization: ONE, unit: Some(UNIT), project: Some(PROJECT) };
    const ON_UNIT: Place = Place { organization: ONE, unit: Some(UNIT), project: None };
    const ON_ALL: Place = Place::organization(ONE);
    const ADMIN: &str = "role:organization:admin";

    fn held(granted: &str, place: Place, expires_at: Option<i64>) -> Held {
        Held {
            id: GrantId::from_uuid(Uuid::from_u128(9)),
            organization_id: ONE,
            principal_kind: PrincipalKind::User,
            principal_id: Uuid::from_u128(8),
            granted: granted.to_owned(),
            resource_kind: place.kind(),
            resource_id: place.id(),
            created_at: Timestamp::from_micros(0),
            expires_at: expires_at.map(Timestamp::from_micros),
            created_by: String::new(),
            group_id: None,
            group_name: None,
            resource_name: format!("the {}", place.kind()),
            resource_unit_id: place.project.and(place.unit),
        }
    }

    fn standing(held: Vec<Held>) -> Standing {
        Standing { organization: ONE, is_member: true, is_super_admin: false, scopes: None, held }
    }

    fn of(granted: &str, place: Place) -> Standing {
        standing(vec![held(granted, place, None)])
    }

    fn super_admin() -> Standing {
        Standing { is_super_admin: true, ..standing(Vec::new()) }
    }

    #[test]
    fn who_is_shut_out_can_nothing() {
        let mut admin = of(ADMIN, ON_ALL);
        assert!(admin.at(ON_ALL).administers());
        admin.shut_out();
        assert!(!admin.at(ON_ALL).administers() && !admin.covers(&of("operator", IN_UNIT)));
    }

    #[test]
    fn who_is_deactivated_anywhere_can_nothing() {
        let member = Member {
            user_id: UserId::from_uuid(Uuid::from_u128(8)),
            email: "ben@example.org".into(),
            name: "Ben".into(),
            kind: UserKind::Person,
            description: String::new(),
            job_title: String::new(),
            department: String::new(),
            city: String::new(),
            country: String::new(),
            is_super_admin: false,
            is_active: true,
            is_user_active: true,
            joined_at: Timestamp::from_micros(0),
            last_activity_at: None,
            generation: 0,
            has_second_factor: false,
            is_factor_reset_waiting: false,
            is_managed: false,
            is_kept_by_scim: false,
        };
        let administers = |is_active, is_user_active| {
            let member = Member { is_active, is_user_active, ..member.clone() };
            Standing::of_member(ONE, &member, vec![held(ADMIN, ON_ALL, None)]).at(ON_ALL).administers()
        };
        let all = [(true, true), (true, false), (false, true), (false, false)];
        assert_eq!(all.map(|(one, other)| administers(one, other)), [true, false, false, false]);
        let mut raised = Standing::of_member(ONE, &member, Vec::new());
        for is_super_admin in [true, false] {
            raised.set_super_admin(is_super_admin);
            assert_eq!(raised.at(ON_ALL).acts_as_super_admin(), is_super_admin);
        }
    }

    #[test]
    fn covering_is_to_hold_as_much_everywhere() {
        let (above, below, beside) =
            (of("operator", ON_UNIT), of("operator", IN_UNIT), of("developer", IN_UNIT));
        assert!(above.covers(&below) && !below.covers(&above) && above.covers(&above));
        assert!(!above.covers(&beside), "in one of two places it is more");
        assert!(of(ADMIN, ON_ALL).covers(&beside) && super_admin().covers(&of(ADMIN, ON_ALL)));
        assert!(!of(ADMIN, ON_ALL).covers(&super_admin()));
        assert!(below.covers(&standing(Vec::new())));
        // Every permission by itself is not the role, which gives and takes in all projects below.
        let each = Permission::ALL.iter().map(|permission| held(permission.as_str(), ON_UNIT, None));
        let all = standing(each.collect());
        assert!(of(ADMIN, ON_UNIT).covers(&all) && !all.covers(&of("admin", ON_UNIT)));
        assert!(all.takeover_obstacle(&of("admin", ON_UNIT)).is_some());
    }

    #[test]
    fn what_is_too_much_to_look_at_is_covered_by_nobody() {
        let many = usize::try_from(HELD_MAX).unwrap();
        let cut = standing(vec![held("operator", IN_UNIT, None); many]);
        let whole = standing(vec![held("operator", IN_UNIT, None); many - 1]);
        let admin = of(ADMIN, ON_ALL);
        assert!(admin.covers(&whole) && !admin.covers(&cut));
        assert_eq!((admin.giving_obstacle(&whole), admin.taking_obstacle(&whole)), (None, None));
        assert_eq!(admin.giving_obstacle(&cut).as_deref(), Some(CUT));
        assert_eq!(admin.taking_obstacle(&cut).as_deref(), Some(CUT));
    }

    #[test]
    fn taking_takes_administration_and_all_of_it() {
        let admin = of(ADMIN, ON_ALL);
        assert!(admin.may_take("operator", IN_UNIT) && admin.may_take(ADMIN, ON_ALL));
        assert!(!of("operator", ON_ALL).may_take("operator", IN_UNIT), "does not administer");
        assert!(!of("admin", IN_UNIT).may_take("operator", ON_UNIT), "nor above");
        // It administers the project, but does not hold what it would take.
        assert!(!of("admin", IN_UNIT).may_take(ADMIN, IN_UNIT));
        assert!(admin.may_take("role:of:tomorrow", ON_ALL));
        assert!(!of("operator", ON_ALL).may_take("role:of:tomorrow", ON_ALL));
    }

    #[test]
    fn giving_lasts_no_longer_than_holding() {
        let ends = standing(vec![held(ADMIN, ON_ALL, Some(100))]);
        let give = |until: Option<i64>| {
            let until = until.map(Timestamp::from_micros);
            ends.may_give(&GrantedAt { granted: Granted::Role(Role::Operator), place: IN_UNIT, until })
        };
        assert!(give(Some(99)) && give(Some(100)));
        assert!(!give(Some(101)) && !give(None));
        let fits = standing(vec![held("operator", IN_UNIT, Some(100))]);
        assert_eq!(ends.takeover_obstacle(&fits), None);
        assert!(ends.takeover_obstacle(&standing(vec![held("operator", IN_UNIT, Some(101))])).is_some());
        assert!(ends.takeover_obstacle(&of("operator", IN_UNIT)).is_some());
        assert_eq!(of(ADMIN, ON_ALL).takeover_obstacle(&of("operator", IN_UNIT)), None);
        assert!(of("operator", IN_UNIT).takeover_obstacle(&of("developer", IN_UNIT)).is_some());
    }

    #[test]
    fn obstacles_name_only_what_may_be_known() {
        let give = |actor: &Standing, other: &Standing| actor.giving_obstacle(other).unwrap();
        let reader = of("organization:permissions:read", ON_ALL);
        let stranger = standing(Vec::new());
        let operator = of("operator", IN_UNIT);
        assert_eq!(
            give(&reader, &operator),
            "It gives operator on the project the project, which you cannot give."
        );
        assert_eq!(give(&stranger, &operator), "It gives something on a project that you cannot see.");
        let knower = of("read_only", IN_UNIT);
        assert_eq!(
            give(&knower, &operator),
            "It gives operator on the project the project, which you cannot give."
        );

        let take = |actor: &Standing, other: &Standing| actor.taking_obstacle(other);
        let administers_all = "It administers the organization, and you do not.";
        assert_eq!(take(&stranger, &of(ADMIN, ON_ALL)).as_deref(), Some(administers_all));
        assert_eq!(
            take(&reader, &of("admin", IN_UNIT)).as_deref(),
            Some("It administers the project the project, and you do not.")
        );
        assert_eq!(
            take(&stranger, &of(ADMIN, ON_UNIT)).as_deref(),
            Some("It administers a unit that you cannot see.")
        );
        assert_eq!(take(&of(ADMIN, ON_ALL), &of(ADMIN, ON_ALL)), None);
        assert_eq!(take(&stranger, &operator), None);
        // A project's role on more than a project administers all the projects there.
        assert_eq!(
            take(&operator, &of("admin", ON_ALL)).as_deref(),
            Some("It administers all projects, and you do not.")
        );
        assert!(take(&operator, &of("admin", ON_UNIT)).is_some());
        assert_eq!(take(&of(ADMIN, ON_UNIT), &of("admin", ON_UNIT)), None);
        assert_eq!(take(&of("admin", ON_ALL), &of("admin", ON_UNIT)), None);
    }

    #[test]
    fn nobody_acts_on_who_is_above_them() {
        let admin = of(ADMIN, ON_ALL);
        let on_super_admin = Some("Only a super admin may act on a super admin.");
        assert_eq!(admin.acting_obstacle(&super_admin()), on_super_admin);
        assert_eq!(super_admin().acting_obstacle(&super_admin()), None);
        let by_token = Standing { scopes: Some(Vec::new()), ..super_admin() };
        assert_eq!(by_token.acting_obstacle(&super_admin()), on_super_admin);
        assert!(of("operator", ON_ALL).acting_obstacle(&admin).is_some());
        assert_eq!(admin.acting_obstacle(&admin), None, "equals may");
        // Who holds all of it and more is above, who holds something else is not.
        let (less, more) = (of("read_only", IN_UNIT), of("operator", IN_UNIT));
        assert_eq!(less.acting_obstacle(&more), Some("They hold everything that you hold, and more."));
        assert_eq!(more.acting_obstacle(&less), None);
        assert_eq!(less.acting_obstacle(&of("organization:billing:read", ON_ALL)), None);
    }
}
