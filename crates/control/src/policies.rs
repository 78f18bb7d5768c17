//! The authentication policy of an organization: looking at it, what a change would do, and changing it. What a policy leads
//! to is decided in `domain`; at each request it is asked by [`Context`].

pub(crate) mod break_glass;
mod forms;
pub(crate) mod kept_out;
mod limits;
mod previews;
mod shut_out;
mod turned_away;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UserId},
    inputs::EditAuthenticationPolicy,
    policies::AuthenticationPolicy,
    sign_ins::{FactorKind, Proof, SignInMethod},
    timestamps::Timestamp,
    views::{BreakGlassRow, PolicyPreview, PolicyView},
};
use store::{Tx, access::Target, authentication_policies::Person};

use crate::{
    Context,
    contexts::Permit,
    errors::{Failure, attempt},
};

pub use break_glass::set as set_break_glass;
pub use limits::Limits;
pub(crate) use limits::strictest;

/// Super admins that the page of the policy names, at most.
const SUPER_ADMINS_MAX: usize = 1000;

/// An organization's authentication policy, and who is exempt from "identity provider required".
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn view(ctx: &Context, organization: OrganizationId) -> Result<PolicyView, Error> {
    attempt!(ctx, {
        let permit =
            ctx.authorize(Action::ViewAuthenticationPolicy, Target::Organization(organization)).await?;
        look(ctx, &mut permit.read().await?, organization).await
    })
}

/// What a change would do, without doing it: whom and which tokens it turns away.
///
/// # Errors
/// `Invalid` on the field that is wrong, on `addresses` when the actor's own is not among them, and on
/// `identity_provider_required` while there is none; `Conflict` when it was changed since the input's generation, and when
/// no super admin could sign in any more; `Denied`; `NotFound`.
pub async fn preview(
    ctx: &Context,
    organization: OrganizationId,
    input: &EditAuthenticationPolicy,
) -> Result<PolicyPreview, Error> {
    attempt!(ctx, {
        let permit =
            ctx.authorize(Action::EditAuthenticationPolicy, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let Change { preview, .. } = change(&permit, &mut tx, input).await?;
        Ok(preview)
    })
}

/// Changes the policy. `confirmed` must be what the preview of this very change gave: what was confirmed is what happens.
///
/// # Errors
/// As [`preview`]; `Conflict` also when the change would do something else by now.
pub async fn save(
    ctx: &Context,
    organization: OrganizationId,
    input: &EditAuthenticationPolicy,
    confirmed: &str,
) -> Result<PolicyView, Error> {
    attempt!(ctx, {
        let permit =
            ctx.authorize(Action::EditAuthenticationPolicy, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::PolicyChanged).await?;
        let Change { before, preview } = change(&permit, &mut write.tx, input).await?;
        if preview.policy == before {
            return look(ctx, &mut write.tx, organization).await;
        }
        if preview.confirmation != confirmed.trim() {
            return Err(Error::conflict(
                "What this would do was not looked at yet, or it would do something else by now. Look at it again, and \
                 then confirm it.",
            )
            .into());
        }
        let text = serde_json::to_string(&preview.policy)?;
        let generation = preview.generation;
        if !store::authentication_policies::set(&mut write.tx, organization, generation, &text, ctx.now())
            .await?
        {
            return Err(store::Error::Conflict.into());
        }
        let view = look(ctx, &mut write.tx, organization).await?;
        write
            .before(&before)?
            .after(&preview.policy)?
            .text(format!("Changed the authentication policy: {}", preview.changes.join("; ")));
        write.commit().await?;
        Ok(view)
    })
}

/// A change that can be made.
struct Change {
    before: AuthenticationPolicy,
    preview: PolicyPreview,
}

/// The change that the input asks for, if it can be made, with what it would do.
async fn change(permit: &Permit, tx: &mut Tx, input: &EditAuthenticationPolicy) -> Result<Change, Failure> {
    let after = forms::read(input)?;
    let organization = permit.organization()?;
    let row = store::authentication_policies::find(tx, organization).await?;
    let before = read(row.as_ref().map(|row| row.policy.as_str()))?;
    let generation = row.map_or(0, |row| row.generation);
    if generation != input.generation {
        return Err(forms::stale(&before, &after).into());
    }
    let address = permit.ctx().origin().address;
    if !after.takes_address(address) {
        return Err(forms::shuts_out(address).into());
    }
    if after.identity_provider_required
        && !before.identity_provider_required
        && !store::identity_providers::has_passed(tx, organization).await?
    {
        return Err(forms::no_provider().into());
    }
    let preview = previews::make(permit, tx, generation, &before, after).await?;
    Ok(Change { before, preview })
}

async fn look(ctx: &Context, tx: &mut Tx, organization: OrganizationId) -> Result<PolicyView, Failure> {
    let row = store::authentication_policies::find(tx, organization).await?;
    let policy = read(row.as_ref().map(|row| row.policy.as_str()))?;
    let factors = store::factors::kinds_in_organization(tx, organization).await?;
    let people = store::authentication_policies::people(tx, organization, turned_away::PEOPLE_MAX).await?;
    let super_admins = people.into_iter().filter(|person| person.is_super_admin).take(SUPER_ADMINS_MAX);
    Ok(PolicyView {
        organization_id: organization,
        policy,
        generation: row.as_ref().map_or(0, |row| row.generation),
        changed_at: row.map(|row| row.changed_at),
        super_admins: super_admins.map(|person| draw(person, &factors)).collect(),
        own_address: ctx.origin().address.map(|address| address.to_canonical().to_string()),
    })
}

fn draw(person: Person, factors: &[(UserId, FactorKind)]) -> BreakGlassRow {
    BreakGlassRow {
        has_second_factor: factors.iter().any(|(user, _)| *user == person.user_id),
        user_id: person.user_id,
        name: person.name,
        email: person.email,
        break_glass_at: person.break_glass_since,
    }
}

/// A policy as it is stored; none is the one that everybody begins with. One that cannot be read is a failure: it lets
/// nobody in.
pub(crate) fn read(stored: Option<&str>) -> Result<AuthenticationPolicy, Failure> {
    stored.map_or_else(
        || Ok(AuthenticationPolicy::default()),
        |text| {
            let unreadable =
                |error| Failure::Inconsistent(format!("an authentication policy cannot be read: {error}"));
            serde_json::from_str(text).map_err(unreadable)
        },
    )
}

/// What somebody had shown, as it is kept with sessions and tokens.
pub(crate) fn proof(
    method: Option<SignInMethod>,
    second_factor: Option<FactorKind>,
    provider: Option<OrganizationId>,
) -> Option<Proof> {
    method.map(|method| Proof { method, second_factor, provider })
}

/// How old something is.
pub(crate) fn age_seconds(now: Timestamp, made: Timestamp) -> i64 {
    i64::try_from(now.since(made).as_secs()).unwrap_or(i64::MAX)
}
