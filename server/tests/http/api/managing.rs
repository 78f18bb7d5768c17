//! The part of the journey that is about domains, the accounts that they make managed, and identity providers.

use domain::{
    domains::{CHALLENGE_LABEL, challenge},
    inputs::CreateToken,
};
use serde_json::{Value, json};

use super::{
    callers::{Person, Program, give_way_in, member},
    journeys::{Walk, bodies},
};
use crate::{
    identity_providers::{certificate, descriptor},
    installation::Installation,
};

const BOB: &str = "bob@acme.example";

/// A domain from its listing to its end, with everything that it is good for in between.
pub(super) async fn of_domains(walk: &mut Walk, installation: &Installation, ann: &Person) {
    let shadow = control::organizations::create(&ann.ctx, "Shadow").await.unwrap().id;
    let bob = member(installation, shadow, BOB).await;
    give_way_in(installation, bob.id).await;

    let listed = walk.does_with("addDomain").await;
    assert_eq!((&listed["state"], &listed["verification_type"]), (&"unverified".into(), &"http".into()));
    walk.set("domain", &listed["domain_id"]);
    assert_eq!(walk.does_with("setDomainVerification").await["verification_type"], "dns");
    let record = challenge(listed["challenge_token"].as_str().unwrap());
    installation.world.publish(&format!("{CHALLENGE_LABEL}.acme.example"), &record);
    assert_eq!(walk.does("listManagedUsers", "").await["total"], 0, "nothing is proven yet");
    let verified = walk.does("verifyDomain", "").await;
    assert_eq!((&verified["state"], &verified["managed_people"]), (&"verified".into(), &1.into()));
    let domain = walk.does("getDomain", "").await;
    assert!(domain["verified_at"].is_string(), "{domain}");
    assert_eq!(walk.does("listDomains", "").await["domains"], json!([domain]));
    let found = walk.does("listDiscoveredOrganizations", "").await;
    assert_eq!(found["organizations"][0]["organization_name"], "Shadow");
    assert_eq!(found["organizations"][0]["people"], 1);

    of_managed_users(walk, installation, &bob).await;
    of_identity_providers(walk, &domain["domain_id"]).await;
    walk.does("removeDomain", "?confirm=acme.example").await;
    assert_eq!(walk.does("listDomains", "").await["total"], 0);
    control::organizations::delete(&ann.ctx, shadow, "Shadow").await.unwrap();
}

async fn of_managed_users(walk: &mut Walk, installation: &Installation, bob: &Person) {
    let bobs = Program::new(installation).with_token(&bob.token(&CreateToken::default()).await);
    assert_eq!(walk.does("listManagedUsers", "?membership=member").await["total"], 0);
    let listed = walk.does("listManagedUsers", "?text=bob").await;
    assert_eq!((&listed["total"], &listed["users"][0]["email"]), (&1.into(), &BOB.into()));
    walk.set("user", &listed["users"][0]["user_id"]);
    let view = walk.does("getManagedUser", "").await;
    assert_eq!(
        (&view["organizations"], &view["tokens"], &view["obstacle"]),
        (&1.into(), &1.into(), &Value::Null)
    );

    bobs.get("/v1/me").await.with(200);
    walk.does("deactivateManagedUser", "").await;
    assert_eq!(walk.does("getManagedUser", "").await["is_active"], false);
    assert_eq!(bobs.get("/v1/me").await.problem().0, 401, "shut out everywhere");
    walk.does("reactivateManagedUser", "").await;
    bobs.get("/v1/me").await.with(200);
    let tokens = walk.does("listManagedTokens", "").await;
    assert_eq!((&tokens["total"], &tokens["tokens"][0]["description"]), (&1.into(), &"test".into()));
    walk.set("token", &tokens["tokens"][0]["id"]);
    walk.does("revokeManagedToken", "").await;
    assert_eq!(bobs.get("/v1/me").await.problem().0, 401, "it is ended");
    assert_eq!(walk.does("listManagedTokens", "").await["total"], 0);
    walk.does("askManagedPasswordReset", "").await;
    let asked = walk.does("listOrganizationEvents", "?event_type=user.password_reset_asked").await;
    assert_eq!(asked["events"][0]["subject"]["id"], bob.id.to_string(), "{asked}");
    walk.does("deleteManagedUser", &format!("?confirm={BOB}")).await;
    assert_eq!(walk.does("listManagedUsers", "").await["total"], 0);
}

