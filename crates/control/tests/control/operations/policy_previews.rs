//! A law of the preview: over people, factors, sessions, tokens and policies made by chance, those whom it says a change turns
//! away are those who are turned away once it is saved, by the rule that it names, and nobody else is.

use std::{collections::BTreeMap, time::Duration};

use control::{
    Context, application_users, organizations, policies,
    sessions::{self, SignInStep},
    tokens,
};
use domain::{
    errors::Error,
    ids::UserId,
    inputs::{CreateToken, SignIn},
    policies::{AuthenticationPolicy, Rule},
    principals::UserKind,
    secrets::Secret,
    sign_ins::{FactorKind, Proof},
    views::PolicyPreview,
};
use uuid::Uuid;

use super::policies::{add_factor, form, store};
use crate::{
    properties::Chance,
    world::{PASSWORD, World},
};

/// Installations that are made, and changes that are tried in each.
const WORLDS: u64 = 34;
/// See [`WORLDS`].
const CHANGES: usize = 10;
/// Where chance begins.
const SEED: u64 = 6_042_611;
/// From where the saver comes: in every list of addresses.
const HERE: &str = "203.0.113.9";
/// From where people come.
const ADDRESSES: [&str; 4] = [HERE, "198.51.100.4", "192.0.2.77", "2001:db8::4"];

