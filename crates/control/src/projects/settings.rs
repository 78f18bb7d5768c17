//! What is said of a project besides its name: tags, and whom to tell of what happens in it.

use std::collections::BTreeMap;

use domain::{
    actions::Action,
    errors::Error,
    events::EventType,
    names::{EmailAddress, TagKey, TagValue},
    views::{NamedUnit, ProjectSettings, Tag},
};
use serde_json::json;
use store::{Tx, access::Target};

use super::find;
use crate::{
    Context,
    contexts::Permit,
    errors::{Failure, attempt},
    standings::{Place, Standing},
};

/// Tags of one project, at most.
pub const TAGS_MAX: usize = 50;
/// Contacts of one project, at most.
pub const CONTACTS_MAX: usize = 10;

/// What a project's settings show.
///
/// # Errors
/// `NotFound`.
pub async fn settings(ctx: &Context, name: &str) -> Result<ProjectSettings, Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::ViewProject, Target::ProjectName(name)).await?;
        let mut tx = permit.read().await?;
        let project = find(&mut tx, &permit).await?;
        let tags = store::project_tags::list(&mut tx, project.id).await?;
        Ok(ProjectSettings {
            tags: tags.into_iter().map(|tag| Tag { key: tag.key, value: tag.value }).collect(),
            contacts: store::project_contacts::list(&mut tx, project.id).await?,
            destinations: destinations(ctx, &mut tx, &permit).await?,
            project,
        })
    })
}

/// Puts these tags in the place of those the project has: `key=value`, one a line.
///
/// # Errors
/// `Invalid` on `tags`, naming the line; `Conflict` when somebody else changed the project since `generation`; `Denied`;
/// `NotFound`.
pub async fn set_tags(ctx: &Context, name: &str, generation: i64, text: &str) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::SetProjectTags, Target::ProjectName(name)).await?;
        let tags = parse_tags(text)?;
        let id = permit.project()?;
        let mut write = permit.write(EventType::ProjectTagsChanged).await?;
        let present = find(&mut write.tx, &permit).await?.generation;
        let before = store::project_tags::list(&mut write.tx, id).await?;
        let before: BTreeMap<String, String> = before.into_iter().map(|tag| (tag.key, tag.value)).collect();
        let stale = || stale("tags", &pairs(&before), &pairs(&tags));
        if present != generation {
            return Err(stale().into());
        }
        if before == tags {
            return Ok(());
        }
        if !store::projects::count_up(&mut write.tx, id, generation).await? {
            return Err(stale().into());
        }
        let stored: Vec<_> = tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        store::project_tags::replace(&mut write.tx, id, &stored).await?;
        write
            .before(&json!({ "tags": before }))?
            .after(&json!({ "tags": tags }))?
            .text(format!("Changed the tags of the project {name}"));
        write.commit().await
    })
}

/// Puts these contacts in the place of those the project has: an e-mail address a line.
///
/// # Errors
/// `Invalid` on `contacts`, naming the line; `Conflict` when somebody else changed the project since `generation`;
/// `Denied`; `NotFound`.
pub async fn set_contacts(ctx: &Context, name: &str, generation: i64, text: &str) -> Result<(), Error> {
    attempt!(ctx, {
        let permit = ctx.authorize(Action::SetProjectContacts, Target::ProjectName(name)).await?;
        let contacts = parse_contacts(text)?;
        let id = permit.project()?;
        let mut write = permit.write(EventType::ProjectContactsChanged).await?;
        let present = find(&mut write.tx, &permit).await?.generation;
        let before = store::project_contacts::list(&mut write.tx, id).await?;
        let stale = || stale("contacts", &before, &contacts);
        if present != generation {
            return Err(stale().into());
        }
        if before == contacts {
            return Ok(());
        }
        if !store::projects::count_up(&mut write.tx, id, generation).await? {
            return Err(stale().into());
        }
        let emails: Vec<&str> = contacts.iter().map(String::as_str).collect();
        store::project_contacts::replace(&mut write.tx, id, &emails).await?;
        write
            .before(&json!({ "contacts": before }))?
            .after(&json!({ "contacts": contacts }))?
            .text(format!("Changed the contacts of the project {name}"));
        write.commit().await
    })
}

