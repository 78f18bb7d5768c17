//! The browser comes back for the answer: who was vouched for signs in, or a test ends. Everything is one transaction with its
//! event; the session is the server's to begin.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    identity_providers::{ProviderSettings, ProviderState, TestCheck, TestReport},
    ids::{IdentityProviderId, OrganizationId},
    principals::SubjectKind,
    secrets::Secret,
    sign_ins::{CeremonyKind, FactorKind, Proof, SignInMethod},
    states::Outcome,
};
use identity::saml::verifications::{Assertion, Report, SKEW};
use store::identity_providers::IdentityProvider;

use super::{
    ProviderSession, Purpose, REQUEST, Trip,
    answers::REFUSED,
    hash, open,
    people::{self, Person},
};
use crate::{
    Context,
    ceremonies::{self, Ceremony},
    contexts::Write,
    errors::{Failure, attempt},
    identity_providers,
    sessions::{
        SignedIn,
        accounts::{Account, complete},
    },
    step_up::Proven,
};

/// Characters of the XML that a test keeps.
const XML_CHARS_MAX: usize = 20_000;

/// What a trip to an identity provider came to.
pub enum Finished {
    /// Somebody signed in, and goes on there.
    SignedIn(SignedIn, ProviderSession, String),
    /// Somebody who is signed in showed once more who they are, and goes on there.
    SteppedUp(Proven, String),
    /// Somebody's account was linked.
    Linked,
    /// The identity provider was tested.
    Tested(OrganizationId, IdentityProviderId),
}

/// Ends a trip with what the identity provider answered.
///
/// # Errors
/// `Conflict` when it was begun in another browser, took too long or was ended already; `Forbidden` when the answer was not
/// accepted, or whoever it is about may not sign in with it.
pub async fn finish(ctx: &Context, ceremony: &Secret) -> Result<Finished, Error> {
    let refusal = attempt!(ctx, {
        let permit = ctx.public(Action::SingleSignOn);
        let mut write = permit.write(EventType::UserSignedIn).await?;
        let found: Option<Ceremony<Trip>> =
            ceremonies::find(&ctx.control, &mut write.tx, ceremony, CeremonyKind::SingleSignOn).await?;
        let Some(ceremony) = found else { return Err(over().into()) };
        let request_hash = hash(REQUEST, &ceremony.state.request_id);
        let request = store::provider_requests::take(&mut write.tx, &request_hash, ctx.now()).await?;
        let is_ended = ceremonies::end(&mut write.tx, &ceremony, ctx.now()).await?;
        let sealed = request.and_then(|request| request.answer_sealed).filter(|_| is_ended);
        let Some(sealed) = sealed else { return Err(over().into()) };
        let report = open(&ctx.control, &request_hash, &sealed)?;
        let provider = store::identity_providers::find(&mut write.tx, ceremony.state.provider).await?;
        let provider = provider.ok_or(Error::NotFound)?;
        let end = End { ctx, settings: identity_providers::read(&provider)?, provider, report, ceremony };
        end.carry_out(write).await
    });
    match refusal {
        Err(error @ Error::Forbidden { .. }) => Err(error),
        other => other,
    }
}

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
    report: Report,
    ceremony: Ceremony<Trip>,
}

