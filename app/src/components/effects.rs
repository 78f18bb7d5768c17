//! What a change that is not made yet would take from people and give to them, for the page that asks whether to make
//! it. Finds nothing out by itself.

use domain::{
    permissions::Permission,
    principals::{PrincipalKind, ResourceKind, UserKind},
    views::{EffectRow, EffectTotals, Effects, Principal, Resource},
};
use leptos::prelude::*;

use super::{
    badges::{Tone, badge},
    breaks::breakable,
    table::{Column, Row, table},
};
use crate::quantities::count;

/// Permissions that a cell spells out; more are folded behind their number.
const SPELLED_OUT_MAX: usize = 3;

/// What super admins alone can do, in words: the actions that take one, and what guards them.
const OF_SUPER_ADMINS: [&str; 6] = [
    "rename the organization",
    "delete it",
    "read its mails",
    "make super admins, and take that back",
    "say whom the authentication policy exempts in an emergency",
    "be safe from admins: they can neither deactivate nor remove a super admin",
];

const COLUMNS: [Column; 4] =
    [Column::Name("Who"), Column::Text("Where"), Column::Text("Loses"), Column::Text("Gains")];

const NUMBERS: [Column; 4] =
    [Column::Figure("People"), Column::Text("Where"), Column::Text("Lose"), Column::Text("Gain")];

/// The section of a preview: who loses and gains what, and where.
pub(crate) fn effects(effects: Effects) -> AnyView {
    let Effects { rows, totals, further } = effects;
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
            {numbers(&totals, further)} {body} {rest(further).map(|text| view! { <p class="muted">{text}</p> })}
        </section>
    }
    .into_any()
}

/// How many lose and gain what, where not all of them are listed.
fn numbers(totals: &EffectTotals, further: i64) -> AnyView {
    let affected = totals.considered - totals.unchanged;
    if affected <= totals.listed && further == 0 {
        return ().into_any();
    }
    let sentence = format!(
        "Of {} people who were looked at, {} lose something, {} gain something, and {} neither.",
        totals.considered, totals.losing, totals.gaining, totals.unchanged
    );
    let same = totals.same.iter().map(|total| {
        let mut cells = vec![total.people.into_any()];
        cells.extend(row(&total.effect).into_iter().skip(1));
        cells
    });
    let same =
        (!totals.same.is_empty()).then(|| table("How many lose and gain what", &NUMBERS, same.collect()));
    let first = (affected > totals.listed).then(|| {
        view! {
            <p>{format!("The first {} of {affected} are these; those who lose something come first.", totals.listed)}</p>
        }
    });
    view! { <p role="status">{sentence}</p> {same} {first} }.into_any()
}

/// Who was left out, if anybody.
fn rest(further: i64) -> Option<String> {
    match further {
        0 => None,
        1 => Some("And one more person, who was not looked at.".to_owned()),
        more => Some(format!("And {more} more people, who were not looked at.")),
    }
}

fn row(effect: &EffectRow) -> Row {
    let lost = Beyond {
        administration: effect.loses_administration,
        administration_of_projects: effect.loses_administration_of_projects,
        super_admin: effect.loses_super_admin,
    };
    let gained = Beyond {
        administration: effect.gains_administration,
        administration_of_projects: effect.gains_administration_of_projects,
        super_admin: effect.gains_super_admin,
    };
    vec![
        principal(&effect.principal),
        resource(&effect.resource),
        change(&effect.loses, lost, Tone::Bad),
        change(&effect.gains, gained, Tone::Good),
    ]
}

/// What somebody can do that is no permission.
#[derive(Clone, Copy)]
struct Beyond {
    /// To give and take at the place itself.
    administration: bool,
    /// To do so in all its projects.
    administration_of_projects: bool,
    /// To do what super admins alone can do.
    super_admin: bool,
}

