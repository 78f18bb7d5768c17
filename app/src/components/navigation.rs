//! The navigation beside every page: the places of an organization and of a project, each only for who may see it. The
//! palette finds the same places. Loads nothing.

use domain::{
    actions::Action,
    powers::Powers,
    views::{OrganizationView, ProjectView},
};
use leptos::prelude::*;

use super::{
    frame::{Section, brand},
    icons::{Icon, icon},
};
use crate::links;

/// A place that the navigation leads to.
pub(crate) struct Entry {
    /// What the pages there are marked with.
    section: Section,
    symbol: Icon,
    /// What people read.
    pub(crate) label: &'static str,
    /// It is shown to whoever may do one of these.
    actions: &'static [Action],
    address: fn(&str) -> String,
}

impl Entry {
    /// Whether somebody may see what is there.
    fn is_open(&self, powers: &Powers) -> bool {
        self.actions.iter().any(|action| powers.may(*action))
    }

    /// Whether it is the list of a project's services.
    pub(crate) fn is_of_services(&self) -> bool {
        self.section == Section::Services
    }

    /// Where it is in the organization with that id, or in the project of that name.
    pub(crate) fn path(&self, of: &str) -> String {
        (self.address)(of)
    }
}

/// The places of an organization.
const OF_ORGANIZATION: &[Entry] = &[
    Entry {
        section: Section::Organization,
        symbol: Icon::Organization,
        label: "Organization",
        actions: &[Action::ViewOrganization],
        address: links::organization,
    },
    Entry {
        section: Section::Users,
        symbol: Icon::Users,
        label: "Users",
        actions: &[Action::ListUsers],
        address: |id| links::users(id, &[]),
    },
    Entry {
        section: Section::ApplicationUsers,
        symbol: Icon::Application,
        label: "Application users",
        actions: &[Action::ListApplicationUsers],
        address: |id| links::application_users(id, &[]),
    },
    Entry {
        section: Section::Groups,
        symbol: Icon::Group,
        label: "Groups",
        actions: &[Action::ListGroups],
        address: |id| links::groups(id, &[]),
    },
    Entry {
        section: Section::OrganizationPermissions,
        symbol: Icon::Permission,
        label: "Permissions",
        actions: &[Action::ViewPermissions],
        address: |id| links::permissions(id, &[]),
    },
    Entry {
        section: Section::IdentityProviders,
        symbol: Icon::SignIn,
        label: "Identity providers",
        actions: &[Action::ListIdentityProviders],
        address: links::identity_providers,
    },
    Entry {
        section: Section::Domains,
        symbol: Icon::Domain,
        label: "Domains",
        actions: &[Action::ListDomains],
        address: links::domains,
    },
    Entry {
        section: Section::AuthenticationPolicy,
        symbol: Icon::Lock,
        label: "Authentication policy",
        actions: &[Action::ViewAuthenticationPolicy],
        address: links::authentication_policy,
    },
    Entry {
        section: Section::OrganizationEvents,
        symbol: Icon::Events,
        label: "All events",
        actions: &[Action::ViewOrganizationEvents],
        address: |id| links::organization_events(id, None),
    },
    Entry {
        section: Section::OrganizationCertificates,
        symbol: Icon::Certificate,
        label: "All certificates",
        actions: &[Action::ViewOrganizationCertificates],
        address: |id| links::organization_certificates(id, None),
    },
    Entry {
        section: Section::Mails,
        symbol: Icon::Mail,
        label: "Mails",
        actions: &[Action::ViewMails],
        address: |id| links::mails(id, &[]),
    },
];

/// The places of a project.
const OF_PROJECT: &[Entry] = &[
    Entry {
        section: Section::Services,
        symbol: Icon::Service,
        label: "Services",
        actions: &[Action::ViewService],
        address: |name| links::services(name, None),
    },
    Entry {
        section: Section::Permissions,
        symbol: Icon::Permission,
        label: "Permissions",
        actions: &[Action::ViewProjectPermissions],
        address: |name| links::project_permissions(name, &[]),
    },
    Entry {
        section: Section::Events,
        symbol: Icon::Events,
        label: "Events",
        actions: &[Action::ViewProjectEvents],
        address: |name| links::events(name, None),
    },
    Entry {
        section: Section::Certificates,
        symbol: Icon::Certificate,
        label: "Certificates",
        actions: &[Action::ViewProject],
        address: |name| links::certificates(name, None),
    },
    Entry {
        section: Section::Settings,
        symbol: Icon::Settings,
        label: "Settings",
        actions: &[
            Action::RenameProject,
            Action::DeleteProject,
            Action::MoveProject,
            Action::SetProjectTags,
            Action::SetProjectContacts,
        ],
        address: links::project_settings,
    },
];

/// The places of oneself.
const OF_PERSON: &[Entry] = &[
    Entry {
        section: Section::Profile,
        symbol: Icon::Person,
        label: "Profile",
        actions: &[Action::ViewOwnProfile],
        address: |_| links::profile(),
    },
    Entry {
        section: Section::Authentication,
        symbol: Icon::Lock,
        label: "Authentication",
        actions: &[Action::ViewOwnFactors],
        address: |_| links::authentication(),
    },
    Entry {
        section: Section::Sessions,
        symbol: Icon::System,
        label: "Sessions",
        actions: &[Action::ViewOwnSessions],
        address: |_| links::own_sessions(),
    },
    Entry {
        section: Section::Tokens,
        symbol: Icon::Token,
        label: "Tokens",
        actions: &[Action::ViewOwnTokens],
        address: |_| links::own_tokens(&[]),
    },
    Entry {
        section: Section::Organizations,
        symbol: Icon::Organization,
        label: "Organizations",
        actions: &[Action::ViewOwnProfile],
        address: |_| links::own_organizations(),
    },
];

