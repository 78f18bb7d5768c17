//! Signing in with an organization's identity provider, from the console's door to the session, and everything that could come
//! through that door instead.

mod company;

mod answers;
mod hostile;
mod oidc_hostile;
mod policies;
