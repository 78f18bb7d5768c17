//! One's own profile: what one says of oneself, and leaving an organization. Tokens and sessions are elsewhere.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UserId},
    names::{CountryCode, PersonName, note},
    principals::{SubjectKind, UserKind},
    views::{Manager, OwnProfile, ProfileTexts},
};
use store::{Tx, access::Target, users::User};

use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    indispensable, managed,
    permissions::Ending,
    scim,
    standings::{forbidden, guarded},
    users,
};

/// Most characters of each text but the name.
const TEXT_CHARS_MAX: usize = 128;

/// One's own profile.
///
/// # Errors
/// `Unauthenticated` when nobody is signed in; `NotFound` for an application user.
pub async fn own(ctx: &Context) -> Result<OwnProfile, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::ViewOwnProfile)?;
        let mut tx = permit.read().await?;
        let user = person(ctx, &mut tx).await?;
        let manager = managed::manager(&mut tx, user.id).await?;
        let keepers = store::scim_users::keepers(&mut tx, user.id).await?;
        let managed_by_scim = keepers.into_iter().next().map(scim::shown);
        Ok(OwnProfile { managed_by_scim, ..draw(user, manager) })
    })
}

/// Changes one's own profile.
///
/// # Errors
/// `Conflict` for whom an identity provider keeps by SCIM; `Forbidden` for who is managed by an organization;
/// `Invalid` on `name`, `job_title`, `department`, `city` or `country`, the first that is wrong; `Conflict` when it was
/// changed since `generation`; `Denied` for tokens; `Unauthenticated`.
pub async fn edit_own(ctx: &Context, generation: i64, texts: &ProfileTexts) -> Result<OwnProfile, Error> {
    attempt!(ctx, {
        let permit = ctx.own(Action::EditOwnProfile)?;
        let texts = parse(texts)?;
        let (mut write, user) = begin(ctx, &permit, EventType::UserProfileChanged).await?;
        let before = draw(user, None);
        scim::refuse_profile(&mut write.tx, before.user_id).await?;
        let obstacle = managed::profile_obstacle(&mut write.tx, before.user_id).await?;
        let mut write = guarded(&permit, write, obstacle, "of a managed account").await?;
        if before.generation != generation {
            return Err(stale(&before.texts, &texts).into());
        }
        if before.texts == texts {
            return Ok(before);
        }
        let stored = store::users::ProfileTexts {
            name: &texts.name,
            job_title: &texts.job_title,
            department: &texts.department,
            city: &texts.city,
            country: &texts.country,
        };
        if !store::users::set_profile(&mut write.tx, before.user_id, generation, &stored).await? {
            return Err(stale(&before.texts, &texts).into());
        }
        let after = draw(person(ctx, &mut write.tx).await?, None);
        write
            .before(&before.texts)?
            .after(&after.texts)?
            .text(format!("{} changed their profile", before.email));
        write.commit().await?;
        Ok(after)
    })
}

/// Leaves an organization, with everything one holds in it. `confirmation` must be the organization's name.
///
/// # Errors
/// `Invalid` on `confirmation`; `Conflict` for whom the organization cannot do without; `Forbidden` for an application user; `NotFound` for who
/// does not belong to it.
pub async fn leave(ctx: &Context, organization: OrganizationId, confirmation: &str) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::LeaveOrganization, Target::Organization(organization)).await?;
        let name = &permit.access()?.organization_name;
        let user = ctx.user()?;
        let mut write = permit.write(EventType::UserLeft).await?;
        let member = store::memberships::find_member(&mut write.tx, organization, user).await?;
        let member = member.ok_or(Error::NotFound)?;
        if member.kind == UserKind::Application {
            drop(write);
            let reason = "An application user does not leave: who manages it deletes it.";
            permit.refuse(format!("of an application user: {reason}")).await?;
            return Err(forbidden(reason).into());
        }
        indispensable::refuse(&mut write.tx, organization, &member).await?;
        if confirmation.trim() != name {
            let reason = format!("Type the organization's name, {name}, to leave it.");
            return Err(Error::invalid("confirmation", reason).into());
        }
        let ending = Ending::of_principal(ctx, &mut write.tx, organization, user.uuid()).await?;
        let before = users::held(&mut write.tx, organization, &member, &ending).await?;
        store::memberships::remove(&mut write.tx, organization, user).await?;
        let rest = ending.record(ctx, &mut write, "who left the organization").await?;
        write
            .subject(SubjectKind::User, user.uuid(), member.email.clone())
            .before(&before)?
            .text(format!("{} left the organization{rest}", member.email));
        write.commit().await
    })
}