/// The places of an organization that somebody with these powers may see.
pub(crate) fn of_organization(powers: &Powers) -> impl Iterator<Item = &'static Entry> {
    OF_ORGANIZATION.iter().filter(|entry| entry.is_open(powers))
}

/// The places of a project that somebody with these powers may see.
pub(crate) fn of_project(powers: &Powers) -> impl Iterator<Item = &'static Entry> {
    OF_PROJECT.iter().filter(|entry| entry.is_open(powers))
}

/// The places of oneself, for the menu of the account.
pub(crate) fn of_person() -> impl Iterator<Item = &'static Entry> {
    OF_PERSON.iter()
}

/// The navigation of a page in that section.
pub(crate) fn navigation(
    section: Section,
    organization: Option<&OrganizationView>,
    project: Option<&ProjectView>,
) -> AnyView {
    let id = organization.map(|organization| organization.id.to_string());
    let projects = links::projects(id.as_deref(), None);
    let of_organization = organization.map(|organization| {
        let id = organization.id.to_string();
        let places = of_organization(&organization.powers);
        places.map(|entry| item(entry, section, entry.path(&id))).collect_view()
    });
    let of_project = project.map(|project| {
        let places = of_project(&project.powers);
        let places = places.map(|entry| item(entry, section, entry.path(&project.name))).collect_view();
        view! {
            <p class="navigation-heading" id="navigation-project">{project.name.clone()}</p>
            <ul aria-labelledby="navigation-project">{places}</ul>
        }
    });
    let of_person = OF_PERSON.iter().any(|entry| entry.section == section).then(|| {
        let places = of_person().map(|entry| item(entry, section, entry.path(""))).collect_view();
        view! {
            <p class="navigation-heading" id="navigation-person">"Account"</p>
            <ul aria-labelledby="navigation-person">{places}</ul>
        }
    });
    view! {
        <nav id="navigation" class="navigation" popover="auto" aria-label="Main">
            <div class="navigation-inner">
            <div class="navigation-head">
                {brand()}
                <button
                    type="button"
                    class="button button-quiet button-icon"
                    popovertarget="navigation"
                    popovertargetaction="hide"
                    aria-label="Close"
                >
                    {icon(Icon::Close)}
                </button>
            </div>
            <ul>
                {link(Icon::Projects, "Projects", section == Section::Projects, projects)}
                {of_organization}
            </ul>
            {of_project}
            {of_person}
            </div>
        </nav>
    }
    .into_any()
}

/// A line of a list of places.
pub(crate) fn item(entry: &'static Entry, section: Section, path: String) -> AnyView {
    link(entry.symbol, entry.label, entry.section == section, path)
}

fn link(symbol: Icon, label: &'static str, is_here: bool, path: String) -> AnyView {
    view! {
        <li>
            <a href=path aria-current=is_here.then_some("page")>{icon(symbol)} <span>{label}</span></a>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::{
        permissions::{Granted, Permission, Role},
        principals::ResourceKind,
    };

    use super::*;

    fn powers(place: ResourceKind, granted: &[Granted]) -> Powers {
        Powers { is_member: true, granted: granted.to_vec(), ..Powers::none(place) }
    }

    fn labels(places: impl Iterator<Item = &'static Entry>) -> Vec<&'static str> {
        places.map(|entry| entry.label).collect()
    }

    #[test]
    fn an_organization_shows_each_what_they_may_see() {
        let of = |granted: &[Granted]| labels(of_organization(&powers(ResourceKind::Organization, granted)));
        assert!(of(&[Granted::Role(Role::OrganizationAdmin)]).contains(&"All events"));
        assert!(!of(&[Granted::Role(Role::OrganizationAdmin)]).contains(&"Mails"));
        assert!(!of(&[Granted::Permission(Permission::OrganizationBillingRead)]).contains(&"All events"));
        assert!(of(&[Granted::Role(Role::ReadOnly)]).contains(&"All certificates"));
    }

    #[test]
    fn a_project_shows_each_what_they_may_see() {
        let of = |granted: &[Granted]| labels(of_project(&powers(ResourceKind::Project, granted)));
        let log = of(&[Granted::Permission(Permission::ProjectEventLogsRead)]);
        assert!(log.contains(&"Events") && !log.contains(&"Services") && !log.contains(&"Settings"));
        assert!(of(&[Granted::Role(Role::Operator)]).contains(&"Settings"));
        assert!(!of(&[Granted::Role(Role::ReadOnly)]).contains(&"Settings"));
    }

    #[test]
    fn the_places_of_oneself_are_beside_the_pages_about_oneself_alone() {
        let html = |section| navigation(section, None, None).to_html();
        assert!(html(Section::Tokens).contains("href=\"/profile/tokens\" aria-current=\"page\""));
        assert!(!html(Section::Projects).contains("/profile"));
    }

    #[test]
    fn no_two_places_share_a_mark() {
        let all = || OF_ORGANIZATION.iter().chain(OF_PROJECT).chain(OF_PERSON);
        for entry in all() {
            assert_eq!(all().filter(|other| other.section == entry.section).count(), 1, "{}", entry.label);
        }
    }
}
