//! `/projects/{project}/certificates/{id}`: one certificate of destruction, with how to verify it elsewhere.

use domain::{
    certificates::{DestroyedNode, DestroyedVolume, is_whole},
    errors::Error,
    views::CertificateView,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::api::view_certificate;
use crate::{
    components::{
        alerts::warning,
        api_call::ApiCalls,
        badges::{Tone, badge},
        copy::CopyButton,
        frame::{Frame, Section, Viewer, head},
        icons::{Icon, icon},
        page::page,
        table::{Column, table},
        time::time,
    },
    context::origin,
    links,
    projects::api::view_project,
};

/// Where the installation publishes the key that it signs with.
const SIGNING_KEY: &str = "/.well-known/redoubt/signing-key";

/// One certificate of destruction.
#[component]
pub(crate) fn CertificatePage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    page(async move {
        let viewer = Viewer::load().await?;
        let project = view_project(params.get("project").unwrap_or_default()).await?;
        let id = params.get("id").unwrap_or_default().parse().map_err(|_| Error::NotFound)?;
        let name = project.name.clone();
        let certificate = view_certificate(name.clone(), id).await?;
        let key = id.to_string();
        let service = certificate.body.service_name.clone();
        let calls = ApiCalls::new().get(
            "View the certificate",
            "/api/certificates/view",
            &[("project", Some(&name)), ("certificate", Some(&key))],
        );
        let frame = Frame::in_project(project, Section::Certificates, format!("Certificate for {service}"))
            .step("Certificates", links::certificates(&name, None))
            .step(service, links::certificate(&name, &key))
            .calls(calls);
        Ok(frame.view(viewer, draw(&links::certificate(&name, &key), &certificate)))
    })
}

/// One certificate, which is at `path`.
pub(crate) fn draw(path: &str, certificate: &CertificateView) -> AnyView {
    let body = &certificate.body;
    let id = body.id.to_string();
    let download = format!("{path}/download");
    let state = if certificate.is_valid {
        badge(Tone::Good, "signature is valid").into_any()
    } else {
        badge(Tone::Bad, "signature is not valid").into_any()
    };
    let command = command(&id, &certificate.signed.public_key);
    let nodes = body.nodes.iter().map(node).collect_view();
    let button = view! { <a class="button button-primary" href=download download>{icon(Icon::Download)} "Download"</a> };
    view! {
        {head(body.service_name.clone(), state, button)}
        <section class="card" aria-labelledby="statement">
            <h2 id="statement">"Statement"</h2>
            <p>
                "The service " <strong>{body.service_name.clone()}</strong> " of project "
                <strong>{body.project_name.clone()}</strong> ", organization " <strong>{body.organization_name.clone()}</strong>
                ", was destroyed at " {time(body.destroyed_at)} " at the request of " <strong>{body.requested_by.clone()}</strong>
                ". " {outcome(&body.nodes)}
            </p>
            <dl class="facts facts-ids">
                <div><dt>"Certificate"</dt><dd><code class="break">{id}</code></dd></div>
                <div><dt>"Service"</dt><dd><code class="break">{body.service_id.to_string()}</code></dd></div>
                <div><dt>"Format"</dt><dd><code>{body.format.clone()}</code></dd></div>
            </dl>
        </section>
        {nodes}
        <section class="card" aria-labelledby="verify">
            <h2 id="verify">"Verify it yourself"</h2>
            <p class="muted">
                "Download the certificate and check it offline, on any machine. Compare the public key with the one that \
                 this installation publishes at " <a href=SIGNING_KEY><code>{format!("{}{SIGNING_KEY}", origin())}</code></a>
                ", best with a copy that you took before."
            </p>
            <div class="copyable">
                <pre tabindex="0" aria-label="Command"><code>{command.clone()}</code></pre>
                <CopyButton text=command what="the command".to_owned() />
            </div>
            <dl class="facts">
                <div><dt>"Algorithm"</dt><dd>{certificate.signed.algorithm.clone()}</dd></div>
                <div class="facts-wide"><dt>"Public key"</dt><dd><code class="break">{certificate.signed.public_key.clone()}</code></dd></div>
                <div class="facts-wide"><dt>"Signature"</dt><dd><code class="break">{certificate.signed.signature.clone()}</code></dd></div>
            </dl>
        </section>
    }
    .into_any()
}

/// What became of all volumes, in one sentence.
fn outcome(nodes: &[DestroyedNode]) -> &'static str {
    match is_whole(nodes) {
        true => "Its volumes cannot be opened any more.",
        false => "Not every volume could be erased: see below what is left and what became of its key.",
    }
}

/// Checks the file that “Download” gives.
fn command(id: &str, public_key: &str) -> String {
    format!("redoubt verify-certificate --public-key '{public_key}' destruction-{id}.json")
}

fn node(node: &DestroyedNode) -> AnyView {
    let id = node.node_id.to_string();
    let volumes = node.volumes.iter().map(volume).collect_view();
    let steps = node
        .steps
        .iter()
        .map(|step| vec![step.what.clone().into_any(), step.check.clone().into_any(), time(step.at)]);
    let columns = [Column::Name("Step"), Column::Text("Check"), Column::Text("Time")];
    let heading = format!("node-{id}");
    let labelled_by = heading.clone();
    view! {
        <section class="card" aria-labelledby=labelled_by>
            <h2 id=heading>"Node on host " {node.host.clone()}</h2>
            <p><code class="break">{id}</code></p>
            {table("What was done and how it was checked", &columns, steps.collect())}
            <div class="volumes">{volumes}</div>
        </section>
    }
    .into_any()
}

fn volume(volume: &DestroyedVolume) -> AnyView {
    let one = |label: &'static str, value: String| {
        view! { <div class="facts-wide"><dt>{label}</dt><dd><code class="break">{value}</code></dd></div> }
    };
    view! {
        <section class="volume">
            <h3>"Volume " <code>{volume.kind.as_str()}</code></h3>
            {volume.not_erased.clone().map(warning)}
            <dl class="facts">
                {one("LUKS UUID", volume.luks_uuid.clone())}
                {one("Volume key fingerprint", volume.volume_key_fingerprint.clone())}
                {one("Unlock key fingerprint", volume.unlock_key_fingerprint.clone())}
            </dl>
        </section>
    }
    .into_any()
}
