//! What `LIKE … ESCAPE '!'` takes for what people type into a search. The column's side is `LOWER(column)`: both
//! databases lower the letters of ASCII there and no others, and so does this. Holds no SQL.

use crate::queries::storable;

/// Finds what holds the text.
pub(crate) fn containing(text: &str) -> String {
    format!("%{}%", plain(text))
}

/// Finds what begins with the text.
pub(crate) fn beginning(text: &str) -> String {
    format!("{}%", plain(text))
}

/// The text, with its own wildcards taken literally.
fn plain(text: &str) -> String {
    let text = storable(text).to_ascii_lowercase();
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_and_what_cannot_be_stored_are_taken_literally() {
        assert_eq!(containing(""), "%%");
        assert_eq!(containing("Ä_50%!"), "%Ä!_50!%!!%");
        assert_eq!(beginning("Ann\0"), "ann\u{fffd}%");
    }
}
