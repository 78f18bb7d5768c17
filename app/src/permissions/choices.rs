//! What can be chosen in forms about permissions: places, and groups and programs that hold something. Lists that are too
//! long for a form are cut: what was chosen elsewhere is still among them, and the rest can be typed beside them.

use domain::{
    actions::Action,
    errors::Error,
    ids::{OrganizationId, UserId},
    permissions::Permission,
    powers::Ability,
    principals::{PrincipalKind, ResourceKind},
    views::{Explanation, Page, Principal, Resource},
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use crate::{
    components::{
        field::Field,
        form::FormState,
        frame::Viewer,
        grantables::{HEADINGS, heading},
        select::{Group, Select},
    },
    context::{answer, control, set_status},
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
        let hint = "Only the first are listed here. Type the name of another one into the field beside this.";
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

    /// The field in which a place is chosen, and one for the name of a place that is not listed, if there are such.
    pub(crate) fn fields(
        self,
        form: &FormState,
        label: &'static str,
        nothing: Option<&'static str>,
        value: &str,
    ) -> AnyView {
        let typed = (self.is_cut || form.value(TYPED_PLACE).is_some()).then(typed_place);
        let mut select = self.select("resource", label, nothing);
        select.value = (!value.is_empty()).then(|| value.to_owned());
        let typed = typed.map(|field| field.view(form));
        view! { {select.view(form)} {typed} }.into_any()
    }

    /// Sees to it that what is chosen is among the choices.
    pub(crate) fn with(mut self, value: &str, text: String) -> Self {
        let is_there = self.groups.iter().flat_map(|group| &group.choices).any(|(known, _)| known == value);
        if !is_there && !value.is_empty() {
            self.groups.insert(0, Group { heading: None, choices: vec![(value.to_owned(), text)] });
        }
        self
    }
}

/// The field for the name of a place that is in no list.
const TYPED_PLACE: &str = "place";

fn typed_place() -> Field {
    Field {
        name: TYPED_PLACE,
        label: "Or a project or unit by name",
        hint: Some("What is typed here counts, whatever is chosen in the list.".into()),
        is_optional: true,
        max: Some(80),
        is_code: true,
        ..Field::default()
    }
}

/// A place that was asked for: chosen from a list, or typed.
pub(crate) struct Chosen {
    /// As operations take it; empty if none was chosen.
    pub(crate) resource: String,
    /// What was typed.
    pub(crate) typed: String,
    /// Why what was typed is no place, if so.
    pub(crate) error: Option<Error>,
}

impl Chosen {
    /// The place that the address of a page asks for.
    pub(super) async fn asked(query: &ParamsMap, id: OrganizationId) -> Result<Self, AppError> {
        let value = |name: &str| query.get(name).unwrap_or_default();
        Self::find(id, value("resource"), value(TYPED_PLACE)).await
    }

    /// The place that was typed, or else chosen.
    pub(crate) async fn find(id: OrganizationId, resource: String, typed: String) -> Result<Self, AppError> {
        if typed.trim().is_empty() {
            return Ok(Self { resource, typed: String::new(), error: None });
        }
        match control::places::named(&control()?, id, &typed).await {
            Ok(resource) => Ok(Self { resource, typed: String::new(), error: None }),
            Err(error @ Error::Invalid { .. }) => {
                set_status(error.status());
                Ok(Self { resource, typed, error: Some(error) })
            }
            Err(other) => Err(AppError::Refused(other)),
        }
    }

    /// What was typed, for the form that shows why it is no place.
    pub(super) fn pair(&self) -> (&'static str, &str) {
        (TYPED_PLACE, &self.typed)
    }
}

/// The field for whoever is named by hand; groups, too, for who may see these.
pub(super) fn typed_holder(viewer: &Viewer, id: OrganizationId) -> Field {
    let label = match viewer.may(id, Action::ListGroups) {
        true => "E-mail address or group",
        false => "E-mail address",
    };
    Field { name: "principal", label, is_optional: true, max: Some(254), ..Field::default() }
}

/// Somebody who was asked for: a person by address, or whoever was chosen from a list or on another page.
pub(super) struct Holder {
    /// An e-mail address or the name of a group, as it was typed.
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
        let id = address.split_once(':').and_then(|(_, id)| id.parse::<UserId>().ok());
        match chosen.is_empty() && id.is_some() {
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

    /// Why that is nobody: two are named where one is meant.
    pub(super) fn both(&self) -> Option<Error> {
        let are_two = !self.address.trim().is_empty() && !self.chosen.is_empty();
        let reason = "Type an address or a name, or choose from the list, not both.";
        are_two.then(|| Error::invalid("principal", reason))
    }

    /// What they are called, for who may ask; else how they were named.
    pub(super) async fn name(&self, id: OrganizationId, resource: &str) -> String {
        let found = self.explained(id, resource).await;
        found.map_or_else(|| self.text().to_owned(), |found| called(&found.principal))
    }

    /// What they can do there, for who may ask.
    async fn explained(&self, id: OrganizationId, resource: &str) -> Option<Explanation> {
        if self.text().is_empty() {
            return None;
        }
        let ctx = control().ok()?;
        control::explanations::explain(&ctx, id, self.text(), resource).await.ok()
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

/// What can be asked of everybody at a place of that kind: who can do that?
pub(super) fn abilities(kind: ResourceKind) -> Vec<Group> {
    let asked = match kind {
        ResourceKind::Organization => &[Ability::Administration, Ability::SuperAdmin][..],
        ResourceKind::Unit | ResourceKind::Project => &[Ability::Administration],
    };
    let choices = asked.iter().map(|ability| (ability.as_str().to_owned(), ability.label().to_owned()));
    let mut groups = vec![Group { heading: Some("Access"), choices: choices.collect() }];
    groups.extend(permissions(kind));
    groups
}

/// The permissions that can be held at a place of that kind.
fn permissions(kind: ResourceKind) -> Vec<Group> {
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

/// Somebody as operations name them, whatever they are called meanwhile.
pub(super) fn identified(principal: &Principal) -> String {
    format!("{}:{}", principal.kind, principal.id)
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
    fn what_is_not_listed_can_be_typed() {
        let html = |is_cut, asked: &[(&str, &str)]| {
            let mut choices = Choices::none();
            choices.add(Some("Projects"), vec![("project:a".into(), "a".into())]);
            choices.is_cut = is_cut;
            let form = FormState::asked(asked, Some(Error::invalid("place", "No such place.")));
            choices.fields(&form, "On", None, "project:a").to_html()
        };
        let whole = html(false, &[]);
        assert!(!whole.contains("name=\"place\"") && !whole.contains("Only the first"), "{whole}");
        let cut = html(true, &[]);
        assert!(
            cut.contains("Only the first are listed") && cut.contains("value=\"project:a\" selected"),
            "{cut}"
        );
        assert!(cut.contains("name=\"place\"") && cut.contains("No such place."), "{cut}");
        let refused = html(false, &[("place", "shopp")]);
        assert!(refused.contains("value=\"shopp\"") && refused.contains("No such place."), "{refused}");
    }

    #[test]
    fn only_what_fits_a_place_can_be_asked_for() {
        let number = |kind| permissions(kind).iter().map(|group| group.choices.len()).sum::<usize>();
        assert_eq!(number(ResourceKind::Organization), Permission::ALL.len());
        let of_projects = Permission::ALL.iter().filter(|permission| permission.is_of_projects()).count();
        assert_eq!(number(ResourceKind::Project), of_projects);
        assert_eq!(permissions(ResourceKind::Unit).len(), 2);
        let access =
            |kind| abilities(kind).remove(0).choices.into_iter().map(|(value, _)| value).collect::<Vec<_>>();
        assert_eq!(access(ResourceKind::Organization), ["administration", "super_admin"]);
        assert_eq!(access(ResourceKind::Project), ["administration"]);
        assert_eq!(kind_of("unit:1"), ResourceKind::Unit);
        assert_eq!(kind_of(""), ResourceKind::Organization);
    }
}
