//! The sections of an account: what a view, an export and an import name first.

use std::fmt;
use std::str::FromStr;

use crate::Stage;
use crate::sentence::alternatives;

/// A kind of thing that a view shows and a file carries. Its name is part of URLs and of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// Contacts.
    People,
    /// Transactions in the stage lead.
    Leads,
    /// Transactions in the stage opportunity.
    Opportunities,
    /// Transactions in the stage customer.
    Customers,
    /// Transactions in the stage archive.
    Archives,
    /// Events; in URLs also called `events`.
    Calendar,
    /// Messages and e-mails.
    Messages,
    /// Figures about the other sections.
    Reports,
    /// Texts with merge fields.
    EmailTemplates,
    /// Series of events at relative dates.
    EventTemplates,
}

impl Section {
    /// All sections in the order in which they are shown.
    pub const ALL: [Section; 10] = [
        Section::People,
        Section::Leads,
        Section::Opportunities,
        Section::Customers,
        Section::Archives,
        Section::Calendar,
        Section::Messages,
        Section::Reports,
        Section::EmailTemplates,
        Section::EventTemplates,
    ];

    /// The sections whose records have a person's contact data: people and the four stages.
    pub const OF_CONTACTS: [Section; 5] =
        [Section::People, Section::Leads, Section::Opportunities, Section::Customers, Section::Archives];

    /// The sections that can be imported: those with contacts, and the calendar.
    pub const IMPORTED: [Section; 6] = [
        Section::People,
        Section::Leads,
        Section::Opportunities,
        Section::Customers,
        Section::Archives,
        Section::Calendar,
    ];

    /// The sections that are made of [records](crate::Record), so that they can be exported: all but reports.
    pub const EXPORTED: [Section; 9] = [
        Section::People,
        Section::Leads,
        Section::Opportunities,
        Section::Customers,
        Section::Archives,
        Section::Calendar,
        Section::Messages,
        Section::EmailTemplates,
        Section::EventTemplates,
    ];

    /// The name as it stands in a URL: `people`, `email-templates`.
    pub fn name(self) -> &'static str {
        match self {
            Section::People => "people",
            Section::Leads => "leads",
            Section::Opportunities => "opportunities",
            Section::Customers => "customers",
            Section::Archives => "archives",
            Section::Calendar => "calendar",
            Section::Messages => "messages",
            Section::Reports => "reports",
            Section::EmailTemplates => "email-templates",
            Section::EventTemplates => "event-templates",
        }
    }

    /// The stage of the section's transactions; `None` for a section of other things.
    pub fn stage(self) -> Option<Stage> {
        match self {
            Section::Leads => Some(Stage::Lead),
            Section::Opportunities => Some(Stage::Opportunity),
            Section::Customers => Some(Stage::Customer),
            Section::Archives => Some(Stage::Archive),
            _ => None,
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Section {
    type Err = UnknownSection;

    /// Reads an exact name; `events` is the old name of `calendar`.
    fn from_str(name: &str) -> Result<Section, UnknownSection> {
        if name == "events" {
            return Ok(Section::Calendar);
        }
        let found = Section::ALL.into_iter().find(|section| section.name() == name);
        found.ok_or_else(|| UnknownSection { name: name.to_owned() })
    }
}

/// A name that no section has; its message lists the names that exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no section `{name}`; there are {}", alternatives(&Section::ALL.map(Section::name), "and"))]
pub struct UnknownSection {
    /// What was asked for.
    pub name: String,
}
