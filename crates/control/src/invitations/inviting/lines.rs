//! The list of people to invite as it is typed or pasted: one address a line, or CSV with a header. Looks nothing up.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};
use domain::errors::Error;

/// People who are invited at once, at most.
pub const INVITED_MAX: usize = 1000;
/// The columns that are understood.
const COLUMNS: [&str; 3] = ["email", "groups", "granted"];

/// One person to invite.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: u32,
    /// The address as it was given.
    pub(super) email: String,
    /// Names of groups.
    pub(super) groups: Vec<String>,
    /// Roles and permissions.
    pub(super) granted: Vec<String>,
    /// Why nobody is invited by it, as far as the list itself tells.
    pub(super) reason: Option<String>,
}

/// Reads the list.
pub(super) fn parse(text: &str) -> Result<Vec<Line>, Error> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = match header(text)? {
        Some(header) => of_csv(text, header)?,
        None => of_addresses(text),
    };
    match lines.len() {
        0 => {
            return Err(Error::invalid(
                "emails",
                "Enter the e-mail address of somebody, or several, one a line.",
            ));
        }
        count if count > INVITED_MAX => {
            let reason =
                format!("At most {INVITED_MAX} are invited at once; these are {count}. Do it in parts.");
            return Err(Error::invalid("emails", reason));
        }
        _ => {}
    }
    let mut known: BTreeMap<String, u32> = BTreeMap::new();
    for line in &mut lines {
        let first = *known.entry(line.email.to_lowercase()).or_insert(line.number);
        if first != line.number && line.reason.is_none() {
            line.reason = Some(format!("Is in the list twice: line {first} has it, too."));
        }
    }
    Ok(lines)
}

/// The line that names the columns.
#[derive(Clone, Copy)]
struct Header {
    /// Its number, from 0.
    index: usize,
    /// What stands between its cells: spreadsheets of some countries write `;`, and what is copied from one has tabs.
    separator: char,
}

/// The first line that says something, if it names columns.
fn header(text: &str) -> Result<Option<Header>, Error> {
    let first = text.lines().enumerate().find(|(_, line)| !line.trim().is_empty());
    let Some((index, line)) = first else { return Ok(None) };
    let has_email = |separator: &char| line.split(*separator).any(|cell| column(cell) == COLUMNS[0]);
    if let Some(separator) = [',', ';', '\t'].into_iter().find(has_email) {
        return Ok(Some(Header { index, separator }));
    }
    if line.contains('@') || !line.trim_end_matches([',', ';']).contains([',', ';', '\t']) {
        return Ok(None);
    }
    let reason = format!(
        "Line {} looks like a header, but no column of it is called email. Name the columns email, groups and granted.",
        index + 1
    );
    Err(Error::invalid("emails", reason))
}

/// The name of a column, as it is meant.
fn column(cell: &str) -> String {
    let name = cell.trim().trim_matches('"').to_ascii_lowercase();
    if name == "e-mail" { COLUMNS[0].to_owned() } else { name }
}

fn of_addresses(text: &str) -> Vec<Line> {
    let lines = (1..).zip(text.lines());
    let lines = lines.map(|(number, line)| (number, line.trim().trim_end_matches([',', ';']).trim_end()));
    let lines = lines.filter(|(_, line)| !line.is_empty());
    lines.map(|(number, line)| Line { number, email: line.to_owned(), ..Line::default() }).collect()
}

fn of_csv(text: &str, Header { index: first, separator }: Header) -> Result<Vec<Line>, Error> {
    let mut reader = ReaderBuilder::new()
        .delimiter(u8::try_from(separator).unwrap_or(b','))
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let wrong = |reason: String| Error::invalid("emails", reason);
    let headers = reader.headers().map_err(|error| wrong(format!("The CSV cannot be read: {error}.")))?;
    let names: Vec<String> = headers.iter().map(column).collect();
    if let Some(unknown) = names.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        let reason = format!("Line {}: the column “{unknown}” is none of email, groups, granted.", first + 1);
        return Err(wrong(reason));
    }
    let place = |name: &str| names.iter().position(|found| found == name);
    let [email, groups, granted] = COLUMNS.map(place);
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(format!("The CSV cannot be read: {error}.")))?;
        let cell = |index: Option<usize>| index.and_then(|index| record.get(index)).unwrap_or_default();
        if record.iter().all(str::is_empty) {
            continue;
        }
        let surplus = record.len() > names.len();
        lines.push(Line {
            number: number(text, &record),
            email: cell(email).to_owned(),
            groups: several(cell(groups), separator),
            granted: several(cell(granted), separator),
            reason: surplus.then(|| surplus_reason(separator).to_owned()),
        });
        if lines.len() > INVITED_MAX {
            let reason = format!("At most {INVITED_MAX} are invited at once. Do it in parts.");
            return Err(wrong(reason));
        }
    }
    Ok(lines)
}

