//! What a change of the authentication policy would do, and the form that makes it. Finds nothing out by itself.

use domain::{
    policies::Rule,
    tokens::TokenKind,
    views::{PolicyPreview, TurnedAwayPerson, TurnedAwayToken, TurnedAwayTotals},
};
use leptos::prelude::*;

use crate::components::{
    alerts::warning,
    badges::{Tone, badge},
    effects::principal,
    form::{FormState, hidden},
    frame::head,
    table::{Column, Row, table},
    time::maybe_time,
};

const PEOPLE: [Column; 4] =
    [Column::Name("Who"), Column::Text("Outcome"), Column::Text("Because it"), Column::Text("Last active")];
const TOKENS: [Column; 4] =
    [Column::Name("Token"), Column::Text("Whose"), Column::Text("Because it"), Column::Text("Last used")];

/// The button that shows the form again as it was sent, and changes nothing.
pub(super) const BACK: &str = "back";
/// The field that says what was looked at.
pub(super) const CONFIRMED: &str = "confirmed";

/// The page: what changes, who loses access, and the buttons. `form` says why the try before was not saved, if there was one.
pub(super) fn draw(
    preview: PolicyPreview,
    mut sent: Vec<(&'static str, String)>,
    path: String,
    form: &FormState,
) -> AnyView {
    let PolicyPreview {
        changes, own_refusal, own_session_ends, people, tokens, totals, confirmation, ..
    } = preview;
    sent.push((CONFIRMED, confirmation));
    let action = path.clone();
    let pairs: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let losing = totals.people_losing + totals.tokens_losing;
    let class = if losing > 0 { "button button-danger" } else { "button button-primary" };
    let own = own_refusal.map(|rule| {
        warning(format!("This turns you away, as you are signed in now: the policy {}", rule.sentence()))
    });
    let ending = of_sessions(totals.sessions_ending, own_session_ends).map(|said| {
        view! { <p role="status">{said}</p> }
    });
    view! {
        {head("Change the authentication policy?".into(), (), ())} {form.error(&[])}
        <ul class="stack policy-changes">{changes.into_iter().map(|change| view! { <li>{change}</li> }).collect_view()}</ul>
        {own}
        <section class="stack policy-preview" aria-labelledby="people">
            <h2 id="people">"People"</h2>
            <p role="status">{of_people(&totals)}</p> {ending}
            {(!people.is_empty()).then(|| table("People who are turned away", &PEOPLE, people.iter().map(person).collect()))}
            {beyond(people.len(), totals.people_losing + totals.people_returning)}
        </section>
        <section class="stack policy-preview" aria-labelledby="tokens">
            <h2 id="tokens">"Tokens"</h2>
            <p role="status">{of_tokens(&totals)}</p>
            {(!tokens.is_empty()).then(|| table("Tokens that are turned away", &TOKENS, tokens.iter().map(token).collect()))}
            {beyond(tokens.len(), totals.tokens_losing)}
        </section>
        <form method="post" action=action class="form form-narrow">
            {hidden(&pairs)}
            <div class="form-actions">
                <button class=class>"Save the policy"</button>
                <button class="button" name=BACK value="true">"Back to the form"</button>
                <a class="button button-quiet" href=path>"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}

/// What becomes of people, in numbers.
fn of_people(totals: &TurnedAwayTotals) -> String {
    let looked_at = match totals.people {
        1 => "Of the one person who was looked at".to_owned(),
        people => format!("Of {people} people who were looked at"),
    };
    let mut text = match (totals.people_losing, totals.people_returning) {
        (0, 0) => format!("{looked_at}, nobody loses access."),
        (losing, 0) => format!("{looked_at}, {losing} {} access.", verb(losing, "loses", "lose")),
        (losing, returning) => format!(
            "{looked_at}, {losing} {} access, and {returning} {} to sign in another way.",
            verb(losing, "loses", "lose"),
            verb(returning, "has", "have"),
        ),
    };
    if totals.people_from_anywhere > 0 {
        text += &format!(
            " From where {} of them {} is not known: if it is none of these addresses, they lose it, too.",
            totals.people_from_anywhere,
            verb(totals.people_from_anywhere, "comes", "come")
        );
    }
    match totals.managed_losing {
        0 => {}
        1 => {
            text += " One person with an address in your verified domains could not sign in at all any more.";
        }
        many => {
            text += &format!(
                " {many} people with addresses in your verified domains could not sign in at all any more."
            );
        }
    }
    if totals.people_further > 0 {
        text += &format!(" {} more were not looked at.", totals.people_further);
    }
    text
}

/// How many browsers are signed out at once, if any.
fn of_sessions(ending: i64, is_own: bool) -> Option<String> {
    let yours = if is_own { ", yours among them" } else { "" };
    match ending {
        0 => None,
        1 if is_own => Some("Your own browser is signed out at once: sessions last shorter.".to_owned()),
        1 => Some("One browser is signed out at once: sessions last shorter.".to_owned()),
        many => Some(format!("{many} browsers are signed out at once{yours}: sessions last shorter.")),
    }
}

/// What becomes of tokens, in numbers.
fn of_tokens(totals: &TurnedAwayTotals) -> String {
    let looked_at = match totals.tokens {
        1 => "Of the one token that was looked at".to_owned(),
        tokens => format!("Of {tokens} tokens that were looked at"),
    };
    let mut text = match totals.tokens_losing {
        0 => format!("{looked_at}, none stops working here."),
        losing => format!("{looked_at}, {losing} {} working here.", verb(losing, "stops", "stop")),
    };
    if totals.tokens_from_anywhere > 0 {
        text += &format!(
            " {} of them {} never used: from where they will be, nobody knows.",
            totals.tokens_from_anywhere,
            verb(totals.tokens_from_anywhere, "was", "were")
        );
    }
    if totals.tokens_further > 0 {
        text += &format!(" {} more were not looked at.", totals.tokens_further);
    }
    text
}

/// The verb that goes with a number.
const fn verb(number: i64, one: &'static str, more: &'static str) -> &'static str {
    if number == 1 { one } else { more }
}

/// Why the policy turns somebody away, to be read after “because it”, and what they can do.
const fn because(row: &TurnedAwayPerson) -> &'static str {
    if row.is_self {
        return row.rule.sentence();
    }
    match row.rule {
        Rule::Password => {
            "lets nobody in with a password. With a passkey or an identity provider they get in."
        }
        Rule::SecondFactor => {
            "asks for a second factor. They add one in their own profile, or sign in with the one they have."
        }
        Rule::IdentityProvider if row.can_return => {
            "asks for the organization’s identity provider. They have to sign in with it."
        }
        Rule::IdentityProvider => {
            "asks for the organization’s identity provider, which does not vouch for them: link their account with it first, or its domain."
        }
        Rule::OtherProvider => {
            "lets nobody in through other organizations’ identity providers. They have to sign in another way."
        }
        Rule::Oidc => "lets nobody in with OpenID Connect. They have to sign in another way.",
        Rule::Address => "lets people in from certain addresses only, and theirs is none of them.",
        rule => rule.sentence(),
    }
}

/// Why the policy turns a token away, to be read after “because it”, and what its owner can do.
const fn because_of_token(rule: Rule) -> &'static str {
    match rule {
        Rule::PersonalToken => "lets no personal tokens in. Application users can have tokens instead.",
        Rule::TokenAge => "does not let tokens get this old. Its owner has to make a new one.",
        Rule::Address => {
            "lets tokens in from certain addresses only, and this one is used from none of them."
        }
        // What it was made in, which tokens are bound to.
        _ => {
            "lets tokens in only if they were made in a sign-in that it allows, and this one was not. Its owner signs in that \
             way and makes a new one."
        }
    }
}

