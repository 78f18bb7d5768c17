//! SAML 2.0 web browser single sign-on, seen from the service provider: what comes from an identity provider is judged,
//! what goes to one is written and signed. Knows no database, no HTTP and no clock.
//!
//! A response is believed in three steps. [`looks`] refuses everything unusual before any library for signatures sees
//! it; [`signatures`] has xmlsec (through samael) check the signatures and give back the bytes that were signed;
//! [`contents`] reads those bytes alone and decides. xmlsec does work before it has seen that a signature is right, so
//! that [`verifications::verify`] belongs into a process of its own, with limits and without network.

mod attributes;
pub mod certificates;
pub mod checks;
mod contents;
mod decryptions;
mod instants;
pub mod keys;
pub mod logouts;
mod looks;
mod markup;
pub mod metadata;
pub mod questions;
pub mod redirects;
pub mod requests;
mod signature_forms;
mod signatures;
#[cfg(feature = "testing")]
pub mod testing;
pub mod verifications;

/// Namespace of protocol messages (SAML core, section 1.2).
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Namespace of assertions (SAML core, section 1.2).
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Namespace of XML signatures.
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Namespace of XML encryption.
const ENCRYPTION: &str = "http://www.w3.org/2001/04/xmlenc#";
/// Exclusive canonicalisation without comments: the only one that is taken, and its namespace.
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The transform that leaves a signature out of what it signs.
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
