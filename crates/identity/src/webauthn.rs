//! Passkeys and security keys (W3C Web Authentication Level 3), over `webauthn-rs`: what a browser is asked, and whether its
//! answer is right. Remembers nothing: the caller keeps what was begun, and each credential.
//!
//! The library checks challenge, origin, relying party, presence, verification, counter and signature. It draws the challenges, 256
//! bits each, from the system's random source itself: the one thing here that is no parameter. Two things that its types do
//! not offer are done around them: a passkey is asked to be discoverable, which it must be to sign somebody in who has not
//! said who they are; and no protection of the credential is asked of a security key, which one without a PIN could not give.

mod credentials;

use domain::{ids::UserId, sign_ins::FactorKind};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::{Host, Url};
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey, PasskeyAuthentication, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, SecurityKey, SecurityKeyAuthentication,
    SecurityKeyRegistration, Webauthn, WebauthnBuilder, WebauthnError,
};
use webauthn_rs_proto::{AuthenticatorAttachment, CreationChallengeResponse, ResidentKeyRequirement};

pub use self::credentials::{Credential, registered_id};

/// Most bytes of an answer that are read; those of real devices have a few thousand.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Why a ceremony was not begun, or an answer not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Browsers offer no WebAuthn at such an address.
    #[error("Passkeys and security keys need a console at https:// and a host name, or at http://localhost.")]
    PublicUrl,
    /// There is no credential to ask for.
    #[error("There is no passkey and no security key to ask for; add one first.")]
    NoCredential,
    /// The answer has another form.
    #[error("The browser sent no answer of a passkey or security key; try again.")]
    Answer,
    /// What was kept of the begun ceremony, or of a credential, cannot be read, or is somebody else's or another step's.
    #[error("This was begun in another way; begin again.")]
    State,
    /// The answer is to another challenge.
    #[error("This is the answer to an earlier question; begin again.")]
    Challenge,
    /// The answer was made for another website, or inside one.
    #[error("This answer was made on another website; open this console itself and begin again.")]
    Origin,
    /// Nobody touched the device.
    #[error("The device did not see anybody; touch it when it asks for it.")]
    NotPresent,
    /// The device did not ask for its PIN, finger or face.
    #[error("The device did not check that it is you; set up its PIN, fingerprint or face, then try again.")]
    NotVerified,
    /// It is none of the person's.
    #[error("This passkey or security key belongs to nobody here, or was removed; use another one.")]
    Unknown,
    /// It is a security key, and no passkey was registered on it.
    #[error("This security key is for the step after the password; sign in with your password first.")]
    NotPasskey,
    /// The device keeps no passkeys.
    #[error("This device cannot keep a passkey; add it as a security key, or use another device.")]
    NotDiscoverable,
    /// It is registered already, or has a key of another algorithm than was asked for.
    #[error("This device was added before, or has no kind of key that can be used here; use another one.")]
    NotUsable,
    /// The counter of signatures went back, or stood still.
    #[error(
        "This key has counted fewer signatures than before, as a copy of it would; remove it and add it again."
    )]
    ClonedAuthenticator,
    /// The signature is not that of the registered key.
    #[error("The signature of the passkey or security key is wrong; try again, or use another one.")]
    Signature,
    /// Anything else that the library refuses.
    #[error("The answer of the passkey or security key cannot be accepted; try again, or use another one.")]
    Refused(#[source] WebauthnError),
}

impl From<WebauthnError> for Error {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::MismatchedChallenge => Self::Challenge,
            WebauthnError::InvalidRPOrigin
            | WebauthnError::InvalidRPIDHash
            | WebauthnError::CredentialCrossOrigin => Self::Origin,
            WebauthnError::UserNotPresent => Self::NotPresent,
            WebauthnError::UserNotVerified => Self::NotVerified,
            WebauthnError::CredentialNotFound | WebauthnError::InvalidUserUniqueId => Self::Unknown,
            // The library says the same of a credential that was to be excluded.
            WebauthnError::CredentialAlteredAlgFromRequest => Self::NotUsable,
            WebauthnError::CredentialPossibleCompromise => Self::ClonedAuthenticator,
            WebauthnError::AuthenticationFailure | WebauthnError::SignatureInvalid => Self::Signature,
            other => Self::Refused(other),
        }
    }
}

