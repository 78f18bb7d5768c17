//! Whose tokens a page shows: one's own, or those of an application user. Where their pages are, where their forms are
//! sent, and which operations make them. Decides nothing: what may be done comes from who loads it.

use domain::{
    errors::Error,
    ids::{OrganizationId, TokenId, UserId},
    inputs::CreateToken,
    views::{MadeToken, TokenRow},
};

use crate::{
    components::frame::{Frame, Section},
    context::control,
    links,
};

/// Somebody whose tokens are shown.
#[derive(Clone)]
pub(crate) struct Owner {
    program: Option<Program>,
    /// What the viewer may do with the tokens.
    pub(crate) rights: Rights,
}

/// An application user.
#[derive(Clone)]
struct Program {
    organization: OrganizationId,
    user: UserId,
    name: String,
}

/// What the viewer may do with somebody's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rights {
    /// Make and replace.
    pub(crate) make: bool,
    /// Change.
    pub(crate) edit: bool,
    /// End.
    pub(crate) revoke: bool,
}

/// Where the forms about somebody's tokens are sent.
pub(crate) struct Actions {
    /// The one that changes a token.
    pub(crate) edit: &'static str,
    /// The one that ends a token.
    pub(crate) revoke: &'static str,
    /// The one that ends those that were chosen.
    pub(crate) revoke_chosen: &'static str,
    /// The one that ends all that the list shows.
    pub(crate) revoke_many: &'static str,
}

const OWN: Actions = Actions {
    edit: "/api/tokens/edit",
    revoke: "/api/tokens/revoke",
    revoke_chosen: "/api/tokens/revoke_chosen",
    revoke_many: "/api/tokens/revoke_many",
};
const OF_PROGRAM: Actions = Actions {
    edit: "/api/application_users/edit_token",
    revoke: "/api/application_users/revoke_token",
    revoke_chosen: "/api/application_users/revoke_chosen_tokens",
    revoke_many: "/api/application_users/revoke_tokens",
};

impl Owner {
    /// Whoever looks; in the console they may do everything with their own.
    pub(crate) const fn oneself() -> Self {
        Self { program: None, rights: Rights { make: true, edit: true, revoke: true } }
    }

    /// An application user.
    pub(crate) const fn program(
        organization: OrganizationId,
        user: UserId,
        name: String,
        rights: Rights,
    ) -> Self {
        Self { program: Some(Program { organization, user, name }), rights }
    }

    /// Whether it is whoever looks.
    pub(crate) const fn is_oneself(&self) -> bool {
        self.program.is_none()
    }

    /// What an application user is called.
    pub(crate) fn name(&self) -> Option<&str> {
        self.program.as_ref().map(|program| program.name.as_str())
    }

    /// The page with the list.
    pub(crate) fn list(&self, query: &[(&str, Option<&str>)]) -> String {
        match &self.program {
            None => links::own_tokens(query),
            Some(Program { organization, user, .. }) => {
                links::application_user(&organization.to_string(), &user.to_string(), query)
            }
        }
    }

    /// The page that makes one.
    pub(crate) fn new_token(&self) -> String {
        match &self.program {
            None => links::new_own_token(),
            Some(Program { organization, user, .. }) => {
                links::new_application_token(&organization.to_string(), &user.to_string())
            }
        }
    }

    /// The page of one.
    pub(crate) fn token(&self, token: TokenId) -> String {
        match &self.program {
            None => links::own_token(&token.to_string()),
            Some(Program { organization, user, .. }) => {
                links::application_token(&organization.to_string(), &user.to_string(), &token.to_string())
            }
        }
    }

    /// The page that asks whether to end those that are ticked.
    pub(crate) fn revocation(&self) -> String {
        match &self.program {
            None => links::own_tokens_revocation(),
            Some(Program { organization, user, .. }) => {
                links::application_tokens_revocation(&organization.to_string(), &user.to_string())
            }
        }
    }

    /// The tokens in the API.
    pub(crate) fn api(&self) -> String {
        match &self.program {
            None => "/v1/me/tokens".to_owned(),
            Some(Program { organization, user, .. }) => {
                format!("/v1/organizations/{organization}/application-users/{user}/tokens")
            }
        }
    }

    /// Where forms are sent.
    pub(crate) const fn actions(&self) -> &'static Actions {
        match &self.program {
            None => &OWN,
            Some(_) => &OF_PROGRAM,
        }
    }

    /// What each form sends to say whose tokens are meant.
    pub(crate) fn hidden(&self) -> Vec<(&'static str, String)> {
        match &self.program {
            None => Vec::new(),
            Some(Program { organization, user, .. }) => {
                vec![("organization", organization.to_string()), ("user", user.to_string())]
            }
        }
    }

    /// The frame of a page below the list.
    pub(crate) fn frame(&self, title: &str) -> Frame {
        match &self.program {
            None => Frame::of_person(Section::Tokens, title).step("Tokens", self.list(&[])),
            Some(Program { organization, name, .. }) => {
                let users = links::application_users(&organization.to_string(), &[]);
                Frame::in_organization(*organization, Section::ApplicationUsers, title)
                    .step("Application users", users)
                    .step(name.clone(), self.list(&[]))
            }
        }
    }

    /// One of the tokens.
    pub(crate) async fn find(&self, token: TokenId) -> Result<TokenRow, Error> {
        let ctx = context()?;
        match &self.program {
            None => control::tokens::view(&ctx, token).await,
            Some(Program { organization, user, .. }) => {
                control::application_users::token(&ctx, *organization, *user, token).await
            }
        }
    }

    /// Makes one.
    pub(crate) async fn create(&self, input: &CreateToken) -> Result<MadeToken, Error> {
        let ctx = context()?;
        match &self.program {
            None => control::tokens::create(&ctx, input).await,
            Some(Program { organization, user, .. }) => {
                control::application_users::create_token(&ctx, *organization, *user, input).await
            }
        }
    }

    /// Makes one that takes the place of another.
    pub(crate) async fn rotate(&self, token: TokenId, overlap_hours: &str) -> Result<MadeToken, Error> {
        let ctx = context()?;
        match &self.program {
            None => control::tokens::rotate(&ctx, token, overlap_hours).await,
            Some(Program { organization, user, .. }) => {
                control::application_users::rotate_token(&ctx, *organization, *user, token, overlap_hours)
                    .await
            }
        }
    }
}

fn context() -> Result<control::Context, Error> {
    control().map_err(|error| error.to_domain())
}
