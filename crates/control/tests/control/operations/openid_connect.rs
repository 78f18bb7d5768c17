//! Signing in with an identity provider that speaks OpenID Connect: who gets in, who does not, and what is on record.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use control::{
    Context, groups,
    identity_providers::{self, Change},
    single_sign_on::{self, Finished, ProviderSession, Way},
    users,
};
use domain::{
    domains::{DomainState, DomainVerification},
    errors::Error,
    events::EventType,
    identity_providers::{MappedGroup, OidcSettings, ProviderProtocol, ProviderState},
    ids::{DomainId, GroupId, IdentityProviderId, OrganizationId, UserId},
    secrets::Secret,
    sign_ins::{FactorKind, SignInMethod},
    states::Outcome,
    views::ProviderView,
};
use identity::oidc::verifications::Answer;
use serde_json::{Value, json};
use store::domains::Domain;

use crate::{
    providers::{CLIENT, ISSUER, SECRET, SoftProvider},
    world::World,
};

/// An organization with an identity provider that people of `acme.example` sign in with.
struct Company {
    world: World,
    organization: OrganizationId,
    op: Arc<SoftProvider>,
    provider: IdentityProviderId,
    domain: DomainId,
    receipt: Mutex<Option<Secret>>,
}

/// What is changed of what the identity provider says.
type Lie<'a> = &'a dyn Fn(&mut Value);

/// A browser that was sent to the identity provider.
struct Away {
    ceremony: Secret,
    state: String,
    nonce: String,
    address: String,
}

impl Company {
    async fn new() -> Self {
        let (mut world, op) = (World::new().await, Arc::new(SoftProvider::new()));
        world.reach(op.clone()).await;
        let organization = world.organization;
        let domain = verified(&world, organization).await;
        let (id, _) = set_up(&world, "Acme OP", domain).await;
        let ctx = world.ctx();
        identity_providers::set_state(&ctx, organization, id, ProviderState::Active).await.unwrap();
        Self { world, organization, op, provider: id, domain, receipt: Mutex::default() }
    }

    async fn change(&self, change: impl FnOnce(&mut OidcSettings)) -> ProviderView {
        let ctx = self.world.ctx();
        let view = identity_providers::view(&ctx, self.organization, self.provider).await.unwrap();
        let mut settings = view.settings.oidc().unwrap().clone();
        change(&mut settings);
        let settings = settings.into();
        let change = Change { name: view.row.name, settings, secret: None, domains: vec![self.domain] };
        let generation = view.row.generation;
        identity_providers::edit(&ctx, self.organization, self.provider, generation, change).await.unwrap()
    }

    async fn send(&self) -> Away {
        away(single_sign_on::begin(&self.world.nobody(), self.provider, "/projects/shop").await.unwrap())
    }

    /// What the identity provider says of somebody.
    fn claims(&self, away: &Away, email: &str) -> Value {
        let now = self.world.now().micros() / 1_000_000;
        json!({
            "iss": ISSUER, "aud": CLIENT, "sub": format!("sub of {email}").replace(' ', "-"),
            "nonce": away.nonce, "iat": now, "exp": now + 300, "auth_time": now, "sid": "there-1",
            "email": email, "email_verified": true, "name": "Alice Archer", "groups": ["staff"],
        })
    }

    async fn receive(&self, away: &Away, code: &str) -> Result<(), Error> {
        let answer = answer(&away.state, code);
        self.receive_answer(self.provider, &answer).await
    }

    /// The same of an answer as it is.
    async fn receive_answer(&self, id: IdentityProviderId, answer: &Answer) -> Result<(), Error> {
        let nobody = self.world.nobody();
        let receipt = single_sign_on::receive_code(&nobody, self.organization, id, answer).await?;
        *self.receipt.lock().unwrap() = Some(receipt);
        Ok(())
    }

    /// What the browser was given that brought the last answer.
    fn receipt(&self) -> Secret {
        self.receipt.lock().unwrap().clone().unwrap_or_else(|| Secret::new(String::new()))
    }