/// Opens the transaction of something that the person who acts does with their own account, in the log of each of their
/// organizations.
pub(crate) async fn begin(
    ctx: &Context,
    permit: &Permit,
    event_type: EventType,
) -> Result<(Write, User), Failure> {
    let mut write = permit.write(event_type).await?;
    let user = person(ctx, &mut write.tx).await?;
    let organizations = organizations(&mut write.tx, user.id).await?;
    write.of_organizations(&organizations).subject(SubjectKind::User, user.id.uuid(), user.email.clone());
    Ok((write, user))
}

/// The person who acts, whose account must be active.
pub(crate) async fn person(ctx: &Context, tx: &mut Tx) -> Result<User, Failure> {
    let user = store::users::find(tx, ctx.user()?).await?;
    let user = user.ok_or_else(|| Error::Unauthenticated { reason: "Sign in first.".into() })?;
    if !user.is_active {
        return Err(Error::Unauthenticated { reason: "Your account is deactivated.".into() }.into());
    }
    Ok(Some(user).filter(|user| user.kind == UserKind::Person).ok_or(Error::NotFound)?)
}

/// The organizations in whose log is what somebody does with their own account.
pub(crate) async fn organizations(tx: &mut Tx, user: UserId) -> Result<Vec<OrganizationId>, Failure> {
    let found = store::organizations::list_for_user(tx, user).await?;
    Ok(found.into_iter().map(|(organization, _)| organization.id).collect())
}

pub(crate) fn parse(texts: &ProfileTexts) -> Result<ProfileTexts, Error> {
    let line = |text: &str, field: &str| {
        let text = note(text, TEXT_CHARS_MAX).map_err(|error| Error::name(field, error))?;
        match text.contains('\n') {
            true => Err(Error::invalid(field, "Write it on one line.")),
            false => Ok(text),
        }
    };
    // In the order of the form: people mend it from the top.
    let name: PersonName = texts.name.parse().map_err(|error| Error::name("name", error))?;
    Ok(ProfileTexts {
        name: name.into(),
        job_title: line(&texts.job_title, "job_title")?,
        department: line(&texts.department, "department")?,
        city: line(&texts.city, "city")?,
        country: match texts.country.trim() {
            "" => String::new(),
            code => code.parse::<CountryCode>().map_err(|error| Error::name("country", error))?.into(),
        },
    })
}

/// Both versions of what differs.
fn stale(now: &ProfileTexts, sent: &ProfileTexts) -> Error {
    let texts = |texts: &ProfileTexts| {
        [
            ("name", texts.name.clone()),
            ("job title", texts.job_title.clone()),
            ("department", texts.department.clone()),
            ("city", texts.city.clone()),
            ("country", texts.country.clone()),
        ]
    };
    let differing = texts(now).into_iter().zip(texts(sent)).filter(|(now, sent)| now != sent);
    let (is, was_sent): (Vec<_>, Vec<_>) = differing
        .map(|((label, now), (_, sent))| (format!("{label} “{now}”"), format!("{label} “{sent}”")))
        .unzip();
    Error::conflict(match is.is_empty() {
        true => "This was changed meanwhile, to just what you sent.".to_owned(),
        false => format!(
            "This was changed meanwhile. It is now {}; you sent {}.",
            is.join(", "),
            was_sent.join(", ")
        ),
    })
}

fn draw(user: User, managed_by: Option<Manager>) -> OwnProfile {
    OwnProfile {
        managed_by,
        managed_by_scim: None,
        user_id: user.id,
        email: user.email,
        texts: ProfileTexts {
            name: user.name,
            job_title: user.job_title,
            department: user.department,
            city: user.city,
            country: user.country,
        },
        generation: user.generation,
    }
}
