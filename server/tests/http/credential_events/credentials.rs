//! Everything that lets somebody in: how each comes to be, and what it is to use it. Judges nothing.

use std::{fmt, time::Duration};

use control::{Context, application_users, factors, invitations, policies, tokens};
use domain::{
    ids::{FactorId, TokenId, UserId},
    inputs::{CreateToken, InviteUsers},
    policies::AuthenticationPolicy,
    principals::MailKind,
    sign_ins::FactorKind,
};
use identity::testing::SoftAuthenticator;
use serde_json::Value;
use store::factors::Factor;

use super::{
    cases::{App, Case},
    changes::Change,
};
use crate::{
    api::callers::Program,
    installation::{Browser, PASSWORD},
};

/// Where passkeys are of.
const URL: &str = "http://localhost:8080";
/// Longer than a proof of who somebody is counts.
const STALE: Duration = Duration::from_secs(11 * 60);
/// A password that a link sets.
const RESET_PASSWORD: &str = "violet harbour 12 cello moss";

/// Something that lets somebody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    PasswordSession,
    AppSession,
    PasskeySession,
    StepUpProof,
    BreakGlassSession,
    PersonalToken,
    ScopedToken,
    ApplicationToken,
    ResetLink,
    InvitationLink,
    SecondFactorAsked,
}

/// Signed-in browsers.
pub(super) const SESSIONS: &[Credential] = &[
    Credential::PasswordSession,
    Credential::AppSession,
    Credential::PasskeySession,
    Credential::StepUpProof,
    Credential::BreakGlassSession,
];
/// Those that began with a passkey.
pub(super) const PASSKEYS: &[Credential] = &[Credential::PasskeySession, Credential::BreakGlassSession];
/// Those of break-glass super admins.
pub(super) const BREAK_GLASS: &[Credential] = &[Credential::BreakGlassSession];
/// Tokens of people.
pub(super) const PERSONAL_TOKENS: &[Credential] = &[Credential::PersonalToken, Credential::ScopedToken];
/// All tokens.
pub(super) const TOKENS: &[Credential] =
    &[Credential::PersonalToken, Credential::ScopedToken, Credential::ApplicationToken];

/// What a person holds in their hand.
pub(super) struct Held {
    credential: Credential,
    /// The browser that it is in, or in which it was made.
    pub(super) browser: Option<Browser>,
    pub(super) app: Option<App>,
    /// The text of a token, or of a link.
    pub(super) text: String,
    pub(super) token: Option<TokenId>,
    /// The application user whose it is.
    pub(super) program: Option<UserId>,
}

/// Where somebody was refused, and with which status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    at: &'static str,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.at)
    }
}

impl Credential {
    pub(super) const ALL: &[Self] = &[
        Self::PasswordSession,
        Self::AppSession,
        Self::PasskeySession,
        Self::StepUpProof,
        Self::BreakGlassSession,
        Self::PersonalToken,
        Self::ScopedToken,
        Self::ApplicationToken,
        Self::ResetLink,
        Self::InvitationLink,
        Self::SecondFactorAsked,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::PasswordSession => "session, password",
            Self::AppSession => "session, password and app",
            Self::PasskeySession => "session, passkey",
            Self::StepUpProof => "step-up proof",
            Self::BreakGlassSession => "session, break-glass",
            Self::PersonalToken => "personal token",
            Self::ScopedToken => "personal token with scopes",
            Self::ApplicationToken => "application token",
            Self::ResetLink => "password reset link",
            Self::InvitationLink => "invitation link",
            Self::SecondFactorAsked => "sign-in before its factor",
        }
    }

    /// Makes it, as people come by it, so that it leads to the project in the way that the change is about.
    pub(super) async fn make(self, case: &mut Case<'_>, change: Change) -> Held {
        let held = Held {
            credential: self,
            browser: None,
            app: None,
            text: String::new(),
            token: None,
            program: None,
        };
        match self {
            Self::ApplicationToken => case.make_super_admin().await,
            Self::BreakGlassSession => {
                case.make_super_admin().await;
                if change != Change::SuperAdminTaken {
                    case.let_in(case.user, change).await;
                }
            }
            _ => case.let_in(case.user, change).await,
        }
        match self {
            Self::PasswordSession => Held { browser: Some(case.with_password().await), ..held },
            Self::AppSession => {
                let app = case.add_app().await;
                let browser = case.half_way().await;
                send_code(case, &browser, &app).await.unwrap();
                Held { browser: Some(browser), app: Some(app), ..held }
            }
            Self::PasskeySession => Held { browser: Some(with_passkey(case).await), ..held },
            Self::StepUpProof => Held { browser: Some(stepped_up(case).await), ..held },
            Self::BreakGlassSession => {
                let browser = with_passkey(case).await;
                exempt(case).await;
                Held { browser: Some(browser), ..held }
            }
            Self::PersonalToken => with_token(case, held, &[]).await,
            Self::ScopedToken => with_token(case, held, &["read_only"]).await,
            Self::ApplicationToken => of_program(case, held, change).await,
            Self::ResetLink => Held { text: case.reset_link().await, ..held },
            Self::InvitationLink => {
                Held { browser: Some(case.with_password().await), text: invite(case).await, ..held }
            }
            Self::SecondFactorAsked => {
                let app = case.add_app().await;
                Held { browser: Some(case.half_way().await), app: Some(app), ..held }
            }
        }
    }
}

