//! Who belongs to which organization, who is a super admin there, and who is shut out for now.

use domain::{
    ids::{OrganizationId, UserId},
    principals::UserKind,
    timestamps::Timestamp,
};
use uuid::Uuid;

use crate::{
    Error, Tx,
    patterns::containing,
    queries::{among, execute, fetch_all, fetch_all_among, fetch_one, fetch_optional, results},
};

/// Somebody in an organization.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Membership {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The person or application user.
    pub user_id: UserId,
    /// Whether they hold everything there.
    pub is_super_admin: bool,
    /// Since when.
    pub joined_at: Timestamp,
    /// Whether they are let in. What somebody held who is not comes back with them.
    pub is_active: bool,
}

/// A membership with who it is.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Member {
    /// The person or application user.
    pub user_id: UserId,
    /// Their sign-in name.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Whether this is a person.
    pub kind: UserKind,
    /// What an application user is for.
    pub description: String,
    /// What a person does.
    pub job_title: String,
    /// Among whom.
    pub department: String,
    /// Where.
    pub city: String,
    /// In which country.
    pub country: String,
    /// Whether they hold everything in the organization.
    pub is_super_admin: bool,
    /// Whether the organization lets them in.
    pub is_active: bool,
    /// Whether they may sign in at all.
    pub is_user_active: bool,
    /// Since when they belong to it.
    pub joined_at: Timestamp,
    /// When they last did anything, anywhere.
    pub last_activity_at: Option<Timestamp>,
    /// Counts up with each change of the texts.
    pub generation: i64,
    /// Whether they have a second factor; recovery codes are none. Application users have none.
    pub has_second_factor: bool,
    /// Whether it was asked that they lose their second factors, and that is open.
    pub is_factor_reset_waiting: bool,
    /// Whether their account is managed by the organization, by a domain of its.
    pub is_managed: bool,
    /// Whether an identity provider of the organization keeps them by SCIM.
    pub is_kept_by_scim: bool,
}

/// An application user with the number of its tokens.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ApplicationUser {
    /// Who it is.
    #[sqlx(flatten)]
    pub member: Member,
    /// How many tokens it has, those that have expired among them.
    pub tokens: i64,
}

/// Which people are looked for; everybody by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberFilter<'a> {
    /// Whose e-mail address or name holds this.
    pub text: Option<&'a str>,
    /// Whom the organization lets in, or shuts out.
    pub is_active: Option<bool>,
    /// Who has done nothing from then on; of those who never did anything, who had joined before.
    pub idle_since: Option<Timestamp>,
    /// Who has a second factor, or has none.
    pub has_second_factor: Option<bool>,
}

/// What a [`Member`] is read from. $1 is the organization.
macro_rules! members {
    ($also:literal, $($rest:tt)*) => {
        concat!(
            "SELECT m.user_id, u.email, u.name, u.kind, u.description, u.job_title, u.department, u.city, u.country,
                m.is_super_admin, m.is_active, u.is_active AS is_user_active, m.joined_at, u.last_activity_at,
                u.generation,
                EXISTS (SELECT 1 FROM factors f WHERE f.user_id = u.id) AS has_second_factor,
                EXISTS (SELECT 1 FROM factor_resets r WHERE r.user_id = u.id AND r.ended_at IS NULL)
                    AS is_factor_reset_waiting,
                EXISTS (SELECT 1 FROM domains d WHERE d.organization_id = m.organization_id AND d.state = 'verified'
                    AND d.name = u.email_domain AND u.kind = 'person') AS is_managed,
                EXISTS (SELECT 1 FROM scim_users s WHERE s.organization_id = m.organization_id
                    AND s.user_id = m.user_id) AS is_kept_by_scim",
            $also,
            " FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.organization_id = $1 ",
            $($rest)*
        )
    };
}
/// Whom a [`MemberFilter`] lets through: $2 is the text's pattern, $3 to $5 are its other fields, in their order.
macro_rules! filtered {
    () => {
        "AND u.kind = 'person' AND ($2 IS NULL OR u.email LIKE $2 ESCAPE '!' OR LOWER(u.name) LIKE $2 ESCAPE '!')
            AND ($3 IS NULL OR m.is_active = $3)
            AND ($4 IS NULL OR COALESCE(u.last_activity_at, m.joined_at) < $4)
            AND ($5 IS NULL OR EXISTS (SELECT 1 FROM factors f WHERE f.user_id = u.id) = $5)"
    };
}
const MEMBER: &str = members!("", "AND m.user_id = $2");
const MEMBER_BY_EMAIL: &str = members!("", "AND u.email = $2");
const PEOPLE: &str = members!("", filtered!(), " AND u.email > $6 ORDER BY u.email LIMIT $7");
const PEOPLE_COUNT: &str = concat!(
    "SELECT COUNT(*) FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.organization_id = $1 ",
    filtered!()
);
/// What an [`ApplicationUser`] is read from.
macro_rules! application_users {
    ($where:literal) => {
        members!(
            ", (SELECT COUNT(*) FROM tokens t WHERE t.user_id = u.id) AS tokens",
            "AND u.kind = 'application' AND ",
            $where
        )
    };
}
const APPLICATION_USER: &str = application_users!("m.user_id = $2");
const APPLICATION_USERS: &str = application_users!(
    "($2 IS NULL OR LOWER(u.name) LIKE $2 ESCAPE '!')
        AND (u.name, u.id) > ($3, $4) ORDER BY u.name, u.id LIMIT $5"
);

