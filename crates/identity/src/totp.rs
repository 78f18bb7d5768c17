//! Time-based one-time passwords (RFC 6238 with SHA-1, six digits, steps of 30 seconds: what every authenticator app
//! takes). Reads no clock and remembers nothing: the caller keeps the last step that was taken.

use domain::{secrets::Secret, timestamps::Timestamp};
use qrcode::{Color, EcLevel, QrCode};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use totp_rs::{Builder, Totp};

/// Random bytes of a seed: 160 bits, as RFC 4226 section 4 recommends.
pub const SEED_BYTES: usize = 20;
/// How long a code is shown.
pub const STEP_SECONDS: u64 = 30;
/// Digits of a code: 20 bits.
const CODE_CHARS: usize = 6;
/// How many steps a device's clock may be ahead or behind.
const DRIFT_STEPS: i64 = 1;
/// Letters of the seed that are shown together.
const GROUP_CHARS: usize = 4;

/// White modules around a QR code, on each side.
const QUIET_MODULES: usize = 4;

/// Why an authenticator app could not be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// One of the codes has another form.
    #[error("A code has {CODE_CHARS} digits; enter what the app shows.")]
    Form,
    /// The second code is the first.
    #[error("Both codes are the same; wait until the app shows the next one.")]
    Same,
    /// They are not two codes in a row of this seed, not of now.
    #[error(
        "These are not two codes in a row. See that the clock of your device is right, then enter a code and the one after it."
    )]
    Wrong,
    /// The library refuses the seed or a name.
    #[error("The authenticator app cannot be set up: the names for it do not fit.")]
    Label,
}

/// What an authenticator app and the server share. No `Debug`, wiped when dropped; sealed in the database.
pub struct Seed(Totp);

impl Seed {
    /// A seed of random bytes, or of those that were kept.
    ///
    /// # Errors
    /// If the library refuses it.
    pub fn new(bytes: [u8; SEED_BYTES]) -> Result<Self, Error> {
        Builder::new().with_secret(bytes).build().map(Self).map_err(|_| Error::Label)
    }

    /// In base32 in groups of four, for reading off and typing: `gezd gnbv …`.
    #[must_use]
    pub fn grouped(&self) -> Secret {
        let base32 = self.0.secret().to_base32().to_lowercase();
        let letters: Vec<char> = base32.chars().collect();
        let groups: Vec<String> = letters.chunks(GROUP_CHARS).map(|group| group.iter().collect()).collect();
        Secret::new(groups.join(" "))
    }

    /// The `otpauth://` address that apps read: with the product's name and the person's e-mail address, under which the
    /// app lists it.
    ///
    /// # Errors
    /// If there is no account name.
    pub fn address(&self, issuer: &str, account: &str) -> Result<Secret, Error> {
        // A colon parts the two names.
        let (issuer, account) = (issuer.replace(':', " "), account.replace(':', " "));
        Builder::new()
            .with_secret(self.0.secret().as_bytes())
            .with_issuer(Some(issuer))
            .with_account_name(account)
            .build()
            .and_then(|totp| totp.to_url())
            .map(Secret::new)
            .map_err(|_| Error::Label)
    }

    /// The step whose code this is, if it is one of now, give or take one step, and later than the last one that was
    /// taken. The caller keeps the step, so that no code is taken twice (RFC 6238 section 5.2). Blanks do not count. Takes
    /// the same time whichever step it is, if any.
    #[must_use]
    pub fn verify(&self, code: &str, now: Timestamp, last_step: Option<i64>) -> Option<i64> {
        let code = digits(code)?;
        let step = step(now);
        self.find(&code, step - DRIFT_STEPS, step + DRIFT_STEPS)
            .filter(|step| last_step.is_none_or(|last| *step > last))
    }

    /// The step of the second of two codes in a row, of now, give or take one step: proof that the app has the seed and the
    /// device a clock. The caller keeps the step as the last one taken.
    ///
    /// # Errors
    /// Which of the codes to mend, and how.
    pub fn confirm(&self, first: &str, second: &str, now: Timestamp) -> Result<i64, Error> {
        let (first, second) = (digits(first).ok_or(Error::Form)?, digits(second).ok_or(Error::Form)?);
        if first == second {
            return Err(Error::Same);
        }
        let step = step(now);
        let found = self.find(&second, step - DRIFT_STEPS, step + DRIFT_STEPS).ok_or(Error::Wrong)?;
        self.find(&first, found - 1, found - 1).ok_or(Error::Wrong)?;
        Ok(found)
    }

