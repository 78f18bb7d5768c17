//! Lists as sentences tell them: how many there are, the first by name, and how many more. Sorts nothing.

/// Names that a sentence spells out, at most.
pub const NAMES_TOLD_MAX: u32 = 3;

/// `4 projects: api, shop, web and one more`. `total` is how many there are, `noun` what one of them is, and `names` are those
/// of the first, as far as whoever reads it may know them; without any it is the number alone.
#[must_use]
pub fn told<T: AsRef<str>>(total: i64, noun: &str, names: &[T]) -> String {
    let plural = if total == 1 { "" } else { "s" };
    let number = format!("{total} {noun}{plural}");
    let first: Vec<&str> = names.iter().take(NAMES_TOLD_MAX as usize).map(AsRef::as_ref).collect();
    let more = total - i64::try_from(first.len()).unwrap_or(i64::MAX);
    match (first.split_last(), more) {
        (None, _) => number,
        (Some((only, [])), ..=0) => format!("{number}: {only}"),
        (Some((last, others)), ..=0) => format!("{number}: {} and {last}", others.join(", ")),
        (Some(_), 1) => format!("{number}: {} and one more", first.join(", ")),
        (Some(_), more) => format!("{number}: {} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_named_and_the_rest_is_counted() {
        let names = ["api", "shop", "web", "zoo", "zoom"];
        for (total, known, text) in [
            (1, 1, "1 project: api"),
            (2, 2, "2 projects: api and shop"),
            (3, 3, "3 projects: api, shop and web"),
            (4, 4, "4 projects: api, shop, web and one more"),
            (4, 3, "4 projects: api, shop, web and one more"),
            (90, 5, "90 projects: api, shop, web and 87 more"),
            (3, 1, "3 projects: api and 2 more"),
            (2, 0, "2 projects"),
        ] {
            assert_eq!(told(total, "project", &names[..known]), text);
        }
    }
}
