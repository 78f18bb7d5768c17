//! `/projects/{project}/services/new`: type, cloud, plan with its price, name.

use domain::{actions::Action, plans::CLOUDS, states::ServiceType, views::PlanView};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{api::list_plans, plan_choice::PriceSummary};
use crate::{
    components::{
        api_call::ApiCalls,
        badges::{Tone, badge},
        field::Field,
        form::{FormState, hidden},
        frame::{Frame, Section, Viewer, head, require},
        icons::{Icon, icon},
        page::page,
        price::price,
    },
    links,
    projects::api::view_project,
    quantities::{count, mebibytes, rounded},
};

/// The form that makes a service.
#[component]
pub(crate) fn CreateServicePage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let project = view_project(params.get("project").unwrap_or_default()).await?;
        require(&project.powers, Action::CreateService)?;
        let name = project.name.clone();
        let plans = list_plans(name.clone()).await?;
        let example = [
            ("project", name.as_str()),
            ("name", "orders"),
            ("service_type", "pg"),
            ("plan", "hobbyist"),
            ("cloud", "local-main"),
        ];
        let calls = ApiCalls::new()
            .get("List plans", "/api/services/plans", &[("project", Some(&name))])
            .post("Create a service", "/api/services/create", &example);
        let frame = Frame::in_project(project, Section::Services, "New service")
            .step("New service", links::new_service(&name))
            .calls(calls);
        Ok(frame.view(viewer, draw(&name, plans)))
    })
}

fn draw(project: &str, plans: Vec<PlanView>) -> AnyView {
    let form = FormState::of("/api/services/create");
    let first_free = plans.iter().find(|plan| plan.unavailable.is_none()).map(|plan| plan.plan.clone());
    let chosen = form.value("plan").or(first_free).unwrap_or_default();
    let types = ServiceType::ALL
        .iter()
        .map(|kind| {
            card(
                Card::simple("service_type", kind.as_str(), kind.label(), "Version 15 or newer, TLS only"),
                true,
            )
        })
        .collect_view();
    let clouds = CLOUDS
        .iter()
        .enumerate()
        .map(|(index, cloud)| {
            let is_chosen = form.value("cloud").map_or(index == 0, |value| value == cloud.name);
            // Not its zones: which of them have a host is not for this page to know.
            card(Card::simple("cloud", cloud.name, cloud.label, cloud.name), is_chosen)
        })
        .collect_view();
    let cards = plans.iter().map(|plan| card(Card::plan(plan), plan.plan == chosen)).collect_view();
    let name = Field {
        name: "name",
        label: "Name",
        hint: Some("Letters a to z, digits and dashes; unique in the project.".into()),
        is_code: true,
        has_focus: !form.is_refused(),
        max: Some(63),
        ..Field::default()
    };
    let shown = ["name", "service_type", "plan", "cloud"];
    view! {
        {head("New service".into(), (), ())}
        <form method="post" action=form.action class="form form-wide">
            {hidden(&[("project", project)])} {form.error(&shown)} {name.view(&form)}
            {group("Type", form.reason("service_type"), types.into_any())}
            {group("Cloud", form.reason("cloud"), clouds.into_any())}
            {group("Plan", form.reason("plan").map(|reason| rounded(&reason)), cards.into_any())}
            {obstacles(&plans)} <div class="form-actions form-summary">
                <PriceSummary plans chosen />
                <button class="button button-primary">"Create service"</button>
                <a class="button" href=links::services(project, None)>
                    "Cancel"
                </a>
            </div>
        </form>
    }
    .into_any()
}

/// Why some plans cannot be had now: below the cards, which stay of one size.
fn obstacles(plans: &[PlanView]) -> AnyView {
    let lines: Vec<_> = plans
        .iter()
        .filter_map(|plan| {
            let why = rounded(plan.unavailable.as_deref()?);
            Some(view! { <li id=obstacle_id(&plan.plan)><strong>{plan.label.clone()}</strong> ": " {why}</li> })
        })
        .collect();
    if lines.is_empty() {
        return ().into_any();
    }
    view! { <ul class="choice-obstacles">{lines}</ul> }.into_any()
}

fn obstacle_id(plan: &str) -> String {
    format!("plan-{plan}-obstacle")
}

/// A choice as a card with a radio button.
struct Card {
    name: &'static str,
    value: String,
    label: String,
    text: String,
    facts: Vec<String>,
    price: Option<AnyView>,
    /// Id of the text that says why it cannot be chosen, if so.
    obstacle: Option<String>,
}

impl Card {
    fn simple(name: &'static str, value: &str, label: &str, text: &str) -> Self {
        let (value, label, text) = (value.to_owned(), label.to_owned(), text.to_owned());
        Self { name, value, label, text, facts: Vec::new(), price: None, obstacle: None }
    }

    fn plan(plan: &PlanView) -> Self {
        Self {
            facts: vec![
                count(plan.nodes.into(), "node"),
                count(plan.vcpus.into(), "vCPU"),
                format!("{} memory", mebibytes(plan.memory_mib.into())),
                format!("{} data", mebibytes(plan.data_mib.into())),
            ],
            price: Some(price(plan.per_hour, plan.per_month).into_any()),
            obstacle: plan.unavailable.is_some().then(|| obstacle_id(&plan.plan)),
            ..Self::simple("plan", &plan.plan, &plan.label, &plan.purpose)
        }
    }
}

fn card(card: Card, is_chosen: bool) -> AnyView {
    let is_unavailable = card.obstacle.is_some();
    let id = format!("{}-{}", card.name, card.value);
    let label_for = id.clone();
    let facts = card.facts.into_iter().map(|fact| view! { <li>{fact}</li> }).collect_view();
    view! {
        <label class="choice" for=label_for>
            <input
                type="radio"
                id=id
                name=card.name
                value=card.value
                checked=is_chosen && !is_unavailable
                disabled=is_unavailable
                aria-describedby=card.obstacle
                required
            />
            <span class="choice-body">
                <span class="choice-label">
                    {card.label} {is_unavailable.then(|| badge(Tone::Warning, "not available now"))}
                </span>
                <span class="muted">{card.text}</span>
                <ul class="choice-facts">{facts}</ul>
                {card.price}
            </span>
        </label>
    }
    .into_any()
}

fn group(legend: &'static str, reason: Option<String>, cards: AnyView) -> AnyView {
    let is_refused = reason.is_some();
    view! {
        <fieldset class="choices" class:is-refused=is_refused>
            <legend>{legend}</legend>
            {reason
                .map(|reason| {
                    view! { <p class="field-error" role="alert">{icon(Icon::Warning)} <span>{reason}</span></p> }
                })}
            <div class="choices-grid">{cards}</div>
        </fieldset>
    }
    .into_any()
}
