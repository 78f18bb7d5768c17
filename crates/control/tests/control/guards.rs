//! Whether somebody who manages groups, people, application users or a part of the organization can raise themself, or take
//! anything from those above them: a search through every sequence of calls, not a list of examples. Whoever they can act as
//! (the holders of tokens that they made, whom they invited) counts as they; and what they hold for a time counts as nothing
//! afterwards.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
    time::Duration,
};

use control::{
    Context, access, application_users, groups, invitations, organizations, permissions, projects, users,
};
use domain::{
    errors::Error,
    ids::{GrantId, GroupId, UserId},
    inputs::{CreateToken, GrantPermission, InviteUsers},
    principals::{PrincipalKind, UserKind},
    timestamps::Timestamp,
};
use store::{
    Store, Tx,
    access::Target,
    grants::{Grant, GrantFilter},
};
use uuid::Uuid;

use crate::world::{EMAIL, World};

/// States that are looked at before the search would be too wide to be one.
const STATES_MAX: usize = 4000;
/// The one who tries.
const SCHEMER: &str = "schemer@example.org";
/// An account of theirs under another name, which does not belong to the organization yet.
const PUPPET: &str = "puppet@example.org";
/// Those above them.
const ABOVE: [&str; 4] = [EMAIL, "boss@example.org", "chief@example.org", LEAD];
/// Somebody above who administers one project alone, and holds another thing through a group that administers nothing.
const LEAD: &str = "lead@example.org";
/// Long after everything has ended that ends.
const LATER: Duration = Duration::from_secs(400 * 24 * 3600);

/// One call, in names: ids differ from one replay to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    CreateGroup,
    DeleteGroup(String),
    Join(String, String),
    TakeOut(String, String),
    Give(String, &'static str, String),
    TakeBack(String, String, String),
    CreateApplicationUser,
    DeleteApplicationUser(String),
    MakeToken(String),
    RotateToken(String),
    Invite(Option<String>, Option<(&'static str, &'static str)>),
    Accept,
    Deactivate(String),
    Reactivate(String),
    Remove(String),
    MakeSuperAdmin(String),
    RenameProject,
    MoveProject(String),
    RenameOrganization,
}

/// What is there, by names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    /// Members: e-mail or name, super admin, active.
    members: BTreeSet<(String, bool, bool)>,
    /// Who is in which group.
    groups: BTreeMap<String, BTreeSet<String>>,
    /// Who was given what on what, and whether it ends.
    given: BTreeSet<(String, String, String, bool)>,
    /// What the puppet is invited to.
    invited: BTreeSet<String>,
    /// Places, with what they lie in.
    places: BTreeSet<(String, String)>,
    /// Application users of which the schemer has a token.
    tokens: BTreeSet<String>,
}

