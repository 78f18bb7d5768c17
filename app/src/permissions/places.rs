//! Where permissions are looked at: in a whole organization, or on one project for those who see no more. What pages of
//! both share.

use domain::{
    actions::Action,
    errors::Error,
    ids::OrganizationId,
    powers::{Decision, Powers},
    principals::ResourceKind,
    views::ProjectView,
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use crate::{
    components::frame::{Frame, Section, Viewer},
    errors::AppError,
    links,
    organizations::asked,
    projects::api::view_project,
};

/// One of the pages about permissions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    /// Who holds what.
    Grants,
    /// What somebody can do.
    Explain,
    /// Who can do something.
    Holders,
}

impl Tab {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Grants, "Grants"), (Self::Explain, "Explain"), (Self::Holders, "Who can")];

    fn label(self) -> &'static str {
        Self::ALL.iter().find(|(tab, _)| *tab == self).map_or("", |(_, label)| label)
    }
}

/// An organization or a project.
pub(super) enum Place {
    /// Everything in an organization.
    Organization {
        /// Its id.
        id: OrganizationId,
        /// What the viewer can do in it.
        powers: Powers,
    },
    /// One project.
    Project(ProjectView),
}

impl Place {
    /// The place that an address names.
    pub(super) async fn load(viewer: &Viewer, params: &ParamsMap) -> Result<Self, AppError> {
        if let Some(project) = params.get("project") {
            return Ok(Self::Project(view_project(project).await?));
        }
        let id = asked(params)?;
        let powers = viewer.organization(id).ok_or(Error::NotFound)?.powers.clone();
        Ok(Self::Organization { id, powers })
    }

    /// The organization that it is or is in.
    pub(super) fn organization(&self) -> OrganizationId {
        match self {
            Self::Organization { id, .. } => *id,
            Self::Project(project) => project.organization_id,
        }
    }

    /// What the viewer can do there.
    pub(super) fn powers(&self) -> &Powers {
        match self {
            Self::Organization { powers, .. } => powers,
            Self::Project(project) => &project.powers,
        }
    }

    /// What kind of place it is.
    pub(super) fn kind(&self) -> ResourceKind {
        match self {
            Self::Organization { .. } => ResourceKind::Organization,
            Self::Project(_) => ResourceKind::Project,
        }
    }

    /// The project as operations name it; nothing for an organization, in which other places can be chosen.
    pub(super) fn resource(&self) -> Option<String> {
        match self {
            Self::Organization { .. } => None,
            Self::Project(project) => Some(format!("project:{}", project.name)),
        }
    }

    /// Whether the viewer sees what others hold there.
    pub(super) fn sees_others(&self) -> bool {
        self.require_others().is_ok()
    }

    /// Nothing, for who sees what others hold there.
    pub(super) fn require_others(&self) -> Result<(), Error> {
        let action = match self {
            Self::Organization { .. } => Action::ViewPermissions,
            Self::Project(_) => Action::ViewProjectPermissions,
        };
        match self.powers().decide(action) {
            Decision::Allowed => Ok(()),
            Decision::Hidden => Err(Error::NotFound),
            Decision::Missing(lack) => Err(Error::Denied { permission: lack.as_str().to_owned() }),
        }
    }

    /// The address of a page about it.
    pub(super) fn path(&self, tab: Tab, query: &[(&str, Option<&str>)]) -> String {
        let organization = || self.organization().to_string();
        match (self, tab) {
            (Self::Organization { .. }, Tab::Grants) => links::permissions(&organization(), query),
            (Self::Organization { .. }, Tab::Explain) => links::explain(&organization(), query),
            (Self::Organization { .. }, Tab::Holders) => links::holders(&organization(), query),
            (Self::Project(project), Tab::Grants) => links::project_permissions(&project.name, query),
            (Self::Project(project), Tab::Explain) => links::project_explain(&project.name, query),
            (Self::Project(project), Tab::Holders) => links::project_holders(&project.name, query),
        }
    }

    /// The frame of a page about it.
    pub(super) fn frame(&self, tab: Tab) -> Frame {
        let title = match tab {
            Tab::Grants => "Permissions",
            Tab::Explain => "Explain permissions",
            Tab::Holders => "Who can do what",
        };
        let frame = match self {
            Self::Organization { id, .. } => {
                Frame::in_organization(*id, Section::OrganizationPermissions, title)
            }
            Self::Project(project) => Frame::in_project(project.clone(), Section::Permissions, title),
        };
        if tab == Tab::Grants && matches!(self, Self::Organization { .. }) || !self.sees_others() {
            return frame;
        }
        let frame = frame.step("Permissions", self.path(Tab::Grants, &[]));
        if tab == Tab::Grants { frame } else { frame.step(tab.label(), self.path(tab, &[])) }
    }

    /// The way between the pages about it, for who may see them all.
    pub(super) fn tabs(&self, current: Tab) -> AnyView {
        if !self.sees_others() {
            return ().into_any();
        }
        let items = Tab::ALL
            .into_iter()
            .map(|(tab, label)| {
                let path = self.path(tab, &[]);
                view! { <li><a href=path aria-current=(tab == current).then_some("page")>{label}</a></li> }
            })
            .collect_view();
        view! { <nav class="tabs" aria-label="Permissions"><ul>{items}</ul></nav> }.into_any()
    }
}
