//! The icons, drawn on a 16 px grid in the text's colour. Always beside a word, so hidden from screen readers.

use leptos::prelude::*;

/// An icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// A stack of layers.
    Projects,
    /// A database.
    Service,
    /// A list with marks.
    Events,
    /// A seal.
    Certificate,
    /// A globe.
    Domain,
    /// Sliders.
    Settings,
    /// A magnifying glass.
    Search,
    /// Three lines.
    Menu,
    /// A cross.
    Close,
    /// A tick.
    Done,
    /// An exclamation mark in a triangle.
    Warning,
    /// Two sheets.
    Copy,
    /// A sun.
    Light,
    /// A moon.
    Dark,
    /// A screen.
    System,
    /// A person.
    Person,
    /// An arrow pointing down into a tray.
    Download,
    /// A padlock.
    Lock,
    /// Two arrows pointing up and down.
    Choose,
    /// A plus sign.
    Add,
    /// A house with windows.
    Organization,
    /// A folder.
    Unit,
    /// Two people.
    Users,
    /// A box with a face.
    Application,
    /// Three circles that touch.
    Group,
    /// A key.
    Permission,
    /// An envelope.
    Mail,
    /// A card with a chip.
    Token,
    /// An arrow that comes from the right and goes on.
    Move,
    /// An arrow that leads through a door.
    SignIn,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Projects => "M8 2 14 5 8 8 2 5ZM2 8l6 3 6-3M2 11l6 3 6-3",
            Self::Service => {
                "M3 4c0-1.1 2.2-2 5-2s5 .9 5 2-2.2 2-5 2-5-.9-5-2ZM3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2"
            }
            Self::Events => "M2 4h1M2 8h1M2 12h1M6 4h8M6 8h8M6 12h8",
            Self::Certificate => "M8 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM5.5 9.2 4.5 14 8 12.2l3.5 1.8-1-4.8",
            Self::Domain => {
                "M8 2a6 6 0 1 1 0 12 6 6 0 0 1 0-12ZM2 8h12M8 2c-4.5 4-4.5 8 0 12M8 2c4.5 4 4.5 8 0 12"
            }
            Self::Settings => "M2 4h6M12 4h2M2 12h2M8 12h6M10 2v4M6 10v4",
            Self::Search => "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM10.3 10.3 14 14",
            Self::Menu => "M2 4h12M2 8h12M2 12h12",
            Self::Close => "M4 4l8 8M12 4l-8 8",
            Self::Done => "M3 8.5 6.5 12 13 4.5",
            Self::Warning => "M8 2.5 14.5 13.5h-13ZM8 6.5v3M8 11.5v.01",
            Self::Copy => "M6 6h7v7H6ZM10 6V3H3v7h3",
            Self::Light => {
                "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6ZM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9"
            }
            Self::Dark => "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z",
            Self::System => "M2 3h12v8H2ZM6 14h4M8 11v3",
            Self::Person => {
                "M8 2.5a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6ZM2.5 14c.6-2.6 2.7-4 5.5-4s4.9 1.4 5.5 4"
            }
            Self::Download => "M8 2v8M4.5 7 8 10.5 11.5 7M2.5 11.5V14h11v-2.5",
            Self::Lock => "M3.5 7h9v7h-9ZM5.5 7V4.8a2.5 2.5 0 0 1 5 0V7",
            Self::Choose => "M5 6l3-3 3 3M5 10l3 3 3-3",
            Self::Add => "M8 3v10M3 8h10",
            Self::Organization => "M3 14V2.5h6V14M9 6.5h4V14M1.5 14h13M5 5.5h2M5 8.5h2M5 11.5h2",
            Self::Unit => "M2 13V3.5h4.5l1.5 2h6V13Z",
            Self::Users => {
                "M6 3a2.4 2.4 0 1 1 0 4.8A2.4 2.4 0 0 1 6 3ZM1.5 13.5c.5-2.3 2.2-3.5 4.5-3.5s4 1.2 4.5 3.5M10.5 3.2a2.4 2.4 0 0 1 0 4.5M12 10.3c1.3.5 2.2 1.6 2.5 3.2"
            }
            Self::Application => "M2.5 5h11v8.5h-11ZM8 5V2M6 8.5v1.5M10 8.5v1.5",
            Self::Group => {
                "M8 2a2.6 2.6 0 1 1 0 5.2A2.6 2.6 0 0 1 8 2ZM4.4 8.6a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2ZM11.6 8.6a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2Z"
            }
            Self::Permission => "M5 7.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM7.2 8.4 13.5 2M11 4.5l2 2",
            Self::Mail => "M2 4h12v9H2ZM2 4.5 8 9l6-4.5",
            Self::Token => "M1.5 4h13v8.5h-13ZM4 7h3v2.5H4ZM9.5 9.5h2.5",
            Self::Move => "M2 8h11M9 4l4 4-4 4",
            Self::SignIn => "M7 2.5h6v11H7M2 8h7M6.5 5.5 9 8l-2.5 2.5",
        }
    }
}

/// Draws an icon.
pub fn icon(icon: Icon) -> AnyView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
            <path d=icon.path() />
        </svg>
    }
    .into_any()
}
