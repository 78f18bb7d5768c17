//! Services: list, create, overview with the live timeline, connection information, delete.

pub mod api;
pub mod password;
pub mod plan_choice;
pub mod timeline;

#[cfg(feature = "hydrate")]
mod follow;

#[cfg(feature = "ssr")]
mod connect_page;
#[cfg(feature = "ssr")]
mod create_page;
#[cfg(feature = "ssr")]
mod gone_page;
#[cfg(feature = "ssr")]
mod list_page;
#[cfg(feature = "ssr")]
mod nodes;
#[cfg(feature = "ssr")]
mod overview_page;
#[cfg(feature = "ssr")]
mod settings_page;
#[cfg(feature = "ssr")]
pub(crate) mod tabs;

#[cfg(feature = "ssr")]
pub(crate) use self::{
    connect_page::ConnectPage,
    create_page::CreateServicePage,
    list_page::{ProjectPage, ServicesPage},
    overview_page::OverviewPage,
    settings_page::ServiceSettingsPage,
};

/// Id of the part of the overview that is fetched anew when the timeline has moved on.
pub const FACTS: &str = "facts";

/// Id of the link to the certificate on the page of a service that is gone.
pub(crate) const CERTIFICATE: &str = "certificate-of-destruction";
