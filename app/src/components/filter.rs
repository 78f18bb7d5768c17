//! What narrows a list down: a form whose fields are part of the list's address, so that the list can be kept and sent
//! around. Keeps what was asked for, and says at its field what cannot be.

use domain::{errors::Error, views::Page};
use leptos::prelude::*;

use super::{
    empty::empty,
    form::{FormState, hidden},
    icons::{Icon, icon},
};
use crate::{context::set_status, errors::AppError, links::with_query};

/// The form above a list.
pub(crate) struct Filter {
    /// The list's address without what narrows it down.
    pub(crate) address: String,
    /// What is part of the address whatever is asked for.
    pub(crate) hidden: Vec<(&'static str, String)>,
    /// What was asked for.
    pub(crate) form: FormState,
}

impl Filter {
    /// The form with these fields, which searches the list.
    pub(crate) fn view(self, fields: Vec<AnyView>) -> AnyView {
        self.asking(view! { {icon(Icon::Search)} "Search" }.into_any(), fields)
    }

    /// The form with these fields, and what its button says that it shows.
    pub(crate) fn asking(self, button: AnyView, fields: Vec<AnyView>) -> AnyView {
        let Self { address, hidden: kept, form } = self;
        let pairs: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let is_used = form.is_filled();
        let unfiltered: Vec<(&str, Option<&str>)> =
            pairs.iter().map(|(name, value)| (*name, Some(*value))).collect();
        let everything = with_query(&address, &unfiltered);
        view! {
            <form method="get" action=address class="filter" role="search">
                {hidden(&pairs)} {fields}
                <div class="filter-actions">
                    <button class="button">{button}</button>
                    {is_used.then(|| view! { <a class="button button-quiet" href=everything>"Clear"</a> })}
                </div>
            </form>
        }
        .into_any()
    }
}

/// A list that was asked for, and why it could not be narrowed down like that, if so: then it is empty.
pub(crate) fn found<T>(answer: Result<Page<T>, AppError>) -> Result<(Page<T>, Option<Error>), AppError> {
    match answer {
        Ok(page) => Ok((page, None)),
        Err(AppError::Refused(error @ Error::Invalid { .. })) => {
            set_status(error.status());
            Ok((Page { rows: Vec::new(), next: None, total: 0 }, Some(error)))
        }
        Err(other) => Err(other),
    }
}

/// Whether there is anything to narrow down.
pub(crate) fn is_needed<T>(page: &Page<T>, form: &FormState) -> bool {
    page.total > 0 || form.is_filled() || form.is_refused()
}

/// In place of a list in which nothing is what was asked for, or that was not searched because that cannot be asked.
pub(crate) fn nothing_fits(is_refused: bool) -> AnyView {
    match is_refused {
        true => empty(Icon::Search, "Not searched", "Correct the marked field, then search again.", ()),
        false => empty(
            Icon::Search,
            "Nothing fits",
            "Nothing in this list fits the filter. Change the filter.",
            (),
        ),
    }
}
