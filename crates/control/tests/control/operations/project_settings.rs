//! Where projects lie and what is said of them: units, moving, tags, contacts; and who sees which in lists.

use control::{
    Context, places,
    places::Beside,
    projects::{self, ProjectFilter},
    units,
};
use domain::{
    errors::Error,
    ids::UnitId,
    permissions::Permission,
    views::{ProjectView, Tag},
};

use crate::{
    check::check_world,
    statements::counted,
    world::{ALL_PROJECTS, PROJECT, World},
};

const BESIDE: Beside<'_> = Beside { projects: " project", services: " service" };

async fn unit(world: &World, name: &str) -> UnitId {
    units::create(&world.ctx(), world.organization, name).await.unwrap().row.id
}

async fn made(world: &World, name: &str, unit: Option<UnitId>) -> ProjectView {
    let unit = unit.map(|unit| unit.to_string()).unwrap_or_default();
    projects::create(&world.ctx(), world.organization, name, &unit).await.unwrap()
}

async fn names(ctx: &Context, world: &World, filter: ProjectFilter<'_>) -> Vec<String> {
    let page = projects::list(ctx, world.organization, &filter, None).await.unwrap();
    assert_eq!(page.total, i64::try_from(page.rows.len()).unwrap());
    page.rows.into_iter().map(|row| row.name).collect()
}

#[tokio::test]
async fn lists_and_the_palette_show_what_one_may_know_of() {
    let world = World::new().await;
    let (one, two) = (unit(&world, "one").await, unit(&world, "two").await);
    made(&world, "in-one", Some(one)).await;
    made(&world, "in-two", Some(two)).await;
    let all = ["in-one", "in-two", PROJECT];
    assert_eq!(names(&world.ctx(), &world, ALL_PROJECTS).await, all);
    let of_unit = one.to_string();
    assert_eq!(names(&world.ctx(), &world, ProjectFilter { unit: &of_unit, text: "" }).await, ["in-one"]);
    assert_eq!(names(&world.ctx(), &world, ProjectFilter { unit: "", text: " IN- " }).await, all[..2]);
    let row = projects::list(&world.ctx(), world.organization, &ALL_PROJECTS, None).await.unwrap();
    assert_eq!(row.rows[0].unit.as_ref().map(|unit| unit.name.as_str()), Some("one"));
    assert_eq!(row.rows[2].unit, None);

    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let ctx = world.ctx_of(bob);
    assert_eq!(names(&ctx, &world, ALL_PROJECTS).await, [""; 0]);
    world.grant_on_unit(bob, "read_only", one).await;
    assert_eq!(names(&ctx, &world, ALL_PROJECTS).await, ["in-one"]);
    world.grant(bob, "service:metrics:read", Some(world.project_id().await)).await;
    assert_eq!(names(&ctx, &world, ALL_PROJECTS).await, ["in-one", PROJECT]);
    let found = places::search(&ctx, world.organization, "", BESIDE).await.unwrap();
    let found: Vec<_> = found.projects.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(found, ["in-one", PROJECT]);
    // What is in a unit that they do not know of is as if it were not there.
    let hidden = two.to_string();
    let listed = async |unit: &str| {
        let filter = ProjectFilter { unit, text: "" };
        projects::list(&ctx, world.organization, &filter, None).await.map(|page| page.total)
    };
    assert_eq!(listed(&of_unit).await, Ok(1));
    for unit in [hidden.as_str(), &world.uuid().to_string(), "x"] {
        assert_eq!(listed(unit).await, Err(Error::NotFound), "{unit}");
    }
    // Who knows of a single project in it may ask for the unit's.
    let cat = world.add_user("cat@example.org", Some(false), true).await;
    let inside = projects::view(&world.ctx(), "in-two").await.unwrap().id;
    world.grant(cat, "read_only", Some(inside.uuid())).await;
    let filter = ProjectFilter { unit: &hidden, text: "" };
    assert_eq!(names(&world.ctx_of(cat), &world, filter).await, ["in-two"]);
    let view = projects::view(&world.ctx_of(cat), "in-two").await.unwrap();
    assert!(view.powers.holds(Permission::ProjectServicesRead) && !view.powers.administers());
    assert_eq!(view.unit.map(|unit| unit.name), Some("two".to_owned()));
}

