//! One organization for one pair of the table: somebody who administers it, a person in it, a project. Judges nothing.

use std::{net::IpAddr, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use control::{Context, factors, groups, organizations, passwords, permissions, projects};
use domain::{
    ids::{GrantId, GroupId, OrganizationId, RequestId, UserId},
    inputs::GrantPermission,
    policies::AuthenticationPolicy,
    principals::{MailKind, UserKind},
    secrets::Secret,
    sign_ins::Proof,
    timestamps::Timestamp,
};
use ring::{
    digest::{SHA256, digest},
    hmac,
};
use serde_json::json;
use server::{middleware::keepsakes::CEREMONY_COOKIE, sessions::COOKIE};
use uuid::Uuid;

use super::changes::Change;
use crate::{
    api::callers::Person,
    installation::{Browser, EMAIL, Installation, PASSWORD},
};

/// Longer than a code of an app is taken.
const CODES_OVER: Duration = Duration::from_secs(90);
/// How long a grant lasts that is to end.
const GRANT_LASTS: Duration = Duration::from_secs(200);

/// The hash of the password that everybody has.
pub(super) struct Hash(String);

impl Hash {
    pub(super) async fn of(installation: &Installation) -> Self {
        let mut tx = installation.store.read().await.unwrap();
        Self(store::users::find_by_email(&mut tx, EMAIL).await.unwrap().unwrap().password_hash)
    }
}

/// What an authenticator app does (RFC 6238), written anew here: the product's own code is not to be its own judge.
pub(crate) struct App(Vec<u8>);

impl App {
    /// Reads the seed that is shown for typing.
    pub(crate) fn new(shown: &Secret) -> Self {
        let (mut bits, mut value, mut seed) = (0, 0_u32, Vec::new());
        for sign in shown.expose().chars().filter(|sign| !sign.is_whitespace()) {
            value =
                value << 5 | u32::try_from("abcdefghijklmnopqrstuvwxyz234567".find(sign).unwrap()).unwrap();
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                seed.push((value >> bits & 0xff) as u8);
            }
        }
        Self(seed)
    }

    /// The code of so many steps after an instant.
    pub(crate) fn code(&self, at: Timestamp, steps: i64) -> Secret {
        let step = at.micros() / 30_000_000 + steps;
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let offset = usize::from(tag.as_ref()[19] & 15);
        let four: [u8; 4] = tag.as_ref()[offset..offset + 4].try_into().unwrap();
        Secret::new(format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000))
    }
}

/// The organization, and who is in it.
pub(super) struct Case<'a> {
    pub(super) installation: &'a Installation,
    pub(super) organization: OrganizationId,
    /// Whose credential it is, or who made it.
    pub(super) user: UserId,
    pub(super) group: Option<GroupId>,
    pub(super) grants: Vec<GrantId>,
    number: u32,
    boss: UserId,
}

impl<'a> Case<'a> {
    pub(super) async fn new(installation: &'a Installation, hash: &Hash, number: u32) -> Self {
        let id =
            |place: u32| UserId::from_uuid(Uuid::from_u128(u128::from(0x1000_0000 + 2 * number + place)));
        let mut case = Self {
            installation,
            organization: OrganizationId::from_uuid(Uuid::nil()),
            user: id(0),
            group: None,
            grants: Vec::new(),
            number,
            boss: id(1),
        };
        case.add_person(case.boss, &format!("boss{number}@example.org"), hash).await;
        case.add_person(case.user, &case.email(), hash).await;
        let boss = case.boss().await;
        case.organization = organizations::create(&boss, &case.organization_name()).await.unwrap().id;
        projects::create(&boss, case.organization, &case.project(), "").await.unwrap();
        let mut tx = installation.store.write().await.unwrap();
        store::memberships::add(&mut tx, case.organization, case.user, false, case.now()).await.unwrap();
        tx.commit().await.unwrap();
        case
    }

