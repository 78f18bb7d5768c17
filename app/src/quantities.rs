//! Sizes and durations as people read them. Rounds; never use the result to compute.

/// `0.4 s`, `12 s`, `2 min 05 s`, `1 h 03 min`.
#[must_use]
pub fn duration(millis: i64) -> String {
    let millis = millis.max(0);
    let seconds = millis / 1000;
    match seconds {
        0..=9 => format!("{}.{} s", seconds, millis % 1000 / 100),
        10..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A time to live in its largest unit that leaves nothing over: `90 days`, `1 hour`, `90 seconds`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let units = [(24 * 3600, "day"), (3600, "hour"), (60, "minute")];
    let unit = units.into_iter().find(|(size, _)| seconds > 0 && seconds % size == 0);
    let (size, name) = unit.unwrap_or((1, "second"));
    count(seconds / size, name)
}

/// `256 MiB`, `1 GiB`, `1.5 GiB`.
#[must_use]
pub fn mebibytes(mebibytes: i64) -> String {
    bytes(u64::try_from(mebibytes).unwrap_or(0).saturating_mul(1 << 20))
}

/// A sentence with its sizes as people read them: `65536 MiB` in it becomes `64 GiB`. For texts that are made where
/// sizes are exact.
#[must_use]
pub fn rounded(text: &str) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    for at in 1..words.len() {
        let Some(after) = words[at].strip_prefix("MiB").map(str::to_owned) else { continue };
        let Ok(size) = words[at - 1].parse() else { continue };
        let readable = mebibytes(size);
        if let Some((number, unit)) = readable.split_once(' ') {
            words[at - 1] = number.to_owned();
            words[at] = format!("{unit}{after}");
        }
    }
    words.join(" ")
}

/// `512 B`, `1.5 KiB`, `40 MiB`, with at most one decimal.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut divisor: u64 = 1;
    while unit + 1 < UNITS.len() && bytes / divisor >= 1024 {
        unit += 1;
        divisor = divisor.saturating_mul(1024);
    }
    let (whole, tenth) = (bytes / divisor, bytes % divisor * 10 / divisor);
    if tenth == 0 || whole >= 100 {
        return format!("{whole} {}", UNITS[unit]);
    }
    format!("{whole}.{tenth} {}", UNITS[unit])
}

/// `1 service`, `2 services`.
#[must_use]
pub fn count(number: i64, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_one_unit() {
        for (seconds, text) in [
            (7_776_000, "90 days"),
            (86_400, "1 day"),
            (90_000, "25 hours"),
            (600, "10 minutes"),
            (601, "601 seconds"),
            (0, "0 seconds"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn durations() {
        for (millis, text) in [
            (-5, "0.0 s"),
            (450, "0.4 s"),
            (9_990, "9.9 s"),
            (12_000, "12 s"),
            (125_000, "2 min 05 s"),
            (3_780_000, "1 h 03 min"),
        ] {
            assert_eq!(duration(millis), text);
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(mebibytes(256), "256 MiB");
        assert_eq!(mebibytes(1536), "1.5 GiB");
        assert_eq!(mebibytes(80 * 1024), "80 GiB");
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(123 * 1024 + 700), "123 KiB");
        assert_eq!(
            rounded("It has 65536 MiB left; xl takes 98304 MiB. One MiB is 1 MiB."),
            "It has 64 GiB left; xl takes 96 GiB. One MiB is 1 MiB."
        );
        assert_eq!(count(1, "service"), "1 service");
        assert_eq!(count(0, "service"), "0 services");
    }
}