    async fn finish(&self, away: &Away) -> Result<Finished, Error> {
        single_sign_on::finish(&self.world.nobody(), &away.ceremony, &self.receipt()).await
    }

    /// Signs somebody in of whom that is said.
    async fn sign_in(&self, email: &str, change: impl FnOnce(&mut Value)) -> Result<Finished, Error> {
        let away = self.send().await;
        let mut claims = self.claims(&away, email);
        change(&mut claims);
        self.receive(&away, &self.op.code(claims)).await.unwrap();
        self.finish(&away).await
    }

    async fn refused(&self) -> String {
        let name = EventType::SingleSignOnAnswered.as_str();
        let event = self.world.last_event(self.organization, name).await;
        assert_eq!((event.outcome, event.credential.as_deref()), (Outcome::Denied, Some("oidc")));
        event.text
    }
}

/// Sets an identity provider up as a draft.
async fn set_up(world: &World, name: &str, domain: DomainId) -> (IdentityProviderId, i64) {
    let (ctx, organization) = (world.ctx(), world.organization);
    let protocol = ProviderProtocol::Oidc;
    let made = identity_providers::create(&ctx, organization, name, protocol, "other").await.unwrap();
    assert_eq!(made.row.missing, ["the issuer", "the client id", "the client secret"]);
    let settings = OidcSettings {
        issuer: ISSUER.into(),
        client_id: CLIENT.into(),
        ..made.settings.oidc().unwrap().clone()
    };
    let change = Change {
        name: name.into(),
        settings: settings.into(),
        secret: Some(Secret::new(SECRET.into())),
        domains: vec![domain],
    };
    let id = made.row.id;
    let set = identity_providers::edit(&ctx, organization, id, made.row.generation, change).await.unwrap();
    assert!(set.has_secret && set.row.missing.is_empty());
    (id, set.row.generation)
}

fn away(begun: control::ceremonies::Begun<Way>) -> Away {
    let Way::Redirect(address) = begun.shown else { panic!("a form") };
    assert!(address.starts_with(&format!("{ISSUER}/authorize?")), "{address}");
    let said = |name: &str| {
        let pairs = address.split_once('?').unwrap().1.split('&');
        pairs.filter_map(|pair| pair.strip_prefix(&format!("{name}="))).next().unwrap_or_default().to_owned()
    };
    Away { ceremony: begun.ceremony, state: said("state"), nonce: said("nonce"), address: address.clone() }
}

fn answer(state: &str, code: &str) -> Answer {
    Answer {
        state: state.into(),
        code: Some(Secret::new(code.into())),
        issuer: Some(ISSUER.into()),
        error: None,
        error_description: None,
    }
}

async fn verified(world: &World, organization: OrganizationId) -> DomainId {
    let id = DomainId::from_uuid(world.uuid());
    let domain = Domain {
        id,
        organization_id: organization,
        name: "acme.example".into(),
        verification: DomainVerification::Dns,
        challenge_token: "x".into(),
        state: DomainState::Verified,
        state_since: world.now(),
        created_at: world.now(),
        verified_at: Some(world.now()),
        checked_at: None,
        next_check_at: None,
        failing_since: None,
        last_failure: None,
        notices: 0,
        told_until: None,
    };
    let mut tx = world.store.write().await.unwrap();
    assert!(store::domains::add(&mut tx, &domain).await.unwrap());
    tx.commit().await.unwrap();
    id
}

fn signed_in(finished: Result<Finished, Error>) -> (control::sessions::SignedIn, ProviderSession) {
    match finished {
        Ok(Finished::SignedIn(signed_in, session, _)) => (signed_in, *session),
        Ok(_) => panic!("something else was finished"),
        Err(error) => panic!("{error:?}"),
    }
}

fn forbidden<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Forbidden { reason }) => reason,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was accepted"),
    }
}

