//! The first user and the first organization, through a one-time link that only the operator of the machine sees.

use std::time::Duration;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UserId},
    inputs::CompleteSetUp,
    names::{EmailAddress, OrganizationName, PersonName},
    principals::UserKind,
    secrets::Secret,
    sign_ins::Proof,
};
use identity::passwords::Rules;
use ring::digest;

use crate::{
    Context, Control,
    errors::attempt,
    operators, passwords, random,
    sessions::{self, SignedIn},
};

/// How long a set-up link can be used.
pub const LINK_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// Characters of its token: 232 bits.
const TOKEN_CHARS: usize = 40;

/// Whether there is no user yet.
///
/// # Errors
/// When the database does not answer.
pub async fn is_needed(ctx: &Context) -> Result<bool, Error> {
    attempt!(ctx, {
        let mut tx = ctx.public(Action::CompleteSetUp).read().await?;
        Ok(store::users::count(&mut tx).await? == 0)
    })
}

/// Makes a new link's token and forgets those that were not used. For the operator, who is outside of all roles.
///
/// # Errors
/// `Conflict` when the installation is set up already; `Unavailable` when the database does not answer.
pub async fn make_link(control: &Control) -> Result<Secret, Error> {
    let ctx = control.operator();
    attempt!(ctx, {
        let token = random::text(control.random(), TOKEN_CHARS);
        let mut write = ctx.system(Action::MakeSetUpLink).write(EventType::SetUpLinkMade).await?;
        if store::users::count(&mut write.tx).await? > 0 {
            return Err(Error::conflict("This installation is set up already; sign in instead.").into());
        }
        let now = control.now();
        store::set_up_links::remove_unused(&mut write.tx).await?;
        store::set_up_links::add(&mut write.tx, &token_hash(&token), now.plus(LINK_LIFETIME), now).await?;
        write.event.actor = "operator".into();
        write.text("Made a link to set the installation up; it can be used once, within 24 hours");
        write.commit().await?;
        Ok(token)
    })
}

/// Whether the link can still be used.
///
/// # Errors
/// `Conflict` with the reason when it cannot.
pub async fn check_link(ctx: &Context, token: &Secret) -> Result<(), Error> {
    attempt!(ctx, {
        let mut tx = ctx.public(Action::CompleteSetUp).read().await?;
        let link = store::set_up_links::find(&mut tx, &token_hash(token)).await?;
        match link {
            Some(link) if link.used_at.is_none() && link.expires_at > ctx.now() => Ok(()),
            _ => Err(unusable().into()),
        }
    })
}

/// Makes the first user, as super admin of the first organization.
///
/// # Errors
/// `Invalid` on `organization`, `name`, `email` or `password`, the first that is wrong; `Conflict` when the link cannot be used.
pub async fn complete(ctx: &Context, input: CompleteSetUp) -> Result<SignedIn, Error> {
    // In the order of the form: people mend it from the top.
    let organization: OrganizationName =
        input.organization.parse().map_err(|error| Error::name("organization", error))?;
    let name: PersonName = input.name.parse().map_err(|error| Error::name("name", error))?;
    let email: EmailAddress = input.email.parse().map_err(|error| Error::name("email", error))?;
    check_link(ctx, &input.token).await?;
    let context_words = [name.as_str(), email.as_str(), organization.as_str()];
    passwords::check(&ctx.control, &input.password, &Rules::SINGLE_FACTOR, &context_words)?;
    let password_hash = sessions::hash_password(ctx, &input.password).await?;

    attempt!(ctx, {
        let control = &ctx.control;
        let now = ctx.now();
        let permit = ctx.public(Action::CompleteSetUp);
        let mut write = permit.write(EventType::SetUpCompleted).await?;
        if !store::set_up_links::use_once(&mut write.tx, &token_hash(&input.token), now).await? {
            return Err(unusable().into());
        }
        let organization_id = OrganizationId::from_uuid(control.new_uuid());
        let (_, wrapped_key) =
            control.master_key().make_organization_key(control.random(), organization_id.uuid());
        store::organizations::add(
            &mut write.tx,
            &store::organizations::Organization {
                id: organization_id,
                name: organization.as_str().to_owned(),
                wrapped_key,
                created_at: now,
                generation: 0,
            },
        )
        .await?;
        operators::keep(&mut write.tx, organization_id).await?;
        let user_id = UserId::from_uuid(control.new_uuid());
        let user = store::users::User {
            name: name.as_str().to_owned(),
            password_hash: password_hash.clone(),
            last_activity_at: Some(now),
            ..store::users::User::new(user_id, email.as_str(), UserKind::Person, now)
        };
        if !store::users::add(&mut write.tx, &user).await? {
            return Err(Error::invalid("email", "This e-mail address is taken.").into());
        }
        store::memberships::add(&mut write.tx, organization_id, user_id, true, now).await?;
        write.event.organization_id = Some(organization_id);
        write.event.actor = email.as_str().to_owned();
        write.event.user_id = Some(user_id);
        write.event.credential = Some("set-up link".into());
        write.text(format!("{email} set up the organization {organization} and is its super admin"));
        write.commit().await?;
        Ok(SignedIn::new(ctx, user_id, Proof::PASSWORD))
    })
}

fn token_hash(token: &Secret) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.expose().as_bytes()).as_ref().to_vec()
}

fn unusable() -> Error {
    Error::conflict(
        "This set-up link was used, is too old or was never made. Make a new one on the machine: redoubt admin set-up-link",
    )
}