/// Tags as they are written in the form.
fn pairs(tags: &BTreeMap<String, String>) -> Vec<String> {
    tags.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

/// Both versions of what is said of a project that was changed meanwhile, perhaps in something else.
fn stale(what: &str, now: &[String], sent: &[String]) -> Error {
    let told = |list: &[String]| match list.is_empty() {
        true => "none".to_owned(),
        false => format!("“{}”", list.join(", ")),
    };
    Error::conflict(format!(
        "Somebody else changed this project meanwhile. Its {what} are now {}; you sent {}.",
        told(now),
        told(sent),
    ))
}

/// Where the actor may move the project to.
async fn destinations(
    ctx: &Context,
    tx: &mut Tx,
    permit: &Permit,
) -> Result<Vec<Option<NamedUnit>>, Failure> {
    if !permit.powers()?.may(Action::MoveProject) {
        return Ok(Vec::new());
    }
    let (organization, present) = (permit.organization()?, permit.unit()?);
    let actor = Standing::of_actor(ctx, tx, organization).await?;
    let here = Place { organization, unit: present, project: None };
    if !actor.at(here).may(Action::CreateProject) {
        return Ok(Vec::new());
    }
    let units = store::units::list(tx, organization).await?;
    let units = units.into_iter().map(|unit| Some(NamedUnit { id: unit.id, name: unit.name }));
    let all = [None].into_iter().chain(units);
    Ok(all
        .filter(|unit| {
            let unit = unit.as_ref().map(|unit| unit.id);
            let place = Place { organization, unit, project: None };
            unit != present && actor.at(place).may(Action::CreateProject)
        })
        .collect())
}

/// The lines that say something, by their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).map(|(number, line)| (number, line.trim())).filter(|(_, line)| !line.is_empty())
}

fn parse_tags(text: &str) -> Result<BTreeMap<String, String>, Error> {
    let mut tags = BTreeMap::new();
    for (number, line) in lines(text) {
        let wrong = |reason: String| Error::invalid("tags", format!("Line {number}: {reason}"));
        let Some((key, value)) = line.split_once('=') else {
            return Err(wrong(format!("write a key and a value with = between; “{line}” has none.")));
        };
        let key: TagKey = key.parse().map_err(|error| wrong(format!("{error}")))?;
        let value: TagValue = value.parse().map_err(|error| wrong(format!("{error}")))?;
        if tags.insert(key.as_str().to_owned(), value.into()).is_some() {
            return Err(wrong(format!("the key {key} is there twice.")));
        }
    }
    match tags.len() {
        count if count > TAGS_MAX => {
            let reason = format!("A project has at most {TAGS_MAX} tags; these are {count}.");
            Err(Error::invalid("tags", reason))
        }
        _ => Ok(tags),
    }
}

/// Each address once, in order.
fn parse_contacts(text: &str) -> Result<Vec<String>, Error> {
    let mut contacts = Vec::new();
    for (number, line) in lines(text) {
        let email: EmailAddress = line
            .parse()
            .map_err(|error| Error::invalid("contacts", format!("Line {number}: “{line}”: {error}")))?;
        contacts.push(email.into());
    }
    contacts.sort();
    contacts.dedup();
    match contacts.len() {
        count if count > CONTACTS_MAX => {
            let reason = format!("A project has at most {CONTACTS_MAX} contacts; these are {count}.");
            Err(Error::invalid("contacts", reason))
        }
        _ => Ok(contacts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_line_by_line() {
        let tags = parse_tags("env = live\r\n\n billing:Cost-Center=a=b \n").unwrap();
        let expected = [("billing:Cost-Center", "a=b"), ("env", "live")];
        assert_eq!(tags, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        assert!(parse_tags(" \n").unwrap().is_empty());
        for (bad, line) in [("a=b\nc", 2), ("a=", 1), ("1=a", 1), ("a=b\n\na=c", 3), ("other:a=b", 1)] {
            let error = parse_tags(bad).unwrap_err();
            assert_eq!(error.field(), Some("tags"));
            assert!(error.to_string().starts_with(&format!("Line {line}: ")), "{error}");
        }
        let many = |count: usize| (0..count).map(|number| format!("k{number}=v\n")).collect::<String>();
        assert_eq!(parse_tags(&many(TAGS_MAX)).unwrap().len(), TAGS_MAX);
        assert_eq!(parse_tags(&many(TAGS_MAX + 1)).unwrap_err().field(), Some("tags"));
    }

    #[test]
    fn contacts_are_addresses_each_once() {
        assert_eq!(parse_contacts("B@x.org\n\na@x.org\nb@X.org").unwrap(), ["a@x.org", "b@x.org"]);
        let error = parse_contacts("a@x.org\nnobody").unwrap_err();
        assert!(error.field() == Some("contacts") && error.to_string().starts_with("Line 2: "), "{error}");
        let many = |count: usize| (0..count).map(|number| format!("a{number}@x.org\n")).collect::<String>();
        assert_eq!(parse_contacts(&many(CONTACTS_MAX)).unwrap().len(), CONTACTS_MAX);
        assert_eq!(parse_contacts(&many(CONTACTS_MAX + 1)).unwrap_err().field(), Some("contacts"));
    }
}
