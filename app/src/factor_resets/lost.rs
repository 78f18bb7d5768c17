//! What is told to who lost every second factor, where they are asked for one.

use leptos::prelude::*;

/// Whom to ask, and what comes of it; mail is promised only if it is sent. Names nobody: whoever reads it has shown little or
/// nothing.
pub(crate) fn lost(are_mails_sent: bool) -> AnyView {
    let told = match are_mails_sent {
        true => "You and the super admins are told by mail.",
        false => {
            "There is no mail server that tells you and the super admins of it: whoever presses it has to."
        }
    };
    view! {
        <p>
            "Ask somebody who manages the users of your organization, as every super admin does: on your page under Users they press \
             “Reset second factors”."
        </p>
        <p>
            {told} " A day later your password alone lets you in, and you add new ones. If you lost the password as well, or it has \
             fewer than 15 characters, you need the link that sets a new one."
        </p>
        <p>
            "If nobody is left to ask, as for an only super admin, ask whoever operates this installation. On its machine "
            <code>"redoubt admin reset-factors"</code> " with your e-mail address does it at once."
        </p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_only_super_admin_is_told_whom_to_ask_and_mail_is_promised_only_where_it_is_sent() {
        for are_mails_sent in [true, false] {
            let html = lost(are_mails_sent).to_html();
            assert!(
                html.contains("operates this installation") && html.contains("redoubt admin reset-factors"),
                "{html}"
            );
            assert_eq!(html.contains("are told by mail"), are_mails_sent, "{html}");
            assert_eq!(html.contains("no mail server"), !are_mails_sent, "{html}");
        }
    }
}
