//! Every way in, tried by everybody there is, and with every id replaced by one that is not theirs. What anybody should get
//! follows from the table in `routes` and from what they hold; a route without a row fails the test.

mod actors;
mod cast;
mod forgeries;
mod requests;
mod routes;
mod sign_outs;
mod things;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use axum::http::{Method, StatusCode};
use domain::events::EventType;
use leptos::server_fn::axum::server_fn_paths;
use store::events::EventFilter;

use self::{
    actors::{Actor, Expected},
    requests::{Asked, Reply, send, send_as},
    routes::{Ask, Kind, Route, names, without_names},
    things::{NO_IDS, World},
};
use crate::installation::Installation;

/// Pairs that were tried when this was last changed: it may only become more.
const ACTORS_AND_ROUTES_MIN: usize = 18_000;
const IDS_AND_ROUTES_MIN: usize = 2_300;
/// Requests that one token has before its window must end.
const TOKEN_REQUESTS_MAX: usize = 500;

/// Every address that the product answers: kind, method, and path with the names left out.
fn registered() -> BTreeSet<(Kind, String, String)> {
    let get = Method::GET.to_string();
    let pages = leptos_axum::generate_route_list(app::App).into_iter().flat_map(|page| {
        let path = without_names(page.path());
        let methods: Vec<String> =
            page.methods().map(|method| format!("{method:?}").to_uppercase()).collect();
        methods.into_iter().map(move |method| (Kind::Page, method, path.clone()))
    });
    let posted =
        server::router::POSTED.iter().map(|path| (Kind::Page, Method::POST.to_string(), without_names(path)));
    let functions =
        server_fn_paths().map(|(path, method)| (Kind::Function, method.to_string(), without_names(path)));
    let operations = server::api::operations()
        .iter()
        .map(|operation| (Kind::Operation, operation.method.to_string(), without_names(operation.path)));
    let others = server::router::plain_paths().into_iter().map(|path| {
        let kind = match path {
            path if path.starts_with("/streams/") => Kind::Stream,
            path if path.starts_with("/projects/") || path.starts_with("/organizations/") => Kind::Download,
            _ => Kind::Machinery,
        };
        (kind, get.clone(), without_names(path))
    });
    let protocols = server::saml::PATHS
        .iter()
        .chain(server::oidc::PATHS)
        .chain(server::scim::PATHS)
        .map(|(method, path)| (Kind::Machinery, method.to_string(), without_names(path)));
    pages.chain(posted).chain(functions).chain(operations).chain(others).chain(protocols).collect()
}

#[tokio::test]
async fn every_route_is_in_the_table() {
    let _installation = Installation::new().await;
    let (registered, listed) = (registered(), routes::all());
    let listed: BTreeSet<_> = listed.iter().map(Route::place).collect();
    let missing: Vec<_> = registered.difference(&listed).collect();
    assert!(missing.is_empty(), "routes without a row in tests/http/walk/routes: {missing:#?}");
    let gone: Vec<_> = listed.difference(&registered).collect();
    assert!(gone.is_empty(), "rows of routes that are not there: {gone:#?}");
}

#[test]
fn rows_ask_for_what_operations_say() {
    for operation in server::api::operations().iter().filter(|operation| !operation.is_open) {
        let place = (Kind::Operation, operation.method.to_string(), without_names(operation.path));
        let rows = routes::all().into_iter().filter(|row| row.place() == place);
        let asked: Vec<_> = rows.flat_map(|row| row.asks.to_vec()).map(Ask::action).collect();
        assert!(asked.contains(&operation.action), "{}: {asked:?}", operation.id);
    }
}

/// Everything in the database that somebody could have changed: not that something was tried, and when something was used.
async fn everything(world: &World) -> BTreeMap<String, Vec<String>> {
    let uses = [
        ("users", "last_activity_at"),
        ("tokens", "last_used_at"),
        ("tokens", "last_address"),
        ("tokens", "last_agent"),
        ("strands", "wake_at"),
        ("strands", "is_woken"),
        ("strands", "generation"),
    ];
    let mut tables = store::testing::dump_without(&world.installation.store, &uses).await;
    for tries in ["ceremonies", "events", "mail_tallies", "provider_requests", "sessions", "sign_in_attempts"]
    {
        assert!(tables.remove(tries).is_some(), "{tries}");
    }
    tables
}

/// Why an answer is not the expected one, if so.
fn wrong(route: &Route, expected: Expected, reply: &Reply) -> Option<String> {
    let status = reply.status;
    let leads_to_sign_in = status.is_redirection() && reply.header("location").starts_with("/sign-in");
    let is_right = match expected {
        Expected::Unknown if route.kind == Kind::Page => leads_to_sign_in,
        Expected::Unknown => status == StatusCode::UNAUTHORIZED,
        Expected::Hidden => status == StatusCode::NOT_FOUND,
        Expected::Missing => status == StatusCode::FORBIDDEN,
        Expected::Allowed if route.answers.is_some() => Some(status) == route.answers,
        Expected::Allowed => {
            let is_refused = matches!(status.as_u16(), 401 | 403 | 404 | 500..);
            !is_refused && (route.asks.is_empty() || !leads_to_sign_in)
        }
    };
    (!is_right)
        .then(|| format!("{expected:?} was expected, and the answer is {status}: {}", short(&reply.text)))
}

