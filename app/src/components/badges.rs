//! States as coloured words: the word always says it, the colour only helps.

use domain::states::{NodeState, Outcome, ServiceState};
use leptos::prelude::*;

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Under way.
    Busy,
    /// Needs a look.
    Warning,
    /// Wrong.
    Bad,
    /// Neither.
    Plain,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "badge badge-good",
            Self::Busy => "badge badge-busy",
            Self::Warning => "badge badge-warning",
            Self::Bad => "badge badge-bad",
            Self::Plain => "badge",
        }
    }
}

/// A word in its colour.
pub fn badge(tone: Tone, text: impl Into<String>) -> AnyView {
    view! { <span class=tone.class()>{text.into()}</span> }.into_any()
}

/// Word and colour of a service's state.
#[must_use]
pub const fn service_state(
    state: ServiceState,
    is_deleting: bool,
    has_problem: bool,
) -> (Tone, &'static str) {
    if is_deleting {
        return (if has_problem { Tone::Warning } else { Tone::Busy }, "DELETING");
    }
    let tone = match (state, has_problem) {
        (_, true) => Tone::Warning,
        (ServiceState::Running, _) => Tone::Good,
        (ServiceState::Rebuilding | ServiceState::Rebalancing, _) => Tone::Busy,
        (ServiceState::Poweroff, _) => Tone::Plain,
    };
    (tone, state.as_str())
}

/// Words and colour of a node's state.
#[must_use]
pub const fn node_state(state: NodeState) -> (Tone, &'static str) {
    match state {
        NodeState::SettingUpVm => (Tone::Busy, "setting up the VM"),
        NodeState::SyncingData => (Tone::Busy, "syncing data"),
        NodeState::Running => (Tone::Good, "running"),
        NodeState::Leaving => (Tone::Busy, "leaving"),
        NodeState::TimingOut => (Tone::Bad, "timing out"),
        NodeState::Unknown => (Tone::Warning, "unknown"),
    }
}

/// Word and colour of how an action ended.
#[must_use]
pub const fn outcome(outcome: Outcome) -> (Tone, &'static str) {
    match outcome {
        Outcome::Done => (Tone::Good, "done"),
        Outcome::Denied => (Tone::Bad, "denied"),
        Outcome::Failed => (Tone::Warning, "failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_nodes_are_said_in_words() {
        for state in NodeState::ALL {
            let (_, words) = node_state(*state);
            assert!(!words.contains('_'), "{words}");
        }
        assert_eq!(node_state(NodeState::SettingUpVm), (Tone::Busy, "setting up the VM"));
    }

    #[test]
    fn deleting_and_problems_come_before_the_state() {
        assert_eq!(service_state(ServiceState::Running, false, false), (Tone::Good, "RUNNING"));
        assert_eq!(service_state(ServiceState::Running, true, false), (Tone::Busy, "DELETING"));
        assert_eq!(service_state(ServiceState::Rebuilding, false, true), (Tone::Warning, "REBUILDING"));
    }
}
