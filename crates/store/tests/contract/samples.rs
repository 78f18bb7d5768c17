//! Records to start from: one organization with one of everything. Tests change what they are about.

use domain::{
    actions::Action,
    events::EventType,
    identity_providers::{ProviderProtocol, ProviderState},
    ids::*,
    principals::{PrincipalKind, UserKind},
    states::{NodeState, Outcome, ServiceState, ServiceType, VolumeKind},
    timestamps::Timestamp,
};
use sqlx::AssertSqlSafe;
use store::{
    Store, Tx, destruction_certificates::Certificate, events::Event, grants::Grant, groups::Group,
    identity_providers::IdentityProvider, knowers::Knower, nodes::Node, organizations::Organization,
    projects::Project, services::Service, sessions::Row, strands::Strand, units::Unit, users::User,
    volumes::Volume,
};
use uuid::Uuid;

pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(crate) fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn organization_id(number: u128) -> OrganizationId {
    OrganizationId::from_uuid(uuid(number))
}
pub(crate) fn user_id(number: u128) -> UserId {
    UserId::from_uuid(uuid(number))
}
pub(crate) fn unit_id(number: u128) -> UnitId {
    UnitId::from_uuid(uuid(number))
}
pub(crate) fn group_id(number: u128) -> GroupId {
    GroupId::from_uuid(uuid(number))
}
pub(crate) fn project_id(number: u128) -> ProjectId {
    ProjectId::from_uuid(uuid(number))
}
pub(crate) fn service_id(number: u128) -> ServiceId {
    ServiceId::from_uuid(uuid(number))
}
pub(crate) fn node_id(number: u128) -> NodeId {
    NodeId::from_uuid(uuid(number))
}
pub(crate) fn volume_id(number: u128) -> VolumeId {
    VolumeId::from_uuid(uuid(number))
}
pub(crate) fn strand_id(number: u128) -> StrandId {
    StrandId::from_uuid(uuid(number))
}

pub(crate) fn organization(number: u128) -> Organization {
    Organization {
        id: organization_id(number),
        name: format!("Organization {number}"),
        wrapped_key: vec![0, 255, 7],
        created_at: at(1),
        generation: 0,
    }
}

pub(crate) fn user(number: u128) -> User {
    User {
        name: "Ännä 🦀".into(),
        password_hash: "$argon2id$…".into(),
        ..store::users::User::new(
            user_id(number),
            &format!("user{number}@example.org"),
            UserKind::Person,
            at(2),
        )
    }
}

pub(crate) fn application_user(number: u128, name: &str) -> User {
    User {
        email: format!("application-{number}"),
        name: name.into(),
        password_hash: String::new(),
        kind: UserKind::Application,
        description: "Deploys.".into(),
        ..user(number)
    }
}

pub(crate) fn unit(number: u128, organization: u128, name: &str) -> Unit {
    Unit {
        id: unit_id(number),
        organization_id: organization_id(organization),
        name: name.into(),
        created_at: at(1),
        generation: 0,
    }
}

pub(crate) fn group(number: u128, organization: u128, name: &str) -> Group {
    Group {
        id: group_id(number),
        organization_id: organization_id(organization),
        name: name.into(),
        description: String::new(),
        created_at: at(1),
        generation: 0,
    }
}

pub(crate) fn project(number: u128) -> Project {
    Project {
        id: project_id(number),
        organization_id: organization_id(1),
        unit_id: None,
        name: format!("project-{number}"),
        ca_certificate: "PEM".into(),
        ca_key_sealed: vec![1, 2, 3],
        created_at: at(3),
        generation: 0,
    }
}

pub(crate) fn service(number: u128) -> Service {
    Service {
        id: service_id(number),
        project_id: project_id(1),
        name: format!("service-{number}"),
        service_type: ServiceType::Postgresql,
        plan: "hobbyist".into(),
        cloud: "local-main".into(),
        state: ServiceState::Rebuilding,
        created_at: at(4),
        created_by: "user1@example.org".into(),
        database_name: "defaultdb".into(),
        username: "rdadmin".into(),
        password_sealed: vec![4, 5, 6],
        host: None,
        port: None,
        deletion_requested_at: None,
        deletion_requested_by: None,
        ip_filter_generation: 0,
        problem: None,
        running_at: None,
    }
}

