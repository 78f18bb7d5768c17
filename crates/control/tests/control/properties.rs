//! Laws of authorization, over organizations made by chance: the database's answer, the explanation and the permit itself
//! agree with a reader of the same facts that is so simple that it cannot be wrong.

use std::collections::BTreeSet;

use control::{access, explanations, testing::authorize};
use domain::{
    actions::{Action, Need},
    errors::Error,
    ids::{GrantId, GroupId, OrganizationId, ProjectId, UnitId, UserId},
    permissions::{Granted, Permission},
    principals::{PrincipalKind, ResourceKind, UserKind},
    timestamps::Timestamp,
};
use store::{
    access::Target, grants::Grant, groups::Group, organizations::Organization, projects::Project,
    units::Unit, users::User,
};
use uuid::Uuid;

use crate::world::World;

/// Pairs of somebody and a place that are compared.
const PAIRS: usize = 10_000;
/// Where chance begins: another number makes other organizations.
const SEED: u64 = 20_261_128;

/// Chance that can be repeated (splitmix64).
pub struct Chance(u64);

impl Chance {
    /// The same as in every run that begins there.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u128(u128::from(self.next()) << 64 | u128::from(self.next()))
    }
}

/// One grant as the simple reader remembers it.
#[derive(Clone, Debug)]
struct Given {
    id: GrantId,
    to: Uuid,
    granted: Granted,
    on: Uuid,
    is_over: bool,
}

#[derive(Clone, Debug)]
struct Person {
    id: UserId,
    is_member: bool,
    is_deactivated: bool,
    is_super_admin: bool,
    groups: Vec<Uuid>,
}

/// An organization as the simple reader remembers it.
struct Facts {
    id: OrganizationId,
    units: Vec<UnitId>,
    projects: Vec<(ProjectId, String, Option<UnitId>)>,
    people: Vec<Person>,
    given: Vec<Given>,
}

/// A place by its name, and the ids of it and of everything above it.
struct Spot {
    kind: ResourceKind,
    text: String,
    project: Option<String>,
    unit: Option<UnitId>,
    above: Vec<Uuid>,
}

impl Facts {
    fn spots(&self) -> Vec<Spot> {
        let own = self.id.uuid();
        let organization = Spot {
            kind: ResourceKind::Organization,
            text: "organization".into(),
            project: None,
            unit: None,
            above: vec![own],
        };
        let units = self.units.iter().map(|unit| Spot {
            kind: ResourceKind::Unit,
            text: format!("unit:{unit}"),
            project: None,
            unit: Some(*unit),
            above: vec![own, unit.uuid()],
        });
        let projects = self.projects.iter().map(|(id, name, unit)| Spot {
            kind: ResourceKind::Project,
            text: format!("project:{name}"),
            project: Some(name.clone()),
            unit: None,
            above: [own, id.uuid()].into_iter().chain(unit.map(UnitId::uuid)).collect(),
        });
        [organization].into_iter().chain(units).chain(projects).collect()
    }

    /// Everything that counts for that person at that place, by reading every grant there is.
    fn counting(&self, person: &Person, spot: &Spot) -> Vec<&Given> {
        let is_theirs = |to: &Uuid| *to == person.id.uuid() || person.groups.contains(to);
        let counts =
            |given: &&Given| is_theirs(&given.to) && spot.above.contains(&given.on) && !given.is_over;
        self.given.iter().filter(counts).collect()
    }

    fn permissions(&self, person: &Person, spot: &Spot) -> BTreeSet<Permission> {
        if !person.is_member || person.is_deactivated {
            return BTreeSet::new();
        }
        if person.is_super_admin {
            return Permission::ALL.iter().copied().collect();
        }
        self.counting(person, spot).iter().flat_map(|given| given.granted.permissions()).collect()
    }

