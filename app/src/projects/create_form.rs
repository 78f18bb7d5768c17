//! The form that makes a project, on the pages of what it can be made in.

use domain::views::UnitRow;
use leptos::prelude::*;

use crate::components::{
    dialog::{dialog, open_button},
    field::Field,
    form::{FormState, hidden},
    icons::{Icon, icon},
    select::{Group, Select},
};

const DIALOG: &str = "new-project";

/// Where the project is to be made.
pub(crate) enum Place {
    /// In that unit.
    Unit(String),
    /// Where whoever makes it chooses: in the organization itself or in one of these units.
    Choice(Vec<UnitRow>),
}

/// The button that opens the form.
pub(crate) fn new_button() -> AnyView {
    open_button(DIALOG, "button button-primary", view! { {icon(Icon::Add)} "New project" })
}

/// The form.
pub(crate) fn create_dialog(organization: &str, place: Place) -> AnyView {
    let form = FormState::of("/api/projects/create");
    let field = Field {
        name: "name",
        label: "Name",
        hint: Some(
            "Letters a to z, digits and dashes. Unique in this installation; it is part of addresses.".into(),
        ),
        is_code: true,
        has_focus: true,
        max: Some(63),
        ..Field::default()
    };
    let place = match place {
        Place::Unit(unit) => hidden(&[("unit", &unit)]),
        Place::Choice(units) if units.is_empty() => ().into_any(),
        Place::Choice(units) => choice(units).view(&form),
    };
    let body = view! {
        <form method="post" action=form.action class="form">
            {hidden(&[("organization", organization)])} {form.error(&["name"])} {field.view(&form)} {place}
            <div class="form-actions">
                <button class="button button-primary">"Create project"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">
                    "Cancel"
                </button>
            </div>
        </form>
    };
    dialog(DIALOG, "New project".into(), form.is_refused(), body.into_any())
}

fn choice(units: Vec<UnitRow>) -> Select {
    Select {
        name: "unit",
        label: "Unit",
        hint: Some("What people hold on a unit counts in all of its projects.".into()),
        groups: vec![Group {
            heading: None,
            choices: units.into_iter().map(|unit| (unit.id.to_string(), unit.name)).collect(),
        }],
        nothing: Some("None: the organization itself"),
        is_optional: true,
        ..Select::default()
    }
}