fn short(text: &str) -> String {
    let start = text.find("notice-page").or_else(|| text.find("<main")).unwrap_or(0);
    text[start..].chars().take(300).collect()
}

#[tokio::test]
async fn everybody_gets_what_is_theirs_and_nothing_else() {
    let world = World::new().await;
    let (actors, routes) = (cast::all(&world).await, routes::all());
    let before = everything(&world).await;
    let (mut tried, mut wrongs) = (0, Vec::new());
    for actor in &actors {
        for route in &routes {
            let value = |name: &str| {
                let values = [&actor.values, &world.own.values];
                values
                    .into_iter()
                    .find_map(|values| values.get(name))
                    .unwrap_or_else(|| panic!("{name}"))
                    .clone()
            };
            let asked = Asked::new(route, route.actors_send.unwrap_or(route.sent), value);
            let (reply, expected) = (send(&world, actor, route, &asked).await, actor.expected(route));
            let row = format!("{} {} {}", route.method, route.path, route.sent);
            wrongs.extend(wrong(route, expected, &reply).map(|why| format!("{}: {row}: {why}", actor.name)));
            if route.spends && expected == Expected::Allowed {
                world.mend().await;
                actor.mend(&world).await;
            }
            tried += 1;
        }
    }
    println!("{tried} pairs of {} actors and {} routes", actors.len(), routes.len());
    assert!(wrongs.is_empty(), "{} of {tried}:\n{}", wrongs.len(), wrongs.join("\n"));
    same(&before, &everything(&world).await, &actors);
    let stranger = actors.iter().find(|actor| actor.name == cast::STRANGER).unwrap();
    let filter = EventFilter { actor: Some(&stranger.values["email"]), ..EventFilter::default() };
    let own = Some(world.own.organization);
    let mut tx = world.installation.store.read().await.unwrap();
    let told = store::events::list_for_organization(&mut tx, own, &filter, None, 10).await.unwrap();
    let told: Vec<_> = told.iter().map(|event| event.event_type).collect();
    // They were invited; nothing else of what they tried is in the log of those who do not know them.
    assert_eq!(told, [EventType::InvitationDeclined]);
    assert!(tried >= ACTORS_AND_ROUTES_MIN, "{tried}");
}

#[tokio::test]
async fn programs_see_no_page_of_those_who_are_signed_in() {
    let world = World::new().await;
    let actors = cast::all(&world).await;
    let routes = routes::all().into_iter().filter(|route| route.kind == Kind::Page && !route.asks.is_empty());
    for route in routes {
        let asked = Asked::new(&route, route.sent, |name| world.own.values[name].clone());
        for actor in actors.iter().filter(|actor| actor.is_unknown()) {
            // Only who asks for HTML is led to the sign-in.
            let reply = send_as(&world, actor, &route, &asked, "*/*").await;
            assert_eq!(
                reply.status,
                StatusCode::UNAUTHORIZED,
                "{}: {}: {}",
                actor.name,
                route.path,
                reply.text
            );
        }
    }
}

/// Of a domain: id, organization, name, how it is proven, by what, and whether it is.
const DOMAIN_COLUMNS_KEPT: usize = 6;

/// Makes sure that nothing has changed but what was everybody's own to end for good.
fn same(before: &BTreeMap<String, Vec<String>>, after: &BTreeMap<String, Vec<String>>, actors: &[Actor]) {
    let unwanted = actors.iter().filter_map(|actor| actor.values.get("unwanted_invitation"));
    let unwanted = unwanted.map(|id| id.replace('-', "").to_uppercase());
    let unwanted: Vec<String> = unwanted.collect();
    let addresses: Vec<&String> = actors.iter().filter_map(|actor| actor.values.get("email")).collect();
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (table, rows) in before {
        let kept = |rows: &[String]| -> Vec<String> {
            // Who changes how they sign in is told by mail.
            let is_told =
                |row: &str| table == "mails" && addresses.iter().any(|address| row.contains(*address));
            // And whoever may prove domains, of a look for a proof that is not there.
            let is_of_domain = |row: &str| table == "mails" && row.contains("|'domain");
            let is_own =
                |row: &str| unwanted.iter().any(|id| row.contains(id)) || is_told(row) || is_of_domain(row);
            let kept = rows.iter().filter(|row| !is_own(row));
            // A look for a proof that is not there is noted; what the domain is and whose stays.
            let looked_for =
                |row: &String| row.split('|').take(DOMAIN_COLUMNS_KEPT).collect::<Vec<_>>().join("|");
            match table.as_str() {
                "domains" => kept.map(looked_for).collect(),
                _ => kept.cloned().collect(),
            }
        };
        assert_eq!(kept(rows), kept(&after[table]), "{table} has changed");
    }
}

