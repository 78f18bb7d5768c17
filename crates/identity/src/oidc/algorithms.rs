//! The algorithms of signatures that can be taken of a provider (RFC 7518, section 3.1; RFC 8037). `none` and those with a
//! shared secret (HS256 and its like) do not exist here, so that no setting can let them in.

use openidconnect::core::{CoreJwsSigningAlgorithm, CoreJwsSigningAlgorithm as Library};
use serde::{Deserialize, Serialize};

macro_rules! algorithms {
    ($($algorithm:ident $name:literal $library:ident $words:literal,)*) => {
        /// An algorithm of signatures with a public key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Algorithm {
            $(#[doc = $words] #[serde(rename = $name)] $algorithm,)*
        }

        impl Algorithm {
            /// Every algorithm there is; also those that are taken if nothing else is set up.
            pub const ALL: &[Self] = &[$(Self::$algorithm),*];

            /// Its name in tokens and keys (`alg`).
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$algorithm => $name,)* }
            }

            pub(super) const fn library(self) -> CoreJwsSigningAlgorithm {
                match self { $(Self::$algorithm => Library::$library,)* }
            }
        }
    };
}

algorithms! {
    Rs256 "RS256" RsaSsaPkcs1V15Sha256 "RSA (PKCS #1 v1.5) with SHA-256.",
    Rs384 "RS384" RsaSsaPkcs1V15Sha384 "RSA (PKCS #1 v1.5) with SHA-384.",
    Rs512 "RS512" RsaSsaPkcs1V15Sha512 "RSA (PKCS #1 v1.5) with SHA-512.",
    Ps256 "PS256" RsaSsaPssSha256 "RSA (PSS) with SHA-256.",
    Ps384 "PS384" RsaSsaPssSha384 "RSA (PSS) with SHA-384.",
    Ps512 "PS512" RsaSsaPssSha512 "RSA (PSS) with SHA-512.",
    Es256 "ES256" EcdsaP256Sha256 "ECDSA with P-256 and SHA-256.",
    Es384 "ES384" EcdsaP384Sha384 "ECDSA with P-384 and SHA-384.",
    EdDsa "EdDSA" EdDsa "EdDSA with Ed25519.",
}

impl Algorithm {
    /// The algorithm of that name, to the letter.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_for_no_signature_or_a_shared_secret() {
        for name in ["none", "None", "", "HS256", "HS384", "HS512", "rs256", "ES512", "RS1", "ES256K"] {
            assert_eq!(Algorithm::named(name), None, "{name}");
        }
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::named(algorithm.name()), Some(*algorithm));
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.name());
            assert_eq!(serde_json::to_value(algorithm.library()).unwrap(), algorithm.name());
        }
    }
}
