//! How one proves who one is: second factors, passkeys and recovery codes. Changing the password is in `passwords`.

pub mod api;

#[cfg(feature = "ssr")]
mod app_page;
#[cfg(feature = "ssr")]
mod key_pages;
#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod made_codes;
#[cfg(feature = "ssr")]
mod question;
#[cfg(feature = "ssr")]
mod recovery_codes_page;
#[cfg(feature = "ssr")]
mod removal_page;
#[cfg(feature = "ssr")]
mod view_page;

#[cfg(feature = "ssr")]
use crate::{
    components::{
        api_call::ApiCalls,
        frame::{Frame, Section},
    },
    context::{answer, control},
    errors::AppError,
    links,
};
#[cfg(feature = "ssr")]
use domain::{errors::Error, sign_ins::FactorKind, views::FactorRow};
#[cfg(feature = "ssr")]
use leptos_router::params::ParamsMap;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    app_page::NewAppPage,
    key_pages::{NewPasskeyPage, NewSecurityKeyPage},
    list_page::AuthenticationPage,
    question::{Question, at_field, given_code, question},
    recovery_codes_page::RecoveryCodesPage,
    removal_page::RemoveFactorPage,
    view_page::FactorViewPage,
};

/// The frame of a page below the list.
#[cfg(feature = "ssr")]
fn frame(title: &str) -> Frame {
    let calls = ApiCalls::new().get("List your second factors", "/api/factors/list", &[]);
    Frame::of_person(Section::Authentication, title)
        .step("Authentication", links::authentication())
        .calls(calls)
}

/// The factor that the address names, if it is one's own.
#[cfg(feature = "ssr")]
async fn asked(params: &ParamsMap) -> Result<FactorRow, AppError> {
    let id = params.get("factor").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
    let own = answer(control::factors::own(&control()?).await)?;
    Ok(own.factors.into_iter().find(|factor| factor.id == id).ok_or(Error::NotFound)?)
}

/// `Authenticator app`.
#[cfg(feature = "ssr")]
const fn kind_name(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Totp => "Authenticator app",
        FactorKind::SecurityKey => "Security key",
        FactorKind::Passkey => "Passkey",
        FactorKind::RecoveryCode => "Recovery code",
        FactorKind::IdentityProvider => "Identity provider",
    }
}
