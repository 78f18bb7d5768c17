//! Everybody there is: who they are, what they come with, and what they hold. The last is known here because it was given
//! here; what anybody may do follows from it by the policy, and from nothing that the product says of them.

use control::sessions::SessionRow;
use domain::{
    actions::{Action, Need},
    permissions::Granted,
    powers::{Decision, Powers},
    principals::ResourceKind,
    timestamps::Timestamp,
};
use store::{factors::Factor, tokens::Token};

use super::{
    routes::{Ask, Kind, Route},
    things::{Values, World},
};

/// What somebody gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Nothing: nobody knows them.
    Unknown,
    /// Nothing: they may not even know of it.
    Hidden,
    /// Nothing: they may know of it, but not do this.
    Missing,
    /// What they ask for, or why it does not fit.
    Allowed,
}

/// What is known of somebody.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) is_program: bool,
    /// Whether the account is.
    pub(super) is_active: bool,
    pub(super) is_member: bool,
    pub(super) is_super_admin: bool,
    pub(super) held: Vec<(Granted, ResourceKind)>,
    pub(super) scopes: Option<Vec<Granted>>,
}

impl Known {
    pub(super) fn member() -> Self {
        Self { is_active: true, is_member: true, ..Self::default() }
    }

    pub(super) fn holding(granted: Granted, on: ResourceKind) -> Self {
        Self { held: vec![(granted, on)], ..Self::member() }
    }

    pub(super) fn super_admin() -> Self {
        Self { is_super_admin: true, ..Self::member() }
    }

    /// What they can do at a place: the project lies in the unit.
    fn powers(&self, place: ResourceKind) -> Powers {
        let counts = |on: ResourceKind| match place {
            ResourceKind::Organization => on == ResourceKind::Organization,
            ResourceKind::Unit => on != ResourceKind::Project,
            ResourceKind::Project => true,
        };
        let granted = self.held.iter().filter(|(_, on)| counts(*on)).map(|(granted, _)| *granted).collect();
        let (is_member, is_super_admin) = (self.is_member, self.is_super_admin);
        Powers { place, is_member, is_super_admin, granted, scopes: self.scopes.clone() }
    }

    fn decide(&self, ask: Ask, with_token: bool) -> Expected {
        if !self.is_active {
            // Who is shut out may still sign out.
            let is_end = ask.action() == Action::SignOut;
            return if is_end { Expected::Allowed } else { Expected::Unknown };
        }
        let needs_session = ask.action().need() == Need::Session;
        let at = |place| match self.powers(place).decide(ask.action()) {
            Decision::Hidden => Expected::Hidden,
            Decision::Missing(_) => Expected::Missing,
            Decision::Allowed => Expected::Allowed,
        };
        match ask {
            Ask::Own(_) | Ask::Person(_) if needs_session && with_token => Expected::Missing,
            // A token that is limited by scopes looks after none but itself.
            Ask::Own(Action::ViewOwnTokens) if self.scopes.is_some() => Expected::Missing,
            Ask::Person(_) if self.is_program => Expected::Hidden,
            Ask::Own(_) | Ask::Person(_) => Expected::Allowed,
            Ask::In(_) => at(ResourceKind::Organization),
            Ask::OnUnit(_) => at(ResourceKind::Unit),
            Ask::OnProject(_) => at(ResourceKind::Project),
            Ask::InUnit(_) => match at(ResourceKind::Unit) {
                Expected::Hidden => at(ResourceKind::Project),
                other => other,
            },
        }
    }
}

/// From where somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The machine itself.
    Here,
    /// Another address each time: what is refused is counted for each.
    Anywhere,
}

/// Somebody, with what they come with.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) name: String,
    /// The value of their session's cookie.
    pub(super) cookie: Option<String>,
    /// The text of their token.
    pub(super) token: Option<String>,
    pub(super) from: From,
    /// Values of their own.
    pub(super) values: Values,
    /// Whether cookie and token each go where the other belongs.
    pub(super) is_crossed: bool,
    pub(super) known: Option<Known>,
    /// What is theirs and put back when they end it.
    pub(super) kept: (Option<Token>, Option<SessionRow>, Option<Factor>),
}

impl Actor {
    pub(super) fn nobody(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            cookie: None,
            token: None,
            from: From::Anywhere,
            values: Values::new(),
            is_crossed: false,
            known: None,
            kept: (None, None, None),
        }
    }

    /// The same, who brings the token to the console and the cookie to the API.
    pub(super) fn crossed(&self) -> Self {
        let name = format!("{}, cookie and token crossed", self.name);
        let known = None;
        Self { name, known, is_crossed: true, from: From::Anywhere, ..self.clone() }
    }

    /// Whether the console knows nobody who comes like this.
    pub(super) fn is_unknown(&self) -> bool {
        self.known.as_ref().is_none_or(|known| !known.is_active)
    }

    /// What they get at a route: the first thing that is not given decides.
    pub(super) fn expected(&self, route: &Route) -> Expected {
        let with_token = route.kind == Kind::Operation;
        let has_credential = if with_token { self.token.is_some() } else { self.cookie.is_some() };
        let Some(known) = self.known.as_ref().filter(|_| has_credential) else {
            return if route.asks.is_empty() { Expected::Allowed } else { Expected::Unknown };
        };
        if with_token && !known.is_active && !route.asks.is_empty() {
            return Expected::Unknown;
        }
        let decided = route.asks.iter().map(|ask| known.decide(*ask, with_token));
        { decided }.find(|expected| *expected != Expected::Allowed).unwrap_or(Expected::Allowed)
    }

    /// Puts back what they ended of their own.
    pub(super) async fn mend(&self, world: &World) {
        let mut tx = world.installation.store.write().await.unwrap();
        let (token, session, factor) = &self.kept;
        if let Some(token) = token
            && store::tokens::find(&mut tx, token.id).await.unwrap().is_none()
        {
            store::tokens::add(&mut tx, token).await.unwrap();
        }
        if let Some(factor) = factor {
            if store::factors::find(&mut tx, factor.user_id, factor.id).await.unwrap().is_none() {
                assert!(store::factors::add(&mut tx, factor).await.unwrap());
            }
            store::recovery_codes::remove_for_user(&mut tx, factor.user_id, Timestamp::from_micros(i64::MAX))
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        if let Some(session) = session {
            world.installation.control.session_rows().add(session).await.unwrap();
        }
    }
}
