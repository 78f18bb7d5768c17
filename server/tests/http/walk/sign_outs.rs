//! Signing out stands on every page that somebody sees who is signed in.

use axum::http::Method;

use super::{
    cast::{self, SUPER_ADMIN},
    requests::{Asked, send},
    routes::{self, Kind},
    things::World,
};

/// Pages that were looked at when this was last changed: it may only become more.
const PAGES_MIN: usize = 60;

#[tokio::test]
async fn asvs_7_4_4_every_page_offers_to_sign_out() {
    let world = World::new().await;
    let own = cast::all(&world).await.into_iter().find(|actor| actor.name == SUPER_ADMIN).unwrap();
    let pages = routes::all();
    let pages = pages.iter().filter(|route| route.kind == Kind::Page && route.method == Method::GET);
    let (mut looked_at, mut without) = (0, Vec::new());
    for route in pages.filter(|route| !route.asks.is_empty()) {
        let value = |name: &str| {
            let values = [&own.values, &world.own.values];
            values.into_iter().find_map(|values| values.get(name)).unwrap().clone()
        };
        let reply = send(&world, &own, route, &Asked::new(route, route.sent, value)).await;
        if reply.status.is_redirection() {
            continue;
        }
        if !reply.text.contains("action=\"/api/sign_out\"") {
            without.push(format!("{} ({})", route.path, reply.status));
        }
        looked_at += 1;
    }
    println!("{looked_at} pages, each with a form that signs out");
    assert!(without.is_empty(), "{without:#?}");
    assert!(looked_at >= PAGES_MIN, "{looked_at}");
}
