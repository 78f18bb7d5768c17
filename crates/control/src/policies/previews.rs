//! What a change of the policy would do to the people and tokens that there are: found out from the database, and named by a
//! fingerprint, so that what was confirmed is what happens. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    errors::Error,
    ids::{OrganizationId, UserId},
    policies::{AuthenticationPolicy, Rule},
    principals::{PrincipalKind, UserKind},
    sign_ins::FactorKind,
    tokens::TokenKind,
    views::{
        PolicyPreview, Principal, TURNED_AWAY_ROWS_MAX, TurnedAwayPerson, TurnedAwayToken, TurnedAwayTotals,
    },
};
use ring::digest::{SHA256, digest};
use serde_json::json;
use store::{
    Tx,
    authentication_policies::{OpenSession, OpenToken, Person},
};

use super::{
    forms, kept_out, shut_out,
    turned_away::{Known, PEOPLE_MAX, SESSIONS_MAX, TOKENS_MAX, Tightening},
};
use crate::{Context, contexts::Permit, errors::Failure};

/// What the change would do, unless nobody could act as super admin any more.
pub(super) async fn make(
    permit: &Permit,
    tx: &mut Tx,
    generation: i64,
    before: &AuthenticationPolicy,
    after: AuthenticationPolicy,
) -> Result<PolicyPreview, Failure> {
    let (ctx, access) = (permit.ctx(), permit.access()?);
    let organization = access.organization_id;
    let tightening = Tightening { organization, before, after: &after, now: ctx.now() };
    let open = store::authentication_policies::sessions(tx, organization, ctx.now(), SESSIONS_MAX).await?;
    let ending: Vec<&OpenSession> = open.iter().filter(|session| tightening.ends(session)).collect();
    let people = people(ctx, tx, organization, &open).await?;
    // Where both are so, the first says what to do.
    keeps_a_break_glass(&tightening, &people)?;
    keeps_a_super_admin(&tightening, &people)?;
    let tokens = store::authentication_policies::tokens(tx, organization, ctx.now(), TOKENS_MAX).await?;

    let managed_losing = shut_out::count(tx, organization, (before, &after), &people).await?;
    let mut found = Found {
        totals: TurnedAwayTotals {
            managed_losing,
            sessions_ending: number(ending.len()),
            ..totals(ctx, tx, organization, &after, (&people, &tokens)).await?
        },
        ..Found::default()
    };
    for (person, known) in &people {
        found.add_person(ctx, &tightening, person, known);
    }
    for token in &tokens {
        found.add_token(ctx, &tightening, token);
    }
    let own_refusal = ctx.judged(access, &after).err();
    let confirmation = found.fingerprint(generation, &after, own_refusal);
    let changes = forms::changes(before, &after);
    let Found { mut people, mut tokens, totals } = found;
    people.sort_by_key(|row| (row.can_return, !row.is_self));
    people.truncate(TURNED_AWAY_ROWS_MAX);
    tokens.sort_by_key(|row| std::cmp::Reverse(row.last_used_at));
    tokens.truncate(TURNED_AWAY_ROWS_MAX);
    Ok(PolicyPreview {
        policy: after,
        generation,
        changes,
        own_session_ends: ending.iter().any(|session| Some(session.key_hash.as_slice()) == ctx.session()),
        own_refusal,
        people,
        tokens,
        totals,
        confirmation,
    })
}

/// Refuses a change after which no super admin could sign in any more.
fn keeps_a_super_admin(tightening: &Tightening<'_>, people: &[(Person, Known)]) -> Result<(), Error> {
    let can = |is_after| {
        let super_admins = people.iter().filter(|(person, _)| person.is_super_admin);
        super_admins.into_iter().any(|(_, known)| tightening.could_sign_in(known, is_after))
    };
    match can(false) && !can(true) {
        true => Err(Error::conflict(
            "No super admin could sign in any more: none of them has what this asks for, or comes from where it lets people in. \
             Have one add a factor in their profile under Authentication, or allow the address that one of them comes from.",
        )),
        false => Ok(()),
    }
}

/// Refuses a change after which nobody gets in when the required identity provider does not answer.
fn keeps_a_break_glass(tightening: &Tightening<'_>, people: &[(Person, Known)]) -> Result<(), Error> {
    let can = |is_after| people.iter().any(|(_, known)| tightening.could_break_glass(known, is_after));
    let (was_required, is_required) =
        (tightening.before.identity_provider_required, tightening.after.identity_provider_required);
    match is_required && !can(true) && (!was_required || can(false)) {
        true => Err(forms::no_break_glass(was_required)),
        false => Ok(()),
    }
}

