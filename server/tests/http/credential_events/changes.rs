//! Everything that can happen later, and how it does. Judges nothing.

use std::time::Duration;

use control::{
    application_users, factors, groups, invitations, organizations, passwords, permissions, policies,
    projects, sessions, tokens, users,
};
use domain::{
    inputs::{ChangePassword, CreateToken, EditToken},
    policies::AuthenticationPolicy,
    secrets::Secret,
};

use server::sessions::COOKIE;

use super::{
    cases::Case,
    credentials::{Held, invite},
};
use crate::installation::PASSWORD;

/// A password that takes the place of the other one.
const NEW_PASSWORD: &str = "copper lantern 9 willow dusk";
/// From where nobody comes here.
const FAR_AWAY: &str = "192.0.2.0/24";
/// Seconds that a strict policy leaves sessions.
const SHORT_SECONDS: i64 = 300;

/// Something that happens later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Nothing,
    Deactivated,
    Removed,
    LeftGroup,
    GrantRevoked,
    GrantExpired,
    SuperAdminTaken,
    BreakGlassTaken,
    PasswordForbidden,
    SecondFactorRequired,
    ProviderRequired,
    OtherProvidersForbidden,
    OidcForbidden,
    PersonalTokensForbidden,
    TokensBound,
    TokensLimited,
    AddressesNarrowed,
    IdleShortened,
    SessionsShortened,
    PasswordsLengthened,
    FactorRemoved,
    PasswordChanged,
    PasswordChangedAlone,
    PasswordReset,
    NewerLink,
    TokenRevoked,
    TokenAddressesNarrowed,
    SessionEnded,
    SignedOut,
    SignedOutEverywhere,
    SignedOutByAdmin,
    InvitationWithdrawn,
    ApplicationUserDeleted,
    ProjectDeleted,
    OrganizationDeleted,
}

