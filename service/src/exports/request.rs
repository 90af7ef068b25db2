//! What somebody wants exported, as URLs, the command line and feeds say it.

use std::sync::Arc;

use formats::{AddressList, Codec, Descriptor, EncodeOptions, Section, VCardVersion};
use jiff::civil::Date;
use storage::{Noun, Order, Related, View};

use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::records;
use crate::stored_view::StoredView;
use crate::view::ViewRequest;

/// The longest file name without its extension, in characters.
const NAME: usize = 120;

/// What to export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRequest {
    /// The section whose view it is.
    pub section: Section,
    /// `Messages` or `Calendar` where not the people or transactions of the view are meant but those that are related to them.
    pub related: Option<Section>,
    /// The name of the format.
    pub format: String,
    /// What of the section.
    pub view: ViewRequest,
    /// By what it is ordered.
    pub order: Order,
    /// Whether cells are kept from being formulas in a spreadsheet.
    pub excel_safe: bool,
    /// In which version vCards are written.
    pub vcard: VCardVersion,
    /// How many minutes before its start each event reminds of itself.
    pub alarm: Option<u32>,
    /// How a list of e-mail addresses is written.
    pub address_list: AddressList,
    /// What it calls itself, where it is not named after the account and the view.
    pub title: Option<String>,
    /// The absolute address of the site.
    pub site: Option<String>,
    /// The absolute address at which it is read.
    pub this: Option<String>,
    /// The absolute address of one person's vCard but for the id at its end.
    pub cards: Option<String>,
}

impl ExportRequest {
    /// A whole section in a format.
    pub fn new(section: Section, format: impl Into<String>) -> Self {
        Self {
            section,
            related: None,
            format: format.into(),
            view: ViewRequest::default(),
            order: Order::default(),
            excel_safe: false,
            vcard: VCardVersion::default(),
            alarm: None,
            address_list: AddressList::default(),
            title: None,
            site: None,
            this: None,
            cards: None,
        }
    }

    /// Reads the name of a section, and of what is related to it: `people`, `people/messages`. A name that nobody knows is `NOT_FOUND`
    /// with those that exist.
    pub fn parse_sections(text: &str) -> Result<(Section, Option<Section>)> {
        let section =
            |name: &str| name.parse::<Section>().map_err(|error| Error::new(Code::NotFound, error.to_string()));
        let Some((of, related)) = text.split_once('/') else { return Ok((section(text)?, None)) };
        let (of, related) = (section(of)?, section(related)?);
        if !Section::OF_CONTACTS.contains(&of) || !matches!(related, Section::Messages | Section::Calendar) {
            let message =
                "only messages and calendar are related to people, leads, opportunities, customers and archives";
            return Err(Error::new(Code::NotFound, message));
        }
        Ok((of, Some(related)))
    }

    /// The section of the records that it shows.
    pub fn shown(&self) -> Section {
        self.related.unwrap_or(self.section)
    }

    /// The codec. Errors: `UNSUPPORTED` with the formats, or the sections that this one writes.
    pub(super) fn codec(&self, engine: &Engine) -> Result<Arc<dyn Codec>> {
        let unsupported = |error: String| Error::new(Code::Unsupported, error);
        let codec = engine.formats().get(&self.format).map_err(|error| unsupported(error.to_string()))?;
        codec.descriptor().check_encodes(self.shown()).map_err(|error| unsupported(error.to_string()))?;
        Ok(Arc::clone(codec))
    }

    /// The view of storage.
    ///
    /// Errors: `INVALID` for what is no search or no day, and for a view of templates, which have none; `NOT_FOUND` for an id of
    /// nothing.
    pub(super) fn view(&self) -> Result<View> {
        let of_templates = matches!(self.section, Section::EmailTemplates | Section::EventTemplates);
        if of_templates && self.view != ViewRequest::default() {
            return Err(Error::invalid(format!("{} are exported as a whole: leave the filter out", self.section)));
        }
        let stage = self.section.stage().map(records::transactions::stage_from_file);
        let view = View { stage, ..self.view.clone().view()? };
        Ok(match (self.related, stage) {
            (None, _) => view,
            (Some(_), None) => View { related: Some(Box::new(Related::ToPeople(view))), ..View::default() },
            (Some(_), Some(_)) => View { related: Some(Box::new(Related::ToTransactions(view))), ..View::default() },
        })
    }

    /// How it is written down, but for what only the account knows.
    pub(super) fn options(&self) -> EncodeOptions {
        let mut options = EncodeOptions::default();
        options.excel_safe = self.excel_safe;
        options.vcard = self.vcard;
        options.alarm = self.alarm;
        options.address_list = self.address_list;
        options
    }

