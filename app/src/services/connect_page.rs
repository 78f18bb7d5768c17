//! `/projects/{project}/services/{service}/connect`: everything needed to connect. Asked for with POST (the form of
//! browsers without script) it also shows the password, and is kept out of every cache.

use domain::{
    actions::Action,
    errors::Error,
    secrets::Secret,
    states::ServiceState,
    views::{ConnectionView, ServiceView},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    api::reveal_password,
    password::PasswordReveal,
    tabs::{Tab, pairs, service_page},
};
use crate::{
    components::{
        alerts::warning,
        copy::CopyButton,
        empty::empty,
        icons::{Icon, icon},
        page::page,
        refresher::Refresher,
    },
    context::is_post,
    errors::AppError,
    links,
};

/// Id of the part that is fetched anew until the service answers.
const REGION: &str = "answering";
const BUSY_MILLIS: u32 = 2_500;
const IDLE_MILLIS: u32 = 30_000;

/// How to connect.
#[component]
pub(crate) fn ConnectPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let of = |name| params.get(name).unwrap_or_default();
        let password = match is_post() {
            true => match reveal_password(of("project"), of("service")).await {
                Ok(password) => Some(password),
                // What there is to say of a service that is gone, its page says.
                Err(AppError::Refused(Error::NotFound)) => None,
                Err(error) => return Err(error),
            },
            false => None,
        };
        service_page(&params, Tab::Connect, |service, calls| {
            let calls = match service.project.powers.may(Action::ViewServicePassword) {
                true => calls.post("Ask for the password", "/api/services/password", &pairs(service)),
                false => calls,
            };
            (calls, draw(service, password))
        })
        .await
    })
}

fn draw(service: &ServiceView, password: Option<Secret>) -> AnyView {
    let Some(connection) = &service.connection else {
        return empty(
            Icon::Service,
            "Nothing to connect to yet",
            "Host, port, certificate and password are shown here as soon as the service has an address.",
            view! {
                <a class="button" href=links::service(&service.project.name, &service.row.name, "")>"See how far it is"</a>
            },
        )
        .into_any();
    };
    let (project, name) = (service.project.name.clone(), service.row.name.clone());
    let certificate = links::service(&project, &name, "ca.pem");
    let is_closed = service.ip_filter.entries.is_empty();
    view! {
        {silence(service)}
        {is_closed.then(|| closed(service))}
        {connection.reach_note.clone().map(warning)}
        <section class="card" aria-labelledby="parameters">
            <h2 id="parameters">"Parameters"</h2>
            {parameters(connection, password, service)}
        </section>
        <section class="card" aria-labelledby="certificate">
            <header class="card-head">
                <h2 id="certificate">"CA certificate"</h2>
                <a class="button" href=certificate download>
                    {icon(Icon::Download)}
                    "Download ca.pem"
                </a>
            </header>
            <p class="muted">
                "Every service of this project proves itself with a certificate signed by this CA. With it your client \
                 knows that it talks to your service and to nobody else."
            </p>
            <details>
                <summary>"Show the certificate"</summary>
                <pre tabindex="0" aria-label="CA certificate"><code>{connection.ca_certificate.clone()}</code></pre>
            </details>
        </section>
        <section class="card" aria-labelledby="commands">
            <h2 id="commands">"Commands"</h2>
            {line("psql", "Asks for the password and expects the CA certificate in ca.pem.", &connection.psql_command)}
            {line("URI", "Without a password; most drivers take it as it is.", &connection.uri)}
        </section>
    }
    .into_any()
}

/// Says that nothing answers yet, and stops saying so by itself.
fn silence(service: &ServiceView) -> AnyView {
    let why = not_answering(service);
    let is_active = why.is_some();
    let version = format!("{}-{}", service.row.state.as_str(), service.row.problem.is_some());
    view! {
        <div id=REGION class="region" data-version=version data-active=is_active.then_some("")>
            {why}
        </div>
        <Refresher region=REGION.to_owned() busy_millis=BUSY_MILLIS idle_millis=IDLE_MILLIS />
    }
    .into_any()
}

/// Values to connect with are there before anything answers to them.
pub(super) fn not_answering(service: &ServiceView) -> Option<AnyView> {
    let row = &service.row;
    if row.state == ServiceState::Running || row.is_deleting {
        return None;
    }
    let rest = "These values stay as they are and work as soon as it is RUNNING.";
    let state = row.state.as_str();
    if row.problem.is_some() {
        let text =
            format!("Nothing answers here: the service is {state}, held up by something that failed. {rest}");
        return Some(warning(text));
    }
    let text = format!("Nothing answers here yet: the service is {state}. {rest}");
    let view =
        view! { <p class="alert alert-busy" role="note">{icon(Icon::Service)} <span>{text}</span></p> };
    Some(view.into_any())
}

fn closed(service: &ServiceView) -> AnyView {
    let network = links::service(&service.project.name, &service.row.name, "network");
    view! {
        <p class="alert alert-warning">
            {icon(Icon::Lock)}
            <span>
                "Closed: nobody can connect until the IP filter has an entry. "
                <a href=network>{filter_link(service)}</a>
            </span>
        </p>
    }
    .into_any()
}

/// What the way to the IP filter is called for who looks.
pub(super) fn filter_link(service: &ServiceView) -> &'static str {
    match service.project.powers.may(Action::SetIpFilter) {
        true => "Edit the IP filter",
        false => "See the IP filter",
    }
}

fn parameters(connection: &ConnectionView, password: Option<Secret>, service: &ServiceView) -> AnyView {
    let (project, name) = (service.project.name.clone(), service.row.name.clone());
    let may_see_password = service.project.powers.may(Action::ViewServicePassword);
    let one = |label: &'static str, value: String| {
        view! {
            <div>
                <dt>{label}</dt>
                <dd class="copyable">
                    <code>{value.clone()}</code>
                    <CopyButton text=value what=label.to_lowercase() />
                </dd>
            </div>
        }
    };
    let password = match password {
        // The person asked to read it.
        Some(password) => {
            let text = password.expose().to_owned();
            let hide = links::service(&project, &name, "connect");
            view! {
                <code class="secret">{text}</code>
                <a class="button button-small" href=hide>
                    "Hide"
                </a>
            }
            .into_any()
        }
        None if may_see_password => view! { <PasswordReveal project service=name /> }.into_any(),
        None => view! { <span class="muted">"Shown to who manages the service’s users."</span> }.into_any(),
    };
    view! {
        <dl class="facts facts-list">
            {one("Host", connection.host.clone())} {one("Port", connection.port.to_string())}
            {one("Database", connection.database.clone())} {one("User", connection.user.clone())} <div>
                <dt>"Password"</dt>
                <dd class="copyable">{password}</dd>
            </div> <div>
                <dt>"TLS"</dt>
                <dd>"Required; use " <code>"sslmode=verify-full"</code></dd>
            </div>
        </dl>
    }
    .into_any()
}

fn line(label: &'static str, text: &'static str, command: &str) -> AnyView {
    view! {
        <div class="command">
        <h3>{label}</h3>
        <p class="muted">{text}</p>
        <div class="copyable">
            <pre tabindex="0" aria-label=label><code>{command.to_owned()}</code></pre>
            <CopyButton text=command.to_owned() what=label.to_owned() />
        </div>
        </div>
    }
    .into_any()
}
