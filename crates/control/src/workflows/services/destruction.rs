//! From wherever the service is to nothing but a signed certificate.

use domain::{
    certificates::{DestroyedNode, DestroyedVolume, DestructionCertificate, FORMAT, is_whole},
    events::EventType,
    ids::{CertificateId, NodeId},
    states::{NodeState, ServiceState, Signal},
};
use host::{ShredReport, VmState};
use store::volumes::Volume;

use super::{DEADLINE, Run, Step, Subject};
use crate::{
    errors::Failure,
    workflow::{Next, Turn},
};

impl Subject {
    /// Leaves whatever was going on. Steps are finished or undone by the host's own idempotence.
    pub(super) async fn begin_destruction(mut self, turn: &mut Turn) -> Result<Next, Failure> {
        self.notes.run = Run::Deleting;
        self.save_notes(turn)?;
        turn.set_deadline(Some(turn.now().plus(DEADLINE)));
        self.set_states(turn, ServiceState::Rebuilding, NodeState::Leaving).await?;
        let strand = turn.strand().id;
        store::signals::remove(turn.write().await?, strand, Signal::ApplyIpFilter).await?;
        Ok(Next::Hop(Step::StopVm.as_str()))
    }

    pub(super) async fn stop_vm(&self, turn: &Turn) -> Result<Next, Failure> {
        for node in &self.nodes {
            turn.control().host(&node.host)?.stop_vm(node.id).await?;
        }
        Ok(Next::Hop(Step::Shred.as_str()))
    }

    pub(super) async fn shred(mut self, turn: &mut Turn) -> Result<Next, Failure> {
        self.notes.destroyed.clear();
        for node in &self.nodes {
            let host = turn.control().host(&node.host)?;
            // Whoever was slow may have started it again since; what is stopped stays stopped.
            host.stop_vm(node.id).await?;
            let report = host.shred(node.id).await?;
            // What will be signed is looked at, not believed.
            if host.observe(node.id).await?.vm != VmState::Absent {
                let text =
                    format!("The host {} still holds the node {} after shredding it", node.host, node.id);
                return Err(Failure::Inconsistent(text));
            }
            if let Some(problem) = differs(&self.volumes_of(turn, node.id).await?, &report) {
                let text = format!(
                    "The host {} {problem}, so it cannot be said that the node {} is destroyed",
                    node.host, node.id
                );
                return Err(Failure::Inconsistent(text));
            }
            let why = |id| report.missing.iter().find(|missing| missing.volume == id);
            let volumes = report
                .volumes
                .iter()
                .cloned()
                .map(|volume| DestroyedVolume {
                    not_erased: why(volume.volume).map(|missing| missing.why.clone()),
                    volume_id: volume.volume,
                    kind: volume.kind,
                    luks_uuid: volume.luks_uuid,
                    volume_key_fingerprint: volume.volume_key_fingerprint,
                    unlock_key_fingerprint: volume.unlock_key_fingerprint,
                })
                .collect();
            self.notes.destroyed.push(DestroyedNode {
                node_id: node.id,
                host: node.host.clone(),
                volumes,
                steps: report.steps,
            });
        }
        self.save_notes(turn)?;
        for node in &self.nodes {
            let text = format!("Destroyed the node {} of {}", node.id, self.service.name);
            self.record(turn, EventType::NodeDestroyed, text).await?;
        }
        Ok(Next::Hop(Step::Certify.as_str()))
    }

    async fn volumes_of(&self, turn: &Turn, node: NodeId) -> Result<Vec<Volume>, Failure> {
        let mut tx = turn.control().store().read().await?;
        Ok(store::volumes::list(&mut tx, node).await?)
    }