/// A body as the table has it, with these members instead.
fn body(id: &str, instead: &[(&str, Value)]) -> Value {
    let mut body = bodies().into_iter().find(|(known, _)| *known == id).unwrap().1;
    for (name, value) in instead {
        body[name] = value.clone();
    }
    body
}

async fn of_identity_providers(walk: &mut Walk, domain: &Value) {
    let made = walk.does_with("createIdentityProvider").await;
    assert_eq!((&made["state"], &made["settings"]["preset"]), (&"draft".into(), &"okta".into()));
    walk.set("provider", &made["id"]);
    let change = [("domains", json!([domain])), ("generation", made["generation"].clone())];
    let set = walk.sends("setIdentityProvider", "", Some(body("setIdentityProvider", &change))).await;
    assert_eq!((&set["name"], &set["domains"][0]["is_verified"]), (&"Acme Okta".into(), &true.into()));
    assert_eq!(set["settings"]["assertion_signed"], true, "what is left out has its usual value");

    let metadata = descriptor("https://idp.example", &certificate());
    let change = [("metadata", metadata.into()), ("generation", set["generation"].clone())];
    let import = body("importIdentityProviderMetadata", &change);
    let read = walk.sends("importIdentityProviderMetadata", "", Some(import)).await;
    assert_eq!(read["settings"]["sso_url"], "https://idp.example/sso");
    assert_eq!((&read["name"], &read["domains"]), (&set["name"], &set["domains"]), "the rest stays");
    assert_eq!(read["missing"], json!([]));
    assert_eq!(walk.does_with("setIdentityProviderState").await["state"], "active");
    let listed = walk.does("listIdentityProviders", "").await;
    let first = &listed["identity_providers"][0];
    assert_eq!((&listed["total"], &first["state"]), (&1.into(), &"active".into()));

    of_keys(walk).await;
    let effects = walk.does("previewIdentityProviderRemoval", "").await;
    assert_eq!(
        effects,
        json!({
            "people": 0, "sessions": 0, "tokens": 0, "scim_people": 0, "scim_groups": 0, "obstacle": null,
        }),
        "nobody came through it"
    );
    walk.does("deleteIdentityProvider", "?confirm=Acme%20Okta").await;
    assert_eq!(walk.does("listIdentityProviders", "").await["total"], 0);
}

async fn of_keys(walk: &mut Walk) {
    let ids = |view: &Value| -> Vec<(Value, bool)> {
        let keys = view["keys"].as_array().unwrap().iter();
        keys.map(|key| (key["id"].clone(), key["is_used"] == true)).collect()
    };
    let before = ids(&walk.does("getIdentityProvider", "").await);
    let old = before[0].0.clone();
    assert_eq!(before, [(old.clone(), true)]);
    let both = ids(&walk.does("createIdentityProviderKey", "").await);
    let next = both.iter().find(|(_, is_used)| !is_used).unwrap().0.clone();
    assert_eq!(both.len(), 2);
    walk.set("provider_key", &next);
    let turned = ids(&walk.does("useIdentityProviderKey", "").await);
    assert!(turned.contains(&(next.clone(), true)) && turned.contains(&(old.clone(), false)), "{turned:?}");
    walk.set("provider_key", &old);
    walk.does("deleteIdentityProviderKey", "").await;
    assert_eq!(ids(&walk.does("getIdentityProvider", "").await), [(next, true)]);
    of_scim(walk).await;
}

/// SCIM of the identity provider, switched on and off again.
async fn of_scim(walk: &mut Walk) {
    let off = walk.does("getScim", "").await;
    assert_eq!((&off["is_on"], &off["switched_on_at"]), (&json!(false), &json!(null)));
    let on = walk.does("createScim", "").await;
    assert_eq!((&on["is_on"], &on["tokens"]), (&json!(true), &json!([])));
    let made = walk.does("createScimToken", "").await;
    assert!(made["token"].as_str().unwrap().starts_with("rds_"), "{made}");
    let shown = walk.does("getScim", "").await;
    assert_eq!(shown["tokens"][0]["prefix"], made["prefix"]);
    assert!(shown["tokens"][0].get("token").is_none(), "it is shown once");
    walk.set("scim_token", &made["id"]);
    walk.does("deleteScimToken", "").await;
    walk.does("deleteScim", "?confirm=Acme%20Okta").await;
    assert_eq!(walk.does("getScim", "").await["is_on"], false);
}