#[tokio::test]
async fn asvs_10_2_3_10_5_2_a_first_sign_in_makes_a_member() {
    let company = Company::new().await;
    let away = company.send().await;
    for part in ["response_type=code", "code_challenge_method=S256", "scope=openid+profile+email"] {
        assert!(away.address.contains(part), "{}", away.address);
    }
    let code = company.op.code(company.claims(&away, "alice@acme.example"));
    company.receive(&away, &code).await.unwrap();
    let Ok(Finished::SignedIn(signed_in, session, next)) = company.finish(&away).await else { panic!() };
    assert_eq!(next, "/projects/shop");
    assert_eq!((signed_in.proof.method, signed_in.proof.second_factor), (SignInMethod::Oidc, None));
    assert_eq!(signed_in.proof.provider, Some(company.organization));
    assert_eq!(
        (session.name_id.value.as_str(), session.index.as_deref()),
        ("sub-of-alice@acme.example", Some("there-1"))
    );
    let mut tx = company.world.store.read().await.unwrap();
    let user = store::users::find(&mut tx, signed_in.user).await.unwrap().unwrap();
    assert_eq!((user.email.as_str(), user.name.as_str()), ("alice@acme.example", "Alice Archer"));
    assert!(user.password_hash.is_empty());
    drop(tx);
    for event_type in [
        EventType::SingleSignOnAnswered,
        EventType::UserIdentityLinked,
        EventType::UserJoined,
        EventType::UserSignedIn,
    ] {
        let event = company.world.last_event(company.organization, event_type.as_str()).await;
        assert_eq!((event.outcome, event.credential.as_deref()), (Outcome::Done, Some("oidc")));
    }
    // The second time nothing is made, whatever the address is by then.
    let again = company.sign_in("alice@acme.example", |claims| claims["email"] = "a@acme.example".into());
    assert_eq!(self::signed_in(again.await).0.user, signed_in.user);
    assert_eq!(company.op.times("/.well-known/openid-configuration"), 1, "what it says of itself is kept");
}

#[tokio::test]
async fn asvs_10_1_2_an_answer_is_taken_once_and_by_the_browser_that_asked() {
    let company = Company::new().await;
    let (mine, other) = (company.send().await, company.send().await);
    let code = company.op.code(company.claims(&mine, "alice@acme.example"));
    company.receive(&mine, &code).await.unwrap();
    forbidden(company.receive(&mine, &code).await);
    forbidden(company.receive(&Away { state: "made-up".into(), ..company.send().await }, &code).await);
    assert!(matches!(company.finish(&other).await, Err(Error::Conflict { .. })), "it has no answer yet");
    signed_in(company.finish(&mine).await);
    assert!(matches!(company.finish(&mine).await, Err(Error::Conflict { .. })));
    // An answer to one question does not answer another: the code is of the first one's nonce.
    let (one, two) = (company.send().await, company.send().await);
    company.receive(&two, &company.op.code(company.claims(&one, "alice@acme.example"))).await.unwrap();
    forbidden(company.finish(&two).await);
    assert!(company.refused().await.contains("nonce"));
}

#[tokio::test]
async fn asvs_10_2_2_answers_of_one_identity_provider_are_none_of_another() {
    let company = Company::new().await;
    let (second, _) = set_up(&company.world, "Other OP", company.domain).await;
    let away = company.send().await;
    let code = company.op.code(company.claims(&away, "alice@acme.example"));
    let answered = answer(&away.state, &code);
    forbidden(company.receive_answer(second, &answered).await);
    // Who answers in the name of somebody else is told apart before the code goes anywhere.
    let mixed = Answer { issuer: Some("https://evil.example".into()), ..answered };
    company.receive_answer(company.provider, &mixed).await.unwrap();
    forbidden(company.finish(&away).await);
    assert!(company.refused().await.contains("answer_issuer"));
    assert_eq!(company.op.times("/token"), 0);
}

