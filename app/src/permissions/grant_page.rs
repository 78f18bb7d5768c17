//! `/organizations/{organization}/permissions/new`: on what, to whom and what is to be given, for how long. Leads to the
//! preview; gives nothing.

use domain::{
    actions::Action,
    errors::Error,
    ids::OrganizationId,
    inputs::GrantPermission,
    powers::{Decision, Powers},
    principals::ResourceKind,
    views::ProjectView,
};
use leptos::prelude::*;
use leptos_router::{
    hooks::{use_params_map, use_query_map},
    params::ParamsMap,
};
use serde_json::json;

use super::{
    choices::{Chosen, Holder, holders, kind_of, places, typed_holder},
    preview_page::after,
};
use crate::{
    components::{
        api_call::ApiCalls,
        effects::place,
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head},
        grantables::{Grantables, givable},
        page::page,
    },
    context::{answer, control},
    errors::AppError,
    links,
    organizations::asked,
};

/// Where the grant is made in the end: the forms on the way to it are its forms.
pub(super) const ACTION: &str = "/api/permissions/grant";
pub(super) const TITLE: &str = "Grant a role";

/// The form that gives a role or permission.
#[component]
pub(crate) fn GrantPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let viewer = Viewer::load().await?;
        let id = asked(&params)?;
        let (mut asked, on) = (Asked::of(&query), Chosen::asked(&query, id).await?);
        if let Some(error) = on.error.clone() {
            let form = FormState::asked(&[on.pair()], Some(error));
            asked.resource.clear();
            return ask(viewer, id, &asked, form).await;
        }
        asked.resource = on.resource;
        ask(viewer, id, &asked, FormState::of(ACTION)).await
    })
}

/// What is to be given, as far as it was said.
pub(super) struct Asked {
    /// To whom.
    pub(super) holder: Holder,
    /// What.
    pub(super) granted: String,
    /// On what.
    pub(super) resource: String,
    /// For how many days.
    pub(super) days: String,
}

impl Asked {
    /// What the address of a page says.
    pub(super) fn of(query: &ParamsMap) -> Self {
        let value = |name: &str| query.get(name).unwrap_or_default();
        let (granted, resource, days) = (value("granted"), value("resource"), value("days"));
        Self { holder: Holder::asked(query), granted, resource, days }
    }

