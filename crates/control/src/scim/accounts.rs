//! The accounts behind people whom an identity provider keeps: made, renamed, shut out and let in again. What is said of them in
//! SCIM is in `users`.

use domain::{
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UserId},
    names::EmailAddress,
    principals::UserKind,
    views::ProfileTexts,
};
use identity::scim::{Reason, Refusal, resources::Person};
use store::users::User;

use super::{Stop, tokens::Provisioner};
use crate::{Context, contexts::Write, errors::Failure, managed, profiles};

/// The address that somebody is called by, in the form in which it is stored.
pub(super) fn address(person: &Person) -> Result<String, Refusal> {
    let wrong = |_| Refusal::value(format!("The userName {:?} is no e-mail address.", person.user_name));
    let email: EmailAddress = person.user_name.parse().map_err(wrong)?;
    match email.as_str().is_ascii() {
        true => Ok(email.into()),
        false => Err(Refusal::value("The userName is an e-mail address in ASCII.")),
    }
}

/// What is said of somebody, as it is stored.
pub(super) fn texts(person: &Person, email: &str) -> Result<ProfileTexts, Error> {
    let local = email.split('@').next().unwrap_or(email);
    profiles::parse(&ProfileTexts {
        name: person.name.clone().unwrap_or_else(|| local.to_owned()),
        job_title: person.title.clone(),
        department: person.department.clone(),
        city: person.city.clone(),
        country: person.country.clone(),
    })
}

/// The account of that address: the one that there is, or a new one.
pub(super) async fn find_or_make(
    scim: &Provisioner,
    write: &mut Write,
    email: &str,
) -> Result<(User, bool), Stop> {
    let ctx = scim.ctx();
    match store::users::find_by_email(&mut write.tx, email).await? {
        Some(user) if user.kind != UserKind::Person => Err(taken(email).into()),
        Some(user) => Ok((user, false)),
        None => Ok((make(ctx, write, email).await?, true)),
    }
}

async fn make(ctx: &Context, write: &mut Write, email: &str) -> Result<User, Failure> {
    let id = UserId::from_uuid(ctx.control.new_uuid());
    let user = User {
        name: email.split('@').next().unwrap_or(email).to_owned(),
        ..User::new(id, email, UserKind::Person, ctx.now())
    };
    match store::users::add(&mut write.tx, &user).await? {
        true => Ok(user),
        false => Err(store::Error::Conflict.into()),
    }
}

/// What is said where the name belongs to somebody already.
pub(super) fn taken(email: &str) -> Refusal {
    Refusal::new(Reason::Uniqueness, format!("There is somebody called {email} already."))
}

/// Changes the sign-in name of an account.
pub(super) async fn rename(
    scim: &Provisioner,
    write: &mut Write,
    user: &User,
    email: &str,
) -> Result<(), Stop> {
    if user.email == email {
        return Ok(());
    }
    if !scim.manages(&mut write.tx, user.id).await? {
        // Says so.
        scim.may_vouch(&mut write.tx, &user.email).await?;
    }
    scim.may_vouch(&mut write.tx, email).await?;
    for organization in profiles::organizations(&mut write.tx, user.id).await? {
        let membership = store::memberships::find(&mut write.tx, organization, user.id).await?;
        if membership.is_some_and(|membership| membership.is_super_admin) {
            let detail = format!(
                "{} is a super admin, whose address is not changed by SCIM: it could be made somebody else’s.",
                user.email
            );
            return Err(Refusal::new(Reason::Mutability, detail).into());
        }
    }
    match store::users::set_email(&mut write.tx, user.id, email).await? {
        true => Ok(()),
        false => Err(taken(email).into()),
    }
}

/// Writes down what is said of somebody, where it is something else. Of whom the organization does not manage any more nothing is.
pub(super) async fn set_texts(
    scim: &Provisioner,
    write: &mut Write,
    user: &User,
    texts: &ProfileTexts,
) -> Result<bool, Stop> {
    let is_set = put_texts(write, user, texts).await?;
    if is_set && !scim.manages(&mut write.tx, user.id).await? {
        scim.may_vouch(&mut write.tx, &user.email).await?;
    }
    Ok(is_set)
}

