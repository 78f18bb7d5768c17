//! Instants as whole microseconds since 1970-01-01T00:00:00Z, and their text forms. Reads no clock.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// An instant in UTC, in microseconds since the Unix epoch. Stored as `BIGINT`, so that it sorts the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent, no_pg_array))]
#[serde(transparent)]
pub struct Timestamp(i64);

/// Where "now" comes from. The server has a real one; tests set the time.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

impl Timestamp {
    /// From microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This instant plus `duration`; stops at the end of the representable range.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This instant minus `duration`.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long from `earlier` until this instant; zero if it lies before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with milliseconds, for machines and the `datetime` attribute.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.date_time().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_else(|| self.0.to_string())
    }

    /// Reads RFC 3339, in any zone.
    #[must_use]
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1000).ok().map(Self)
    }

    /// The first instant of a day in UTC, `2026-11-22`.
    #[must_use]
    pub fn from_date(text: &str) -> Option<Self> {
        let date = Date::parse(text.trim(), format_description!("[year]-[month]-[day]")).ok()?;
        i64::try_from(date.midnight().assume_utc().unix_timestamp_nanos() / 1000).ok().map(Self)
    }

    /// `2026-11-22 05:37:25 UTC`, for people.
    #[must_use]
    pub fn human(self) -> String {
        let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
        self.date_time().and_then(|at| at.format(form).ok()).unwrap_or_else(|| self.0.to_string())
    }

    /// Its day in UTC, `2026-11-22`, where the hour does not matter.
    #[must_use]
    pub fn date(self) -> String {
        let form = format_description!("[year]-[month]-[day]");
        self.date_time().and_then(|at| at.format(form).ok()).unwrap_or_else(|| self.0.to_string())
    }

    fn date_time(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0 / 1000) * 1_000_000).ok()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_compares() {
        let at = Timestamp::from_micros(1_795_325_845_000_500);
        assert_eq!(at.human(), "2026-11-22 05:37:25 UTC");
        assert_eq!(at.rfc3339(), "2026-11-22T05:37:25Z");
        assert_eq!(at.date(), "2026-11-22");
        assert_eq!(at.plus(Duration::from_secs(2)).since(at), Duration::from_secs(2));
        assert_eq!(at.since(at.plus(Duration::from_secs(2))), Duration::ZERO);
    }

    #[test]
    fn reads_dates_and_instants() {
        let day = Timestamp::from_date("2026-11-22").unwrap();
        assert_eq!(day.rfc3339(), "2026-11-22T00:00:00Z");
        assert_eq!(
            Timestamp::from_rfc3339(" 2026-11-22T02:00:00.000001+02:00 "),
            Some(day.plus(Duration::from_micros(1)))
        );
        for bad in ["", "2026-13-01", "22.11.2026", "2026-11-22T05:37", "now"] {
            assert_eq!((Timestamp::from_date(bad), Timestamp::from_rfc3339(bad)), (None, None), "{bad}");
        }
    }
}
