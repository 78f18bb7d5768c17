//! The browser comes back for the answer: who was vouched for signs in, or a test ends. Everything is one transaction with its
//! event; the session is the server's to begin.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    identity_providers::{ProviderProtocol, ProviderSettings, ProviderState, TestReport},
    ids::{IdentityProviderId, OrganizationId},
    principals::SubjectKind,
    secrets::Secret,
    sign_ins::{CeremonyKind, FactorKind, Proof, SignInMethod},
    states::Outcome,
};
use identity::{
    oidc::verifications::Answer,
    saml::verifications::{Report, SKEW},
};
use store::{Tx, identity_providers::IdentityProvider, users::User};

use super::{
    ProviderSession, Purpose, REQUEST, Trip,
    admissions::{foretell, is_theirs},
    answers::REFUSED,
    codes::{self, Asked},
    hash, open,
    people::{self, Person},
    vouchers::{Verdict, Voucher},
};
use crate::{
    Context,
    ceremonies::{self, Ceremony},
    contexts::Write,
    errors::{Failure, attempt},
    identity_providers::{self, client_secret},
    sessions::{
        SignedIn,
        accounts::{Account, complete},
    },
    standings::forbidden,
    step_up::Proven,
};

/// What a trip to an identity provider came to.
pub enum Finished {
    /// Somebody signed in, and goes on there.
    SignedIn(SignedIn, Box<ProviderSession>, String),
    /// Somebody who is signed in showed once more who they are, and goes on there.
    SteppedUp(Proven, String),
    /// Somebody's account was linked.
    Linked,
    /// The identity provider was tested.
    Tested(OrganizationId, IdentityProviderId),
}

/// Ends a trip with what the identity provider answered, for the browser that asked, by its ceremony, and that came back with the
/// answer, by its receipt.
///
/// # Errors
/// `Conflict` when it was begun in another browser, or brought back by one, took too long or was ended already; `Forbidden` when the answer was not
/// accepted, or whoever it is about may not sign in with it.
pub async fn finish(ctx: &Context, ceremony: &Secret, receipt: &Secret) -> Result<Finished, Error> {
    let asked = attempt!(ctx, {
        let mut tx = ctx.public(Action::SingleSignOn).read().await?;
        let found: Option<Ceremony<Trip>> =
            ceremonies::find(&ctx.control, &mut tx, ceremony, CeremonyKind::SingleSignOn).await?;
        let ceremony = found.ok_or_else(over)?;
        if ceremony.user().is_some() && ceremony.user() != ctx.user().ok() {
            return Err(over().into());
        }
        Ok(ceremony.state.asked)
    })?;
    match asked {
        Some(asked) => finish_code(ctx, (ceremony, receipt), &asked).await,
        None => finish_response(ctx, (ceremony, receipt)).await,
    }
}

/// Ends a trip whose answer was judged when it came.
async fn finish_response(ctx: &Context, (ceremony, receipt): (&Secret, &Secret)) -> Result<Finished, Error> {
    attempt!(ctx, {
        let permit = ctx.public(Action::SingleSignOn);
        let mut write = permit.write(EventType::UserSignedIn).await?;
        let (ceremony, request_hash, sealed) = take(ctx, &mut write.tx, ceremony).await?;
        let opened = open(&ctx.control, &request_hash, &sealed, receipt)?;
        let (report, generation): (Report, _) = opened.ok_or_else(over)?;
        let provider = store::identity_providers::find(&mut write.tx, ceremony.state.provider).await?;
        let provider = provider.ok_or(Error::NotFound)?;
        let is_current = generation == Some(provider.generation);
        let verdict = Verdict::of_saml(report);
        let settings = identity_providers::read(&provider)?;
        let end = End { ctx, settings, is_current, provider, ceremony };
        end.carry_out(write, &verdict).await
    })
}

