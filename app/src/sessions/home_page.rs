//! `/`: sends people to the set-up, the sign-in or their projects. Shows nothing of its own.

use leptos::prelude::*;

use crate::{
    components::page::page,
    context::{control, go},
    links,
};

/// The start page.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    page(async {
        let ctx = control()?;
        if control::set_up::is_needed(&ctx).await? {
            go("/set-up");
        } else if control::sessions::profile(&ctx).await.is_ok() {
            go("/projects");
        } else {
            go(&links::sign_in(None));
        }
        Ok(())
    })
}
