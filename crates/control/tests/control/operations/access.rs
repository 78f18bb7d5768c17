//! Every operation as everybody. The table below is written by hand, not read from the policy.

use control::{
    Context, certificates, changes, events, ip_filters, organizations, projects, services, sessions,
};
use domain::{
    errors::Error,
    ids::{CertificateId, OrganizationId},
    inputs::{AddIpFilterEntry, CreateService},
    permissions::Role,
};

use crate::{
    check::check_world,
    world::{ALL_EVENTS, ALL_PROJECTS, PROJECT, World},
};

const SERVICE: &str = "orders";

/// What an operation is tried on.
#[derive(Clone)]
struct Names {
    organization: OrganizationId,
    project: String,
    service: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    ViewOrganization,
    ListOrganizationEvents,
    ListOrganizationCertificates,
    ViewOrganizationCertificate,
    ListProjects,
    CreateProject,
    ViewProject,
    RenameProject,
    DeleteProject,
    ListEvents,
    Plans,
    ListServices,
    CreateService,
    ViewService,
    Timeline,
    Subscribe,
    Password,
    DeleteService,
    Retry,
    AddRange,
    RemoveRange,
    ListCertificates,
    ViewCertificate,
}

use Operation as O;

impl Operation {
    const ALL: [Self; 23] = [
        O::ViewOrganization,
        O::ListOrganizationEvents,
        O::ListOrganizationCertificates,
        O::ViewOrganizationCertificate,
        O::ListProjects,
        O::CreateProject,
        O::ViewProject,
        O::RenameProject,
        O::DeleteProject,
        O::ListEvents,
        O::Plans,
        O::ListServices,
        O::CreateService,
        O::ViewService,
        O::Timeline,
        O::Subscribe,
        O::Password,
        O::DeleteService,
        O::Retry,
        O::AddRange,
        O::RemoveRange,
        O::ListCertificates,
        O::ViewCertificate,
    ];

    /// Who may: roles on the project, but for the organization's admin, who holds that role on the organization.
    const fn roles(self) -> &'static [Role] {
        match self {
            O::ViewOrganization
            | O::ListProjects
            | O::ViewProject
            | O::Plans
            | O::ListServices
            | O::ViewService
            | O::Timeline
            | O::Subscribe
            | O::ListCertificates
            | O::ViewCertificate => Role::ALL,
            // On the organization; the other roles are on the project here.
            O::ListOrganizationEvents
            | O::ListOrganizationCertificates
            | O::ViewOrganizationCertificate
            | O::CreateProject
            | O::RenameProject
            | O::DeleteProject => &[Role::OrganizationAdmin],
            O::ListEvents => {
                &[Role::OrganizationAdmin, Role::Admin, Role::Operator, Role::Developer, Role::ReadOnly]
            }
            O::CreateService | O::DeleteService | O::Retry | O::AddRange | O::RemoveRange => {
                &[Role::OrganizationAdmin, Role::Admin, Role::Operator]
            }
            O::Password => &[Role::OrganizationAdmin, Role::Admin, Role::Operator, Role::Developer],
        }
    }

    /// Whether the target is the organization, which every member may know of.
    const fn is_on_organization(self) -> bool {
        matches!(
            self,
            O::ViewOrganization
                | O::ListOrganizationEvents
                | O::ListOrganizationCertificates
                | O::ViewOrganizationCertificate
                | O::ListProjects
                | O::CreateProject
        )
    }

    /// Tries it with values that are refused after the permission was checked, where it would change something.
    async fn call(self, ctx: &Context, names: &Names) -> Result<(), Error> {
        let Names { organization, project, service } = names.clone();
        let (project, service) = (project.as_str(), service.as_str());
        match self {
            O::ViewOrganization => organizations::view(ctx, organization).await.map(drop),
            O::ListOrganizationEvents => {
                events::list_for_organization(ctx, organization, &ALL_EVENTS, None).await.map(drop)
            }
            O::ListOrganizationCertificates => {
                certificates::list_for_organization(ctx, organization, None).await.map(drop)
            }
            O::ViewOrganizationCertificate => {
                let id = CertificateId::from_uuid(uuid::Uuid::from_u128(1));
                match certificates::view_for_organization(ctx, organization, id).await {
                    // For those who may look, there is none of that id.
                    Err(Error::NotFound) if organizations::view(ctx, organization).await.is_ok() => Ok(()),
                    answer => answer.map(drop),
                }
            }
            O::ListProjects => projects::list(ctx, organization, &ALL_PROJECTS, None).await.map(drop),
            O::CreateProject => projects::create(ctx, organization, "?", "").await.map(drop),
            O::ViewProject => projects::view(ctx, project).await.map(drop),
            O::RenameProject => projects::rename(ctx, project, "?").await.map(drop),
            O::DeleteProject => projects::delete(ctx, project, "?").await,
            O::ListEvents => events::list(ctx, project, &ALL_EVENTS, None).await.map(drop),
            O::Plans => services::plans(ctx, project).await.map(drop),
            O::ListServices => services::list(ctx, project, None).await.map(drop),
            O::CreateService => {
                let input = CreateService {
                    project: project.into(),
                    name: "?".into(),
                    service_type: "pg".into(),
                    plan: "hobbyist".into(),
                    cloud: "local-main".into(),
                };
                services::create(ctx, input).await.map(drop)
            }
            O::ViewService => services::view(ctx, project, service).await.map(drop),
            O::Timeline => services::timeline(ctx, project, service).await.map(drop),
            O::Subscribe => changes::subscribe(ctx, project, service).await.map(drop),
            O::Password => services::password(ctx, project, service).await.map(drop),
            O::DeleteService => services::delete(ctx, project, service, "?").await,
            O::Retry => services::retry(ctx, project, service).await,
            O::AddRange => {
                let input = AddIpFilterEntry {
                    project: project.into(),
                    service: service.into(),
                    cidr: "?".into(),
                    description: String::new(),
                    open_to_world: false,
                };
                ip_filters::add(ctx, input).await.map(drop)
            }
            O::RemoveRange => ip_filters::remove(ctx, project, service, "?").await.map(drop),
            O::ListCertificates => certificates::list(ctx, project, None).await.map(drop),
            O::ViewCertificate => {
                let id = CertificateId::from_uuid(uuid::Uuid::from_u128(1));
                match certificates::view(ctx, project, id).await {
                    // There is no such certificate: who learns that may look into the project.
                    Err(Error::NotFound) if projects::view(ctx, project).await.is_ok() => Ok(()),
                    result => result.map(drop),
                }
            }
        }
    }
}

