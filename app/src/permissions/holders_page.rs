//! `/organizations/{organization}/permissions/holders` and the same of a project: who can do something at a place, and how
//! they came by it.

use domain::{
    errors::Error,
    principals::UserKind,
    views::{HolderRow, Page},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    choices::{Chosen, abilities, kind_of, places},
    people::People,
    places::{Place, Tab},
};
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        empty::empty,
        filter::{Filter, found},
        form::FormState,
        frame::{Viewer, head},
        icons::Icon,
        list::List,
        page::page,
        paths::paths,
        select::Select,
        table::{Column, Row},
    },
    context::{answer, control},
    errors::AppError,
    links,
};

/// Who can do something.
#[component]
pub(crate) fn HoldersPage() -> impl IntoView {
    let (params, query) = (use_params_map().get_untracked(), use_query_map().get_untracked());
    page(async move {
        let after = query.get("after");
        let viewer = Viewer::load().await?;
        let place = Place::load(&viewer, &params).await?;
        let permission = query.get("permission").unwrap_or_default();
        let on = Chosen::asked(&query, place.organization()).await?;
        let asked = Asked {
            permission,
            resource: place.resource().unwrap_or(on.resource),
            typed: on.typed,
            misplaced: on.error,
        };
        let (list, refused) = asked.find(&place, after.as_deref()).await?;
        let form = asked.form(&viewer, &place, refused).await?;
        let people = People::of(&viewer, place.organization());
        let body = view! {
            {head("Permissions".into(), (), ())} {place.tabs(Tab::Holders)} {form}
            {draw(&place, &asked, &people, list, after.as_deref())}
        };
        let frame = place.frame(Tab::Holders).calls(asked.calls(&place));
        Ok(frame.view(viewer, body.into_any()))
    })
}

struct Asked {
    permission: String,
    resource: String,
    /// What was typed and is no place, and why.
    typed: String,
    misplaced: Option<Error>,
}

impl Asked {
    /// Those who can do it; none before anything is asked.
    async fn find(
        &self,
        place: &Place,
        after: Option<&str>,
    ) -> Result<(Option<Page<HolderRow>>, Option<Error>), AppError> {
        if self.permission.is_empty() {
            place.require_others()?;
            return Ok((None, None));
        }
        if let Some(error) = &self.misplaced {
            place.require_others()?;
            return Ok((None, Some(error.clone())));
        }
        let id = place.organization();
        let (permission, resource) = (&self.permission, &self.resource);
        let list = control::explanations::holders(&control()?, id, permission, resource, after).await;
        let (list, refused) = found(answer(list))?;
        Ok((refused.is_none().then_some(list), refused))
    }

    async fn form(
        &self,
        viewer: &Viewer,
        place: &Place,
        refused: Option<Error>,
    ) -> Result<AnyView, AppError> {
        let is_project = place.resource().is_some();
        let kept = if is_project { "" } else { &self.resource };
        let asked = [("permission", self.permission.as_str()), ("resource", kept), ("place", &self.typed)];
        let form = FormState::asked(&asked, refused);
        let permission = Select {
            name: "permission",
            label: "Who can do this?",
            groups: abilities(if is_project { place.kind() } else { kind_of(&self.resource) }),
            nothing: Some("Choose one"),
            ..Select::default()
        };
        let mut fields = vec![permission.view(&form)];
        if !is_project {
            let places = places(viewer, place.organization()).await?;
            let places = places.with(&self.resource, self.resource.clone());
            fields.push(places.fields(&form, "On", None, ""));
        }
        let filter = Filter { address: place.path(Tab::Holders, &[]), hidden: Vec::new(), form };
        Ok(filter.asking("Show who can".into_any(), fields))
    }

    fn calls(&self, place: &Place) -> ApiCalls {
        let path = format!("/v1/organizations/{}/permissions/holders", place.organization());
        let permission = if self.permission.is_empty() { "project:services:write" } else { &self.permission };
        let asked = [("permission", Some(permission)), ("resource", Some(self.resource.as_str()))];
        ApiCalls::new().v1("List those who can", "GET", &links::with_query(&path, &asked), None)
    }
}

fn draw(
    place: &Place,
    asked: &Asked,
    people: &People,
    list: Option<Page<HolderRow>>,
    after: Option<&str>,
) -> AnyView {
    let Some(page) = list else { return ().into_any() };
    let kept = if place.resource().is_some() { "" } else { &asked.resource };
    let address = |after: Option<&str>| {
        let query =
            [("permission", Some(asked.permission.as_str())), ("resource", Some(kept)), ("after", after)];
        place.path(Tab::Holders, &query)
    };
    let list = List {
        caption: "Who can do this",
        columns: &[Column::Name("Who"), Column::Text("Why")],
        after,
        address: &address,
    };
    let empty = || {
        empty(
            Icon::Users,
            "Nobody can",
            "Nobody holds this here, neither by themselves nor through a group. Super admins would be in the list.",
            (),
        )
    };
    list.view(page, |holder| row(people, holder), empty)
}

fn row(people: &People, holder: HolderRow) -> Row {
    let beside = match (holder.kind, holder.email) {
        (UserKind::Person, Some(email)) => email,
        _ => "application user".to_owned(),
    };
    let who = view! {
        <span class="principal">
            {people.named(holder.user_id, holder.kind, &holder.name)} <span class="muted">{beside}</span>
            {holder.obstacle.map(kept_out)}
        </span>
    };
    vec![who.into_any(), paths(holder.paths, &|group| people.group(group))]
}

/// That they can do nothing for all that, and why.
fn kept_out(reason: String) -> AnyView {
    view! { <span>{badge(Tone::Warning, "kept out")}</span> <span class="muted">{reason}</span> }.into_any()
}

#[cfg(test)]
mod tests {
    use domain::views::Path;

    use super::*;

    #[test]
    fn whom_the_policy_keeps_out_is_marked_with_the_reason() {
        let html = |obstacle: Option<&str>| {
            let holder = HolderRow {
                user_id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
                name: "Bea".into(),
                email: Some("bea@example.org".into()),
                kind: UserKind::Person,
                obstacle: obstacle.map(str::to_owned),
                paths: vec![Path::SuperAdmin],
            };
            row(&People::nobody("o"), holder).into_iter().map(RenderHtml::to_html).collect::<String>()
        };
        assert!(!html(None).contains("kept out"));
        let marked = html(Some("Acme asks for a second factor."));
        assert!(marked.contains("kept out") && marked.contains("Acme asks for a second factor."), "{marked}");
    }
}