impl Held {
    /// Whether it can be used more than once.
    pub(super) fn is_used_often(&self) -> bool {
        SESSIONS.contains(&self.credential) || TOKENS.contains(&self.credential)
    }

    /// Whether it is that of a break-glass super admin.
    pub(super) fn is_exempt(&self) -> bool {
        BREAK_GLASS.contains(&self.credential)
    }

    /// Whether it is a link that sets a password.
    pub(super) fn is_reset_link(&self) -> bool {
        self.credential == Credential::ResetLink
    }

    /// Whether it is an invitation.
    pub(super) fn is_invitation(&self) -> bool {
        self.credential == Credential::InvitationLink
    }

    /// Uses it up to where it is to lead: to the project.
    pub(super) async fn use_it(&self, case: &Case<'_>) -> Result<(), Refusal> {
        match self.credential {
            Credential::StepUpProof => act(case, self.browser.as_ref().unwrap()).await,
            credential if SESSIONS.contains(&credential) => look(case, self.browser.as_ref().unwrap()).await,
            Credential::ResetLink => self.set_password(case).await,
            Credential::InvitationLink => self.join(case).await,
            Credential::SecondFactorAsked => {
                let browser = self.browser.as_ref().unwrap();
                send_code(case, browser, self.app.as_ref().unwrap()).await?;
                look(case, browser).await
            }
            _ => {
                let program = Program::new(case.installation).with_token(&self.text);
                let program = program.at_address(&case.address().to_string());
                let reply = program.get(&format!("/v1/projects/{}", case.project())).await;
                said(reply.status.as_u16(), 200, "at the project")
            }
        }
    }

    /// By the link, then with the new password, and with a code of whoever has an app.
    async fn set_password(&self, case: &Case<'_>) -> Result<(), Refusal> {
        let fields = [("token", self.text.as_str()), ("password", RESET_PASSWORD)];
        let reset = case.browser().post("/", "/api/passwords/reset", &fields).await;
        said(reset.status.as_u16(), 200, "at the link")?;
        let browser = case.browser();
        let (status, asks) = case.send_password(&browser, RESET_PASSWORD).await;
        said(status, 200, "at the sign-in")?;
        if asks {
            send_code(case, &browser, self.app.as_ref().unwrap()).await?;
        }
        look(case, &browser).await
    }

    async fn join(&self, case: &Case<'_>) -> Result<(), Refusal> {
        let fields = [("token", self.text.as_str()), ("name", "Newcomer"), ("password", PASSWORD)];
        let browser = case.browser();
        let joined = browser.post("/", "/api/invitations/join", &fields).await;
        said(joined.status.as_u16(), 200, "at the link")?;
        look(case, &browser).await
    }
}

fn said(status: u16, expected: u16, at: &'static str) -> Result<(), Refusal> {
    if status == expected { Ok(()) } else { Err(Refusal { status, at }) }
}

/// Looks at the project.
async fn look(case: &Case<'_>, browser: &Browser) -> Result<(), Refusal> {
    let answer = browser.get(&format!("/api/projects/view?project={}", case.project())).await;
    said(answer.status.as_u16(), 200, "at the project")
}

/// Does what asks for a fresh proof, in a form that is refused after it has been asked for.
async fn act(case: &Case<'_>, browser: &Browser) -> Result<(), Refusal> {
    let (organization, resource) = (case.organization.to_string(), format!("project:{}", case.project()));
    let fields = [
        ("organization", organization.as_str()),
        ("granted", "read_only"),
        ("resource", resource.as_str()),
        ("days", "0"),
    ];
    let answer = browser.post("/", "/api/permissions/grant", &fields).await;
    said(answer.status.as_u16(), 422, "at the dangerous act")
}

async fn send_code(case: &Case<'_>, browser: &Browser, app: &App) -> Result<(), Refusal> {
    let code = app.code(case.now(), 0);
    let answer = browser.post("/sign-in/factor", "/api/sign_in/code", &[("code", code.expose())]).await;
    said(answer.status.as_u16(), 200, "at the second factor")
}

