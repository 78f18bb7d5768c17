//! The command palette: `Ctrl K` over the organizations, units, people, application users, groups, projects, services and
//! pages that the person may see. The server searches as the person types; what came before is filtered at once meanwhile.

#[cfg(feature = "ssr")]
mod organizations;

use domain::errors::Error;
#[cfg(feature = "ssr")]
use domain::{actions::Action, views::OrganizationView};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::icons::{Icon, icon};
use crate::errors::AppError;
#[cfg(feature = "ssr")]
use crate::{
    components::navigation::{of_organization, of_person, of_project},
    links,
    services::tabs::Tab,
};
#[cfg(feature = "ssr")]
use control::places::FoundProject;

/// What the pages of a project are called, after its name.
#[cfg(feature = "ssr")]
const PAGES: &str = " · new service · permissions · events · certificates · settings page project";

/// Words of the kinds that are searched for by name.
#[cfg(feature = "ssr")]
const KINDS: [&str; 4] = ["unit", "user", "application", "group"];

/// Something to go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What people read and search.
    pub label: String,
    /// What kind of thing it is.
    pub kind: String,
    /// Where it is.
    pub path: String,
}

impl Entry {
    /// An entry.
    #[must_use]
    pub fn new(label: impl Into<String>, kind: &str, path: String) -> Self {
        Self { label: label.into(), kind: kind.to_owned(), path }
    }
}

/// Where the person may go, as far as it matches `query`: the server searches, however much there is.
#[server(endpoint = "palette/entries", input = leptos::server_fn::codec::GetUrl)]
pub async fn palette_entries(#[server(default)] query: String) -> Result<Vec<Entry>, AppError> {
    let ctx = crate::context::control()?;
    collect(&ctx, &query).await
}

#[cfg(feature = "ssr")]
async fn collect(ctx: &control::Context, query: &str) -> Result<Vec<Entry>, AppError> {
    use control::places::{Beside, search};

    use crate::context::answer;

    let services = of_services();
    let beside = Beside { projects: PAGES, services: &services };
    let mut entries = Vec::new();
    let (searched, others) =
        organizations::searched(answer(control::sessions::profile(ctx).await)?.organizations, query);
    for organization in others {
        let id = organization.id.to_string();
        entries.push(Entry::new(organization.name, "Organization", links::organization(&id)));
    }
    for organization in searched {
        let found = answer(search(ctx, organization.id, query, beside).await)?;
        entries.extend(places(&organization, found, query));
        entries.extend(units_and_principals(ctx, &organization, query).await?);
    }
    entries.extend(of_person().map(|place| Entry::new(place.label, "Account", place.path(""))));
    entries.push(Entry::new("Sign out", "Account", SIGN_OUT.to_owned()));
    Ok(matching(&entries, query))
}

/// The units, people, application users and groups of an organization that have a name like what is typed; before that they
/// are not asked for.
#[cfg(feature = "ssr")]
async fn units_and_principals(
    ctx: &control::Context,
    organization: &OrganizationView,
    query: &str,
) -> Result<Vec<Entry>, AppError> {
    use domain::inputs::MemberFilter;

    use crate::context::answer;

    // The longest word says most, unless it is the word for a kind; the others are looked for in what it finds.
    let is_kind = |word: &str| KINDS.contains(&word.to_lowercase().trim_end_matches('s'));
    let Some(word) = query.split_whitespace().max_by_key(|word| (!is_kind(word), word.len())) else {
        return Ok(Vec::new());
    };
    let (id, key) = (organization.id, organization.id.to_string());
    let of = &organization.name;
    let mut entries = Vec::new();
    for unit in answer(control::units::list(ctx, id).await)? {
        let path = links::unit(&key, &unit.id.to_string());
        entries.push(Entry::new(format!("{} · {of}", unit.name), "Unit", path));
    }
    if organization.powers.may(Action::ListUsers) {
        let filter = MemberFilter { text: word.to_owned(), ..MemberFilter::default() };
        for person in answer(control::users::list(ctx, id, &filter, None).await)?.rows {
            let name = if person.name.is_empty() { String::new() } else { format!(" · {}", person.name) };
            let path = links::user(&key, &person.user_id.to_string());
            entries.push(Entry::new(format!("{}{name} · {of}", person.email), "User", path));
        }
    }
    if organization.powers.may(Action::ListApplicationUsers) {
        for program in answer(control::application_users::list(ctx, id, word, None).await)?.rows {
            let path = links::application_user(&key, &program.user_id.to_string(), &[]);
            entries.push(Entry::new(format!("{} · {of}", program.name), "Application user", path));
        }
    }
    if organization.powers.may(Action::ListGroups) {
        for group in answer(control::groups::list(ctx, id, word, None).await)?.rows {
            let path = links::group(&key, &group.id.to_string(), &[]);
            entries.push(Entry::new(format!("{} · {of}", group.name), "Group", path));
        }
    }
    Ok(matching(&entries, query))
}