/// One side of a change.
fn change(permissions: &[Permission], beyond: Beyond, tone: Tone) -> AnyView {
    let (here, below) = (beyond.administration, beyond.administration_of_projects);
    if permissions.is_empty() && !here && !below && !beyond.super_admin {
        return view! { <span class="muted nothing">"–"</span> }.into_any();
    }
    let alone = beyond.super_admin.then(|| {
        let lines = OF_SUPER_ADMINS.map(|line| view! { <li>{line}</li> });
        view! { {badge(tone, "what super admins alone can do")} <ul class="permission-list">{lines.collect_view()}</ul> }
    });
    let administration = match (here, below) {
        (true, _) => Some("giving and taking permissions"),
        (false, true) => Some("giving and taking permissions in all its projects"),
        (false, false) => None,
    };
    let administration = administration.map(|text| badge(tone, text));
    view! { <div class="permissions">{alone} {administration} {self::permissions(permissions)}</div> }
        .into_any()
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
        (PrincipalKind::Group, ..) => Some("group".into_any()),
        (_, Some(UserKind::Application), _) => Some("application user".into_any()),
        (_, _, Some(email)) => Some(breakable(email)),
        (_, _, None) => None,
    };
    let beside = beside.map(|text| view! { <span class="muted">{text}</span> });
    // Who is gone has no name any more.
    let is_out = !principal.is_active && !principal.name.is_empty();
    view! {
        <span class="principal">
            <span>{principal.name.clone()}</span>
            {beside}
            {is_out.then(|| badge(Tone::Warning, "deactivated"))}
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
    use domain::views::EffectTotal;

    use super::*;

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn effect(loses: Vec<Permission>, gains_administration: bool) -> EffectRow {
        let principal = Principal {
            kind: PrincipalKind::User,
            id: ID.parse().unwrap(),
            name: "Ann".into(),
            email: Some("ann@example.org".into()),
            user_kind: Some(UserKind::Person),
            is_active: false,
        };
        let resource = Resource { kind: ResourceKind::Unit, id: ID.parse().unwrap(), name: "Shops".into() };
        EffectRow {
            principal,
            resource,
            loses,
            gains: Vec::new(),
            loses_administration: false,
            gains_administration,
            loses_administration_of_projects: false,
            gains_administration_of_projects: false,
            loses_super_admin: false,
            gains_super_admin: false,
        }
    }

    fn would(rows: Vec<EffectRow>, further: i64) -> Effects {
        let number = i64::try_from(rows.len()).unwrap();
        let totals =
            EffectTotals { considered: number, losing: number, listed: number, ..EffectTotals::default() };
        Effects { rows, totals, further }
    }

    #[test]
    fn a_preview_names_who_where_and_what() {
        let rows = vec![effect(vec![Permission::ProjectServicesRead], true)];
        let html = effects(would(rows, 900)).to_html();
        for text in [
            "Ann",
            "ann@<wbr>example.<wbr>org<wbr>",
            "deactivated",
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
        let html = effects(would(rows, 0)).to_html();
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
        assert_eq!(rest(0), None);
        assert!(rest(1).unwrap().contains("one more person"));
    }

    #[test]
    fn more_people_than_are_listed_are_told_in_numbers() {
        let one = effect(vec![Permission::ProjectServicesRead], false);
        let mut many = would(vec![one.clone()], 0);
        assert!(!effects(many.clone()).to_html().contains("How many lose and gain what"));
        many.totals = EffectTotals {
            considered: 20_003,
            losing: 20_000,
            gaining: 2,
            unchanged: 1,
            listed: 1,
            same: vec![EffectTotal { people: 20_000, effect: one }],
        };
        let html = effects(many).to_html();
        for text in [
            "Of 20003 people who were looked at, 20000 lose something, 2 gain something, and 1 neither.",
            "The first 1 of 20002 are these",
            "How many lose and gain what",
        ] {
            assert!(html.contains(text), "{text}: {html}");
        }
    }

    #[test]
    fn what_super_admins_alone_can_do_is_told() {
        let mut made = effect(Vec::new(), false);
        assert!(!effects(would(vec![made.clone()], 0)).to_html().contains("read its mails"));
        made.gains_super_admin = true;
        let html = effects(would(vec![made], 0)).to_html();
        for line in OF_SUPER_ADMINS {
            assert!(html.contains(line), "{line}: {html}");
        }
    }

    #[test]
    fn giving_and_taking_in_projects_below_is_told() {
        let mut below = effect(Vec::new(), false);
        below.gains_administration_of_projects = true;
        let html = effects(would(vec![below.clone()], 0)).to_html();
        assert!(html.contains("giving and taking permissions in all its projects"), "{html}");
        below.gains_administration = true;
        let html = effects(would(vec![below], 0)).to_html();
        assert!(!html.contains("in all its projects"), "{html}");
    }
}