#[tokio::test]
async fn a_person_is_refused_with_the_reason_on_record() {
    let company = Company::new().await;
    let refused = async |change: &dyn Fn(&mut Value)| {
        forbidden(company.sign_in("alice@acme.example", change).await);
        let name = EventType::UserSignInRefused.as_str();
        company.world.last_event(company.organization, name).await.text
    };
    assert!(
        refused(&|claims| claims["email_verified"] = false.into()).await.contains("is not verified there")
    );
    assert!(refused(&|claims| claims["email"] = Value::Null).await.contains("claim email"));
    let unsaid = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("email_verified"));
    assert!(refused(&unsaid).await.contains("nothing says"));
    assert!(refused(&|claims| claims["email"] = "a@other.example".into()).await.contains("may not vouch"));
    company.change(|settings| settings.requires_verified_email = false).await;
    assert!(
        refused(&|claims| claims["email_verified"] = false.into()).await.contains("is not verified there")
    );
    signed_in(company.sign_in("alice@acme.example", unsaid).await);
}

#[tokio::test]
async fn asvs_9_2_3_an_unsound_token_lets_nobody_in() {
    let company = Company::new().await;
    let cases: [(&str, Lie<'_>); 5] = [
        ("audience", &|claims| claims["aud"] = "another".into()),
        ("issuer", &|claims| claims["iss"] = "https://evil.example".into()),
        ("nonce", &|claims| claims["nonce"] = "guessed".into()),
        ("expiry", &|claims| claims["exp"] = 1.into()),
        ("subject", &|claims| claims["sub"] = Value::Null),
    ];
    for (check, change) in cases {
        forbidden(company.sign_in("alice@acme.example", change).await);
        let text = company.refused().await;
        assert!(text.contains(check), "{check}: {text}");
    }
    let mut tx = company.world.store.read().await.unwrap();
    assert!(store::users::find_by_email(&mut tx, "alice@acme.example").await.unwrap().is_none());
}

#[tokio::test]
async fn asvs_6_8_4_groups_and_second_factors_follow_the_claims() {
    let company = Company::new().await;
    let ctx = company.world.ctx();
    let staff: GroupId = groups::create(&ctx, company.organization, "Staff", "").await.unwrap().row.id;
    company
        .change(|settings| settings.groups = vec![MappedGroup { value: "staff".into(), group_id: staff }])
        .await;
    let is_in = async |user| {
        let mut tx = company.world.store.read().await.unwrap();
        store::group_members::contains(&mut tx, staff, user).await.unwrap()
    };
    let mfa = company.sign_in("alice@acme.example", |claims| claims["amr"] = json!(["pwd", "otp"])).await;
    let (alice, _) = signed_in(mfa);
    assert_eq!(alice.proof.second_factor, Some(FactorKind::IdentityProvider));
    assert!(is_in(alice.user).await);
    let none = company.sign_in("alice@acme.example", |claims| claims["groups"] = json!([])).await;
    assert_eq!(signed_in(none).0.proof.second_factor, None);
    assert!(!is_in(alice.user).await);
    // What is not in the token is fetched, if that is wanted.
    company.change(|settings| settings.uses_userinfo = true).await;
    company.op.set_userinfo(json!({ "sub": "sub-of-alice@acme.example", "groups": ["staff"] }));
    let more = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("groups"));
    signed_in(company.sign_in("alice@acme.example", more).await);
    assert!(is_in(alice.user).await);
}

#[tokio::test]
async fn keys_that_roll_over_are_fetched_once_a_minute_at_most() {
    let company = Company::new().await;
    signed_in(company.sign_in("alice@acme.example", |_| {}).await);
    company.op.roll_over("two");
    signed_in(company.sign_in("alice@acme.example", |_| {}).await);
    assert_eq!(company.op.times("/jwks"), 2);
    company.op.roll_over("three");
    company.world.clock.advance(Duration::from_secs(40));
    forbidden(company.sign_in("alice@acme.example", |_| {}).await);
    assert_eq!(company.op.times("/jwks"), 2, "they were fetched just now");
    // Whoever comes meanwhile makes the pause no longer.
    company.world.clock.advance(Duration::from_secs(21));
    signed_in(company.sign_in("alice@acme.example", |_| {}).await);
    assert_eq!(company.op.times("/jwks"), 3);
    company.world.clock.advance(Duration::from_secs(601));
    signed_in(company.sign_in("alice@acme.example", |_| {}).await);
    assert_eq!(company.op.times("/.well-known/openid-configuration"), 2, "and all of it after ten minutes");
}