/// What the pages of a service are called, after its name.
#[cfg(feature = "ssr")]
fn of_services() -> String {
    let tabs = Tab::ALL.map(|(_, label, _)| format!(" · {}", label.to_lowercase()));
    format!("{} page service", tabs.concat())
}

/// Where one may go in an organization: what it holds of `found`, and the pages of each.
#[cfg(feature = "ssr")]
fn places(organization: &OrganizationView, found: control::places::Found, query: &str) -> Vec<Entry> {
    let (id, name) = (organization.id.to_string(), &organization.name);
    let page = |label: &str, of: &str, path| Entry::new(format!("{label} · {of}"), "Page", path);
    let mut entries = vec![Entry::new(name, "Organization", links::projects(Some(&id), None))];
    entries
        .extend(of_organization(&organization.powers).map(|place| page(place.label, name, place.path(&id))));
    for FoundProject { name, powers } in found.projects {
        entries.push(Entry::new(&name, "Project", links::project(&name)));
        if powers.may(Action::CreateService) {
            entries.push(page(&name, "new service", links::new_service(&name)));
        }
        // The services are what the project itself leads to.
        let pages = of_project(&powers).filter(|place| !place.is_of_services());
        entries.extend(pages.map(|place| page(&name, &place.label.to_lowercase(), place.path(&name))));
    }
    for found in found.services {
        let label = format!("{} · {}", found.name, found.project);
        let path = |tab| links::service(&found.project, &found.name, tab);
        entries.push(Entry::new(&label, "Service", path("")));
        let asked = Tab::open(&found.powers).filter(|(_, tab, _)| names(query, tab));
        entries.extend(asked.map(|(_, tab, end)| page(&label, &tab.to_lowercase(), path(end))));
    }
    entries
}

/// Whether a word of `query` begins what a tab is called: else each service would fill the list with its tabs.
#[cfg(feature = "ssr")]
fn names(query: &str, tab: &str) -> bool {
    let (query, tab) = (query.to_lowercase(), tab.to_lowercase());
    query.split_whitespace().any(|word| tab.starts_with(word))
}

/// Rows of the skeleton: about what a small installation has.
const SKELETON_ROWS: usize = 4;

/// Entries shown at a time.
const SHOWN_MAX: usize = 12;

/// The entries that hold every word of `query`, those that begin with it first.
#[must_use]
pub fn matching(entries: &[Entry], query: &str) -> Vec<Entry> {
    let query = query.trim().to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let mut found: Vec<(bool, &Entry)> = entries
        .iter()
        .filter_map(|entry| {
            let text = format!("{} {}", entry.label, entry.kind).to_lowercase();
            words.iter().all(|word| text.contains(word)).then(|| (!text.starts_with(&query), entry))
        })
        .collect();
    found.sort_by_key(|(is_later, _)| *is_later);
    found.into_iter().take(SHOWN_MAX).map(|(_, entry)| entry.clone()).collect()
}

/// Where the form in the account's menu is sent, on every page that has a palette.
#[cfg(feature = "ssr")]
const SIGN_OUT: &str = "/api/sign_out";

/// Goes to a page; what is done rather than shown has a form on every page, and its button is pressed.
fn go(path: &str) {
    use leptos::wasm_bindgen::JsCast as _;

    if !path.starts_with("/api/") {
        let _ = window().location().set_href(path);
        return;
    }
    let button = document().query_selector(&format!("form[action=\"{path}\"] button")).ok().flatten();
    if let Some(button) = button.and_then(|element| element.dyn_into::<leptos::web_sys::HtmlElement>().ok()) {
        button.click();
    }
}