/// A ceremony that was begun.
pub struct Begun {
    /// What the browser is asked: JSON with the member `publicKey`, for `navigator.credentials`.
    pub options: String,
    /// What is needed to judge the answer. Not for the browser: sealed in the database, taken from there once.
    pub state: Vec<u8>,
}

/// An answer that was right.
pub struct Authenticated {
    /// The credential with its new counter and backup state, to be kept in place of the old one.
    pub credential: Credential,
    /// Whether the device checked its user's PIN, finger or face.
    pub is_user_verified: bool,
}

/// Whom an answer claims to be of. Nothing of it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The person, from the user handle.
    pub user: UserId,
    /// The credential.
    pub credential_id: Vec<u8>,
}

/// Who registers a credential.
#[derive(Clone, Copy)]
pub struct Registrant<'a> {
    /// The user; the authenticator keeps the id as user handle and gives it back at sign-in.
    pub id: UserId,
    /// What tells accounts apart in the browser's list: the e-mail address.
    pub account: &'a str,
    /// The person's name.
    pub name: &'a str,
}

/// What is kept of a begun ceremony. To serialise it needs the library's feature `danger-allow-state-serialisation`: the
/// danger is that a client gets hold of it or that it is used twice, and it is neither, for it is sealed in the database
/// under an id that only one browser has, and deleted as it is read.
#[derive(Serialize, Deserialize)]
struct State {
    /// Whose ceremony it is, once that is known.
    user: Option<UserId>,
    step: Step,
}

#[derive(Serialize, Deserialize)]
enum Step {
    AddPasskey(PasskeyRegistration),
    AddSecurityKey(SecurityKeyRegistration),
    SignIn(DiscoverableAuthentication),
    Passkey(PasskeyAuthentication),
    Any(SecurityKeyAuthentication),
}

impl State {
    /// What is asked, with this to judge the answer.
    fn begun(user: Option<UserId>, options: &impl Serialize, step: Step) -> Result<Begun, Error> {
        let options = serde_json::to_string(options).map_err(|_| Error::State)?;
        let state = serde_json::to_vec(&Self { user, step }).map_err(|_| Error::State)?;
        Ok(Begun { options, state })
    }

    /// The step that this person, or nobody yet known, has begun.
    fn open(state: &[u8], user: Option<UserId>) -> Result<Step, Error> {
        let state: Self = serde_json::from_slice(state).map_err(|_| Error::State)?;
        if state.user == user { Ok(state.step) } else { Err(Error::State) }
    }
}

/// This console, as authenticators know it.
pub struct RelyingParty(Webauthn);

impl RelyingParty {
    /// The console at its public address: the id that credentials are bound to is the address' host, so that they are lost
    /// when the host changes. `name` is the product's, for the browser's dialogs.
    ///
    /// # Errors
    /// If browsers offer no WebAuthn at that address.
    pub fn new(public_url: &str, name: &str) -> Result<Self, Error> {
        let url = Url::parse(public_url).map_err(|_| Error::PublicUrl)?;
        let host = match (url.scheme(), url.host()) {
            ("https", Some(Host::Domain(host))) => host,
            ("http", Some(Host::Domain("localhost"))) => "localhost",
            _ => return Err(Error::PublicUrl),
        };
        let builder = WebauthnBuilder::new(host, &url).map_err(|_| Error::PublicUrl)?;
        builder.rp_name(name).build().map(Self).map_err(|_| Error::PublicUrl)
    }

    /// Asks for a new passkey: discoverable, with its user verified, on none of the devices that have a credential.
    ///
    /// # Errors
    /// If a name is empty.
    pub fn begin_passkey(
        &self,
        registrant: &Registrant<'_>,
        existing: &[Credential],
    ) -> Result<Begun, Error> {
        let Registrant { id, account, name } = *registrant;
        let (mut options, state) =
            self.0.start_passkey_registration(id.uuid(), account, name, Some(ids(existing)))?;
        if let Some(selection) = &mut options.public_key.authenticator_selection {
            selection.resident_key = Some(ResidentKeyRequirement::Required);
            selection.require_resident_key = true;
        }
        State::begun(Some(id), &options, Step::AddPasskey(state))
    }