    fn administers(&self, person: &Person, spot: &Spot) -> bool {
        let admins: &[&str] = match spot.kind {
            ResourceKind::Project => &["role:organization:admin", "admin"],
            _ => &["role:organization:admin"],
        };
        let may = self.counting(person, spot).iter().any(|given| admins.contains(&given.granted.as_str()));
        person.is_member && !person.is_deactivated && (person.is_super_admin || may)
    }

    /// What the permit must say.
    fn answer(&self, person: &Person, spot: &Spot, action: Action) -> &'static str {
        let held = self.permissions(person, spot);
        let knows = match spot.kind {
            ResourceKind::Organization => person.is_member && !person.is_deactivated,
            kind => held.iter().any(|held| {
                let held = held.as_str();
                !held.starts_with("organization:")
                    || held == "organization:projects:write"
                    || kind == ResourceKind::Unit && held == "organization:permissions:read"
            }),
        };
        let may = match action.need() {
            Need::Permission(permission) => held.contains(&permission),
            Need::AnyOf(any) => any.iter().any(|permission| held.contains(permission)),
            Need::Administration => self.administers(person, spot),
            Need::SuperAdmin => person.is_super_admin && knows,
            Need::Membership => true,
            need => panic!("{need:?} is not asked for at a place"),
        };
        match (knows, may) {
            (false, _) => "hidden",
            (true, false) => "denied",
            (true, true) => "allowed",
        }
    }
}

/// Makes an organization by chance, in the database and as facts.
async fn make(world: &World, chance: &mut Chance, number: usize) -> Facts {
    let now = world.now();
    let mut tx = world.store.write().await.unwrap();
    let id = OrganizationId::from_uuid(chance.uuid());
    let organization = Organization {
        id,
        name: format!("Organization {number}"),
        wrapped_key: Vec::new(),
        created_at: now,
        generation: 0,
    };
    store::organizations::add(&mut tx, &organization).await.unwrap();
    let mut facts =
        Facts { id, units: Vec::new(), projects: Vec::new(), people: Vec::new(), given: Vec::new() };
    for unit in 0..chance.below(4) {
        let id = UnitId::from_uuid(chance.uuid());
        let unit = Unit {
            id,
            organization_id: facts.id,
            name: format!("unit {unit}"),
            created_at: now,
            generation: 0,
        };
        assert!(store::units::add(&mut tx, &unit).await.unwrap());
        facts.units.push(id);
    }
    for project in 0..=chance.below(5) {
        let unit_id = (!facts.units.is_empty() && chance.one_in(2)).then(|| chance.pick(&facts.units));
        let project = Project {
            id: ProjectId::from_uuid(chance.uuid()),
            organization_id: facts.id,
            unit_id,
            name: format!("project-{number}-{project}"),
            ca_certificate: String::new(),
            ca_key_sealed: Vec::new(),
            created_at: now,
            generation: 0,
        };
        assert!(store::projects::add(&mut tx, &project).await.unwrap());
        facts.projects.push((project.id, project.name, unit_id));
    }
    let mut groups = Vec::new();
    for group in 0..chance.below(4) {
        let id = GroupId::from_uuid(chance.uuid());
        let group = Group {
            id,
            organization_id: facts.id,
            name: format!("group {group}"),
            description: String::new(),
            created_at: now,
            generation: 0,
        };
        assert!(store::groups::add(&mut tx, &group).await.unwrap());
        groups.push(id);
    }
    for person in 0..3 + chance.below(5) {
        facts.people.push(make_person(&mut tx, chance, &facts, &groups, (number, person), now).await);
    }
    let principals: Vec<(PrincipalKind, Uuid)> = facts
        .people
        .iter()
        .map(|person| (PrincipalKind::User, person.id.uuid()))
        .chain(groups.iter().map(|group| (PrincipalKind::Group, group.uuid())))
        .collect();
    for _ in 0..chance.below(24) {
        give(&mut tx, chance, &mut facts, &principals, now).await;
    }
    tx.commit().await.unwrap();
    facts
}