#[tokio::test]
async fn what_is_not_theirs_is_not_there() {
    let world = World::new().await;
    let actors = cast::all(&world).await;
    let actor = actors.iter().find(|actor| actor.name == cast::SUPER_ADMIN).unwrap();
    let (before, told) = (everything(&world).await, events(&world).await);
    let (mut tried, mut wrongs) = (0, Vec::new());
    let routes = routes::all().into_iter().filter(|route| !route.asks.is_empty());
    // Where a token is not enough, nothing is looked for.
    for route in &routes.filter(|route| actor.expected(route) == Expected::Allowed).collect::<Vec<_>>() {
        for (slot, name) in route.names().into_iter().enumerate().filter(|(_, name)| !NO_IDS.contains(name)) {
            let (ids, mut answers) = (strange(&world, route, name), Vec::new());
            for (kind, id) in &ids {
                let asked = asked_with(&world, actor, route, slot, id);
                let reply = send(&world, actor, route, &asked).await;
                let own = world.own.values.iter().filter(|(name, _)| !NO_IDS.contains(name));
                let known = ids.iter().map(|(_, id)| id).chain(own.map(|(_, id)| id));
                let text = reply.without_chance(known.map(String::as_str));
                answers.push(Answer { kind, status: reply.status, text });
                tried += 1;
                if tried % TOKEN_REQUESTS_MAX == 0 {
                    world.installation.clock.advance(Duration::from_secs(61));
                }
            }
            let row = format!("{} {} {}: {name}", route.method, route.path, route.sent);
            wrongs.extend(differing(route, name, &answers).map(|why| format!("{row}: {why}")));
        }
    }
    println!("{tried} pairs of ids and routes");
    assert!(wrongs.is_empty(), "{}:\n{}", wrongs.len(), wrongs.join("\n"));
    same(&before, &everything(&world).await, &[]);
    assert_eq!(events(&world).await, told, "and no trace in the other tenant's log");
    assert!(tried >= IDS_AND_ROUTES_MIN, "{tried}");
}

/// How many events the other tenant has.
async fn events(world: &World) -> i64 {
    let mut tx = world.installation.store.read().await.unwrap();
    let theirs = Some(world.theirs.organization);
    store::events::count_for_organization(&mut tx, theirs, &EventFilter::default(), 1).await.unwrap()
}

/// What somebody was told of an id that is not there.
struct Answer<'a> {
    kind: &'a str,
    status: StatusCode,
    text: String,
}

const NO_ID: &str = "no id";
const DELETED: &str = "deleted";

/// Ids that are not there, by what they are.
fn strange(world: &World, route: &Route, name: &str) -> Vec<(&'static str, String)> {
    let random = match name {
        "project" | "service" => "unheard-of".to_owned(),
        _ => "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
    };
    let mut ids = vec![
        ("random", random),
        ("another tenant's", world.theirs.values[name].clone()),
        ("of another kind", world.mistaken(name).to_owned()),
    ];
    if route.filters.contains(&name) {
        // What is gone has left something in the list, and what is no id filters nothing.
        return ids;
    }
    ids.push((NO_ID, "Not_An_Id".to_owned()));
    let is_in_path = names(route.path).contains(&name);
    if is_in_path && matches!(route.kind, Kind::Download | Kind::Operation) {
        ids.extend(["0", "..", "%00"].map(|text| ("no id at all", text.to_owned())));
    }
    if is_in_path && route.kind == Kind::Operation {
        ids.push(("no text", "%FF".to_owned()));
    }
    ids.extend(world.gone.get(name).map(|id| (DELETED, id.clone())));
    ids
}

/// What is asked with this id in the place of one.
fn asked_with(world: &World, actor: &Actor, route: &Route, slot: usize, id: &str) -> Asked {
    let mut at = 0;
    Asked::new(route, route.sent, |name| {
        at += 1;
        let values = [&actor.values, &world.own.values];
        let value = || values.into_iter().find_map(|values| values.get(name)).unwrap().clone();
        if at == slot + 1 { id.to_owned() } else { value() }
    })
}

/// Why the answers tell more than that nothing is there, if so.
fn differing(route: &Route, name: &str, answers: &[Answer<'_>]) -> Option<String> {
    let is_chosen = route.chosen.contains(&name);
    let expected = match name {
        name if route.filters.contains(&name) => StatusCode::OK,
        _ if is_chosen => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::NOT_FOUND,
    };
    let first = &answers[0].text;
    // What can be in no list may be told apart from what is in none; and pages say what became of a service.
    let is_told = |answer: &Answer<'_>| match answer.kind {
        NO_ID => is_chosen,
        DELETED => route.kind == Kind::Page && name == "service",
        _ => false,
    };
    let tells_more =
        |answer: &&Answer<'_>| answer.status != expected || answer.text != *first && !is_told(answer);
    answers.iter().find(tells_more).map(|Answer { kind, status, text }| {
        let part = text.chars().zip(first.chars()).take_while(|(one, other)| one == other).count();
        let rest = |text: &str| text.chars().skip(part.saturating_sub(40)).take(160).collect::<String>();
        format!("{kind}: {status}: …{}… against …{}…", rest(text), rest(first))
    })
}
