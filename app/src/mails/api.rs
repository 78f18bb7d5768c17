//! Server functions of mails.

use domain::{
    ids::{MailId, OrganizationId},
    views::{MailRow, MailView, Page},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

#[cfg(feature = "ssr")]
use crate::context::{answer, control, no_store};
use crate::errors::AppError;

/// The mails that were written for an organization to addresses that hold the text, latest first.
#[server(endpoint = "mails/list", input = GetUrl)]
pub async fn list_mails(
    organization: OrganizationId,
    #[server(default)] text: String,
    #[server(default)] after: Option<String>,
) -> Result<Page<MailRow>, AppError> {
    answer(control::mails::list(&control()?, organization, &text, after.as_deref()).await)
}

/// One of them, with its text if it is kept here.
#[server(endpoint = "mails/view", input = GetUrl)]
pub async fn view_mail(organization: OrganizationId, mail: MailId) -> Result<MailView, AppError> {
    no_store();
    answer(control::mails::view(&control()?, organization, mail).await)
}
