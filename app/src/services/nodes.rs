//! Nodes and volumes, with what each guest itself reports of its encryption.

use domain::views::{NodeView, VolumeView};
use leptos::prelude::*;

use crate::{
    components::{
        alerts::warning,
        badges::{Tone, badge, node_state},
        time::{maybe_time, time},
    },
    quantities::{bytes, mebibytes},
};

/// The nodes of a service.
pub(crate) fn nodes(nodes: &[NodeView]) -> AnyView {
    if nodes.is_empty() {
        return view! { <p class="muted">"No node is placed yet."</p> }.into_any();
    }
    nodes.iter().map(node).collect_view().into_any()
}

fn node(node: &NodeView) -> AnyView {
    let (tone, word) = node_state(node.state);
    let volumes = node.volumes.iter().map(volume).collect_view();
    view! {
        <article class="node">
            <header class="node-head">
                <h3>"Node " <code>{short(&node.id.to_string())}</code></h3>
                {badge(tone, word)}
            </header>
            <dl class="facts">
                <div><dt>"Host"</dt><dd>{node.host.clone()} " in zone " {node.zone.clone()}</dd></div>
                <div><dt>"Accelerator"</dt><dd>{accelerator(node.accelerator.as_deref())}</dd></div>
                <div><dt>"PostgreSQL"</dt><dd>{known(node.postgresql_version.clone())}</dd></div>
                <div><dt>"Created"</dt><dd>{time(node.created_at)}</dd></div>
                <div><dt>"Last heard of"</dt><dd>{maybe_time(node.seen_at)}</dd></div>
            </dl>
            {node.accelerator_note.clone().map(warning)}
            <div class="volumes">{volumes}</div>
        </article>
    }
    .into_any()
}

/// How the VM is run. Emulation is said in words: it works, but for nothing that matters.
fn accelerator(name: Option<&str>) -> AnyView {
    match name {
        Some("kvm") => "KVM".into_any(),
        Some("tcg") => badge(Tone::Warning, "emulated").into_any(),
        other => known(other.map(str::to_owned)),
    }
}

fn volume(volume: &VolumeView) -> AnyView {
    let (tone, word) = match &volume.report {
        Some(report) if is_encrypted(report) => (Tone::Good, "encrypted"),
        Some(_) => (Tone::Bad, "not as it must be"),
        None => (Tone::Plain, "not reported yet"),
    };
    let report = volume.report.as_ref().map(|report| {
        let (used, capacity) = (report.used_bytes, report.capacity_bytes.max(1));
        let fill = format!("{} of {} used", bytes(used), bytes(report.capacity_bytes));
        view! {
            <div class="fill">
                <meter min="0" max=capacity.to_string() high=(capacity / 10 * 9).to_string() value=used.to_string() aria-label="Fill">
                    {fill.clone()}
                </meter>
                <span class="muted">{fill}</span>
            </div>
            <dl class="facts">
                <div><dt>"Format"</dt><dd>{report.luks_type.clone()}</dd></div>
                <div><dt>"Cipher"</dt><dd>{report.cipher.clone()} ", " {report.key_bits} " bit"</dd></div>
                <div><dt>"Hash"</dt><dd>{report.hash.clone()}</dd></div>
                <div class="facts-wide"><dt>"UUID"</dt><dd><code>{report.luks_uuid.clone()}</code></dd></div>
            </dl>
        }
    });
    let fingerprint = volume.volume_key_fingerprint.clone().map(|fingerprint| {
        view! {
            <dl class="facts">
                <div class="facts-wide">
                    <dt>"Volume key fingerprint (SHA-256 of the LUKS2 digest)"</dt>
                    <dd><code class="break">{fingerprint}</code></dd>
                </div>
            </dl>
        }
    });
    view! {
        <section class="volume">
            <header class="node-head">
                <h4>"Volume " <code>{volume.kind.as_str()}</code> <span class="muted">{mebibytes(volume.size_mib)}</span></h4>
                {badge(tone, word)}
            </header>
            {report} {fingerprint}
        </section>
    }
    .into_any()
}

/// What DESIGN promises of every volume; anything else is shown as wrong.
fn is_encrypted(report: &domain::agent::VolumeReport) -> bool {
    report.luks_type == "LUKS2"
        && report.cipher == "aes-xts-plain64"
        && report.key_bits == 512
        && report.hash == "sha256"
}

fn known(value: Option<String>) -> AnyView {
    match value {
        Some(value) => value.into_any(),
        None => view! { <span class="muted">"not reported yet"</span> }.into_any(),
    }
}

/// The random tail of an id, which tells nodes apart.
fn short(id: &str) -> String {
    id.rsplit('-').next().unwrap_or(id).to_owned()
}

#[cfg(test)]
mod tests {
    use domain::{agent::VolumeReport, states::VolumeKind};

    use super::*;

    #[test]
    fn only_the_promised_encryption_counts() {
        let good = VolumeReport {
            kind: VolumeKind::Data,
            luks_type: "LUKS2".into(),
            cipher: "aes-xts-plain64".into(),
            key_bits: 512,
            hash: "sha256".into(),
            luks_uuid: String::new(),
            size_bytes: 1,
            used_bytes: 0,
            capacity_bytes: 1,
        };
        assert!(is_encrypted(&good));
        assert!(!is_encrypted(&VolumeReport { luks_type: "LUKS1".into(), ..good.clone() }));
        assert!(!is_encrypted(&VolumeReport { key_bits: 256, ..good.clone() }));
        assert!(!is_encrypted(&VolumeReport { cipher: "aes-cbc-plain".into(), ..good }));
    }

    #[test]
    fn ids_are_told_apart_by_their_tail() {
        assert_eq!(short("0190b0c2-0000-7000-8000-00000000abcd"), "00000000abcd");
    }
}