/// Somebody and all that they could come with.
struct Person {
    id: UserId,
    /// What they could sign in with, made here without asking the product.
    means: Vec<Proof>,
    /// Browsers in which they are signed in: the one last that was used last.
    sessions: Vec<(Proof, &'static str)>,
}

/// A token and from where it was used, if it was.
struct Token {
    text: Secret,
    id: Uuid,
    from: &'static str,
}

struct Scene {
    world: World,
    people: Vec<Person>,
    tokens: Vec<Token>,
}

#[tokio::test]
async fn a_preview_says_what_happens() {
    let mut compared = Compared::default();
    for number in 0..WORLDS {
        let seed = SEED + number;
        let mut chance = Chance::new(seed);
        let scene = scene(&mut chance).await;
        for change in 0..CHANGES {
            scene.compare(&mut chance, &mut compared, &format!("seed {seed}, change {change}")).await;
        }
        scene.sign_in_by_password(&format!("seed {seed}")).await;
    }
    println!("From seed {SEED} on: {compared:?}");
    assert!(compared.changes >= 300, "{compared:?}");
    let met =
        [compared.lost, compared.returning, compared.stayed, compared.tokens_lost, compared.savers_lost];
    assert!(met.iter().all(|number| *number > 10), "too little happened: {compared:?}");
}

/// What was compared, in numbers.
#[derive(Debug, Default)]
struct Compared {
    changes: usize,
    lost: usize,
    returning: usize,
    stayed: usize,
    tokens_lost: usize,
    tokens_stayed: usize,
    savers_lost: usize,
}

async fn scene(chance: &mut Chance) -> Scene {
    let world = World::new().await;
    let (admin, organization) = (world.ctx(), world.organization);
    // The saver can be let in by every policy: by a passkey, as a break-glass super admin.
    add_factor(&world, world.user, FactorKind::Passkey).await;
    add_factor(&world, world.user, FactorKind::Totp).await;
    policies::set_break_glass(&admin, organization, world.user, true).await.unwrap();
    let mut people = Vec::new();
    for number in 0..6 {
        people.push(person(&world, chance, number).await);
    }
    let mut made = Vec::new();
    let input = CreateToken { description: "chance".into(), ..CreateToken::default() };
    for person in &people {
        for (proof, address) in &person.sessions {
            if chance.one_in(2) {
                let ctx = world.signed_in(person.id, *proof, address).await;
                // Whose account is deactivated makes none.
                made.extend(tokens::create(&ctx, &input).await.ok());
                world.clock.advance(Duration::from_secs(chance.below(2000) as u64));
            }
        }
    }
    let program = application_users::create(&admin, organization, "Deploys", "").await.unwrap().row.user_id;
    for _ in 0..2 {
        let token = application_users::create_token(&world.ctx(), organization, program, &input).await;
        made.push(token.unwrap());
        world.clock.advance(Duration::from_secs(chance.below(2000) as u64));
    }
    let mut scene = Scene { people, tokens: Vec::new(), world };
    // Browsers in which tokens were made are open as well.
    scene.sessions().await;
    for token in made {
        let used = chance.one_in(2);
        let from = if used { chance.pick(&ADDRESSES) } else { HERE };
        if used {
            let origin = scene.world.origin(from);
            let _: Result<Context, Error> =
                tokens::authenticate(&scene.world.control, origin, &token.token).await;
        }
        scene.tokens.push(Token { text: token.token, id: token.row.id.uuid(), from });
    }
    scene
}

async fn person(world: &World, chance: &mut Chance, number: usize) -> Person {
    let id = UserId::from_uuid(world.uuid());
    let has_password = !chance.one_in(4);
    let mut tx = world.store.write().await.unwrap();
    let user = store::users::User {
        name: format!("Person {number}"),
        password_hash: if has_password { "$argon2id$".into() } else { String::new() },
        is_active: !chance.one_in(10),
        ..store::users::User::new(id, &format!("person{number}@example.org"), UserKind::Person, world.now())
    };
    assert!(store::users::add(&mut tx, &user).await.unwrap());
    let is_super_admin = chance.one_in(4);
    store::memberships::add(&mut tx, world.organization, id, is_super_admin, world.now()).await.unwrap();
    if is_super_admin && chance.one_in(2) {
        let since = Some(world.now());
        store::authentication_policies::set_break_glass(&mut tx, world.organization, id, since)
            .await
            .unwrap();
    }
    if chance.one_in(8) {
        store::memberships::set_active(&mut tx, world.organization, id, false).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut factors = Vec::new();
    for kind in [FactorKind::Totp, FactorKind::SecurityKey, FactorKind::Passkey] {
        if chance.one_in(3) {
            add_factor(world, id, kind).await;
            factors.push(kind);
        }
    }
    let mut means = Vec::new();
    if has_password && factors.is_empty() {
        means.push(Proof::PASSWORD);
    }
    if has_password {
        means.extend(factors.iter().map(|kind| Proof::password_and(*kind)));
    }
    if factors.contains(&FactorKind::Passkey) {
        means.push(Proof::PASSKEY);
    }
    // What somebody signed in with may be what they have no more.
    let any = [Proof::PASSWORD, Proof::password_and(FactorKind::RecoveryCode), Proof::PASSKEY];
    let mut sessions = Vec::new();
    for _ in 0..chance.below(3) {
        let proof =
            if chance.one_in(2) || means.is_empty() { chance.pick(&any) } else { chance.pick(&means) };
        sessions.push((proof, chance.pick(&ADDRESSES)));
    }
    Person { id, means, sessions }
}

impl Scene {
    /// Has everybody's sessions used, one after the other: the store then knows which was the last.
    async fn sessions(&mut self) {
        for person in &self.people {
            for (proof, address) in &person.sessions {
                self.world.clock.advance(Duration::from_secs(1));
                self.world.signed_in(person.id, *proof, address).await;
            }
        }
    }

    /// Makes one change by chance and compares what its preview says with what becomes of everybody.
    async fn compare(&self, chance: &mut Chance, compared: &mut Compared, at: &str) {
        let (world, organization) = (&self.world, self.world.organization);
        let before = policy(chance, true);
        store(world, organization, &serde_json::to_string(&before).unwrap()).await;
        let strong = world.signed_in(world.user, Proof::PASSKEY, HERE).await;
        let weak = world.ctx();
        let saver = match chance.one_in(2) && organizations::view(&weak, organization).await.is_ok() {
            true => &weak,
            false => &strong,
        };
        let generation = policies::view(saver, organization).await.unwrap().generation;
        let after = policy(chance, false);
        let input = form(&after, generation);
        let preview = match policies::preview(saver, organization, &input).await {
            Ok(preview) => preview,
            Err(error) => panic!("{at}: {error}"),
        };
        let (people_before, tokens_before) = (self.reach_of_people().await, self.reach_of_tokens().await);
        let saved = policies::save(saver, organization, &input, &preview.confirmation).await;
        assert!(saved.is_ok(), "{at}: {saved:?}");
        let (people_after, tokens_after) = (self.reach_of_people().await, self.reach_of_tokens().await);
        compared.changes += 1;
        self.compare_people(&preview, &people_before, &people_after, compared, at);
        let said: BTreeMap<Uuid, Rule> = preview.tokens.iter().map(|row| (row.id.uuid(), row.rule)).collect();
        for (token, was) in &tokens_before {
            let happened = match (was, &tokens_after[token]) {
                (Ok(()), Err(error)) => Some(error.clone()),
                _ => None,
            };
            let expected = said.get(token).map(|rule| refusal(*rule));
            assert_eq!(happened, expected, "{at}: {before:?} → {after:?}");
            compared.tokens_lost += usize::from(expected.is_some());
            compared.tokens_stayed += usize::from(expected.is_none());
        }
        let own = organizations::view(saver, organization).await.err();
        assert_eq!(own, preview.own_refusal.map(refusal), "{at}: {before:?} → {after:?}");
        compared.savers_lost += usize::from(own.is_some());
    }

    fn compare_people(
        &self,
        preview: &PolicyPreview,
        before: &BTreeMap<Uuid, Reached>,
        after: &BTreeMap<Uuid, Reached>,
        compared: &mut Compared,
        at: &str,
    ) {
        let said: BTreeMap<Uuid, bool> =
            preview.people.iter().map(|row| (row.principal.id, row.can_return)).collect();
        for person in &self.people {
            let id = person.id.uuid();
            let (was, is) = (&before[&id], &after[&id]);
            let ended = was.sessions.iter().zip(&is.sessions).any(|(was, is)| was.is_ok() && is.is_err());
            let happened = match (was.reaches(), is.reaches()) {
                (true, false) => Some(false),
                _ if ended => Some(true),
                _ => None,
            };
            assert_eq!(said.get(&id).copied(), happened, "{at}: {:?} {was:?} {is:?}", person.means);
            match happened {
                Some(false) => compared.lost += 1,
                Some(true) => compared.returning += 1,
                None => compared.stayed += 1,
            }
            // The rule is one that they are really told.
            if let Some(row) = preview.people.iter().find(|row| row.principal.id == id) {
                let told =
                    is.sessions.iter().chain(&is.entries).any(|answer| *answer == Err(refusal(row.rule)));
                assert!(told, "{at}: {row:?} {is:?}");
            }
        }
    }

    async fn reach_of_people(&self) -> BTreeMap<Uuid, Reached> {
        let mut all = BTreeMap::new();
        for person in &self.people {
            let last = person.sessions.last().map_or(HERE, |(_, address)| address);
            let mut reached = Reached::default();
            for (proof, address) in &person.sessions {
                reached.sessions.push(self.view(person.id, *proof, address).await);
            }
            for proof in &person.means {
                reached.entries.push(self.view(person.id, *proof, last).await);
            }
            all.insert(person.id.uuid(), reached);
        }
        all
    }

    /// Whatever the policies ask of new passwords now, no preview could name whom they turn away at sign-in: they turn nobody away.
    async fn sign_in_by_password(&self, at: &str) {
        let email = "no-factor@example.org";
        self.world.add_user(email, Some(false), true).await;
        let input = SignIn { email: email.into(), password: Secret::new(PASSWORD.into()) };
        let answer = sessions::sign_in(&self.world.nobody(), input).await;
        assert!(matches!(answer, Ok(SignInStep::Done(_))), "{at}: {:?}", answer.err());
    }

    /// What somebody is answered who signed in so: a session that is not kept, so that nobody is signed in by the test.
    async fn view(&self, user: UserId, proof: Proof, address: &str) -> Result<(), Error> {
        let session = control::Session {
            key_hash: vec![3; 32],
            user,
            proof,
            proven_at: Some(self.world.now()),
            name: None,
        };
        let ctx = self.world.control.context(self.world.origin(address), Some(session));
        organizations::view(&ctx, self.world.organization).await.map(drop)
    }

    async fn reach_of_tokens(&self) -> BTreeMap<Uuid, Result<(), Error>> {
        let mut all = BTreeMap::new();
        for token in &self.tokens {
            let origin = self.world.origin(token.from);
            let answer = match tokens::authenticate(&self.world.control, origin, &token.text).await {
                Ok(ctx) => organizations::view(&ctx, self.world.organization).await.map(drop),
                Err(error) => Err(error),
            };
            all.insert(token.id, answer);
        }
        all
    }
}

/// What somebody was answered.
#[derive(Debug, Default)]
struct Reached {
    sessions: Vec<Result<(), Error>>,
    entries: Vec<Result<(), Error>>,
}

impl Reached {
    fn reaches(&self) -> bool {
        self.sessions.iter().chain(&self.entries).any(Result::is_ok)
    }
}

fn refusal(rule: Rule) -> Error {
    Error::TurnedAway { rule, organization: "Acme".into() }
}

/// A policy by chance. One that asks for an identity provider can only have been there before: it cannot be saved yet.
fn policy(chance: &mut Chance, is_before: bool) -> AuthenticationPolicy {
    let listed = match chance.below(4) {
        0 => vec!["203.0.113.0/24"],
        1 => vec!["203.0.113.0/24", "198.51.100.0/24"],
        2 => vec!["203.0.113.0/24", "2001:db8::/32", "192.0.2.0/24"],
        _ => Vec::new(),
    };
    // What was there before is looser, or hardly anybody would be left to be turned away.
    let strict = if is_before { 6 } else { 2 };
    AuthenticationPolicy {
        password_allowed: !chance.one_in(strict),
        second_factor_required: chance.one_in(strict),
        identity_provider_required: is_before && chance.one_in(8),
        other_providers_allowed: !chance.one_in(2),
        oidc_allowed: !chance.one_in(2),
        personal_tokens_allowed: !chance.one_in(strict * 2),
        tokens_bound: chance.one_in(strict),
        token_seconds_max: chance.one_in(strict).then(|| 600 + chance.below(8000) as i64),
        addresses: if is_before && !chance.one_in(4) { Vec::new() } else { listed }
            .into_iter()
            .map(|range| range.parse().unwrap())
            .collect(),
        idle_seconds: 300 + chance.below(3000) as i64,
        session_seconds: 3600 + chance.below(80_000) as i64,
        password_chars_min: u32::try_from(8 + chance.below(8)).unwrap(),
        password_chars_min_alone: u32::try_from(15 + chance.below(50)).unwrap(),
    }
}
