//! Server functions of permissions.

#[cfg(feature = "ssr")]
use control::permissions::{Given, Giving};
#[cfg(feature = "ssr")]
use domain::{errors::Error, inputs};
use domain::{
    ids::{GrantId, OrganizationId},
    views::GrantRow,
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::list_page::label;
use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    components::effects::place,
    context::{answer, control, done},
    quantities::count,
};

/// Gives a role or permission; `next` is where the form leads.
#[server(endpoint = "permissions/grant")]
pub async fn grant_permission(
    organization: OrganizationId,
    #[server(default)] principal: String,
    #[server(default)] granted: String,
    #[server(default)] resource: String,
    #[server(default)] days: String,
    #[server(default)] seen_end: String,
    #[server(default)] next: String,
) -> Result<GrantRow, AppError> {
    let input = inputs::GrantPermission { principal, granted, resource, days, seen_end };
    let given = answer(control::permissions::grant(&control()?, organization, &input).await)?;
    done(&next, &notice(&given));
    Ok(given.row)
}

/// What is said of something that was given.
#[cfg(feature = "ssr")]
fn notice(Given { row, giving }: &Given) -> String {
    let (name, label) = (&row.principal.name, label(&row.granted));
    let place = place(row.resource.kind, &row.resource.name);
    match giving {
        Giving::New => format!("{name} now holds “{label}” on {place}."),
        Giving::Changed => match row.expires_at {
            Some(at) => format!("{name} holds “{label}” on {place} until {}.", at.human()),
            None => format!("{name} holds “{label}” on {place} until it is revoked."),
        },
        Giving::Same => format!("{name} holds “{label}” on {place} just so already. Nothing was changed."),
    }
}

/// Takes a role or permission back; `next` is where the form leads.
#[server(endpoint = "permissions/revoke")]
pub async fn revoke_permission(
    organization: OrganizationId,
    grant: GrantId,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    answer(control::permissions::revoke(&control()?, organization, grant).await)?;
    done(&next, "It is revoked.");
    Ok(())
}

/// Takes several back; `next` is where the form leads. Those that have to stay are told, and why.
#[server(endpoint = "permissions/revoke_chosen")]
pub async fn revoke_chosen_permissions(
    organization: OrganizationId,
    #[server(default)] grants: Vec<GrantId>,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    let revoked = answer(control::permissions::revoke_chosen(&control()?, organization, &grants).await)?;
    let told = revoked_notice(revoked.revoked.len());
    if let Some((_, error)) = revoked.kept.first() {
        // The page that this came from says of each one that is left why it stays.
        let kept = revoked.kept.len();
        return answer(Err(Error::conflict(format!(
            "{told} {kept} could not be. The first of them: {error}"
        ))));
    }
    done(&next, &told);
    Ok(())
}

/// What is said of grants that were taken back.
#[cfg(feature = "ssr")]
fn revoked_notice(number: usize) -> String {
    let are = if number == 1 { "is" } else { "are" };
    format!("{} {are} revoked.", count(i64::try_from(number).unwrap_or(i64::MAX), "grant"))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::{
        principals::{PrincipalKind, ResourceKind},
        timestamps::Timestamp,
        views::{Principal, Resource},
    };

    use super::*;

    #[test]
    fn what_was_given_is_told_from_what_was_so_already() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let row = GrantRow {
            id: id.parse().unwrap(),
            principal: Principal {
                kind: PrincipalKind::Group,
                id: id.parse().unwrap(),
                name: "Ops".into(),
                email: None,
                user_kind: None,
                is_active: true,
            },
            granted: "operator".into(),
            resource: Resource { kind: ResourceKind::Project, id: id.parse().unwrap(), name: "shop".into() },
            created_at: Timestamp::from_micros(0),
            created_by: "ann@example.org".into(),
            expires_at: None,
            is_expired: false,
            may_revoke: true,
        };
        let told = |giving| notice(&Given { row: row.clone(), giving });
        assert_eq!(told(Giving::New), "Ops now holds “Operator” on the project shop.");
        assert!(told(Giving::Changed).ends_with("until it is revoked."));
        assert!(told(Giving::Same).ends_with("just so already. Nothing was changed."));
    }

    #[test]
    fn what_was_taken_back_is_counted() {
        assert_eq!(revoked_notice(1), "1 grant is revoked.");
        assert_eq!(revoked_notice(3), "3 grants are revoked.");
    }
}
