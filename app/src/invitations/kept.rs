//! What there is to know where no mail server sends what people are sent: nobody gets anything before somebody hands it on.

use control::mails::Kept;
use domain::{actions::Action, ids::OrganizationId};
use leptos::prelude::*;

use crate::{
    components::{alerts::warning, frame::Viewer},
    context::{answer, control},
    errors::AppError,
    links,
};

/// Where the links are that nobody was sent; none if there is a mail server.
pub(super) async fn kept(viewer: &Viewer, id: OrganizationId) -> Result<Option<AnyView>, AppError> {
    let kept = answer(control::mails::kept(&control()?, id).await)?;
    Ok(kept.map(|kept| match kept {
        Kept::Here if viewer.may(id, Action::ViewMails) => here(&links::mails(&id.to_string(), &[])),
        Kept::Here => warning(
            "There is no mail server, so nobody gets a mail. Ask a super admin of the organization to hand the links on: they \
             find them under Mails.",
        ),
        Kept::ByOperator => warning(
            "There is no mail server, so nobody gets a mail. Ask whoever operates this installation to hand the links on.",
        ),
    }))
}

fn here(path: &str) -> AnyView {
    warning(view! {
        "There is no mail server, so nobody gets a mail. Hand the links on: they are under "
        <a href=path.to_owned()>"Mails"</a> "."
    })
}
