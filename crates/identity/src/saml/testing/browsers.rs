//! What a browser carries between us and an identity provider. Verifies nothing.

use base64::{Engine, engine::general_purpose::STANDARD};
use url::Url;

use super::Failure;

/// The XML of the request in an address of the redirect binding.
///
/// # Errors
/// If there is none.
pub fn carried(address: &str) -> Result<String, Failure> {
    let url = Url::parse(address)?;
    let (_, value) = url.query_pairs().find(|(name, _)| name == "SAMLRequest").ok_or("no SAMLRequest")?;
    let deflated = STANDARD.decode(value.as_bytes())?;
    let xml = miniz_oxide::inflate::decompress_to_vec_with_limit(&deflated, 1 << 20)
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8(xml)?)
}

/// An attribute of the root of a message.
///
/// # Errors
/// If it has none of that name.
pub fn said(xml: &str, attribute: &str) -> Result<String, Failure> {
    let document = roxmltree::Document::parse(xml)?;
    let value = document.root_element().attribute(attribute);
    value.map(ToOwned::to_owned).ok_or_else(|| format!("no {attribute}").into())
}
