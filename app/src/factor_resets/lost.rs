//! What is told to who lost every second factor, where they are asked for one.

use leptos::prelude::*;

/// Whom to ask, and what comes of it. Names nobody: whoever reads it has shown little or nothing.
pub(crate) fn lost() -> AnyView {
    view! {
        <p>
            "Ask somebody who manages the users of your organization, as every super admin does: on your page under Users they press \
             “Reset second factors”."
        </p>
        <p>
            "You and the super admins are told by mail. A day later your password alone lets you in, and you add new ones. If you \
             lost the password as well, or it has fewer than 15 characters, you need the link that sets a new one."
        </p>
    }
    .into_any()
}
