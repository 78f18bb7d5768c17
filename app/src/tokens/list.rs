//! The list of somebody's tokens: what each is for, where it is good, when it was last used; and the forms that end those
//! that are ticked, or all that the list shows.

use domain::{
    permissions::Granted,
    views::{Page, TokenRow},
};
use leptos::prelude::*;

use super::owners::Owner;
use crate::{
    components::{
        badges::{Tone, badge},
        breaks::breakable,
        dialog::{dialog, open_button},
        empty::empty,
        field::Field,
        filter::{Filter, is_needed, nothing_fits},
        form::{FormState, hidden},
        icons::{Icon, icon},
        list::List,
        table::{Column, Row, pick_all},
        time::time,
    },
    quantities::count,
};

/// The form whose ticks are in the rows.
const CHOSEN: &str = "revoke-chosen";
const MANY_DIALOG: &str = "revoke-many-dialog";
/// Ranges and scopes that a cell spells out.
const SPELLED_OUT_MAX: usize = 2;

const COLUMNS: [Column; 5] = [
    Column::Name("Token"),
    Column::Text("Limited to"),
    Column::Text("Good from"),
    Column::Text("Last used"),
    Column::Text("Ends"),
];

/// What was asked of the list.
pub(crate) struct Asked {
    /// Days for which a token was not used.
    pub(crate) unused_days: String,
    /// Where the page begins.
    pub(crate) after: Option<String>,
}

/// The list with what narrows it down and the forms that end tokens; `form` says why it could not be narrowed down.
pub(crate) fn section(owner: &Owner, page: Page<TokenRow>, asked: &Asked, form: FormState) -> AnyView {
    let (is_needed, is_filled) = (is_needed(&page, &form), form.is_filled());
    let is_refused = form.is_refused();
    let (total, has_rows) = (page.total, !page.rows.is_empty());
    let empty = || match is_filled {
        true => nothing_fits(is_refused),
        false => empty(
            Icon::Token,
            "No tokens yet",
            "A token lets a program use the API. It can be limited in what it opens, from where and for how long.",
            new_button(owner),
        ),
    };
    let columns: Vec<Column> =
        owner.rights.revoke.then_some(Column::Pick).into_iter().chain(COLUMNS).collect();
    let days = asked.unused_days.as_str();
    let list = List {
        caption: if owner.is_oneself() { "Tokens" } else { "Its tokens" },
        columns: &columns,
        after: asked.after.as_deref(),
        address: &|after| owner.list(&[("unused_days", Some(days)), ("after", after)]),
    };
    let actions = owner.actions();
    let refused = [actions.revoke_chosen, actions.revoke_many, actions.revoke]
        .map(|action| FormState::of(action).error(&[]))
        .collect_view();
    view! {
        {refused}
        {is_needed.then(|| filter(owner, form))}
        {list.view(page, |token| row(owner, &token), empty)}
        {(owner.rights.revoke && has_rows).then(|| endings(owner, total, days))}
    }
    .into_any()
}

/// The way to the form that makes one, for who may.
pub(crate) fn new_button(owner: &Owner) -> Option<AnyView> {
    owner.rights.make.then(|| {
        view! {
            <a class="button button-primary" href=owner.new_token()>
                {icon(Icon::Add)}
                "New token"
            </a>
        }
        .into_any()
    })
}

fn filter(owner: &Owner, form: FormState) -> AnyView {
    let field = Field {
        name: "unused_days",
        label: "Not used for this many days",
        kind: "number",
        is_optional: true,
        ..Field::default()
    };
    let fields = vec![field.view(&form)];
    Filter { address: owner.list(&[]), hidden: Vec::new(), form }.view(fields)
}

fn row(owner: &Owner, token: &TokenRow) -> Row {
    let pick = owner.rights.revoke.then(|| {
        let label = format!("Choose {}", token.prefix);
        view! {
            <label class="pick">
                <input type="checkbox" name="ids" value=token.id.to_string() form=CHOSEN aria-label=label />
            </label>
        }
        .into_any()
    });
    let cells = [
        name(owner, token),
        some(&token.scopes.iter().map(Granted::to_string).collect::<Vec<_>>(), "not limited"),
        some(&token.ip_ranges.iter().map(ToString::to_string).collect::<Vec<_>>(), "anywhere"),
        last_used(token),
        ends(token),
    ];
    pick.into_iter().chain(cells).collect()
}

/// What tells it apart: what it is for, and how its text begins.
pub(super) fn name(owner: &Owner, token: &TokenRow) -> AnyView {
    let description = token.description.clone();
    view! {
        <span class="principal">
            <a class="row-link token-name clamped" href=owner.token(token.id)>{description}</a>
            <span class="muted"><code>{token.prefix.clone()}</code></span>
        </span>
    }
    .into_any()
}

