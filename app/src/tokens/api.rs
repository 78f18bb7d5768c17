//! Server functions of one's own tokens. Making and replacing one are no server functions: their answer is shown by the
//! page that they are sent to, once.

use domain::{ids::TokenId, views::TokenRow};
use leptos::prelude::*;

use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    context::{answer, control, done},
    links,
    quantities::count,
};

/// Changes what a token of one's own is for and from where it may be used.
#[server(endpoint = "tokens/edit")]
pub async fn edit_token(
    id: TokenId,
    generation: i64,
    #[server(default)] description: String,
    #[server(default)] ip_ranges: String,
) -> Result<TokenRow, AppError> {
    let (ctx, input) = (control()?, domain::inputs::EditToken { description, ip_ranges, generation });
    let token = answer(control::tokens::edit(&ctx, id, &input).await)?;
    done(&links::own_token(&id.to_string()), &edited(&token));
    Ok(token)
}

/// Ends a token of one's own.
#[server(endpoint = "tokens/revoke")]
pub async fn revoke_token(id: TokenId) -> Result<(), AppError> {
    answer(control::tokens::revoke(&control()?, id).await)?;
    done(&links::own_tokens(&[]), "The token is revoked.");
    Ok(())
}

/// Ends several of one's own tokens.
#[server(endpoint = "tokens/revoke_chosen")]
pub async fn revoke_chosen_tokens(#[server(default)] ids: Vec<TokenId>) -> Result<i64, AppError> {
    let revoked = answer(control::tokens::revoke_chosen(&control()?, &ids).await)?;
    done(&links::own_tokens(&[]), &revoked_notice(revoked));
    Ok(revoked)
}

/// Ends all of one's own tokens, or those that were not used for so many days.
#[server(endpoint = "tokens/revoke_many")]
pub async fn revoke_many_tokens(#[server(default)] unused_days: String) -> Result<i64, AppError> {
    let revoked = answer(control::tokens::revoke_many(&control()?, &unused_days).await)?;
    done(&links::own_tokens(&[]), &revoked_notice(revoked));
    Ok(revoked)
}

/// What is said of a token that was changed. From where it is turned away now is said by its page.
#[cfg(feature = "ssr")]
pub(crate) fn edited(token: &TokenRow) -> String {
    format!("The token {} is changed.", token.prefix)
}

/// What is said of tokens that were ended.
#[cfg(feature = "ssr")]
pub(crate) fn revoked_notice(revoked: i64) -> String {
    match revoked {
        0 => "There was no such token any more.".to_owned(),
        1 => "1 token is revoked.".to_owned(),
        revoked => format!("{} are revoked.", count(revoked, "token")),
    }
}
