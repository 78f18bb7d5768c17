//! Server functions of the IP filter.

use domain::views::IpFilterView;
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
};

/// Lets an address range connect.
#[server(endpoint = "ip_filter/add")]
pub async fn add_ip_filter_entry(
    project: String,
    service: String,
    #[server(default)] cidr: String,
    #[server(default)] description: String,
    #[server(default)] open_to_world: bool,
) -> Result<IpFilterView, AppError> {
    let path = links::service(&project, &service, "network");
    let added = listed(&cidr);
    let input = domain::inputs::AddIpFilterEntry { project, service, cidr, description, open_to_world };
    let filter = answer(control::ip_filters::add(&control()?, input).await)?;
    done(&path, &format!("{added} may connect."));
    Ok(filter)
}

/// Takes an address range out again.
#[server(endpoint = "ip_filter/remove")]
pub async fn remove_ip_filter_entry(
    project: String,
    service: String,
    cidr: String,
) -> Result<IpFilterView, AppError> {
    let filter = answer(control::ip_filters::remove(&control()?, &project, &service, &cidr).await)?;
    let notice = format!("{} may no longer connect.", listed(&cidr));
    done(&links::service(&project, &service, "network"), &notice);
    Ok(filter)
}

/// A range as the list says it, which need not be how it was typed.
#[cfg(feature = "ssr")]
fn listed(cidr: &str) -> String {
    let range = cidr.parse::<domain::networks::Cidr>();
    range.map_or_else(|_| cidr.to_owned(), |range| range.to_string())
}
