//! The checks that a response of an identity provider has to pass, each with a name for programs and logs and a sentence
//! for people. Checks nothing itself.

use serde::{Deserialize, Serialize};

use crate::verdicts;

macro_rules! checks {
    ($($check:ident $name:literal $demand:literal,)*) => {
        /// One check of a response. The order is that in which they are made.
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
    FieldPresent "field_present" "The form has one field SAMLResponse, and it is not empty.",
    FieldSize "field_size" "The response is at most 350 kB as it is sent.",
    FieldEncoding "field_encoding" "The field is base64 of UTF-8 text without NUL.",
    Markup "markup" "The XML has no DOCTYPE, comment, CDATA section or processing instruction, and says UTF-8 if it says anything.",
    MarkupSize "markup_size" "The XML has at most 5,000 elements, 24 levels, 24 attributes, 24 namespaces and 6,000 characters in a tag.",
    WellFormed "well_formed" "The XML is well-formed, with every namespace declared, and by an absolute URI.",
    Root "root" "The document is a samlp:Response of SAML 2.0.",
    OneAssertion "one_assertion" "There is exactly one assertion, plain or encrypted, directly in the response.",
    Identifiers "identifiers" "Every ID is a name of 8 to 128 characters that occurs once; nothing else looks like an ID.",
    SignaturePlace "signature_place" "Signatures are directly in the response or in its assertion, once each.",
    SignatureForm "signature_form" "A signature covers just the element that it is in, with exclusive canonicalisation, and holds nothing else.",
    SignatureAlgorithm "signature_algorithm" "Signatures are RSA or ECDSA with SHA-256, SHA-384 or SHA-512, and so are the digests.",
    ResponseSigned "response_signed" "The response is signed, where this identity provider is set up so.",
    AssertionSigned "assertion_signed" "The assertion is signed (or, where that was switched off, the response around it).",
    Certificates "certificates" "The identity provider has a certificate for this kind of signature.",
    SignatureValid "signature_valid" "Every signature was made with the key of a certificate of this identity provider, over what is here.",
    Encrypted "encrypted" "The assertion is encrypted, where this identity provider is set up so.",
    Decryption "decryption" "The encrypted assertion can be decrypted with our key: AES-GCM or AES-CBC, its key with RSA-OAEP.",
    Version "version" "Response and assertion are of SAML version 2.0.",
    ResponseIssuer "response_issuer" "The issuer of the response, if there is one, is the identity provider's entity id.",
    Destination "destination" "The response is sent to our address for this identity provider (Destination).",
    InResponseTo "in_response_to" "The response answers the request that this browser was sent with (InResponseTo).",
    ResponseTime "response_time" "The response was issued within the last five minutes, and not in the future (the clocks agree to 60 s).",
    Status "status" "The identity provider says that the sign-in succeeded.",
    AssertionIssuer "assertion_issuer" "The issuer of the assertion is the identity provider's entity id.",
    AssertionTime "assertion_time" "The assertion was issued within the last five minutes, and not in the future (the clocks agree to 60 s).",
    Subject "subject" "The assertion is about somebody, with one name (NameID) of at most 1,024 characters that can be seen, and no blanks around it.",
    Confirmation "confirmation" "The subject is confirmed as the bearer, once.",
    Recipient "recipient" "The confirmation is for our address for this identity provider (Recipient).",
    ConfirmationTime "confirmation_time" "The confirmation is still good (NotOnOrAfter), and has no NotBefore.",
    ConfirmationRequest "confirmation_request" "The confirmation is for the request that this browser was sent with (InResponseTo).",
    Conditions "conditions" "The assertion has one set of conditions, all of which we know.",
    ConditionsTime "conditions_time" "The conditions hold now (NotBefore, NotOnOrAfter).",
    Audience "audience" "The assertion is meant for us: every audience restriction names our entity id.",
    Statement "statement" "The assertion says how and when the person signed in (AuthnStatement), once, and not in the future.",
    SessionTime "session_time" "The person's session at the identity provider is not over (SessionNotOnOrAfter).",
    Attributes "attributes" "Attributes have names and plain values: at most 200 of them, 5,000 values, 2,048 characters each.",
}

/// Why a response was refused.
pub type Refusal = verdicts::Refusal<Check>;
/// How one check of a response went.
pub type Finding = verdicts::Finding<Check>;
/// Every check of a response that was made so far.
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