    async fn add_person(&self, id: UserId, email: &str, hash: &Hash) {
        let user = store::users::User {
            name: "Somebody".to_owned(),
            password_hash: hash.0.clone(),
            ..store::users::User::new(id, email, UserKind::Person, self.now())
        };
        let mut tx = self.installation.store.write().await.unwrap();
        assert!(store::users::add(&mut tx, &user).await.unwrap());
        tx.commit().await.unwrap();
    }

    pub(super) fn now(&self) -> Timestamp {
        self.installation.control.session_rows().now()
    }

    pub(super) fn organization_name(&self) -> String {
        format!("Organization {}", self.number)
    }

    pub(super) fn project(&self) -> String {
        format!("project-{}", self.number)
    }

    pub(super) fn email(&self) -> String {
        format!("person{}@example.org", self.number)
    }

    /// Of who is invited.
    pub(super) fn newcomer(&self) -> String {
        format!("newcomer{}@example.org", self.number)
    }

    /// Another network for each pair, so that none waits for what another one tried.
    pub(super) fn address(&self) -> IpAddr {
        let [.., high, low] = self.number.to_be_bytes();
        IpAddr::from([10, high, low, 7])
    }

    /// Who administers the organization, having just shown who they are.
    pub(super) async fn boss(&self) -> Context {
        // Some are break-glass super admins, who show a second factor.
        Person::signed_in_with(self.installation, self.boss, Proof::PASSKEY).await.ctx
    }

    pub(super) fn boss_id(&self) -> UserId {
        self.boss
    }

    /// The person in another browser, having just shown who they are.
    pub(super) async fn elsewhere(&self) -> Context {
        Person::signed_in_with(self.installation, self.user, Proof::PASSKEY).await.ctx
    }

    /// A browser that has not been here before, which takes its answers as a program does.
    pub(super) fn browser(&self) -> Browser {
        let mut browser = self.installation.browser();
        browser.headers.insert("accept", "application/json".parse().unwrap());
        browser.address = self.address();
        browser
    }

    /// What lets a principal into the project, in the way that the change is about.
    pub(super) async fn let_in(&mut self, principal: UserId, change: Change) {
        let project = format!("project:{}", self.project());
        let (boss, mut to) = (self.boss().await, format!("user:{principal}"));
        match change {
            Change::SuperAdminTaken if principal == self.user => {
                self.make_super_admin().await;
                return;
            }
            Change::LeftGroup => {
                let group = groups::create(&boss, self.organization, "Operators", "").await.unwrap().row.id;
                groups::add_members(&boss, self.organization, group, &to).await.unwrap();
                self.group = Some(group);
                to = format!("group:{group}");
            }
            _ => {}
        }
        for (granted, resource) in [("admin", project.as_str()), ("organization:users:write", "organization")]
        {
            let input = GrantPermission {
                principal: to.clone(),
                granted: granted.into(),
                resource: resource.into(),
                ..GrantPermission::default()
            };
            let given = permissions::grant(&boss, self.organization, &input).await.unwrap();
            self.grants.push(given.row.id);
        }
    }

    /// Gives the grants an end, and lets it pass.
    pub(super) async fn outlast_grants(&self) {
        let mut tx = self.installation.store.write().await.unwrap();
        for id in &self.grants {
            let grant = store::grants::find(&mut tx, self.organization, *id).await.unwrap().unwrap();
            let expires_at = Some(self.now().plus(GRANT_LASTS / 2));
            store::grants::put(&mut tx, &store::grants::Grant { expires_at, ..grant }).await.unwrap();
        }
        tx.commit().await.unwrap();
        self.installation.clock.advance(GRANT_LASTS);
    }

