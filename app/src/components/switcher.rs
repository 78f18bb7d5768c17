//! The organization switcher: which one this page is of, and the way to the others.

use domain::{
    ids::OrganizationId,
    views::{OrganizationView, Profile},
};
use leptos::prelude::*;

use super::icons::{Icon, icon};
use crate::links;

/// Characters of an id that tell two organizations of one name apart.
const END_CHARS: usize = 6;

/// The organization that the page is of: the named one if the person belongs to it, else their first, of those first that
/// let them in.
pub(crate) fn current(profile: &Profile, asked: Option<OrganizationId>) -> Option<&OrganizationView> {
    let asked = asked.and_then(|id| profile.organizations.iter().find(|organization| organization.id == id));
    let open = || profile.organizations.iter().find(|organization| organization.refused_by.is_none());
    asked.or_else(open).or_else(|| profile.organizations.first())
}

/// The switcher.
pub(crate) fn switcher(profile: &Profile, asked: Option<OrganizationId>) -> AnyView {
    let Some(current) = current(profile, asked) else { return ().into_any() };
    let (id, name) = (current.id, current.name.clone());
    let others = profile
        .organizations
        .iter()
        .map(|organization| {
            let key = organization.id.to_string();
            let role = match (organization.refused_by, organization.is_super_admin) {
                (Some(_), _) => "Not as you are signed in",
                (None, true) => "Super admin",
                (None, false) => "Member",
            };
            view! {
                <li>
                    <a
                        href=links::projects(Some(&key), None)
                        aria-current=(organization.id == id).then_some("true")
                    >
                        <span>{organization.name.clone()}</span>
                        <span class="muted">{role} {end_of_id(&profile.organizations, organization)}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="menu switcher">
            <button type="button" class="menu-button" popovertarget="organizations">
                <span class="visually-hidden">"Organization: "</span>
                <span class="monogram" aria-hidden="true">{monogram(&name)}</span>
                <span class="switcher-name">{name}</span>
                {icon(Icon::Choose)}
            </button>
            <div id="organizations" class="menu-list" popover="auto">
                <p class="menu-heading">"Organizations"</p>
                <ul>{others}</ul>
            </div>
        </div>
    }
    .into_any()
}

/// How an organization's id ends, to tell it from another of that name; nothing if there is none.
pub(crate) fn end_of_id(all: &[OrganizationView], organization: &OrganizationView) -> Option<String> {
    let is_other = |other: &&OrganizationView| other.id != organization.id && other.name == organization.name;
    all.iter().find(is_other)?;
    let id = organization.id.to_string();
    id.get(id.len().checked_sub(END_CHARS)?..).map(|end| format!(" …{end}"))
}

/// The first letter, for the small square.
fn monogram(name: &str) -> String {
    name.chars().find(|letter| letter.is_alphanumeric()).unwrap_or('?').to_uppercase().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_one_name_are_told_apart() {
        let of = |id: &str, name: &str| OrganizationView {
            id: id.parse().unwrap(),
            name: name.into(),
            is_super_admin: false,
            powers: domain::powers::Powers::none(domain::principals::ResourceKind::Organization),
            generation: 0,
            refused_by: None,
        };
        let all = [
            of("01890a5d-ac96-774b-bcce-b302099a8057", "Acme"),
            of("01890a5d-ac96-774b-bcce-b302099a8058", "Acme"),
            of("01890a5d-ac96-774b-bcce-b302099a8059", "Other"),
        ];
        let ends: Vec<_> = all.iter().map(|organization| end_of_id(&all, organization)).collect();
        assert_eq!(ends, [Some(" …9a8057".into()), Some(" …9a8058".into()), None]);
    }

    #[test]
    fn a_monogram_is_one_letter() {
        assert_eq!(monogram("acme"), "A");
        assert_eq!(monogram("  (ünlü)"), "Ü");
        assert_eq!(monogram("–"), "?");
    }
}
