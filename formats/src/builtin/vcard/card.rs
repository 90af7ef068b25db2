//! Makes a record of the properties of a card.

use super::own;
use super::parts::{Labels, date, headed, known, number, service, without_scheme};
use crate::content_line::{ContentLine, block, line};
use crate::headers::custom::{self, Readers};
use crate::headers::dates::Dates;
use crate::headers::numbers::{Numbers, Place};
use crate::headers::target::{Target, Targets};
use crate::record::{Column, Draft, names};
use crate::{Charset, Contact, Diagnostic, Foreign, Position, Record, Section};

/// What a card gives.
pub(super) struct Reading {
    pub(super) record: Record,
    /// The properties of ours that cannot be read, and why.
    pub(super) faults: Vec<Fault>,
}

/// A property of ours that somebody has spoilt.
pub(super) struct Fault {
    pub(super) property: String,
    /// The column that it should fill.
    pub(super) column: Column,
    pub(super) text: String,
    pub(super) reason: String,
}

/// The custom fields that a card may fill, and what it takes to read their values.
pub(super) struct Fields<'a> {
    pub(super) targets: &'a Targets,
    pub(super) dates: &'a mut Dates,
    pub(super) numbers: &'a mut Numbers,
    pub(super) position: Position,
    /// What is to be said of values that could be read.
    pub(super) notes: &'a mut Vec<Diagnostic>,
}

impl Fields<'_> {
    /// Fills the custom field of a name; `false` where there is none, or it has a value.
    fn fill(&mut self, draft: &mut Draft, name: &str, text: &str) -> bool {
        let Some(Target::Custom(number)) = self.targets.custom(name) else { return false };
        let field = self.targets.field(number);
        let readers = Readers { dates: self.dates, numbers: self.numbers };
        let place = Place { position: self.position, at: number, header: name, is_exact: true };
        match custom::value(field, readers, place, text, self.notes) {
            Some(value) => draft.add_custom(&field.name, &value),
            None => true,
        }
    }
}

/// The record of a card, where `charset` is that of values which are not UTF-8 and do not say what they are.
pub(super) fn record(lines: &[ContentLine], charset: Charset, section: Section, mut fields: Fields<'_>) -> Reading {
    let mut card =
        Card { lines, charset, labels: Labels::new(lines, charset), contact: Contact::default(), rest: Vec::new() };
    card.organisation();
    card.position();
    card.numbers();
    card.emails();
    card.urls();
    card.addresses();
    card.name();
    card.notes();
    card.others();
    let Card { mut contact, mut rest, .. } = card;
    let is_own = own::is_own(lines, charset);
    if is_own {
        own::set_exact(&mut contact, lines, charset);
    }
    let mut draft = Draft::with_contact(contact);
    let targets = fields.targets;
    let is_field = |name: &str| targets.custom(name).is_some();
    for (at, line) in lines.iter().enumerate() {
        let Some((field, value)) = own::custom_value(line, charset, is_field) else { continue };
        if value.trim().is_empty() {
            continue;
        }
        if targets.custom(&field).is_some() {
            fields.fill(&mut draft, &field, &value);
        } else {
            rest.push((at, Foreign { header: field, value }));
        }
    }
    rest.sort_by_key(|(at, _)| *at);
    rest.dedup_by(|(_, one), (_, other)| one == other);
    for (_, Foreign { header, value }) in rest {
        // What has no field of ours may have one of the account's, such as a birthday.
        if !fields.fill(&mut draft, &header, &value) {
            draft.add_foreign(&header, &value);
        }
    }
    draft.set_names(
        Column::Categories,
        if is_own { own::categories(lines, charset) } else { categories(lines, charset) },
    );
    let mut faults = set_extensions(&mut draft, lines, charset, section);
    // When a record was made and changed elsewhere is worth no card.
    for Fault { property, reason, .. } in faults.extract_if(.., |fault| fault.column.is_time_of_record()) {
        fields.notes.push(Diagnostic { field: Some(property), reason });
    }
    Reading { record: draft.into_record(section), faults }
}

/// Whether anybody reads a property of this name.
pub(super) fn is_read(name: &str) -> bool {
    const READ: [&str; 17] = [
        "FN",
        "N",
        "ORG",
        "TITLE",
        "ROLE",
        "EMAIL",
        "TEL",
        "X-MS-TEL",
        "ADR",
        "LABEL",
        "URL",
        "NOTE",
        "CATEGORIES",
        "IMPP",
        "RELATED",
        "X-ABLABEL",
        "X-ABDATE",
    ];
    READ.contains(&name) || known(name).is_some() || own::is_own_property(name)
}

