//! The frame around every signed-in page: top bar, navigation, breadcrumbs, notices. Loads nothing.

use domain::{
    actions::Action,
    errors::Error,
    ids::OrganizationId,
    powers::{Decision, Powers},
    views::{OrganizationView, OwnFactorResets, Profile, ProjectView},
};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{
    api_call::ApiCalls,
    icons::{Icon, icon},
    navigation::{item, navigation, of_person},
    palette::Palette,
    switcher::switcher,
    theme::{Theme, ThemeChoice},
    toast::toasts_of_session,
};
use crate::{
    context::{self, own_address},
    errors::AppError,
    factor_resets::own_banner,
    links, session,
};

/// Where a page is, for the navigation to mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// The list of projects.
    Projects,
    /// An organization's own page and its units.
    Organization,
    /// An organization's people and invitations.
    Users,
    /// An organization's application users.
    ApplicationUsers,
    /// An organization's groups.
    Groups,
    /// An organization's domains.
    Domains,
    /// Who holds what in an organization.
    OrganizationPermissions,
    /// An organization's events.
    OrganizationEvents,
    /// An organization's certificates.
    OrganizationCertificates,
    /// An organization's mails.
    Mails,
    /// A project's services and everything below.
    Services,
    /// Who holds what on a project.
    Permissions,
    /// A project's events.
    Events,
    /// A project's certificates.
    Certificates,
    /// A project's settings.
    Settings,
    /// One's own profile.
    Profile,
    /// The authentication policy of an organization.
    AuthenticationPolicy,
    /// The identity providers of an organization.
    IdentityProviders,
    /// One's own password, second factors and recovery codes.
    Authentication,
    /// Where one is signed in.
    Sessions,
    /// One's own tokens.
    Tokens,
    /// The organizations one belongs to.
    Organizations,
    /// None of them: a page that says why there is nothing.
    Nowhere,
}

/// Who looks, and in what colours: loaded once per page.
pub(crate) struct Viewer {
    /// The person.
    pub(crate) profile: Profile,
    /// Whether they are to lose their second factors, or have.
    pub(crate) resets: OwnFactorResets,
    theme: Theme,
}

impl Viewer {
    /// The person who is signed in.
    pub(crate) async fn load() -> Result<Self, AppError> {
        let ctx = context::control()?;
        let profile = context::answer(control::sessions::profile(&ctx).await)?;
        let resets = match control::factor_resets::own(&ctx).await {
            // Programs have no second factors, and see no such page anyway.
            Err(Error::Denied { .. }) => OwnFactorResets::default(),
            other => context::answer(other)?,
        };
        Ok(Self { profile, resets, theme: session::theme() })
    }

    /// The organization as they know it, if they belong to it.
    pub(crate) fn organization(&self, id: OrganizationId) -> Option<&OrganizationView> {
        self.profile.organizations.iter().find(|organization| organization.id == id)
    }

    /// The organization, for who may do that in it.
    ///
    /// # Errors
    /// `NotFound` for who does not belong to it; `TurnedAway` by its authentication policy; `Denied`.
    pub(crate) fn require(
        &self,
        organization: OrganizationId,
        action: Action,
    ) -> Result<&OrganizationView, Error> {
        let found = self.organization(organization).ok_or(Error::NotFound)?;
        if let Some(rule) = found.refused_by {
            return Err(Error::TurnedAway { rule, organization: found.name.clone() });
        }
        require(&found.powers, action).map(|()| found)
    }

    /// Whether they may do that in the organization.
    pub(crate) fn may(&self, organization: OrganizationId, action: Action) -> bool {
        self.organization(organization).is_some_and(|organization| organization.powers.may(action))
    }
}

/// For a page whose only purpose is something that takes a permission.
///
/// # Errors
/// `NotFound` for who may not know of the place; `Denied`.
pub(crate) fn require(powers: &Powers, action: Action) -> Result<(), Error> {
    match powers.decide(action) {
        Decision::Allowed => Ok(()),
        Decision::Hidden => Err(Error::NotFound),
        Decision::Missing(lack) => Err(Error::Denied { permission: lack.as_str().to_owned() }),
    }
}

/// A page's place and title.
pub(crate) struct Frame {
    /// The page's title and, unless `head` says more, its heading.
    pub(crate) title: String,
    /// Where it is.
    pub(crate) section: Section,
    /// The project it is in.
    pub(crate) project: Option<ProjectView>,
    /// The organization it is of, if it is in no project.
    pub(crate) organization: Option<OrganizationId>,
    /// What lies between the project and the page: label and address.
    pub(crate) trail: Vec<(String, String)>,
    /// The requests behind the page.
    pub(crate) calls: ApiCalls,
}

