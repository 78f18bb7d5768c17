//! Recovery codes that were just made: shown by the answer to the form that made them and never again. To copy, to keep as a
//! file, to print; no other site has a part in it.

use domain::secrets::Secret;
use leptos::prelude::*;

use crate::{
    components::{
        copy::CopyButton,
        icons::{Icon, icon},
    },
    context::{no_store, origin},
    links,
};

/// The codes, and what to do with them.
pub(super) fn made_codes(codes: &[Secret]) -> AnyView {
    no_store();
    // The person made them to read them.
    let lines: Vec<String> = codes.iter().map(|code| code.expose().to_owned()).collect();
    let text = lines.join("\n");
    let file = format!("data:text/plain;charset=utf-8,{}", links::encode(&file(&origin(), &text)));
    let items = lines.into_iter().map(|line| view! { <li><code>{line}</code></li> }).collect_view();
    view! {
        <section class="card made-codes" aria-labelledby="made-codes">
            <h2 id="made-codes">"Keep these recovery codes"</h2>
            <p>
                "This is the only time that they are shown. Each works once, instead of a second factor that is lost or not at \
                 hand. Keep them apart from your password: on paper, or in a password manager that this account does not open."
            </p>
            <ol class="recovery-codes" aria-label="Recovery codes">{items}</ol>
            <div class="form-actions codes-actions">
                <CopyButton text=text what="recovery codes".to_owned() />
                <a class="button" href=file download="redoubt-recovery-codes.txt">{icon(Icon::Download)} "Download as text"</a>
                <button type="button" class="button needs-script" data-print="">"Print"</button>
            </div>
            <div class="form-actions">
                <a class="button button-primary" href=links::authentication()>"I have kept them"</a>
            </div>
        </section>
    }
    .into_any()
}

/// The file: what they are for, then the codes.
fn file(origin: &str, codes: &str) -> String {
    format!("Recovery codes for {origin}\nEach works once, instead of a second factor.\n\n{codes}\n")
}

#[cfg(test)]
mod tests {
    use leptos::reactive::owner::Owner;

    use super::*;

    #[test]
    fn the_file_is_in_the_page_itself_and_holds_every_code() {
        let codes = ["aaaa-1111", "bbbb-2222"].map(|code| Secret::new(code.to_owned()));
        let html = Owner::new().with(|| made_codes(&codes).to_html());
        assert!(html.contains("href=\"data:text/plain;charset=utf-8,Recovery%20codes"), "{html}");
        assert!(html.contains("aaaa-1111%0Abbbb-2222%0A\""), "{html}");
    }
}
