//! The checks that a sign-in with an OpenID provider has to pass, each with a name for programs and logs and a sentence for
//! people. Checks nothing itself.

use serde::{Deserialize, Serialize};

use crate::verdicts;

macro_rules! checks {
    ($($check:ident $name:literal $demand:literal,)*) => {
        /// One check of what a provider says. The order is that in which they are made.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Check {
            $(#[doc = $demand] #[serde(rename = $name)] $check,)*
        }

        impl Check {
            /// Every check there is, in the order in which they are made.
            pub const ALL: &[Self] = &[$(Self::$check),*];

            /// The name in events, the API and the test bench.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$check => $name,)* }
            }

            /// What it demands, for people.
            #[must_use]
            pub const fn demand(self) -> &'static str {
                match self { $(Self::$check => $demand,)* }
            }
        }
    };
}

checks! {
    Discovery "discovery" "The provider's document (/.well-known/openid-configuration) can be read: a JSON object of at most 256 kB.",
    DiscoveryIssuer "discovery_issuer" "The document is of the issuer that is set up here, to the letter.",
    Endpoints "endpoints" "The document names addresses to sign in, for tokens and for keys, and all of them begin with https.",
    Keys "keys" "The provider's keys can be read, and one of them at least is for signatures that are taken here.",
    State "state" "The browser comes back with the state that it was sent with.",
    AnswerIssuer "answer_issuer" "The answer is of this provider (iss), and says so if the provider promises that it does.",
    Answer "answer" "The provider says that the sign-in succeeded, and gives a code.",
    CodeExchanged "code_exchanged" "The provider takes our code, client id and secret, and gives tokens for them.",
    IdTokenPresent "id_token_present" "An ID token is among the tokens.",
    TokenForm "token_form" "The token is a signed JWT of at most 64 kB: three parts in base64url, two of them JSON objects that have each name once.",
    TokenType "token_type" "The token's header is that of a token of this kind (typ), and demands nothing that is not known here (crit).",
    Algorithm "algorithm" "The token is signed with one of the algorithms that are taken of this provider.",
    KeyKnown "key_known" "The token is signed with a key that the provider publishes for this algorithm.",
    Signature "signature" "The signature was made with that key, over what is here.",
    Issuer "issuer" "The token is of the issuer that is set up here, to the letter (iss).",
    Subject "subject" "The token is about somebody: a name (sub) of at most 255 characters that can be seen, and no blanks around it.",
    Audience "audience" "The token is meant for us: our client id is among its audiences (aud).",
    AuthorizedParty "authorized_party" "The token was given to us: where it says to whom (azp), and always if it has several audiences, that is our client id.",
    Expiry "expiry" "The token is still good (exp).",
    IssueTime "issue_time" "The token was issued after we asked, and not in the future (iat; the clocks agree to 60 s).",
    NotBefore "not_before" "The token is good already, if it says from when on (nbf).",
    Nonce "nonce" "The token answers the question that this browser was sent with (nonce).",
    AccessTokenHash "access_token_hash" "The access token is the one that the ID token came with, if that says so (at_hash).",
    AuthenticationTime "authentication_time" "The person signed in there as recently as was asked (auth_time), and not in the future.",
    ContextClass "context_class" "The person signed in there in one of the ways that are demanded (acr).",
    Userinfo "userinfo" "What the provider says of the person beside the token (userinfo) can be read, and is of the same person.",
    Values "values" "Claims have plain values: at most 200 claims, 5,000 values, 2,048 characters each.",
    LogoutEvent "logout_event" "The token says that somebody signed out (events), and is no answer to a question (no nonce).",
    LogoutSubject "logout_subject" "The token says whose sessions end: the person's (sub), or one session (sid).",
    LogoutId "logout_id" "The token has an id (jti) of at most 255 characters, so that it is taken once.",
}

/// Why something was refused.
pub type Refusal = verdicts::Refusal<Check>;
/// How one check went.
pub type Finding = verdicts::Finding<Check>;
/// Every check that was made so far.
pub(super) type Findings = verdicts::Findings<Check>;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_told_apart() {
        let names: BTreeSet<&str> = Check::ALL.iter().map(|check| check.name()).collect();
        assert_eq!(names.len(), Check::ALL.len());
        for check in Check::ALL {
            assert_eq!(serde_json::to_value(check).unwrap(), check.name());
            assert!(check.demand().ends_with('.'), "{}", check.name());
        }
        assert!(Check::ALL.is_sorted());
    }
}
