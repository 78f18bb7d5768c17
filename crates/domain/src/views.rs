//! What operations answer: everything a page or an API answer shows, and nothing it must not. What every list shares is
//! here; the rest is in the modules below, by what it shows.

mod certificates;
mod domains;
mod events;
mod forms;
mod identity_providers;
mod mails;
mod organizations;
mod people;
mod permissions;
mod plans;
mod policies;
mod scim;
mod services;
mod sign_ins;
mod timelines;
mod tokens;

use serde::{Deserialize, Serialize};

pub use self::{
    certificates::{CertificateRow, CertificateView},
    domains::{DiscoveredOrganization, DomainPreview, DomainRow, ManagedRow, ManagedView, Manager},
    events::{EVENTS_COUNTED_MAX, EVENTS_UNCOUNTED, EventSubject, EventView},
    forms::Flash,
    identity_providers::{
        CertificateFacts, LinkableProvider, LinkedDomain, MetadataFacts, OidcAddresses, OwnIdentities,
        OwnIdentity, ProviderAddresses, ProviderChoice, ProviderChoices, ProviderKey, ProviderRemoval,
        ProviderRow, ProviderView, SamlAddresses,
    },
    mails::{MailRow, MailView},
    organizations::{
        NamedUnit, OrganizationView, Profile, ProjectRow, ProjectSettings, ProjectView, Tag, UnitRow,
        UnitView,
    },
    people::{
        ApplicationUserRow, ApplicationUserView, ChosenInvitation, GroupMemberRow, GroupRow, GroupView,
        InvitationRow, InvitationView, InvitedLine, MemberRow, MemberView, NamedGroup, OwnInvitationRow,
        OwnProfile, ProfileTexts,
    },
    permissions::{
        AdditionEffects, AttachedGrantView, AttachedView, ChosenGrant, EFFECT_ROWS_MAX, EFFECT_TOTALS_MAX,
        EffectRow, EffectTotal, EffectTotals, Effects, ExplainedPermission, Explanation, GrantEffects,
        GrantRow, HolderRow, Path, Principal, Resource, RevocationEffects, seen_end,
    },
    plans::PlanView,
    policies::{
        BreakGlassRow, PolicyPreview, PolicyView, TURNED_AWAY_ROWS_MAX, TurnedAwayPerson, TurnedAwayToken,
        TurnedAwayTotals,
    },
    scim::{MadeScimToken, ScimKeeper, ScimTokenRow, ScimView},
    services::{ConnectionView, IpFilterView, NodeView, ServiceRow, ServiceView, VolumeView},
    sign_ins::{
        AddedFactor, FactorResetPreview, FactorResetView, FactorRow, OwnFactorResets, OwnFactors,
        PasswordResetView, PasswordRule, SecondFactorView, SessionView, StepUpView, TotpOffer,
    },
    timelines::{Timeline, TimelineStep},
    tokens::{MadeToken, TokenRow},
};

/// Rows on a page of a list, at most.
pub const PAGE_ROWS_MAX: u32 = 50;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Give this as `after` to get the next page; none on the last.
    pub next: Option<String>,
    /// Rows in the whole list.
    pub total: i64,
}
