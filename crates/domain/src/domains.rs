//! Domains that organizations prove to hold: how they are proven, and which nobody can prove. Looks nothing up.

use crate::states::text_enum;

text_enum! {
    /// Whether a domain is an organization's.
    DomainState {
        /// It is listed; nothing is proven.
        Unverified = "unverified",
        /// It was proven, and its people are managed.
        Verified = "verified",
    }
}

text_enum! {
    /// How a domain is proven.
    DomainVerification {
        /// By a TXT record beneath it.
        Dns = "dns",
        /// By a file on its web server.
        Http = "http",
    }
}

impl DomainVerification {
    /// What people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dns => "DNS record",
            Self::Http => "file on its web server",
        }
    }
}

/// Domains of one organization, at most.
pub const DOMAINS_MAX: i64 = 100;
/// The label before a domain whose TXT record proves it.
pub const CHALLENGE_LABEL: &str = "_redoubt-challenge";
/// Where on its web server the file lies that proves it (RFC 8615).
pub const CHALLENGE_PATH: &str = "/.well-known/redoubt";

/// What the TXT record or file says that proves it.
#[must_use]
pub fn challenge(token: &str) -> String {
    format!("token={token},expiry=never")
}

/// Hosts where everybody can have a mailbox: nobody can manage all who have one there.
pub const MAIL_HOSTS: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "daum.net",
    "duck.com",
    "fastmail.com",
    "foxmail.com",
    "free.fr",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hanmail.net",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "naver.com",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "seznam.cz",
    "sina.com",
    "t-online.de",
    "tuta.com",
    "tutanota.com",
    "web.de",
    "wp.pl",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{DOMAIN_CHARS_MAX, DomainName};

    #[test]
    fn the_longest_domain_still_has_room_for_its_challenge() {
        assert_eq!(CHALLENGE_LABEL.len() + 1 + DOMAIN_CHARS_MAX, 253);
    }

    #[test]
    fn mail_hosts_are_in_order_and_written_as_domains_are() {
        assert!(MAIL_HOSTS.is_sorted());
        for host in MAIL_HOSTS {
            assert_eq!(host.parse::<DomainName>().unwrap().as_str(), *host);
        }
    }
}
