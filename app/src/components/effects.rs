//! What a change that is not made yet would take from people and give to them, for the page that asks whether to make
//! it. Finds nothing out by itself.

use domain::{
    permissions::Permission,
    principals::{PrincipalKind, ResourceKind, UserKind},
    views::{EFFECT_ROWS_MAX, EffectRow, Effects, Principal, Resource},
};
use leptos::prelude::*;

use super::{
    badges::{Tone, badge},
    table::{Column, Row, table},
};
use crate::quantities::count;

/// Permissions that a cell spells out; more are folded behind their number.
const SPELLED_OUT_MAX: usize = 3;

const COLUMNS: [Column; 4] =
    [Column::Name("Who"), Column::Text("Where"), Column::Text("Loses"), Column::Text("Gains")];

/// The section of a preview: who loses and gains what, and where.
pub(crate) fn effects(effects: Effects) -> AnyView {
    let Effects { rows, further } = effects;
    let is_cut = rows.len() >= EFFECT_ROWS_MAX;
    let body = match (rows.is_empty(), further) {
        (true, 0) => view! { <p>"Nobody loses or gains anything by this right now."</p> }.into_any(),
        (true, _) => {
            view! { <p>"Nobody of those who were looked at loses or gains anything."</p> }.into_any()
        }
        (false, _) => table("Who loses and gains what", &COLUMNS, rows.iter().map(row).collect()),
    };
    view! {
        <section class="stack effects" aria-labelledby="effects">
            <h2 id="effects">"What it changes"</h2>
            {body} {rest(further, is_cut).map(|text| view! { <p class="muted">{text}</p> })}
        </section>
    }
    .into_any()
}

/// What the table leaves out, if anything.
fn rest(further: i64, is_cut: bool) -> Option<String> {
    match (further, is_cut) {
        (0, false) => None,
        (0, true) => Some(format!("Only the first {EFFECT_ROWS_MAX} rows are shown.")),
        (1, _) => Some("And one more person, who was not looked at.".to_owned()),
        (more, _) => Some(format!("And {more} more people, who were not looked at.")),
    }
}

fn row(effect: &EffectRow) -> Row {
    vec![
        principal(&effect.principal),
        resource(&effect.resource),
        change(&effect.loses, effect.loses_administration, Tone::Bad),
        change(&effect.gains, effect.gains_administration, Tone::Good),
    ]
}

/// One side of a change.
fn change(permissions: &[Permission], administration: bool, tone: Tone) -> AnyView {
    if permissions.is_empty() && !administration {
        return view! { <span class="muted nothing">"–"</span> }.into_any();
    }
    let administration = administration.then(|| badge(tone, "giving and taking permissions"));
    view! { <div class="permissions">{administration} {self::permissions(permissions)}</div> }.into_any()
}

/// Permissions in words: a few as they are, many behind their number.
pub(crate) fn permissions(permissions: &[Permission]) -> AnyView {
    if permissions.is_empty() {
        return ().into_any();
    }
    let list = permissions
        .iter()
        .map(|permission| {
            view! { <li><span>{permission.label()}</span> <code class="muted">{permission.as_str()}</code></li> }
        })
        .collect_view();
    let list = view! { <ul class="permission-list">{list}</ul> };
    if permissions.len() <= SPELLED_OUT_MAX {
        return list.into_any();
    }
    let number = count(i64::try_from(permissions.len()).unwrap_or(i64::MAX), "permission");
    view! { <details><summary>{number}</summary> {list}</details> }.into_any()
}

/// Somebody who holds or is to hold something, with what tells them apart from others of that name.
pub(crate) fn principal(principal: &Principal) -> AnyView {
    let beside = match (principal.kind, principal.user_kind, &principal.email) {
        (PrincipalKind::Group, ..) => "group".to_owned(),
        (_, Some(UserKind::Application), _) => "application user".to_owned(),
        (_, _, Some(email)) => email.clone(),
        (_, _, None) => String::new(),
    };
    view! {
        <span class="principal">
            <span>{principal.name.clone()}</span>
            <span class="muted">{beside}</span>
        </span>
    }
    .into_any()
}

/// A place that something is held on, and what it is.
pub(crate) fn resource(resource: &Resource) -> AnyView {
    view! {
        <span class="principal">
            <span>{resource.name.clone()}</span> <span class="muted">{resource.kind.as_str()}</span>
        </span>
    }
    .into_any()
}

/// A place as sentences name it: `the unit Shops`.
pub(crate) fn place(kind: ResourceKind, name: &str) -> String {
    match name {
        "" => format!("the {kind}"),
        name => format!("the {kind} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn effect(loses: Vec<Permission>, gains_administration: bool) -> EffectRow {
        let principal = Principal {
            kind: PrincipalKind::User,
            id: ID.parse().unwrap(),
            name: "Ann".into(),
            email: Some("ann@example.org".into()),
            user_kind: Some(UserKind::Person),
        };
        let resource = Resource { kind: ResourceKind::Unit, id: ID.parse().unwrap(), name: "Shops".into() };
        EffectRow {
            principal,
            resource,
            loses,
            gains: Vec::new(),
            loses_administration: false,
            gains_administration,
        }
    }

    #[test]
    fn a_preview_names_who_where_and_what() {
        let rows = vec![effect(vec![Permission::ProjectServicesRead], true)];
        let html = effects(Effects { rows, further: 900 }).to_html();
        for text in [
            "Ann",
            "ann@example.org",
            "<span>Shops</span>",
            "View services",
            "project:services:read",
            "giving and taking permissions",
            "And 900 more people",
        ] {
            assert!(html.contains(text), "{text}: {html}");
        }
        assert!(!html.contains("<details>"), "{html}");
    }

    #[test]
    fn many_permissions_are_folded_and_no_effect_is_said() {
        let rows = vec![effect(Permission::ALL.to_vec(), false)];
        let html = effects(Effects { rows, further: 0 }).to_html();
        assert!(
            html.contains(&format!("<summary>{} permissions</summary>", Permission::ALL.len())),
            "{html}"
        );
        assert!(!html.contains("And "), "{html}");
        let html = effects(Effects::default()).to_html();
        assert!(html.contains("Nobody loses or gains anything") && !html.contains("<table"), "{html}");
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(rest(0, false), None);
        assert!(rest(0, true).unwrap().contains("first 100 rows"));
        assert!(rest(1, false).unwrap().contains("one more person"));
    }
}