#[tokio::test]
async fn a_test_says_how_each_check_went_and_what_is_set_up_wrong() {
    let company = Company::new().await;
    let ctx = company.world.ctx();
    let view = async || identity_providers::view(&ctx, company.organization, company.provider).await.unwrap();
    let test = async |secret: &str| {
        company.op.change_secret(secret);
        let begun = single_sign_on::begin_test(&ctx, company.organization, company.provider).await.unwrap();
        let away = away(begun.unwrap());
        company.receive(&away, &company.op.code(company.claims(&away, "alice@acme.example"))).await.unwrap();
        assert!(matches!(
            single_sign_on::finish(&ctx, &away.ceremony, &company.receipt()).await,
            Ok(Finished::Tested(organization, _)) if organization == company.organization
        ));
        view().await
    };
    let tested = test(SECRET).await;
    let report = tested.last_test.unwrap();
    assert!(report.passed && tested.row.passed_at.is_some(), "{report:?}");
    assert!(report.checks.len() > 15 && report.checks.iter().all(|check| check.passed), "{report:?}");
    let email = ("E-mail".to_owned(), "alice@acme.example".to_owned());
    assert!(report.person.contains(&email), "{:?}", report.person);
    assert_eq!(report.admission.map(|admission| admission.as_whom).as_deref(), Some("A new member"));
    let token = report.token.unwrap();
    assert!(token.contains("\"ES256\"") && token.contains("alice@acme.example"), "{token}");
    let report = test("another secret").await.last_test.unwrap();
    assert!(!report.passed && report.reason.unwrap().contains("invalid_client"));
    // What it says of itself is wrong already: nobody is sent anywhere.
    company.op.says("issuer", "https://other.example");
    let begun = single_sign_on::begin_test(&ctx, company.organization, company.provider).await.unwrap();
    assert!(begun.is_none());
    let report = view().await.last_test.unwrap();
    assert!(!report.passed && report.checks[0].name == "discovery_issuer", "{report:?}");
    let event =
        company.world.last_event(company.organization, EventType::IdentityProviderTested.as_str()).await;
    assert!(
        event.outcome == Outcome::Failed && event.text.contains("did not pass. This does not"),
        "{event:?}"
    );
    let mut tx = company.world.store.read().await.unwrap();
    assert!(store::users::find_by_email(&mut tx, "alice@acme.example").await.unwrap().is_none());
}

#[tokio::test]
async fn who_cannot_be_asked_lets_nobody_in() {
    let company = Company::new().await;
    company.op.go();
    let refused = single_sign_on::begin(&company.world.nobody(), company.provider, "").await.err();
    assert!(matches!(refused, Some(Error::Unavailable { .. })), "{refused:?}");
    let event =
        company.world.last_event(company.organization, EventType::SingleSignOnAnswered.as_str()).await;
    assert!(
        event.outcome == Outcome::Denied && event.text.contains("could not be reached"),
        "{}",
        event.text
    );
    // Whoever visits has it asked again, but not each time: only its own test does.
    let asked = || company.op.times("/.well-known/openid-configuration");
    assert_eq!(asked(), 1);
    for _ in 0..3 {
        assert!(single_sign_on::begin(&company.world.nobody(), company.provider, "").await.is_err());
    }
    assert_eq!(asked(), 1);
    single_sign_on::begin_test(&company.world.ctx(), company.organization, company.provider).await.unwrap();
    assert_eq!(asked(), 2);
    company.op.come_back();
    company.world.clock.advance(Duration::from_secs(14));
    assert!(single_sign_on::begin(&company.world.nobody(), company.provider, "").await.is_err());
    company.world.clock.advance(Duration::from_secs(1));
    signed_in(company.sign_in("alice@acme.example", |_| {}).await);
    assert_eq!(asked(), 3);
}

