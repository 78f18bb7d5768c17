//! The text of PostgreSQL's configuration files. Writes none of them.

use domain::agent::GuestNetwork;

/// Who may sign in how. There is no line for connections without TLS, and none for the superuser from outside.
pub(super) const CLIENT_AUTHENTICATION: &str = "\
local   all postgres     peer map=agent
hostssl all postgres all reject
hostssl all all      all scram-sha-256
";

/// The agent, which is root, may come in as the superuser.
pub(super) const USER_MAP: &str = "agent root postgres\n";

const MIB: u64 = 1 << 20;

/// What is the same in every guest: where logs go, and the locale.
const LOGGING_AND_LOCALE: &str = "\
# On the encrypted data volume, limited in number and size, and without the text of statements.
logging_collector = on
log_destination = 'stderr'
log_directory = '/var/lib/postgresql/log'
log_filename = 'postgresql-%Y%m%d-%H%M%S.log'
log_file_mode = 0600
log_rotation_age = 1d
log_rotation_size = 8MB
log_line_prefix = '%m [%p] %q%u@%d %h '
log_timezone = 'Etc/UTC'
log_statement = 'none'
log_min_error_statement = panic
log_min_duration_statement = -1
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_autovacuum_min_duration = -1
log_lock_waits = off
log_temp_files = -1

timezone = 'Etc/UTC'
datestyle = 'iso, mdy'
lc_messages = 'C'
lc_monetary = 'C.UTF-8'
lc_numeric = 'C.UTF-8'
lc_time = 'C.UTF-8'
default_text_search_config = 'pg_catalog.english'
";

/// `postgresql.conf` for a guest of this much memory and a data volume of this size.
pub(super) fn settings(network: &GuestNetwork, memory_kib: u64, data_bytes: u64) -> String {
    let memory = memory_kib / 1024;
    let shared_buffers = (memory / 4).max(32);
    let cache = (memory * 6 / 10).max(64);
    let maintenance = (memory / 16).clamp(16, 1024);
    let work = (memory / 64).clamp(4, 64);
    let connections = (memory / 8).clamp(25, 500);
    // The journal of changes must not fill a small volume.
    let wal_max = (data_bytes / MIB / 8).clamp(64, 4096);
    let wal_min = (wal_max / 4).max(32);
    let GuestNetwork { address, port, .. } = network;
    format!(
        "\
listen_addresses = '{address}'
port = {port}
unix_socket_directories = '/run/postgresql'
unix_socket_permissions = 0700
hba_file = '/run/redoubt/pg_hba.conf'
ident_file = '/run/redoubt/pg_ident.conf'
max_connections = {connections}
authentication_timeout = 20s
password_encryption = 'scram-sha-256'
tcp_keepalives_idle = 60
tcp_keepalives_interval = 10
tcp_keepalives_count = 6

ssl = on
ssl_cert_file = '/run/redoubt/server.crt'
ssl_key_file = '/run/redoubt/server.key'
ssl_min_protocol_version = 'TLSv1.2'
ssl_ciphers = 'ECDHE+AESGCM:ECDHE+CHACHA20'
ssl_prefer_server_ciphers = on

shared_buffers = {shared_buffers}MB
effective_cache_size = {cache}MB
maintenance_work_mem = {maintenance}MB
work_mem = {work}MB
dynamic_shared_memory_type = posix
huge_pages = off
jit = off
max_wal_size = {wal_max}MB
min_wal_size = {wal_min}MB
wal_compression = lz4
recovery_init_sync_method = syncfs

{LOGGING_AND_LOCALE}"
    )
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn text(memory_mib: u64, data_mib: u64) -> String {
        let network = GuestNetwork {
            address: Ipv4Addr::new(10, 0, 2, 15),
            prefix: 24,
            gateway: Ipv4Addr::new(10, 0, 2, 2),
            port: 5433,
        };
        settings(&network, memory_mib * 1024, data_mib * MIB)
    }

    #[test]
    fn sizes_follow_the_guest() {
        let small = text(220, 1000);
        for line in [
            "shared_buffers = 55MB",
            "max_connections = 27",
            "max_wal_size = 125MB",
            "min_wal_size = 32MB",
            "port = 5433",
        ] {
            assert!(small.lines().any(|found| found == line), "{line} in {small}");
        }
        let large = text(65536, 1_000_000);
        for line in
            ["shared_buffers = 16384MB", "max_connections = 500", "max_wal_size = 4096MB", "work_mem = 64MB"]
        {
            assert!(large.lines().any(|found| found == line), "{line} in {large}");
        }
    }

    #[test]
    fn only_tls_reaches_a_password() {
        let outside = CLIENT_AUTHENTICATION.lines().filter(|line| !line.starts_with("local"));
        assert!(outside.clone().count() == 2 && outside.clone().all(|line| line.starts_with("hostssl")));
        assert!(text(256, 1024).contains("ssl_min_protocol_version = 'TLSv1.2'"));
    }
}
