//! Whether somebody is let in whom an identity provider vouches for, as whom, and which groups follow. Writes nothing, so that a test
//! says what a sign-in does; what is decided is carried out in `people`.

use domain::{
    domains::DomainState,
    errors::Error,
    identity_providers::{ProviderSettings, TestAdmission},
    ids::GroupId,
    principals::UserKind,
};
use store::{Tx, groups::Group, identities::Identity, identity_providers::IdentityProvider, users::User};

use super::people::Person;
use crate::errors::Failure;

/// Whose account somebody has.
pub(super) enum Account {
    /// One that is linked with who they are at the identity provider.
    Linked(User),
    /// One with their address, which is to be linked.
    Found(User),
    /// None: one is to be made.
    None,
}

/// Whether somebody is to be in a group.
pub(super) struct Place {
    /// The group.
    pub(super) group: Group,
    /// Whether they are to be in it, or out of it.
    pub(super) is_in: bool,
}

/// What is to become of somebody who is let in.
pub(super) struct Admission {
    /// Their account.
    pub(super) account: Account,
    /// Whether they join the organization.
    pub(super) joins: bool,
    /// Their place in every group that follows what the identity provider says.
    pub(super) groups: Vec<Place>,
}

/// A refusal, with the sentence that everybody reads.
pub(super) fn refused(reason: impl Into<String>) -> Failure {
    Error::Forbidden { reason: reason.into() }.into()
}

/// Decides about somebody whom an identity provider vouches for that lets people in, or will: whether it does is the caller's to say.
///
/// # Errors
/// `Forbidden` with the reason when they are not let in.
pub(super) async fn decide(
    tx: &mut Tx,
    provider: &IdentityProvider,
    settings: &ProviderSettings,
    person: &Person,
) -> Result<Admission, Failure> {
    let account = match store::identities::find(tx, provider.id, &person.subject).await? {
        Some(identity) => Account::Linked(known(tx, &identity).await?),
        None => new(tx, provider, settings, person).await?,
    };
    let joins = match &account {
        Account::Linked(user) | Account::Found(user) => {
            is_theirs(tx, provider, user).await?;
            joins(tx, provider, settings, user).await?
        }
        // Whose domain it is was looked at just now.
        Account::None => true,
    };
    let groups = places(tx, provider, settings, person, joins).await?;
    Ok(Admission { account, joins, groups })
}

/// What [`decide`] says, for the report of a test.
pub(super) async fn foretell(
    tx: &mut Tx,
    provider: &IdentityProvider,
    settings: &ProviderSettings,
    person: &Person,
) -> Result<TestAdmission, Failure> {
    let Admission { account, joins, groups } = match decide(tx, provider, settings, person).await {
        Ok(admission) => admission,
        Err(Failure::Refused(Error::Forbidden { reason })) => {
            return Ok(TestAdmission {
                is_let_in: false,
                as_whom: format!("Not let in: {reason}"),
                groups: Vec::new(),
            });
        }
        Err(failure) => return Err(failure),
    };
    let as_whom = match (account, joins) {
        (Account::None, _) => "A new member",
        (Account::Linked(_) | Account::Found(_), true) => "An account that is here, as a new member",
        (Account::Linked(_) | Account::Found(_), false) => "An account that is here",
    };
    let joined = groups.into_iter().filter(|place| place.is_in);
    Ok(TestAdmission {
        is_let_in: true,
        as_whom: as_whom.to_owned(),
        groups: joined.map(|place| place.group.name).collect(),
    })
}

async fn known(tx: &mut Tx, identity: &Identity) -> Result<User, Failure> {
    let user = store::users::find(tx, identity.user_id).await?;
    let user = user.ok_or_else(|| Failure::Inconsistent("an identity of nobody".into()))?;
    if !user.is_active {
        return Err(refused("Your account is deactivated. Ask an admin of your organization."));
    }
    Ok(user)
}

/// Somebody whom this identity provider vouches for the first time: their address has to be of a domain that is the organization's
/// and leads here.
async fn new(
    tx: &mut Tx,
    provider: &IdentityProvider,
    settings: &ProviderSettings,
    person: &Person,
) -> Result<Account, Failure> {
    let email = person.email.as_str();
    if !leads_here(tx, provider, email).await? {
        return Err(refused(format!(
            "The identity provider {} may not vouch for {email}: its domain is not verified and linked with it. Sign in another \
             way and link your account in your profile, or ask an admin.",
            provider.name
        )));
    }
    match store::users::find_by_email(tx, email).await? {
        Some(user) if user.kind != UserKind::Person || !user.is_active => {
            Err(refused("Your account is deactivated. Ask an admin of your organization."))
        }
        Some(user) => Ok(Account::Found(user)),
        None if settings.creates_members() => Ok(Account::None),
        None => Err(refused(format!(
            "There is no account for {email}. Ask an admin of your organization to invite you."
        ))),
    }
}

/// Whether the domain of an address is verified for the identity provider's organization and linked with it.
async fn leads_here(tx: &mut Tx, provider: &IdentityProvider, email: &str) -> Result<bool, Failure> {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let Some(domain) = store::domains::find_verified(tx, domain).await? else { return Ok(false) };
    let linked = store::identity_providers::domains(tx, provider.id).await?;
    Ok(domain.organization_id == provider.organization_id && linked.contains(&domain.id))
}

/// Whoever another organization manages is nobody's to vouch for but that one's.
pub(super) async fn is_theirs(tx: &mut Tx, provider: &IdentityProvider, user: &User) -> Result<(), Failure> {
    let domain = user.email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let holder = store::domains::find_verified(tx, domain).await?;
    let is_others = holder.is_some_and(|holder| {
        holder.state == DomainState::Verified && holder.organization_id != provider.organization_id
    });
    if is_others {
        return Err(refused(
            "Another organization manages this account: only its own identity provider can sign it in.",
        ));
    }
    Ok(())
}

/// Whether somebody who has an account joins the organization; not if they belong to it.
async fn joins(
    tx: &mut Tx,
    provider: &IdentityProvider,
    settings: &ProviderSettings,
    user: &User,
) -> Result<bool, Failure> {
    match store::memberships::find(tx, provider.organization_id, user.id).await? {
        Some(membership) if membership.is_active => Ok(false),
        Some(_) => Err(refused("You are deactivated in this organization. Ask one of its admins.")),
        None if !settings.creates_members() => {
            Err(refused("You do not belong to this organization. Ask one of its admins to invite you."))
        }
        None => Ok(true),
    }
}

/// The groups that are mapped, and the one that everybody joins: those that the identity provider names, and the others, which are
/// left. What it keeps by SCIM is changed by SCIM alone, and what was deleted since is not among them.
async fn places(
    tx: &mut Tx,
    provider: &IdentityProvider,
    settings: &ProviderSettings,
    person: &Person,
    joins: bool,
) -> Result<Vec<Place>, Failure> {
    let mapped = settings.groups().iter().map(|mapped| mapped.group_id);
    let mut ids: Vec<GroupId> = mapped.chain(settings.group_id().filter(|_| joins)).collect();
    ids.sort();
    ids.dedup();
    let mut places = Vec::new();
    for id in ids {
        let Some(group) = store::groups::find(tx, provider.organization_id, id).await? else { continue };
        if store::scim_groups::keeper(tx, id).await?.is_some() {
            continue;
        }
        let names = |value: &String| person.groups.contains(value);
        let is_named = settings.groups().iter().any(|mapped| mapped.group_id == id && names(&mapped.value));
        places.push(Place { group, is_in: is_named || Some(id) == settings.group_id() });
    }
    Ok(places)
}