impl End<'_> {
    async fn carry_out(self, mut write: Write) -> Result<Finished, Failure> {
        write.of_organizations(&[self.provider.organization_id]).subject(
            SubjectKind::IdentityProvider,
            self.provider.id.uuid(),
            self.provider.name.clone(),
        );
        write.event.credential = Some("saml".into());
        if self.ceremony.state.purpose == Purpose::Test {
            return self.keep_test(write).await;
        }
        if self.provider.state != ProviderState::Active {
            return Err(Error::NotFound.into());
        }
        let read = match &self.report.outcome {
            Ok(assertion) => self.person(assertion).map(|person| (assertion.clone(), person)).map_err(Some),
            // Why is on record already, since the answer came.
            Err(_) => Err(None),
        };
        let (assertion, person) = match read {
            Ok(read) => read,
            Err(Some(why)) => {
                let text = format!("Refused a person of the identity provider {}: {why}", self.provider.name);
                return self.deny(write, text, REFUSED.to_owned()).await;
            }
            Err(None) => {
                // The trip is over, whatever came of it.
                write.event.outcome = Outcome::Denied;
                write.text("The identity provider’s answer had been refused");
                write.commit().await?;
                return Err(Error::Forbidden { reason: REFUSED.into() }.into());
            }
        };
        match self.ceremony.state.purpose {
            Purpose::SignIn | Purpose::Test => self.sign_in(write, &assertion, &person).await,
            Purpose::Link => self.link(write, &person).await,
            Purpose::StepUp => self.step_up(write, &assertion, &person).await,
        }
    }

    fn person(&self, assertion: &Assertion) -> Result<Person, String> {
        match &self.settings {
            ProviderSettings::Saml(settings) => Person::read(assertion, settings),
            ProviderSettings::Oidc(_) => Err("it does not speak SAML any more".into()),
        }
    }

    /// Puts a refusal on record instead of whatever else was written.
    async fn deny(self, write: Write, text: String, reason: String) -> Result<Finished, Failure> {
        drop(write);
        let permit = self.ctx.public(Action::SingleSignOn);
        let mut write = permit.write(EventType::UserSignInRefused).await?;
        // The trip is over: what it was refused for is not tried again.
        ceremonies::end(&mut write.tx, &self.ceremony, self.ctx.now()).await?;
        let request_hash = hash(REQUEST, &self.ceremony.state.request_id);
        store::provider_requests::take(&mut write.tx, &request_hash, self.ctx.now()).await?;
        write.of_organizations(&[self.provider.organization_id]).subject(
            SubjectKind::IdentityProvider,
            self.provider.id.uuid(),
            self.provider.name.clone(),
        );
        write.event.outcome = Outcome::Denied;
        write.event.credential = Some("saml".into());
        write.text(text);
        write.commit().await?;
        Err(Error::Forbidden { reason }.into())
    }

    async fn sign_in(
        self,
        mut write: Write,
        assertion: &Assertion,
        person: &Person,
    ) -> Result<Finished, Failure> {
        let resolved = people::resolve(self.ctx, &mut write, &self.provider, &self.settings, person).await;
        let user = match resolved {
            Ok(user) => user,
            Err(Failure::Refused(Error::Forbidden { reason })) => {
                let text = format!("Did not sign {} in: {reason}", person.email);
                return self.deny(write, text, reason).await;
            }
            Err(failure) => return Err(failure),
        };
        let Some((account, user)) = Account::of(&mut write.tx, user.id).await? else {
            return Err(Error::Forbidden { reason: "Your account is deactivated.".into() }.into());
        };
        let now = self.ctx.now();
        let own_end = self.settings.session_seconds().map(|seconds| {
            now.plus(std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
        });
        let session = ProviderSession {
            provider: self.provider.id,
            name_id: assertion.name_id.clone(),
            index: assertion.session_index.clone(),
            ends_at: [own_end, assertion.session_ends_at].into_iter().flatten().min(),
        };
        let proof = Proof {
            method: SignInMethod::Saml,
            second_factor: person.has_second_factor.then_some(FactorKind::IdentityProvider),
            provider: Some(self.provider.organization_id),
        };
        let signed_in = complete(self.ctx, write, &account, &user, proof).await?;
        Ok(Finished::SignedIn(signed_in, session, self.ceremony.state.next))
    }

    async fn link(self, mut write: Write, person: &Person) -> Result<Finished, Failure> {
        let user = self.same_user(&mut write).await?;
        let Some((_, user)) = Account::of(&mut write.tx, user).await? else { return Err(over().into()) };
        people::is_theirs(&mut write, &self.provider, &user).await?;
        let organization = self.provider.organization_id;
        let membership = store::memberships::find(&mut write.tx, organization, user.id).await?;
        if !membership.is_some_and(|membership| membership.is_active) {
            return Err(Error::NotFound.into());
        }
        people::link(self.ctx, &mut write, &self.provider, &person.subject, &user).await?;
        write.event.event_type = EventType::UserIdentityLinked;
        write.text(format!("{} proved both accounts", user.email));
        write.commit().await?;
        Ok(Finished::Linked)
    }

    async fn step_up(
        self,
        mut write: Write,
        assertion: &Assertion,
        person: &Person,
    ) -> Result<Finished, Failure> {
        let user = self.same_user(&mut write).await?;
        let identity = store::identities::find(&mut write.tx, self.provider.id, &person.subject).await?;
        let is_same = identity.is_some_and(|identity| identity.user_id == user);
        // Who was signed in there before was not asked again.
        let is_fresh = assertion.authenticated_at.plus(SKEW) >= self.ceremony.state.began_at;
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
            return self.deny(write, text, reason.to_owned()).await;
        }
        write.event.event_type = EventType::UserSteppedUp;
        write.event.user_id = Some(user);
        write.text(format!(
            "{} showed once more who they are, at the identity provider {}",
            person.email, self.provider.name
        ));
        write.commit().await?;
        let before = self.ctx.proof().unwrap_or(Proof::PASSWORD);
        let shown = person.has_second_factor.then_some(FactorKind::IdentityProvider);
        let proof = Proof { second_factor: before.second_factor.or(shown), ..before };
        let proven = Proven { proof, proven_at: self.ctx.now() };
        Ok(Finished::SteppedUp(proven, self.ceremony.state.next))
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

    async fn keep_test(self, mut write: Write) -> Result<Finished, Failure> {
        self.same_user(&mut write).await?;
        let report = self.test_report();
        let (id, generation) = (self.provider.id, self.provider.generation);
        let text = serde_json::to_string(&report)?;
        let now = self.ctx.now();
        store::identity_providers::set_test(&mut write.tx, id, generation, &text, report.passed, now).await?;
        write.event.event_type = EventType::IdentityProviderTested;
        let result = report.reason.as_deref().unwrap_or("everything was right");
        write.text(format!("Tested the identity provider {}: {result}", self.provider.name));
        write.commit().await?;
        Ok(Finished::Tested(self.provider.organization_id, id))
    }

    fn test_report(&self) -> TestReport {
        let person = self.report.outcome.as_ref().ok().map(|assertion| self.person(assertion));
        let reason = match (&self.report.outcome, &person) {
            (Err(refusal), _) => Some(format!("{} Found: {}", refusal.check.demand(), refusal.detail)),
            (Ok(_), Some(Err(why))) => Some(format!("Everything was verified, but {why}.")),
            _ => None,
        };
        let short = |xml: &String| xml.chars().take(XML_CHARS_MAX).collect::<String>();
        TestReport {
            passed: reason.is_none(),
            reason,
            checks: self
                .report
                .findings
                .iter()
                .map(|finding| TestCheck {
                    name: finding.check.name().to_owned(),
                    demand: finding.check.demand().to_owned(),
                    passed: finding.passed,
                    seen: finding.seen.clone(),
                })
                .collect(),
            person: person.and_then(Result::ok).map(|person| person.described()).unwrap_or_default(),
            xml: self.report.xml.as_ref().map(short),
            decrypted: self.report.decrypted.as_ref().map(short),
            token: None,
        }
    }
}
