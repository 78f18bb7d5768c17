//! The contract of the store: every function, on SQLite and on PostgreSQL. One binary, one module per table.
#![deny(dead_code)]
#![expect(clippy::unwrap_used, reason = "a test that gets no answer has failed")]

/// Has each of the functions, which take a migrated store, run on both databases: `name::sqlite`, `name::postgres`.
macro_rules! contract {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let (store, _directory) = store::testing::temporary_sqlite().await;
                super::$name(store.clone()).await;
                store.close().await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let (store, database) = store::testing::temporary_postgres().await;
                super::$name(store.clone()).await;
                store.close().await;
                database.remove().await;
            }
        }
    )*};
}

mod samples;

mod connections;
mod coverage;
mod races;
mod schema;

mod accepted_assertions;
mod access;
mod alerts;
mod authentication_policies;
mod ceremonies;
mod destruction_certificates;
mod domains;
mod events;
mod factor_resets;
mod factors;
mod grants;
mod group_members;
mod groups;
mod holders;
mod identities;
mod identity_providers;
mod invitations;
mod ip_filter_entries;
mod mail_tallies;
mod mails;
mod memberships;
mod nodes;
mod organizations;
mod password_resets;
mod places;
mod project_contacts;
mod project_tags;
mod projects;
mod provider_requests;
mod provider_watches;
mod recovery_codes;
mod running_grants;
mod scim_groups;
mod scim_providers;
mod scim_tokens;
mod scim_users;
mod services;
mod sessions;
mod set_up_links;
mod settings;
mod sign_in_attempts;
mod signals;
mod step_runs;
mod strands;
mod texts;
mod tokens;
mod units;
mod users;
mod volumes;
