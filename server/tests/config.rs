//! The configuration file and its overrides: what is accepted, and that every mistake is told at once with its key.

use std::path::Path;

use host::qemu::NetworkChoice;
use server::config::{Config, Database, LogFormat, MailPassword, MailProtection, MasterKeySource};
use server::outbound::OutboundSettings;

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
    assert!(config.mail.is_none(), "mails are kept");
    assert_eq!(config.outbound, OutboundSettings::default());
    assert!(config.outbound.private_ranges.is_empty() && config.outbound.ports == [80, 443]);
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
        [mail]
        smtp_host = "mail.example.org"
        smtp_port = 2525
        tls = "starttls"
        ca_certificate = "/etc/redoubt/mail-ca.pem"
        username = "redoubt"
        password_file = "/etc/redoubt/mail-password"
        from = "Redoubt <redoubt@example.org>"
        [domains]
        resolver = ["192.0.2.53", "[2001:db8::53]:5353"]
        [outbound]
        private_ranges = ["10.0.0.0/8"]
        ports = [80, 443, 8443]
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
    let resolvers = config.outbound.resolvers.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(resolvers, ["192.0.2.53:53", "[2001:db8::53]:5353"]);
    assert_eq!((config.outbound.private_ranges.len(), config.outbound.ports), (1, vec![80, 443, 8443]));
    let mail = config.mail.unwrap();
    assert_eq!((mail.host.to_string().as_str(), mail.port), ("mail.example.org", 2525));
    assert_eq!(mail.protection, MailProtection::StartTls);
    assert_eq!(mail.from.to_string(), "Redoubt <redoubt@example.org>");
    assert!(matches!(mail.account.unwrap().password, MailPassword::File(_)));
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
        [domains]
        resolver = "dns.example.org"
        [outbound]
        private_ranges = ["10.0.0.0/33"]
        ports = ["http"]
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
        "domains.resolver: “dns.example.org” is no address of a name server; write it like 192.0.2.53",
        "outbound.private_ranges: “10.0.0.0/33” is no address or range",
        "outbound.ports: “http” is no port from 1 to 65535",
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
    assert_eq!(mistakes.len(), 18, "{all}");
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
fn mail_needs_a_server_and_a_sender() {
    let written = |lines: &str| format!("[mail]\n{lines}\n");
    for (lines, port) in [
        ("smtp_host = \"mail.example.org\"", 465),
        ("smtp_host = \"192.0.2.7\"\ntls = \"starttls\"", 587),
        ("smtp_host = \"::1\"\ntls = \"none\"", 25),
        ("smtp_host = \"localhost\"\ntls = \"none\"", 25),
    ] {
        let mail = parse(&written(&format!("{lines}\nfrom = \"a@b.example\"")), &[]).unwrap().mail.unwrap();
        assert_eq!(mail.port, port, "{lines}");
        assert!(mail.account.is_none());
    }
    for (lines, expected) in [
        ("from = \"a@b.example\"", "mail.smtp_host: is needed with mail.from"),
        ("tls = \"tls\"", "mail.smtp_host: is needed with mail.tls"),
        ("password_file = \"/p\"", "mail.smtp_host: is needed with mail.password_file"),
        ("smtp_host = \"localhost\"", "mail.from: is needed with mail.smtp_host"),
        (
            "smtp_host = \"mail.example.org\"\nfrom = \"a@b.example\"\ntls = \"none\"",
            "mail.tls: may be none only for a mail server on this machine (localhost)",
        ),
        (
            "smtp_host = \"localhost\"\nfrom = \"a@b.example\"\nusername = \"u\"",
            "mail.password: is needed with mail.username",
        ),
        (
            "smtp_host = \"localhost\"\nfrom = \"a@b.example\"\npassword = \"s3cret\"",
            "mail.username: is needed with mail.password",
        ),
    ] {
        assert_eq!(parse(&written(lines), &[]).err().unwrap(), [expected], "{lines}");
    }
}

#[test]
fn every_mistake_about_mail_is_told_and_no_password() {
    let text = r#"
        [mail]
        smtp_host = "no such host"
        smtp_port = 70000
        tls = "ssl"
        ca_certificate = ""
        username = ""
        password = "s3cret"
        password_file = "/p"
        from = "Redoubt"
        smtp_hots = "x"
    "#;
    let mistakes = parse(text, &[]).err().unwrap();
    let all = mistakes.join("\n");
    for expected in [
        "mail.smtp_host: “no such host” is no name or address of a machine",
        "mail.smtp_port: “70000” is no port from 1 to 65535",
        "mail.tls: “ssl” is none of tls, starttls, none",
        "mail.ca_certificate: must not be empty",
        "mail.username: must not be empty",
        "mail.password: is set together with mail.password_file; keep one",
        "mail.from: “Redoubt” is no sender; write it like redoubt@example.org or Redoubt <redoubt@example.org>",
        "mail.smtp_hots: there is no such setting; did you mean mail.smtp_host?",
    ] {
        assert!(all.contains(expected), "{expected}\nis missing in\n{all}");
    }
    assert_eq!(mistakes.len(), 8, "{all}");
    assert!(!all.contains("s3cret"), "a password must not be repeated");
}

#[test]
fn the_mail_password_can_be_a_credential_or_a_variable() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("redoubt-mail-password"), "s3cret").unwrap();
    let credentials = ("CREDENTIALS_DIRECTORY", directory.path().to_str().unwrap());
    let text = "[mail]\nsmtp_host = \"localhost\"\nfrom = \"a@b.example\"\nusername = \"u\"\n";
    let password =
        |variables: &[(&str, &str)]| parse(text, variables).unwrap().mail.unwrap().account.unwrap().password;
    assert!(matches!(password(&[credentials]), MailPassword::Credential(_)));
    let variables = [credentials, ("REDOUBT_MAIL__PASSWORD", "other")];
    assert!(matches!(password(&variables), MailPassword::Value(value) if value.expose() == "other"));
    assert!(parse("", &[credentials]).unwrap().mail.is_none(), "a password alone is no mail server");
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