impl Change {
    pub(super) const ALL: &[Self] = &[
        Self::Nothing,
        Self::Deactivated,
        Self::Removed,
        Self::LeftGroup,
        Self::GrantRevoked,
        Self::GrantExpired,
        Self::SuperAdminTaken,
        Self::BreakGlassTaken,
        Self::PasswordForbidden,
        Self::SecondFactorRequired,
        Self::ProviderRequired,
        Self::OtherProvidersForbidden,
        Self::OidcForbidden,
        Self::PersonalTokensForbidden,
        Self::TokensBound,
        Self::TokensLimited,
        Self::AddressesNarrowed,
        Self::IdleShortened,
        Self::SessionsShortened,
        Self::PasswordsLengthened,
        Self::FactorRemoved,
        Self::PasswordChanged,
        Self::PasswordChangedAlone,
        Self::PasswordReset,
        Self::NewerLink,
        Self::TokenRevoked,
        Self::TokenAddressesNarrowed,
        Self::SessionEnded,
        Self::SignedOut,
        Self::SignedOutEverywhere,
        Self::SignedOutByAdmin,
        Self::InvitationWithdrawn,
        Self::ApplicationUserDeleted,
        Self::ProjectDeleted,
        Self::OrganizationDeleted,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Deactivated => "its person is deactivated",
            Self::Removed => "its person is removed",
            Self::LeftGroup => "the group is left",
            Self::GrantRevoked => "the grants are revoked",
            Self::GrantExpired => "the grants end",
            Self::SuperAdminTaken => "its person is no super admin any more",
            Self::BreakGlassTaken => "the exemption is taken",
            Self::PasswordForbidden => "policy: passwords off",
            Self::SecondFactorRequired => "policy: second factor on",
            Self::ProviderRequired => "policy: identity provider on",
            Self::OtherProvidersForbidden => "policy: other providers off",
            Self::OidcForbidden => "policy: OpenID Connect off",
            Self::PersonalTokensForbidden => "policy: personal tokens off",
            Self::TokensBound => "policy: tokens bound, second factor on",
            Self::TokensLimited => "policy: token age",
            Self::AddressesNarrowed => "policy: addresses",
            Self::IdleShortened => "policy: time without use",
            Self::SessionsShortened => "policy: life of sessions",
            Self::PasswordsLengthened => "policy: longer passwords",
            Self::FactorRemoved => "a factor is removed",
            Self::PasswordChanged => "the password is changed",
            Self::PasswordChangedAlone => "the same, others signed out",
            Self::PasswordReset => "the password is set by a link",
            Self::NewerLink => "another link is asked for",
            Self::TokenRevoked => "the token is revoked",
            Self::TokenAddressesNarrowed => "the token's addresses are narrowed",
            Self::SessionEnded => "the session is ended elsewhere",
            Self::SignedOut => "signed out",
            Self::SignedOutEverywhere => "all others are signed out",
            Self::SignedOutByAdmin => "an admin signs its person out",
            Self::InvitationWithdrawn => "the invitation is withdrawn",
            Self::ApplicationUserDeleted => "the application user is deleted",
            Self::ProjectDeleted => "the project is deleted",
            Self::OrganizationDeleted => "the organization is deleted",
        }
    }

    /// Lets it happen.
    pub(super) async fn happen(self, case: &Case<'_>, held: &Held) {
        match self {
            Self::Nothing => {}
            Self::Deactivated | Self::Removed | Self::SuperAdminTaken | Self::BreakGlassTaken => {
                self.of_person(case, held).await;
            }
            Self::LeftGroup | Self::GrantRevoked | Self::GrantExpired => self.of_rights(case, held).await,
            Self::FactorRemoved | Self::PasswordChanged | Self::PasswordChangedAlone => {
                self.of_means(case).await;
            }
            Self::PasswordReset | Self::NewerLink | Self::InvitationWithdrawn => {
                self.of_links(case, held).await;
            }
            Self::TokenRevoked | Self::TokenAddressesNarrowed => self.of_tokens(case, held).await,
            Self::SessionEnded | Self::SignedOut | Self::SignedOutEverywhere | Self::SignedOutByAdmin => {
                self.of_sessions(case, held).await;
            }
            Self::ApplicationUserDeleted | Self::ProjectDeleted | Self::OrganizationDeleted => {
                self.of_things(case, held).await;
            }
            _ => self.of_policy(case, held).await,
        }
    }

    async fn of_person(self, case: &Case<'_>, held: &Held) {
        let (boss, organization, user) = (case.boss().await, case.organization, case.user);
        match self {
            Self::Deactivated => users::deactivate(&boss, organization, user).await.unwrap(),
            Self::Removed => users::remove(&boss, organization, user, &case.email()).await.unwrap(),
            Self::SuperAdminTaken => users::set_super_admin(&boss, organization, user, false).await.unwrap(),
            // Of the boss, if the person has none.
            _ if held.is_exempt() => {
                policies::set_break_glass(&boss, organization, user, false).await.unwrap();
            }
            _ => {
                for is_exempt in [true, false] {
                    policies::set_break_glass(&boss, organization, case.boss_id(), is_exempt).await.unwrap();
                }
            }
        }
    }

    async fn of_rights(self, case: &Case<'_>, held: &Held) {
        let boss = case.boss().await;
        match self {
            Self::LeftGroup => {
                let (group, user) = (case.group.unwrap(), held.program.unwrap_or(case.user));
                groups::remove_member(&boss, case.organization, group, user).await.unwrap();
            }
            Self::GrantRevoked => {
                for grant in &case.grants {
                    permissions::revoke(&boss, case.organization, *grant).await.unwrap();
                }
            }
            _ => case.outlast_grants().await,
        }
    }

    /// A policy that is stricter in one way. What lasts shorter or gets older has the time for it.
    async fn of_policy(self, case: &Case<'_>, held: &Held) {
        let mut policy =
            AuthenticationPolicy { identity_provider_required: held.is_exempt(), ..Default::default() };
        match self {
            Self::PasswordForbidden => policy.password_allowed = false,
            Self::SecondFactorRequired => policy.second_factor_required = true,
            Self::ProviderRequired => policy.identity_provider_required = true,
            Self::OtherProvidersForbidden => policy.other_providers_allowed = false,
            Self::OidcForbidden => policy.oidc_allowed = false,
            Self::PersonalTokensForbidden => policy.personal_tokens_allowed = false,
            Self::TokensBound => (policy.tokens_bound, policy.second_factor_required) = (true, true),
            Self::TokensLimited => policy.token_seconds_max = Some(SHORT_SECONDS),
            Self::AddressesNarrowed => policy.addresses = vec![FAR_AWAY.parse().unwrap()],
            Self::IdleShortened => policy.idle_seconds = SHORT_SECONDS,
            Self::SessionsShortened => policy.session_seconds = SHORT_SECONDS,
            Self::PasswordsLengthened => {
                (policy.password_chars_min, policy.password_chars_min_alone) = (64, 64);
            }
            other => panic!("{other:?} is no policy"),
        }
        case.set_policy(&policy).await;
        if [Self::TokensLimited, Self::IdleShortened, Self::SessionsShortened].contains(&self) {
            let seconds = u64::try_from(SHORT_SECONDS).unwrap() + 1;
            case.installation.clock.advance(Duration::from_secs(seconds));
        }
    }

    /// What the person does in another browser to what they sign in with.
    async fn of_means(self, case: &Case<'_>) {
        let mut ctx = case.elsewhere().await;
        if self == Self::FactorRemoved {
            if factors::own(&ctx).await.unwrap().factors.is_empty() {
                case.add_app().await;
                ctx = case.elsewhere().await;
            }
            let factor = factors::own(&ctx).await.unwrap().factors[0].id;
            factors::remove(&ctx, factor, true, &Secret::new(PASSWORD.into())).await.unwrap();
            return;
        }
        let input = ChangePassword {
            old_password: Secret::new(PASSWORD.into()),
            password: Secret::new(NEW_PASSWORD.into()),
            end_other_sessions: self == Self::PasswordChangedAlone,
        };
        passwords::change(&ctx, input).await.unwrap();
    }

    async fn of_links(self, case: &Case<'_>, held: &Held) {
        match self {
            Self::NewerLink => drop(case.reset_link().await),
            Self::PasswordReset => {
                let token = if held.is_reset_link() { held.text.clone() } else { case.reset_link().await };
                let fields = [("token", token.as_str()), ("password", NEW_PASSWORD)];
                let answer = case.browser().post("/", "/api/passwords/reset", &fields).await;
                assert_eq!(answer.status, 200, "{}", answer.body);
            }
            _ => {
                if !held.is_invitation() {
                    invite(case).await;
                }
                let boss = case.boss().await;
                let open = invitations::list(&boss, case.organization, "", None).await.unwrap();
                invitations::withdraw(&boss, case.organization, open.rows[0].id).await.unwrap();
            }
        }
    }

    /// Of the token itself, or of another one of the person's.
    async fn of_tokens(self, case: &Case<'_>, held: &Held) {
        let (ctx, organization) = (case.elsewhere().await, case.organization);
        let token = match held.token {
            Some(token) => token,
            None => {
                let input = CreateToken { description: "x".into(), ..CreateToken::default() };
                tokens::create(&ctx, &input).await.unwrap().row.id
            }
        };
        let narrow = EditToken { description: "x".into(), ip_ranges: FAR_AWAY.into(), generation: 0 };
        match (self, held.program) {
            (Self::TokenRevoked, None) => tokens::revoke(&ctx, token).await.unwrap(),
            (Self::TokenRevoked, Some(program)) => {
                application_users::revoke_token(&ctx, organization, program, token).await.unwrap();
            }
            (_, None) => drop(tokens::edit(&ctx, token, &narrow).await.unwrap()),
            (_, Some(program)) => {
                application_users::edit_token(&ctx, organization, program, token, &narrow).await.unwrap();
            }
        }
    }

    async fn of_sessions(self, case: &Case<'_>, held: &Held) {
        let ctx = case.elsewhere().await;
        match self {
            Self::SessionEnded => {
                for session in sessions::own(&ctx).await.unwrap() {
                    if !session.is_current {
                        sessions::end(&ctx, &session.id).await.unwrap();
                    }
                }
            }
            Self::SignedOut => {
                // Where it is in no browser that is signed in, its person signs out of another one.
                let another = case.browser();
                another.set_cookie(COOKIE, &case.another_cookie().await);
                let own = held.browser.as_ref().filter(|browser| browser.cookie(COOKIE).is_some());
                let answer = own.unwrap_or(&another).post("/projects", "/api/sign_out", &[]).await;
                assert_eq!(answer.status, 200, "{}", answer.body);
            }
            Self::SignedOutEverywhere => drop(sessions::end_others(&ctx).await.unwrap()),
            _ => {
                let ended = sessions::end_all_of(&case.boss().await, case.organization, case.user).await;
                assert!(ended.unwrap() >= 1);
            }
        }
    }

    async fn of_things(self, case: &Case<'_>, held: &Held) {
        let (boss, organization) = (case.boss().await, case.organization);
        if self == Self::ApplicationUserDeleted {
            let program = match held.program {
                Some(program) => program,
                None => {
                    application_users::create(&boss, organization, "deployer", "").await.unwrap().row.user_id
                }
            };
            application_users::delete(&boss, organization, program, "deployer").await.unwrap();
            return;
        }
        projects::delete(&boss, &case.project(), &case.project()).await.unwrap();
        if self == Self::OrganizationDeleted {
            organizations::delete(&boss, organization, &case.organization_name()).await.unwrap();
        }
    }
}
