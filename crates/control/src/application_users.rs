//! Application users: members that are programs. They hold roles and permissions as people do, act with tokens alone,
//! and are never super admins.

mod tokens;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    ids::{OrganizationId, UserId},
    names::{ApplicationUserName, note},
    principals::{PrincipalKind, SubjectKind, UserKind},
    views::{ApplicationUserRow, ApplicationUserView, Effects, NamedGroup, Page},
};
use serde_json::json;
use store::{
    Tx,
    access::Target,
    memberships::{ApplicationUser, Member},
    users::User,
};
use uuid::Uuid;

use crate::{
    Context,
    effects::{self, Change},
    errors::{Failure, attempt, overtaken},
    pages,
    permissions::Ending,
    standings::{Standing, acting_obstacle, guarded},
};

pub use tokens::{
    create_token, edit_token, revoke_chosen_tokens, revoke_token, revoke_tokens, rotate_token, token, tokens,
};

/// Most characters of an application user's description.
pub const DESCRIPTION_CHARS_MAX: usize = 1000;
/// Where no mail arrives: RFC 2606 keeps the domain for that.
const MAIL_DOMAIN: &str = "application.invalid";

/// One page of the organization's application users by name: those whose name holds the text.
///
/// # Errors
/// `Invalid` on `after`; `Denied`; `NotFound`.
pub async fn list(
    ctx: &Context,
    organization: OrganizationId,
    text: &str,
    after: Option<&str>,
) -> Result<Page<ApplicationUserRow>, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListApplicationUsers, Target::Organization(organization)).await?;
        let after = pages::parse_name_key(after)?.map(|(name, id)| (name, UserId::from_uuid(id)));
        let text = pages::search(text);
        let mut tx = permit.read().await?;
        let total = store::memberships::count_application_users(&mut tx, organization, text).await?;
        let found =
            store::memberships::list_application_users(&mut tx, organization, text, after, pages::FETCHED)
                .await?;
        Ok(pages::page(
            found,
            total,
            |found| pages::name_key(&found.member.name, found.member.user_id.uuid()),
            draw,
        ))
    })
}

/// One application user.
///
/// # Errors
/// `Denied`; `NotFound`.
pub async fn view(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
) -> Result<ApplicationUserView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ListApplicationUsers, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        look(ctx, &mut tx, organization, user).await
    })
}

/// Makes an application user, which holds nothing and has no token.
///
/// # Errors
/// `Invalid` on `name`, also when it is taken, or `description`; `Denied`; `NotFound`.
pub async fn create(
    ctx: &Context,
    organization: OrganizationId,
    name: &str,
    description: &str,
) -> Result<ApplicationUserView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::CreateApplicationUser, Target::Organization(organization)).await?;
        let (name, description) = parse(name, description)?;
        let mut write = permit.write(EventType::ApplicationUserCreated).await?;
        refuse_taken(&mut write.tx, organization, &name, None).await?;
        let id = UserId::from_uuid(ctx.control.new_uuid());
        let user = User {
            name: name.clone(),
            description: description.clone(),
            ..User::new(id, &format!("{id}@{MAIL_DOMAIN}"), UserKind::Application, ctx.now())
        };
        if !store::users::add(&mut write.tx, &user).await? {
            return Err(Failure::Inconsistent(format!("there is a user {} already", user.email)));
        }
        store::memberships::add(&mut write.tx, organization, id, false, ctx.now()).await?;
        let view = look(ctx, &mut write.tx, organization, id).await?;
        write
            .subject(SubjectKind::ApplicationUser, id.uuid(), name.clone())
            .after(&recorded(&name, &description))?
            .text(format!("Created the application user {name}"));
        write.commit().await?;
        Ok(view)
    })
}

/// Changes what an application user is called and what it is for.
///
/// # Errors
/// `Invalid` on `name`, also when it is taken, or `description`; `Conflict` when somebody else changed it since
/// `generation`; `Forbidden` when it is more powerful than the actor; `Denied`; `NotFound`.
pub async fn edit(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    generation: i64,
    name: &str,
    description: &str,
) -> Result<ApplicationUserView, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::EditApplicationUser, Target::Organization(organization)).await?;
        let (name, description) = parse(name, description)?;
        let mut write = permit.write(EventType::ApplicationUserChanged).await?;
        let before = find(&mut write.tx, organization, user).await?.member;
        let obstacle = acting_obstacle(ctx, &mut write.tx, organization, user).await?;
        let mut write = guarded(&permit, write, obstacle, &of(&before)).await?;
        let stale = || overtaken((&before.name, &before.description), (&name, &description));
        if before.generation != generation {
            return Err(stale().into());
        }
        if (&before.name, &before.description) == (&name, &description) {
            return look(ctx, &mut write.tx, organization, user).await;
        }
        let tx = &mut write.tx;
        if before.name != name {
            refuse_taken(tx, organization, &name, Some(user.uuid())).await?;
        }
        if !store::users::set_application_user(tx, user, generation, &name, &description).await? {
            return Err(stale().into());
        }
        let view = look(ctx, tx, organization, user).await?;
        let text = match before.name == name {
            true => format!("Changed what the application user {name} is for"),
            false => format!("Renamed the application user {} to {name}", before.name),
        };
        write
            .subject(SubjectKind::ApplicationUser, user.uuid(), name.clone())
            .before(&recorded(&before.name, &before.description))?
            .after(&recorded(&name, &description))?
            .text(text);
        write.commit().await?;
        Ok(view)
    })
}