/// The people whom the organization lets in, with what there is to know of each. Of who asks, the very session they ask
/// with counts as the last one.
async fn people(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    open: &[OpenSession],
) -> Result<Vec<(Person, Known)>, Failure> {
    let mut factors: BTreeMap<UserId, BTreeSet<FactorKind>> = BTreeMap::new();
    for (user, kind) in store::factors::kinds_in_organization(tx, organization).await? {
        factors.entry(user).or_default().insert(kind);
    }
    let mut sessions: BTreeMap<UserId, Vec<_>> = BTreeMap::new();
    let (own, proof, address) = (ctx.user()?, ctx.proof(), ctx.origin().address);
    if let Some(proof) = proof {
        sessions.entry(own).or_default().push((proof, address));
    }
    for row in open {
        sessions.entry(row.user_id).or_default().push(Known::session(row));
    }
    let mut providers = kept_out::providers(tx, organization).await?;
    let found = store::authentication_policies::people(tx, organization, PEOPLE_MAX).await?;
    let known = found.into_iter().map(|person| {
        let user = person.user_id;
        let known = Known {
            means: kept_out::means(
                &person,
                factors.remove(&user),
                providers.remove(&user).unwrap_or_default(),
            ),
            is_break_glass: kept_out::is_break_glass(&person),
            sessions: sessions.remove(&user).unwrap_or_default(),
        };
        (person, known)
    });
    Ok(known.collect())
}

/// How many are looked at, and how many there are besides.
async fn totals(
    ctx: &Context,
    tx: &mut Tx,
    organization: OrganizationId,
    after: &AuthenticationPolicy,
    (people, tokens): (&[(Person, Known)], &[OpenToken]),
) -> Result<TurnedAwayTotals, Failure> {
    let has_list = !after.addresses.is_empty();
    let (looked_at, of_tokens) = (number(people.len()), number(tokens.len()));
    let all_people = match looked_at < i64::from(PEOPLE_MAX) {
        true => looked_at,
        false => store::authentication_policies::count_people(tx, organization).await?,
    };
    let all_tokens = match of_tokens < i64::from(TOKENS_MAX) {
        true => of_tokens,
        false => store::authentication_policies::count_tokens(tx, organization, ctx.now()).await?,
    };
    let unseen = people.iter().filter(|(_, known)| has_list && known.address().is_none());
    let unused = tokens.iter().filter(|token| has_list && token.last_address.is_none());
    Ok(TurnedAwayTotals {
        people: looked_at,
        people_further: (all_people - looked_at).max(0),
        people_from_anywhere: number(unseen.count()),
        tokens: of_tokens,
        tokens_further: (all_tokens - of_tokens).max(0),
        tokens_from_anywhere: number(unused.count()),
        ..TurnedAwayTotals::default()
    })
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Those whom the change turns away.
#[derive(Default)]
struct Found {
    people: Vec<TurnedAwayPerson>,
    tokens: Vec<TurnedAwayToken>,
    totals: TurnedAwayTotals,
}

impl Found {
    fn add_person(&mut self, ctx: &Context, tightening: &Tightening<'_>, person: &Person, known: &Known) {
        let Some(loss) = tightening.person(known) else { return };
        let of =
            if loss.can_return { &mut self.totals.people_returning } else { &mut self.totals.people_losing };
        *of += 1;
        self.people.push(TurnedAwayPerson {
            principal: Principal {
                kind: PrincipalKind::User,
                id: person.user_id.uuid(),
                name: person.name.clone(),
                email: Some(person.email.clone()),
                user_kind: Some(UserKind::Person),
                is_active: true,
            },
            rule: loss.rule,
            can_return: loss.can_return,
            is_super_admin: person.is_super_admin,
            is_self: ctx.user() == Ok(person.user_id),
            last_activity_at: person.last_activity_at,
        });
    }

    fn add_token(&mut self, ctx: &Context, tightening: &Tightening<'_>, token: &OpenToken) {
        let Some(rule) = tightening.token(token) else { return };
        self.totals.tokens_losing += 1;
        self.tokens.push(TurnedAwayToken {
            id: token.id,
            kind: token.kind,
            prefix: token.prefix.clone(),
            description: (token.kind == TokenKind::Application).then(|| token.description.clone()),
            owner: Principal {
                kind: PrincipalKind::User,
                id: token.user_id.uuid(),
                name: token.name.clone(),
                email: (token.user_kind == UserKind::Person).then(|| token.email.clone()),
                user_kind: Some(token.user_kind),
                is_active: true,
            },
            rule,
            is_own: ctx.user() == Ok(token.user_id),
            last_used_at: token.last_used_at,
        });
    }

    /// What names the change and all who lose access by it. Who would only sign in another way is not in it: people sign in
    /// and out all the time.
    fn fingerprint(&self, generation: i64, after: &AuthenticationPolicy, own: Option<Rule>) -> String {
        let losing = self.people.iter().filter(|row| !row.can_return);
        let people: BTreeSet<_> = losing.map(|row| (row.principal.id, row.rule.as_str())).collect();
        let tokens: BTreeSet<_> = self.tokens.iter().map(|row| (row.id.uuid(), row.rule.as_str())).collect();
        let whole = json!({
            "generation": generation, "policy": after, "own": own.map(Rule::as_str), "people": people,
            "tokens": tokens, "further": [self.totals.people_further, self.totals.tokens_further],
            "managed": self.totals.managed_losing,
        });
        digest(&SHA256, whole.to_string().as_bytes())
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