/// Sets what properties of ours hold, the first of each that is not blank.
fn set_extensions(draft: &mut Draft, lines: &[ContentLine], charset: Charset, section: Section) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for own in lines {
        let column = own::extended(&own.name).filter(|column| Column::of(section).contains(column));
        let Some(column) = column.filter(|column| !draft.has(*column)) else { continue };
        let text = own.text(charset);
        let is_first = faults.iter().all(|fault| fault.column != column);
        if let Err(reason) = draft.set(column, &text)
            && is_first
        {
            faults.push(Fault { property: own.name.clone(), column, text, reason });
        }
    }
    faults
}

fn categories(lines: &[ContentLine], charset: Charset) -> Vec<String> {
    let parts = named(lines, "CATEGORIES").flat_map(|(_, line)| line.parts(&[',', ';'], charset));
    let mut categories: Vec<String> = Vec::new();
    for name in names(parts).into_iter().filter(|name| !is_system_group(name)) {
        if !categories.contains(&name) {
            categories.push(name);
        }
    }
    categories
}

/// A card, and what has been made of it.
struct Card<'a> {
    lines: &'a [ContentLine],
    charset: Charset,
    labels: Labels,
    contact: Contact,
    /// The values that have no field, and their places among the lines.
    rest: Vec<(usize, Foreign)>,
}

/// A value of which there may be several.
struct Value<'a> {
    at: usize,
    line: &'a ContentLine,
    text: String,
}