/// A browser in which the person signed in with a passkey.
async fn with_passkey(case: &Case<'_>) -> Browser {
    let (ctx, mut device) = (case.elsewhere().await, SoftAuthenticator::new(URL));
    let begun = factors::begin_passkey(&ctx, "").await.unwrap();
    let answer = device.create(&begun.shown).unwrap();
    factors::finish_passkey(&ctx, &begun.ceremony, "Laptop", &answer).await.unwrap();
    let browser = case.browser();
    let asked = browser.post("/sign-in", "/api/sign_in/begin_passkey", &[]).await;
    let asked: Value = serde_json::from_str(&asked.body).unwrap();
    let answer = device.get(asked["options"].as_str().unwrap()).unwrap();
    let signed_in = browser.post("/sign-in", "/api/sign_in/passkey", &[("answer", &answer)]).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    browser
}

/// A browser in which the person has shown once more who they are, after that was too long ago.
async fn stepped_up(case: &Case<'_>) -> Browser {
    let browser = case.with_password().await;
    case.installation.clock.advance(STALE);
    assert_eq!(act(case, &browser).await, Err(Refusal { status: 403, at: "at the dangerous act" }));
    let page = browser.with_header("accept", "text/html");
    page.get("/step-up").await;
    let shown = page.post("/step-up", "/api/step_up/password", &[("password", PASSWORD)]).await;
    assert!(shown.status.is_redirection(), "{}", shown.body);
    page.with_header("accept", "application/json")
}

/// Lets the person and the boss past "identity provider required", and requires it.
async fn exempt(case: &Case<'_>) {
    let boss = case.boss().await;
    for user in [case.user, case.boss_id()] {
        policies::set_break_glass(&boss, case.organization, user, true).await.unwrap();
    }
    // The boss could sign in without the person, who is kept otherwise.
    let boss = case.boss_id();
    let factor = Factor {
        id: FactorId::from_uuid(boss.uuid()),
        user_id: boss,
        kind: FactorKind::SecurityKey,
        name: "theirs".into(),
        secret_sealed: None,
        last_step: None,
        credential_id: Some(boss.uuid().as_bytes().to_vec()),
        credential: None,
        created_at: case.installation.control.session_rows().now(),
        last_used_at: None,
    };
    let mut tx = case.installation.store.write().await.unwrap();
    if store::factors::list_for_user(&mut tx, boss).await.unwrap().is_empty() {
        assert!(store::factors::add(&mut tx, &factor).await.unwrap());
    }
    tx.commit().await.unwrap();
    case.set_policy(&AuthenticationPolicy { identity_provider_required: true, ..Default::default() }).await;
}

/// Makes a token in a browser, as people do.
async fn with_token(case: &Case<'_>, held: Held, scopes: &[&str]) -> Held {
    let browser = case.with_password().await;
    let mut fields = vec![("description", "Deploys")];
    fields.extend(scopes.iter().map(|scope| ("scopes[]", *scope)));
    let page = browser.with_header("accept", "text/html");
    let page = page.post("/profile/tokens/new", "/profile/tokens/new", &fields).await;
    let words = page.body.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
    let text = words.filter(|word| word.starts_with("rdp_")).find(|word| word.len() == 53).unwrap();
    let token = tokens::list(&case.elsewhere().await, "", None).await.unwrap().rows[0].id;
    Held { browser: Some(browser), text: text.to_owned(), token: Some(token), ..held }
}

/// Makes an application user, who is let in, and a token of theirs. The person makes it.
async fn of_program(case: &mut Case<'_>, held: Held, change: Change) -> Held {
    let maker: Context = case.elsewhere().await;
    let made = application_users::create(&maker, case.organization, "deployer", "").await.unwrap();
    let program = made.row.user_id;
    case.let_in(program, change).await;
    let input = CreateToken { description: "Deploys".into(), ..CreateToken::default() };
    let made = application_users::create_token(&maker, case.organization, program, &input).await.unwrap();
    Held {
        browser: Some(case.with_password().await),
        text: made.token.expose().to_owned(),
        token: Some(made.row.id),
        program: Some(program),
        ..held
    }
}

/// Has the person invite somebody to the project; the text of the link.
pub(super) async fn invite(case: &Case<'_>) -> String {
    let input = InviteUsers {
        emails: case.newcomer(),
        granted: vec!["read_only".into()],
        resource: format!("project:{}", case.project()),
        ..InviteUsers::default()
    };
    invitations::invite(&case.elsewhere().await, case.organization, &input).await.unwrap();
    case.mailed(&case.newcomer(), MailKind::Invitation, "/invitations/").await
}