/// Deletes an application user with everything it holds; its tokens end at once. `confirmation` must be its name.
///
/// # Errors
/// `Invalid` on `confirmation`; `Forbidden` when it is more powerful than the actor; `Denied`; `NotFound`.
pub async fn delete(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
    confirmation: &str,
) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::DeleteApplicationUser, Target::Organization(organization)).await?;
        let mut write = permit.write(EventType::ApplicationUserDeleted).await?;
        let found = find(&mut write.tx, organization, user).await?;
        let member = &found.member;
        let obstacle = acting_obstacle(ctx, &mut write.tx, organization, user).await?;
        let mut write = guarded(&permit, write, obstacle, &of(member)).await?;
        if confirmation.trim() != member.name {
            let reason = format!("Type the application user's name, {}, to delete it.", member.name);
            return Err(Error::invalid("confirmation", reason).into());
        }
        let tx = &mut write.tx;
        let ending = Ending::of_principal(ctx, tx, organization, user.uuid()).await?;
        let groups = store::group_members::list_for_user(tx, organization, user).await?;
        let groups: Vec<String> = groups.into_iter().map(|group| group.name).collect();
        let mut before = recorded(&member.name, &member.description);
        before["tokens"] = found.tokens.into();
        before["groups"] = groups.into();
        ending.tell(&mut before);
        if !store::users::remove(tx, user).await? {
            return Err(Error::NotFound.into());
        }
        let rest = ending.record(ctx, &mut write, "an application user that was deleted").await?;
        write
            .subject(SubjectKind::ApplicationUser, user.uuid(), member.name.clone())
            .before(&before)?
            .text(format!("Deleted the application user {}{rest}", member.name));
        write.commit().await
    })
}

/// What deleting it would do, without doing it.
///
/// # Errors
/// As [`delete`].
pub async fn preview_delete(
    ctx: &Context,
    organization: OrganizationId,
    user: UserId,
) -> Result<Effects, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::DeleteApplicationUser, Target::Organization(organization)).await?;
        let mut tx = permit.read().await?;
        let found = find(&mut tx, organization, user).await?;
        let obstacle = acting_obstacle(ctx, &mut tx, organization, user).await?;
        let mut tx = guarded(&permit, tx, obstacle, &of(&found.member)).await?;
        let principal = (PrincipalKind::User, user.uuid());
        effects::of(ctx, &mut tx, organization, principal, Change::Remove).await
    })
}

/// Makes sure that nothing else goes by the name, in whatever capitals: who is given something by name is to be one alone.
/// `own` is the id of whatever has the name already and may keep it.
pub(crate) async fn refuse_taken(
    tx: &mut Tx,
    organization: OrganizationId,
    name: &str,
    own: Option<Uuid>,
) -> Result<(), Failure> {
    if !store::memberships::is_name_taken(tx, organization, name, own).await? {
        return Ok(());
    }
    let reason = format!(
        "There is a group, an application user or a member named {name} already. Choose another name."
    );
    Err(Error::invalid("name", reason).into())
}

/// The organization's application user of that id.
async fn find(tx: &mut Tx, organization: OrganizationId, user: UserId) -> Result<ApplicationUser, Failure> {
    let found = store::memberships::find_application_user(tx, organization, user).await?;
    Ok(found.ok_or(Error::NotFound)?)
}

/// Why the actor may not have a token of it, if so: whoever has one holds what it holds.
async fn takeover_obstacle(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<&'static str>, Failure> {
    let actor = Standing::of_actor(ctx, tx, organization).await?;
    Ok(actor.takeover_obstacle(&Standing::of(ctx, tx, organization, user).await?))
}

/// What the record of a try names.
fn of(member: &Member) -> String {
    format!("of the application user {}", member.name)
}

fn parse(name: &str, description: &str) -> Result<(String, String), Error> {
    let name: ApplicationUserName = name.parse().map_err(|error| Error::name("name", error))?;
    let description =
        note(description, DESCRIPTION_CHARS_MAX).map_err(|error| Error::name("description", error))?;
    Ok((name.into(), description))
}

async fn look(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<ApplicationUserView, Failure> {
    let found = find(tx, organization, user).await?;
    let groups = store::group_members::list_for_user(tx, organization, user).await?;
    // Who may have a token of it may change it, too.
    let protection = takeover_obstacle(ctx, tx, organization, user).await?;
    Ok(ApplicationUserView {
        organization_id: organization,
        generation: found.member.generation,
        groups: groups.into_iter().map(|group| NamedGroup { id: group.id, name: group.name }).collect(),
        protection: protection.map(str::to_owned),
        row: draw(found),
    })
}

fn draw(found: ApplicationUser) -> ApplicationUserRow {
    ApplicationUserRow {
        user_id: found.member.user_id,
        name: found.member.name,
        description: found.member.description,
        tokens: found.tokens,
        // What it does, it does with a token; and it did so when the token is gone, too.
        last_used_at: found.member.last_activity_at,
        created_at: found.member.joined_at,
    }
}

/// What events hold of an application user.
fn recorded(name: &str, description: &str) -> serde_json::Value {
    json!({ "name": name, "description": description })
}
