//! A table with a caption, in a region that scrolls by keyboard on narrow screens, and the links to its next page.

use leptos::prelude::*;

/// A table. `columns` are the heads; a head that starts with `#` is of a column of figures, an empty one of buttons.
pub(crate) fn table(caption: &'static str, columns: &[&'static str], rows: AnyView) -> AnyView {
    let heads = columns
        .iter()
        .map(|head| match head.strip_prefix('#') {
            Some(head) => view! { <th scope="col" class="figure">{head}</th> }.into_any(),
            None if head.is_empty() => {
                view! { <th scope="col"><span class="visually-hidden">"Actions"</span></th> }.into_any()
            }
            None => view! { <th scope="col">{*head}</th> }.into_any(),
        })
        .collect_view();
    view! {
        <div class="table-region" role="region" aria-label=caption tabindex="0">
            <table>
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// How much of the list is shown, and the way to the rest.
pub(crate) fn pager(shown: usize, total: i64, first: Option<String>, next: Option<String>) -> AnyView {
    view! {
        <nav class="pager" aria-label="Pages of the list">
            <p class="muted">{format!("{shown} of {total} shown")}</p>
            {first.map(|path| view! { <a class="button" href=path>"First page"</a> })}
            {next.map(|path| view! { <a class="button" rel="next" href=path>"Next page"</a> })}
        </nav>
    }
    .into_any()
}
