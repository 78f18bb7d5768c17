//! Identifiers that may go on in a second line where their parts end, and nowhere within a word. Changes no letter of them.

use leptos::prelude::*;

/// Behind what an identifier may go on in the next line.
const ENDS: [char; 5] = ['.', ':', '_', '/', '@'];

/// An identifier as in `organization:permissions:read`, `user.invitation_withdrawn` or `ann@example.org`.
pub(crate) fn breakable(identifier: &str) -> AnyView {
    identifier.split_inclusive(ENDS).map(|part| view! { {part.to_owned()} <wbr /> }).collect_view().into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_stays_whole() {
        let html = breakable("user.invitation_withdrawn").to_html().replace("<!>", "");
        assert_eq!(html, "user.<wbr>invitation_<wbr>withdrawn<wbr>");
        let html = breakable("ann@mail.example.org").to_html().replace("<!>", "");
        assert_eq!(html, "ann@<wbr>mail.<wbr>example.<wbr>org<wbr>");
    }
}