async fn make_person(
    tx: &mut store::Tx,
    chance: &mut Chance,
    facts: &Facts,
    groups: &[GroupId],
    (number, person): (usize, usize),
    now: Timestamp,
) -> Person {
    let id = UserId::from_uuid(chance.uuid());
    let kind = if chance.one_in(4) { UserKind::Application } else { UserKind::Person };
    let user = User {
        name: format!("Person {person}"),
        ..store::users::User::new(id, &format!("person{person}@organization{number}.example"), kind, now)
    };
    assert!(store::users::add(tx, &user).await.unwrap());
    let mut made = Person {
        id,
        is_member: !chance.one_in(8),
        is_deactivated: false,
        is_super_admin: false,
        groups: Vec::new(),
    };
    if made.is_member {
        made.is_super_admin = user.kind == UserKind::Person && chance.one_in(8);
        store::memberships::add(tx, facts.id, id, made.is_super_admin, now).await.unwrap();
        made.is_deactivated = chance.one_in(8);
        store::memberships::set_active(tx, facts.id, id, !made.is_deactivated).await.unwrap();
    }
    for group in groups {
        if chance.one_in(3) {
            assert!(store::group_members::add(tx, *group, id, now).await.unwrap());
            made.groups.push(group.uuid());
        }
    }
    made
}

/// Gives something by chance; also what no operation would give there, since the reader must not depend on that.
async fn give(
    tx: &mut store::Tx,
    chance: &mut Chance,
    facts: &mut Facts,
    principals: &[(PrincipalKind, Uuid)],
    now: Timestamp,
) {
    let all: Vec<Granted> = Granted::all().collect();
    let places: Vec<(ResourceKind, Uuid)> = [(ResourceKind::Organization, facts.id.uuid())]
        .into_iter()
        .chain(facts.units.iter().map(|unit| (ResourceKind::Unit, unit.uuid())))
        .chain(facts.projects.iter().map(|(id, ..)| (ResourceKind::Project, id.uuid())))
        .collect();
    let ((principal_kind, principal_id), (resource_kind, resource_id)) =
        (chance.pick(principals), chance.pick(&places));
    let granted = chance.pick(&all);
    let end = chance.below(6);
    let second = std::time::Duration::from_secs(1);
    let grant = Grant {
        id: GrantId::from_uuid(chance.uuid()),
        organization_id: facts.id,
        principal_kind,
        principal_id,
        granted: granted.as_str().to_owned(),
        resource_kind,
        resource_id,
        created_at: now,
        // Ended, ends this very moment, ends later, never ends.
        expires_at: [Some(now.minus(second)), Some(now), Some(now.plus(second))].get(end).copied().flatten(),
        created_by: "chance".into(),
    };
    let id = store::grants::put(tx, &grant).await.unwrap();
    facts.given.retain(|given| given.id != id);
    facts.given.push(Given { id, to: principal_id, granted, on: resource_id, is_over: end < 2 });
}

