//! The columns of our own files, which bear the names of the GraphQL fields.

use crate::Section;

/// The header of a section's tabular view; empty for a section that has none.
///
/// ```
/// use formats::{Section, columns};
/// assert_eq!(columns(Section::People)[..3], ["id", "name", "company"]);
/// assert_eq!(columns(Section::Leads)[15..20], ["stage", "value", "probability", "moreInfo", "personId"]);
/// assert_eq!(columns(Section::Calendar)[..4], ["id", "title", "startsOn", "endsOn"]);
/// ```
pub fn columns(section: Section) -> &'static [&'static str] {
    const PERSON: [&str; PERSON_COLUMNS.len()] = names(PERSON_COLUMNS);
    const TRANSACTION: [&str; TRANSACTION_COLUMNS.len()] = names(TRANSACTION_COLUMNS);
    const EVENT: [&str; EVENT_COLUMNS.len()] = names(EVENT_COLUMNS);
    const MESSAGE: [&str; MESSAGE_COLUMNS.len()] = names(MESSAGE_COLUMNS);
    const EMAIL_TEMPLATE: [&str; EMAIL_TEMPLATE_COLUMNS.len()] = names(EMAIL_TEMPLATE_COLUMNS);
    const TEMPLATE_ITEM: [&str; TEMPLATE_ITEM_COLUMNS.len()] = names(TEMPLATE_ITEM_COLUMNS);
    match section {
        Section::People => &PERSON,
        Section::Calendar => &EVENT,
        Section::Messages => &MESSAGE,
        Section::EmailTemplates => &EMAIL_TEMPLATE,
        Section::EventTemplates => &TEMPLATE_ITEM,
        section if section.stage().is_some() => &TRANSACTION,
        _ => &[],
    }
}

/// One column of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Id,
    Name,
    Company,
    Title,
    Email,
    Phone,
    Mobile,
    Fax,
    Url,
    Address,
    City,
    State,
    Zip,
    Country,
    Notes,
    Stage,
    Value,
    Probability,
    MoreInfo,
    PersonId,
    StartsOn,
    EndsOn,
    StartsAt,
    EndsAt,
    Location,
    Description,
    Complete,
    Owner,
    EmailTemplate,
    Body,
    EmailedFrom,
    EmailedTo,
    Creator,
    Files,
    Subject,
    Item,
    Offset,
    TimeOfDay,
    Associations,
    SourceUid,
    SourceSequence,
    RecurrenceId,
    Recurrence,
    Categories,
    CreatedAt,
    UpdatedAt,
}

impl Column {
    /// The columns of a section in the order of [`columns`].
    pub(crate) fn of(section: Section) -> &'static [Column] {
        match section {
            Section::People => Column::OF_PERSON,
            Section::Calendar => Column::OF_EVENT,
            Section::Messages => Column::OF_MESSAGE,
            Section::EmailTemplates => Column::OF_EMAIL_TEMPLATE,
            Section::EventTemplates => Column::OF_TEMPLATE_ITEM,
            section if section.stage().is_some() => Column::OF_TRANSACTION,
            _ => &[],
        }
    }

    pub(crate) const OF_PERSON: &[Column] = &PERSON_COLUMNS;
    pub(crate) const OF_TRANSACTION: &[Column] = &TRANSACTION_COLUMNS;
    pub(crate) const OF_EVENT: &[Column] = &EVENT_COLUMNS;
    pub(crate) const OF_MESSAGE: &[Column] = &MESSAGE_COLUMNS;
    pub(crate) const OF_EMAIL_TEMPLATE: &[Column] = &EMAIL_TEMPLATE_COLUMNS;
    pub(crate) const OF_TEMPLATE_ITEM: &[Column] = &TEMPLATE_ITEM_COLUMNS;

    /// Whether it is a column of the contact and not of the record around it.
    pub(crate) fn is_of_contact(self) -> bool {
        PERSON_COLUMNS.contains(&self)
            && !matches!(self, Column::Id | Column::Categories | Column::CreatedAt | Column::UpdatedAt)
    }

    /// Whether it holds numbers, days, times or the like, so that a text which is none can only be a mistake.
    pub(crate) fn is_typed(self) -> bool {
        let is_number = matches!(self, Column::Value | Column::Probability | Column::SourceSequence);
        is_number || self.is_moment() || self.is_time_of_record() || matches!(self, Column::Complete | Column::Stage)
    }

    /// Whether it says when the record was made or changed.
    pub(crate) fn is_time_of_record(self) -> bool {
        matches!(self, Column::CreatedAt | Column::UpdatedAt)
    }

    /// Whether its cell has a date or a time of an event.
    pub(crate) fn is_moment(self) -> bool {
        matches!(self, Column::StartsOn | Column::EndsOn | Column::StartsAt | Column::EndsAt)
    }

    /// Whether its cell has a number that people write in many ways.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Column::Value | Column::Probability)
    }

    /// Whether its cell has several names.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Column::Associations | Column::Categories)
    }

    /// The GraphQL name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Column::Id => "id",
            Column::Name => "name",
            Column::Company => "company",
            Column::Title => "title",
            Column::Email => "email",
            Column::Phone => "phone",
            Column::Mobile => "mobile",
            Column::Fax => "fax",
            Column::Url => "url",
            Column::Address => "address",
            Column::City => "city",
            Column::State => "state",
            Column::Zip => "zip",
            Column::Country => "country",
            Column::Notes => "notes",
            Column::Stage => "stage",
            Column::Value => "value",
            Column::Probability => "probability",
            Column::MoreInfo => "moreInfo",
            Column::PersonId => "personId",
            Column::StartsOn => "startsOn",
            Column::EndsOn => "endsOn",
            Column::StartsAt => "startsAt",
            Column::EndsAt => "endsAt",
            Column::Location => "location",
            Column::Description => "description",
            Column::Complete => "complete",
            Column::Owner => "owner",
            Column::EmailTemplate => "emailTemplate",
            Column::Body => "body",
            Column::EmailedFrom => "emailedFrom",
            Column::EmailedTo => "emailedTo",
            Column::Creator => "creator",
            Column::Files => "files",
            Column::Subject => "subject",
            Column::Item => "item",
            Column::Offset => "offset",
            Column::TimeOfDay => "timeOfDay",
            Column::Associations => "associations",
            Column::SourceUid => "sourceUid",
            Column::SourceSequence => "sourceSequence",
            Column::RecurrenceId => "recurrenceId",
            Column::Recurrence => "recurrence",
            Column::Categories => "categories",
            Column::CreatedAt => "createdAt",
            Column::UpdatedAt => "updatedAt",
        }
    }
}