/// What the palette remembers; copies share it.
#[derive(Clone, Copy)]
struct State {
    dialog: NodeRef<leptos::html::Dialog>,
    input: NodeRef<leptos::html::Input>,
    entries: RwSignal<Vec<Entry>>,
    status: RwSignal<&'static str>,
    is_loading: RwSignal<bool>,
    query: RwSignal<String>,
    chosen: RwSignal<usize>,
    found: Memo<Vec<Entry>>,
}

impl State {
    fn new() -> Self {
        let entries = RwSignal::new(Vec::<Entry>::new());
        let query = RwSignal::new(String::new());
        Self {
            dialog: NodeRef::new(),
            input: NodeRef::new(),
            entries,
            status: RwSignal::new(""),
            is_loading: RwSignal::new(false),
            query,
            chosen: RwSignal::new(0),
            found: Memo::new(move |_| matching(&entries.read(), &query.read())),
        }
    }

    /// Shows the dialog and asks for what it offers.
    fn open(self) {
        let Some(element) = self.dialog.get_untracked() else { return };
        if element.open() {
            return;
        }
        let _ = element.show_modal();
        if let Some(input) = self.input.get_untracked() {
            let _ = input.focus();
            input.select();
        }
        self.ask();
    }

    /// Has the server search for what is typed, once the person pauses; only the last question's answer counts.
    fn ask(self) {
        let query = self.query.get_untracked();
        self.status.set("");
        self.is_loading.set(true);
        leptos::task::spawn_local(async move {
            let is_last = || self.query.try_with_untracked(|typed| *typed == query) == Some(true);
            if !query.is_empty() {
                pause().await;
            }
            if !is_last() {
                return;
            }
            let answer = palette_entries(query.clone()).await;
            if !is_last() {
                return;
            }
            self.is_loading.set(false);
            match answer {
                Ok(list) => self.entries.set(list),
                Err(AppError::Refused(Error::Unauthenticated { .. })) => {
                    self.status.set("Your session ended. Load the page again to sign in.");
                }
                Err(_) => self.status.set("The list could not be loaded. Close this and try again."),
            }
        });
    }

    /// Arrows move the choice, Enter goes there.
    fn press(self, event: &leptos::ev::KeyboardEvent) {
        let count = self.found.read_untracked().len();
        match event.key().as_str() {
            "ArrowDown" if count > 0 => self.chosen.update(|index| *index = (*index + 1) % count),
            "ArrowUp" if count > 0 => self.chosen.update(|index| *index = (*index + count - 1) % count),
            "Enter" => {
                if let Some(entry) = self.found.read_untracked().get(self.chosen.get_untracked()) {
                    go(&entry.path);
                }
            }
            _ => return,
        }
        event.prevent_default();
    }

    fn rows(self) -> impl IntoView {
        let found = self.found.get().into_iter().enumerate();
        found
            .map(|(index, entry)| {
                let path = entry.path;
                view! {
                    <li
                        id=format!("palette-{index}")
                        role="option"
                        aria-selected=move || (self.chosen.get() == index).to_string()
                        on:click=move |_| go(&path)
                    >
                        <span>{entry.label}</span>
                        <span class="muted">{entry.kind}</span>
                    </li>
                }
            })
            .collect_view()
    }

    /// In place of the rows while they are on their way.
    fn skeleton(self) -> Option<impl IntoView> {
        let bars = || (0..SKELETON_ROWS).map(|_| view! { <span class="skeleton"></span> }).collect_view();
        (self.is_loading.get() && self.found.read().is_empty()).then(|| {
            view! {
                <div class="palette-skeleton" aria-hidden="true">
                    {bars()}
                </div>
            }
        })
    }

    fn said(self) -> &'static str {
        let (is_empty, status) = (self.found.read().is_empty(), self.status.get());
        match (self.is_loading.get(), is_empty && status.is_empty()) {
            (true, _) if is_empty => "Loading…",
            // Nothing was asked yet: there always is something to go to.
            (false, true) if self.query.read().trim().is_empty() => "Loading…",
            (false, true) => "Nothing has that name.",
            _ => status,
        }
    }
}

/// How long the person does not type before the server is asked.
#[cfg(feature = "hydrate")]
const PAUSE_MILLIS: u32 = 120;

async fn pause() {
    #[cfg(feature = "hydrate")]
    gloo_timers::future::TimeoutFuture::new(PAUSE_MILLIS).await;
}

