//! SCIM: what an identity provider pushes of people and groups with a token of its own, and switching that on and off. What
//! resources look like and what a change leaves of one is said in `identity`; what is kept is not to be changed by hand here.

mod accounts;
mod groups;
mod keepers;
mod settings;
mod tokens;
mod users;

use domain::errors::Error;
use identity::scim::{Refusal, resources::Meta};
use serde_json::{Map, Value};

use crate::errors::Failure;

pub use groups::{
    create as create_group, delete as delete_group, list as list_groups, patch as patch_group,
    replace as replace_group, view as view_group,
};
pub(crate) use keepers::{obstacle, refuse_group, refuse_let_in, refuse_profile, shown};
pub use settings::{make_token, remove_token, switch_off, switch_on, view};
pub use tokens::{Provisioner, authenticate};
pub use users::{
    create as create_user, delete as delete_user, list as list_users, patch as patch_user,
    replace as replace_user, view as view_user,
};

/// Resources that are looked at for one filter, at most.
const SCANNED_MAX: i64 = 20_000;
/// Of which so many at once.
const BATCH: u32 = 500;

/// A resource as it is answered.
#[derive(Clone, Debug)]
pub struct Resource {
    /// All of it.
    pub members: Map<String, Value>,
    /// Its address.
    pub location: String,
    /// Its version, a weak entity tag.
    pub version: String,
}

impl Resource {
    fn new(members: Map<String, Value>, meta: Meta) -> Self {
        Self { members, location: meta.location, version: meta.version }
    }
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// For a reason that the protocol has a word for.
    Scim(Refusal),
    /// For another one.
    Other(Error),
}

/// Why an operation ends before its end.
enum Stop {
    Failure(Failure),
    Refusal(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<Failure> for Stop {
    /// What cannot be stored is a value that cannot be that.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(Error::Invalid { reason, .. }) => Self::Refusal(Refusal::value(reason)),
            failure => Self::Failure(failure),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Failure::Refused(error).into()
    }
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl From<serde_json::Error> for Stop {
    fn from(error: serde_json::Error) -> Self {
        Self::Failure(error.into())
    }
}

/// A refusal as an answer, so that only failures are tried again.
fn settled<T>(result: Result<T, Stop>) -> Result<Result<T, Refusal>, Failure> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Stop::Refusal(refusal)) => Ok(Err(refusal)),
        Err(Stop::Failure(failure)) => Err(failure),
    }
}

fn told<T>(result: Result<Result<T, Refusal>, Error>) -> Result<T, Refused> {
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(refusal)) => Err(Refused::Scim(refusal)),
        Err(error) => Err(Refused::Other(error)),
    }
}

/// What every operation here is: done once more where another one was faster.
macro_rules! operation {
    ($scim:expr, $body:expr) => {
        $crate::scim::told($crate::errors::attempt!($scim.ctx(), { $crate::scim::settled($body.await) }))
    };
}
use operation;

/// Refuses a change of what was changed since the version that the client knows, if it names one.
fn is_version(version: &str, wanted: Option<&str>) -> Result<(), Refusal> {
    let Some(wanted) = wanted else { return Ok(()) };
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let is_it = wanted.split(',').any(|tag| tag.trim() == "*" || bare(tag) == bare(version));
    match is_it {
        true => Ok(()),
        false => {
            let detail =
                format!("It was changed meanwhile: its version is {version} now. Get it, and do it again.");
            Err(Refusal::new(identity::scim::Reason::Version, detail))
        }
    }
}
