//! One page of a list: its table and the way to the other pages, or what stands there while the list is empty.

use domain::views::Page;
use leptos::prelude::*;

use super::{
    icons::{Icon, icon},
    table::{Column, Row, table},
};

/// A list that is shown page by page.
pub(crate) struct List<'a> {
    /// What it is a list of.
    pub(crate) caption: &'static str,
    /// Its columns.
    pub(crate) columns: &'a [Column],
    /// Where the page that is shown begins; none is the list's beginning.
    pub(crate) after: Option<&'a str>,
    /// The address of the page that begins there.
    pub(crate) address: &'a dyn Fn(Option<&str>) -> String,
}

impl List<'_> {
    /// Draws `page` with a `row` for each of its rows, or `empty` if there is nothing in the whole list.
    pub(crate) fn view<T>(
        self,
        page: Page<T>,
        row: impl Fn(T) -> Row,
        empty: impl FnOnce() -> AnyView,
    ) -> AnyView {
        if page.rows.is_empty() && self.after.is_none() {
            return empty();
        }
        let shown = page.rows.len();
        let first = self.after.map(|_| (self.address)(None));
        let next = page.next.as_deref().map(|after| (self.address)(Some(after)));
        let rows = page.rows.into_iter().map(row).collect();
        let file = self.caption.to_lowercase().replace(' ', "-");
        view! {
            <div class="list">
                {table(self.caption, self.columns, rows)} {pager(shown, page.total, first, next, file)}
            </div>
        }
        .into_any()
    }
}

/// How much of the list is shown, the way to the rest, and what is shown as a file (the loader script writes it).
fn pager(shown: usize, total: i64, first: Option<String>, next: Option<String>, file: String) -> AnyView {
    view! {
        <nav class="pager" aria-label="Pages of the list">
            <p class="muted">{format!("{shown} of {total} shown")}</p>
            <button type="button" class="button button-quiet needs-script" data-csv=file title="The rows shown here">
                {icon(Icon::Download)} "CSV"
            </button>
            {first.map(|path| view! { <a class="button" href=path>"First page"</a> })}
            {next.map(|path| view! { <a class="button" rel="next" href=path>"Next page"</a> })}
        </nav>
    }
    .into_any()
}
