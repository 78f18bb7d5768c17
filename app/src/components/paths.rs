//! The ways in which somebody came to hold something, as sentences. Finds nothing out by itself.

use domain::{ids::GroupId, views::Path};
use leptos::prelude::*;

use super::{effects::place, time::time};

/// The paths, one a line. `group` gives the address of a group's page to those who may open it.
pub(crate) fn paths(paths: Vec<Path>, group: &dyn Fn(GroupId) -> Option<String>) -> AnyView {
    lines(paths, group, ", until ")
}

/// The same of what was held until its time was over.
pub(crate) fn ended(paths: Vec<Path>, group: &dyn Fn(GroupId) -> Option<String>) -> AnyView {
    lines(paths, group, ", ended on ")
}

fn lines(paths: Vec<Path>, group: &dyn Fn(GroupId) -> Option<String>, end: &'static str) -> AnyView {
    let lines = paths.into_iter().map(|path| view! { <li>{sentence(path, group, end)}</li> }).collect_view();
    view! { <ul class="paths">{lines}</ul> }.into_any()
}

/// `Through the group Night shift: Operator on the unit Shops, until …`.
fn sentence(path: Path, group: &dyn Fn(GroupId) -> Option<String>, end: &'static str) -> AnyView {
    let Path::Grant { granted, resource_kind, resource_name, group_id, group_name, expires_at } = path else {
        return "As super admin of the organization".into_any();
    };
    let name = group_name.unwrap_or_default();
    let through = group_id.map(|id| match group(id) {
        Some(address) => view! { "Through the group " <a href=address>{name.clone()}</a> ": " }.into_any(),
        None => format!("Through the group {name}: ").into_any(),
    });
    let until = expires_at.map(|at| view! { {end} {time(at)} });
    let on = format!(" on {}", place(resource_kind, &resource_name));
    view! {
        <span class="path">
            {through} <strong title=granted.as_str()>{granted.label()}</strong> {on} {until}
        </span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::{
        permissions::{Granted, Role},
        principals::ResourceKind,
        timestamps::Timestamp,
    };

    use super::*;

    fn text(path: Path, has_address: bool) -> String {
        let html = paths(vec![path], &|_| has_address.then(|| "/groups/x".to_owned())).to_html();
        html.replace("<!>", "")
    }

    fn grant(group: Option<&str>, expires_at: Option<Timestamp>) -> Path {
        Path::Grant {
            granted: Granted::Role(Role::Operator),
            resource_kind: ResourceKind::Unit,
            resource_name: "Shops".into(),
            group_id: group.map(|_| "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap()),
            group_name: group.map(str::to_owned),
            expires_at,
        }
    }

    #[test]
    fn a_path_says_by_whom_what_where_and_until_when() {
        assert!(text(Path::SuperAdmin, true).contains("As super admin"));
        let html = text(grant(None, None), true);
        assert!(html.contains(">Operator</strong> on the unit Shops</span>"), "{html}");
        assert!(!html.contains("group") && !html.contains("until"), "{html}");
        let html = text(grant(Some("Night shift"), Some(Timestamp::from_micros(0))), true);
        assert!(html.contains("Through the group <a href=\"/groups/x\">Night shift</a>: "), "{html}");
        assert!(html.contains(", until <time"), "{html}");
        let over = grant(Some("Night shift"), Some(Timestamp::from_micros(0)));
        let html = ended(vec![over], &|_| None).to_html().replace("<!>", "");
        assert!(html.contains("on the unit Shops, ended on <time") && !html.contains("until"), "{html}");
        let html = text(grant(Some("Night shift"), None), false);
        assert!(html.contains("Through the group Night shift: ") && !html.contains("<a"), "{html}");
    }
}
