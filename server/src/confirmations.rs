//! Asks whoever sits at a terminal whether something is meant that cannot be taken back. Does nothing of it itself.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::ensure;

/// Bytes of a line that is typed, at most.
const LINE_BYTES_MAX: u64 = 4 << 10;

/// Before all second factors of an account are taken: has its address typed once more.
///
/// # Errors
/// Something else was typed, or there is no terminal to ask at.
pub(crate) fn before_reset(email: &str) -> anyhow::Result<()> {
    let what =
        format!("This takes all second factors of {email} at once: a password alone opens the account then.");
    ensure!(io::stdin().is_terminal(), "{what} Nothing was done; add --yes if that is what you want");
    println!("{what}");
    print!("Enter the address once more to go on: ");
    io::stdout().flush()?;
    is_repeated(&mut io::stdin().lock(), email)
}

/// Fails if the next line is not that text.
fn is_repeated(from: &mut impl BufRead, text: &str) -> anyhow::Result<()> {
    let mut line = String::new();
    from.take(LINE_BYTES_MAX).read_line(&mut line)?;
    ensure!(line.trim() == text, "that is not {text}; nothing was done");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_much_is_done_only_if_its_object_is_named_again() {
        let ask = |typed: &str| is_repeated(&mut typed.as_bytes(), "ann@example.org");
        assert!(ask("ann@example.org\n").is_ok());
        for other in ["", "\n", "y\n", "yes\n", "anna@example.org\n", "ann@example.org, yes\n"] {
            assert!(ask(other).unwrap_err().to_string().contains("nothing was done"), "{other}");
        }
    }
}
