//! One page of a list: its table and the way to the other pages, or what stands there while the list is empty.

use domain::views::Page;
use leptos::prelude::*;

use super::{
    empty::empty as nothing,
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
        let count = format!("{} of {} shown", page.rows.len(), page.total);
        self.view_counted(page, count, row, empty)
    }

    /// The same, with these words for how much of the list is shown.
    pub(crate) fn view_counted<T>(
        self,
        page: Page<T>,
        count: String,
        row: impl Fn(T) -> Row,
        empty: impl FnOnce() -> AnyView,
    ) -> AnyView {
        match (page.rows.is_empty(), self.after) {
            (true, None) => return empty(),
            (true, Some(_)) => return behind_the_end((self.address)(None)),
            (false, _) => {}
        }
        let first = self.after.map(|_| (self.address)(None));
        let next = page.next.as_deref().map(|after| (self.address)(Some(after)));
        let rows = page.rows.into_iter().map(row).collect();
        let file = self.caption.to_lowercase().replace(' ', "-");
        view! {
            <div class="list">
                {table(self.caption, self.columns, rows)} {pager(count, first, next, file)}
            </div>
        }
        .into_any()
    }
}

/// In place of a page that begins where the list has ended.
fn behind_the_end(first: String) -> AnyView {
    let step = view! { <a class="button" href=first>"First page"</a> };
    nothing(
        Icon::Search,
        "Nothing more here",
        "The list ends before this page. Start again from its first page.",
        step,
    )
}

/// How much of the list is shown, the way to the rest, and what is shown as a file (the loader script writes it).
fn pager(count: String, first: Option<String>, next: Option<String>, file: String) -> AnyView {
    view! {
        <nav class="pager" aria-label="Pages of the list">
            <p class="muted">{count}</p>
            <button type="button" class="button button-quiet needs-script" data-csv=file>
                {icon(Icon::Download)} "Export this page as CSV"
            </button>
            {first.map(|path| view! { <a class="button" href=path>"First page"</a> })}
            {next.map(|path| view! { <a class="button" rel="next" href=path>"Next page"</a> })}
        </nav>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_behind_the_end_leads_to_the_first_and_an_empty_list_says_what_it_is_for() {
        let draw = |after| {
            let list = List {
                caption: "Projects",
                columns: &[Column::Name("Name")],
                after,
                address: &|after| format!("/projects?{}", after.unwrap_or("first")),
            };
            let page = Page::<()> { rows: Vec::new(), next: None, total: 5 };
            list.view(page, |()| Vec::new(), || "A first step".into_any()).to_html()
        };
        let behind = draw(Some("zzz"));
        assert!(behind.contains("href=\"/projects?first\""), "{behind}");
        assert!(behind.contains("The list ends before this page."), "{behind}");
        assert!(!behind.contains("<table") && !behind.contains("of 5 shown"), "{behind}");
        assert_eq!(draw(None), "A first step");
    }
}
