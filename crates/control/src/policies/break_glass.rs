//! Break-glass super admins: exempt from "identity provider required", never from the second factor, and never unnoticed.

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UserId},
    names::EmailAddress,
    principals::{MailKind, SubjectKind, UserKind},
};
use serde_json::json;
use store::{Tx, access::Target, memberships::Member};

use super::turned_away::PEOPLE_MAX;
use crate::{
    Context,
    contexts::{Permit, Write},
    errors::{Failure, attempt},
    indispensable::{self, Indispensable},
    mails,
};

/// Exempts a super admin from "identity provider required", or no longer.
///
/// # Errors
/// `Conflict` for who is no super admin or is deactivated, when it is so already, and for the last one while the policy asks
/// for an identity provider; `Denied`; `NotFound`.
pub async fn set(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    is_break_glass: bool,
) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::SetBreakGlass, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::BreakGlassChanged).await?;
        let member = store::memberships::find_member(&mut write.tx, organization, user).await?;
        let member = member.filter(|member| member.kind == UserKind::Person).ok_or(Error::NotFound)?;
        check(&mut write.tx, organization, &member, is_break_glass).await?;
        let since = is_break_glass.then(|| ctx.now());
        store::authentication_policies::set_break_glass(&mut write.tx, organization, user, since).await?;
        let text = match is_break_glass {
            true => format!("Exempted {} from “identity provider required”", member.email),
            false => format!("{} is no longer exempt from “identity provider required”", member.email),
        };
        write
            .subject(SubjectKind::User, user.uuid(), member.email)
            .before(&json!({ "is_break_glass": !is_break_glass }))?
            .after(&json!({ "is_break_glass": is_break_glass }))?
            .text(text);
        write.commit().await
    })
}

async fn check(
    tx: &mut Tx,
    organization: OrganizationId,
    member: &Member,
    is_break_glass: bool,
) -> Result<(), Failure> {
    let email = &member.email;
    let exempt = store::authentication_policies::break_glass(tx, organization).await?;
    if exempt.contains(&member.user_id) == is_break_glass {
        let so = if is_break_glass { "exempt already" } else { "not exempt" };
        return Err(Error::conflict(format!("{email} is {so}.")).into());
    }
    if is_break_glass {
        return match member.is_super_admin && member.is_active && member.is_user_active {
            true => Ok(()),
            false => {
                let reason = format!("Only super admins who can act are exempted. Make {email} one first.");
                Err(Error::conflict(reason).into())
            }
        };
    }
    // Whether they are the last super admin as well makes no difference.
    match indispensable::is_last_break_glass(tx, organization, member).await? {
        true => {
            let reason = Indispensable::LastBreakGlass.sentence(email, indispensable::HERE);
            Err(Error::conflict(reason).into())
        }
        false => Ok(()),
    }
}

/// Puts it on record that somebody reached the organization by their exemption, and tells every super admin: once for each
/// session, whatever its id is by now. No transaction may be open.
pub(crate) async fn announce(permit: &Permit) -> Result<(), Failure> {
    let (ctx, organization) = (permit.ctx(), permit.organization()?);
    let (user, Some(key_hash)) = (ctx.user()?, ctx.session()) else { return Ok(()) };
    let mut tx = permit.read().await?;
    let row = store::sessions::find(&mut tx, key_hash, ctx.now()).await?;
    // A step-up gives the session another id, and it began when it did.
    let session = match row {
        Some(row) => json!({ "session_began_at": row.created_at }),
        None => json!({ "session": ctx.session_name() }),
    };
    let kind = EventType::BreakGlassUsed;
    let told = session.to_string();
    if store::events::is_told(&mut tx, organization, kind, user, &told).await? {
        return Ok(());
    }
    drop(tx);
    let mut write = permit.note(kind).await?;
    if store::events::is_told(&mut write.tx, organization, kind, user, &told).await? {
        return Ok(());
    }
    let who = write.event.actor.clone();
    tell(ctx, &mut write, &who, &permit.access()?.organization_name).await?;
    write
        .subject(SubjectKind::User, user.uuid(), who.clone())
        .after(&session)?
        .text(format!("{who} got past “identity provider required” as a break-glass super admin"));
    write.commit().await
}

/// Writes a mail to every super admin, whose exemption was used among them: they would know if it was not they.
async fn tell(ctx: &Context, write: &mut Write, who: &str, name: &str) -> Result<(), Failure> {
    let Some(organization) = write.event.organization_id else { return Ok(()) };
    let from = write.event.address.clone().unwrap_or_else(|| "an unknown address".to_owned());
    let subject = format!("Break-glass access to {name}");
    let body = format!(
        "{who} reached the organization {name} without its identity provider, as a break-glass super admin.\n\n\
         When: {}\nFrom: {from}\nProgram: {}\n\n\
         If this was planned, there is nothing to do. If not, deactivate {who} at once, and look at what was done:\n\
         {}/organizations/{organization}/events\n",
        ctx.now().human(),
        write.event.agent.as_deref().unwrap_or("unknown"),
        ctx.control.public_url(),
    );
    let people = store::authentication_policies::people(&mut write.tx, organization, PEOPLE_MAX).await?;
    for person in people.into_iter().filter(|person| person.is_super_admin) {
        let told = |error| Failure::Inconsistent(format!("a stored address is none: {error}"));
        let recipient: EmailAddress = person.email.parse().map_err(told)?;
        let kind = MailKind::BreakGlassUsed;
        mails::post(&ctx.control, &mut write.tx, Some(organization), kind, &recipient, &subject, &body)
            .await?;
    }
    Ok(())
}
