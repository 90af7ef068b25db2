//! The CSV that Google Contacts imports and exports since 2024. It is read as any CSV, and written with Google's columns.

use std::borrow::Cow;

use bytes::BytesMut;

use self::Cell::{First, Label, Labels, Last, Nothing, Of};
use super::csv::{Csv, LineWriter};
use crate::headers::target::{Target, Targets};
use crate::record::{CATEGORY_SEPARATOR, Column};
use crate::{
    Codec, Container, CustomField, CustomValue, Decode, DecodeError, DecodeOptions, Delimiter, Descriptor, Encode,
    EncodeError, EncodeOptions, Findings, Foreign, Loss, Record, Row, Section, Source, Unsupported,
};

/// The format `google-contacts`.
pub(super) struct GoogleContacts;

static DESCRIPTOR: Descriptor = Descriptor {
    name: "google-contacts",
    title: "Google Contacts (CSV)",
    // Google has none of its own, and that of CSV must lead to our CSV.
    media_type: "text/x-google-contacts-csv; charset=utf-8; header=present",
    extensions: &["google.csv"],
    encodes: &Section::OF_CONTACTS,
    decodes: &Section::OF_CONTACTS,
    container: Container::Stream,
    loses: &[
        Loss::Column("id"),
        Loss::Column("stage"),
        Loss::Column("value"),
        Loss::Column("probability"),
        Loss::Column("moreInfo"),
        Loss::Column("personId"),
        Loss::Column("createdAt"),
        Loss::Column("updatedAt"),
    ],
};

impl Codec for GoogleContacts {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        DESCRIPTOR.check_encodes(section)?;
        let custom_fields = options.custom_fields.clone();
        Ok(Box::new(Encoder { section, custom_fields, writer: LineWriter::new(Delimiter::COMMA) }))
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        DESCRIPTOR.check_decodes(section)?;
        // A custom field may be called like a column of Google's that is for something else.
        let is_taken = |(column, cell): &(&str, Cell), field: &str| {
            !matches!(cell, Nothing) && column.eq_ignore_ascii_case(field.trim())
        };
        let is_free = |field: &&CustomField| !COLUMNS.iter().any(|column| is_taken(column, &field.name));
        let custom_fields = options.custom_fields.iter().filter(is_free).cloned().collect();
        let csv = Csv.decoder(section, &DecodeOptions { custom_fields, ..options.clone() })?;
        Ok(Box::new(Decoder { csv, targets: Targets::new(section, options) }))
    }

    /// A table with the header of Google's, whatever the file is called.
    fn recognises(&self, head: &[u8]) -> bool {
        let line = head.trim_ascii_start().split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        is_header(&String::from_utf8_lossy(line))
    }
}

/// Whether the header names columns as nobody but Google does.
fn is_header(line: &str) -> bool {
    let names: Vec<_> = line.split([',', ';', '\t']).map(|name| name.trim().trim_matches('"')).collect();
    let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let has_name = has("First Name") || has("Given Name");
    let is_current = has("Phonetic First Name") && has("Organization Name");
    has_name && (is_current || has("Given Name Yomi") || has("E-mail 1 - Value") || has("Phone 1 - Value"))
}

/// The columns that every file has: the part that Google always writes, and of the numbered groups those that are filled. After
/// them come two for each custom field.
const COLUMNS: [(&str, Cell); 36] = [
    ("First Name", First),
    ("Middle Name", Nothing),
    ("Last Name", Last),
    ("Phonetic First Name", Nothing),
    ("Phonetic Middle Name", Nothing),
    ("Phonetic Last Name", Nothing),
    ("Name Prefix", Nothing),
    ("Name Suffix", Nothing),
    ("Nickname", Nothing),
    ("File As", Nothing),
    ("Organization Name", Of(Column::Company)),
    ("Organization Title", Of(Column::Title)),
    ("Organization Department", Nothing),
    ("Birthday", Nothing),
    ("Notes", Of(Column::Notes)),
    ("Photo", Nothing),
    ("Labels", Labels),
    ("E-mail 1 - Label", Label("* Work", &[Column::Email])),
    ("E-mail 1 - Value", Of(Column::Email)),
    ("Phone 1 - Label", Label("Work", &[Column::Phone])),
    ("Phone 1 - Value", Of(Column::Phone)),
    ("Phone 2 - Label", Label("Mobile", &[Column::Mobile])),
    ("Phone 2 - Value", Of(Column::Mobile)),
    ("Phone 3 - Label", Label("Work Fax", &[Column::Fax])),
    ("Phone 3 - Value", Of(Column::Fax)),
    ("Address 1 - Label", Label("Work", &ADDRESS)),
    ("Address 1 - Formatted", Nothing),
    ("Address 1 - Street", Of(Column::Address)),
    ("Address 1 - City", Of(Column::City)),
    ("Address 1 - PO Box", Nothing),
    ("Address 1 - Region", Of(Column::State)),
    ("Address 1 - Postal Code", Of(Column::Zip)),
    ("Address 1 - Country", Of(Column::Country)),
    ("Address 1 - Extended Address", Nothing),
    ("Website 1 - Label", Label("Work", &[Column::Url])),
    ("Website 1 - Value", Of(Column::Url)),
];

