//! The way from a name to the page of who it is, for viewers who may open that page; the others see the name.

use domain::{
    actions::Action,
    ids::{GroupId, OrganizationId, UserId},
    powers::Powers,
    principals::{PrincipalKind, ResourceKind, UserKind},
    views::Principal,
};
use leptos::prelude::*;

use crate::{
    components::{effects, frame::Viewer},
    links,
};

/// The people, programs and groups of an organization as the viewer may see them.
pub(crate) struct People {
    organization: String,
    powers: Powers,
}

impl People {
    /// Those of the organization, for the viewer.
    pub(crate) fn of(viewer: &Viewer, organization: OrganizationId) -> Self {
        let powers = viewer.organization(organization).map(|found| found.powers.clone());
        let powers = powers.unwrap_or_else(|| Powers::none(ResourceKind::Organization));
        Self { organization: organization.to_string(), powers }
    }

    /// Those of the organization, for somebody who may look at none of them.
    #[cfg(test)]
    pub(crate) fn nobody(organization: &str) -> Self {
        Self { organization: organization.to_owned(), powers: Powers::none(ResourceKind::Organization) }
    }

    /// Whether the viewer may do that in the organization.
    pub(crate) fn may(&self, action: Action) -> bool {
        self.powers.may(action)
    }

    /// The address of a member's page.
    fn member(&self, id: &str, kind: UserKind) -> Option<String> {
        let organization = &self.organization;
        match kind {
            UserKind::Person => self.may(Action::ListUsers).then(|| links::user(organization, id)),
            UserKind::Application => {
                self.may(Action::ListApplicationUsers).then(|| links::application_user(organization, id, &[]))
            }
        }
    }

    /// The address of a group's page.
    pub(crate) fn group(&self, id: GroupId) -> Option<String> {
        self.may(Action::ListGroups).then(|| links::group(&self.organization, &id.to_string(), &[]))
    }

    /// A member's name.
    pub(crate) fn named(&self, id: UserId, kind: UserKind, name: &str) -> AnyView {
        named(self.member(&id.to_string(), kind), name.to_owned().into_any())
    }

    /// Somebody who holds something.
    pub(crate) fn principal(&self, principal: &Principal) -> AnyView {
        let id = principal.id.to_string();
        let path = match (principal.kind, principal.user_kind) {
            (PrincipalKind::Group, _) => {
                self.may(Action::ListGroups).then(|| links::group(&self.organization, &id, &[]))
            }
            (PrincipalKind::User, kind) => self.member(&id, kind.unwrap_or(UserKind::Person)),
        };
        named(path, effects::principal(principal))
    }
}

fn named(path: Option<String>, name: AnyView) -> AnyView {
    match path {
        Some(path) => view! { <a class="name-link" href=path>{name}</a> }.into_any(),
        None => view! { <span>{name}</span> }.into_any(),
    }
}

#[cfg(test)]
mod tests {
    use domain::permissions::{Granted, Permission};

    use super::*;

    #[test]
    fn a_name_leads_only_those_further_who_may_look() {
        let people = |granted| People {
            organization: "o".into(),
            powers: Powers { is_member: true, granted, ..Powers::none(ResourceKind::Organization) },
        };
        let user: UserId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let html = |people: &People, kind| people.named(user, kind, "Ann").to_html();
        let nobody = people(Vec::new());
        assert!(!html(&nobody, UserKind::Person).contains("href"));
        let manager = people(vec![Granted::Permission(Permission::OrganizationUsersWrite)]);
        assert!(html(&manager, UserKind::Person).contains(&format!("/organizations/o/users/{user}")));
        assert!(!html(&manager, UserKind::Application).contains("href"));
    }
}