    /// Asks for a new security key, for the step after the password: with its user verified if the key can, and from then
    /// on always if it did.
    ///
    /// # Errors
    /// If a name is empty.
    pub fn begin_security_key(
        &self,
        registrant: &Registrant<'_>,
        existing: &[Credential],
    ) -> Result<Begun, Error> {
        let Registrant { id, account, name } = *registrant;
        let attachment = Some(AuthenticatorAttachment::CrossPlatform);
        let (mut options, state) = self.0.start_securitykey_registration(
            id.uuid(),
            account,
            name,
            Some(ids(existing)),
            None,
            attachment,
        )?;
        without_protection(&mut options);
        State::begun(Some(id), &options, Step::AddSecurityKey(state))
    }

    /// The credential that was registered. That no other account has its id is for the caller to see.
    ///
    /// # Errors
    /// If the answer is not right, with the reason; if this person has begun no registration.
    pub fn finish_registration(&self, state: &[u8], answer: &str, user: UserId) -> Result<Credential, Error> {
        let answer: RegisterPublicKeyCredential = read(answer)?;
        match State::open(state, Some(user))? {
            Step::AddPasskey(state) => {
                let passkey = self.0.finish_passkey_registration(&answer, &state)?;
                // Not signed, but a browser that knows it cannot sign in with it later may say so.
                if answer.extensions.cred_props.and_then(|props| props.rk) == Some(false) {
                    return Err(Error::NotDiscoverable);
                }
                Ok(Credential { kind: FactorKind::Passkey, internals: passkey.into() })
            }
            Step::AddSecurityKey(state) => {
                let key = self.0.finish_securitykey_registration(&answer, &state)?;
                Ok(Credential { kind: FactorKind::SecurityKey, internals: key.into() })
            }
            _ => Err(Error::State),
        }
    }

    /// Asks for any passkey of this console, with its user verified. The page says whether the browser offers them in its
    /// autofill or in a dialog.
    ///
    /// # Errors
    /// Only if the library cannot write what it made.
    pub fn begin_sign_in(&self) -> Result<Begun, Error> {
        let (mut options, state) = self.0.start_discoverable_authentication()?;
        options.mediation = None;
        options.public_key.extensions = None;
        State::begun(None, &options, Step::SignIn(state))
    }

    /// Whom an answer to [`RelyingParty::begin_sign_in`] claims to be of, to find their credential by.
    ///
    /// # Errors
    /// If it has another form, or names nobody.
    pub fn claim(&self, answer: &str) -> Result<Claim, Error> {
        let answer: PublicKeyCredential = read(answer)?;
        let (user, credential_id) = self.0.identify_discoverable_authentication(&answer)?;
        Ok(Claim { user: UserId::from_uuid(user), credential_id: credential_id.to_vec() })
    }

    /// Whether an answer is right, by the credential that was found by its claim and the person that has it. Its user is
    /// always verified: it is two factors.
    ///
    /// # Errors
    /// With the reason if not.
    pub fn finish_sign_in(
        &self,
        state: &[u8],
        answer: &str,
        user: UserId,
        credential: &Credential,
    ) -> Result<Authenticated, Error> {
        let Step::SignIn(state) = State::open(state, None)? else { return Err(Error::State) };
        let answer = read_assertion(answer)?;
        if answer.get_user_unique_id() != Some(user.uuid().as_bytes().as_slice()) {
            return Err(Error::Unknown);
        }
        if credential.kind != FactorKind::Passkey {
            return Err(Error::NotPasskey);
        }
        let passkey = Passkey::from(credential.internals.clone());
        let result = self.0.finish_discoverable_authentication_v2(&answer, state, &passkey)?;
        authenticated(&result, credential)
    }