#[tokio::test]
async fn many_who_come_at_once_have_it_asked_once() {
    let company = Company::new().await;
    let nobody = company.world.nobody();
    let begin = || single_sign_on::begin(&nobody, company.provider, "");
    let begun = tokio::join!(begin(), begin(), begin(), begin());
    assert!(begun.0.is_ok() && begun.1.is_ok() && begun.2.is_ok() && begun.3.is_ok());
    assert_eq!(company.op.times("/.well-known/openid-configuration"), 1);
}

#[tokio::test]
async fn an_account_is_linked_by_proof_of_both() {
    let company = Company::new().await;
    let world = &company.world;
    let bob = world.add_user("bob@elsewhere.example", Some(false), true).await;
    let ctx: Context = world.ctx_of(bob);
    let away = away(single_sign_on::begin_link(&ctx, company.provider).await.unwrap());
    company.receive(&away, &company.op.code(company.claims(&away, "b@acme.example"))).await.unwrap();
    // Not by whoever else gets hold of the browser's ceremony.
    let eve = world.add_user("eve@elsewhere.example", Some(false), true).await;
    assert!(matches!(
        single_sign_on::finish(&world.ctx_of(eve), &away.ceremony, &company.receipt()).await,
        Err(Error::Conflict { .. })
    ));
    assert!(matches!(
        single_sign_on::finish(&ctx, &away.ceremony, &company.receipt()).await,
        Ok(Finished::Linked)
    ));
    assert_eq!(signed_in(company.sign_in("b@acme.example", |_| {}).await).0.user, bob);
}

#[tokio::test]
async fn a_link_that_is_refused_is_on_record() {
    let company = Company::new().await;
    let world = &company.world;
    let link = async |ctx: &Context, email: &str, leaves: Option<UserId>| {
        let away = away(single_sign_on::begin_link(ctx, company.provider).await.unwrap());
        company.receive(&away, &company.op.code(company.claims(&away, email))).await.unwrap();
        if let Some(user) = leaves {
            users::deactivate(&world.ctx(), company.organization, user).await.unwrap();
        }
        single_sign_on::finish(ctx, &away.ceremony, &company.receipt()).await.err()
    };
    let refused = async |user: UserId, says: &str| {
        let event = world.last_event(company.organization, EventType::UserSignInRefused.as_str()).await;
        assert_eq!((event.outcome, event.user_id), (Outcome::Denied, Some(user)), "{}", event.text);
        assert!(event.text.contains("Did not link") && event.text.contains(says), "{}", event.text);
    };
    let bob = world.add_user("bob@elsewhere.example", Some(false), true).await;
    let eve = world.add_user("eve@elsewhere.example", Some(false), true).await;
    assert_eq!(link(&world.ctx_of(bob), "b@acme.example", None).await, None);
    let taken = link(&world.ctx_of(eve), "b@acme.example", None).await;
    assert!(matches!(taken, Some(Error::Forbidden { .. })), "{taken:?}");
    refused(eve, "linked with this identity already").await;
    assert_eq!(link(&world.ctx_of(eve), "e@acme.example", Some(eve)).await, Some(Error::NotFound));
    refused(eve, "eve@elsewhere.example").await;
}

#[tokio::test]
async fn a_step_up_demands_that_credentials_were_shown_again() {
    let company = Company::new().await;
    let (alice, _) = signed_in(company.sign_in("alice@acme.example", |_| {}).await);
    company.world.clock.advance(Duration::from_secs(3_600));
    let ctx = company.world.ctx_of(alice.user);
    // A session that did not begin with it is not confirmed there, however its person is linked with it.
    let elsewhere = single_sign_on::begin_step_up(&ctx, company.provider, "/next").await;
    assert!(matches!(elsewhere, Err(Error::NotFound)));
    let rows = company.world.control.session_rows();
    let mut row = company.world.session_row(alice.user);
    row.identity_provider_id = Some(company.provider);
    assert!(rows.add(&row).await.unwrap());
    let step_up = async |change: &dyn Fn(&mut Value)| {
        let away = away(single_sign_on::begin_step_up(&ctx, company.provider, "/next").await.unwrap());
        assert!(away.address.contains("prompt=login") && away.address.contains("max_age=0"));
        let mut claims = company.claims(&away, "alice@acme.example");
        change(&mut claims);
        company.receive(&away, &company.op.code(claims)).await.unwrap();
        single_sign_on::finish(&ctx, &away.ceremony, &company.receipt()).await
    };
    let old = company.world.now().micros() / 1_000_000 - 3_000;
    forbidden(step_up(&|claims| claims["auth_time"] = old.into()).await);
    forbidden(step_up(&|claims| claims["auth_time"] = Value::Null).await);
    forbidden(step_up(&|claims| claims["sub"] = "somebody-else".into()).await);
    assert!(matches!(step_up(&|_| {}).await, Ok(Finished::SteppedUp(_, next)) if next == "/next"));
}