/// What can be done where: a permission, or to give and take.
type Held = BTreeSet<(Uuid, &'static str)>;

/// What somebody can do now, and what they still can when all that ends has ended.
#[derive(Debug, PartialEq, Eq)]
struct Reach {
    now: Held,
    later: Held,
}

impl Reach {
    /// What is in this one that is not in the other.
    fn beyond(&self, other: &Self) -> Vec<(Uuid, &'static str)> {
        let later = self.later.difference(&other.later);
        self.now.difference(&other.now).chain(later).copied().collect()
    }
}

/// A world, and the ids of what is in it by name.
struct Scene {
    world: World,
    users: BTreeMap<String, UserId>,
    groups: BTreeMap<String, GroupId>,
    places: BTreeMap<String, Uuid>,
    tokens: BTreeSet<String>,
    puppet: UserId,
}

/// A database to begin with, as a file.
struct Template {
    file: Vec<u8>,
    organization: domain::ids::OrganizationId,
    user: UserId,
    puppet: UserId,
}

impl Template {
    /// The organization of the search, in which the schemer holds `held`: what, on the resource of that name, for that many
    /// days.
    async fn make(held: &[(&str, &str, &str)]) -> Self {
        let world = World::new().await;
        let ctx = world.ctx();
        let id = world.organization;
        let unit = control::units::create(&ctx, id, "Unit").await.unwrap().row.id;
        projects::create(&ctx, id, "lab", &unit.to_string()).await.unwrap();
        let schemer = world.add_user(SCHEMER, Some(false), true).await;
        let boss = world.add_user("boss@example.org", Some(false), true).await;
        world.add_user("pal@example.org", Some(false), true).await;
        world.add_user("chief@example.org", Some(false), true).await;
        let lead = world.add_user(LEAD, Some(false), true).await;
        let puppet = world.add_user(PUPPET, None, true).await;
        for (name, granted, resource) in [
            ("Empty", "", ""),
            ("Own", "", ""),
            ("Operators", "operator", "project:shop"),
            ("Crew", "operator", "project:shop"),
            ("Admins", "role:organization:admin", "organization"),
        ] {
            let group = groups::create(&ctx, id, name, "").await.unwrap().row.id;
            if !granted.is_empty() {
                give(&ctx, &world, &format!("group:{group}"), granted, resource).await.unwrap();
            }
            let member = match name {
                "Own" => SCHEMER,
                "Crew" => LEAD,
                "Admins" => "chief@example.org",
                _ => continue,
            };
            groups::add_members(&ctx, id, group, member).await.unwrap();
        }
        give(&ctx, &world, &format!("user:{boss}"), "role:organization:admin", "organization").await.unwrap();
        give(&ctx, &world, &format!("user:{lead}"), "admin", "project:lab").await.unwrap();
        let deployer = application_users::create(&ctx, id, "deployer", "").await.unwrap().row.user_id;
        give(&ctx, &world, &format!("user:{deployer}"), "operator", "project:shop").await.unwrap();
        application_users::create(&ctx, id, "idle", "").await.unwrap();
        let token = CreateToken { description: "of the admin".into(), ..CreateToken::default() };
        application_users::create_token(&ctx, id, deployer, &token).await.unwrap();
        for (granted, resource, days) in held {
            let resource = resource.replace("unit", &format!("unit:{unit}"));
            let principal = format!("user:{schemer}");
            give_for(&ctx, &world, (&principal, granted, &resource), days).await.unwrap();
        }
        let (organization, user) = (world.organization, world.user);
        world.store.close().await;
        Self { file: std::fs::read(&world.path).unwrap(), organization, user, puppet }
    }

    /// A world of its own that begins like this.
    async fn open(&self) -> Scene {
        let directory = tempfile::tempdir().unwrap();
        let path: PathBuf = directory.path().join("test.db");
        std::fs::write(&path, &self.file).unwrap();
        let store = Store::open(&format!("sqlite://{}", path.display())).await.unwrap();
        let mut world = World::on(store, directory).await;
        (world.organization, world.user) = (self.organization, self.user);
        let mut scene = Scene {
            world,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            places: BTreeMap::new(),
            tokens: BTreeSet::new(),
            puppet: self.puppet,
        };
        scene.look().await;
        scene
    }
}

async fn give(
    ctx: &Context,
    world: &World,
    principal: &str,
    granted: &str,
    resource: &str,
) -> Result<(), Error> {
    give_for(ctx, world, (principal, granted, resource), "").await
}

async fn give_for(
    ctx: &Context,
    world: &World,
    (principal, granted, resource): (&str, &str, &str),
    days: &str,
) -> Result<(), Error> {
    let input = GrantPermission {
        principal: principal.to_owned(),
        granted: granted.to_owned(),
        resource: resource.to_owned(),
        days: days.to_owned(),
        ..GrantPermission::default()
    };
    permissions::grant(ctx, world.organization, &input).await.map(drop)
}

async fn grants(tx: &mut Tx, world: &World) -> Vec<Grant> {
    let listed =
        store::grants::list(tx, world.organization, &GrantFilter::default(), None, 1000).await.unwrap();
    listed.into_iter().map(|row| row.grant).collect()
}

impl Scene {
    /// Reads what is there.
    async fn look(&mut self) -> State {
        let id = self.world.organization;
        let mut tx = self.world.store.read().await.unwrap();
        let mut state = State { tokens: self.tokens.clone(), ..State::default() };
        let people = store::memberships::list(&mut tx, id, &Default::default(), None, 1000).await.unwrap();
        let programs =
            store::memberships::list_application_users(&mut tx, id, None, None, 1000).await.unwrap();
        let members = people.into_iter().chain(programs.into_iter().map(|program| program.member));
        self.users.clear();
        for member in members {
            let name = if member.kind == UserKind::Person { member.email } else { member.name };
            state.members.insert((name.clone(), member.is_super_admin, member.is_active));
            self.users.insert(name, member.user_id);
        }
        self.places = [("organization".to_owned(), id.uuid())].into();
        for unit in store::units::list(&mut tx, id).await.unwrap() {
            self.places.insert(format!("unit:{}", unit.id), unit.id.uuid());
            state.places.insert((format!("unit:{}", unit.id), String::new()));
        }
        let everything = store::knowers::Knower {
            user: self.world.user,
            now: self.world.now(),
            openings: ",",
            knows_all: true,
        };
        let listed =
            store::projects::list(&mut tx, id, &everything, &Default::default(), None, 1000).await.unwrap();
        for row in listed {
            let name = format!("project:{}", row.project.name);
            self.places.insert(name.clone(), row.project.id.uuid());
            state.places.insert((name, row.unit_name.unwrap_or_default()));
        }
        self.groups.clear();
        for (group, ..) in store::groups::list(&mut tx, id, None, None, 1000).await.unwrap() {
            let members = store::group_members::list(&mut tx, group.id, None, None, 1000).await.unwrap();
            let names = members
                .into_iter()
                .map(|member| if member.kind == UserKind::Person { member.email } else { member.name });
            state.groups.insert(group.name.clone(), names.collect());
            self.groups.insert(group.name, group.id);
        }
        for grant in grants(&mut tx, &self.world).await {
            state.given.insert((
                self.principal(&grant),
                grant.granted.clone(),
                self.place(grant.resource_id),
                grant.expires_at.is_some(),
            ));
        }
        let open = store::invitations::list_open_for_email(&mut tx, PUPPET, self.world.now()).await.unwrap();
        for (invitation, _) in open {
            state.invited.insert(invitation.attached);
        }
        state
    }

    fn principal(&self, grant: &Grant) -> String {
        let name = match grant.principal_kind {
            PrincipalKind::User => self.users.iter().find(|(_, id)| id.uuid() == grant.principal_id),
            PrincipalKind::Group => None,
        };
        let group = self.groups.iter().find(|(_, id)| id.uuid() == grant.principal_id);
        name.map(|(name, _)| name).or(group.map(|(name, _)| name)).cloned().unwrap_or_default()
    }

    fn place(&self, id: Uuid) -> String {
        let found = self.places.iter().find(|(_, place)| **place == id);
        found.map(|(name, _)| name.clone()).unwrap_or_default()
    }

    /// Everything that the schemer can do, or can have done by whom they can act as.
    async fn own(&self) -> Reach {
        let names = [SCHEMER, PUPPET].into_iter().chain(self.tokens.iter().map(String::as_str));
        let users: Vec<_> = names.filter_map(|name| self.users.get(name).copied()).collect();
        self.reach(&users).await
    }

    /// Everything that those above can do, each by themselves.
    async fn above(&self) -> Vec<(&'static str, Reach)> {
        let mut all = Vec::new();
        for name in ABOVE {
            let user = self.users.get(name).copied();
            all.push((name, self.reach(user.as_slice()).await));
        }
        all
    }

    async fn reach(&self, users: &[UserId]) -> Reach {
        let now = self.world.now();
        Reach { now: self.held(users, now).await, later: self.held(users, now.plus(LATER)).await }
    }

    async fn held(&self, users: &[UserId], now: Timestamp) -> Held {
        let mut held = Held::new();
        let mut tx = self.world.store.read().await.unwrap();
        for user in users {
            for (place, id) in &self.places {
                let target = match place.split_once(':') {
                    Some(("project", name)) => Target::ProjectName(name),
                    Some(_) => Target::Unit(domain::ids::UnitId::from_uuid(*id)),
                    None => Target::Organization(self.world.organization),
                };
                let found = store::access::effective(&mut tx, *user, target, now).await.unwrap().unwrap();
                let powers = access::powers(&found, None);
                held.extend(powers.permissions().into_iter().map(|permission| (*id, permission.as_str())));
                held.extend(powers.administers().then_some((*id, "administration")));
                held.extend(powers.acts_as_super_admin().then_some((*id, "super admin")));
            }
        }
        held
    }

    /// Every call that can be made here.
    fn calls(&self, state: &State) -> Vec<Call> {
        let mut calls = vec![
            Call::CreateGroup,
            Call::CreateApplicationUser,
            Call::RenameProject,
            Call::RenameOrganization,
            Call::MakeSuperAdmin(SCHEMER.to_owned()),
            Call::MoveProject(String::new()),
        ];
        calls.extend(ABOVE.map(|name| Call::MakeSuperAdmin(name.to_owned())));
        calls.extend((!state.invited.is_empty()).then_some(Call::Accept));
        if state.invited.is_empty() && !self.users.contains_key(PUPPET) {
            calls.push(Call::Invite(None, None));
            calls.extend(
                ["Own", "Empty", "Operators", "Admins"]
                    .map(|group| Call::Invite(Some(group.to_owned()), None)),
            );
            calls.extend(
                [
                    ("role:organization:admin", "organization"),
                    ("operator", "project:shop"),
                    ("admin", "project:lab"),
                ]
                .map(|gift| Call::Invite(None, Some(gift))),
            );
        }
        for (group, members) in &state.groups {
            calls.push(Call::DeleteGroup(group.clone()));
            calls.extend([SCHEMER, "idle"].map(|name| Call::Join(group.clone(), name.to_owned())));
            calls.extend(members.iter().map(|name| Call::TakeOut(group.clone(), name.clone())));
        }
        for name in ABOVE.into_iter().chain(["pal@example.org"]) {
            calls.extend([Call::Deactivate(name.to_owned()), Call::Remove(name.to_owned())]);
            let is_off = state.members.iter().any(|(member, _, is_active)| member == name && !is_active);
            calls.extend(is_off.then(|| Call::Reactivate(name.to_owned())));
        }
        for name in self.users.keys().filter(|name| !name.contains('@')) {
            calls.extend([Call::MakeToken(name.clone()), Call::DeleteApplicationUser(name.clone())]);
            calls.extend((name == "deployer").then(|| Call::RotateToken(name.clone())));
        }
        for principal in [SCHEMER, "idle", "Own", "Empty"] {
            for (gift, place) in [
                ("role:organization:admin", "organization"),
                ("operator", "project:shop"),
                ("admin", "project:lab"),
            ] {
                calls.push(Call::Give(principal.to_owned(), gift, place.to_owned()));
            }
        }
        calls.extend(
            state.given.iter().map(|(to, what, on, _)| Call::TakeBack(to.clone(), what.clone(), on.clone())),
        );
        calls
    }

    fn principal_text(&self, name: &str) -> String {
        match (self.users.get(name), self.groups.get(name)) {
            (Some(user), _) => format!("user:{user}"),
            (None, Some(group)) => format!("group:{group}"),
            (None, None) => "nobody@example.org".to_owned(),
        }
    }

    async fn grant_id(&self, to: &str, what: &str, on: &str) -> GrantId {
        let mut tx = self.world.store.read().await.unwrap();
        let found = grants(&mut tx, &self.world).await.into_iter().find(|grant| {
            self.principal(grant) == to && grant.granted == what && self.place(grant.resource_id) == on
        });
        found.map_or(GrantId::from_uuid(Uuid::nil()), |grant| grant.id)
    }

    /// Makes the call as that actor.
    async fn make(&mut self, ctx: &Context, call: &Call) -> Result<(), Error> {
        let id = self.world.organization;
        let missing = UserId::from_uuid(Uuid::nil());
        let user = |name: &String| self.users.get(name).copied().unwrap_or(missing);
        let group = |name: &String| self.groups.get(name).copied().unwrap_or(GroupId::from_uuid(Uuid::nil()));
        match call {
            Call::CreateGroup => groups::create(ctx, id, "Made", "").await.map(drop),
            Call::DeleteGroup(name) => groups::delete(ctx, id, group(name), name).await,
            Call::Join(name, who) => {
                let member = format!("user:{}", user(who));
                groups::add_members(ctx, id, group(name), &member).await.map(drop)
            }
            Call::TakeOut(name, who) => groups::remove_member(ctx, id, group(name), user(who)).await,
            Call::Give(to, what, on) => give(ctx, &self.world, &self.principal_text(to), what, on).await,
            Call::TakeBack(to, what, on) => {
                let grant = self.grant_id(to, what, on).await;
                permissions::revoke(ctx, id, grant).await
            }
            Call::CreateApplicationUser => application_users::create(ctx, id, "tool", "").await.map(drop),
            Call::DeleteApplicationUser(name) => application_users::delete(ctx, id, user(name), name).await,
            Call::MakeToken(name) => {
                let input = CreateToken::default();
                application_users::create_token(ctx, id, user(name), &input).await?;
                self.tokens.insert(name.clone());
                Ok(())
            }
            Call::RotateToken(name) => {
                let listed = application_users::tokens(ctx, id, user(name), "", None).await?;
                let token = listed.rows.first().ok_or(Error::NotFound)?.id;
                application_users::rotate_token(ctx, id, user(name), token, "0").await?;
                self.tokens.insert(name.clone());
                Ok(())
            }
            Call::Invite(into, gift) => {
                let input = InviteUsers {
                    emails: PUPPET.to_owned(),
                    groups: into.iter().map(|name| group(name).to_string()).collect(),
                    granted: gift.iter().map(|(granted, _)| (*granted).to_owned()).collect(),
                    resource: gift.map(|(_, resource)| resource.to_owned()).unwrap_or_default(),
                    ..InviteUsers::default()
                };
                let lines = invitations::invite(ctx, id, &input).await?;
                match lines.into_iter().find_map(|line| line.reason) {
                    Some(reason) => Err(Error::Forbidden { reason }),
                    None => Ok(()),
                }
            }
            Call::Accept => {
                let puppet = self.world.ctx_of(self.puppet);
                let open = invitations::own(&puppet).await?;
                let invitation = open.first().ok_or(Error::NotFound)?.id;
                invitations::accept_own(&puppet, invitation).await.map(drop)
            }
            Call::Reactivate(name) => users::reactivate(ctx, id, user(name)).await,
            Call::Deactivate(name) => users::deactivate(ctx, id, user(name)).await,
            Call::Remove(name) => users::remove(ctx, id, user(name), name).await,
            Call::MakeSuperAdmin(name) => users::set_super_admin(ctx, id, user(name), true).await,
            Call::RenameProject => projects::rename(ctx, "shop", "store").await.map(drop),
            Call::MoveProject(unit) => projects::move_to(ctx, "lab", unit).await.map(drop),
            Call::RenameOrganization => organizations::rename(ctx, id, 0, "Mine").await.map(drop),
        }
    }

    /// Everybody whom the schemer can act as.
    fn actors(&self) -> Vec<UserId> {
        let names = [SCHEMER, PUPPET].into_iter().chain(self.tokens.iter().map(String::as_str));
        names.filter_map(|name| self.users.get(name).copied()).collect()
    }
}

/// What a search went through.
#[derive(Debug, Default)]
struct Searched {
    states: usize,
    calls: usize,
    done: usize,
}

/// Goes through every sequence of up to that many calls; ends with the first that raises the schemer, or takes something
/// from those above.
async fn search(held: &[(&str, &str, &str)], is_above: impl Fn(&str) -> bool, calls_max: usize) -> Searched {
    let template = Template::make(held).await;
    let mut scene = template.open().await;
    let start = scene.look().await;
    let (own, above) = (scene.own().await, scene.above().await);
    assert!(above.iter().all(|(name, reach)| !reach.later.is_empty() && *name != SCHEMER), "{above:?}");
    let mut seen: BTreeSet<State> = [start].into();
    let mut waiting: VecDeque<Vec<(usize, Call)>> = [Vec::new()].into();
    let mut searched = Searched::default();
    while let Some(path) = waiting.pop_front() {
        searched.states += 1;
        assert!(searched.states <= STATES_MAX, "the search is too wide: {searched:?}");
        let mut scene = replay(&template, &path).await;
        let state = scene.look().await;
        for call in scene.calls(&state) {
            for actor in 0..scene.actors().len() {
                let ctx = scene.world.ctx_of(scene.actors()[actor]);
                searched.calls += 1;
                // A refusal changes nothing but the log.
                if scene.make(&ctx, &call).await.is_err() {
                    continue;
                }
                searched.done += 1;
                let after = scene.look().await;
                let path: Vec<_> = path.iter().cloned().chain([(actor, call.clone())]).collect();
                let raised = scene.own().await.beyond(&own);
                assert_eq!(raised.first(), None, "{path:?} raises {SCHEMER}");
                for ((name, before), (_, now)) in above.iter().zip(scene.above().await) {
                    if !is_above(name) {
                        continue;
                    }
                    let lost = before.beyond(&now);
                    assert_eq!(lost.first(), None, "{path:?} takes from {name}");
                }
                if path.len() < calls_max && seen.insert(after) {
                    waiting.push_back(path.clone());
                }
                scene = replay(&template, &path[..path.len() - 1]).await;
            }
        }
    }
    searched
}

async fn replay(template: &Template, path: &[(usize, Call)]) -> Scene {
    let mut scene = template.open().await;
    for (actor, call) in path {
        let ctx = scene.world.ctx_of(scene.actors()[*actor]);
        scene.make(&ctx, call).await.unwrap();
        scene.look().await;
    }
    scene
}

/// Searches, says what was gone through, and fails if that is less than there was to go through.
async fn nobody_is_raised(
    who: &str,
    held: &[(&str, &str, &str)],
    calls_max: usize,
    (states, calls): (usize, usize),
) {
    // Who administers the organization is above nobody who does, too, but below a super admin. Who administers a part of it
    // decides what others hold there, the lead among them.
    let administers = held.iter().any(|(granted, place, _)| (*granted, *place) == ADMINISTRATION);
    let decides = held.iter().any(|(granted, ..)| [ADMINISTRATION.0, "admin"].contains(granted));
    let is_above = |name: &str| name == EMAIL || !administers && (name != LEAD || !decides);
    let searched = search(held, is_above, calls_max).await;
    println!("{who}: {searched:?}");
    assert!(searched.states >= states && searched.calls >= calls, "{searched:?}");
}

const ADMINISTRATION: (&str, &str) = ("role:organization:admin", "organization");
const GROUPS: (&str, &str, &str) = ("organization:groups:write", "organization", "");
const PEOPLE: (&str, &str, &str) = ("organization:users:write", "organization", "");
const APPLICATION_USERS: (&str, &str, &str) = ("organization:app_users:write", "organization", "");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_admin_cannot_raise_themself() {
    nobody_is_raised("who manages groups", &[GROUPS], 4, (80, 4000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_manages_application_users_cannot_raise_themself() {
    nobody_is_raised("who manages application users", &[APPLICATION_USERS], 4, (5, 400)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_admin_cannot_raise_themself() {
    nobody_is_raised("who administers a project", &[("admin", "project:lab", "")], 4, (10, 800)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_manages_people_cannot_raise_themself() {
    nobody_is_raised("who manages people", &[PEOPLE], 4, (5, 500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_manages_groups_and_people_cannot_raise_themself() {
    nobody_is_raised("who manages groups and people", &[GROUPS, PEOPLE], 3, (80, 4000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_units_admin_cannot_raise_themself() {
    let held = [("role:organization:admin", "unit", "")];
    nobody_is_raised("who administers a unit", &held, 4, (20, 1000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_keeps_what_they_hold_for_a_time() {
    let held = [APPLICATION_USERS, GROUPS, ("admin", "project:shop", "30")];
    nobody_is_raised("who administers a project for thirty days", &held, 2, (10, 800)).await;
    let held = [(ADMINISTRATION.0, ADMINISTRATION.1, "30")];
    nobody_is_raised("who administers the organization for thirty days", &held, 2, (10, 800)).await;
}