    pub(super) async fn certify(&self, turn: &mut Turn) -> Result<Next, Failure> {
        let (now, control) = (turn.now(), turn.control().clone());
        let mut tx = control.store().read().await?;
        let organization = store::organizations::find(&mut tx, self.project.organization_id)
            .await?
            .ok_or_else(|| Failure::Inconsistent("the organization is gone".into()))?;
        let existing = store::destruction_certificates::find_by_service(&mut tx, self.service.id).await?;
        drop(tx);
        if existing.is_some() {
            return Ok(Next::Hop(Step::CleanUp.as_str()));
        }
        let body = DestructionCertificate {
            format: FORMAT.into(),
            id: CertificateId::from_uuid(control.new_uuid()),
            organization_id: organization.id,
            organization_name: organization.name,
            project_id: self.project.id,
            project_name: self.project.name.clone(),
            service_id: self.service.id,
            service_name: self.service.name.clone(),
            requested_by: self.service.deletion_requested_by.clone().unwrap_or_else(|| "system".into()),
            destroyed_at: now,
            destroyed_at_text: now.rfc3339(),
            nodes: self.notes.destroyed.clone(),
        };
        let signed = control.signing_key().sign(&body)?;
        let certificate = store::destruction_certificates::Certificate {
            id: body.id,
            organization_id: body.organization_id,
            project_id: body.project_id,
            service_id: body.service_id,
            service_name: body.service_name,
            destroyed_at: now,
            body: signed.certificate,
            public_key: signed.public_key,
            signature: signed.signature,
        };
        store::destruction_certificates::add(turn.write().await?, &certificate).await?;
        Ok(Next::Hop(Step::CleanUp.as_str()))
    }

    /// The certificate is stored: the host may forget its report, and the rows go, together with the strand.
    pub(super) async fn clean_up(&self, turn: &mut Turn) -> Result<Next, Failure> {
        for node in &self.nodes {
            let host = turn.control().host(&node.host)?;
            host.forget(node.id).await?;
            if host.nodes().await?.contains(&node.id) {
                let text = format!("The host {} does not forget the node {}", node.host, node.id);
                return Err(Failure::Inconsistent(text));
            }
        }
        let strand = turn.strand().id;
        let volumes = match is_whole(&self.notes.destroyed) {
            true => "its volumes are shredded",
            false => "not every volume could be erased, see the certificate of destruction",
        };
        let text = format!("The service {} is gone; {volumes}", self.service.name);
        self.record(turn, EventType::ServiceDeleted, text).await?;
        let tx = turn.write().await?;
        for signal in Signal::ALL {
            store::signals::remove(tx, strand, *signal).await?;
        }
        store::alerts::remove_for(tx, strand).await?;
        for node in &self.nodes {
            store::volumes::remove_for_node(tx, node.id).await?;
            store::nodes::remove(tx, node.id).await?;
        }
        store::services::remove(tx, self.service.id).await?;
        Ok(Next::Done)
    }
}

/// Why a host's report is not about the volumes that are known, if so. Those that were made must be in it, just as they
/// were made; of those that were asked for only, a crash may have kept it unknown whether they were.
fn differs(known: &[Volume], report: &ShredReport) -> Option<String> {
    for volume in known {
        let told = report.volumes.iter().find(|told| told.volume == volume.id);
        match (told, &volume.luks_uuid) {
            (None, None) => {}
            (None, Some(_)) => {
                return Some(format!("knows nothing of the {} volume that it made", volume.kind));
            }
            (Some(told), Some(uuid)) => {
                let keys = (&volume.volume_key_fingerprint, &volume.unlock_key_fingerprint);
                let told_keys = (Some(&told.volume_key_fingerprint), Some(&told.unlock_key_fingerprint));
                if told.luks_uuid != *uuid || (keys.0.as_ref(), keys.1.as_ref()) != told_keys {
                    return Some(format!("destroyed another {} volume than it made", volume.kind));
                }
            }
            (Some(_), None) => {}
        }
    }
    let strange = report.volumes.iter().find(|told| !known.iter().any(|volume| volume.id == told.volume));
    strange.map(|told| format!("destroyed a {} volume that nobody asked for", told.kind))
}
