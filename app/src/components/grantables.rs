//! The choice of a role or permission: roles as cards, single permissions folded below, each with what it is for. Shows
//! what the caller found that can be given; decides nothing.

use domain::{
    permissions::{Granted, Permission, Role},
    powers::Powers,
    principals::ResourceKind,
};
use leptos::prelude::*;

use super::{
    effects::permissions,
    form::FormState,
    icons::{Icon, icon},
};

/// Roles and permissions to choose from.
pub(crate) struct Grantables {
    /// Name in the form and in the input of the operation.
    pub(crate) name: &'static str,
    /// What people read.
    pub(crate) legend: &'static str,
    /// What can be chosen.
    pub(crate) choices: Vec<Granted>,
    /// What is chosen at first, by identifier.
    pub(crate) chosen: Vec<String>,
    /// Several can be chosen, and none.
    pub(crate) is_many: bool,
}

/// What somebody with these powers at a place of that kind can give away there: nobody gives what they do not hold.
pub(crate) fn givable(powers: &Powers, kind: ResourceKind) -> Vec<Granted> {
    let holds_all =
        |granted: &Granted| granted.permissions().into_iter().all(|permission| powers.holds(permission));
    let givable = Granted::all().filter(|granted| granted.fits(kind) && powers.administers());
    givable.filter(holds_all).collect()
}

/// The headings under which permissions stand, in the order of their list.
pub(crate) const HEADINGS: [&str; 3] = ["Organization", "Projects", "Services"];

/// The heading of a permission.
pub(crate) fn heading(permission: Permission) -> &'static str {
    match permission.as_str().split(':').next() {
        Some("organization") => HEADINGS[0],
        Some("project") => HEADINGS[1],
        _ => HEADINGS[2],
    }
}

impl Grantables {
    /// Draws the choice.
    pub(crate) fn view(self, form: &FormState) -> AnyView {
        let id = form.id(self.name);
        let error_id = format!("{id}-error");
        let reason = form.reason(self.name);
        let (is_refused, described) = (reason.is_some(), reason.as_ref().map(|_| error_id.clone()));
        let (mut roles, mut singles) = (Vec::new(), Vec::new());
        for granted in &self.choices {
            match granted {
                Granted::Role(role) => roles.push(*role),
                Granted::Permission(permission) => singles.push(*permission),
            }
        }
        let cards = roles.iter().map(|role| self.card(*role)).collect_view();
        view! {
            <fieldset
                class="choices grantables"
                id=id
                class:is-refused=is_refused
                aria-describedby=described
                tabindex=is_refused.then_some("-1")
                autofocus=is_refused
            >
                <legend>{self.legend}</legend>
                {reason
                    .map(|reason| {
                        view! { <p class="field-error" id=error_id>{icon(Icon::Warning)} <span>{reason}</span></p> }
                    })}
                <div class="choices-grid">{cards}</div>
                {opened(&roles)}
                {self.singles(&singles)}
            </fieldset>
        }
        .into_any()
    }

    fn card(&self, role: Role) -> AnyView {
        view! {
            <label class="choice">
                {self.input(Granted::Role(role))}
                <span class="choice-body">
                    <span class="choice-label">{role.label()}</span>
                    <span class="muted">{role.purpose()}</span>
                    <code class="muted">{role.as_str()}</code>
                </span>
            </label>
        }
        .into_any()
    }

    fn input(&self, granted: Granted) -> AnyView {
        let is_chosen = self.chosen.iter().any(|chosen| chosen == granted.as_str());
        let kind = if self.is_many { "checkbox" } else { "radio" };
        view! {
            // None is required: the browser would point to what is folded away. The server says what is missing.
            <input type=kind name=self.name value=granted.as_str() checked=is_chosen />
        }
        .into_any()
    }