impl<'a> Card<'a> {
    /// The values of a property that are not blank, in the order of the card.
    fn values(&self, name: &'a str) -> Vec<Value<'a>> {
        let texts = named(self.lines, name).map(|(at, line)| Value { at, line, text: line.text(self.charset) });
        texts.filter(|value| !value.text.trim().is_empty()).collect()
    }

    fn put(&mut self, at: usize, header: impl Into<String>, value: &str) {
        if !value.trim().is_empty() {
            self.rest.push((at, Foreign { header: header.into(), value: value.trim().to_owned() }));
        }
    }

    /// Fills a field with the first of the values; the others are kept under a header and their labels.
    fn fill(&mut self, column: Column, header: &str, values: Vec<Value<'_>>) {
        for Value { at, line: own, text } in values {
            let text = line(&text).unwrap_or_default();
            match self.contact.text(column) {
                None => self.contact.set(column, &text),
                Some(known) if known == text => {}
                Some(_) => self.put(at, headed(header, &self.labels.label(own)), &text),
            }
        }
    }

    /// The company, which is the first place of an organisation, and the departments behind it. Without a first place it is a
    /// department of a company that nobody names.
    fn organisation(&mut self) {
        for (at, own) in named(self.lines, "ORG") {
            let parts = own.parts(&[';'], self.charset);
            let (company, departments) = parts.split_first().expect("a value has one part at least");
            if self.contact.company.is_some() && line(company).is_some() {
                self.put(at, "Company", &names(parts.iter().map(|part| line(part).unwrap_or_default())).join("; "));
                continue;
            }
            if let Some(company) = line(company) {
                self.contact.set(Column::Company, &company);
            }
            let departments = names(departments.iter().map(|part| line(part).unwrap_or_default()));
            self.put(at, "Department", &departments.join("; "));
        }
    }

    fn position(&mut self) {
        let (titles, roles) = (self.values("TITLE"), self.values("ROLE"));
        self.fill(Column::Title, "Title", titles);
        self.fill(Column::Title, "Role", roles);
    }

    /// Work before what is preferred before the first; faxes and mobile telephones by themselves.
    fn numbers(&mut self) {
        let (mut phones, mut mobiles, mut faxes) = (Vec::new(), Vec::new(), Vec::new());
        for mut value in self.values("TEL").into_iter().chain(self.values("X-MS-TEL")) {
            value.text = number(&value.text);
            let label = self.labels.of_group(value.line).unwrap_or_default().to_lowercase();
            let is = |types: &[&str], words: &[&str]| {
                types.iter().any(|kind| value.line.has("TYPE", kind)) || words.iter().any(|word| label.contains(word))
            };
            if is(&["FAX"], &["fax"]) {
                faxes.push(value);
            } else if is(&["PAGER"], &["pager"]) {
                self.put(value.at, "Pager", &value.text);
            } else if is(&["CELL", "MOBILE", "IPHONE"], &["mobile", "iphone", "cell"]) {
                mobiles.push(value);
            } else if is(&["MODEM", "BBS", "ISDN", "TEXTPHONE", "TTY-TDD"], &[]) {
                let label = self.labels.label(value.line);
                self.put(value.at, headed("Phone", &label), &value.text);
            } else {
                phones.push(value);
            }
        }
        for (column, header, mut values) in
            [(Column::Phone, "Phone", phones), (Column::Mobile, "Mobile", mobiles), (Column::Fax, "Fax", faxes)]
        {
            values.sort_by_key(|value| (!value.line.has("TYPE", "WORK"), preference(value.line)));
            self.fill(column, header, values);
        }
    }

    fn emails(&mut self) {
        let mut emails = self.values("EMAIL");
        for value in &mut emails {
            value.text = without_scheme(&value.text, "mailto:").to_owned();
        }
        // X.400 and its kin are no addresses of the internet.
        emails.sort_by_key(|value| (!value.text.contains('@'), preference(value.line)));
        self.fill(Column::Email, "Email", emails);
    }

    fn urls(&mut self) {
        let mut urls = self.values("URL");
        urls.sort_by_key(|value| (preference(value.line), !value.line.has("TYPE", "WORK")));
        self.fill(Column::Url, "URL", urls);
    }

    /// Work before what is preferred before the first.
    fn addresses(&mut self) {
        let mut found: Vec<(usize, &ContentLine, Address)> = named(self.lines, "ADR")
            .map(|(at, line)| (at, line, Address::new(&line.parts(&[';'], self.charset), line.parameter("LABEL"))))
            .filter(|(_, _, address)| !address.is_empty())
            .collect();
        if found.is_empty() {
            let whole = |value: Value<'a>| (value.at, value.line, Address { street: value.text, ..Address::default() });
            found = self.values("LABEL").into_iter().map(whole).collect();
        }
        found.sort_by_key(|(_, line, _)| (!line.has("TYPE", "WORK"), preference(line)));
        let mut found = found.into_iter();
        if let Some((_, _, address)) = found.next() {
            let Address { street, city, state, zip, country } = address;
            let parts = [
                (Column::Address, street),
                (Column::City, city),
                (Column::State, state),
                (Column::Zip, zip),
                (Column::Country, country),
            ];
            for (column, text) in parts {
                self.contact.set(column, &text);
            }
        }
        for (at, line, address) in found {
            let Address { street, city, state, zip, country } = address;
            let parts = [street.replace('\n', ", "), city, state, zip, country];
            let header = headed("Address", &self.labels.label(line));
            self.put(at, header, &names(parts.iter()).join(", "));
        }
    }

    /// The formatted name, else given, middle and family name. A company has none.
    fn name(&mut self) {
        let parts: Vec<Vec<String>> =
            named(self.lines, "N").map(|(_, line)| line.parts(&[';'], self.charset)).collect();
        let parts = parts.into_iter().find(|parts| parts.iter().any(|part| !part.trim().is_empty()));
        let of = |at: usize| parts.as_ref().and_then(|parts| line(parts.get(at)?));
        let composed = names([of(1), of(2), of(0)].into_iter().flatten()).join(" ");
        let mut formatted = self.values("FN");
        formatted.sort_by_key(|value| preference(value.line));
        let formatted = formatted.into_iter().find_map(|value| line(&value.text));
        // A formatted name there must be; whoever has no name is called by an address or a number.
        let is_address = |name: &String| {
            let Contact { email, phone, mobile, .. } = &self.contact;
            let is_number = parts.is_none() && [phone, mobile].into_iter().flatten().any(|number| number == name);
            is_number || email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(name))
        };
        let formatted = formatted.filter(|name| !is_address(name));
        let is_formatted = formatted.is_some();
        let name = formatted.or_else(|| line(&composed).filter(|name| !is_address(name)));
        let shows_company = named(self.lines, "X-ABSHOWAS").any(|(_, own)| own.is("X-ABSHOWAS", "COMPANY"))
            || named(self.lines, "KIND").any(|(_, own)| own.is("KIND", "org"));
        let is_company = name == self.contact.company && (shows_company || parts.is_none());
        if !is_company {
            self.contact.name = name;
        }
        if !is_formatted && let Some((at, _)) = named(self.lines, "N").next() {
            for (header, part) in [("Prefix", of(3)), ("Suffix", of(4))] {
                self.put(at, header, &part.unwrap_or_default());
            }
        }
    }

