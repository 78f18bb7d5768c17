//! The tokens that were ticked in a list, and the form that ends them: what is about to go is named before it goes.

use domain::{
    errors::Error,
    ids::TokenId,
    views::{PAGE_ROWS_MAX, TokenRow},
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{
    list::{ends, last_used, name},
    owners::Owner,
};
use crate::{
    components::{
        alerts::warning,
        empty::empty,
        form::{FormState, hidden},
        frame::{Viewer, head},
        icons::Icon,
        table::{Column, Row, table},
    },
    errors::AppError,
    quantities::count,
};

/// The page: those of the ids in its address that are there still.
pub(crate) async fn chosen(viewer: Viewer, owner: Owner, query: &ParamsMap) -> Result<AnyView, AppError> {
    let ids = named(query)?;
    let frame = owner.frame("Revoke").step("Revoke", owner.list(&[]));
    if ids.is_empty() {
        return Ok(frame.view(viewer, nothing(&owner)));
    }
    let mut tokens = Vec::with_capacity(ids.len());
    for id in &ids {
        match owner.find(*id).await {
            Ok(token) => tokens.push(token),
            Err(Error::NotFound) => {}
            Err(other) => return Err(other.into()),
        }
    }
    if tokens.is_empty() {
        return Err(Error::NotFound.into());
    }
    let gone = i64::try_from(ids.len() - tokens.len()).unwrap_or(i64::MAX);
    Ok(frame.view(viewer, draw(&owner, &tokens, gone)))
}

/// The tokens that the address names, each once.
fn named(query: &ParamsMap) -> Result<Vec<TokenId>, Error> {
    let texts = query.get_all("ids").unwrap_or_default();
    if texts.len() > PAGE_ROWS_MAX as usize {
        return Err(Error::invalid("ids", format!("Choose at most {PAGE_ROWS_MAX} at once.")));
    }
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        let id = text.parse().map_err(|_| Error::NotFound)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// What is said when nothing was ticked.
fn nothing(owner: &Owner) -> AnyView {
    let back = view! { <a class="button" href=owner.list(&[])>"Back to the list"</a> };
    let text = "Tick those in the list that you want to end, then revoke them together.";
    view! { {head("Revoke".into(), (), ())} {empty(Icon::Token, "No token is chosen", text, back)} }
        .into_any()
}

fn draw(owner: &Owner, tokens: &[TokenRow], gone: i64) -> AnyView {
    let form = FormState::of(owner.actions().revoke_chosen);
    let number = count(i64::try_from(tokens.len()).unwrap_or(i64::MAX), "token");
    let gone = (gone > 0).then(|| {
        let are = if gone == 1 { "is" } else { "are" };
        warning(format!("{} of those that you chose {are} gone already.", count(gone, "token")))
    });
    let columns = [Column::Name("Token"), Column::Text("Last used"), Column::Text("Ends")];
    let rows = tokens.iter().map(|token| -> Row { vec![name(owner, token), last_used(token), ends(token)] });
    let table = table("The chosen tokens", &columns, rows.collect());
    let kept = owner.hidden();
    let mut pairs: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let ids: Vec<String> = tokens.iter().map(|token| token.id.to_string()).collect();
    pairs.extend(ids.iter().map(|id| ("ids[]", id.as_str())));
    view! {
        {head(format!("Revoke {number}?"), (), ())} {gone} {table}
        <form method="post" action=form.action class="form form-narrow">
            {hidden(&pairs)} {form.error(&[])} <p>"What uses them is refused at once. This cannot be undone."</p>
            <div class="form-actions">
                <button class="button button-danger">{format!("Revoke {number}")}</button>
                <a class="button" href=owner.list(&[])>"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}
