//! What can be chosen in forms about permissions: places, and groups and programs that hold something. Lists that are too
//! long for a form are cut, and what was chosen elsewhere is still among them.

use domain::{
    actions::Action,
    ids::OrganizationId,
    permissions::Permission,
    principals::{PrincipalKind, ResourceKind},
    views::{Page, Principal, Resource},
};
use leptos_router::params::ParamsMap;

use crate::{
    components::{
        frame::Viewer,
        grantables::{HEADINGS, heading},
        select::{Group, Select},
    },
    context::{answer, control},
    errors::AppError,
};

/// Pages of a list that a form offers, at most.
const PAGES_MAX: usize = 4;

/// What can be chosen, and whether that is all there is.
pub(crate) struct Choices {
    /// The choices under their headings.
    pub(super) groups: Vec<Group>,
    /// There is more than is offered.
    pub(super) is_cut: bool,
}

impl Choices {
    fn none() -> Self {
        Self { groups: Vec::new(), is_cut: false }
    }

    fn add(&mut self, heading: Option<&'static str>, choices: Vec<(String, String)>) {
        if !choices.is_empty() {
            self.groups.push(Group { heading, choices });
        }
    }

    /// The field in which one is chosen.
    pub(crate) fn select(
        self,
        name: &'static str,
        label: &'static str,
        nothing: Option<&'static str>,
    ) -> Select {
        let hint = "Only the first are listed here. Start from the page of another one to choose that.";
        Select {
            name,
            label,
            hint: self.is_cut.then(|| hint.to_owned()),
            groups: self.groups,
            is_optional: nothing.is_some(),
            nothing,
            ..Select::default()
        }
    }

    /// Sees to it that what is chosen is among the choices.
    pub(super) fn with(mut self, value: &str, text: String) -> Self {
        let is_there = self.groups.iter().flat_map(|group| &group.choices).any(|(known, _)| known == value);
        if !is_there && !value.is_empty() {
            self.groups.insert(0, Group { heading: None, choices: vec![(value.to_owned(), text)] });
        }
        self
    }
}

/// Somebody who was asked for: a person by address, or whoever was chosen from a list or on another page.
pub(super) struct Holder {
    /// An e-mail address, as it was typed.
    pub(super) address: String,
    /// `user:ID` or `group:ID`.
    pub(super) chosen: String,
}

impl Holder {
    /// Who the address of a page asks for.
    pub(super) fn asked(query: &ParamsMap) -> Self {
        let (address, chosen) = (query.get("principal"), query.get("holder"));
        let (address, chosen) = (address.unwrap_or_default(), chosen.unwrap_or_default());
        // Other pages name people and groups by their ids.
        match chosen.is_empty() && address.contains(':') {
            true => Self { address: String::new(), chosen: address },
            false => Self { address, chosen },
        }
    }

    /// As operations take it.
    pub(super) fn text(&self) -> &str {
        if self.chosen.is_empty() { &self.address } else { &self.chosen }
    }

