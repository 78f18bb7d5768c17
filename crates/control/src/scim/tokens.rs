//! Pushing with a token: from the text that a request brings to who pushes. Asked before anybody is known.

use std::time::Duration;

use domain::{
    actions::Action,
    domains::DomainState,
    errors::Error,
    events::EventType,
    ids::{IdentityProviderId, OrganizationId, ScimTokenId, TokenId, UserId},
    principals::SubjectKind,
    secrets::Secret,
    states::Outcome,
    tokens::{ScimToken, Unreadable},
};
use identity::scim::Refusal;
use store::{Tx, identity_providers::IdentityProvider};

use super::{Stop, settings::base_url};
use crate::{
    Context, Control, Origin,
    contexts::Write,
    errors::{Failure, attempt},
    policies,
    tokens::rows::hash,
};

/// How often a use is written down, at most.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// An identity provider that pushes people and groups, with a token that was just found good.
pub struct Provisioner {
    ctx: Context,
    token: ScimTokenId,
    provider: IdentityProviderId,
    organization: OrganizationId,
    name: String,
}

/// Who presents a token at the address of that identity provider. It is looked up by its hash: how long a comparison of hashes takes
/// tells nothing of a token.
///
/// # Errors
/// `Unauthenticated` with the reason; `TurnedAway` from an address that the organization's authentication policy does not take.
pub async fn authenticate(
    control: &Control,
    origin: Origin,
    organization: OrganizationId,
    provider: IdentityProviderId,
    presented: &Secret,
) -> Result<Provisioner, Error> {
    // Exposed to be read.
    let read = ScimToken::read(presented.expose()).map_err(|unreadable| match unreadable {
        Unreadable::Form => refused("This is no token of SCIM: those begin with rds_."),
        Unreadable::Checksum => refused("The token has a typing mistake: its checksum does not fit."),
    })?;
    let token_hash = hash(read.text());
    let ctx = control.context(origin, None);
    attempt!(ctx, {
        let mut tx = ctx.public(Action::Provision).read().await?;
        let token = store::scim_tokens::find_by_hash(&mut tx, &token_hash).await?;
        let token = token.filter(|token| token.identity_provider_id == provider).ok_or_else(unknown)?;
        let row = store::identity_providers::find(&mut tx, provider).await?;
        let row = row.filter(|row| row.organization_id == organization).ok_or_else(unknown)?;
        let scim = Provisioner { ctx: ctx.clone(), token: token.id, provider, organization, name: row.name };
        let policy = store::authentication_policies::find(&mut tx, organization).await?;
        let policy = policies::read(policy.as_ref().map(|row| row.policy.as_str()))?;
        if !policy.takes_address(ctx.origin().address) {
            let name = store::organizations::find(&mut tx, organization).await?.map(|found| found.name);
            drop(tx);
            scim.record_refusal(&token.prefix).await?;
            let (rule, organization) = (domain::policies::Rule::Address, name.unwrap_or_default());
            return Err(Error::TurnedAway { rule, organization }.into());
        }
        drop(tx);
        if token.last_used_at.is_none_or(|at| ctx.now().since(at) >= TOLD_EVERY) {
            scim.note_use().await?;
        }
        Ok(scim)
    })
}

fn unknown() -> Error {
    refused("This token was removed, is another identity provider’s, or never was one.")
}

fn refused(reason: impl Into<String>) -> Error {
    Error::Unauthenticated { reason: reason.into() }
}

impl Provisioner {
    /// The request.
    pub(super) const fn ctx(&self) -> &Context {
        &self.ctx
    }

    /// Which identity provider pushes.
    pub(super) const fn provider(&self) -> IdentityProviderId {
        self.provider
    }

    /// Whose it is.
    pub(super) const fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// The address that those of all resources begin with.
    #[must_use]
    pub fn base_url(&self) -> String {
        base_url(&self.ctx.control, self.organization, self.provider)
    }

    /// What events call who pushes.
    pub(super) fn called(&self) -> String {
        format!("SCIM of {}", self.name)
    }

    /// A transaction that only reads.
    pub(super) async fn read(&self) -> Result<Tx, Failure> {
        self.ctx.public(Action::Provision).read().await
    }

    /// Opens the transaction of a change, if the token still is one.
    pub(super) async fn write(&self, event_type: EventType) -> Result<Write, Failure> {
        let mut write = self.ctx.public(Action::Provision).write(event_type).await?;
        let tokens = store::scim_tokens::list(&mut write.tx, self.provider).await?;
        if !tokens.iter().any(|token| token.id == self.token) {
            return Err(unknown().into());
        }
        self.sign(&mut write);
        Ok(write)
    }

    fn sign(&self, write: &mut Write) {
        write.event.actor = self.called();
        write.event.credential = Some("SCIM token".into());
        write.of_organizations(&[self.organization]);
    }

    /// Puts it on record that the token was turned away, unless that was done just now.
    async fn record_refusal(&self, prefix: &str) -> Result<(), Failure> {
        let (refusals, key) = (self.ctx.control.token_refusals(), TokenId::from_uuid(self.token.uuid()));
        if !refusals.is_news(key, self.ctx.now()) {
            return Ok(());
        }
        let recorded = async {
            let mut write = self.ctx.public(Action::Provision).write(EventType::ScimTokenRefused).await?;
            self.sign(&mut write);
            write.event.outcome = Outcome::Denied;
            write
                .subject(SubjectKind::IdentityProvider, self.provider.uuid(), self.name.clone())
                .text(format!("Turned the token {prefix} of {} away because of its address", self.called()));
            write.commit().await
        };
        let recorded = recorded.await;
        if recorded.is_err() {
            refusals.forget(key);
        }
        recorded
    }

    /// Notes when the token was used. Of no event: events are of what is done with it.
    async fn note_use(&self) -> Result<(), Failure> {
        let mut tx = self.ctx.control.store().write().await?;
        store::scim_tokens::touch(&mut tx, self.token, self.ctx.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Whether the organization manages somebody's account still: their domain may have become another one's.
    pub(super) async fn manages(&self, tx: &mut Tx, user: UserId) -> Result<bool, Failure> {
        let manager = crate::managed::manager(tx, user).await?;
        Ok(manager.is_some_and(|manager| manager.organization_id == self.organization))
    }

    /// Makes sure that an address is of a domain that the organization holds and that leads to the identity provider.
    pub(super) async fn may_vouch(&self, tx: &mut Tx, email: &str) -> Result<(), Stop> {
        let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
        let held = store::domains::find_verified(tx, domain)
            .await?
            .filter(|held| held.organization_id == self.organization && held.state == DomainState::Verified);
        let linked = store::identity_providers::domains(tx, self.provider).await?;
        match held.is_some_and(|held| linked.contains(&held.id)) {
            true => Ok(()),
            false => Err(Refusal::value(format!(
                "The userName {email} cannot be taken: {domain} is not verified by this organization, or not linked with {}. Verify \
                 it under Admin, Domains, and link it under Admin, Identity providers.",
                self.name
            ))
            .into()),
        }
    }
}

/// An identity provider of the organization.
pub(super) async fn found(
    tx: &mut Tx,
    organization: OrganizationId,
    id: IdentityProviderId,
) -> Result<IdentityProvider, Failure> {
    crate::identity_providers::find(tx, organization, id).await
}
