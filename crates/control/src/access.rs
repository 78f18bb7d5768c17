//! The policy: who may do what. One function over what the actor holds; no database, no request.

use std::str::FromStr;

use domain::{
    actions::{Action, Need},
    permissions::{Permission, Role},
};
use store::access::Access;

/// The answer to "may this actor do this here?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allowed,
    /// The actor may not even know that the thing exists.
    Hidden,
    /// The actor may know of it but lacks this permission.
    Missing(Permission),
}

/// Decides. Grants add up; nothing takes away.
#[must_use]
pub fn decide(action: Action, access: &Access) -> Decision {
    let on_project = access.project_id.is_some();
    let knows = access.is_super_admin || !access.granted.is_empty() || (access.is_member && !on_project);
    if !knows {
        return Decision::Hidden;
    }
    match action.need() {
        Need::Nothing | Need::SignIn | Need::Membership => Decision::Allowed,
        Need::Permission(permission) if holds(access, permission) => Decision::Allowed,
        Need::Permission(permission) => Decision::Missing(permission),
        Need::System => Decision::Hidden,
    }
}

/// Whether the actor holds a permission, by whatever path.
#[must_use]
pub fn holds(access: &Access, permission: Permission) -> bool {
    access.is_super_admin
        || access.granted.iter().any(|granted| match Role::from_str(granted) {
            Ok(role) => role.permissions().contains(&permission),
            Err(_) => granted == permission.as_str(),
        })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use domain::ids::{OrganizationId, ProjectId};

    use super::*;

    fn access(granted: &[&str], on_project: bool) -> Access {
        Access {
            organization_id: OrganizationId::from_uuid(uuid::Uuid::from_u128(1)),
            organization_name: "Acme".into(),
            project_id: on_project.then(|| ProjectId::from_uuid(uuid::Uuid::from_u128(2))),
            project_name: on_project.then(|| "shop".to_owned()),
            unit_id: None,
            service_id: None,
            is_member: true,
            is_super_admin: false,
            is_active: true,
            granted: granted.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    #[test]
    fn the_matrix_of_roles_and_actions_is_the_snapshot() {
        let mut text = String::new();
        let mut row = |name: &str, access: &Access| {
            for action in Action::ALL {
                let decision = match decide(*action, access) {
                    Decision::Allowed => "allowed".to_owned(),
                    Decision::Hidden => "hidden".to_owned(),
                    Decision::Missing(permission) => format!("needs {permission}"),
                };
                writeln!(text, "{name:<28} {action:<22} {decision}").unwrap();
            }
        };
        row("super admin", &Access { is_super_admin: true, ..access(&[], true) });
        for role in Role::ALL {
            row(role.as_str(), &access(&[role.as_str()], true));
        }
        row("member, organization", &access(&[], false));
        row("member, project", &access(&[], true));
        row("nobody", &Access { is_member: false, ..access(&[], false) });
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_single_permission_opens_just_itself() {
        for permission in Permission::ALL {
            let access = access(&[permission.as_str()], true);
            for other in Permission::ALL {
                assert_eq!(holds(&access, *other), other == permission, "{permission} {other}");
            }
        }
    }
}
