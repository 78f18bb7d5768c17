//! Two organizations with one of everything, and what was there once: the values that the names of the table stand for.
//! Judges nothing.

use std::{collections::BTreeMap, time::Duration};

use control::{
    Context, application_users, certificates, domains, groups, identity_providers, invitations, mails,
    organizations, passwords, permissions, projects, scim, services, units, users,
};
use domain::{
    identity_providers::ProviderProtocol,
    ids::{DomainId, FactorId, GroupId, InvitationId, OrganizationId, ProjectId, TokenId, UnitId, UserId},
    inputs::{CreateService, CreateToken, GrantPermission, InviteUsers},
    principals::UserKind,
    sign_ins::FactorKind,
    states::ServiceState,
    timestamps::Timestamp,
    tokens::TokenKind,
};
use store::{Tx, factors::Factor, grants::Grant, scim_tokens::ScimToken, tokens::Token, users::User};
use uuid::Uuid;

use super::cast::hex;
use crate::{
    api::callers::{Person, owner},
    installation::Installation,
};

/// What the names of the table stand for.
pub(super) type Values = BTreeMap<&'static str, String>;

/// Names in the table that are no ids.
pub(super) const NO_IDS: &[&str] = &["member", "link", "asset"];
/// How long services may take to come and go.
const SERVICES_MAX: Duration = Duration::from_secs(60);
/// Tokens of one application user, at most; a test would notice if it were more.
const TOKENS_MAX: usize = 100;

/// An organization with one of everything.
pub(super) struct Tenant {
    pub(super) organization: OrganizationId,
    pub(super) unit: UnitId,
    pub(super) project: ProjectId,
    pub(super) values: Values,
    /// Somebody who may do everything in it.
    pub(super) super_admin: UserId,
    kept: Kept,
}

/// What routes end, to be put back.
struct Kept {
    group: (GroupId, UserId),
    spare: UserId,
    grant: Grant,
    tokens: Vec<Token>,
    scim_tokens: Vec<ScimToken>,
    at: Timestamp,
}

/// Both organizations.
pub(super) struct World {
    pub(super) installation: Installation,
    pub(super) own: Tenant,
    pub(super) theirs: Tenant,
    /// What was there once, in one's own organization as far as it goes there.
    pub(super) gone: Values,
}

impl World {
    pub(super) async fn new() -> Self {
        let installation = Installation::new().await;
        let (ann, acme) = owner(&installation).await;
        let now = installation.control.session_rows().now();
        let mut tx = installation.store.write().await.unwrap();
        let bob = UserId::from_uuid(Uuid::from_u128(2));
        add_user(&mut tx, bob, "bob@example.net", UserKind::Person, now).await;
        tx.commit().await.unwrap();
        let bob = Person::signed_in(&installation, bob).await;
        let next_door = organizations::create(&bob.ctx, "Next door").await.unwrap().id;

        let here = Place {
            organization: acme,
            domain: "example.org",
            project: "shop",
            service: "orders",
            number: 10,
        };
        let there = Place {
            organization: next_door,
            domain: "example.net",
            project: "yard",
            service: "bills",
            number: 20,
        };
        let gone = here.once(&installation, &ann.ctx).await;
        let own = here.fill(&installation, &ann).await;
        let theirs = there.fill(&installation, &bob).await;
        // From here on nothing moves by itself.
        installation.stop.send_replace(true);
        Self { installation, own, theirs, gone }
    }