pub(crate) fn node(number: u128) -> Node {
    Node {
        id: node_id(number),
        service_id: service_id(1),
        organization_id: organization_id(1),
        host: "host-a".into(),
        zone: "a".into(),
        state: NodeState::SettingUpVm,
        created_at: at(5),
        address: None,
        port: None,
        accelerator: None,
        seen_at: None,
        report: None,
        ip_filter_generation: None,
        starts: 0,
        certificate: None,
        key_sealed: None,
    }
}

pub(crate) fn volume(number: u128, kind: VolumeKind) -> Volume {
    Volume {
        id: volume_id(number),
        node_id: node_id(1),
        kind,
        size_mib: 512,
        luks_uuid: None,
        volume_key_fingerprint: None,
        unlock_key_fingerprint: None,
        report: None,
    }
}

pub(crate) fn strand(number: u128, wake_at: i64) -> Strand {
    Strand {
        id: strand_id(number),
        workflow: "service".into(),
        step: "place".into(),
        state: "{}".into(),
        wake_at: at(wake_at),
        leased_until: None,
        lease_token: None,
        attempts: 0,
        error: None,
        deadline_at: None,
        alerted_at: None,
        step_started_at: at(6),
        created_at: at(6),
        generation: 0,
    }
}

pub(crate) fn grant(number: u128, granted: &str, resource_kind: &str, resource_id: Uuid) -> Grant {
    Grant {
        id: GrantId::from_uuid(uuid(number)),
        organization_id: organization_id(1),
        principal_kind: PrincipalKind::User,
        principal_id: uuid(1),
        granted: granted.into(),
        resource_kind: resource_kind.parse().unwrap(),
        resource_id,
        created_at: at(7),
        expires_at: None,
        created_by: "user1@example.org".into(),
    }
}

pub(crate) fn knower_of_all() -> Knower<'static> {
    Knower { user: user_id(1), now: at(1), openings: ",", knows_all: true }
}

/// A grant, given to a group.
pub(crate) fn to_group(group: u128, grant: Grant) -> Grant {
    Grant { principal_kind: PrincipalKind::Group, principal_id: uuid(group), ..grant }
}

/// A grant, given to another user.
pub(crate) fn to_user(user: u128, grant: Grant) -> Grant {
    Grant { principal_id: uuid(user), ..grant }
}

pub(crate) fn event(organization: Option<OrganizationId>, sequence: i64) -> Event {
    Event {
        id: EventId::from_uuid(uuid(
            organization.map_or(0, |id| id.uuid().as_u128()) * 1_000_000 + u128::try_from(sequence).unwrap(),
        )),
        organization_id: organization,
        project_id: None,
        service_id: None,
        project_name: None,
        service_name: None,
        event_type: EventType::ProjectCreated,
        outcome: Outcome::Done,
        at: at(8),
        sequence,
        actor: "system".into(),
        user_id: None,
        session_id: None,
        credential: None,
        address: None,
        agent: None,
        request_id: RequestId::from_uuid(uuid(9)),
        action: Action::CreateProject,
        text: "Made the project.".into(),
        before: None,
        after: None,
        previous_hash: vec![0; 32],
        hash: sequence.to_be_bytes().to_vec(),
        subject_kind: None,
        subject_id: None,
        subject_name: None,
        token_id: None,
    }
}

pub(crate) fn session(key: u8, user: Option<u128>) -> Row {
    Row {
        key_hash: vec![key; 32],
        user_id: user.map(user_id),
        data: vec![key],
        created_at: at(10),
        last_seen_at: at(10),
        expires_at: at(100),
        address: None,
        agent: None,
        method: None,
        second_factor: None,
        proven_at: None,
        identity_provider_id: None,
        provider_organization_id: None,
        subject: None,
        session_index: None,
    }
}

