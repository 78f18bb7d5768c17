//! Texts from outside: none of them breaks a query, on either database. A NUL is what PostgreSQL refuses.

use domain::ids::GroupId;
use store::{
    Store, access, events, grants, group_members, groups, holders, invitations, knowers::Knower, memberships,
    nodes, places, projects, services, settings, sign_in_attempts, units, users,
};

use crate::samples::*;

contract!(a_nul_finds_nothing, a_nul_is_stored_visibly);

const TEXT: &str = "a\0b";

async fn a_nul_finds_nothing(store: Store) {
    populate(&store).await;
    let mut tx = store.read().await.unwrap();
    let (organization, project) = (organization_id(1), project_id(1));
    let (text, after) = (Some(TEXT), Some(TEXT));

    for target in [
        access::Target::ProjectName(TEXT),
        access::Target::Service { project: TEXT, service: "x" },
        access::Target::Service { project: "x", service: TEXT },
    ] {
        assert_eq!(access::effective(&mut tx, user_id(1), target, at(1)).await.unwrap(), None);
    }
    let all = events::EventFilter::default();
    for filter in [
        events::EventFilter { actor: text, ..all },
        events::EventFilter { project: text, ..all },
        events::EventFilter { text, ..all },
    ] {
        assert_eq!(events::list_for_project(&mut tx, project, &filter, None, 9).await.unwrap(), []);
        assert_eq!(events::count_for_project(&mut tx, project, &filter, 9).await.unwrap(), 0);
        let chain = Some(organization);
        assert_eq!(events::list_for_organization(&mut tx, chain, &filter, None, 9).await.unwrap(), []);
        assert_eq!(events::count_for_organization(&mut tx, chain, &filter, 9).await.unwrap(), 0);
    }
    assert_eq!(groups::find_by_name(&mut tx, organization, TEXT).await.unwrap(), None);
    assert_eq!(groups::list(&mut tx, organization, text, after, 9).await.unwrap(), []);
    assert_eq!(groups::count(&mut tx, organization, text).await.unwrap(), 0);
    let group = GroupId::from_uuid(uuid(1));
    assert_eq!(group_members::list(&mut tx, group, text, after, 9).await.unwrap(), []);
    assert_eq!(group_members::count(&mut tx, group, text).await.unwrap(), 0);
    let holding =
        holders::HolderFilter { organization, unit: None, project: None, openings: TEXT, now: at(1) };
    // A super admin holds everything, whatever it is.
    assert!(
        holders::list(&mut tx, &holding, after, 9).await.unwrap().iter().all(|holder| holder.is_super_admin)
    );
    assert_eq!(holders::paths(&mut tx, &holding, after, 9).await.unwrap(), []);
    holders::count(&mut tx, &holding).await.unwrap();
    assert_eq!(invitations::list_open(&mut tx, organization, text, None, 9).await.unwrap(), []);
    assert_eq!(invitations::count_open(&mut tx, organization, text).await.unwrap(), 0);
    assert_eq!(invitations::list_open_for_email(&mut tx, TEXT, at(1)).await.unwrap(), []);
    assert_eq!(memberships::find_member_by_email(&mut tx, organization, TEXT).await.unwrap(), None);
    let members = memberships::MemberFilter { text, ..memberships::MemberFilter::default() };
    assert_eq!(memberships::list(&mut tx, organization, &members, after, 9).await.unwrap(), []);
    assert_eq!(memberships::count(&mut tx, organization, &members).await.unwrap(), 0);
    let programs =
        memberships::list_application_users(&mut tx, organization, text, Some((TEXT, user_id(1))), 9);
    assert_eq!(programs.await.unwrap(), []);
    assert_eq!(memberships::count_application_users(&mut tx, organization, text).await.unwrap(), 0);
    let knower = Knower { user: user_id(1), now: at(1), openings: TEXT, knows_all: true };
    let named = projects::ProjectFilter { unit: None, text };
    assert_eq!(projects::find_by_name(&mut tx, TEXT).await.unwrap(), None);
    assert_eq!(projects::list(&mut tx, organization, &knower, &named, after, 9).await.unwrap(), []);
    assert_eq!(projects::count(&mut tx, organization, &knower, &named).await.unwrap(), 0);
    places::projects(&mut tx, organization, &knower, TEXT, &[TEXT], 9).await.unwrap();
    places::services(&mut tx, organization, &knower, TEXT, &[TEXT], 9).await.unwrap();
    assert_eq!(units::count_projects(&mut tx, organization, &knower).await.unwrap(), []);
    assert_eq!(services::find_by_name(&mut tx, project, TEXT).await.unwrap(), None);
    services::list(&mut tx, project, after, 9).await.unwrap();
    let given = grants::find_given(&mut tx, organization, uuid(1), TEXT, uuid(1)).await.unwrap();
    assert_eq!(given.map(|found| found.grant.id), None);
    assert_eq!(users::find_by_email(&mut tx, TEXT).await.unwrap(), None);
    assert_eq!(settings::find(&mut tx, TEXT).await.unwrap(), None);
    assert_eq!(sign_in_attempts::find(&mut tx, TEXT).await.unwrap(), None);
    assert_eq!(nodes::list_by_host(&mut tx, TEXT).await.unwrap(), []);
    // The transaction is still good for others.
    assert!(users::find(&mut tx, user_id(1)).await.unwrap().is_some());
}

async fn a_nul_is_stored_visibly(store: Store) {
    populate(&store).await;
    let mut tx = store.write().await.unwrap();
    assert!(units::add(&mut tx, &unit(1, 1, TEXT)).await.unwrap());
    assert_eq!(units::find(&mut tx, unit_id(1)).await.unwrap().unwrap().name, "a\u{fffd}b");
    assert!(!units::add(&mut tx, &unit(2, 1, "a\u{fffd}b")).await.unwrap(), "it is the same name");
}