/// How many there are besides those that are listed.
fn beyond(listed: usize, all: i64) -> Option<AnyView> {
    let more = all - i64::try_from(listed).unwrap_or(i64::MAX);
    (more > 0).then(|| view! { <p class="muted">{format!("And {more} more.")}</p> }.into_any())
}

fn person(row: &TurnedAwayPerson) -> Row {
    let becomes = match row.can_return {
        true => badge(Tone::Warning, "signs in another way"),
        false => badge(Tone::Bad, "loses access"),
    };
    let who = view! {
        <span class="policy-who">
            {principal(&row.principal)} {row.is_self.then(|| badge(Tone::Plain, "you"))}
            {row.is_super_admin.then(|| badge(Tone::Plain, "super admin"))}
        </span>
    };
    vec![
        who.into_any(),
        becomes,
        view! { <span>{because(row)}</span> }.into_any(),
        maybe_time(row.last_activity_at),
    ]
}

fn token(row: &TurnedAwayToken) -> Row {
    // What a person's own is for is nobody else's matter, and how its text begins tells them little.
    let what = match (row.description.clone(), row.kind) {
        (Some(description), _) if !description.is_empty() => description,
        (_, TokenKind::Personal) => "Personal token".to_owned(),
        (_, TokenKind::Application) => "No description".to_owned(),
    };
    let name = view! {
        <span class="principal"><span>{what}</span> <code class="muted">{format!("{}…", row.prefix)}</code></span>
    };
    let because = if row.is_own { row.rule.sentence() } else { because_of_token(row.rule) };
    vec![
        name.into_any(),
        principal(&row.owner),
        view! { <span>{because}</span> }.into_any(),
        maybe_time(row.last_used_at),
    ]
}

#[cfg(test)]
mod tests {
    use domain::{
        errors::Error,
        principals::{PrincipalKind, UserKind},
        views::Principal,
    };
    use leptos::reactive::owner::Owner;

