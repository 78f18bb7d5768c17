//! The contract of `store::volumes`.

use domain::states::VolumeKind;
use store::{Store, nodes, volumes};

use crate::samples::*;

contract!(adds_changes_lists_and_removes);

async fn adds_changes_lists_and_removes(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    nodes::add(&mut tx, &node(2)).await.unwrap();
    let (mut root, data) = (volume(1, VolumeKind::Root), volume(2, VolumeKind::Data));
    let mut of_another_node = volume(3, VolumeKind::Root);
    of_another_node.node_id = node_id(2);
    for volume in [&root, &data, &of_another_node] {
        volumes::add(&mut tx, volume).await.unwrap();
    }
    volumes::set_facts(&mut tx, root.id, "uuid", "volume key", "unlock key").await.unwrap();
    volumes::set_report(&mut tx, root.id, "{}").await.unwrap();
    root.luks_uuid = Some("uuid".into());
    root.volume_key_fingerprint = Some("volume key".into());
    root.unlock_key_fingerprint = Some("unlock key".into());
    root.report = Some("{}".into());
    assert_eq!(volumes::list(&mut tx, node_id(1)).await.unwrap(), [data.clone(), root.clone()]);
    let listed = volumes::list_for_service(&mut tx, service_id(1)).await.unwrap();
    assert_eq!(listed, [data, root, of_another_node.clone()]);
    assert_eq!(volumes::list_for_service(&mut tx, service_id(2)).await.unwrap(), []);
    assert_eq!(volumes::remove_for_node(&mut tx, node_id(1)).await.unwrap(), 2);
    assert_eq!(volumes::remove_for_node(&mut tx, node_id(1)).await.unwrap(), 0);
    assert_eq!(volumes::list_for_service(&mut tx, service_id(1)).await.unwrap(), [of_another_node]);
}
