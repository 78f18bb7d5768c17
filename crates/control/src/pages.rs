//! One page of a list: how many rows are fetched for it, and the text that says where the next one goes on.

use domain::{
    errors::Error,
    timestamps::Timestamp,
    views::{PAGE_ROWS_MAX, Page},
};
use uuid::Uuid;

/// Rows to fetch for a page: one more than it shows, to know whether there is another page.
pub(crate) const FETCHED: u32 = PAGE_ROWS_MAX + 1;

/// A page of what was fetched. `key` is where the page behind a row goes on.
pub(crate) fn page<R, V>(
    mut found: Vec<R>,
    total: i64,
    key: impl Fn(&R) -> String,
    draw: impl FnMut(R) -> V,
) -> Page<V> {
    let has_more = found.len() > PAGE_ROWS_MAX as usize;
    found.truncate(PAGE_ROWS_MAX as usize);
    let next = found.last().filter(|_| has_more).map(key);
    Page { rows: found.into_iter().map(draw).collect(), next, total }
}

/// Where a list goes on that is sorted by time and id.
pub(crate) fn time_key(at: Timestamp, id: Uuid) -> String {
    format!("{} {id}", at.micros())
}

/// Reads what [`time_key`] wrote.
pub(crate) fn parse_time_key(after: Option<&str>) -> Result<Option<(Timestamp, Uuid)>, Error> {
    let Some(after) = after else { return Ok(None) };
    let read = after
        .split_once(' ')
        .and_then(|(at, id)| Some((Timestamp::from_micros(at.parse().ok()?), Uuid::try_parse(id).ok()?)));
    read.map(Some).ok_or_else(unreadable)
}

/// Reads where a list goes on that is sorted by number.
pub(crate) fn parse_number_key(after: Option<&str>) -> Result<Option<i64>, Error> {
    after.map(str::parse).transpose().map_err(|_| unreadable())
}

/// Where a list goes on that is sorted by name and id.
pub(crate) fn name_key(name: &str, id: Uuid) -> String {
    format!("{id} {name}")
}

/// Reads what [`name_key`] wrote.
pub(crate) fn parse_name_key(after: Option<&str>) -> Result<Option<(&str, Uuid)>, Error> {
    let Some(after) = after else { return Ok(None) };
    let read = after.split_once(' ').and_then(|(id, name)| Some((name, Uuid::try_parse(id).ok()?)));
    read.map(Some).ok_or_else(unreadable)
}

/// What is searched for; none if nothing was typed.
pub(crate) fn search(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn unreadable() -> Error {
    Error::invalid("after", "Give the text that the page before ended with.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_were_written() {
        let (id, at) = (Uuid::from_u128(7), Timestamp::from_micros(-5));
        assert_eq!(parse_time_key(Some(&time_key(at, id))), Ok(Some((at, id))));
        assert_eq!(parse_number_key(Some("7")), Ok(Some(7)));
        assert_eq!((parse_time_key(None), parse_number_key(None)), (Ok(None), Ok(None)));
        assert_eq!(parse_name_key(Some(&name_key("a b", id))), Ok(Some(("a b", id))));
        assert_eq!(parse_name_key(None), Ok(None));
        for bad in ["", " ", "x y", "1 x"] {
            assert_eq!(parse_time_key(Some(bad)).unwrap_err().field(), Some("after"));
            assert_eq!(parse_number_key(Some(bad)).unwrap_err().field(), Some("after"));
            assert_eq!(parse_name_key(Some(bad)).unwrap_err().field(), Some("after"));
        }
    }

    #[test]
    fn one_row_too_many_leads_to_the_next_page() {
        let rows = PAGE_ROWS_MAX as usize;
        let whole = page((0..rows).collect(), 99, ToString::to_string, |row| row);
        assert_eq!((whole.rows.len(), whole.next, whole.total), (rows, None, 99));
        let first = page((0..=rows).collect(), 99, ToString::to_string, |row| row);
        assert_eq!((first.rows.len(), first.next), (rows, Some((rows - 1).to_string())));
    }
}