/// Makes somebody a member.
pub async fn add(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
    is_super_admin: bool,
    joined_at: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO memberships (organization_id, user_id, is_super_admin, joined_at, is_active)
        VALUES ($1, $2, $3, $4, TRUE)";
    execute!(tx, text, organization, user, is_super_admin, joined_at)?;
    Ok(())
}

/// Somebody's membership, if they are a member.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Membership>, Error> {
    let text = "SELECT * FROM memberships WHERE organization_id = $1 AND user_id = $2";
    fetch_optional!(tx, text, organization, user)
}

/// A member with who it is.
pub async fn find_member(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Member>, Error> {
    fetch_optional!(tx, MEMBER, organization, user)
}

/// The member of that sign-in name.
pub async fn find_member_by_email(
    tx: &mut Tx,
    organization: OrganizationId,
    email: &str,
) -> Result<Option<Member>, Error> {
    fetch_optional!(tx, MEMBER_BY_EMAIL, organization, email)
}

/// The organization's people by e-mail address, from behind `after` on.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: &MemberFilter<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Member>, Error> {
    let MemberFilter { text, is_active, idle_since, has_second_factor: factor } = *filter;
    let (text, after, limit) = (text.map(containing), after.unwrap_or(""), i64::from(limit));
    fetch_all!(tx, PEOPLE, organization, text.as_deref(), is_active, idle_since, factor, after, limit)
}

/// How many people the filter lets through.
pub async fn count(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: &MemberFilter<'_>,
) -> Result<i64, Error> {
    let MemberFilter { text, is_active, idle_since, has_second_factor: factor } = *filter;
    let text = text.map(containing);
    let (count,): (i64,) =
        fetch_one!(tx, PEOPLE_COUNT, organization, text.as_deref(), is_active, idle_since, factor)?;
    Ok(count)
}

/// A member that is an application user.
pub async fn find_application_user(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<ApplicationUser>, Error> {
    fetch_optional!(tx, APPLICATION_USER, organization, user)
}

/// The organization's application users by name, from behind `after` (name and id) on; with `text`, those alone whose
/// name holds it.
pub async fn list_application_users(
    tx: &mut Tx,
    organization: OrganizationId,
    text: Option<&str>,
    after: Option<(&str, UserId)>,
    limit: u32,
) -> Result<Vec<ApplicationUser>, Error> {
    let (name, id) = after.unwrap_or(("", UserId::from_uuid(Uuid::nil())));
    let text = text.map(containing);
    fetch_all!(tx, APPLICATION_USERS, organization, text.as_deref(), name, id, i64::from(limit))
}

/// How many application users there are; with `text`, whose name holds it.
pub async fn count_application_users(
    tx: &mut Tx,
    organization: OrganizationId,
    text: Option<&str>,
) -> Result<i64, Error> {
    let count = "SELECT COUNT(*) FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.organization_id = $1 AND u.kind = 'application'
            AND ($2 IS NULL OR LOWER(u.name) LIKE $2 ESCAPE '!')";
    let (count,): (i64,) = fetch_one!(tx, count, organization, text.map(containing).as_deref())?;
    Ok(count)
}

/// Whether something else than `except` goes by that name in the organization, whatever its capitals: an application user, a
/// group, or a person by their sign-in name.
pub async fn is_name_taken(
    tx: &mut Tx,
    organization: OrganizationId,
    name: &str,
    except: Option<Uuid>,
) -> Result<bool, Error> {
    let text = "SELECT EXISTS (SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id
            WHERE m.organization_id = $1 AND ($3 IS NULL OR u.id <> $3)
                AND LOWER(CASE WHEN u.kind = 'application' THEN u.name ELSE u.email END) = $2)
        OR EXISTS (SELECT 1 FROM groups g
            WHERE g.organization_id = $1 AND LOWER(g.name) = $2 AND ($3 IS NULL OR g.id <> $3))";
    let (is_taken,): (bool,) = fetch_one!(tx, text, organization, name.to_ascii_lowercase(), except)?;
    Ok(is_taken)
}