/// Ends a trip whose answer is a code: it is taken out first, whatever comes of it, and traded in with no transaction open.
async fn finish_code(
    ctx: &Context,
    (ceremony, receipt): (&Secret, &Secret),
    asked: &Asked,
) -> Result<Finished, Error> {
    let (ceremony, answer, provider) = attempt!(ctx, {
        // It changes nothing of anybody's, so that it is no event: what comes of it is.
        let mut tx = ctx.control.store().write().await?;
        let (ceremony, request_hash, sealed) = take(ctx, &mut tx, ceremony).await?;
        let provider = store::identity_providers::find(&mut tx, ceremony.state.provider).await?;
        // Without its receipt nothing is taken out: it waits for who has it.
        let opened = open(&ctx.control, &request_hash, &sealed, receipt)?;
        let (answer, _): (Answer, _) = opened.ok_or_else(over)?;
        tx.commit().await?;
        Ok((ceremony, answer, provider.ok_or(Error::NotFound)?))
    })?;
    let (settings, secret) = attempt!(ctx, {
        let mut tx = ctx.public(Action::SingleSignOn).read().await?;
        let secret = client_secret(&ctx.control, &mut tx, &provider).await?;
        Ok((identity_providers::read_oidc(&provider)?, secret))
    })?;
    let verdict = codes::judge(ctx, &provider, &settings, secret, &ceremony.state, asked, &answer).await;
    let end = End { ctx, settings: settings.into(), is_current: true, provider, ceremony };
    attempt!(ctx, {
        let write = ctx.public(Action::SingleSignOn).write(EventType::UserSignedIn).await?;
        end.carry_out(write, &verdict).await
    })
}

/// Takes a trip and its answer out: once, and by the browser that asked.
async fn take(
    ctx: &Context,
    tx: &mut Tx,
    ceremony: &Secret,
) -> Result<(Ceremony<Trip>, Vec<u8>, Vec<u8>), Failure> {
    let found: Option<Ceremony<Trip>> =
        ceremonies::find(&ctx.control, tx, ceremony, CeremonyKind::SingleSignOn).await?;
    let Some(ceremony) = found else { return Err(over().into()) };
    let request_hash = hash(REQUEST, &ceremony.state.request_id);
    let request = store::provider_requests::take(tx, &request_hash, ctx.now()).await?;
    let is_ended = ceremonies::end(tx, &ceremony, ctx.now()).await?;
    let sealed = request.and_then(|request| request.answer_sealed).filter(|_| is_ended);
    Ok((ceremony, request_hash, sealed.ok_or_else(over)?))
}

/// What is said where an answer was judged by other settings.
const CHANGED: &str = "The identity provider’s settings were changed meanwhile. Begin again.";

fn over() -> Error {
    Error::conflict(
        "This sign-in was begun in another browser, took too long, or was ended already. Begin it again.",
    )
}

/// A trip at its end.
struct End<'a> {
    ctx: &'a Context,
    provider: IdentityProvider,
    settings: ProviderSettings,
    /// Whether these settings are those that the answer was judged by.
    is_current: bool,
    ceremony: Ceremony<Trip>,
}