    /// Puts back what was ended.
    pub(super) async fn mend(&self) {
        let kept = &self.own.kept;
        let organization = self.own.organization;
        let mut tx = self.installation.store.write().await.unwrap();
        if store::memberships::find(&mut tx, organization, kept.spare).await.unwrap().is_none() {
            store::memberships::add(&mut tx, organization, kept.spare, false, kept.at).await.unwrap();
        }
        if store::grants::find(&mut tx, organization, kept.grant.id).await.unwrap().is_none() {
            store::grants::put(&mut tx, &kept.grant).await.unwrap();
        }
        for token in &kept.tokens {
            if store::tokens::find(&mut tx, token.id).await.unwrap().is_none() {
                store::tokens::add(&mut tx, token).await.unwrap();
            }
        }
        for token in &kept.scim_tokens {
            if store::scim_tokens::find_by_hash(&mut tx, &token.token_hash).await.unwrap().is_none() {
                store::scim_tokens::add(&mut tx, token).await.unwrap();
            }
        }
        let (group, user) = kept.group;
        store::group_members::add(&mut tx, group, user, kept.at).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The id of another thing in the own organization, of another kind.
    pub(super) fn mistaken(&self, name: &str) -> &str {
        let other = match name {
            "user" | "deactivated_user" | "spare_user" | "unit" => "group",
            "group" | "certificate" | "grant" | "mail" | "domain" => "unit",
            "organization" | "application_user" | "ended_invitation" => "user",
            "project" => "service",
            "service" => "project",
            _ => "application_user",
        };
        &self.own.values[other]
    }
}

/// Where things are to be made.
struct Place {
    organization: OrganizationId,
    domain: &'static str,
    project: &'static str,
    service: &'static str,
    number: u128,
}

impl Place {
    fn email(&self, name: &str) -> String {
        format!("{name}@{}", self.domain)
    }

    /// Makes one of everything.
    async fn fill(&self, installation: &Installation, who: &Person) -> Tenant {
        let (ctx, organization, project) = (&who.ctx, self.organization, self.project);
        let at = installation.control.session_rows().now();
        let unit = units::create(ctx, organization, "Shops").await.unwrap().row.id;
        let project_id = projects::create(ctx, organization, project, &unit.to_string()).await.unwrap().id;
        let old = format!("{}-old", self.service);
        for name in [self.service, &old] {
            self.make_service(ctx, name).await;
        }
        let [user, deactivated, spare, holder] = self.make_people(installation, at).await;
        // As many links as anybody gets: asking for another one changes nothing.
        while passwords::ask_reset_for(ctx, organization, user).await.is_ok() {}
        let group = groups::create(ctx, organization, "Night shift", "").await.unwrap().row.id;
        let mut tx = installation.store.write().await.unwrap();
        assert!(store::group_members::add(&mut tx, group, user, at).await.unwrap());
        tx.commit().await.unwrap();
        let (robot, token) = self.make_robot(installation, ctx).await;
        let grant = GrantPermission {
            principal: format!("user:{holder}"),
            granted: "service:logs:read".into(),
            resource: "organization".into(),
            ..GrantPermission::default()
        };
        let grant = permissions::grant(ctx, organization, &grant).await.unwrap().row.id;
        let [ended, open] = self.invite(ctx).await;
        invitations::withdraw(ctx, organization, ended).await.unwrap();
        let mail = mails::list(ctx, organization, "", None).await.unwrap().rows[0].id;
        let certificate = self.destroy_service(ctx, &old).await;
        let domain = format!("{}.example", self.project);
        let domain = domains::add(ctx, organization, &domain, "dns").await.unwrap().domain_id;
        let (managed, shut_out, managed_token) = self.make_managed(installation, domain, token, at).await;
        let [provider, provider_key, scim_token] = make_provider(ctx, organization).await;
        let provider_id = provider.parse().unwrap();

        let values = [
            ("organization", organization.to_string()),
            ("unit", unit.to_string()),
            ("project", project.to_owned()),
            ("service", self.service.to_owned()),
            ("user", user.to_string()),
            ("member", self.email("una")),
            ("deactivated_user", deactivated.to_string()),
            ("spare_user", spare.to_string()),
            ("group", group.to_string()),
            ("grant", grant.to_string()),
            ("application_user", robot.to_string()),
            ("application_token", token.to_string()),
            ("certificate", certificate),
            ("domain", domain.to_string()),
            ("managed_user", managed.to_string()),
            ("shut_out_user", shut_out.to_string()),
            ("managed_token", managed_token.id.to_string()),
            ("mail", mail.to_string()),
            ("provider", provider),
            ("provider_key", provider_key),
            ("scim_token", scim_token),
            ("ended_invitation", ended.to_string()),
            ("own_invitation", open.to_string()),
            ("unwanted_invitation", open.to_string()),
            ("own_token", token.to_string()),
            ("own_session", hex(&self.number.to_be_bytes())),
            ("own_factor", self.add_factor(installation, user, at).await),
            ("link", "x".to_owned()),
            ("asset", "console.0123456789abcdef.css".to_owned()),
        ];
        let mut tx = installation.store.read().await.unwrap();
        let kept = Kept {
            group: (group, user),
            spare,
            grant: store::grants::find(&mut tx, organization, grant).await.unwrap().unwrap(),
            tokens: vec![store::tokens::find(&mut tx, token).await.unwrap().unwrap(), managed_token],
            scim_tokens: store::scim_tokens::list(&mut tx, provider_id).await.unwrap(),
            at,
        };
        let (project, super_admin, values) = (project_id, who.id, values.into());
        Tenant { organization, unit, project, values, super_admin, kept }
    }

