//! Server functions of one's own second factors. Adding one and making recovery codes are no server functions: their answer
//! is shown by the page that they are sent to, once.

#[cfg(feature = "ssr")]
use domain::secrets::Secret;
use domain::{ids::FactorId, views::OwnFactors};
use leptos::{prelude::*, server_fn::codec::GetUrl};

#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links, session,
};
use crate::{errors::AppError, sessions::api::PasskeyChallenge};

/// One's own second factors.
#[server(endpoint = "factors/list", input = GetUrl)]
pub async fn list_factors() -> Result<OwnFactors, AppError> {
    answer(control::factors::own(&control()?).await)
}

/// Begins to add a passkey that is to be called so. What the browser answers is sent to the page.
#[server(endpoint = "factors/begin_passkey")]
pub async fn begin_new_passkey(#[server(default)] name: String) -> Result<PasskeyChallenge, AppError> {
    let begun = answer(control::factors::begin_passkey(&control()?, &name).await)?;
    session::keep_ceremony(&begun.ceremony);
    Ok(PasskeyChallenge { options: begun.shown })
}

/// Begins to add a security key that is to be called so. What the browser answers is sent to the page.
#[server(endpoint = "factors/begin_security_key")]
pub async fn begin_new_security_key(#[server(default)] name: String) -> Result<PasskeyChallenge, AppError> {
    let begun = answer(control::factors::begin_security_key(&control()?, &name).await)?;
    session::keep_ceremony(&begun.ceremony);
    Ok(PasskeyChallenge { options: begun.shown })
}

/// Calls a factor something else.
#[server(endpoint = "factors/rename")]
pub async fn rename_factor(factor: FactorId, #[server(default)] name: String) -> Result<(), AppError> {
    answer(control::factors::rename(&control()?, factor, &name).await)?;
    done(&links::authentication(), "The name is changed.");
    Ok(())
}

/// Removes a factor; `confirmed` by who knows which organizations do not let them in any more. With the last one, the
/// `password` is looked at.
#[server(endpoint = "factors/remove")]
pub async fn remove_factor(
    factor: FactorId,
    #[server(default)] confirmed: bool,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    match answer(control::factors::remove(&control()?, factor, confirmed, &Secret::new(password)).await)? {
        true => {
            session::end().await?;
            done(
                &links::sign_in(None),
                "It is removed, and you are signed out everywhere. Sign in with your password.",
            );
        }
        false => {
            done(&links::authentication(), "It is removed, and every other browser of yours is signed out.");
        }
    }
    Ok(())
}
