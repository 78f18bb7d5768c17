//! Who somebody is here of whom an identity provider says who they are there: what its attributes or claims mean, and what is written of
//! them. Believes that they were verified; whether they are let in is decided in `admissions`.

use domain::{
    events::EventType,
    identity_providers::{
        METHODS_ATTRIBUTE, OidcSettings, ProviderSettings, SECOND_FACTOR_CONTEXTS, SamlSettings,
        SecondFactorRule,
    },
    ids::UserId,
    names::{EmailAddress, PersonName},
    principals::UserKind,
};
use identity::{oidc::claims::Claims, saml::verifications::Assertion};
use store::{identities::Identity, identity_providers::IdentityProvider, users::User};

use super::admissions::{Account, Admission, Place, decide, refused};
use crate::{Context, contexts::Write, errors::Failure};

/// Somebody as the identity provider describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// What tells them apart there.
    pub(super) subject: String,
    /// Their address.
    pub(super) email: EmailAddress,
    /// What they are called, if it says so.
    pub(super) name: Option<String>,
    /// What groups they are in there.
    pub(super) groups: Vec<String>,
    /// Whether they showed a second factor there.
    pub(super) has_second_factor: bool,
}

impl Person {
    /// Reads an assertion by the settings' mapping.
    pub(super) fn read(assertion: &Assertion, settings: &SamlSettings) -> Result<Self, String> {
        let mapping = &settings.mapping;
        let subject = match mapping.identity.as_str() {
            "" => assertion.name_id.value.clone(),
            name => only(assertion, name)?
                .ok_or_else(|| format!("the attribute {name}, which says who it is, is missing"))?,
        };
        let address = match mapping.email.as_str() {
            "" => assertion.name_id.value.clone(),
            // Where the attribute is not sent, a NameID that is an address does.
            name => only(assertion, name)?.unwrap_or_else(|| assertion.name_id.value.clone()),
        };
        let email = plain_address(&address)?;
        Ok(Self {
            subject,
            email,
            name: name(assertion, settings)?,
            groups: match mapping.groups.as_str() {
                "" => Vec::new(),
                name => values(assertion, name).map(ToOwned::to_owned).collect(),
            },
            has_second_factor: has_second_factor(assertion, settings.second_factor),
        })
    }

    /// Reads the claims of an ID token by the settings' mapping.
    pub(super) fn of_claims(claims: &Claims, settings: &OidcSettings) -> Result<Self, String> {
        let mapping = &settings.mapping;
        let subject = match mapping.identity.as_str() {
            "" => claims.subject.clone(),
            name => one(claims, name)?
                .ok_or_else(|| format!("the claim {name}, which says who it is, is missing"))?,
        };
        let name = if mapping.email.is_empty() { "email" } else { &mapping.email };
        let address = one(claims, name)?
            .ok_or_else(|| format!("the claim {name}, with the e-mail address, is missing"))?;
        let email = plain_address(&address)?;
        match claims.first("email_verified") {
            Some("true") => {}
            Some(_) => return Err(format!("{address} is not verified there (email_verified)")),
            None if settings.requires_verified_email => {
                return Err(format!("nothing says that {address} is verified there (email_verified)"));
            }
            None => {}
        }
        let part = |name: &str| if name.is_empty() { Ok(None) } else { one(claims, name) };
        let parts = [part(&mapping.first_name)?, part(&mapping.last_name)?];
        Ok(Self {
            subject,
            email,
            name: whole_name(part(&mapping.real_name)?, parts),
            groups: claims.values.get(&mapping.groups).cloned().unwrap_or_default(),
            has_second_factor: settings.has_second_factor(claims.context_class.as_deref(), &claims.methods),
        })
    }

    /// What people read of it: name of what, value.
    pub(super) fn described(&self) -> Vec<(String, String)> {
        let row = |name: &str, value: String| (name.to_owned(), value);
        vec![
            row("Identity", self.subject.clone()),
            row("E-mail", self.email.to_string()),
            row("Name", self.name.clone().unwrap_or_else(|| "not sent".into())),
            row("Groups", if self.groups.is_empty() { "none sent".into() } else { self.groups.join(", ") }),
            row("Second factor", if self.has_second_factor { "shown" } else { "not shown" }.into()),
        ]
    }
}

fn plain_address(address: &str) -> Result<EmailAddress, String> {
    if !address.is_ascii()
        || address.bytes().any(|sign| sign.is_ascii_whitespace() || sign.is_ascii_control())
    {
        return Err(format!("{address:?} is no plain e-mail address"));
    }
    address.parse().map_err(|_| format!("{address:?} is no e-mail address"))
}

/// The one value of a claim; none if it is not sent.
fn one(claims: &Claims, name: &str) -> Result<Option<String>, String> {
    match claims.values.get(name).map(Vec::as_slice).unwrap_or_default() {
        [] => Ok(None),
        [value] => Ok(Some(value.clone())),
        _ => Err(format!("the claim {name} has several values")),
    }
}