    /// Somebody who is in a group, somebody who is shut out, somebody who is nowhere, and somebody who holds something.
    async fn make_people(&self, installation: &Installation, now: Timestamp) -> [UserId; 4] {
        let names = ["una", "dan", "sam", "hal"];
        let ids = [0, 1, 2, 3].map(|number| UserId::from_uuid(Uuid::from_u128(self.number + number)));
        let mut tx = installation.store.write().await.unwrap();
        for (id, name) in ids.into_iter().zip(names) {
            add_user(&mut tx, id, &self.email(name), UserKind::Person, now).await;
            store::memberships::add(&mut tx, self.organization, id, false, now).await.unwrap();
        }
        store::memberships::set_active(&mut tx, self.organization, ids[1], false).await.unwrap();
        tx.commit().await.unwrap();
        ids
    }

    /// Two people whom the organization manages because of its domain, of whom the second is shut out, and a token of the first.
    async fn make_managed(
        &self,
        installation: &Installation,
        domain: DomainId,
        token: TokenId,
        now: Timestamp,
    ) -> (UserId, UserId, Token) {
        let [mia, moe] = [6, 7].map(|number| UserId::from_uuid(Uuid::from_u128(self.number + number)));
        let mut tx = installation.store.write().await.unwrap();
        assert!(store::domains::set_verified(&mut tx, domain, now, now).await.unwrap());
        for (id, name) in [(mia, "mia"), (moe, "moe")] {
            let email = format!("{name}@{}.example", self.project);
            add_user(&mut tx, id, &email, UserKind::Person, now).await;
        }
        assert!(store::users::set_active(&mut tx, moe, false).await.unwrap());
        let like = store::tokens::find(&mut tx, token).await.unwrap().unwrap();
        let id = TokenId::from_uuid(Uuid::from_u128(self.number + 8));
        let token_hash = id.uuid().as_bytes().to_vec();
        let (kind, organization_id) = (TokenKind::Personal, None);
        let token = Token { id, token_hash, user_id: mia, kind, organization_id, ..like };
        store::tokens::add(&mut tx, &token).await.unwrap();
        tx.commit().await.unwrap();
        (mia, moe, token)
    }

    async fn add_factor(&self, installation: &Installation, user: UserId, at: Timestamp) -> String {
        let id = FactorId::from_uuid(Uuid::from_u128(self.number + 5));
        let mut tx = installation.store.write().await.unwrap();
        assert!(store::factors::add(&mut tx, &factor(id, user, at)).await.unwrap());
        tx.commit().await.unwrap();
        id.to_string()
    }