async fn put_texts(write: &mut Write, user: &User, texts: &ProfileTexts) -> Result<bool, Failure> {
    let stored = store::users::ProfileTexts {
        name: &texts.name,
        job_title: &texts.job_title,
        department: &texts.department,
        city: &texts.city,
        country: &texts.country,
    };
    let now = store::users::ProfileTexts {
        name: &user.name,
        job_title: &user.job_title,
        department: &user.department,
        city: &user.city,
        country: &user.country,
    };
    if stored == now {
        return Ok(false);
    }
    match store::users::set_profile(&mut write.tx, user.id, user.generation, &stored).await? {
        true => Ok(true),
        false => Err(store::Error::Conflict.into()),
    }
}

/// Makes somebody a member, if they are none.
pub(super) async fn join(scim: &Provisioner, write: &mut Write, user: &User) -> Result<(), Failure> {
    let organization = scim.organization();
    if store::memberships::find(&mut write.tx, organization, user.id).await?.is_some() {
        return Ok(());
    }
    store::memberships::add(&mut write.tx, organization, user.id, false, scim.ctx().now()).await?;
    write.record(EventType::UserJoined, format!("{} joined through {}", user.email, scim.called())).await
}

/// Lets somebody in, or shuts them out: of the organization, and everywhere. Says whether that changed anything.
///
/// # Errors
/// `Conflict` for the last super admin of any organization, and for who is exempt from the policy's identity provider.
pub(super) async fn let_in(
    scim: &Provisioner,
    write: &mut Write,
    user: UserId,
    email: &str,
    is_active: bool,
) -> Result<bool, Failure> {
    let organization = scim.organization();
    let account = store::users::find(&mut write.tx, user).await?.ok_or(Error::NotFound)?;
    let member = store::memberships::find(&mut write.tx, organization, user).await?.ok_or(Error::NotFound)?;
    // Whom the organization does not manage any more is shut out of it, and of nothing else.
    let is_account_so = account.is_active == is_active || !scim.manages(&mut write.tx, user).await?;
    if is_account_so && member.is_active == is_active {
        return Ok(false);
    }
    if !is_active {
        may_go(write, organization, user, email).await?;
    }
    store::memberships::set_active(&mut write.tx, organization, user, is_active).await?;
    let called = scim.called();
    let (event_type, done) = match is_active {
        true => (EventType::UserReactivated, "Reactivated"),
        false => (EventType::UserDeactivated, "Deactivated"),
    };
    write.record(event_type, format!("{done} {email}, as {called} says")).await?;
    if is_account_so {
        return Ok(true);
    }
    // What becomes of an account is in the log of each of its organizations.
    let mut all = vec![organization];
    all.extend(
        profiles::organizations(&mut write.tx, user).await?.into_iter().filter(|id| *id != organization),
    );
    write.of_organizations(&all);
    store::users::set_active(&mut write.tx, user, is_active).await?;
    match is_active {
        true => {
            let text = format!("Reactivated the account {email}, as {called} says");
            write.record(EventType::AccountReactivated, text).await?;
        }
        false => {
            let ended = store::sessions::remove_for_user(&mut write.tx, user).await?;
            let text =
                format!("Deactivated the account {email}, as {called} says; sessions that ended: {ended}");
            write.record(EventType::AccountDeactivated, text).await?;
        }
    }
    write.of_organizations(&[organization]);
    Ok(true)
}

/// Makes sure that nobody is missed whom an organization cannot do without.
async fn may_go(
    write: &mut Write,
    organization: OrganizationId,
    user: UserId,
    email: &str,
) -> Result<(), Failure> {
    if let Some(reason) = managed::indispensable_of(&mut write.tx, user, email).await? {
        return Err(Error::conflict(reason).into());
    }
    if store::authentication_policies::break_glass(&mut write.tx, organization).await?.contains(&user) {
        return Err(Error::conflict(format!(
            "{email} is exempt from the authentication policy, so that somebody gets in when the identity provider does not work. \
             End that under Authentication policy first."
        ))
        .into());
    }
    Ok(())
}