/// What is said of a line with more cells than the header has.
const fn surplus_reason(separator: char) -> &'static str {
    match separator {
        ';' => "Has more cells than the header. Separate names by a comma, or put quotes around them.",
        _ => "Has more cells than the header. Put quotes around what holds a comma; separate names by ;.",
    }
}

/// The number of the line that a record begins on. The reader counts empty lines before a record as its own.
fn number(text: &str, record: &StringRecord) -> u32 {
    let begin = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
    let rest = text.get(begin..).unwrap_or_default();
    let begin = text.len() - rest.trim_start_matches(['\r', '\n']).len();
    let before = text.get(..begin).unwrap_or(text);
    u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
}

/// What stands in one cell: several names have `;` between them. Where `;` stands between the cells, the names of a cell that
/// holds none, as it does without quotes around it, have `,` between them.
fn several(cell: &str, separator: char) -> Vec<String> {
    let between = if separator == ';' && !cell.contains(';') { ',' } else { ';' };
    cell.split(between).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(text: &str) -> Vec<(u32, String)> {
        parse(text).unwrap().into_iter().map(|line| (line.number, line.email)).collect()
    }

    #[test]
    fn spreadsheets_of_other_countries_are_read() {
        let lines = parse("E-Mail;Groups\r\na@x.org;Night shift, Finance\r\n").unwrap();
        assert_eq!((lines[0].number, lines[0].email.as_str()), (2, "a@x.org"));
        assert_eq!(lines[0].groups, ["Night shift", "Finance"]);
        let quoted = "email;groups;granted\na@x.org;\"Night shift; Web, old\";developer,read_only\nb@x.org;\"Web, old;\"\n";
        let lines = parse(quoted).unwrap();
        assert_eq!(lines[0].groups, ["Night shift", "Web, old"]);
        assert_eq!(lines[0].granted, ["developer", "read_only"]);
        assert_eq!(lines[1].groups, ["Web, old"]);
        let surplus = parse("email;groups\na@x.org;Night shift;Finance").unwrap();
        assert!(surplus[0].reason.as_deref().unwrap().contains("by a comma"), "{surplus:?}");
        let lines = parse("groups\temail\nOps;Dev\tb@x.org").unwrap();
        assert_eq!((lines[0].email.as_str(), lines[0].groups.len()), ("b@x.org", 2));
        for bad in ["Name,Adresse\nAnn,a@x.org", "Vorname;Nachname", "name\tgroups"] {
            let error = parse(bad).unwrap_err();
            assert!(error.to_string().contains("looks like a header"), "{error}");
        }
    }

    #[test]
    fn addresses_are_one_a_line() {
        assert_eq!(
            numbered("\u{feff}a@x.org\r\n\n  B@x.org, \n?"),
            [(1, "a@x.org".into()), (3, "B@x.org".into()), (4, "?".into())]
        );
        for bad in [String::new(), " \n ".into(), "email\n".into(), "a\n".repeat(INVITED_MAX + 1)] {
            assert_eq!(parse(&bad).unwrap_err().field(), Some("emails"), "{bad:?}");
        }
    }

    #[test]
    fn csv_has_a_header_and_quoted_cells() {
        let error = parse("\nGranted, Address\n").unwrap_err();
        assert!(error.to_string().starts_with("Line 2 looks like a header"), "{error}");
        let text = "groups,Email,granted\n\"DB; Web, old\",a@x.org,developer;read_only\n\n,b@x.org\n";
        let lines = parse(text).unwrap();
        let first = Line {
            number: 2,
            email: "a@x.org".into(),
            groups: vec!["DB".into(), "Web, old".into()],
            granted: vec!["developer".into(), "read_only".into()],
            reason: None,
        };
        let second = Line { number: 4, email: "b@x.org".into(), ..Line::default() };
        assert_eq!(lines, [first, second]);
        let error = parse("email,role\na@x.org,admin").unwrap_err();
        assert!(error.to_string().contains("“role”"), "{error}");
        let surplus = parse("email,groups\na@x.org,DB,admin").unwrap();
        assert!(surplus[0].reason.as_deref().unwrap().starts_with("Has more cells"));
    }

    #[test]
    fn an_address_counts_once_in_whatever_case() {
        let lines = parse("a@x.org\nb@x.org\nA@X.org").unwrap();
        let reasons: Vec<_> = lines.iter().map(|line| line.reason.is_some()).collect();
        assert_eq!(reasons, [false, false, true]);
        assert_eq!(lines[2].reason.as_deref(), Some("Is in the list twice: line 1 has it, too."));
    }
}
