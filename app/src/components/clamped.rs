//! A text of several lines in a cell of a list: all of it is there, and as much of it is seen as the cell has room for.

use leptos::prelude::*;

/// The text; `–` if there is none.
pub(crate) fn clamped(text: &str) -> AnyView {
    match text.trim() {
        "" => view! { <span class="muted">"–"</span> }.into_any(),
        text => {
            // As a title it can be read where it is cut; the file with the list (the loader script) takes it line by line.
            view! { <span class="free-text clamped" title=text.to_owned()>{text.to_owned()}</span> }
                .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_lost() {
        let html = clamped("Run things\nat night").to_html();
        assert!(html.contains(">Run things\nat night</span>"), "{html}");
        assert!(clamped(" \n").to_html().contains('–'));
    }
}