#[tokio::test]
async fn asvs_10_1_1_somebody_who_signs_out_here_may_there_as_well() {
    let company = Company::new().await;
    let (_, session) = signed_in(company.sign_in("alice@acme.example", |_| {}).await);
    assert!(!session.id_token_sealed.as_ref().unwrap().contains('.'), "it is sealed");
    let nobody = company.world.nobody();
    let remembered = single_sign_on::remember(&nobody, &session).await.unwrap().unwrap();
    let address = single_sign_on::leave(&nobody, &remembered).await.unwrap();
    assert!(
        address.starts_with(&format!("{ISSUER}/end?")) && address.contains("id_token_hint=ey"),
        "{address}"
    );
    assert!(address.contains("post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fsigned-out"));
    assert!(matches!(single_sign_on::leave(&nobody, &remembered).await, Err(Error::Conflict { .. })));
}

#[tokio::test]
async fn asvs_10_5_5_a_logout_token_ends_the_sessions_that_it_names_once() {
    let company = Company::new().await;
    let world = &company.world;
    let (alice, session) = signed_in(company.sign_in("alice@acme.example", |_| {}).await);
    let keep = async |key: u8, index: &str| {
        let mut tx = world.store.write().await.unwrap();
        let row = store::sessions::Row {
            key_hash: vec![key; 32],
            identity_provider_id: Some(company.provider),
            subject: Some(session.name_id.value.clone()),
            session_index: Some(index.to_owned()),
            ..world.session_row(alice.user)
        };
        assert!(store::sessions::add(&mut tx, &row).await.unwrap());
        tx.commit().await.unwrap();
    };
    let is_there = async |key: u8| {
        let mut tx = world.store.read().await.unwrap();
        store::sessions::find(&mut tx, &[key; 32], world.now()).await.unwrap().is_some()
    };
    let (at, event) =
        (world.now().micros() / 1_000_000, "http://schemas.openid.net/event/backchannel-logout");
    let token = |jti: &str, change: &dyn Fn(&mut Value)| {
        let mut claims = json!({
            "iss": ISSUER, "aud": CLIENT, "iat": at, "exp": at + 120, "jti": jti, "events": { event: {} },
        });
        change(&mut claims);
        company.op.token("logout+jwt", &claims)
    };
    let bring = async |token: String| {
        let nobody = world.nobody();
        single_sign_on::receive_logout_token(&nobody, company.organization, company.provider, &token).await
    };
    for (key, index) in [(1, "one"), (2, "two"), (3, "three")] {
        keep(key, index).await;
    }
    let one = token("a", &|claims| claims["sid"] = "one".into());
    bring(one.clone()).await.unwrap();
    assert!(!is_there(1).await && is_there(2).await && is_there(3).await);
    keep(1, "one").await;
    forbidden(bring(one).await);
    assert!(is_there(1).await, "a token is taken once");
    forbidden(bring(token("b", &|claims| claims["nonce"] = "n".into())).await);
    forbidden(bring(token("c", &|_| {})).await);
    forbidden(bring("x.y.z".into()).await);
    assert!(is_there(2).await);
    let subject = session.name_id.value.clone();
    bring(token("d", &|claims| claims["sub"] = subject.as_str().into())).await.unwrap();
    assert!(!is_there(1).await && !is_there(2).await && !is_there(3).await);
    let event = world.last_event(company.organization, EventType::SingleLogout.as_str()).await;
    assert!(event.text.contains("3 sessions ended"), "{}", event.text);
}

