//! Makes everybody in [`super::actors`]: accounts, memberships, grants, sessions and tokens, straight in the database, so
//! that nothing which the walk tries has had a part in it.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use control::sessions::SessionRow;
use domain::{
    ids::{FactorId, GrantId, GroupId, InvitationId, OrganizationId, TokenId, UserId},
    permissions::{Granted, Permission, Role},
    principals::{PrincipalKind, ResourceKind, UserKind},
    timestamps::Timestamp,
    tokens::{self, RANDOM_CHARS, TokenKind},
};
use ring::digest::{SHA256, digest};
use serde_json::json;
use store::{Tx, factors::Factor, grants::Grant, groups::Group, invitations::Invitation, tokens::Token};
use uuid::Uuid;

use super::{
    actors::{Actor, From, Known},
    things::{Tenant, World, factor, user},
};

pub(super) const SUPER_ADMIN: &str = "super admin";
pub(super) const STRANGER: &str = "super admin of another organization";
const PROGRAM: &str = "application user with the role of an organization admin";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Everybody.
pub(super) async fn all(world: &World) -> Vec<Actor> {
    let now = world.installation.control.session_rows().now();
    let tx = world.installation.store.write().await.unwrap();
    let mut cast = Cast { world, tx, now, number: 1000, actors: Vec::new() };
    cast.nobodies();
    cast.people().await;
    cast.people_shut_out().await;
    cast.tokens().await;
    cast.programs().await;
    let Cast { tx, mut actors, .. } = cast;
    tx.commit().await.unwrap();
    let is_crossed = |actor: &&Actor| [SUPER_ADMIN, PROGRAM].contains(&actor.name.as_str());
    let crossed: Vec<Actor> = actors.iter().filter(is_crossed).map(Actor::crossed).collect();
    actors.extend(crossed);
    actors
}

/// Those who were made so far.
struct Cast<'a> {
    world: &'a World,
    tx: Tx,
    now: Timestamp,
    /// Of the next row that is made.
    number: u128,
    actors: Vec<Actor>,
}