/// Compares the three answers for one person at one place; says for how many actions.
async fn compare(world: &World, facts: &Facts, person: &Person, spot: &Spot, chance: &mut Chance) {
    let about = format!("seed {SEED}, {person:?} at {} of {}", spot.text, facts.id);
    let target = match (&spot.project, spot.unit) {
        (Some(name), _) => Target::ProjectName(name),
        (None, Some(unit)) => Target::Unit(unit),
        (None, None) => Target::Organization(facts.id),
    };
    let expected = facts.permissions(person, spot);

    let mut tx = world.store.read().await.unwrap();
    let found = store::access::effective(&mut tx, person.id, target, world.now()).await.unwrap().unwrap();
    drop(tx);
    let powers = access::powers(&found, None);
    assert_eq!(powers.permissions().into_iter().collect::<BTreeSet<_>>(), expected, "{about}");
    assert_eq!(powers.administers(), facts.administers(person, spot), "{about}");

    let ctx = world.ctx_of(person.id);
    let explained = explanations::explain(&ctx, facts.id, "", &spot.text).await;
    match &explained {
        Err(Error::NotFound) => {
            assert_eq!(facts.answer(person, spot, Action::ViewOwnPermissions), "hidden", "{about}");
        }
        Err(error) => panic!("{about}: {error}"),
        Ok(explained) => {
            let told = explained.permissions.iter().map(|one| one.permission).collect::<BTreeSet<_>>();
            assert_eq!(told, expected, "{about}");
            assert!(explained.permissions.iter().all(|one| !one.paths.is_empty()), "{about}");
            assert_eq!(!explained.administration.is_empty(), facts.administers(person, spot), "{about}");
        }
    }

    let at_places: Vec<Action> = Action::ALL
        .iter()
        .copied()
        .filter(|action| {
            !matches!(action.need(), Need::Nothing | Need::SignIn | Need::Session | Need::System)
        })
        .collect();
    let action = chance.pick(&at_places);
    let answer = match authorize(&ctx, action, target).await {
        Ok(()) => "allowed",
        Err(Error::NotFound) => "hidden",
        Err(Error::Denied { .. }) => "denied",
        Err(error) => panic!("{about}: {error}"),
    };
    assert_eq!(answer, facts.answer(person, spot, action), "{about}: {action}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorize_and_explain_agree_with_a_naive_reader() {
    let world = World::new().await;
    let mut chance = Chance(SEED);
    let (mut pairs, mut number) = (0, 0);
    while pairs < PAIRS {
        let facts = make(&world, &mut chance, number).await;
        number += 1;
        for person in &facts.people {
            for spot in facts.spots() {
                compare(&world, &facts, person, &spot, &mut chance).await;
                pairs += 1;
            }
        }
    }
    println!("{pairs} pairs of somebody and a place in {number} organizations, seed {SEED}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_never_takes_and_its_end_never_gives() {
    let world = World::new().await;
    let mut chance = Chance(SEED + 1);
    for number in 0..60 {
        let mut facts = make(&world, &mut chance, number).await;
        let people = facts.people.clone();
        let principals: Vec<_> =
            people.iter().map(|person| (PrincipalKind::User, person.id.uuid())).collect();
        let before = everything(&world, &facts).await;
        let mut tx = world.store.write().await.unwrap();
        give(&mut tx, &mut chance, &mut facts, &principals, world.now()).await;
        tx.commit().await.unwrap();
        let with = everything(&world, &facts).await;
        let given = facts.given.pop().unwrap();
        let mut tx = world.store.write().await.unwrap();
        assert!(store::grants::remove(&mut tx, given.id).await.unwrap());
        tx.commit().await.unwrap();
        let without = everything(&world, &facts).await;
        // A grant that was there before may have been given a new end, so that only the removal is certain.
        assert!(without.is_subset(&with), "seed {SEED}, organization {number}: {given:?}");
        assert!(given.is_over || before.is_subset(&with), "seed {SEED}, organization {number}: {given:?}");
    }
}

/// Everything that everybody holds everywhere in the organization.
async fn everything(world: &World, facts: &Facts) -> BTreeSet<(UserId, String, Permission)> {
    let mut held = BTreeSet::new();
    let mut tx = world.store.read().await.unwrap();
    for person in &facts.people {
        for spot in facts.spots() {
            let target = match (&spot.project, spot.unit) {
                (Some(name), _) => Target::ProjectName(name),
                (None, Some(unit)) => Target::Unit(unit),
                (None, None) => Target::Organization(facts.id),
            };
            let found =
                store::access::effective(&mut tx, person.id, target, world.now()).await.unwrap().unwrap();
            let permissions = access::powers(&found, None).permissions();
            held.extend(permissions.into_iter().map(|permission| (person.id, spot.text.clone(), permission)));
        }
    }
    held
}