    pub(super) async fn make_super_admin(&self) {
        let mut tx = self.installation.store.write().await.unwrap();
        store::memberships::set_super_admin(&mut tx, self.organization, self.user, true).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Sets the policy, whatever a save would say to it.
    pub(super) async fn set_policy(&self, policy: &AuthenticationPolicy) {
        let text = serde_json::to_string(policy).unwrap();
        let mut tx = self.installation.store.write().await.unwrap();
        let before = store::authentication_policies::find(&mut tx, self.organization).await.unwrap();
        let generation = before.map_or(0, |row| row.generation);
        let (organization, now) = (self.organization, self.now());
        let set = store::authentication_policies::set(&mut tx, organization, generation, &text, now);
        assert!(set.await.unwrap());
        tx.commit().await.unwrap();
    }

    /// Adds an authenticator app, whose codes of now are taken by that.
    pub(super) async fn add_app(&self) -> App {
        let ctx = self.elsewhere().await;
        let begun = factors::begin_totp(&ctx).await.unwrap();
        let app = App::new(&begun.shown.secret);
        let codes = [&app.code(self.now(), 0), &app.code(self.now(), 1)];
        factors::finish_totp(&ctx, &begun.ceremony, "Phone", codes).await.unwrap();
        self.installation.clock.advance(CODES_OVER);
        app
    }

    /// Sends e-mail and password. The status, and whether a second factor is asked for.
    pub(super) async fn send_password(&self, browser: &Browser, password: &str) -> (u16, bool) {
        let status = browser.sign_in(&self.email(), password).await.status.as_u16();
        (status, browser.cookie(CEREMONY_COOKIE).is_some() && browser.cookie(COOKIE).is_none())
    }

    /// A browser in which the person signed in with their password alone.
    pub(super) async fn with_password(&self) -> Browser {
        let browser = self.browser();
        assert_eq!(self.send_password(&browser, PASSWORD).await, (200, false));
        browser
    }

    /// A browser in which the right password was sent, and the second factor is asked for.
    pub(super) async fn half_way(&self) -> Browser {
        let browser = self.browser();
        assert_eq!(self.send_password(&browser, PASSWORD).await, (200, true));
        browser
    }

    /// The cookie of one more browser in which the person is signed in.
    pub(super) async fn another_cookie(&self) -> String {
        let id: u128 = 0x5000_0000 + u128::from(self.number);
        let key_hash = digest(&SHA256, &id.to_le_bytes()).as_ref().to_vec();
        let now = self.now();
        let row = control::sessions::SessionRow {
            key_hash,
            user_id: Some(self.user),
            data: serde_json::to_vec(&json!({ "user_id": self.user, "proven_at": now })).unwrap(),
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(GRANT_LASTS),
            address: None,
            agent: None,
            method: None,
            second_factor: None,
            proven_at: Some(now),
            identity_provider_id: None,
            provider_organization_id: None,
            subject: None,
            session_index: None,
        };
        assert!(self.installation.control.session_rows().add(&row).await.unwrap());
        URL_SAFE_NO_PAD.encode(id.to_le_bytes())
    }

    /// The token of a new link that sets the person's password.
    pub(super) async fn reset_link(&self) -> String {
        let origin = control::Origin {
            address: Some(self.address()),
            agent: None,
            device: None,
            request_id: RequestId::from_uuid(Uuid::from_u128(9)),
        };
        let nobody = self.installation.control.context(origin, None);
        passwords::ask_reset(&nobody, &self.email()).await.unwrap();
        self.mailed(&self.email(), MailKind::PasswordReset, "/password-reset/").await
    }

    /// What stands behind a text in the newest mail of that kind.
    pub(super) async fn mailed(&self, to: &str, kind: MailKind, before: &str) -> String {
        let page = control::mails::list_for_operator(&self.installation.control, None).await.unwrap();
        let row = page.rows.into_iter().find(|row| row.kind == kind && row.recipient == to).unwrap();
        let view = control::mails::view_for_operator(&self.installation.control, row.id).await.unwrap();
        let body = view.body.unwrap();
        let rest = body.expose().split(before).nth(1).unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }
}
