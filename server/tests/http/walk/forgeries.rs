//! What another site makes a browser send, to every route that changes something: refused, and nothing is changed.

use axum::http::Method;

use super::{
    actors::Actor,
    cast::{self, SUPER_ADMIN},
    requests::{Asked, send_with},
    routes::{self, Kind, Route},
    things::World,
};

/// Requests that were tried when this was last changed: it may only become more.
const FORGERIES_MIN: usize = 900;
/// What the headers are of a request that is not the console's own; an empty value takes a header away.
const FOREIGN: &[&[(&str, &str)]] = &[
    &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
    &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:8080")],
    &[("sec-fetch-site", "same-site"), ("origin", "http://localhost:8081")],
    // Browsers from before Sec-Fetch-Site.
    &[("sec-fetch-site", ""), ("origin", "https://evil.example")],
    &[("sec-fetch-site", ""), ("origin", "null")],
    &[("sec-fetch-site", ""), ("origin", "http://localhost:8080.evil.example")],
    &[("sec-fetch-site", ""), ("origin", ""), ("referer", "http://localhost:8080/projects")],
];

/// Routes that may change something. The doors of identity providers are there for other sites' forms: they look at no cookie, and
/// what comes through them has tests of its own.
fn changing() -> Vec<Route> {
    let all = routes::all().into_iter().filter(|route| route.kind != Kind::Machinery);
    all.filter(|route| !matches!(route.method, Method::GET | Method::HEAD)).collect()
}

async fn super_admin(world: &World) -> Actor {
    cast::all(world).await.into_iter().find(|actor| actor.name == SUPER_ADMIN).unwrap()
}

#[tokio::test]
async fn asvs_3_5_1_no_route_that_changes_something_takes_what_another_site_sends() {
    let world = World::new().await;
    let own = super_admin(&world).await;
    // The API looks at no cookie: there a browser that another site makes send one is nobody.
    let with_cookie = own.crossed();
    let routes = changing();
    let before = store::testing::dump_without(&world.installation.store, &[]).await;
    let (mut tried, mut wrongs) = (0, Vec::new());
    for route in &routes {
        let (actor, expected) = match route.kind {
            Kind::Operation => (&with_cookie, 401),
            _ => (&own, 403),
        };
        for headers in FOREIGN {
            let value = |name: &str| {
                let values = [&own.values, &world.own.values];
                values.into_iter().find_map(|values| values.get(name)).unwrap().clone()
            };
            let asked = Asked::new(route, route.sent, value);
            let reply = send_with(&world, actor, route, &asked, headers).await;
            let is_refused = reply.status == expected
                && (route.kind == Kind::Operation || reply.text.starts_with("This request was refused: "));
            if !is_refused || reply.headers.contains_key("set-cookie") {
                wrongs.push(format!("{} {} {headers:?}: {}", route.method, route.path, reply.status));
            }
            tried += 1;
        }
    }
    println!("{tried} forged requests to {} rows of routes that change something", routes.len());
    assert!(wrongs.is_empty(), "{}:\n{}", wrongs.len(), wrongs.join("\n"));
    assert!(
        before == store::testing::dump_without(&world.installation.store, &[]).await,
        "something changed"
    );
    assert!(tried >= FORGERIES_MIN, "{tried}");
}

/// What a browser asks for when somebody follows a link is a GET: none of them changes anything but what it is that somebody
/// has begun.
#[tokio::test]
async fn asvs_3_5_3_links_change_nothing() {
    let world = World::new().await;
    let own = super_admin(&world).await;
    let begun = ["ceremonies", "sessions"];
    let dump = async || {
        let uses = [("users", "last_activity_at"), ("tokens", "last_used_at"), ("tokens", "last_address")];
        let uses = [uses.as_slice(), &[("tokens", "last_agent")]].concat();
        let mut tables = store::testing::dump_without(&world.installation.store, &uses).await;
        for table in begun {
            assert!(tables.remove(table).is_some(), "{table}");
        }
        tables
    };
    let (before, mut tried) = (dump().await, 0);
    let links = routes::all().into_iter().filter(|route| route.method == Method::GET);
    for route in &links.filter(|route| route.kind != Kind::Machinery).collect::<Vec<_>>() {
        let value = |name: &str| {
            let values = [&own.values, &world.own.values];
            values.into_iter().find_map(|values| values.get(name)).unwrap().clone()
        };
        let asked = Asked::new(route, route.sent, value);
        let foreign: &[(&str, &str)] = &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        let reply = send_with(&world, &own, route, &asked, foreign).await;
        assert!(reply.status.as_u16() < 500, "{}: {}", route.path, reply.text);
        tried += 1;
    }
    println!("{tried} links from other sites");
    let after = dump().await;
    for (table, rows) in &before {
        let more: Vec<&String> = after[table].iter().filter(|row| !rows.contains(row)).collect();
        // That a mail was read which is kept here, and may hold a link, is on record.
        // So is how often one network begins to sign in.
        let is_told = |row: &&String| {
            table == "events" && row.contains("'mail.viewed'")
                || table == "sign_in_attempts" && row.starts_with("'challenges:")
        };
        assert!(more.iter().all(is_told), "{table} has changed: {more:#?}");
        assert!(after[table].len() == rows.len() + more.len(), "something of {table} is gone");
    }
    assert!(tried >= 100, "{tried}");
}
