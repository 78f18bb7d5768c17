//! The units of an organization on its page, and the form that makes one.

use domain::views::UnitRow;
use leptos::prelude::*;

use crate::{
    components::{
        dialog::{dialog, open_button},
        empty::empty,
        field::Field,
        form::{FormState, hidden},
        icons::{Icon, icon},
        table::{Column, Row, table},
        time::time,
    },
    links,
};

const DIALOG: &str = "new-unit";
const COLUMNS: [Column; 3] = [Column::Name("Name"), Column::Figure("Projects"), Column::Text("Created")];

/// The units; nothing for who knows of none and may make none.
pub(crate) fn section(organization: &str, units: Vec<UnitRow>, may_create: bool) -> AnyView {
    if units.is_empty() && !may_create {
        return ().into_any();
    }
    let new = || may_create.then(|| open_button(DIALOG, "button", view! { {icon(Icon::Add)} "New unit" }));
    let is_empty = units.is_empty();
    let body = match is_empty {
        true => empty(
            Icon::Unit,
            "No units yet",
            "A unit holds projects that the same people look after: what they hold on it counts in all of them.",
            new(),
        ),
        false => {
            let rows = units.into_iter().map(|unit| row(organization, unit)).collect();
            table("Units of the organization", &COLUMNS, rows)
        }
    };
    view! {
        <section class="stack" aria-labelledby="units">
            <header class="card-head">
                <h2 id="units">"Units"</h2>
                {(!is_empty).then(new)}
            </header>
            {body}
        </section>
        {may_create.then(|| create_dialog(organization))}
    }
    .into_any()
}

fn row(organization: &str, unit: UnitRow) -> Row {
    let path = links::unit(organization, &unit.id.to_string());
    vec![
        view! { <a class="row-link free-text" href=path>{unit.name}</a> }.into_any(),
        unit.projects.into_any(),
        time(unit.created_at),
    ]
}

fn create_dialog(organization: &str) -> AnyView {
    let form = FormState::of("/api/units/create");
    let field = Field {
        name: "name",
        label: "Name",
        hint: Some("Like a department or a product; unique in the organization.".into()),
        has_focus: true,
        max: Some(83),
        ..Field::default()
    };
    let body = view! {
        <form method="post" action=form.action class="form">
            {hidden(&[("organization", organization)])} {form.error(&["name"])} {field.view(&form)}
            <div class="form-actions">
                <button class="button button-primary">"Create unit"</button>
                <button type="button" class="button" commandfor=DIALOG command="close">
                    "Cancel"
                </button>
            </div>
        </form>
    };
    dialog(DIALOG, "New unit".into(), form.is_refused(), body.into_any())
}
