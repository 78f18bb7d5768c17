//! Looking for nodes that a host holds and the database does not know.
//!
//! Rows are written before anything is made and go after everything is destroyed, so such a node has one of two
//! origins. A worker that was thought dead did its step after the service was destroyed: a certificate tells of the
//! node's destruction, which is then done again. Or the database is an old copy: nothing is touched, and the log says so.

use domain::{certificates::DestructionCertificate, ids::NodeId};
use host::Host;

use crate::{Control, errors::Failure};

/// Looks at every host once; says how many unknown nodes were left alone.
pub(crate) async fn sweep(control: &Control) -> Result<usize, Failure> {
    let mut left = 0;
    for host in control.hosts() {
        // First the host, then the database: what is made meanwhile is not on the list.
        let held = host.nodes().await?;
        let mut tx = control.store().read().await?;
        let known = store::nodes::list_all(&mut tx).await?;
        let mut unknown = Vec::new();
        for node in held.into_iter().filter(|node| !known.iter().any(|(known, _)| known == node)) {
            unknown.push((node, was_destroyed(&mut tx, node).await?));
        }
        drop(tx);
        for (node, was_destroyed) in unknown {
            if was_destroyed {
                tracing::warn!(%node, "A node came back after its destruction; it is destroyed again");
                destroy(host.as_ref(), node).await?;
            } else {
                left += 1;
                tracing::error!(
                    %node,
                    "The host holds a node that the database does not know. Is this an old copy of the database? Nothing is done."
                );
            }
        }
    }
    Ok(left)
}

async fn was_destroyed(tx: &mut store::Tx, node: NodeId) -> Result<bool, Failure> {
    let Some(found) = store::destruction_certificates::find_by_node(tx, node).await? else {
        return Ok(false);
    };
    let body: DestructionCertificate = serde_json::from_str(&found.body)?;
    Ok(body.nodes.iter().any(|destroyed| destroyed.node_id == node))
}

async fn destroy(host: &dyn Host, node: NodeId) -> Result<(), Failure> {
    host.stop_vm(node).await?;
    host.shred(node).await?;
    Ok(host.forget(node).await?)
}
