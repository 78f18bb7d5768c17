//! Server functions of events.

use domain::{
    inputs::EventFilter,
    views::{EventView, Page},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

#[cfg(feature = "ssr")]
use crate::context::{answer, control};
use crate::errors::AppError;

/// The events of a project, latest first.
#[server(endpoint = "events/list", input = GetUrl)]
pub async fn list_events(
    project: String,
    #[server(default)] filter: EventFilter,
    #[server(default)] after: Option<String>,
) -> Result<Page<EventView>, AppError> {
    answer(control::events::list(&control()?, &project, &filter, after.as_deref()).await)
}
