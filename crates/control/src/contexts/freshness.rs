//! Whether a session has lately shown who it belongs to, which dangerous actions ask for. How it is shown is in `step_up`.

use domain::{actions::Action, errors::Error};

use super::{Context, Credential};
use crate::step_up;

impl Context {
    /// Refuses an action that asks for it to a session that has not shown for too long who it belongs to. Nobody asks it of
    /// tokens, which have nothing to show.
    pub(crate) fn is_fresh_for(&self, action: Action) -> Result<(), Error> {
        let is_session = matches!(self.credential, Some(Credential::Session(_)));
        if !is_session || !action.asks_for_step_up() || self.is_fresh() {
            return Ok(());
        }
        Err(Error::StepUp)
    }

    /// Whether somebody is signed in with a session that has lately shown who it belongs to: it confirms what is dangerous.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let Some(Credential::Session(session)) = &self.credential else { return false };
        session.proven_at.is_some_and(|at| self.now().since(at) < step_up::LASTS)
    }
}
