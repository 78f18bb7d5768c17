//! Which organizations the command palette searches. Searches none itself.

use domain::views::OrganizationView;

/// Organizations that are searched at once, at most: each is some queries, at every letter that somebody types. Of the others
/// the organizations themselves are found.
const SEARCHED_MAX: usize = 10;

/// The organizations that are searched, those first that `query` names, and those that are only named themselves: because they
/// are too many, or because their authentication policy turns the person away, which their page says.
pub(super) fn searched(
    organizations: Vec<OrganizationView>,
    query: &str,
) -> (Vec<OrganizationView>, Vec<OrganizationView>) {
    let query = query.to_lowercase();
    let (mut searched, mut others): (Vec<_>, Vec<_>) =
        organizations.into_iter().partition(|organization| organization.powers.is_member);
    searched.sort_by_cached_key(|organization| {
        let name = organization.name.to_lowercase();
        !query.split_whitespace().any(|word| name.contains(word))
    });
    others.extend(searched.split_off(SEARCHED_MAX.min(searched.len())));
    (searched, others)
}

#[cfg(test)]
mod tests {
    use domain::{powers::Powers, principals::ResourceKind};

    use super::*;

    fn organization(name: &str, powers: Powers) -> OrganizationView {
        OrganizationView {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            name: name.into(),
            is_super_admin: false,
            generation: 0,
            powers,
            refused_by: None,
        }
    }

    #[test]
    fn so_many_organizations_are_searched_and_those_first_that_are_named() {
        let none = Powers::none(ResourceKind::Organization);
        let all = || {
            let members = (0..SEARCHED_MAX + 2).map(|number| {
                organization(&format!("Org {number}"), Powers { is_member: true, ..none.clone() })
            });
            members.chain([organization("Shut", none.clone())]).collect::<Vec<_>>()
        };
        let names = |of: Vec<OrganizationView>| of.into_iter().map(|one| one.name).collect::<Vec<_>>();
        let (found, others) = searched(all(), "");
        assert_eq!(names(found), (0..SEARCHED_MAX).map(|number| format!("Org {number}")).collect::<Vec<_>>());
        assert_eq!(names(others), ["Shut", "Org 10", "Org 11"]);
        let (found, others) = searched(all(), "Shop 11");
        assert_eq!((found.len(), found[0].name.as_str()), (SEARCHED_MAX, "Org 11"));
        assert_eq!(names(others), ["Shut", "Org 9", "Org 10"]);
        let (found, others) = searched(all().split_off(SEARCHED_MAX), "");
        assert_eq!((names(found).len(), names(others).len()), (2, 1));
    }
}
