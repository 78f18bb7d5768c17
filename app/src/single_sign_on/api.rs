//! Server functions of one's own links with identity providers.

use domain::{ids::IdentityProviderId, views::OwnIdentities};
use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links, session,
};

#[cfg(feature = "ssr")]
pub(super) const UNLINK: &str = "/api/identities/unlink";

/// The identity providers that one signs in with, and those that one could link.
#[server(endpoint = "identities/list", input = GetUrl)]
pub async fn list_identities() -> Result<OwnIdentities, AppError> {
    answer(control::single_sign_on::own(&control()?).await)
}

/// Takes one's link with an identity provider away.
#[server(endpoint = "identities/unlink")]
pub async fn unlink_identity(
    provider: IdentityProviderId,
    #[server(default)] subject: String,
) -> Result<(), AppError> {
    match answer(control::single_sign_on::unlink(&control()?, provider, &subject).await)? {
        true => {
            session::end().await?;
            done(&links::sign_in(None), "It is unlinked, and you are signed out here. Sign in another way.");
        }
        false => done(&links::authentication(), "It is unlinked."),
    }
    Ok(())
}