    /// Permissions by themselves, folded unless one is chosen.
    fn singles(&self, singles: &[Permission]) -> AnyView {
        if singles.is_empty() {
            return ().into_any();
        }
        let is_open =
            singles.iter().any(|permission| self.chosen.iter().any(|chosen| chosen == permission.as_str()));
        let groups = HEADINGS.into_iter().filter_map(|title| {
            let of_it: Vec<_> = singles.iter().filter(|permission| heading(**permission) == title).collect();
            let lines = of_it.iter().map(|permission| self.line(**permission)).collect_view();
            (!of_it.is_empty()).then(|| {
                view! {
                    <div class="grantables-group" role="group" aria-label=title>
                        <p class="grantables-heading" aria-hidden="true">{title}</p>
                        {lines}
                    </div>
                }
            })
        });
        let summary = if self.is_many { "Single permissions" } else { "A single permission" };
        view! {
            <details open=is_open>
                <summary>{summary}</summary>
                <div class="grantables-groups">{groups.collect_view()}</div>
            </details>
        }
        .into_any()
    }

    fn line(&self, permission: Permission) -> AnyView {
        view! {
            <label class="check">
                {self.input(Granted::Permission(permission))}
                <span class="grantables-line">
                    <span>{permission.label()}</span>
                    <span class="muted">{permission.purpose()}</span>
                    <code class="muted">{permission.as_str()}</code>
                </span>
            </label>
        }
        .into_any()
    }
}

/// What each role opens, folded.
fn opened(roles: &[Role]) -> AnyView {
    if roles.is_empty() {
        return ().into_any();
    }
    let roles = roles
        .iter()
        .map(|role| {
            let administers =
                match (role.administers(ResourceKind::Organization), role.administers(ResourceKind::Project))
                {
                    (true, _) => Some("May also give and take roles and permissions."),
                    (false, true) => Some("May also give and take roles and permissions on projects."),
                    (false, false) => None,
                };
            let administers = administers.map(|text| view! { <p>{text}</p> });
            view! {
                <div>
                    <dt>{role.label()}</dt>
                    <dd class="permissions">{administers} {permissions(role.permissions())}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <details>
            <summary>"What the roles open"</summary>
            <dl class="facts facts-list">{roles}</dl>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn powers(place: ResourceKind, granted: &[Role]) -> Powers {
        let granted = granted.iter().copied().map(Granted::Role).collect();
        Powers { is_member: true, granted, ..Powers::none(place) }
    }

    #[test]
    fn nobody_is_offered_what_they_cannot_give() {
        let at = |place| givable(&Powers { is_super_admin: true, ..powers(place, &[]) }, place);
        let all: Vec<Granted> = Granted::all().collect();
        assert_eq!(at(ResourceKind::Organization), all);
        assert!(!at(ResourceKind::Project).contains(&Granted::Role(Role::OrganizationAdmin)));
        let of = |role, place| givable(&powers(place, &[role]), place);
        let admin = of(Role::Admin, ResourceKind::Project);
        assert!(admin.contains(&Granted::Role(Role::Operator)));
        assert!(!admin.contains(&Granted::Permission(Permission::OrganizationBillingRead)));
        assert!(of(Role::Operator, ResourceKind::Project).is_empty());
        // Who administers projects, wherever that was given, administers nothing above them.
        assert!(of(Role::Admin, ResourceKind::Organization).is_empty());
    }

    #[test]
    fn every_permission_has_a_heading_and_services_are_one_group() {
        assert_eq!(heading(Permission::ServicesMaintain), "Services");
        assert_eq!(heading(Permission::ServiceLogsRead), "Services");
        assert_eq!(heading(Permission::ProjectServicesRead), "Projects");
        assert!(Permission::ALL.iter().all(|permission| HEADINGS.contains(&heading(*permission))));
    }

    #[test]
    fn a_chosen_permission_is_not_folded_away() {
        let draw = |chosen: &str| {
            let grantables = Grantables {
                name: "granted",
                legend: "What",
                choices: Granted::all().collect(),
                chosen: vec![chosen.to_owned()],
                is_many: false,
            };
            grantables.view(&FormState::default()).to_html()
        };
        assert!(draw("service:logs:read").contains("<details open>"));
        let html = draw("operator");
        assert!(!html.contains("<details open>"), "{html}");
        assert_eq!(html.matches(" checked").count(), 1);
        assert_eq!(html.matches("type=\"radio\"").count(), Granted::all().count());
    }
}