impl Cast<'_> {
    fn nobodies(&mut self) {
        let cookie = |bytes: [u8; 16]| Some(URL_SAFE_NO_PAD.encode(bytes));
        let mut mistyped = token_text(TokenKind::Personal, 1);
        let wrong = if mistyped.ends_with('0') { "1" } else { "0" };
        mistyped.replace_range(mistyped.len() - 1.., wrong);
        let revoked = token_text(TokenKind::Personal, 2);
        self.actors.extend([
            Actor::nobody("nobody"),
            Actor {
                cookie: Some("x".into()),
                token: Some("rdp_nonsense".into()),
                ..Actor::nobody("somebody with garbage")
            },
            Actor { cookie: cookie([255; 16]), token: Some(mistyped), ..Actor::nobody("mistyped token") },
            Actor { token: Some(revoked), ..Actor::nobody("revoked token") },
        ]);
    }

    async fn people(&mut self) {
        use ResourceKind::{Organization, Project, Unit};
        self.person("member who holds nothing", Known::member()).await;
        for granted in Granted::all() {
            let known = Known::holding(granted, Organization);
            self.person(&format!("{granted} on the organization"), known).await;
        }
        for kind in [Unit, Project] {
            for role in Role::ALL.iter().copied().map(Granted::Role).filter(|role| role.fits(kind)) {
                self.person(&format!("{role} on the {kind}"), Known::holding(role, kind)).await;
            }
        }
        let permission = Granted::Permission(Permission::ProjectServicesWrite);
        self.person("one permission on the project", Known::holding(permission, Project)).await;
        self.person_in_group().await;
        self.person(SUPER_ADMIN, Known::super_admin()).await;
    }

    /// Somebody who holds a role through a group alone.
    async fn person_in_group(&mut self) {
        let (organization, role) = (self.world.own.organization, Granted::Role(Role::Operator));
        let group = GroupId::from_uuid(self.next());
        let row = Group {
            id: group,
            organization_id: organization,
            name: "Operators".into(),
            description: String::new(),
            created_at: self.now,
            generation: 0,
        };
        assert!(store::groups::add(&mut self.tx, &row).await.unwrap());
        self.grant((PrincipalKind::Group, group.uuid()), (role, ResourceKind::Organization)).await;
        let user = self.person("operator through a group", Known::member()).await;
        store::group_members::add(&mut self.tx, group, user, self.now).await.unwrap();
        self.actors.last_mut().unwrap().known = Some(Known::holding(role, ResourceKind::Organization));
    }

    async fn people_shut_out(&mut self) {
        let stranger = Known { is_active: true, ..Known::default() };
        let (own, theirs) = (&self.world.own, &self.world.theirs);
        self.make(STRANGER, stranger.clone(), (theirs, own), true).await;
        let deactivated = Known { is_super_admin: true, ..stranger };
        let user = self.make("deactivated super admin", deactivated, (own, theirs), true).await;
        store::memberships::set_active(&mut self.tx, own.organization, user, false).await.unwrap();
        let shut_out = Known { is_active: false, ..Known::super_admin() };
        self.person("super admin whose account is deactivated", shut_out).await;

        self.person("super admin whose session has ended", Known::super_admin()).await;
        let actor = self.actors.last_mut().unwrap();
        (actor.known, actor.token) = (None, None);
        let row = actor.kept.1.as_mut().unwrap();
        row.key_hash = digest(&SHA256, &[254; 16]).as_ref().to_vec();
        (row.created_at, row.last_seen_at) = (self.now.minus(DAY), self.now.minus(DAY));
        actor.cookie = Some(URL_SAFE_NO_PAD.encode([254; 16]));
        assert!(store::sessions::add(&mut self.tx, row).await.unwrap());
    }

    /// Super admins with tokens that are good for less than everything, or for nothing.
    async fn tokens(&mut self) {
        let read = Granted::Permission(Permission::ProjectServicesRead);
        let users = Granted::Permission(Permission::OrganizationUsersWrite);
        let admin = Granted::Role(Role::OrganizationAdmin);
        for scopes in [vec![read], vec![Granted::Role(Role::Operator), users], vec![admin]] {
            let words = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
            let known = Known { scopes: Some(scopes), ..Known::super_admin() };
            self.with_token(&format!("token for {words}"), Some(known), |token| token.scopes = words).await;
        }
        let here = "127.0.0.0/8";
        let good = Some(Known::super_admin());
        self.with_token("token from its own address", good, |token| token.ip_ranges = here.into()).await;
        let elsewhere = "192.0.2.0/24 2001:db8::/32";
        self.with_token("token from a foreign address", None, |token| token.ip_ranges = elsewhere.into())
            .await;
        let ended = Some(self.now.minus(DAY));
        self.with_token("expired token", None, |token| token.expires_at = ended).await;
    }

    async fn programs(&mut self) {
        let admin = Granted::Role(Role::OrganizationAdmin);
        let (own, theirs) = (&self.world.own, &self.world.theirs);
        for (name, known) in [
            ("application user who holds nothing", Known::member()),
            (PROGRAM, Known::holding(admin, ResourceKind::Organization)),
            ("application user who is shut out", Known::holding(admin, ResourceKind::Organization)),
        ] {
            let known = Known { is_program: true, ..known };
            self.make(name, known, (own, theirs), false).await;
        }
        let actor = self.actors.last_mut().unwrap();
        (actor.known, actor.from) = (None, From::Anywhere);
        let user = UserId::from_uuid(Uuid::parse_str(&actor.values["oneself"]).unwrap());
        store::memberships::set_active(&mut self.tx, own.organization, user, false).await.unwrap();
    }

    /// A super admin who comes with a token that is changed like this, and with nothing else.
    async fn with_token(&mut self, name: &str, known: Option<Known>, change: impl FnOnce(&mut Token)) {
        self.person(name, Known::super_admin()).await;
        let mut actor = self.actors.pop().unwrap();
        let id = TokenId::from_uuid(Uuid::parse_str(&actor.values["used_token"]).unwrap());
        let mut token = store::tokens::find(&mut self.tx, id).await.unwrap().unwrap();
        change(&mut token);
        assert!(store::tokens::remove(&mut self.tx, id).await.unwrap());
        store::tokens::add(&mut self.tx, &token).await.unwrap();
        let from = if known.is_some() { From::Here } else { From::Anywhere };
        (actor.cookie, actor.known, actor.from) = (None, known, from);
        self.actors.push(actor);
    }

    /// Somebody in one's own organization.
    async fn person(&mut self, name: &str, known: Known) -> UserId {
        let (own, theirs) = (&self.world.own, &self.world.theirs);
        let is_super_admin = known.is_super_admin;
        self.make(name, known, (own, theirs), is_super_admin).await
    }

    /// Somebody who belongs to the first organization, and is invited to both.
    async fn make(
        &mut self,
        name: &str,
        known: Known,
        (home, other): (&Tenant, &Tenant),
        is_super_admin: bool,
    ) -> UserId {
        let id = UserId::from_uuid(self.next());
        let kind = if known.is_program { UserKind::Application } else { UserKind::Person };
        let email = format!("actor-{}@example.org", self.number);
        let mut row = user(id, &email, kind, self.now);
        row.is_active = known.is_active;
        let organization = home.organization;
        assert!(store::users::add(&mut self.tx, &row).await.unwrap());
        store::memberships::add(&mut self.tx, organization, id, is_super_admin, self.now).await.unwrap();
        for held in known.held.clone() {
            self.grant((PrincipalKind::User, id.uuid()), held).await;
        }
        let from = if known.is_active { From::Here } else { From::Anywhere };
        let mut actor = Actor { known: Some(known), from, ..Actor::nobody(name) };
        let used = self.token(id, kind, organization).await;
        let own = self.token(id, kind, organization).await;
        actor.values.insert("oneself", id.to_string());
        actor.values.insert("email", email.clone());
        actor.values.insert("used_token", used.id.to_string());
        actor.values.insert("own_token", own.id.to_string());
        actor.token = Some(token_text(used.kind, number_of(used.id)));
        if kind == UserKind::Person {
            let session = self.session(id).await;
            actor.cookie = Some(URL_SAFE_NO_PAD.encode(self.number.to_le_bytes()));
            actor.values.insert("own_invitation", self.invite(home, &email).await);
            actor.values.insert("unwanted_invitation", self.invite(other, &email).await);
            actor.values.insert("own_session", hex(&session.key_hash));
            let factor = self.factor(id).await;
            actor.values.insert("own_factor", factor.id.to_string());
            (actor.kept.1, actor.kept.2) = (Some(session), Some(factor));
        }
        actor.kept.0 = Some(own);
        self.actors.push(actor);
        id
    }

    fn next(&mut self) -> Uuid {
        self.number += 1;
        Uuid::from_u128(self.number)
    }

    async fn grant(&mut self, principal: (PrincipalKind, Uuid), (granted, on): (Granted, ResourceKind)) {
        let Tenant { organization, unit, project, .. } = &self.world.own;
        let grant = Grant {
            id: GrantId::from_uuid(self.next()),
            organization_id: *organization,
            principal_kind: principal.0,
            principal_id: principal.1,
            granted: granted.as_str().into(),
            resource_kind: on,
            resource_id: match on {
                ResourceKind::Organization => organization.uuid(),
                ResourceKind::Unit => unit.uuid(),
                ResourceKind::Project => project.uuid(),
            },
            created_at: self.now,
            expires_at: None,
            created_by: String::new(),
        };
        store::grants::put(&mut self.tx, &grant).await.unwrap();
    }

    /// A token, which has been replaced already but is good still.
    async fn token(&mut self, user: UserId, kind: UserKind, organization: OrganizationId) -> Token {
        let (kind, organization_id) = match kind {
            UserKind::Person => (TokenKind::Personal, None),
            UserKind::Application => (TokenKind::Application, Some(organization)),
        };
        let id = TokenId::from_uuid(self.next());
        let text = token_text(kind, number_of(id));
        let token = Token {
            id,
            user_id: user,
            organization_id,
            kind,
            description: "x".into(),
            prefix: text[..10].to_owned(),
            token_hash: digest(&SHA256, text.as_bytes()).as_ref().to_vec(),
            scopes: String::new(),
            ip_ranges: String::new(),
            created_at: self.now,
            created_by: String::new(),
            max_age_seconds: None,
            extend_when_used: false,
            expires_at: None,
            last_used_at: None,
            last_address: None,
            last_agent: None,
            replaced_by: Some(TokenId::from_uuid(Uuid::from_u128(1))),
            generation: 0,
            method: None,
            second_factor: None,
            identity_provider_id: None,
            provider_organization_id: None,
        };
        store::tokens::add(&mut self.tx, &token).await.unwrap();
        token
    }

    /// A second factor that answers nothing.
    async fn factor(&mut self, user: UserId) -> Factor {
        let factor = factor(FactorId::from_uuid(self.next()), user, self.now);
        assert!(store::factors::add(&mut self.tx, &factor).await.unwrap());
        factor
    }

    /// A session in which they have just shown who they are.
    async fn session(&mut self, user: UserId) -> SessionRow {
        self.number += 1;
        let row = SessionRow {
            key_hash: digest(&SHA256, &self.number.to_le_bytes()).as_ref().to_vec(),
            user_id: Some(user),
            data: serde_json::to_vec(&json!({ "user_id": user, "proven_at": self.now })).unwrap(),
            created_at: self.now,
            last_seen_at: self.now,
            expires_at: self.now.plus(DAY),
            address: None,
            agent: None,
            method: None,
            second_factor: None,
            proven_at: Some(self.now),
            identity_provider_id: None,
            provider_organization_id: None,
            subject: None,
            session_index: None,
        };
        assert!(store::sessions::add(&mut self.tx, &row).await.unwrap());
        row
    }

    async fn invite(&mut self, tenant: &Tenant, email: &str) -> String {
        let id = InvitationId::from_uuid(self.next());
        let invitation = Invitation {
            id,
            organization_id: tenant.organization,
            email: email.to_owned(),
            token_hash: id.uuid().as_bytes().to_vec(),
            attached: r#"{"groups":[],"grants":[]}"#.into(),
            invited_by: tenant.super_admin,
            created_at: self.now,
            sent_at: self.now,
            expires_at: self.now.plus(DAY),
            outcome: None,
            ended_at: None,
        };
        assert!(store::invitations::add(&mut self.tx, &invitation).await.unwrap());
        id.to_string()
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn number_of(token: TokenId) -> u128 {
    token.uuid().as_u128()
}

/// A token that is good in form, another one for each number.
fn token_text(kind: TokenKind, number: u128) -> String {
    let mut digits = [0; RANDOM_CHARS];
    let bytes = number.to_le_bytes();
    for (digit, byte) in digits.iter_mut().zip(bytes.iter().flat_map(|byte| [byte & 15, byte >> 4])) {
        *digit = byte;
    }
    tokens::Token::new(kind, &digits).text().expose().to_owned()
}
