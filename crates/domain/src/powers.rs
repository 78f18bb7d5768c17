//! What somebody can do in one place, and the policy: which action takes what. Pure; the console asks it which buttons to
//! show, `control` asks it before every operation, so the two can never disagree.

use std::{collections::BTreeMap, str::FromStr, sync::LazyLock};

use serde::{Deserialize, Serialize};

use crate::{
    actions::{Action, Need},
    permissions::{Granted, Permission, Role},
    principals::ResourceKind,
    states::UnknownText,
};

/// What an actor holds on a place and on everything above it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Powers {
    /// What the place is.
    pub place: ResourceKind,
    /// Whether the actor belongs to the organization and is not deactivated there. Nobody else holds anything.
    pub is_member: bool,
    /// Whether they are a super admin of it.
    pub is_super_admin: bool,
    /// Roles and permissions, each once.
    pub granted: Vec<Granted>,
    /// What the token that is used is limited to; none means to nothing.
    pub scopes: Option<Vec<Granted>>,
}

/// What can be asked of everybody: who can do that here?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// To do what a permission opens.
    Permission(Permission),
    /// To give and take roles and permissions.
    Administration,
    /// To do everything, as super admin.
    SuperAdmin,
}

impl Ability {
    /// What people read of it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Permission(permission) => permission.label(),
            Self::Administration => "Give and take roles and permissions here",
            Self::SuperAdmin => "Everything, as super admin",
        }
    }

    /// The identifier that it is asked for by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permission(permission) => permission.as_str(),
            Self::Administration => "administration",
            Self::SuperAdmin => "super_admin",
        }
    }

    /// Whether a role or permission gives it on a place of that kind.
    #[must_use]
    pub fn comes_by(self, granted: Granted, place: ResourceKind) -> bool {
        match self {
            Self::Permission(permission) => granted.opens(permission),
            Self::Administration => granted.administers(place),
            Self::SuperAdmin => false,
        }
    }
}

impl FromStr for Ability {
    type Err = UnknownText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let others = [Self::Administration, Self::SuperAdmin];
        match others.into_iter().find(|ability| ability.as_str() == text) {
            Some(ability) => Ok(ability),
            None => text.parse().map(Self::Permission),
        }
    }
}

/// The answer to "may this actor do this here?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allowed,
    /// The actor may not even know that the place exists.
    Hidden,
    /// The actor may know of it but lacks this.
    Missing(Lack),
}

/// What somebody lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A permission.
    Permission(Permission),
    /// A role that administers the place.
    Administration(Role),
    /// To be a super admin.
    SuperAdmin,
    /// To be signed in to the console: a token does not do.
    Session,
    /// A scope of the token: its owner holds what this takes, and the token leaves it out.
    Scope(Granted),
    /// A token without scopes: its owner is a super admin, and no scope says as much.
    Unlimited,
}

impl Lack {
    /// The identifier that people know it by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permission(permission) => permission.as_str(),
            Self::Administration(role) => role.as_str(),
            Self::SuperAdmin => "super admin",
            Self::Session => "session",
            Self::Scope(granted) => SCOPES.get(&granted).map_or("", String::as_str),
            Self::Unlimited => "token without scopes",
        }
    }
}

/// What stands before the identifier of what a token's scopes leave out.
pub(crate) const OF_SCOPE: &str = "scope ";

/// How lacking scopes are known.
static SCOPES: LazyLock<BTreeMap<Granted, String>> =
    LazyLock::new(|| Granted::all().map(|granted| (granted, format!("{OF_SCOPE}{granted}"))).collect());

impl Powers {
    /// Those of somebody who has nothing to do with the place.
    #[must_use]
    pub const fn none(place: ResourceKind) -> Self {
        Self { place, is_member: false, is_super_admin: false, granted: Vec::new(), scopes: None }
    }

    /// Whether the actor holds a permission here, by whatever path. Grants add up; nothing takes away but a token's scope.
    #[must_use]
    pub fn holds(&self, permission: Permission) -> bool {
        let is_held = self.is_super_admin || self.granted.iter().any(|granted| granted.opens(permission));
        self.is_member && is_held && self.is_in_scope(|scope| scope.opens(permission))
    }

    /// Whether the actor may give and take roles and permissions here.
    #[must_use]
    pub fn administers(&self) -> bool {
        let is_held =
            self.is_super_admin || self.granted.iter().any(|granted| granted.administers(self.place));
        self.is_member && is_held && self.is_in_scope(|scope| scope.administers(self.place))
    }

    /// Whether the actor may give and take roles and permissions in every project there: who holds a role on a place holds
    /// it on all below.
    #[must_use]
    pub fn administers_projects(&self) -> bool {
        let below = ResourceKind::Project;
        let is_held = self.is_super_admin || self.granted.iter().any(|granted| granted.administers(below));
        self.is_member && is_held && self.is_in_scope(|scope| scope.administers(below))
    }

    /// Whether the actor acts as super admin: with a token that has no limits, or none.
    #[must_use]
    pub const fn acts_as_super_admin(&self) -> bool {
        self.is_member && self.is_super_admin && self.scopes.is_none()
    }

    /// Every permission held here, in the order of their list.
    #[must_use]
    pub fn permissions(&self) -> Vec<Permission> {
        Permission::ALL.iter().copied().filter(|permission| self.holds(*permission)).collect()
    }

    /// Whether the actor may know that the place exists: every member knows of their organization, of units and projects
    /// those who hold anything about projects there, and of units those who see who holds what.
    #[must_use]
    pub fn knows(&self) -> bool {
        match self.place {
            ResourceKind::Organization => self.is_member,
            ResourceKind::Unit if self.holds(Permission::OrganizationPermissionsRead) => true,
            ResourceKind::Unit | ResourceKind::Project => Permission::ALL
                .iter()
                .any(|permission| permission.opens_projects() && self.holds(*permission)),
        }
    }