/// The first of several words; none has a word of its own.
fn some(words: &[String], none: &'static str) -> AnyView {
    if words.is_empty() {
        return view! { <span class="muted">{none}</span> }.into_any();
    }
    let shown = words
        .iter()
        .take(SPELLED_OUT_MAX)
        .map(|word| view! { <li><code class="break">{breakable(word)}</code></li> })
        .collect_view();
    let rest = words.len().saturating_sub(SPELLED_OUT_MAX);
    let rest = (rest > 0).then(|| view! { <li class="muted">{format!("and {rest} more")}</li> });
    view! { <ul class="token-limits">{shown} {rest}</ul> }.into_any()
}

/// When and from where; from where it was never used, it may go.
pub(super) fn last_used(token: &TokenRow) -> AnyView {
    match token.last_used_at {
        Some(at) => view! {
            <span class="principal">
                <span>{time(at)}</span>
                <span class="muted"><code class="break">{token.last_address.clone()}</code></span>
            </span>
        }
        .into_any(),
        None => view! { <span class="muted">"never"</span> }.into_any(),
    }
}

/// When it ends, and what there is to know of that.
pub(super) fn ends(token: &TokenRow) -> AnyView {
    let word = match (token.is_expired, token.replaced_by.is_some()) {
        (true, _) => Some(badge(Tone::Plain, "ended")),
        (false, true) => Some(badge(Tone::Warning, "being replaced")),
        (false, false) => None,
    };
    let at = match token.expires_at {
        Some(at) => time(at),
        None => view! { <span class="muted">"never"</span> }.into_any(),
    };
    view! { <span class="token-end">{at} {word}</span> }.into_any()
}

/// The forms that end several tokens at once.
fn endings(owner: &Owner, total: i64, days: &str) -> AnyView {
    let actions = owner.actions();
    let kept = owner.hidden();
    let pairs: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let is_narrowed = !days.is_empty();
    let all = match is_narrowed {
        true => format!("{}, not used for {days} days", count(total, "token")),
        false => format!("{} that there are", count(total, "token")),
    };
    let many = view! {
        <form method="post" action=actions.revoke_many class="form">
            {hidden(&pairs)} {hidden(&[("unused_days", days)])}
            <p>{format!("All {all}, also those on other pages of the list.")} " What uses them is refused at once."</p>
            <div class="form-actions">
                <button class="button button-danger">{format!("Revoke {}", count(total, "token"))}</button>
                <button type="button" class="button" commandfor=MANY_DIALOG command="close">"Cancel"</button>
            </div>
        </form>
    };
    let label = if is_narrowed { "Revoke all of these…" } else { "Revoke all…" };
    view! {
        <form id=CHOSEN method="get" action=owner.revocation()></form>
        <div class="form-actions">
            <button class="button" form=CHOSEN>"Revoke chosen…"</button> {pick_all(Some(CHOSEN))}
            {open_button(MANY_DIALOG, "button", label)}
        </div>
        {dialog(MANY_DIALOG, format!("Revoke {}?", count(total, "token")), false, many.into_any())}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::{timestamps::Timestamp, tokens::TokenKind};

    use super::*;
    use crate::tokens::Rights;

    fn token() -> TokenRow {
        TokenRow {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            kind: TokenKind::Personal,
            description: "Deploys\nat night".into(),
            prefix: "rdp_0a1b2c".into(),
            scopes: Vec::new(),
            ip_ranges: ["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"]
                .map(|range| range.parse().unwrap())
                .into(),
            created_at: Timestamp::from_micros(0),
            created_by: "ann@example.org".into(),
            max_age_seconds: None,
            extend_when_used: false,
            expires_at: None,
            is_expired: false,
            last_used_at: None,
            last_address: None,
            last_agent: None,
            replaced_by: None,
            generation: 0,
        }
    }

    fn html(owner: &Owner) -> String {
        let row = row(owner, &token());
        row.into_iter().map(RenderHtml::to_html).collect()
    }

    #[test]
    fn a_row_says_what_tells_the_token_apart_and_leaves_out_what_is_too_much() {
        let html = html(&Owner::oneself());
        assert!(
            html.contains("href=\"/profile/tokens/01890a5d-ac96-774b-bcce-b302099a8057\"")
                && html.contains(">Deploys\nat night</a>"),
            "{html}"
        );
        assert!(
            html.contains("rdp_0a1b2c") && html.contains("and 1 more") && html.contains("not limited"),
            "{html}"
        );
        assert!(!html.contains("2001:db8"), "{html}");
    }

    #[test]
    fn only_those_who_may_end_tokens_can_tick_them() {
        let program = |revoke| {
            let id = "01890a5d-ac96-774b-bcce-b302099a8057";
            let rights = Rights { make: false, edit: false, revoke };
            Owner::program(id.parse().unwrap(), id.parse().unwrap(), "ci".into(), rights)
        };
        assert!(html(&program(true)).contains("form=\"revoke-chosen\""));
        assert!(!html(&program(false)).contains("checkbox"));
        assert!(new_button(&program(true)).is_none());
    }
}
