//! The closed list of audit events.

use crate::states::text_enum;

text_enum! {
    /// What happened. Every write has one; `docs/events.md` documents them.
    EventType {
        /// A set-up link was made.
        SetUpLinkMade = "set_up.link_made",
        /// The first user and the first organization were made through the set-up link.
        SetUpCompleted = "set_up.completed",
        /// Somebody signed in, or tried to.
        UserSignedIn = "user.signed_in",
        /// Somebody tried to sign in while too many wrong tries were being waited out.
        UserSignInRefused = "user.sign_in_refused",
        /// Somebody signed out.
        UserSignedOut = "user.signed_out",
        /// A project was made.
        ProjectCreated = "project.created",
        /// A project was renamed.
        ProjectRenamed = "project.renamed",
        /// A project was deleted.
        ProjectDeleted = "project.deleted",
        /// A service was asked for.
        ServiceCreated = "service.created",
        /// A service's deletion was asked for.
        ServiceDeletionRequested = "service.deletion_requested",
        /// A service answers queries (again).
        ServiceRunning = "service.running",
        /// A node's VM was found gone and is started again.
        NodeRestarted = "node.restarted",
        /// A node was destroyed and its volumes shredded.
        NodeDestroyed = "node.destroyed",
        /// A service is gone.
        ServiceDeleted = "service.deleted",
        /// The password of a service's first user was shown.
        ServicePasswordViewed = "service.password_viewed",
        /// Who may connect was changed.
        ServiceIpFilterChanged = "service.ip_filter_changed",
        /// A failing step was asked to be tried at once.
        ServiceRetryRequested = "service.retry_requested",
        /// A workflow did not finish within its deadline.
        WorkflowOverdue = "workflow.overdue",
        /// An action was refused.
        ActionDenied = "action.denied",
    }
}