/// The palette and the button that opens it.
#[island]
pub fn Palette() -> impl IntoView {
    let state = State::new();
    #[cfg(feature = "hydrate")]
    let shortcut = window_event_listener(leptos::ev::keydown, move |event| {
        if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("k") {
            event.prevent_default();
            state.open();
        }
    });
    #[cfg(feature = "hydrate")]
    on_cleanup(move || shortcut.remove());
    view! {
        <button type="button" class="palette-open needs-script" on:click=move |_| state.open() aria-keyshortcuts="Control+K">
            {icon(Icon::Search)} <span class="palette-label">"Go to…"</span> <kbd>"Ctrl K"</kbd>
        </button>
        <dialog node_ref=state.dialog class="palette" aria-label="Go to a page, project or service">
            <input
                node_ref=state.input
                type="text"
                role="combobox"
                aria-label="Search pages, projects and services"
                aria-expanded="true"
                aria-controls="palette-list"
                aria-activedescendant=move || {
                    (!state.found.read().is_empty()).then(|| format!("palette-{}", state.chosen.get()))
                }
                autocomplete="off"
                spellcheck="false"
                placeholder="Go to a page, project or service"
                on:input:target=move |event| {
                    state.query.set(event.target().value());
                    state.chosen.set(0);
                    state.ask();
                }
                on:keydown=move |event| state.press(&event)
            />
            <ul id="palette-list" role="listbox" aria-label="Places">{move || state.rows()}</ul>
            {move || state.skeleton()}
            <p class="palette-status muted" role="status">{move || state.said()}</p>
        </dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_there_and_beginnings_come_first() {
        let entries = [
            Entry::new("orders · shop", "Service", "/a".into()),
            Entry::new("shop", "Project", "/b".into()),
            Entry::new("shop · events", "Page", "/c".into()),
        ];
        let paths = |query| matching(&entries, query).into_iter().map(|entry| entry.path).collect::<Vec<_>>();
        assert_eq!(paths("SHOP"), ["/b", "/c", "/a"]);
        assert_eq!(paths("shop serv"), ["/a"]);
        assert_eq!(paths("nothing"), [""; 0]);
        assert_eq!(paths("").len(), 3);
    }

    #[cfg(feature = "ssr")]
    fn found(query: &str, granted: &[domain::permissions::Role]) -> Vec<String> {
        use control::places::{Found, FoundService};
        use domain::{permissions::Granted, powers::Powers, principals::ResourceKind};

        let granted: Vec<Granted> = granted.iter().copied().map(Granted::Role).collect();
        let powers = |place| Powers { is_member: true, granted: granted.clone(), ..Powers::none(place) };
        let organization = OrganizationView {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            name: "Acme".into(),
            is_super_admin: false,
            generation: 0,
            powers: powers(ResourceKind::Organization),
            refused_by: None,
        };
        let of_project = powers(ResourceKind::Project);
        let service =
            FoundService { name: "orders".into(), project: "shop".into(), powers: of_project.clone() };
        let project = FoundProject { name: "shop".into(), powers: of_project };
        let found = Found { projects: vec![project], services: vec![service] };
        let entries = matching(&places(&organization, found, query), query);
        entries.into_iter().map(|entry| entry.label).collect()
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn everybody_finds_what_they_may_see_and_nothing_else() {
        use domain::permissions::Role;

        assert_eq!(found("all events", &[Role::OrganizationAdmin]), ["All events · Acme"]);
        assert_eq!(found("all events", &[Role::ReadOnly]), [""; 0]);
        assert_eq!(found("all cert", &[Role::ReadOnly]), ["All certificates · Acme"]);
        assert_eq!(found("settings", &[Role::ReadOnly]), [""; 0]);
        assert_eq!(found("new service", &[Role::ReadOnly]), [""; 0]);
        assert_eq!(found("new service", &[Role::Operator]), ["shop · new service"]);
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn the_tabs_of_a_service_are_found_by_their_words() {
        let found = |query| found(query, &[domain::permissions::Role::Operator]);
        assert_eq!(found("network"), ["orders · shop · network"]);
        assert_eq!(found("connect orders"), ["orders · shop · connect"]);
        assert_eq!(found("Orders CONN"), ["orders · shop · connect"]);
        assert_eq!(found("orders"), ["orders · shop"]);
        assert_eq!(found("shop settings"), ["shop · settings", "orders · shop · settings"]);
        assert_eq!(of_services(), " · overview · connect · network · settings page service");
    }
}
