//! Server functions of the set-up.

use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    session,
};

/// Makes the first user and organization and signs in.
#[server(endpoint = "set_up/complete")]
pub async fn complete_set_up(
    #[server(default)] token: String,
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] organization: String,
) -> Result<(), AppError> {
    let secret = domain::secrets::Secret::new;
    let (token, password) = (secret(token), secret(password));
    let input = domain::inputs::CompleteSetUp { token, name, email, password, organization };
    let signed_in = answer(control::set_up::complete(&control()?, input).await)?;
    session::begin(signed_in).await?;
    done("/projects", "Redoubt is set up. Create a first project to begin.");
    Ok(())
}