#[tokio::test]
async fn a_project_is_made_in_a_unit_by_who_makes_projects_there() {
    let world = World::new().await;
    let (one, two) = (unit(&world, "one").await, unit(&world, "two").await);
    let view = made(&world, "inside", Some(one)).await;
    assert_eq!((view.unit.unwrap().id, view.generation), (one, 0));
    let event = world.last_event(world.organization, "project.created").await;
    assert_eq!(event.after.as_deref(), Some(r#"{"name":"inside","unit":"one"}"#));
    // An admin of one unit makes projects there and nowhere else.
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    world.grant_on_unit(bob, "role:organization:admin", one).await;
    let ctx = world.ctx_of(bob);
    let create = async |name: &str, unit: &str| projects::create(&ctx, world.organization, name, unit).await;
    let made = create("his", &one.to_string()).await.unwrap();
    assert!(made.powers.administers());
    let denied = Error::Denied { permission: "organization:projects:write".into() };
    assert_eq!(create("other", "").await, Err(denied));
    assert_eq!(create("other", &two.to_string()).await, Err(Error::NotFound));
    assert_eq!(create("1", &one.to_string()).await.unwrap_err().field(), Some("name"));
    check_world(&world).await;
}

#[tokio::test]
async fn who_saw_a_project_elsewhere_does_not_move_it() {
    let world = World::new().await;
    let (ctx, one, two) = (world.ctx(), unit(&world, "one").await, unit(&world, "two").await);
    let (one, two) = (one.to_string(), two.to_string());
    made(&world, "mover", None).await;
    let move_from = async |seen: &str, to: &str| projects::move_from(&ctx, "mover", seen, to).await;
    // Two people saw it in the organization itself.
    assert_eq!(move_from("", &one).await.unwrap().unit.unwrap().name, "one");
    let told = move_from("", &two).await.unwrap_err();
    assert_eq!(told.status(), 409);
    let text = told.to_string();
    assert!(
        text.contains("it is in the unit one now, and not in the organization itself any more"),
        "{text}"
    );
    assert_eq!(projects::view(&ctx, "mover").await.unwrap().unit.unwrap().name, "one");
    assert_eq!(world.count_events("project.moved").await, 1);
    // Where it is to be already it is, wherever they saw it.
    assert_eq!(move_from("", &one).await.unwrap().unit.unwrap().name, "one");
    assert_eq!(move_from(&one, &two).await.unwrap().unit.unwrap().name, "two");
    let text = move_from(&one, "").await.unwrap_err().to_string();
    assert!(text.contains("in the unit two now, and not in the unit one any more"), "{text}");
    // Of a place that is not there nothing is told.
    for strange in ["nowhere", "01890a5d-ac96-774b-bcce-b302099a8057"] {
        let text = move_from(strange, "").await.unwrap_err().to_string();
        assert!(text.contains("in the unit two now, and not in where you saw it any more"), "{text}");
    }
    check_world(&world).await;
}

#[tokio::test]
async fn a_project_moves_and_takes_its_holders_along() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    let (one, two) = (unit(&world, "one").await, unit(&world, "two").await);
    made(&world, "mover", Some(one)).await;
    let of_one = world.add_user("one@example.org", Some(false), true).await;
    world.grant_on_unit(of_one, "developer", one).await;
    let of_two = world.add_user("two@example.org", Some(false), true).await;
    world.grant_on_unit(of_two, "admin", two).await;
    let both = world.add_user("zoe@example.org", Some(false), true).await;
    world.grant_on_unit(both, "read_only", one).await;
    world.grant_on_unit(both, "read_only", two).await;

    let before = world.dump().await;
    let effects = projects::preview_move(&ctx, "mover", &two.to_string()).await.unwrap();
    assert!(world.dump().await == before, "a preview changes nothing");
    assert_eq!((effects.rows.len(), effects.further), (2, 0), "{effects:?}");
    let row =
        |email: &str| effects.rows.iter().find(|row| row.principal.email.as_deref() == Some(email)).unwrap();
    let (loser, winner) = (row("one@example.org"), row("two@example.org"));
    assert!(loser.gains.is_empty() && loser.loses.contains(&Permission::ServiceDataWrite));
    assert!(winner.loses.is_empty() && winner.gains_administration);
    assert_eq!(winner.resource.name, "mover");

    let moved = projects::move_to(&ctx, "mover", &two.to_string()).await.unwrap();
    assert_eq!((moved.unit.as_ref().unwrap().id, moved.generation), (two, 1));
    let event = world.last_event(organization, "project.moved").await;
    assert_eq!(event.text, "Moved the project mover into the unit two");
    assert_eq!(event.before.as_deref(), Some(r#"{"unit":"one"}"#));
    assert_eq!(event.after.as_deref(), Some(r#"{"unit":"two"}"#));
    assert_eq!(projects::view(&world.ctx_of(of_one), "mover").await, Err(Error::NotFound));
    assert!(projects::view(&world.ctx_of(of_two), "mover").await.unwrap().powers.administers());
    // Where it is already is no change and no event.
    assert_eq!(projects::move_to(&ctx, "mover", &two.to_string()).await, Ok(moved));
    assert_eq!(world.count_events("project.moved").await, 1);
    let out = projects::move_to(&ctx, "mover", "").await.unwrap();
    assert_eq!(out.unit, None);
    let event = world.last_event(organization, "project.moved").await;
    assert_eq!(event.after.as_deref(), Some(r#"{"unit":null}"#));
    check_world(&world).await;
}

#[tokio::test]
async fn a_preview_of_moving_takes_no_more_statements_the_more_people_there_are() {
    let world = World::postgres().await;
    let (ctx, one) = (world.ctx(), unit(&world, "one").await);
    made(&world, "mover", Some(one)).await;
    let mut counts = Vec::new();
    for people in [0..1, 1..40] {
        for number in people {
            let user = world.add_user(&format!("{number}@example.org"), Some(false), true).await;
            world.grant_on_unit(user, "developer", one).await;
        }
        let (effects, count) = counted(projects::preview_move(&ctx, "mover", "")).await;
        counts.push((effects.unwrap().rows.len(), count));
    }
    assert_eq!((counts[0].0, counts[1].0), (1, 40));
    assert!(counts[0].1 > 3, "{counts:?}: are statements seen at all?");
    assert_eq!(counts[0].1, counts[1].1);
}

#[tokio::test]
async fn moving_takes_to_administer_the_project_and_to_make_some_there() {
    let world = World::new().await;
    let (one, two) = (unit(&world, "one").await, unit(&world, "two").await);
    made(&world, "mover", Some(one)).await;
    let project = projects::view(&world.ctx(), "mover").await.unwrap().id.uuid();
    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let ctx = world.ctx_of(bob);
    let (there, nowhere) = (two.to_string(), world.uuid().to_string());
    let tries = async || {
        let moved = projects::move_to(&ctx, "mover", &there).await.map(drop);
        assert_eq!(projects::preview_move(&ctx, "mover", &there).await.map(drop), moved);
        moved
    };
    assert_eq!(tries().await, Err(Error::NotFound));
    world.grant(bob, "operator", Some(project)).await;
    assert_eq!(tries().await, Err(Error::Denied { permission: "admin".into() }));
    assert_eq!(projects::settings(&ctx, "mover").await.unwrap().destinations, []);
    world.grant(bob, "admin", Some(project)).await;
    // The destination is not theirs to know of.
    assert_eq!(tries().await, Err(Error::NotFound));
    world.grant_on_unit(bob, "admin", two).await;
    let denied = Err(Error::Denied { permission: "organization:projects:write".into() });
    assert_eq!(tries().await, denied);
    assert_eq!(projects::settings(&ctx, "mover").await.unwrap().destinations, []);
    world.grant_on_unit(bob, "role:organization:admin", two).await;
    // Those who keep the place it leaves have a say, too.
    assert_eq!(tries().await, denied);
    assert_eq!(projects::settings(&ctx, "mover").await.unwrap().destinations, []);
    world.grant_on_unit(bob, "role:organization:admin", one).await;
    for unit in [nowhere.as_str(), "x"] {
        assert_eq!(projects::move_to(&ctx, "mover", unit).await, Err(Error::NotFound));
    }
    assert_eq!(projects::move_to(&ctx, "mover", "").await.map(drop), denied);
    let settings = projects::settings(&ctx, "mover").await.unwrap();
    let destinations = settings.destinations.iter().map(|unit| unit.as_ref().map(|unit| unit.name.as_str()));
    assert_eq!(destinations.collect::<Vec<_>>(), [Some("two")]);
    assert_eq!(tries().await, Ok(()));
    let everywhere = projects::settings(&world.ctx(), "mover").await.unwrap().destinations;
    let everywhere: Vec<_> = everywhere.into_iter().map(|unit| unit.map(|unit| unit.name)).collect();
    assert_eq!(everywhere, [None, Some("one".into())]);
}

#[tokio::test]
async fn tags_and_contacts_are_replaced_on_record() {
    let world = World::new().await;
    let (ctx, organization) = (world.ctx(), world.organization);
    projects::set_tags(&ctx, PROJECT, 0, "env=live\nbilling:cost-center=42\n").await.unwrap();
    projects::set_contacts(&ctx, PROJECT, 1, "Ops@example.org\n\nann@example.org").await.unwrap();
    let settings = projects::settings(&ctx, PROJECT).await.unwrap();
    let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
    let tags = [tag("billing:cost-center", "42"), tag("env", "live")];
    assert_eq!(settings.tags, tags);
    assert_eq!(settings.contacts, ["ann@example.org", "ops@example.org"]);
    assert_eq!(settings.project, projects::view(&ctx, PROJECT).await.unwrap());
    made(&world, "another", None).await;
    let listed = projects::list(&ctx, organization, &ALL_PROJECTS, None).await.unwrap();
    assert_eq!((&listed.rows[0].tags[..], &listed.rows[1].tags[..]), (&[][..], &tags[..]));
    let event = world.last_event(organization, "project.tags_changed").await;
    assert_eq!(event.before.as_deref(), Some(r#"{"tags":{}}"#));
    assert_eq!(event.after.as_deref(), Some(r#"{"tags":{"billing:cost-center":"42","env":"live"}}"#));
    let event = world.last_event(organization, "project.contacts_changed").await;
    assert_eq!(event.after.as_deref(), Some(r#"{"contacts":["ann@example.org","ops@example.org"]}"#));
    // The same again is no change and no event.
    let before = world.dump().await;
    projects::set_tags(&ctx, PROJECT, 2, "billing:cost-center=42\nenv = live").await.unwrap();
    projects::set_contacts(&ctx, PROJECT, 2, "ops@example.org\nann@example.org").await.unwrap();
    for (text, line) in [("nothing", "Line 1"), ("a=b\na=c", "Line 2")] {
        let error = projects::set_tags(&ctx, PROJECT, 2, text).await.unwrap_err();
        assert_eq!(error.field(), Some("tags"));
        assert!(error.to_string().contains(line), "{error}");
    }
    let error = projects::set_contacts(&ctx, PROJECT, 2, "a@b.c\nnobody").await.unwrap_err();
    assert_eq!(error.field(), Some("contacts"));
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
    projects::set_tags(&ctx, PROJECT, 2, "").await.unwrap();
    assert_eq!(projects::settings(&ctx, PROJECT).await.unwrap().tags, []);

    let bob = world.add_user("bob@example.org", Some(false), true).await;
    let his = world.ctx_of(bob);
    assert_eq!(projects::set_tags(&his, PROJECT, 3, "a=b").await, Err(Error::NotFound));
    assert_eq!(projects::settings(&his, PROJECT).await, Err(Error::NotFound));
    world.grant(bob, "developer", Some(world.project_id().await)).await;
    let denied = Err(Error::Denied { permission: "organization:projects:write".into() });
    assert_eq!(projects::set_tags(&his, PROJECT, 3, "a=b").await, denied);
    assert_eq!(projects::set_contacts(&his, PROJECT, 3, "").await, denied);
    world.grant(bob, "operator", Some(world.project_id().await)).await;
    projects::set_tags(&his, PROJECT, 3, "a=b").await.unwrap();
    projects::set_contacts(&his, PROJECT, 4, "").await.unwrap();
    check_world(&world).await;
}

#[tokio::test]
async fn who_changes_tags_and_contacts_second_is_told_both_versions() {
    let world = World::new().await;
    let ctx = world.ctx();
    let shown = projects::view(&ctx, PROJECT).await.unwrap().generation;
    projects::set_tags(&ctx, PROJECT, shown, "env=live\nteam=web").await.unwrap();
    let before = world.dump().await;
    let told = |answer: Result<(), Error>| match answer {
        Err(Error::Conflict { reason }) => reason,
        answer => panic!("{answer:?}"),
    };
    assert_eq!(
        told(projects::set_tags(&ctx, PROJECT, shown, "env=test").await),
        "Somebody else changed this project meanwhile. Its tags are now “env=live, team=web”; you sent “env=test”."
    );
    assert_eq!(
        told(projects::set_contacts(&ctx, PROJECT, shown, "ann@example.org").await),
        "Somebody else changed this project meanwhile. Its contacts are now none; you sent “ann@example.org”."
    );
    assert!(world.dump().await == before, "nothing was changed, and nothing is on record");
    // Who has read both versions decides anew.
    let shown = projects::view(&ctx, PROJECT).await.unwrap().generation;
    projects::set_contacts(&ctx, PROJECT, shown, "ann@example.org").await.unwrap();
    let told = told(projects::set_contacts(&ctx, PROJECT, shown, "").await);
    assert!(told.ends_with("now “ann@example.org”; you sent none."), "{told}");
    check_world(&world).await;
}