const ADDRESS: [Column; 5] = [Column::Address, Column::City, Column::State, Column::Zip, Column::Country];

/// What stands in a column.
#[derive(Clone, Copy)]
enum Cell {
    Nothing,
    /// All of the name but the last word.
    First,
    Last,
    Of(Column),
    /// The kind of what stands in the columns after it, unless nothing does.
    Label(&'static str, &'static [Column]),
    /// The categories.
    Labels,
}

/// The group of those whom Google shows as contacts; others are hidden among further ones.
const MY_CONTACTS: &str = "* myContacts";

/// An encoder of one document. Cells are never guarded against spreadsheets, since Google would take the apostrophes for data.
struct Encoder {
    section: Section,
    custom_fields: Vec<String>,
    writer: LineWriter,
}

impl Encode for Encoder {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let custom = (1..=self.custom_fields.len())
            .flat_map(|number| ["Label", "Value"].map(|part| Cow::Owned(format!("Custom Field {number} - {part}"))));
        let header: Vec<Cow<'_, str>> = COLUMNS.iter().map(|(name, _)| Cow::Borrowed(*name)).chain(custom).collect();
        self.writer.line(&header, out);
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(self.section, DESCRIPTOR.name)?;
        let (contact, categories) = match record {
            Record::Person(person) => (&person.contact, &person.categories),
            Record::Transaction(transaction) => (&transaction.contact, &transaction.categories),
            other => unreachable!("{other:?} belongs to no section that is written"),
        };
        let (first, last) = first_and_last(contact.name.as_deref().unwrap_or_default());
        let cell = |(_, cell): (&str, Cell)| match cell {
            Nothing => Cow::Borrowed(""),
            First => Cow::Borrowed(first),
            Last => Cow::Borrowed(last),
            Of(column) => Cow::Borrowed(contact.text(column).unwrap_or_default()),
            Label(label, columns) => {
                let is_filled = columns.iter().any(|column| contact.text(*column).is_some());
                Cow::Borrowed(if is_filled { label } else { "" })
            }
            Labels => {
                let labels = [MY_CONTACTS].into_iter().chain(categories.iter().map(String::as_str));
                Cow::Owned(labels.collect::<Vec<_>>().join(CATEGORY_SEPARATOR))
            }
        };
        let custom = self.custom_fields.iter().flat_map(|field| match record.custom_value(field) {
            "" => [Cow::Borrowed(""), Cow::Borrowed("")],
            value => [Cow::Borrowed(field.as_str()), Cow::Borrowed(value)],
        });
        let cells: Vec<Cow<'_, str>> = COLUMNS.into_iter().map(cell).chain(custom).collect();
        self.writer.line(&cells, out);
        Ok(())
    }

    fn end(&mut self, _out: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }
}

/// A decoder of one document.
struct Decoder {
    csv: Box<dyn Decode>,
    targets: Targets,
}

impl Decode for Decoder {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError> {
        let mut row = self.csv.row(input, at_end)?;
        match row.as_mut().and_then(|row| row.record.as_mut()) {
            Some(Record::Person(person)) => self.fill_custom(&mut person.custom, &mut person.foreign),
            Some(Record::Transaction(transaction)) => {
                self.fill_custom(&mut transaction.custom, &mut transaction.foreign);
            }
            _ => {}
        }
        Ok(row)
    }

    fn source(&self) -> Option<Source<'_>> {
        self.csv.source()
    }

    fn findings(&self) -> Findings {
        self.csv.findings()
    }
}

impl Decoder {
    /// Makes values of custom fields of what Google has under their names.
    fn fill_custom(&self, custom: &mut Vec<CustomValue>, foreign: &mut Vec<Foreign>) {
        foreign.retain_mut(|Foreign { header, value }| {
            let Some(Target::Custom(number)) = self.targets.custom(header) else { return true };
            let field = self.targets.field(number).name.as_str();
            let is_new = custom.iter().all(|known| known.field != field);
            if is_new {
                custom.push(CustomValue { field: field.to_owned(), value: std::mem::take(value) });
            }
            !is_new
        });
    }
}

/// The name in two cells, which joined by a space are the name again; in one where that would not be so.
fn first_and_last(name: &str) -> (&str, &str) {
    let parts = name.rsplit_once(' ').filter(|(first, last)| {
        let ends_in_space = first.is_empty() || first.ends_with(char::is_whitespace);
        !ends_in_space && !last.is_empty() && !last.starts_with(char::is_whitespace)
    });
    parts.unwrap_or((name, ""))
}