pub(crate) fn provider_id(number: u128) -> IdentityProviderId {
    IdentityProviderId::from_uuid(uuid(number))
}

/// A draft of an identity provider.
pub(crate) fn provider(number: u128, organization: u128, name: &str) -> IdentityProvider {
    IdentityProvider {
        id: provider_id(number),
        organization_id: organization_id(organization),
        name: name.into(),
        protocol: ProviderProtocol::Saml,
        state: ProviderState::Draft,
        settings: "{}".into(),
        secret_sealed: None,
        last_test: None,
        tested_at: None,
        passed_at: None,
        created_at: at(3),
        changed_at: at(3),
        generation: 0,
    }
}

pub(crate) fn certificate(number: u128, destroyed_at: i64) -> Certificate {
    Certificate {
        id: CertificateId::from_uuid(uuid(number)),
        organization_id: organization_id(1),
        project_id: project_id(1),
        service_id: service_id(number),
        service_name: format!("service-{number}"),
        destroyed_at: at(destroyed_at),
        body: "{\"format\":\"…\"}".into(),
        public_key: "a2V5".into(),
        signature: "c2ln".into(),
    }
}

/// Organization 1 with user 1 as its super admin, project 1, service 1, node 1 and strand 1.
pub(crate) async fn populate(store: &Store) {
    let mut tx = store.write().await.unwrap();
    store::organizations::add(&mut tx, &organization(1)).await.unwrap();
    assert!(store::users::add(&mut tx, &user(1)).await.unwrap());
    store::memberships::add(&mut tx, organization_id(1), user_id(1), true, at(3)).await.unwrap();
    assert!(store::projects::add(&mut tx, &project(1)).await.unwrap());
    assert!(store::services::add(&mut tx, &service(1)).await.unwrap());
    store::nodes::add(&mut tx, &node(1)).await.unwrap();
    store::strands::add(&mut tx, &strand(1, 100)).await.unwrap();
    tx.commit().await.unwrap();
}

/// Gives what was not given yet.
pub(crate) async fn give(tx: &mut Tx, grant: &Grant) {
    assert_eq!(store::grants::put(tx, grant).await.unwrap(), grant.id, "something else was there");
}

/// Beside [`populate`]: organization 2 with project 3, unit 21 with project 2, group 31 of organization 1, and the
/// users 2, 3 and 4, of whom 2 and 3 are members and 2 is in the group.
pub(crate) async fn furnish(tx: &mut Tx) {
    store::organizations::add(tx, &organization(2)).await.unwrap();
    assert!(store::units::add(tx, &unit(21, 1, "Unit")).await.unwrap());
    let mut inside = project(2);
    inside.unit_id = Some(unit_id(21));
    let mut elsewhere = project(3);
    elsewhere.organization_id = organization_id(2);
    for project in [inside, elsewhere] {
        assert!(store::projects::add(tx, &project).await.unwrap());
    }
    assert!(store::groups::add(tx, &group(31, 1, "Group")).await.unwrap());
    for number in 2..=4 {
        assert!(store::users::add(tx, &user(number)).await.unwrap());
    }
    for number in 2..=3 {
        store::memberships::add(tx, organization_id(1), user_id(number), false, at(3)).await.unwrap();
    }
    assert!(store::group_members::add(tx, group_id(31), user_id(2), at(4)).await.unwrap());
}

/// Runs a statement that the store has no function for.
pub(crate) async fn sql(tx: &mut Tx, text: &str) -> Result<u64, sqlx::Error> {
    let text = AssertSqlSafe(text.to_owned());
    Ok(match tx {
        Tx::Sqlite(tx) => sqlx::query(text).execute(&mut **tx).await?.rows_affected(),
        Tx::Postgres(tx) => sqlx::query(text).execute(&mut **tx).await?.rows_affected(),
    })
}