/// The members who are among these principals or in one of these groups. The databases differ in how they take a set.
macro_rules! among_principals {
    ($principals:literal, $what:literal, $end:literal) => {
        concat!(
            "WITH named AS (SELECT ",
            $principals,
            ") SELECT ",
            $what,
            " WHERE m.organization_id = $1 AND m.user_id IN
                (SELECT id FROM named
                    UNION SELECT gm.user_id FROM named JOIN group_members gm ON gm.group_id = named.id) ",
            $end
        )
    };
}
macro_rules! count_among {
    ($principals:literal) => {
        among_principals!($principals, "COUNT(*) FROM memberships m", "")
    };
}
macro_rules! ids_among {
    ($principals:literal) => {
        among_principals!(
            $principals,
            "m.user_id FROM memberships m JOIN users u ON u.id = m.user_id",
            "ORDER BY u.email LIMIT $3"
        )
    };
}
const COUNT_AMONG_SQLITE: &str = count_among!("unhex(value) AS id FROM json_each($2)");
const COUNT_AMONG_POSTGRES: &str = count_among!("unnest($2) AS id");

/// How many members are among these users, or in these groups: each counts once.
pub async fn count_among(
    tx: &mut Tx,
    organization: OrganizationId,
    principals: &[Uuid],
) -> Result<i64, Error> {
    let (count,): (i64,) = match tx {
        Tx::Sqlite(_) => {
            let ids: Vec<String> = principals.iter().map(|id| id.simple().to_string()).collect();
            let ids = serde_json::Value::from(ids).to_string();
            fetch_one!(tx, COUNT_AMONG_SQLITE, organization, &ids)?
        }
        Tx::Postgres(tx) => results::fetch_one(
            module_path!(),
            sqlx::query(COUNT_AMONG_POSTGRES).bind(organization).bind(principals).fetch_one(&mut **tx).await,
        )?,
    };
    Ok(count)
}

/// The first `limit` of those whom [`count_among`] counts, by e-mail address.
pub async fn ids_among(
    tx: &mut Tx,
    organization: OrganizationId,
    principals: &[Uuid],
    limit: u32,
) -> Result<Vec<UserId>, Error> {
    let sqlite = ids_among!("unhex(value) AS id FROM json_each($2)");
    let postgres = ids_among!("unnest($2) AS id");
    let rows: Vec<(UserId,)> =
        fetch_all_among!(tx, sqlite, postgres, organization, principals, i64::from(limit))?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// The organization's members who are among these users, in no order.
pub async fn list_among(
    tx: &mut Tx,
    organization: OrganizationId,
    users: &[Uuid],
) -> Result<Vec<Member>, Error> {
    let (sqlite, postgres) =
        (members!("", "AND m.user_id ", among!(sqlite)), members!("", "AND m.user_id ", among!(postgres)));
    fetch_all_among!(tx, sqlite, postgres, organization, users)
}

/// Lets a member in, or shuts them out. False if they are not a member.
pub async fn set_active(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
    is_active: bool,
) -> Result<bool, Error> {
    let text = "UPDATE memberships SET is_active = $3 WHERE organization_id = $1 AND user_id = $2";
    Ok(execute!(tx, text, organization, user, is_active)? > 0)
}

/// Makes a member a super admin, or no longer, and then exempt from nothing. False if they are not a member.
pub async fn set_super_admin(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
    is_super_admin: bool,
) -> Result<bool, Error> {
    let text = "UPDATE memberships SET is_super_admin = $3,
            break_glass_since = CASE WHEN $3 THEN break_glass_since ELSE NULL END
        WHERE organization_id = $1 AND user_id = $2";
    Ok(execute!(tx, text, organization, user, is_super_admin)? > 0)
}

/// Ends a membership, with what they held and which groups they were in there. False if they are not a member.
pub async fn remove(tx: &mut Tx, organization: OrganizationId, user: UserId) -> Result<bool, Error> {
    let grants = "DELETE FROM grants
        WHERE organization_id = $1 AND principal_kind = 'user' AND principal_id = $2";
    execute!(tx, grants, organization, user)?;
    let groups = "DELETE FROM group_members
        WHERE user_id = $2 AND group_id IN (SELECT id FROM groups WHERE organization_id = $1)";
    execute!(tx, groups, organization, user)?;
    execute!(tx, "DELETE FROM scim_users WHERE organization_id = $1 AND user_id = $2", organization, user)?;
    let text = "DELETE FROM memberships WHERE organization_id = $1 AND user_id = $2";
    Ok(execute!(tx, text, organization, user)? > 0)
}

/// How many people can act as super admin of the organization: neither it nor the installation shuts them out.
pub async fn super_admins(tx: &mut Tx, organization: OrganizationId) -> Result<i64, Error> {
    let text = "SELECT COUNT(*) FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.organization_id = $1 AND m.is_super_admin AND m.is_active AND u.is_active AND u.kind = 'person'";
    fetch_one!(tx, text, organization).map(|(count,): (i64,)| count)
}