    /// An application user who holds nothing, with as many tokens as it can have.
    async fn make_robot(&self, installation: &Installation, ctx: &Context) -> (UserId, TokenId) {
        let robot = application_users::create(ctx, self.organization, "Robot", "").await.unwrap().row.user_id;
        let token = make_token(ctx, self.organization, robot).await;
        let mut tx = installation.store.write().await.unwrap();
        let first = store::tokens::find(&mut tx, token).await.unwrap().unwrap();
        for number in 1..TOKENS_MAX {
            let id = TokenId::from_uuid(Uuid::from_u128((self.number << 64) + number as u128));
            let token_hash = id.uuid().as_bytes().to_vec();
            store::tokens::add(&mut tx, &Token { id, token_hash, ..first.clone() }).await.unwrap();
        }
        tx.commit().await.unwrap();
        (robot, token)
    }

    async fn make_service(&self, ctx: &Context, name: &str) {
        let input = CreateService {
            project: self.project.into(),
            name: name.into(),
            service_type: "pg".into(),
            plan: "hobbyist".into(),
            cloud: "local-main".into(),
        };
        services::create(ctx, input).await.unwrap();
    }

    /// Deletes a service once it runs, and waits for its certificate of destruction and for the other one to run.
    async fn destroy_service(&self, ctx: &Context, name: &str) -> String {
        let is_running = async |name: &str| {
            services::view(ctx, self.project, name)
                .await
                .is_ok_and(|view| view.row.state == ServiceState::Running)
        };
        until(async || is_running(name).await && is_running(self.service).await).await;
        services::delete(ctx, self.project, name, name).await.unwrap();
        let list = async || certificates::list(ctx, self.project, None).await.unwrap().rows;
        until(async || !list().await.is_empty() && services::view(ctx, self.project, name).await.is_err())
            .await;
        list().await[0].id.to_string()
    }

    /// Two invitations.
    async fn invite(&self, ctx: &Context) -> [InvitationId; 2] {
        let input =
            InviteUsers { emails: format!("new@{0}\nold@{0}", self.domain), ..InviteUsers::default() };
        invitations::invite(ctx, self.organization, &input).await.unwrap();
        let rows = invitations::list(ctx, self.organization, "", None).await.unwrap().rows;
        [rows[0].id, rows[1].id]
    }