    use super::*;
    use crate::context::Posted;

    #[test]
    fn browsers_that_are_signed_out_are_told() {
        assert_eq!(of_sessions(0, false), None);
        assert!(of_sessions(1, true).unwrap().starts_with("Your own browser"));
        assert!(of_sessions(3, true).unwrap().starts_with("3 browsers are signed out at once, yours among"));
        assert!(!of_sessions(2, false).unwrap().contains("yours"));
    }

    #[test]
    fn numbers_are_told_as_people_read_them() {
        let nobody = TurnedAwayTotals { people: 1, tokens: 1, ..TurnedAwayTotals::default() };
        assert_eq!(of_people(&nobody), "Of the one person who was looked at, nobody loses access.");
        assert_eq!(of_tokens(&nobody), "Of the one token that was looked at, none stops working here.");
        let many = TurnedAwayTotals {
            people: 10,
            people_losing: 3,
            people_returning: 2,
            people_further: 7,
            people_from_anywhere: 1,
            managed_losing: 6,
            sessions_ending: 0,
            tokens: 5,
            tokens_losing: 4,
            tokens_further: 1,
            tokens_from_anywhere: 2,
        };
        let told = of_people(&many);
        assert!(told.contains("3 lose access, and 2 have to sign in another way"), "{told}");
        assert!(
            told.contains("where 1 of them come") && told.ends_with("7 more were not looked at."),
            "{told}"
        );
        assert!(
            told.contains("6 people with addresses in your verified domains could not sign in"),
            "{told}"
        );
        let told = of_tokens(&many);
        assert!(told.contains("4 stop working here. 2 of them were never used"), "{told}");
    }

    #[test]
    fn the_page_says_that_the_saver_is_among_them_and_sends_what_was_confirmed() {
        let preview = PolicyPreview {
            policy: domain::policies::AuthenticationPolicy::default(),
            generation: 2,
            changes: vec!["password sign-in: on → off".into()],
            own_session_ends: false,
            own_refusal: Some(Rule::Password),
            people: Vec::new(),
            tokens: Vec::new(),
            totals: TurnedAwayTotals { people: 2, people_losing: 1, ..TurnedAwayTotals::default() },
            confirmation: "c0ffee".into(),
        };
        let sent = vec![("generation", "2".to_owned())];
        let form = FormState::refused("x", Error::conflict("Send it again."), &Posted([].into()));
        let html = Owner::new().with(|| draw(preview, sent, "/here".into(), &form).to_html());
        assert!(html.contains("Send it again."), "{html}");
        assert!(html.contains("This turns you away") && html.contains("on → off"), "{html}");
        assert!(
            html.contains("name=\"confirmed\" value=\"c0ffee\"") && html.contains("button-danger"),
            "{html}"
        );
        assert!(html.contains("name=\"back\" value=\"true\"") && html.contains("href=\"/here\""), "{html}");
    }

    #[test]
    fn whom_no_identity_provider_vouches_for_is_not_told_to_sign_in_with_it() {
        let person = |can_return| TurnedAwayPerson {
            principal: Principal {
                kind: PrincipalKind::User,
                id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
                name: "Bea".into(),
                email: Some("bea@example.org".into()),
                user_kind: Some(UserKind::Person),
                is_active: true,
            },
            rule: Rule::IdentityProvider,
            can_return,
            is_super_admin: false,
            is_self: false,
            last_activity_at: None,
        };
        assert!(because(&person(true)).contains("have to sign in with it"));
        assert!(because(&person(false)).contains("link their account with it first"));
    }

    #[test]
    fn a_token_is_told_to_who_reads_the_preview_and_not_to_its_owner() {
        for rule in Rule::ALL {
            let said = because_of_token(*rule);
            assert!(!said.contains("Make ") && !said.contains("your"), "{rule}: {said}");
        }
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let owner = Principal {
            kind: PrincipalKind::User,
            id: id.parse().unwrap(),
            name: "Bea".into(),
            email: Some("bea@example.org".into()),
            user_kind: Some(UserKind::Person),
            is_active: true,
        };
        let row = TurnedAwayToken {
            id: id.parse().unwrap(),
            kind: TokenKind::Personal,
            prefix: "rdp_1B6VhK".into(),
            description: None,
            owner,
            rule: Rule::TokenAge,
            is_own: false,
            last_used_at: None,
        };
        let html = Owner::new().with(|| table("Tokens", &TOKENS, vec![token(&row)]).to_html());
        assert!(html.contains("Personal token") && html.contains("Its owner has to make"), "{html}");
        let html = Owner::new().with(|| {
            let row = TurnedAwayToken { is_own: true, ..row };
            table("Tokens", &TOKENS, vec![token(&row)]).to_html()
        });
        assert!(html.contains("Make a new one."), "{html}");
    }
}