impl Frame {
    /// The frame of a page in a project, right below the project.
    pub(crate) fn in_project(project: ProjectView, section: Section, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            section,
            project: Some(project),
            organization: None,
            trail: Vec::new(),
            calls: ApiCalls::new(),
        }
    }

    /// The frame of a page of an organization that is in no project.
    pub(crate) fn in_organization(id: OrganizationId, section: Section, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            section,
            project: None,
            organization: Some(id),
            trail: Vec::new(),
            calls: ApiCalls::new(),
        }
    }

    /// The frame of a page of one's own, which is of no organization.
    pub(crate) fn of_person(section: Section, title: impl Into<String>) -> Self {
        Self { section, ..Self::nowhere(title) }
    }

    /// The frame of a page that has no place: it says why there is nothing to show.
    pub(crate) fn nowhere(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            section: Section::Nowhere,
            project: None,
            organization: None,
            trail: Vec::new(),
            calls: ApiCalls::new(),
        }
    }

    /// Adds a step to what lies between the project and the page.
    pub(crate) fn step(mut self, label: impl Into<String>, path: String) -> Self {
        self.trail.push((label.into(), path));
        self
    }

    /// Says which requests are behind the page.
    pub(crate) fn calls(mut self, calls: ApiCalls) -> Self {
        self.calls = calls;
        self
    }

    /// Draws the frame around `body`.
    pub(crate) fn view(self, viewer: Viewer, body: impl IntoView + 'static) -> AnyView {
        let organization = self.project.as_ref().map(|project| project.organization_id).or(self.organization);
        let known = organization.and_then(|id| viewer.organization(id));
        let navigation = navigation(self.section, known, self.project.as_ref());
        let Viewer { profile, resets, theme } = viewer;
        // That page says it in its own words.
        let banner = (self.section != Section::Authentication).then(|| own_banner(&resets));
        let scope = self.project.as_ref().map(|project| format!(" · {}", project.name)).unwrap_or_default();
        let breadcrumbs = breadcrumbs(self.project.as_ref(), self.trail);
        view! {
            <Title text=format!("{}{scope} · Redoubt", self.title) />
            <a class="skip-link" href="#main">"Skip to the content"</a>
            <header class="top">
                {profile.is_simulated.then(simulated)}
                <div class="top-bar">
                <button type="button" class="menu-button narrow-only" popovertarget="navigation" aria-label="Navigation">
                    {icon(Icon::Menu)}
                </button>
                {brand()}
                {switcher(&profile, organization)}
                <div class="top-bar-end">
                    <Palette />
                    {person(&profile, self.section, theme)}
                </div>
                </div>
            </header>
            <div class="columns">
                {navigation}
                <main id="main" tabindex="-1">
                    {toasts_of_session()} {banner} {breadcrumbs}
                    {body.into_any()}
                    {self.calls.view()}
                </main>
            </div>
        }
        .into_any()
    }
}

/// Name and mark.
pub(crate) fn brand() -> AnyView {
    view! {
        <a class="brand" href="/projects">
            <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
                <path d="M4 3h4v3h2V3h4v3h2V3h4v11c0 4-3.5 6.500-8 8-4.500-1.500-8-4-8-8Z" />
            </svg>
            <span>"Redoubt"</span>
        </a>
    }
    .into_any()
}

fn simulated() -> AnyView {
    view! {
        <p class="simulated" role="note">
            <strong>"Simulated host."</strong>
            " No virtual machine runs; services here look alive but hold no data and answer no queries."
        </p>
    }
    .into_any()
}

fn person(profile: &Profile, section: Section, theme: Theme) -> AnyView {
    let places = of_person().map(|entry| item(entry, section, entry.path(""))).collect_view();
    view! {
        <div class="menu">
            <button type="button" class="menu-button" popovertarget="person" aria-label=format!("Account: {}", profile.email.as_ref().unwrap_or(&profile.name))>
                {icon(Icon::Person)}
            </button>
            <div id="person" class="menu-list menu-end" popover="auto">
                <p class="menu-heading">{profile.name.clone()}</p>
                <p class="menu-text muted">{profile.email.clone()}</p>
                <ul>{places}</ul>
                <ThemeChoice current=theme here=own_address() />
                <form method="post" action="/api/sign_out">
                    <button class="menu-item">"Sign out"</button>
                </form>
            </div>
        </div>
    }
    .into_any()
}

fn breadcrumbs(project: Option<&ProjectView>, trail: Vec<(String, String)>) -> AnyView {
    if project.is_none() && trail.is_empty() {
        return ().into_any();
    }
    let mut steps = Vec::new();
    if let Some(project) = project {
        let organization = project.organization_id.to_string();
        steps.push(("Projects".to_owned(), links::projects(Some(&organization), None)));
        steps.push((project.name.clone(), links::project(&project.name)));
    }
    steps.extend(trail);
    let address = own_address();
    let here = address.split('?').next().unwrap_or_default();
    // A page that is shown under the address of another is the last step, and the other one leads back.
    let last = steps.len().saturating_sub(1);
    let steps = steps
        .into_iter()
        .enumerate()
        .map(|(at, (label, path))| match path == here && at == last {
            true => view! { <li><span aria-current="page">{label}</span></li> }.into_any(),
            false => view! { <li><a href=path>{label}</a></li> }.into_any(),
        })
        .collect_view();
    view! { <nav class="breadcrumbs" aria-label="Breadcrumbs"><ol>{steps}</ol></nav> }.into_any()
}

/// The head of a page: its name, what stands beside it, and its buttons.
pub(crate) fn head(
    title: String,
    beside: impl IntoView + 'static,
    actions: impl IntoView + 'static,
) -> AnyView {
    view! {
        <header class="page-head">
            <div class="page-title"><h1>{title}</h1> {beside}</div>
            <div class="page-actions">{actions}</div>
        </header>
    }
    .into_any()
}
