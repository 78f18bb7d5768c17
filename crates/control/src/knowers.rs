//! Which projects an actor may know of, in the form that the store's lists take it. Follows from `Powers`; decides nothing
//! of its own.

use domain::{
    ids::UserId,
    permissions::{Granted, Permission},
    powers::Powers,
    principals::ResourceKind,
    timestamps::Timestamp,
};
use store::knowers::Knower;

/// The roles and permissions that let an actor know of projects where they hold them.
pub(crate) struct Openings {
    identifiers: String,
    knows_all: bool,
}

impl Openings {
    /// Of projects themselves. `powers` are those on the organization: of them only the limits of the token count here,
    /// and whether they are a super admin's.
    pub(crate) fn of_projects(powers: &Powers) -> Self {
        Self::by(powers, Permission::opens_projects)
    }

    /// Of the services in projects.
    pub(crate) fn of_services(powers: &Powers) -> Self {
        Self::by(powers, |permission| permission == Permission::ProjectServicesRead)
    }

    fn by(powers: &Powers, is_meant: impl Fn(Permission) -> bool) -> Self {
        let opens = |is_super_admin, granted| {
            let held = Powers { place: ResourceKind::Project, is_super_admin, granted, ..powers.clone() };
            Permission::ALL.iter().any(|permission| is_meant(*permission) && held.holds(*permission))
        };
        let mut identifiers = String::from(",");
        for granted in Granted::all().filter(|granted| opens(false, vec![*granted])) {
            identifiers.push_str(granted.as_str());
            identifiers.push(',');
        }
        Self { identifiers, knows_all: opens(powers.is_super_admin, Vec::new()) }
    }

    /// The actor as the store takes them.
    pub(crate) fn knower(&self, user: UserId, now: Timestamp) -> Knower<'_> {
        Knower { user, now, openings: &self.identifiers, knows_all: self.knows_all }
    }
}

#[cfg(test)]
mod tests {
    use domain::permissions::Role;

    use super::*;

    fn powers(is_super_admin: bool, scopes: Option<Vec<Granted>>) -> Powers {
        Powers {
            place: ResourceKind::Organization,
            is_member: true,
            is_super_admin,
            granted: vec![Granted::Role(Role::Admin)],
            scopes,
        }
    }

    #[test]
    fn what_tells_of_a_project_are_the_roles_and_what_is_about_projects() {
        let openings = Openings::of_projects(&powers(false, None));
        for granted in Granted::all() {
            let is_in = openings.identifiers.contains(&format!(",{granted},"));
            let is_of_organization_alone = granted.as_str().starts_with("organization:")
                && granted != Granted::Permission(Permission::OrganizationProjectsWrite);
            assert_eq!(is_in, !is_of_organization_alone, "{granted}");
        }
        assert!(!openings.knows_all && Openings::of_projects(&powers(true, None)).knows_all);
        assert!(
            !Openings::of_services(&powers(false, None))
                .identifiers
                .contains(",organization:projects:write,")
        );
    }

    #[test]
    fn a_token_s_limits_close_what_they_leave_out() {
        let scope = |permission| Some(vec![Granted::Permission(permission)]);
        let logs = powers(true, scope(Permission::ProjectEventLogsRead));
        assert!(Openings::of_projects(&logs).knows_all && !Openings::of_services(&logs).knows_all);
        let logs = Openings::of_projects(&powers(false, scope(Permission::ProjectEventLogsRead)));
        assert!(
            logs.identifiers.contains(",read_only,") && !logs.identifiers.contains(",role:services:recover,")
        );
        let billing = Openings::of_projects(&powers(true, scope(Permission::OrganizationBillingRead)));
        assert_eq!((billing.identifiers.as_str(), billing.knows_all), (",", false));
    }
}
