//! The configuration file and its overrides: what is accepted, and that every mistake is told at once with its key.

use std::path::Path;

use host::qemu::NetworkChoice;
use server::config::{Config, Database, LogFormat, MasterKeySource};

fn environment(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    Config::parse(Some(("redoubt.toml", text)), &environment(variables)).map_err(|mistakes| mistakes.0)
}

#[test]
fn defaults_need_no_file() {
    let config = Config::parse(None, &[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.public_url.as_str(), "http://localhost:8080/");
    assert!(config.server.tls.is_none());
    assert!(config.database == Database::Sqlite("var/redoubt.db".into()));
    assert!(config.database.url().unwrap().starts_with("sqlite:///"));
    assert!(matches!(&config.master_key, MasterKeySource::File(path) if path == Path::new("var/master.key")));
    assert_eq!(config.log.format, LogFormat::Text);
}

#[test]
fn everything_can_be_set() {
    let text = r#"
        [server]
        listen = "[::]:443"
        public_url = "https://console.example.org"
        tls_certificate = "/etc/redoubt/tls.crt"
        tls_key = "/etc/redoubt/tls.key"
        trusted_proxies = ["10.0.0.0/8", "192.0.2.7"]
        metrics_readers = []
        [database]
        url = "postgres://redoubt@db.example.org/redoubt"
        [secrets]
        master_key_file = "/etc/redoubt/master.key"
        [host]
        name = "host-1"
        state_dir = "/var/lib/redoubt"
        image_dir = "/usr/lib/redoubt"
        network = "bridge"
        accelerator = "kvm"
        qemu_binary = "/opt/qemu/bin/qemu-system-x86_64"
        address_pool = "10.99.0.0/16"
        memory_mib_max = 4096
        [log]
        format = "json"
        level = "info,control=debug"
    "#;
    let config = parse(text, &[]).unwrap();
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert!(config.server.metrics_readers.is_empty());
    assert!(config.server.tls.is_some());
    assert_eq!(config.host.network, NetworkChoice::Bridge);
    assert_eq!(config.host.memory_mib_max, Some(4096));
    assert!(matches!(config.database, Database::Postgres(_)));
}

#[test]
fn the_environment_overrides_the_file() {
    let variables = [
        ("REDOUBT_SERVER__LISTEN", "127.0.0.1:9000"),
        ("REDOUBT_SERVER__TRUSTED_PROXIES", "10.0.0.1, 10.0.0.2"),
        ("REDOUBT_CONFIG", "ignored here"),
        ("PATH", "/bin"),
    ];
    let config = parse("[server]\nlisten = \"127.0.0.1:1\"\n", &variables).unwrap();
    assert_eq!(config.server.listen.port(), 9000);
    assert_eq!(config.server.public_url.port(), Some(9000));
    assert_eq!(config.server.trusted_proxies.len(), 2);
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = r#"
        [server]
        lisen = "127.0.0.1:8080"
        listen = "8080"
        public_url = "http://console.example.org"
        tls_certificate = "/tls.crt"
        trusted_proxies = ["10.0.0.0/8", "nonsense"]
        [database]
        url = "mysql://root:s3cret@db/x"
        [host]
        name = "Host 1"
        network = "wifi"
        address_pool = "8.8.8.0/24"
        memory_mib_max = -5
        [log]
        format = "xml"
        level = "loud=very"
        [nonsense]
        key = 1
    "#;
    let mistakes =
        parse(text, &[("REDOUBT_SECRETS__MASTER_KEY", "short"), ("REDOUBT_HOST__NAMES", "x")]).err().unwrap();
    let all = mistakes.join("\n");
    for expected in [
        "server.lisen: there is no such setting; did you mean server.listen? (in redoubt.toml)",
        "server.listen: “8080” is no address with port; write it like 127.0.0.1:8080 (in redoubt.toml)",
        "server.public_url: “http://console.example.org” must begin with https://; http is for localhost only",
        "server.tls_key: is needed with server.tls_certificate",
        "server.trusted_proxies: “nonsense” is no address or range",
        "database.url: must look like sqlite:PATH or postgres://",
        "host.name: “Host 1” must be",
        "host.names: there is no such setting; did you mean host.name? (in REDOUBT_HOST__NAMES)",
        "host.network: “wifi” is none of auto, bridge, user",
        "host.address_pool: “8.8.8.0/24” is no private IPv4 range",
        "host.memory_mib_max: “-5” is no number of MiB",
        "log.format: “xml” is none of text, json",
        "log.level: “loud=very” is no level",
        "secrets.master_key: must be 32 bytes in base64",
        "nonsense.key: there is no such setting (in redoubt.toml)",
    ] {
        assert!(all.contains(expected), "{expected}\nis missing in\n{all}");
    }
    assert_eq!(mistakes.len(), 15, "{all}");
    assert!(!all.contains("s3cret"), "a password must not be repeated");
}

#[test]
fn a_file_that_is_no_toml_is_told() {
    let mistakes = parse("[server\n", &[]).err().unwrap();
    assert!(mistakes[0].starts_with("redoubt.toml is not valid TOML"), "{mistakes:?}");
    let mistakes = parse("listen = 1\n", &[]).err().unwrap();
    assert_eq!(mistakes, ["listen: stands outside of a section (in redoubt.toml)"]);
}

#[test]
fn http_is_for_this_machine_only() {
    for (url, is_fine) in [
        ("http://localhost:8080", true),
        ("http://127.0.0.1:8080", true),
        ("http://[::1]:8080", true),
        ("https://console.example.org", true),
        ("http://localhost.example.org", false),
        ("http://10.0.0.1", false),
        ("https://console.example.org/path", false),
        ("https://user@console.example.org", false),
        ("ftp://localhost", false),
        ("console.example.org", false),
    ] {
        let text = format!("[server]\npublic_url = \"{url}\"\n");
        assert_eq!(parse(&text, &[]).is_ok(), is_fine, "{url}");
    }
}

#[test]
fn the_master_key_has_one_source() {
    let key = "A".repeat(43) + "=";
    let both = parse("[secrets]\nmaster_key_file = \"/k\"\n", &[("REDOUBT_SECRETS__MASTER_KEY", &key)]);
    let all = both.err().unwrap().join("\n");
    assert!(all.contains("keep one"), "{all}");
    assert!(!all.contains(&key), "the key must not be repeated");

    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("redoubt-master-key"), &key).unwrap();
    let config = parse("", &[("CREDENTIALS_DIRECTORY", directory.path().to_str().unwrap())]).unwrap();
    assert!(matches!(config.master_key, MasterKeySource::Credential(_)));
}