/// The whole name if it is sent, or what there is of its parts.
fn whole_name(whole: Option<String>, parts: [Option<String>; 2]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    whole.or_else(|| (!parts.is_empty()).then(|| parts.join(" ")))
}

fn values<'a>(assertion: &'a Assertion, name: &'a str) -> impl Iterator<Item = &'a str> {
    assertion
        .attributes
        .iter()
        .filter(move |attribute| attribute.name == name)
        .flat_map(|attribute| attribute.values.iter().map(String::as_str))
}

/// The one value of an attribute; none if it is not sent.
fn only(assertion: &Assertion, name: &str) -> Result<Option<String>, String> {
    let mut found = values(assertion, name);
    match (found.next(), found.next()) {
        (value, None) => Ok(value.map(ToOwned::to_owned)),
        _ => Err(format!("the attribute {name} has several values")),
    }
}

fn name(assertion: &Assertion, settings: &SamlSettings) -> Result<Option<String>, String> {
    let part = |name: &str| if name.is_empty() { Ok(None) } else { only(assertion, name) };
    let mapping = &settings.mapping;
    let parts = [part(&mapping.first_name)?, part(&mapping.last_name)?];
    Ok(whole_name(part(&mapping.real_name)?, parts))
}

fn has_second_factor(assertion: &Assertion, rule: SecondFactorRule) -> bool {
    let says = |text: &str| SECOND_FACTOR_CONTEXTS.contains(&text);
    match rule {
        SecondFactorRule::Always => true,
        SecondFactorRule::Never => false,
        SecondFactorRule::Asserted => {
            assertion.context_class.as_deref().is_some_and(says)
                || values(assertion, METHODS_ATTRIBUTE).any(says)
        }
    }
}

/// Has somebody in whom an identity provider vouches for, as [`decide`] says: makes an account if they have none, links both, and
/// has them join the organization and its groups. Everything goes on record with the sign-in.
pub(super) async fn resolve(
    ctx: &Context,
    write: &mut Write,
    provider: &IdentityProvider,
    settings: &ProviderSettings,
    person: &Person,
) -> Result<User, Failure> {
    let Admission { account, joins, groups } = decide(&mut write.tx, provider, settings, person).await?;
    let user = match account {
        Account::Linked(user) => user,
        Account::Found(user) => {
            link(ctx, write, provider, &person.subject, &user).await?;
            user
        }
        Account::None => {
            let user = make(ctx, write, person).await?;
            link(ctx, write, provider, &person.subject, &user).await?;
            user
        }
    };
    write.event.user_id = Some(user.id);
    write.event.actor.clone_from(&user.email);
    if joins {
        let organization = provider.organization_id;
        store::memberships::add(&mut write.tx, organization, user.id, false, ctx.now()).await?;
        let text = format!("{} joined through the identity provider {}", user.email, provider.name);
        write.record(EventType::UserJoined, text).await?;
    }
    for place in groups {
        take_place(ctx, write, &place, &user).await?;
    }
    store::identities::touch(&mut write.tx, provider.id, &person.subject, ctx.now()).await?;
    Ok(user)
}

async fn make(ctx: &Context, write: &mut Write, person: &Person) -> Result<User, Failure> {
    let email = person.email.as_str();
    let name: Option<PersonName> = person.name.as_deref().and_then(|name| name.parse().ok());
    let id = UserId::from_uuid(ctx.control.new_uuid());
    let user = User {
        name: name.map_or_else(|| email.split('@').next().unwrap_or(email).to_owned(), Into::into),
        ..User::new(id, email, UserKind::Person, ctx.now())
    };
    if !store::users::add(&mut write.tx, &user).await? {
        return Err(store::Error::Conflict.into());
    }
    Ok(user)
}

/// Links an account with who its person is at an identity provider.
pub(super) async fn link(
    ctx: &Context,
    write: &mut Write,
    provider: &IdentityProvider,
    subject: &str,
    user: &User,
) -> Result<(), Failure> {
    let identity = Identity {
        identity_provider_id: provider.id,
        subject: subject.to_owned(),
        user_id: user.id,
        created_at: ctx.now(),
        last_used_at: Some(ctx.now()),
    };
    if !store::identities::add(&mut write.tx, &identity).await? {
        return Err(refused("Somebody else is linked with this identity already."));
    }
    let text = format!("Linked {} with {subject} at the identity provider {}", user.email, provider.name);
    write.record(EventType::UserIdentityLinked, text).await
}

async fn take_place(ctx: &Context, write: &mut Write, place: &Place, user: &User) -> Result<(), Failure> {
    let group = &place.group;
    if place.is_in {
        if store::group_members::add(&mut write.tx, group.id, user.id, ctx.now()).await? {
            let text =
                format!("{} joined the group {}, as the identity provider says", user.email, group.name);
            write.record(EventType::GroupMemberAdded, text).await?;
        }
    } else if store::group_members::remove(&mut write.tx, group.id, user.id).await? {
        let text = format!("{} left a group that the identity provider does not name any more", user.email);
        write.record(EventType::GroupMemberRemoved, text).await?;
    }
    Ok(())
}