/// The answer as it goes out, to be compared byte by byte.
fn bytes(answer: &Result<(), Error>) -> String {
    serde_json::to_string(answer).unwrap()
}

struct Stage {
    world: World,
    real: Names,
    /// The same with names and ids that nothing has.
    made_up: Names,
}

async fn stage() -> Stage {
    let world = World::new().await;
    world.running(SERVICE).await;
    let real = Names { organization: world.organization, project: PROJECT.into(), service: SERVICE.into() };
    let made_up = Names {
        organization: OrganizationId::from_uuid(world.uuid()),
        project: "nonesuch".into(),
        service: "nonesuch".into(),
    };
    Stage { world, real, made_up }
}

/// Everything but the log of refusals.
async fn rows(world: &World) -> (std::collections::BTreeMap<String, Vec<String>>, usize) {
    let mut dump = world.dump().await;
    let events = dump.remove("events").unwrap().len();
    (dump, events)
}

/// Nobody, somebody of another organization and somebody who is deactivated learn nothing and leave no trace.
#[tokio::test]
async fn outsiders_cannot_tell_what_exists() {
    let Stage { world, real, made_up } = stage().await;
    let stranger = world.add_user("eve@elsewhere.org", None, true).await;
    {
        let mut tx = world.store.write().await.unwrap();
        let organization = store::organizations::Organization {
            id: OrganizationId::from_uuid(world.uuid()),
            name: "Elsewhere".into(),
            wrapped_key: vec![0; 60],
            created_at: world.now(),
            generation: 0,
        };
        store::organizations::add(&mut tx, &organization).await.unwrap();
        store::memberships::add(&mut tx, organization.id, stranger, true, world.now()).await.unwrap();
        tx.commit().await.unwrap();
    }
    let deactivated = world.add_user("gone@example.org", Some(true), false).await;
    let removed = domain::ids::UserId::from_uuid(world.uuid());
    let before = rows(&world).await;
    for (who, ctx, status) in [
        ("nobody", world.nobody(), 401),
        ("stranger", world.ctx_of(stranger), 404),
        ("deactivated", world.ctx_of(deactivated), 401),
        ("removed", world.ctx_of(removed), 401),
    ] {
        for operation in Operation::ALL {
            let on_real = operation.call(&ctx, &real).await;
            let on_made_up = operation.call(&ctx, &made_up).await;
            assert_eq!(on_real.as_ref().map_err(Error::status), Err(status), "{who} {operation:?}");
            assert_eq!(bytes(&on_real), bytes(&on_made_up), "{who} {operation:?}");
            let mixed = Names { project: made_up.project.clone(), ..real.clone() };
            assert!(
                operation.is_on_organization()
                    || bytes(&operation.call(&ctx, &mixed).await) == bytes(&on_real)
            );
        }
    }
    assert_eq!(rows(&world).await, before, "not one row, and no event in the other tenant's log");
    assert_eq!(sessions::profile(&world.ctx_of(deactivated)).await.unwrap_err().status(), 401);
}