impl End<'_> {
    async fn carry_out(&self, mut write: Write, verdict: &Verdict) -> Result<Finished, Failure> {
        self.name_in(&mut write);
        let is_test = self.ceremony.state.purpose == Purpose::Test;
        if !is_test && self.provider.state != ProviderState::Active {
            let text = format!("The identity provider {} lets nobody in any more", self.provider.name);
            return self.deny(write, text, Error::NotFound).await;
        }
        if !self.is_current {
            let text = format!(
                "Refused an answer of the identity provider {}, whose settings were changed since it was judged",
                self.provider.name
            );
            return self.deny(write, text, Error::conflict(CHANGED)).await;
        }
        if is_test {
            self.same_user(&mut write).await?;
            let mut report = verdict.test_report(&self.settings);
            if let Some(person) = verdict.person(&self.settings) {
                let tx = &mut write.tx;
                report.admission = Some(foretell(tx, &self.provider, &self.settings, &person).await?);
            }
            keep_test(self.ctx, write, &self.provider, &report).await?;
            return Ok(Finished::Tested(self.provider.organization_id, self.provider.id));
        }
        let voucher = match &verdict.outcome {
            Ok(voucher) => voucher,
            Err(refused) => {
                // The trip is over, whatever came of it.
                write.event.outcome = Outcome::Denied;
                if verdict.is_recorded {
                    write.text("The identity provider’s answer had been refused");
                } else {
                    let (name, why) = (&self.provider.name, refused.words());
                    write.event.event_type = EventType::SingleSignOnAnswered;
                    write.text(format!("Refused a response of the identity provider {name}: {why}"));
                }
                write.commit().await?;
                return Err(Error::Forbidden { reason: REFUSED.into() }.into());
            }
        };
        let person = match voucher.person(&self.settings) {
            Ok(person) => person,
            Err(why) => {
                let text = format!("Refused a person of the identity provider {}: {why}", self.provider.name);
                return self.deny(write, text, forbidden(REFUSED)).await;
            }
        };
        if !verdict.is_recorded {
            let (name, who) = (&self.provider.name, voucher.subject());
            let text = format!("The identity provider {name} vouched for {who}");
            write.record(EventType::SingleSignOnAnswered, text).await?;
        }
        match self.ceremony.state.purpose {
            Purpose::SignIn | Purpose::Test => self.sign_in(write, voucher, &person).await,
            Purpose::Link => self.link(write, voucher, &person).await,
            Purpose::StepUp => self.step_up(write, voucher, &person).await,
        }
    }

    /// Says in an event which identity provider it is about.
    fn name_in(&self, write: &mut Write) {
        write.of_organizations(&[self.provider.organization_id]).subject(
            SubjectKind::IdentityProvider,
            self.provider.id.uuid(),
            self.provider.name.clone(),
        );
        write.event.credential = Some(self.provider.protocol.as_str().into());
    }

    /// Puts a refusal on record instead of whatever else was written.
    async fn deny(&self, write: Write, text: String, error: Error) -> Result<Finished, Failure> {
        drop(write);
        let permit = self.ctx.public(Action::SingleSignOn);
        let mut write = permit.write(EventType::UserSignInRefused).await?;
        // The trip is over: what it was refused for is not tried again.
        ceremonies::end(&mut write.tx, &self.ceremony, self.ctx.now()).await?;
        let request_hash = hash(REQUEST, &self.ceremony.state.request_id);
        store::provider_requests::take(&mut write.tx, &request_hash, self.ctx.now()).await?;
        self.name_in(&mut write);
        write.event.outcome = Outcome::Denied;
        // Who is signed in is who was refused, if somebody is.
        write.event.user_id = write.event.user_id.or(self.ctx.user().ok());
        write.text(text);
        write.commit().await?;
        Err(error.into())
    }

    async fn sign_in(
        &self,
        mut write: Write,
        voucher: &Voucher,
        person: &Person,
    ) -> Result<Finished, Failure> {
        let resolved = people::resolve(self.ctx, &mut write, &self.provider, &self.settings, person).await;
        let user = match resolved {
            Ok(user) => user,
            Err(Failure::Refused(Error::Forbidden { reason })) => {
                let text = format!("Did not sign {} in: {reason}", person.email);
                return self.deny(write, text, forbidden(reason)).await;
            }
            Err(failure) => return Err(failure),
        };
        let Some((account, user)) = Account::of(&mut write.tx, user.id).await? else {
            let reason = "Your account is deactivated.";
            let text = format!("Did not sign {} in: {reason}", person.email);
            return self.deny(write, text, forbidden(reason)).await;
        };
        let now = self.ctx.now();
        let own_end = self.settings.session_seconds().map(|seconds| {
            now.plus(std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
        });
        let session = voucher.session(&self.ctx.control, &self.provider, own_end);
        let proof = Proof {
            method: match self.provider.protocol {
                ProviderProtocol::Saml => SignInMethod::Saml,
                ProviderProtocol::Oidc => SignInMethod::Oidc,
            },
            second_factor: person.has_second_factor.then_some(FactorKind::IdentityProvider),
            provider: Some(self.provider.organization_id),
        };
        let signed_in = complete(self.ctx, write, &account, &user, proof).await?;
        Ok(Finished::SignedIn(signed_in, Box::new(session), self.ceremony.state.next.clone()))
    }

    async fn link(&self, mut write: Write, voucher: &Voucher, person: &Person) -> Result<Finished, Failure> {
        let user = self.same_user(&mut write).await?;
        let Some((_, user)) = Account::of(&mut write.tx, user).await? else { return Err(over().into()) };
        match self.link_with(&mut write, person, &user).await {
            Ok(()) => {}
            Err(Failure::Refused(error @ (Error::Forbidden { .. } | Error::NotFound))) => {
                let (name, who) = (&self.provider.name, voucher.subject());
                let text = format!("Did not link {} with {who} at the identity provider {name}", user.email);
                return self.deny(write, format!("{text}: {error}"), error).await;
            }
            Err(failure) => return Err(failure),
        }
        write.event.event_type = EventType::UserIdentityLinked;
        write.text(format!("{} proved both accounts", user.email));
        write.commit().await?;
        Ok(Finished::Linked)
    }

    /// Links an account of a member whom no other organization manages.
    async fn link_with(&self, write: &mut Write, person: &Person, user: &User) -> Result<(), Failure> {
        is_theirs(&mut write.tx, &self.provider, user).await?;
        let organization = self.provider.organization_id;
        let membership = store::memberships::find(&mut write.tx, organization, user.id).await?;
        if !membership.is_some_and(|membership| membership.is_active) {
            return Err(Error::NotFound.into());
        }
        people::link(self.ctx, write, &self.provider, &person.subject, user).await
    }

    async fn step_up(
        &self,
        mut write: Write,
        voucher: &Voucher,
        person: &Person,
    ) -> Result<Finished, Failure> {
        let user = self.same_user(&mut write).await?;
        let identity = store::identities::find(&mut write.tx, self.provider.id, &person.subject).await?;
        let is_same = identity.is_some_and(|identity| identity.user_id == user);
        // Who was signed in there before was not asked again.
        let began_at = self.ceremony.state.began_at;
        let is_fresh = voucher.authenticated_at().is_some_and(|at| at.plus(SKEW) >= began_at);
        if !is_same || !is_fresh {
            let why = if is_same {
                "they were not asked for their credentials again"
            } else {
                "it was somebody else"
            };
            let text =
                format!("The identity provider {} did not confirm who it is: {why}", self.provider.name);
            let reason =
                "The identity provider did not confirm that it is you. Sign in there again, as yourself.";
            return self.deny(write, text, forbidden(reason)).await;
        }
        write.event.event_type = EventType::UserSteppedUp;
        write.event.user_id = Some(user);
        write.text(format!(
            "{} showed once more who they are, at the identity provider {}",
            person.email, self.provider.name
        ));
        write.commit().await?;
        let before = self.ctx.proof().unwrap_or(Proof::PASSWORD);
        // It vouches for sessions that began with it alone.
        let is_own = before.provider == Some(self.provider.organization_id);
        let shown = (is_own && person.has_second_factor).then_some(FactorKind::IdentityProvider);
        let proof = Proof { second_factor: before.second_factor.or(shown), ..before };
        let proven = Proven { proof, proven_at: self.ctx.now() };
        Ok(Finished::SteppedUp(proven, self.ceremony.state.next.clone()))
    }

    /// Whoever began the trip has to be the one who is signed in at its end.
    async fn same_user(&self, write: &mut Write) -> Result<domain::ids::UserId, Failure> {
        let user = self.ctx.user()?;
        if self.ceremony.user() != Some(user) {
            return Err(over().into());
        }
        let found = store::users::find(&mut write.tx, user).await?;
        Ok(found.filter(|user| user.is_active).ok_or_else(over)?.id)
    }
}

/// Keeps what a test of an identity provider found.
pub(super) async fn keep_test(
    ctx: &Context,
    mut write: Write,
    provider: &IdentityProvider,
    report: &TestReport,
) -> Result<(), Failure> {
    let (id, generation) = (provider.id, provider.generation);
    let text = serde_json::to_string(report)?;
    let now = ctx.now();
    store::identity_providers::set_test(&mut write.tx, id, generation, &text, report.passed, now).await?;
    write.event.event_type = EventType::IdentityProviderTested;
    write.of_organizations(&[provider.organization_id]).subject(
        SubjectKind::IdentityProvider,
        id.uuid(),
        provider.name.clone(),
    );
    let name = &provider.name;
    if report.passed {
        write.text(format!("The test of the identity provider {name} passed"));
    } else {
        write.event.outcome = Outcome::Failed;
        let reason = report.reason.as_deref().unwrap_or_default();
        write.text(format!("The test of the identity provider {name} did not pass. {reason}"));
    }
    write.commit().await
}