    /// The last of some steps that has this code, found in constant time.
    fn find(&self, code: &[u8; CODE_CHARS], from: i64, to: i64) -> Option<i64> {
        let mut found = -1;
        for step in from.max(0)..=to {
            let seconds = u64::try_from(step).ok()?.saturating_mul(STEP_SECONDS);
            let right = self.0.generate(seconds).to_string();
            found.conditional_assign(&step, right.as_bytes().ct_eq(code));
        }
        (found >= 0).then_some(found)
    }
}

/// The step that an instant is in.
fn step(now: Timestamp) -> i64 {
    i64::try_from(now.since(Timestamp::from_micros(0)).as_secs() / STEP_SECONDS)
        .unwrap_or(i64::MAX - DRIFT_STEPS)
}

/// The digits of a code as somebody typed it.
fn digits(code: &str) -> Option<[u8; CODE_CHARS]> {
    let signs: Vec<u8> = code
        .chars()
        .filter(|sign| !sign.is_whitespace())
        .map(|sign| u8::try_from(sign).ok().filter(u8::is_ascii_digit))
        .take(CODE_CHARS + 1)
        .collect::<Option<_>>()?;
    signs.try_into().ok()
}

/// A text (an `otpauth://` address) as a QR code (ISO/IEC 18004) in SVG, to be put into a page: an image with that name,
/// without style or script. The modules have `currentColor`, black unless the page's style says otherwise, and lie on
/// white with the quiet zone around them, so that it is read in the dark as well.
///
/// # Errors
/// If the text is too long for a QR code.
pub fn qr_code(text: &Secret, name: &str) -> Result<Secret, Error> {
    let code = QrCode::with_error_correction_level(text.expose(), EcLevel::M).map_err(|_| Error::Label)?;
    let side = code.width() + 2 * QUIET_MODULES;
    let name = name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let mut image = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" class="qr-code" role="img" aria-label="{name}" width="240" height="240" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" color="#000"><rect width="{side}" height="{side}" fill="#fff"/><path fill="currentColor" d=""##
    );
    for (row, colors) in code.to_colors().chunks(code.width()).enumerate() {
        let mut column = 0;
        for run in colors.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                let (x, y, width) = (column + QUIET_MODULES, row + QUIET_MODULES, run.len());
                image.push_str(&format!("M{x} {y}h{width}v1h-{width}z"));
            }
            column += run.len();
        }
    }
    image.push_str(r#""/></svg>"#);
    Ok(Secret::new(image))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use super::*;

    /// The seed of the vectors of RFC 4226 and RFC 6238.
    fn seed() -> Seed {
        Seed::new(*b"12345678901234567890").unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(0).plus(Duration::from_secs(seconds))
    }

    /// RFC 6238 appendix B, its last six digits, which are what six digits give.
    const VECTORS: [(u64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];
    /// RFC 4226 appendix D: the codes of the steps from 0.
    const CODES: [&str; 10] =
        ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];

    #[test]
    fn the_vectors_of_the_rfcs_are_accepted() {
        for (seconds, code) in VECTORS {
            assert_eq!(seed().verify(code, at(seconds), None), Some(i64::try_from(seconds / 30).unwrap()));
        }
        for (step, code) in CODES.iter().enumerate() {
            let seconds = u64::try_from(step).unwrap() * 30;
            assert_eq!(seed().verify(code, at(seconds), None), Some(i64::try_from(step).unwrap()));
        }
    }

    #[test]
    fn asvs_6_5_5_a_code_counts_for_its_step_and_one_before_and_after() {
        // The code of step 5, from 150 s to 179 s.
        for (seconds, is_taken) in
            [(119, false), (120, true), (150, true), (179, true), (209, true), (210, false)]
        {
            assert_eq!(seed().verify(CODES[5], at(seconds), None), is_taken.then_some(5), "at {seconds} s");
        }
    }

    #[test]
    fn asvs_6_5_1_a_code_is_taken_once() {
        let now = at(150);
        let step = seed().verify(CODES[5], now, None).unwrap();
        assert_eq!(seed().verify(CODES[5], now, Some(step)), None, "the same again");
        assert_eq!(seed().verify(CODES[4], now, Some(step)), None, "one before it");
        assert_eq!(seed().verify(CODES[6], now, Some(step)), Some(6), "the next one");
    }

    #[test]
    fn codes_are_taken_with_blanks_and_in_no_other_form() {
        assert_eq!(seed().verify(" 254 676\n", at(150), None), Some(5));
        for bad in [
            "",
            "25467",
            "2546760",
            "254676254676",
            "25467x",
            "+25467",
            "-54676",
            "٢٥٤٦٧٦",
            "254676é",
            "000000",
        ] {
            assert_eq!(seed().verify(bad, at(150), None), None, "{bad}");
        }
        let other = Seed::new([7; SEED_BYTES]).unwrap();
        assert_eq!(other.verify(CODES[5], at(150), None), None, "of another seed");
    }

    #[test]
    fn asvs_6_5_4_codes_are_spread_over_a_million() {
        let codes: BTreeSet<[u8; CODE_CHARS]> =
            (0..2_000).map(|step| digits(&seed().0.generate(step * 30).to_string()).unwrap()).collect();
        assert!(codes.len() > 1_980, "{} different codes of 2,000 steps", codes.len());
        for place in 0..CODE_CHARS {
            let used: BTreeSet<u8> = codes.iter().map(|code| code[place]).collect();
            assert_eq!(used.len(), 10, "digit {place}");
        }
    }

    #[test]
    fn two_codes_in_a_row_confirm_a_seed() {
        for now in [150, 180, 209, 210, 239] {
            assert_eq!(seed().confirm(CODES[5], CODES[6], at(now)), Ok(6), "at {now} s");
        }
        for (first, second, error) in [
            (CODES[5], CODES[5], Error::Same),
            (CODES[6], CODES[5], Error::Wrong),
            (CODES[4], CODES[6], Error::Wrong),
            ("000000", CODES[6], Error::Wrong),
            (CODES[5], "000000", Error::Wrong),
            (CODES[5], "", Error::Form),
            ("25467", CODES[6], Error::Form),
        ] {
            assert_eq!(seed().confirm(first, second, at(180)), Err(error), "{first} {second}");
        }
        for now in [149, 240] {
            assert_eq!(seed().confirm(CODES[5], CODES[6], at(now)), Err(Error::Wrong), "at {now} s");
        }
    }

    #[test]
    fn the_first_instants_of_time_have_codes() {
        assert_eq!(seed().verify(CODES[0], at(0), None), Some(0));
        assert_eq!(seed().verify(CODES[0], Timestamp::from_micros(-1), None), Some(0));
        assert_eq!(seed().confirm(CODES[0], CODES[1], at(0)), Ok(1));
    }

    #[test]
    fn a_seed_is_shown_as_groups_and_as_an_address() {
        assert_eq!(seed().grouped().expose(), "gezd gnbv gy3t qojq gezd gnbv gy3t qojq");
        let address = seed().address("Redoubt: Acme & Co", "ann@example.org").unwrap();
        assert_eq!(
            address.expose(),
            "otpauth://totp/Redoubt%20%20Acme%20%26%20Co:ann%40example.org\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Redoubt%20%20Acme%20%26%20Co"
        );
        assert!(seed().address("Redoubt", "").is_err());
    }

    #[test]
    fn a_qr_code_is_an_image_with_a_name_and_without_style() {
        let address = seed().address("Redoubt", "ann@example.org").unwrap();
        let image = qr_code(&address, r#"QR code of "Redoubt" <&>"#).unwrap();
        let image = image.expose();
        assert!(image.contains(r#"role="img" aria-label="QR code of &quot;Redoubt&quot; &lt;&amp;>""#));
        assert!(image.starts_with("<svg ") && image.ends_with("</svg>"));
        assert!(image.contains(r#"<path fill="currentColor""#) && image.contains(r##"fill="#fff""##));
        assert!(!image.contains("style") && !image.contains("script"));
        // After the quiet zone, the finder patterns at the left and right of the first row.
        assert!(image.contains(r#"viewBox="0 0 49 49""#) && image.contains(r#"d="M4 4h7v1h-7z"#), "{image}");
        assert!(image.contains("M38 4h7v1h-7zM4 5h1v1h-1z"), "{image}");
        assert!(qr_code(&Secret::new("x".repeat(3_000)), "too long").is_err());
    }
}