    /// Makes one of everything that can be made, and ends it.
    async fn once(&self, installation: &Installation, ctx: &Context) -> Values {
        let organization = self.organization;
        let now = installation.control.session_rows().now();
        let (lee, email) = (UserId::from_uuid(Uuid::from_u128(self.number + 4)), self.email("lee"));
        let mut tx = installation.store.write().await.unwrap();
        add_user(&mut tx, lee, &email, UserKind::Person, now).await;
        store::memberships::add(&mut tx, organization, lee, false, now).await.unwrap();
        tx.commit().await.unwrap();
        users::remove(ctx, organization, lee, &email).await.unwrap();
        let unit = units::create(ctx, organization, "Old").await.unwrap().row.id;
        units::delete(ctx, organization, unit, "Old").await.unwrap();
        let project = "shop-old";
        projects::create(ctx, organization, project, "").await.unwrap();
        projects::delete(ctx, project, project).await.unwrap();
        let group = groups::create(ctx, organization, "Old", "").await.unwrap().row.id;
        let grant = GrantPermission {
            principal: format!("group:{group}"),
            granted: "read_only".into(),
            resource: "organization".into(),
            ..GrantPermission::default()
        };
        let grant = permissions::grant(ctx, organization, &grant).await.unwrap().row.id;
        permissions::revoke(ctx, organization, grant).await.unwrap();
        groups::delete(ctx, organization, group, "Old").await.unwrap();
        let robot = application_users::create(ctx, organization, "Old", "").await.unwrap().row.user_id;
        let token = make_token(ctx, organization, robot).await;
        application_users::delete(ctx, organization, robot, "Old").await.unwrap();
        let own = CreateToken { description: "x".into(), ..CreateToken::default() };
        let own = control::tokens::create(ctx, &own).await.unwrap().row.id;
        control::tokens::revoke(ctx, own).await.unwrap();
        let [provider, provider_key, scim_token] = make_provider(ctx, organization).await;
        identity_providers::remove(ctx, organization, provider.parse().unwrap(), "Acme").await.unwrap();

        let domain = domains::add(ctx, organization, "old.example", "dns").await.unwrap().domain_id;
        domains::remove(ctx, organization, domain, "old.example").await.unwrap();

        // What cannot be deleted by itself goes with its organization.
        let other = organizations::create(ctx, "Old").await.unwrap().id;
        let there = Self { organization: other, domain: "example.com", ..*self };
        let [invitation, _] = there.invite(ctx).await;
        let mail = mails::list(ctx, other, "", None).await.unwrap().rows[0].id;
        organizations::delete(ctx, other, "Old").await.unwrap();
        let values = [
            ("organization", other.to_string()),
            ("unit", unit.to_string()),
            ("project", project.to_owned()),
            ("service", format!("{}-old", self.service)),
            ("user", lee.to_string()),
            ("deactivated_user", lee.to_string()),
            ("spare_user", lee.to_string()),
            ("managed_user", lee.to_string()),
            ("shut_out_user", lee.to_string()),
            ("managed_token", own.to_string()),
            ("group", group.to_string()),
            ("grant", grant.to_string()),
            ("application_user", robot.to_string()),
            ("application_token", token.to_string()),
            ("mail", mail.to_string()),
            ("domain", domain.to_string()),
            ("provider", provider),
            ("provider_key", provider_key),
            ("scim_token", scim_token),
            ("ended_invitation", invitation.to_string()),
            ("own_invitation", invitation.to_string()),
            ("unwanted_invitation", invitation.to_string()),
            ("own_token", own.to_string()),
        ];
        values.into()
    }
}

async fn make_token(ctx: &Context, organization: OrganizationId, robot: UserId) -> TokenId {
    // Good for no more than any token that is to take its place.
    let input = CreateToken {
        description: "x".into(),
        scopes: vec!["read_only".into()],
        ip_ranges: "127.0.0.1".into(),
        ..CreateToken::default()
    };
    application_users::create_token(ctx, organization, robot, &input).await.unwrap().row.id
}

/// A draft of an identity provider with as many keys and tokens of SCIM as it can have, the key in use and one of the tokens.
async fn make_provider(ctx: &Context, organization: OrganizationId) -> [String; 3] {
    let made =
        identity_providers::create(ctx, organization, "Acme", ProviderProtocol::Saml, "other").await.unwrap();
    let made = identity_providers::add_key(ctx, organization, made.row.id).await.unwrap();
    let key = made.keys.iter().find(|key| key.is_used).unwrap();
    scim::switch_on(ctx, organization, made.row.id).await.unwrap();
    scim::make_token(ctx, organization, made.row.id).await.unwrap();
    let token = scim::make_token(ctx, organization, made.row.id).await.unwrap().row.id;
    [made.row.id.to_string(), key.id.to_string(), token.to_string()]
}

/// Waits until something is so.
async fn until(is_so: impl AsyncFn() -> bool) {
    let deadline = tokio::time::Instant::now() + SERVICES_MAX;
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "a service did not come or go in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Adds somebody without a password.
pub(super) async fn add_user(tx: &mut Tx, id: UserId, email: &str, kind: UserKind, now: Timestamp) {
    assert!(store::users::add(tx, &user(id, email, kind, now)).await.unwrap());
}

/// A second factor that answers nothing.
pub(super) fn factor(id: FactorId, user_id: UserId, created_at: Timestamp) -> Factor {
    Factor {
        id,
        user_id,
        kind: FactorKind::SecurityKey,
        name: "Key".into(),
        secret_sealed: None,
        last_step: None,
        credential_id: None,
        credential: None,
        created_at,
        last_used_at: None,
    }
}

/// Somebody without a password, who is called as their address begins.
pub(super) fn user(id: UserId, email: &str, kind: UserKind, now: Timestamp) -> User {
    let name = email.split('@').next().unwrap().to_owned();
    User { name, ..User::new(id, email, kind, now) }
}