#[tokio::test]
async fn who_brings_logout_tokens_has_nobody_asked_in_vain_and_fills_no_log() {
    let company = Company::new().await;
    let (world, organization) = (&company.world, company.organization);
    let bring = async |id: IdentityProviderId, token: &str| {
        forbidden(single_sign_on::receive_logout_token(&world.nobody(), organization, id, token).await)
    };
    let asked = || company.op.times("/.well-known/openid-configuration");
    // What is no token, and one of whom nobody signs in with.
    bring(company.provider, "no token").await;
    let (draft, _) = set_up(world, "Draft", company.domain).await;
    bring(draft, "x.y.z").await;
    assert_eq!(asked(), 0);
    for _ in 0..40 {
        bring(company.provider, "x.y.z").await;
    }
    assert_eq!(asked(), 1);
    let denied = world.count_events(EventType::SingleLogout.as_str()).await;
    assert!((20..25).contains(&denied), "{denied} of 42");
    // Whoever brings what is right has tries left: those of its own network are another's.
    let before = world.count_events(EventType::SingleLogout.as_str()).await;
    let elsewhere = world.nobody_at("192.0.2.200");
    let (at, event) =
        (world.now().micros() / 1_000_000, "http://schemas.openid.net/event/backchannel-logout");
    for number in 0..30 {
        let claims = json!({
            "iss": ISSUER, "aud": CLIENT, "iat": at, "exp": at + 120, "jti": format!("j{number}"),
            "events": { event: {} }, "sub": "somebody",
        });
        let token = company.op.token("logout+jwt", &claims);
        single_sign_on::receive_logout_token(&elsewhere, organization, company.provider, &token)
            .await
            .unwrap();
    }
    assert_eq!(world.count_events(EventType::SingleLogout.as_str()).await, before + 30);
}

#[tokio::test]
async fn the_secret_is_kept_sealed_and_replaced_by_a_new_one() {
    let company = Company::new().await;
    let ctx = company.world.ctx();
    let row = async || {
        let mut tx = company.world.store.read().await.unwrap();
        store::identity_providers::find(&mut tx, company.provider).await.unwrap().unwrap()
    };
    let first = row().await.secret_sealed.unwrap();
    assert!(!first.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
    company.change(|settings| settings.session_seconds = Some(3_600)).await;
    assert_eq!(row().await.secret_sealed.unwrap(), first, "what is left out stays");
    let view = identity_providers::view(&ctx, company.organization, company.provider).await.unwrap();
    let change = |secret: &str, settings| Change {
        name: "Acme OP".into(),
        settings,
        secret: Some(Secret::new(secret.into())),
        domains: vec![company.domain],
    };
    let edit = async |generation, change| {
        identity_providers::edit(&ctx, company.organization, company.provider, generation, change).await
    };
    let refused = edit(view.row.generation, change("tab\t", view.settings.clone())).await;
    assert_eq!(refused.err().unwrap().field(), Some("client_secret"));
    edit(view.row.generation, change("another", view.settings.clone())).await.unwrap();
    company.op.change_secret("another");
    signed_in(company.sign_in("alice@acme.example", |_| {}).await);
    let other = domain::identity_providers::SamlSettings::default().into();
    let refused = edit(view.row.generation + 1, Change { secret: None, ..change("", other) }).await;
    assert_eq!(refused.err().unwrap().field(), Some("protocol"));
    let text = serde_json::to_string(&company.world.dump().await).unwrap();
    assert!(!text.contains(SECRET), "it is in no event");
}

#[tokio::test]
async fn asvs_7_6_1_a_session_lasts_as_the_settings_say() {
    let company = Company::new().await;
    let ends_at = async || signed_in(company.sign_in("alice@acme.example", |_| {}).await).1.ends_at;
    assert_eq!(ends_at().await, None, "as long as the policy lets it");
    company.change(|settings| settings.session_seconds = Some(3_600)).await;
    assert_eq!(ends_at().await, Some(company.world.now().plus(Duration::from_secs(3_600))));
}