    /// Whether everything that `other` can do at this place and below it can be done with these powers, too.
    #[must_use]
    pub fn cover(&self, other: &Self) -> bool {
        let permissions =
            Permission::ALL.iter().all(|permission| self.holds(*permission) || !other.holds(*permission));
        permissions
            && (self.administers() || !other.administers())
            && (self.administers_projects() || !other.administers_projects())
            && (self.acts_as_super_admin() || !other.acts_as_super_admin())
    }

    /// Whether the action is open here.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        self.decide(action) == Decision::Allowed
    }

    /// Decides.
    #[must_use]
    pub fn decide(&self, action: Action) -> Decision {
        if !self.knows() {
            return Decision::Hidden;
        }
        let lack = match action.need() {
            Need::Nothing | Need::SignIn | Need::Session | Need::Membership => return Decision::Allowed,
            Need::System => return Decision::Hidden,
            Need::Permission(permission) => match self.holds(permission) {
                true => return Decision::Allowed,
                false => Lack::Permission(permission),
            },
            Need::AnyOf(permissions) => match permissions.iter().any(|permission| self.holds(*permission)) {
                true => return Decision::Allowed,
                false => Lack::Permission(permissions[0]),
            },
            Need::Administration => match self.administers() {
                true => return Decision::Allowed,
                false => Lack::Administration(self.administrator()),
            },
            Need::SuperAdmin => match self.acts_as_super_admin() {
                true => return Decision::Allowed,
                false => Lack::SuperAdmin,
            },
        };
        Decision::Missing(self.of_token(lack, action))
    }

    /// The same lack as that of the token, if its owner could do it.
    fn of_token(&self, lack: Lack, action: Action) -> Lack {
        let owner = Self { scopes: None, ..self.clone() };
        if self.scopes.is_none() || !owner.may(action) {
            return lack;
        }
        match lack {
            Lack::Permission(permission) => Lack::Scope(Granted::Permission(permission)),
            Lack::Administration(role) => Lack::Scope(Granted::Role(role)),
            Lack::SuperAdmin => Lack::Unlimited,
            other => other,
        }
    }

    /// The role that administers a place of this kind.
    const fn administrator(&self) -> Role {
        match self.place {
            ResourceKind::Organization | ResourceKind::Unit => Role::OrganizationAdmin,
            ResourceKind::Project => Role::Admin,
        }
    }

    fn is_in_scope(&self, opens: impl Fn(Granted) -> bool) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|scope| opens(*scope)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_done_is_what_is_allowed_and_not_what_is_merely_known() {
        let member = Powers { is_member: true, ..Powers::none(ResourceKind::Organization) };
        assert!(member.may(Action::ViewOrganization));
        assert!(!member.may(Action::Grant), "{:?}", member.decide(Action::Grant));
        assert!(!Powers::none(ResourceKind::Organization).may(Action::ViewOrganization));
    }

    #[test]
    fn abilities_are_asked_for_by_their_identifiers() {
        let permission = Permission::OrganizationBillingRead;
        for (text, ability, label) in [
            (permission.as_str(), Ability::Permission(permission), permission.label()),
            ("administration", Ability::Administration, "Give and take roles and permissions here"),
            ("super_admin", Ability::SuperAdmin, "Everything, as super admin"),
        ] {
            assert_eq!(text.parse(), Ok(ability));
            assert_eq!((ability.as_str(), ability.label()), (text, label));
        }
        assert!("everything".parse::<Ability>().is_err());
    }

    #[test]
    fn what_the_token_leaves_out_is_told_from_what_its_owner_lacks() {
        let (read, admin) =
            (Granted::Permission(Permission::ProjectServicesRead), Granted::Role(Role::Admin));
        let powers = |granted: Granted, is_super_admin, scopes: Option<Granted>| Powers {
            is_member: true,
            is_super_admin,
            granted: vec![granted],
            scopes: scopes.map(|scope| vec![scope]),
            ..Powers::none(ResourceKind::Project)
        };
        let (write, give) = (Action::CreateService, Action::Grant);
        let needed = Granted::Permission(Permission::ProjectServicesWrite);
        let limited = powers(admin, false, Some(read));
        assert_eq!(limited.decide(write), Decision::Missing(Lack::Scope(needed)));
        assert_eq!(limited.decide(give), Decision::Missing(Lack::Scope(admin)));
        let lack = Decision::Missing(Lack::Permission(Permission::ProjectServicesWrite));
        assert_eq!(powers(read, false, Some(admin)).decide(write), lack, "its owner lacks it");
        assert_eq!(powers(read, false, None).decide(write), lack);
        let renaming =
            |is_super_admin, scopes| powers(admin, is_super_admin, scopes).decide(Action::RenameOrganization);
        assert_eq!(renaming(true, Some(admin)), Decision::Missing(Lack::Unlimited));
        assert_eq!(renaming(false, Some(admin)), Decision::Missing(Lack::SuperAdmin));
        assert_eq!(Lack::Scope(needed).as_str(), "scope project:services:write");
    }

    #[test]
    fn an_ability_comes_by_what_gives_it() {
        let (role, unit, project) = (Granted::Role(Role::Admin), ResourceKind::Unit, ResourceKind::Project);
        assert!(Ability::Administration.comes_by(role, project));
        assert!(!Ability::Administration.comes_by(role, unit));
        assert!(Ability::Permission(Permission::ProjectServicesRead).comes_by(role, unit));
        assert!(!Ability::Permission(Permission::OrganizationBillingRead).comes_by(role, unit));
        assert!(!Ability::SuperAdmin.comes_by(Granted::Role(Role::OrganizationAdmin), project));
    }
}