    fn notes(&mut self) {
        let notes: Vec<String> = self.values("NOTE").iter().filter_map(|value| block(&value.text)).collect();
        self.contact.set(Column::Notes, &notes.join("\n"));
    }

    /// What is known and has no field.
    fn others(&mut self) {
        for (at, own) in self.lines.iter().enumerate() {
            let text = own.text(self.charset);
            let label = self.labels.label(own);
            match own.name.as_str() {
                "IMPP" => {
                    let (scheme, value) = text.split_once(':').unwrap_or(("", &text));
                    self.put(at, service(own.parameter("X-SERVICE-TYPE").unwrap_or(scheme)), value);
                }
                "SOCIALPROFILE" | "X-SOCIALPROFILE" => self.put(at, service(&label), &text),
                "RELATED" | "X-ABRELATEDNAMES" | "X-RELATION" => {
                    let header = if label.is_empty() { "Related".to_owned() } else { service(&label) };
                    self.put(at, header, &text);
                }
                "X-ABDATE" => self.put(at, headed("Date", &label), &date(&text, own)),
                "X-ANDROID-CUSTOM" => self.android(at, own),
                name => match known(name) {
                    Some(header @ ("Birthday" | "Anniversary")) => self.put(at, header, &date(&text, own)),
                    Some(header @ "Nickname") => {
                        let several = names(own.parts(&[','], self.charset).into_iter());
                        self.put(at, header, &several.join(", "));
                    }
                    Some(header) => self.put(at, header, &text),
                    None => {}
                },
            }
        }
    }

    /// What Android writes for what its version of vCard cannot say: a kind, and then the cells of its own table.
    fn android(&mut self, at: usize, line: &ContentLine) {
        let parts = line.parts(&[';'], self.charset);
        let kind = parts.first().and_then(|kind| kind.rsplit('/').next()).unwrap_or_default();
        let header = match (kind, parts.get(2).map(String::as_str)) {
            ("nickname", _) => "Nickname",
            ("relation", _) => "Related",
            ("contact_event", Some("1")) => "Anniversary",
            ("contact_event", Some("3")) => "Birthday",
            ("contact_event", _) => "Date",
            _ => return,
        };
        self.put(at, header, parts.get(1).map(String::as_str).unwrap_or_default());
    }
}

/// An address in our columns.
#[derive(Default)]
struct Address {
    street: String,
    city: String,
    state: String,
    zip: String,
    country: String,
}

impl Address {
    /// Of box, addition, street, town, region, code and country (RFC 6350 section 6.3.1); `whole` counts where all are blank.
    fn new(parts: &[String], whole: Option<&str>) -> Address {
        let part = |at: usize| parts.get(at).map(|part| part.trim()).unwrap_or_default();
        let lines: Vec<&str> = [part(2), part(1), part(0)].into_iter().filter(|line| !line.is_empty()).collect();
        let of = |at: usize| line(part(at)).unwrap_or_default();
        let mut address = Address { street: lines.join("\n"), city: of(3), state: of(4), zip: of(5), country: of(6) };
        if address.is_empty() {
            let whole = whole.unwrap_or_default().replace("\\n", "\n");
            address.street = block(&whole).unwrap_or_default();
        }
        address
    }

    fn is_empty(&self) -> bool {
        let Address { street, city, state, zip, country } = self;
        [street, city, state, zip, country].iter().all(|part| part.is_empty())
    }
}

/// Google and Android mark everybody with groups of their own.
fn is_system_group(name: &str) -> bool {
    name.starts_with("* ") || matches!(name, "myContacts" | "My Contacts")
}

/// The lines of a property, and their places.
fn named<'a>(lines: &'a [ContentLine], name: &'a str) -> impl Iterator<Item = (usize, &'a ContentLine)> {
    lines.iter().enumerate().filter(move |(_, line)| line.name == name)
}

/// What is preferred, lower first: by the number that vCard 4.0 has, or the word that the others have.
fn preference(line: &ContentLine) -> u8 {
    let number = line.parameter("PREF").and_then(|number| number.parse().ok());
    let word = line.has("TYPE", "PREF").then_some(1);
    // Where PREF is no number, as some write it, it is the word.
    let bare = line.parameter("PREF").map(|_| 1);
    number.or(word).or(bare).unwrap_or(u8::MAX)
}
