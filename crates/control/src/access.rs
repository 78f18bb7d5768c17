//! From what the database holds of an actor to their powers, and who may act on whom. No database, no request; the policy
//! itself is [`Powers::decide`].

use domain::{permissions::Granted, powers::Powers, principals::ResourceKind};
use store::access::Access;

/// The powers that follow from what was found. What this program does not know of gives nothing.
#[must_use]
pub fn powers(access: &Access, scopes: Option<&[Granted]>) -> Powers {
    let place = match (access.project_id, access.unit_id) {
        (Some(_), _) => ResourceKind::Project,
        (None, Some(_)) => ResourceKind::Unit,
        (None, None) => ResourceKind::Organization,
    };
    Powers {
        place,
        is_member: access.is_member,
        is_super_admin: access.is_super_admin,
        granted: access.granted.iter().filter_map(|text| text.parse().ok()).collect(),
        scopes: scopes.map(<[Granted]>::to_vec),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use domain::{
        actions::Action,
        permissions::{Permission, Role},
        powers::{Decision, Lack},
    };

    use super::*;

    fn powers(granted: &[Granted], place: ResourceKind) -> Powers {
        Powers { place, is_member: true, is_super_admin: false, granted: granted.to_vec(), scopes: None }
    }

    /// Everybody there can be, with the place they are looked at in.
    fn everybody() -> Vec<(String, Powers)> {
        let mut all = Vec::new();
        for place in ResourceKind::ALL.iter().copied() {
            let mut add = |name: &str, powers: Powers| all.push((format!("{name}, {place}"), powers));
            add("super admin", Powers { is_super_admin: true, ..powers(&[], place) });
            // What is held above counts here, so everything can.
            for granted in Granted::all() {
                add(granted.as_str(), powers(&[granted], place));
            }
            add("member", powers(&[], place));
            let deactivated = Powers { is_member: false, ..powers(&[Granted::Role(Role::Admin)], place) };
            add("deactivated project admin", deactivated);
            let scopes = Some(vec![Granted::Permission(Permission::ProjectServicesRead)]);
            let token = Powers { is_super_admin: true, scopes, ..powers(&[], place) };
            add("super admin's token for project:services:read", token);
            add("stranger", Powers::none(place));
        }
        all
    }

    #[test]
    fn role_action_matrix() {
        let mut text = String::new();
        for (name, powers) in everybody() {
            writeln!(text, "{name}").unwrap();
            for action in Action::ALL {
                let decision = match powers.decide(*action) {
                    Decision::Allowed => "allowed".to_owned(),
                    Decision::Hidden => "hidden".to_owned(),
                    Decision::Missing(lack) => format!("needs {}", lack.as_str()),
                };
                writeln!(text, "    {:<34} {decision}", action.as_str()).unwrap();
            }
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("role_action_matrix", text);
        });
    }

    #[test]
    fn a_single_permission_opens_just_itself() {
        for permission in Permission::ALL {
            let powers = powers(&[Granted::Permission(*permission)], ResourceKind::Project);
            assert_eq!(powers.permissions(), [*permission]);
            assert!(!powers.administers() && !powers.acts_as_super_admin());
        }
    }

    #[test]
    fn a_scope_takes_away_and_never_gives() {
        for (name, own) in everybody().into_iter().filter(|(_, own)| own.scopes.is_none()) {
            for scope in Granted::all() {
                let scoped = Powers { scopes: Some(vec![scope]), ..own.clone() };
                assert!(own.cover(&scoped), "{name} {scope}");
                let beyond = scoped.permissions().into_iter().find(|permission| !scope.opens(*permission));
                assert_eq!(beyond, None, "{name} {scope}");
                assert!(!scoped.administers() || scope.administers(own.place), "{name} {scope}");
                assert!(!scoped.acts_as_super_admin(), "{name} {scope}");
            }
            let nothing = Powers { scopes: Some(Vec::new()), ..own };
            assert_eq!(nothing.permissions(), [], "{name}");
        }
    }

    #[test]
    fn who_covers_whom() {
        let on = |granted: &[Granted]| powers(granted, ResourceKind::Project);
        let admin = on(&[Granted::Role(Role::Admin)]);
        let every_permission: Vec<Granted> =
            Permission::ALL.iter().copied().map(Granted::Permission).collect();
        assert!(admin.cover(&on(&[Granted::Role(Role::Developer), Granted::Role(Role::Operator)])));
        assert!(!on(&[Granted::Role(Role::Operator)]).cover(&on(&[Granted::Role(Role::Developer)])));
        assert!(!on(&every_permission).cover(&admin), "holding everything is not giving it");
        let organization_admin = on(&[Granted::Role(Role::OrganizationAdmin)]);
        let super_admin = Powers { is_super_admin: true, ..on(&[]) };
        assert!(organization_admin.cover(&admin) && !organization_admin.cover(&super_admin));
        assert!(super_admin.cover(&organization_admin) && super_admin.cover(&super_admin));
        assert!(on(&[]).cover(&Powers::none(ResourceKind::Project)));
    }

    #[test]
    fn what_is_missing_is_named() {
        let member = powers(&[], ResourceKind::Organization);
        assert_eq!(
            member.decide(Action::Grant),
            Decision::Missing(Lack::Administration(Role::OrganizationAdmin))
        );
        assert_eq!(member.decide(Action::SetSuperAdmin), Decision::Missing(Lack::SuperAdmin));
        let reader = powers(&[Granted::Role(Role::ReadOnly)], ResourceKind::Project);
        assert_eq!(reader.decide(Action::Grant), Decision::Missing(Lack::Administration(Role::Admin)));
    }

    #[test]
    fn unknown_grants_give_nothing() {
        let id = uuid::Uuid::from_u128(1);
        let access = Access {
            organization_id: domain::ids::OrganizationId::from_uuid(id),
            organization_name: "Acme".into(),
            organization_generation: 0,
            project_id: None,
            project_name: None,
            unit_id: None,
            unit_name: None,
            service_id: None,
            is_member: true,
            is_super_admin: false,
            is_active: true,
            is_break_glass: false,
            policy: None,
            granted: vec!["role:of:tomorrow".into(), "organization:billing:read".into()],
        };
        let powers = super::powers(&access, None);
        assert_eq!(powers.permissions(), [Permission::OrganizationBillingRead]);
        assert_eq!(powers.place, ResourceKind::Organization);
    }
}
