//! The name of a browser out of what it says of itself, as people know it. A guess for reading, never for deciding.

/// Marks of browsers, those first that claim to be others as well.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
];
/// Marks of systems, in the same way.
const SYSTEMS: [(&str, &str); 7] = [
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];
/// Characters of what is no known browser that are shown.
const SHOWN_CHARS_MAX: usize = 40;

/// `Firefox on Linux`; of what is not known, what it says of itself.
pub(super) fn program(agent: &str) -> String {
    let find = |marks: &[(&str, &'static str)]| {
        marks.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if agent.is_empty() => "Unknown browser".to_owned(),
        _ => agent.chars().take(SHOWN_CHARS_MAX).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_have_the_names_that_people_know() {
        let (mozilla, like) = ("Mozilla/5.0", "AppleWebKit/537.36 (KHTML, like Gecko)");
        for (agent, name) in [
            (
                format!("{mozilla} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
                "Firefox on Linux",
            ),
            (
                format!("{mozilla} (Windows NT 10.0; Win64; x64) {like} Chrome/140.0.0.0 Safari/537.36"),
                "Chrome on Windows",
            ),
            (
                format!("{mozilla} (Windows NT 10.0) {like} Chrome/140.0 Safari/537.36 Edg/140.0"),
                "Edge on Windows",
            ),
            (
                format!("{mozilla} (Macintosh; Intel Mac OS X 10_15_7) {like} Version/18.5 Safari/605.1.15"),
                "Safari on macOS",
            ),
            (
                format!("{mozilla} (Linux; Android 10; K) {like} Chrome/140.0.0.0 Mobile Safari/537.36"),
                "Chrome on Android",
            ),
            (
                format!("{mozilla} (iPhone; CPU iPhone OS 18_5 like Mac OS X) {like} CriOS/140 Safari/604.1"),
                "Chrome on iPhone",
            ),
            ("curl/8.14.1".into(), "curl/8.14.1"),
            (String::new(), "Unknown browser"),
        ] {
            assert_eq!(program(&agent), name);
        }
    }
}