    /// As forms and addresses hold it.
    pub(super) fn pairs(&self) -> [(&'static str, &str); 2] {
        [("principal", &self.address), ("holder", &self.chosen)]
    }

    /// What they are called, for who may ask; else how they were named.
    pub(super) async fn name(&self, id: OrganizationId, resource: &str) -> String {
        if self.text().is_empty() {
            return String::new();
        }
        let found = match control() {
            Ok(ctx) => control::explanations::explain(&ctx, id, self.text(), resource).await.ok(),
            Err(_) => None,
        };
        found.map_or_else(|| self.text().to_owned(), |found| called(&found.principal))
    }
}

/// Somebody as sentences name them.
pub(super) fn called(principal: &Principal) -> String {
    match (principal.kind, &principal.email) {
        (PrincipalKind::Group, _) => format!("the group {}", principal.name),
        (PrincipalKind::User, Some(email)) => format!("{} ({email})", principal.name),
        (PrincipalKind::User, None) => format!("the application user {}", principal.name),
    }
}

/// The first pages of a list.
async fn first_pages<T, F>(mut page: impl FnMut(Option<String>) -> F) -> Result<(Vec<T>, bool), AppError>
where
    F: Future<Output = Result<Page<T>, AppError>>,
{
    let (mut rows, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let found = page(after).await?;
        rows.extend(found.rows);
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    Ok((rows, after.is_some()))
}

/// The organization, its units and its projects, as far as the viewer knows of them.
pub(crate) async fn places(viewer: &Viewer, id: OrganizationId) -> Result<Choices, AppError> {
    let ctx = control()?;
    let name = viewer.organization(id).map(|organization| organization.name.clone()).unwrap_or_default();
    let mut choices = Choices::none();
    choices
        .add(None, vec![(ResourceKind::Organization.as_str().to_owned(), format!("{name} (organization)"))]);
    let units = answer(control::units::list(&ctx, id).await)?;
    choices
        .add(Some("Units"), units.into_iter().map(|unit| (format!("unit:{}", unit.id), unit.name)).collect());
    let filter = control::projects::ProjectFilter::default();
    let (projects, is_cut) = first_pages(|after| {
        let (ctx, filter) = (&ctx, &filter);
        async move { answer(control::projects::list(ctx, id, filter, after.as_deref()).await) }
    })
    .await?;
    let projects = projects.into_iter().map(|project| (format!("project:{}", project.name), project.name));
    choices.add(Some("Projects"), projects.collect());
    choices.is_cut = is_cut;
    Ok(choices)
}

/// The groups and application users of the organization, for who may see them; people are named by their address.
pub(super) async fn holders(viewer: &Viewer, id: OrganizationId) -> Result<Choices, AppError> {
    let ctx = control()?;
    let mut choices = Choices::none();
    if viewer.may(id, Action::ListGroups) {
        let (groups, is_cut) = first_pages(|after| {
            let ctx = &ctx;
            async move { answer(control::groups::list(ctx, id, "", after.as_deref()).await) }
        })
        .await?;
        let groups = groups.into_iter().map(|group| (format!("group:{}", group.id), group.name));
        choices.add(Some("Groups"), groups.collect());
        choices.is_cut |= is_cut;
    }
    if viewer.may(id, Action::ListApplicationUsers) {
        let (programs, is_cut) = first_pages(|after| {
            let ctx = &ctx;
            async move { answer(control::application_users::list(ctx, id, "", after.as_deref()).await) }
        })
        .await?;
        let programs =
            programs.into_iter().map(|program| (format!("user:{}", program.user_id), program.name));
        choices.add(Some("Application users"), programs.collect());
        choices.is_cut |= is_cut;
    }
    Ok(choices)
}

/// The permissions that can be held at a place of that kind.
pub(super) fn permissions(kind: ResourceKind) -> Vec<Group> {
    let fits = |permission: &&Permission| kind == ResourceKind::Organization || permission.is_of_projects();
    let groups = HEADINGS.into_iter().map(|title| {
        let of_it = Permission::ALL.iter().filter(fits).filter(|permission| heading(**permission) == title);
        let choices = of_it.map(|permission| (permission.as_str().to_owned(), permission.label().to_owned()));
        Group { heading: Some(title), choices: choices.collect() }
    });
    groups.filter(|group| !group.choices.is_empty()).collect()
}

/// A place as operations name it.
pub(crate) fn named(resource: &Resource) -> String {
    match resource.kind {
        ResourceKind::Organization => ResourceKind::Organization.as_str().to_owned(),
        ResourceKind::Unit => format!("unit:{}", resource.id),
        ResourceKind::Project => format!("project:{}", resource.name),
    }
}

/// The kind of place that a text names, as operations take it.
pub(super) fn kind_of(resource: &str) -> ResourceKind {
    match resource.split_once(':') {
        Some(("unit", _)) => ResourceKind::Unit,
        Some(("project", _)) => ResourceKind::Project,
        _ => ResourceKind::Organization,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_elsewhere_is_among_the_choices_once() {
        let mut choices = Choices::none();
        choices.add(Some("Projects"), vec![("project:a".into(), "a".into())]);
        choices.add(Some("Units"), Vec::new());
        let choices =
            choices.with("project:a", "a".into()).with("", "nothing".into()).with("project:z", "z".into());
        let known: Vec<_> = choices.groups.iter().flat_map(|group| &group.choices).collect();
        assert_eq!(
            known.iter().map(|(value, _)| value.as_str()).collect::<Vec<_>>(),
            ["project:z", "project:a"]
        );
        assert_eq!(choices.groups.len(), 2);
    }

    #[test]
    fn only_what_fits_a_place_can_be_asked_for() {
        let number = |kind| permissions(kind).iter().map(|group| group.choices.len()).sum::<usize>();
        assert_eq!(number(ResourceKind::Organization), Permission::ALL.len());
        let of_projects = Permission::ALL.iter().filter(|permission| permission.is_of_projects()).count();
        assert_eq!(number(ResourceKind::Project), of_projects);
        assert_eq!(permissions(ResourceKind::Unit).len(), 2);
        assert_eq!(kind_of("unit:1"), ResourceKind::Unit);
        assert_eq!(kind_of(""), ResourceKind::Organization);
    }
}
