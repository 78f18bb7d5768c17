//! What a page says whose thing is not there: that somebody may have been faster, and where the others of its kind are. It
//! does not tell what is gone from what never was: both are answered alike, and with the same status.

use domain::ids::OrganizationId;

use super::frame::Viewer;

/// What may have become of a thing that a page is about.
pub(crate) struct Gone {
    /// The organization whose members are told; none for what is everybody's own.
    pub(crate) organization: Option<OrganizationId>,
    /// What it would be, and what becomes of such things.
    pub(crate) said: &'static str,
    /// Where the others of its kind are, in words.
    pub(crate) label: &'static str,
    /// The same as an address.
    pub(crate) list: Box<dyn FnOnce(&Viewer) -> String + Send>,
}

impl Gone {
    /// What is told the viewer: the sentence, the words of the way back and its address. None for strangers.
    pub(crate) fn told(self, viewer: &Viewer) -> Option<(&'static str, &'static str, String)> {
        let is_told = self.organization.is_none_or(|id| viewer.organization(id).is_some());
        is_told.then(|| (self.said, self.label, (self.list)(viewer)))
    }
}