const PERSON_COLUMNS: [Column; 18] = [
    Column::Id,
    Column::Name,
    Column::Company,
    Column::Title,
    Column::Email,
    Column::Phone,
    Column::Mobile,
    Column::Fax,
    Column::Url,
    Column::Address,
    Column::City,
    Column::State,
    Column::Zip,
    Column::Country,
    Column::Notes,
    Column::Categories,
    Column::CreatedAt,
    Column::UpdatedAt,
];

const TRANSACTION_COLUMNS: [Column; 23] = [
    Column::Id,
    Column::Name,
    Column::Company,
    Column::Title,
    Column::Email,
    Column::Phone,
    Column::Mobile,
    Column::Fax,
    Column::Url,
    Column::Address,
    Column::City,
    Column::State,
    Column::Zip,
    Column::Country,
    Column::Notes,
    Column::Stage,
    Column::Value,
    Column::Probability,
    Column::MoreInfo,
    Column::PersonId,
    Column::Categories,
    Column::CreatedAt,
    Column::UpdatedAt,
];

const EVENT_COLUMNS: [Column; 19] = [
    Column::Id,
    Column::Title,
    Column::StartsOn,
    Column::EndsOn,
    Column::StartsAt,
    Column::EndsAt,
    Column::Location,
    Column::Description,
    Column::Complete,
    Column::Owner,
    Column::EmailTemplate,
    Column::Associations,
    Column::Categories,
    Column::SourceUid,
    Column::SourceSequence,
    Column::RecurrenceId,
    Column::Recurrence,
    Column::CreatedAt,
    Column::UpdatedAt,
];

const MESSAGE_COLUMNS: [Column; 11] = [
    Column::Id,
    Column::Title,
    Column::Body,
    Column::EmailedFrom,
    Column::EmailedTo,
    Column::Creator,
    Column::Files,
    Column::Associations,
    Column::Categories,
    Column::CreatedAt,
    Column::UpdatedAt,
];

const EMAIL_TEMPLATE_COLUMNS: [Column; 6] =
    [Column::Id, Column::Name, Column::Subject, Column::Body, Column::CreatedAt, Column::UpdatedAt];

const TEMPLATE_ITEM_COLUMNS: [Column; 11] = [
    Column::Id,
    Column::Name,
    Column::Item,
    Column::Offset,
    Column::TimeOfDay,
    Column::Title,
    Column::Location,
    Column::Description,
    Column::EmailTemplate,
    Column::CreatedAt,
    Column::UpdatedAt,
];

const fn names<const N: usize>(columns: [Column; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut i = 0;
    while i < N {
        names[i] = columns[i].name();
        i += 1;
    }
    names
}
