//! A table with a caption. Where it is too narrow for its columns each row becomes a small card with labelled lines,
//! so the roles are written out: browsers forget them when the parts of a table are laid out as something else.

use leptos::prelude::*;

/// A column: what its cells are decides how they are drawn, side by side and stacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// What a row is called: its head, and its first line when stacked.
    Name(&'static str),
    /// Anything.
    Text(&'static str),
    /// Numbers, set flush right.
    Figure(&'static str),
    /// Buttons.
    Actions,
    /// The tick of a row.
    Pick,
}

/// A row: one view for each column, each with a single root so that it stays beside its label when stacked.
pub(crate) type Row = Vec<AnyView>;

/// A table.
pub(crate) fn table(caption: &'static str, columns: &[Column], rows: Vec<Row>) -> AnyView {
    let heads = columns.iter().map(|column| head(*column)).collect_view();
    let rows = rows.into_iter().map(|cells| row(columns, cells)).collect_view();
    view! {
        <div class="table-region" role="region" aria-label=caption tabindex="0">
            <table role="table">
                <caption class="visually-hidden">{caption}</caption>
                <thead role="rowgroup">
                    <tr role="row">{heads}</tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn head(column: Column) -> AnyView {
    match column {
        Column::Name(text) | Column::Text(text) => {
            view! { <th scope="col" role="columnheader">{text}</th> }.into_any()
        }
        Column::Figure(text) => {
            view! { <th scope="col" role="columnheader" class="figure">{text}</th> }.into_any()
        }
        Column::Actions => {
            view! { <th scope="col" role="columnheader"><span class="visually-hidden">"Actions"</span></th> }
                .into_any()
        }
        Column::Pick => {
            view! { <th scope="col" role="columnheader"><span class="visually-hidden">"Choose"</span></th> }
                .into_any()
        }
    }
}

/// Ticks all rows of the page, or none if all are ticked (the loader script does it). `form` names the form that the ticks
/// belong to, where the button stands outside of it.
pub(crate) fn pick_all(form: Option<&'static str>) -> AnyView {
    view! {
        <button type="button" class="button button-quiet needs-script" data-pick-all="" form=form>
            "Choose all on this page"
        </button>
    }
    .into_any()
}

fn row(columns: &[Column], cells: Row) -> AnyView {
    let cells = columns.iter().zip(cells).map(|(column, cell)| self::cell(*column, cell)).collect_view();
    view! { <tr role="row">{cells}</tr> }.into_any()
}

fn cell(column: Column, cell: AnyView) -> AnyView {
    match column {
        Column::Name(_) => view! { <th scope="row" role="rowheader">{cell}</th> }.into_any(),
        Column::Text(label) => view! { <td role="cell" data-label=label>{cell}</td> }.into_any(),
        Column::Figure(label) => {
            view! { <td role="cell" class="figure" data-label=label>{cell}</td> }.into_any()
        }
        Column::Actions => view! { <td role="cell" class="row-actions">{cell}</td> }.into_any(),
        Column::Pick => view! { <td role="cell" class="row-pick">{cell}</td> }.into_any(),
    }
}