    /// As pairs of an address.
    pub(super) fn pairs(&self) -> [(&'static str, &str); 5] {
        let [principal, holder] = self.holder.pairs();
        [principal, holder, ("granted", &self.granted), ("resource", &self.resource), ("days", &self.days)]
    }

    /// As the API takes it; what was not said yet is an example.
    fn body(&self) -> serde_json::Value {
        let said = |text: &str, example: &str| match text.trim() {
            "" => example.to_owned(),
            text => text.to_owned(),
        };
        let mut body = json!({
            "principal": said(self.holder.text(), "ann@example.org"),
            "granted": said(&self.granted, "developer"),
            "resource": said(&self.resource, "project:NAME"),
        });
        if let Ok(days) = self.days.trim().parse::<u32>() {
            body["days"] = days.into();
        }
        body
    }

    /// As operations take it.
    pub(super) fn input(&self) -> GrantPermission {
        GrantPermission {
            principal: self.holder.text().to_owned(),
            granted: self.granted.clone(),
            resource: self.resource.clone(),
            days: self.days.clone(),
            seen_end: String::new(),
        }
    }
}

/// The place that something is to be given on, for who may give there.
pub(super) struct On {
    /// What it is.
    pub(super) kind: ResourceKind,
    /// What it is called.
    pub(super) name: String,
    /// The project, if it is one.
    pub(super) project: Option<ProjectView>,
    powers: Powers,
}

impl On {
    /// The place of that name in the organization.
    pub(super) async fn load(viewer: &Viewer, id: OrganizationId, resource: &str) -> Result<Self, AppError> {
        let organization = viewer.organization(id).ok_or(Error::NotFound)?;
        let (kind, ctx) = (kind_of(resource), control()?);
        let (name, powers, project) = match resource.split_once(':') {
            Some(("unit", unit)) => {
                let unit = unit.parse().map_err(|_| Error::NotFound)?;
                let unit = answer(control::units::view(&ctx, id, unit).await)?;
                (unit.row.name, unit.powers, None)
            }
            Some(("project", project)) => {
                let project = answer(control::projects::view(&ctx, project).await)?;
                if project.organization_id != id {
                    return Err(Error::NotFound.into());
                }
                (project.name.clone(), project.powers.clone(), Some(project))
            }
            _ => (organization.name.clone(), organization.powers.clone(), None),
        };
        match powers.decide(Action::Grant) {
            Decision::Allowed => Ok(Self { kind, name, project, powers }),
            Decision::Hidden => Err(Error::NotFound.into()),
            Decision::Missing(lack) => Err(Error::Denied { permission: lack.as_str().to_owned() }.into()),
        }
    }
}

/// The frame of the pages on the way to a grant.
pub(super) fn frame(
    viewer: &Viewer,
    id: OrganizationId,
    project: Option<ProjectView>,
    asked: &Asked,
) -> Frame {
    let path = format!("/v1/organizations/{id}/permissions");
    let body = asked.body();
    let calls = ApiCalls::new()
        .v1("Roles and permissions that there are", "GET", "/v1/permissions", None)
        .v1("See what giving one would do", "POST", &format!("{path}/preview"), Some(&body))
        .v1("Give it", "POST", &path, Some(&body));
    around(viewer, id, project, TITLE).calls(calls)
}

/// The frame of a page about one grant: that of the project that it is on, else of the organization.
pub(super) fn around(
    viewer: &Viewer,
    id: OrganizationId,
    project: Option<ProjectView>,
    title: &str,
) -> Frame {
    if let Some(project) = project {
        let path = links::project_permissions(&project.name, &[]);
        return Frame::in_project(project, Section::Permissions, title).step("Permissions", path);
    }
    let frame = Frame::in_organization(id, Section::OrganizationPermissions, title);
    match viewer.may(id, Action::ViewPermissions) {
        true => frame.step("Permissions", links::permissions(&id.to_string(), &[])),
        false => frame,
    }
}

/// Draws the form: first where, then the rest, which depends on it.
pub(super) async fn ask(
    viewer: Viewer,
    id: OrganizationId,
    asked: &Asked,
    form: FormState,
) -> Result<AnyView, AppError> {
    let path = links::new_grant(&id.to_string(), &[]);
    let title = head(TITLE.into(), (), ());
    if asked.resource.is_empty() {
        viewer.require(id, Action::Grant)?;
        let frame = frame(&viewer, id, None, asked).step(TITLE, path.clone());
        let body = where_to(&viewer, id, asked, path, &form).await?;
        return Ok(frame.view(viewer, view! { {title} {body} }.into_any()));
    }
    let on = On::load(&viewer, id, &asked.resource).await?;
    let frame = frame(&viewer, id, on.project.clone(), asked).step(TITLE, path);
    let body = what_and_who(&viewer, id, asked, &on, &form).await?;
    Ok(frame.view(viewer, view! { {title} {body} }.into_any()))
}

async fn where_to(
    viewer: &Viewer,
    id: OrganizationId,
    asked: &Asked,
    path: String,
    form: &FormState,
) -> Result<AnyView, AppError> {
    let fields = places(viewer, id).await?.fields(form, "On what?", None, "");
    Ok(view! {
        <div class="card">
            <form method="get" action=path class="form form-narrow">
                <p class="muted">"What is given on the organization or a unit holds for everything in it, too."</p>
                {hidden(&asked.holder.pairs())} {fields} <div class="form-actions">
                    <button class="button button-primary">"Continue"</button>
                    <a class="button" href=after(viewer, id, ResourceKind::Organization, "")>"Cancel"</a>
                </div>
            </form>
        </div>
    }
    .into_any())
}

async fn what_and_who(
    viewer: &Viewer,
    id: OrganizationId,
    asked: &Asked,
    on: &On,
    form: &FormState,
) -> Result<AnyView, AppError> {
    let organization = id.to_string();
    let change = viewer.may(id, Action::Grant).then(|| {
        let [principal, holder] = asked.holder.pairs().map(|(name, value)| (name, Some(value)));
        view! { " " <a href=links::new_grant(&organization, &[principal, holder])>"Change"</a> }
    });
    let what = Grantables {
        name: "granted",
        legend: "What",
        choices: givable(&on.powers, on.kind),
        chosen: vec![form.value("granted").unwrap_or_else(|| asked.granted.clone())],
        is_many: false,
    };
    let days = Field {
        name: "days",
        label: "Days until it ends",
        hint: Some("Leave it empty, and it lasts until it is revoked.".into()),
        value: Some(asked.days.clone()),
        is_optional: true,
        max: Some(4),
        ..Field::default()
    };
    let back = after(viewer, id, on.kind, &asked.resource);
    Ok(view! {
        <div class="card">
            <form method="get" action=links::grant_preview(&organization, &[]) class="form">
                {hidden(&[("resource", &asked.resource)])} {form.error(&["principal", "granted", "days"])}
                <p class="granted-on">"On " <strong>{place(on.kind, &on.name)}</strong> {change}</p>
                {who(viewer, id, asked, form).await?}
                {what.view(form)}
                <div class="form-narrow">{days.view(form)}</div>
                <div class="form-actions">
                    <button class="button button-primary">"Preview"</button>
                    <a class="button" href=back>"Cancel"</a>
                </div>
            </form>
        </div>
    }
    .into_any())
}

/// A person by address, or a group or program by name where the viewer may see these.
async fn who(
    viewer: &Viewer,
    id: OrganizationId,
    asked: &Asked,
    form: &FormState,
) -> Result<AnyView, AppError> {
    let mut holders = holders(viewer, id).await?;
    if !asked.holder.chosen.is_empty() {
        holders = holders.with(&asked.holder.chosen, asked.holder.name(id, &asked.resource).await);
    }
    let has_others = !holders.groups.is_empty();
    let address = Field {
        value: Some(asked.holder.address.clone()),
        is_optional: false,
        is_either: has_others,
        ..typed_holder(viewer, id)
    };
    let others = has_others.then(|| {
        let mut select =
            holders.select("holder", "Or a group or application user from the list", Some("None"));
        select.value = Some(asked.holder.chosen.clone());
        (select.is_optional, select.is_either) = (false, true);
        select.view(form)
    });
    Ok(view! {
        <fieldset class="choices">
            <legend>"To whom"</legend>
            <div class="form form-row">{address.view(form)} {others}</div>
        </fieldset>
    }
    .into_any())
}
