//! From wherever the service is to nothing but a signed certificate.

use domain::{
    certificates::{DestroyedNode, DestroyedVolume, DestructionCertificate, FORMAT},
    events::EventType,
    ids::CertificateId,
    states::{NodeState, ServiceState, Signal},
};

use host::VmState;

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
            let volumes = report
                .volumes
                .into_iter()
                .map(|volume| DestroyedVolume {
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
        let text = format!("The service {} is gone; its volumes are shredded", self.service.name);
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