/// A member who holds nothing sees the organization and not what is in it.
#[tokio::test]
async fn a_member_without_a_role_sees_the_organization_only() {
    let Stage { world, real, made_up } = stage().await;
    let member = world.add_user("mel@example.org", Some(false), true).await;
    let ctx = world.ctx_of(member);
    for operation in Operation::ALL {
        let answer = operation.call(&ctx, &real).await;
        match operation {
            O::ViewOrganization | O::ListProjects => assert_eq!(answer, Ok(()), "{operation:?}"),
            _ if operation.is_on_organization() => assert_eq!(answer.unwrap_err().status(), 403),
            _ => {
                assert_eq!(answer, Err(Error::NotFound), "{operation:?}");
                assert_eq!(bytes(&answer), bytes(&operation.call(&ctx, &made_up).await), "{operation:?}");
            }
        }
    }
    assert_eq!(projects::list(&ctx, world.organization, &ALL_PROJECTS, None).await.unwrap().total, 0);
}

/// Each role on the project does what the table says. A refusal names what is missing and is an event; it changes
/// nothing else.
#[tokio::test]
async fn every_role_does_what_the_table_says() {
    let Stage { world, real, .. } = stage().await;
    let project = world.project_id().await;
    let mut refusals = 0;
    for role in Role::ALL {
        let user = world
            .add_user(&format!("{}@example.org", role.as_str().replace(':', ".")), Some(false), true)
            .await;
        let on_organization = *role == Role::OrganizationAdmin;
        world.grant(user, role.as_str(), (!on_organization).then_some(project)).await;
        let ctx = world.ctx_of(user);
        for operation in Operation::ALL {
            let before = rows(&world).await;
            let answer = operation.call(&ctx, &real).await;
            let after = rows(&world).await;
            if operation.roles().contains(role) {
                assert!(
                    matches!(answer, Ok(()) | Err(Error::Invalid { .. })),
                    "{role} {operation:?}: {answer:?}"
                );
                continue;
            }
            let Err(Error::Denied { permission }) = answer else {
                panic!("{role} {operation:?}: {answer:?}");
            };
            assert!(permission.contains(':'), "{permission}");
            assert_eq!((after.0, after.1), (before.0, before.1 + 1), "{role} {operation:?}");
            refusals += 1;
        }
    }
    assert_eq!(world.count_events("action.denied").await, refusals);
    assert!(refusals > 40, "{refusals}");
    check_world(&world).await;
}

/// What ends at a time is worth nothing afterwards.
#[tokio::test]
async fn a_grant_ends_at_its_time() {
    let Stage { world, real, .. } = stage().await;
    let user = world.add_user("bob@example.org", Some(false), true).await;
    let mut tx = world.store.write().await.unwrap();
    let grant = store::grants::Grant {
        id: domain::ids::GrantId::from_uuid(world.uuid()),
        organization_id: world.organization,
        principal_kind: domain::principals::PrincipalKind::User,
        principal_id: user.uuid(),
        granted: "admin".into(),
        resource_kind: domain::principals::ResourceKind::Organization,
        resource_id: world.organization.uuid(),
        created_at: world.now(),
        expires_at: Some(world.now().plus(std::time::Duration::from_secs(60))),
        created_by: "system".into(),
    };
    store::grants::put(&mut tx, &grant).await.unwrap();
    tx.commit().await.unwrap();
    let ctx = world.ctx_of(user);
    assert_eq!(O::ViewService.call(&ctx, &real).await, Ok(()));
    let mut watch = changes::subscribe(&ctx, PROJECT, SERVICE).await.unwrap();
    assert!(watch.next().await.is_some());
    world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(O::ViewService.call(&ctx, &real).await, Err(Error::NotFound));
    assert_eq!(watch.next().await, None, "a stream ends with the right to see it");
}

/// A stream that is open ends with its session, not when its own time is over.
#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let Stage { world, .. } = stage().await;
    let ctx = world.ctx();
    let mut watch = changes::subscribe(&ctx, PROJECT, SERVICE).await.unwrap();
    assert!(watch.next().await.is_some());
    world.end_session(world.user).await;
    assert_eq!(watch.next().await, None);
    // Nor does one go on as somebody else.
    let user = world.add_user("bob@example.org", Some(true), true).await;
    let row = store::sessions::Row { user_id: Some(user), ..world.session_row(world.user) };
    let mut tx = world.store.write().await.unwrap();
    assert!(store::sessions::add(&mut tx, &row).await.unwrap());
    tx.commit().await.unwrap();
    let mut watch = changes::subscribe(&ctx, PROJECT, SERVICE).await.unwrap();
    assert_eq!(watch.next().await, None);
}