    /// Asks a person who is known for one of their own passkeys or security keys: as second factor, or for a step-up. Of
    /// passkeys alone the user is verified; with a security key among them it is asked for, and is demanded of the answer
    /// if it was verified at registration, as of each passkey. One that may be copied since it was registered is taken here,
    /// where no security key is among them, and refused elsewhere.
    ///
    /// # Errors
    /// If there is none.
    pub fn begin_authentication(&self, user: UserId, credentials: &[Credential]) -> Result<Begun, Error> {
        let internals = credentials.iter().map(|credential| credential.internals.clone());
        if credentials.is_empty() {
            return Err(Error::NoCredential);
        }
        if credentials.iter().all(|credential| credential.kind == FactorKind::Passkey) {
            let passkeys: Vec<Passkey> = internals.map(Passkey::from).collect();
            let (options, state) = self.0.start_passkey_authentication(&passkeys)?;
            return State::begun(Some(user), &options, Step::Passkey(state));
        }
        let keys: Vec<SecurityKey> = internals.map(SecurityKey::from).collect();
        let (mut options, state) = self.0.start_securitykey_authentication(&keys)?;
        if credentials.iter().any(|credential| credential.kind == FactorKind::Passkey) {
            options.public_key.hints = None;
        }
        State::begun(Some(user), &options, Step::Any(state))
    }

    /// Whether an answer to [`RelyingParty::begin_authentication`] is right, by the person's credentials as they are now.
    ///
    /// # Errors
    /// With the reason if not.
    pub fn finish_authentication(
        &self,
        state: &[u8],
        answer: &str,
        user: UserId,
        credentials: &[Credential],
    ) -> Result<Authenticated, Error> {
        let step = State::open(state, Some(user))?;
        let answer = read_assertion(answer)?;
        // Security keys give no user handle.
        if answer.get_user_unique_id().is_some_and(|handle| handle != user.uuid().as_bytes()) {
            return Err(Error::Unknown);
        }
        let result = match step {
            Step::Passkey(state) => self.0.finish_passkey_authentication(&answer, &state)?,
            Step::Any(state) => self.0.finish_securitykey_authentication(&answer, &state)?,
            _ => return Err(Error::State),
        };
        // It may have been removed, or used, since the ceremony was begun.
        let used = |credential: &&Credential| credential.id() == result.cred_id().as_slice();
        authenticated(&result, credentials.iter().find(used).ok_or(Error::Unknown)?)
    }
}

/// The credential with the counter and backup state of an answer that the library found right.
fn authenticated(result: &AuthenticationResult, credential: &Credential) -> Result<Authenticated, Error> {
    let (counter, before) = (result.counter(), credential.counter());
    if (counter > 0 || before > 0) && counter <= before {
        return Err(Error::ClonedAuthenticator);
    }
    let mut passkey = Passkey::from(credential.internals.clone());
    passkey.update_credential(result).ok_or(Error::Unknown)?;
    let credential = Credential { kind: credential.kind, internals: passkey.into() };
    Ok(Authenticated { credential, is_user_verified: result.user_verified() })
}

fn ids(credentials: &[Credential]) -> Vec<webauthn_rs::prelude::CredentialID> {
    credentials.iter().map(|credential| credential.internals.cred_id.clone()).collect()
}

fn without_protection(options: &mut CreationChallengeResponse) {
    if let Some(extensions) = &mut options.public_key.extensions {
        extensions.cred_protect = None;
    }
}

/// What a browser says of the page that asked, as far as the library does not look at it.
#[derive(Deserialize)]
struct ClientData {
    #[serde(default, rename = "crossOrigin")]
    is_cross_origin: bool,
}

/// The answer to a question for a signature. One that was made inside another website's page is refused, which the library
/// does at registration only; that it was so is signed with the rest.
fn read_assertion(answer: &str) -> Result<PublicKeyCredential, Error> {
    let answer: PublicKeyCredential = read(answer)?;
    let client_data: ClientData =
        serde_json::from_slice(&answer.response.client_data_json).map_err(|_| Error::Answer)?;
    if client_data.is_cross_origin { Err(Error::Origin) } else { Ok(answer) }
}

fn read<T: DeserializeOwned>(answer: &str) -> Result<T, Error> {
    if answer.len() > ANSWER_BYTES_MAX {
        return Err(Error::Answer);
    }
    serde_json::from_str(answer).map_err(|_| Error::Answer)
}