    /// What can change the document. An import is one change, whatever it imports; a search or a label may look anywhere.
    pub(crate) fn nouns(&self) -> Vec<Noun> {
        let ViewRequest { search, category: _, label, user, person: _, transaction, from: _, to: _ } = &self.view;
        let looks_anywhere = search.is_some() || label.is_some() || user.is_some() || transaction.is_some();
        let none_of: &[Noun] = match self.shown() {
            _ if looks_anywhere || self.related.is_some() => &[],
            Section::People => &[
                Noun::EmailTemplate,
                Noun::Event,
                Noun::EventTemplate,
                Noun::Label,
                Noun::Message,
                Noun::Transaction,
                Noun::User,
            ],
            Section::Leads | Section::Opportunities | Section::Customers | Section::Archives => {
                &[Noun::EmailTemplate, Noun::Event, Noun::EventTemplate, Noun::Label, Noun::Message, Noun::User]
            }
            Section::Calendar => &[Noun::CustomField, Noun::Label, Noun::Message],
            Section::Messages => {
                &[Noun::CustomField, Noun::EmailTemplate, Noun::Event, Noun::EventTemplate, Noun::Label]
            }
            Section::EmailTemplates | Section::EventTemplates | Section::Reports => &[
                Noun::Category,
                Noun::CustomField,
                Noun::Event,
                Noun::Import,
                Noun::Label,
                Noun::Message,
                Noun::Person,
                Noun::Transaction,
            ],
        };
        Noun::ALL
            .into_iter()
            .filter(|noun| !matches!(noun, Noun::ApiToken | Noun::Feed | Noun::Webhook) && !none_of.contains(noun))
            .collect()
    }

    /// The whole media type of the document.
    pub(super) fn media_type(&self, descriptor: &'static Descriptor) -> &'static str {
        match (self.vcard, descriptor.name) {
            // RFC 6350 section 10.1.
            (VCardVersion::V4, "vcard") => "text/vcard; charset=utf-8; version=4.0",
            _ => descriptor.media_type,
        }
    }

    /// The name of a file: account, section, filter and date.
    pub(super) fn file_name(&self, account: &str, today: Date, descriptor: &Descriptor) -> String {
        let mut name = String::new();
        for char in format!("{account}-{}", self.words()).chars() {
            match char {
                _ if char.is_alphanumeric() || matches!(char, '_' | '.' | '@') => name.push(char),
                _ if !name.ends_with('-') => name.push('-'),
                _ => {}
            }
        }
        let name: String = name.chars().take(NAME).collect();
        let extension = descriptor.extensions.first().copied().unwrap_or(descriptor.name);
        format!("{}-{today}.{extension}", name.trim_matches(['-', '.']))
    }

    /// What it shows, in words: `people messages Customers city:Berlin`.
    pub(crate) fn words(&self) -> String {
        let ViewRequest { search, category, label, user, person, transaction, from, to } = &self.view;
        let related = self.related.map(Section::name);
        let filters = [category, label, user, search, person, transaction, from, to].map(Option::as_deref);
        let words = [Some(self.section.name()), related].into_iter().chain(filters).flatten();
        words.collect::<Vec<_>>().join(" ")
    }

    /// What is kept of it.
    pub(crate) fn stored_view(&self) -> StoredView {
        let Self { section, related, format: _, view, order, excel_safe, vcard, alarm, address_list, .. } = self;
        StoredView {
            section: *section,
            related: *related,
            view: view.clone(),
            order: *order,
            excel_safe: *excel_safe,
            vcard: *vcard,
            alarm: *alarm,
            address_list: *address_list,
        }
    }

    /// The request of a view that was kept, in a format.
    pub(crate) fn of_stored(stored: StoredView, format: impl Into<String>) -> Self {
        let StoredView { section, related, view, order, excel_safe, vcard, alarm, address_list } = stored;
        Self { related, view, order, excel_safe, vcard, alarm, address_list, ..Self::new(section, format) }
    }
}

#[cfg(test)]
mod tests {
    use formats::Section;

    use super::ExportRequest;

    #[test]
    fn a_file_name_has_nothing_that_file_systems_stumble_over() {
        let registry = formats::builtin();
        let csv = registry.get("csv").expect("csv is built in").descriptor();
        let mut request = ExportRequest::new(Section::People, "csv");
        let today = jiff::civil::date(2026, 5, 25);
        assert_eq!(request.file_name("demo", today, csv), "demo-people-2026-05-25.csv");
        request.view.category = Some("Kunden / \"Köln\"\r\nX: y".into());
        assert_eq!(request.file_name("demo", today, csv), "demo-people-Kunden-Köln-X-y-2026-05-25.csv");
        request.view.category = Some("../".repeat(100));
        assert_eq!(request.file_name("demo", today, csv).matches('/').count(), 0);
    }
}
