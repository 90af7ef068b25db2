//! What a format is: a description of itself, an encoder and a decoder. Ours and a third party's are the same to everybody else.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bytes::BytesMut;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::{Charset, DecodeError, Delimiter, Direction, EncodeError, Record, Row, Section, Source, Unsupported};

/// A format. It is registered once in a [`Registry`](crate::Registry) and makes an encoder or decoder for each document.
pub trait Codec: Send + Sync + 'static {
    /// What the format says of itself; the same at every call.
    fn descriptor(&self) -> &'static Descriptor;

    /// An encoder for one document of records of a section.
    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported>;

    /// A decoder for one document of records of a section.
    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported>;

    /// Whether the first bytes of a file can only be this format's: a magic number, or words with which nothing else begins. Text
    /// comes without a byte order mark and never as UTF-16. A format that leaves it at `false` is found by its files'
    /// extensions: [`Registry::recognise`](crate::Registry::recognise).
    fn recognises(&self, _head: &[u8]) -> bool {
        false
    }
}

/// Writes one document. `begin` and `end` are called once each, also for a document without records.
pub trait Encode: Send {
    /// Appends what stands before the first record.
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError>;

    /// Appends a record.
    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError>;

    /// Appends what stands after the last record.
    fn end(&mut self, out: &mut BytesMut) -> Result<(), EncodeError>;
}

/// Reads one document, in pieces that may be cut anywhere.
pub trait Decode: Send {
    /// The next row of the document.
    ///
    /// What has been used is taken from the front of `input`; the caller appends to its back. `Ok(None)` asks for more input or,
    /// when the caller has said `at_end`, that nothing follows `input`, it means that the document is finished. An error
    /// concerns the whole document: nothing that comes after it can be trusted.
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Result<Option<Row>, DecodeError>;

    /// The row that [`row`](Decode::row) answered last, as the file has it, so that it can be given back to be mended. It is asked
    /// for right after a row that failed, and costs nothing before. `None` where the format cannot tell or has kept nothing, as of
    /// a row over the limit.
    fn source(&self) -> Option<Source<'_>> {
        None
    }

    /// What has been found out about the document so far; whole when the document is finished.
    fn findings(&self) -> Findings {
        Findings::default()
    }
}

/// What a decoder found out about a document, for the person who imports it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Findings {
    /// The charset, where the format has text.
    pub charset: Option<Charset>,
    /// What separates the cells, where the format has cells.
    pub delimiter: Option<Delimiter>,
    /// The program whose names the columns bear, such as `Outlook (German)`; `Cairn` for our own.
    pub client: Option<&'static str>,
    /// The line of the header; `None` where the columns were guessed, which are then called `Column 1` and so on.
    pub header_line: Option<u64>,
    /// The names of the columns in their order, where the file says them before its rows: those of every [`Source`].
    pub columns: Vec<String>,
    /// The names of the columns that nobody reads.
    pub ignored: Vec<String>,
    /// What each column of the file is read as, and what it holds, in the order of the file; where it has none, its properties, in the order
    /// in which they were met.
    pub report: Vec<ColumnReport>,
    /// What the dates of the file tell about the order of day and month in them.
    pub date_orders: DateEvidence,
    /// What the numbers of the file tell about their decimal separators.
    pub decimals: DecimalEvidence,
    /// What the decoder has learned that it should have known from the beginning; `None` where there is no such thing, or it was told
    /// ([`DecodeOptions::survey`]).
    pub survey: Option<Survey>,
}

/// What a decoder learns of a document on its way and needs earlier, such as the time zones of a calendar, which may stand behind its
/// events. Whoever can reads the document twice: first for this, then with it. What it holds is the format's own matter; it does not
/// grow with the number of records.
///
/// ```
/// use formats::Survey;
/// let survey = Survey::new("Berlin is an hour before Greenwich");
/// assert_eq!(survey.get::<&str>(), Some(&"Berlin is an hour before Greenwich"));
/// assert_eq!(survey.get::<u64>(), None);
/// ```
#[derive(Clone)]
pub struct Survey(Arc<dyn Any + Send + Sync>);

impl Survey {
    /// What a format has learned.
    pub fn new<T: Any + Send + Sync>(learned: T) -> Survey {
        Survey(Arc::new(learned))
    }

    /// What was learned; `None` for what another format has.
    pub fn get<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

/// Whether both are the same survey.
impl PartialEq for Survey {
    fn eq(&self, other: &Survey) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Survey {}

impl fmt::Debug for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Survey")
    }
}

/// What dates such as 3/4/2026 tell about the order in which whoever wrote them puts day and month.
///
/// One date seldom tells, all of them together often do. A decoder without a [`date_order`](DecodeOptions::date_order) gives such
/// dates with the day first, unless that is no date, and collects this. Whoever must not guess reads the file twice: first for
/// the evidence, then with the [`order`](DateEvidence::order) that it gives.
///
/// ```
/// use formats::{AmbiguousDate, DateEvidence, DateOrder};
/// let ambiguous = AmbiguousDate { row: 7, line: 8, column: "Date".into(), text: "3/4/2026".into() };
/// let mut evidence = DateEvidence { ambiguous: Some(ambiguous.clone()), ..DateEvidence::default() };
/// assert_eq!(evidence.order(), Err(ambiguous));
/// evidence.month_first = 1;
/// assert_eq!(evidence.order(), Ok(Some(DateOrder::MonthFirst)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DateEvidence {
    /// How many dates have the day first, as 25/4/2026 must.
    pub day_first: u64,
    /// How many dates have the month first, as 4/25/2026 must.
    pub month_first: u64,
    /// The first date that could be either, and is not the same date both ways.
    pub ambiguous: Option<AmbiguousDate>,
}

impl DateEvidence {
    /// The order that most dates must have; those that contradict it fail when the file is read in that order. `None` where every
    /// date is clear by itself. The error is a date that nothing decides.
    pub fn order(&self) -> Result<Option<DateOrder>, AmbiguousDate> {
        match (self.day_first.cmp(&self.month_first), &self.ambiguous) {
            (Ordering::Greater, _) => Ok(Some(DateOrder::DayFirst)),
            (Ordering::Less, _) => Ok(Some(DateOrder::MonthFirst)),
            (Ordering::Equal, Some(ambiguous)) => Err(ambiguous.clone()),
            (Ordering::Equal, None) => Ok(None),
        }
    }
}

/// A date in which either number may be the month.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "row {row}, line {line}, column {column}: nothing in the file tells whether `{text}` has the day or the month first; say dmy or mdy"
)]
pub struct AmbiguousDate {
    /// The row's number.
    pub row: u64,
    /// The line on which the row begins.
    pub line: u64,
    /// The name of the column.
    pub column: String,
    /// What stands there.
    pub text: String,
}

/// What numbers such as 5.000 tell about the sign before their decimals.
///
/// One number seldom tells, all of a column together, or of a file, often do. A decoder without a
/// [`decimal`](DecodeOptions::decimal) takes the point for that sign in such numbers, and collects this. Whoever must not guess reads
/// the file twice: first for the evidence, then with the [`survey`](Findings::survey) that comes with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecimalEvidence {
    /// How many columns are looked at; 0 where all numbers are as programs write them for each other, as in files of ours.
    pub columns: usize,
    /// The first number that could be either, and that nothing in the file decides.
    pub ambiguous: Option<AmbiguousNumber>,
}

/// A number in which a separator may stand before decimals or between thousands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "row {row}, line {line}, column {column}: nothing in the file tells whether `{text}` is {point} or {comma}; say decimal=comma|point \
     (--decimal)"
)]
pub struct AmbiguousNumber {
    /// The row's number.
    pub row: u64,
    /// The line on which the row begins.
    pub line: u64,
    /// The name of the column.
    pub column: String,
    /// What stands there.
    pub text: String,
    /// What it is with a decimal point.
    pub point: Decimal,
    /// What it is with a decimal comma.
    pub comma: Decimal,
}

/// What became of a column, for the person who looks at a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnReport {
    /// Its name in the file.
    pub name: String,
    /// What it is read as: one of [`columns`](crate::columns), the name of a custom field, or `notes` for what goes there as a line;
    /// `None` where nobody reads it.
    pub field: Option<String>,
    /// What stands before each of its values in the notes, where they go there as lines.
    pub line: Option<String>,
    /// In how many rows it is not empty.
    pub filled: u64,
    /// Its first values, at most three, each cut at 100 characters.
    pub samples: Vec<String>,
}

/// What a format says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The short name, such as `csv`; no two registered formats share one.
    pub name: &'static str,
    /// The name for a menu, such as `Comma-separated values`.
    pub title: &'static str,
    /// The whole `Content-Type`, such as `text/csv; charset=utf-8; header=present`.
    pub media_type: &'static str,
    /// File name extensions without the first dot, the preferred one first; `google.csv` is one extension.
    pub extensions: &'static [&'static str],
    /// The sections that the format can write.
    pub encodes: &'static [Section],
    /// The sections that the format can read.
    pub decodes: &'static [Section],
    /// Whether a document can be worked on piece by piece.
    pub container: Container,
    /// What a record loses when it is written and read again; a format that only writes or only reads has nothing to say.
    pub loses: &'static [Loss],
}

impl Descriptor {
    /// Fails, with the sections that would work, unless the format can write this one.
    pub fn check_encodes(&'static self, section: Section) -> Result<(), Unsupported> {
        Unsupported::unless(self.encodes, self.name, section, Direction::Encode)
    }

    /// Fails, with the sections that would work, unless the format can read this one.
    pub fn check_decodes(&'static self, section: Section) -> Result<(), Unsupported> {
        Unsupported::unless(self.decodes, self.name, section, Direction::Decode)
    }
}

/// What does not come back from a format. What is not declared must come back: [`conformance::check`](crate::conformance::check).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Loss {
    /// A column of [`columns`](crate::columns), by its name; others must come back.
    Column(&'static str),
    /// The kind of line ends: CR LF and a lone CR may come back as LF, as in XML (XML 1.0 section 2.11).
    LineEnds,
    /// Control characters of ASCII other than the tab and line ends, which no content line can hold (RFC 6350 section 3.3, RFC 5545
    /// section 3.1); what has nothing else to be seen is lost with them.
    ControlCharacters,
    /// What a text has beyond so many UTF-16 units: it comes back cut, and says so at its end.
    Beyond(usize),
}

/// How much of a document a codec must see at a time to read it. To write one, it never needs more than a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// One record at a time: memory does not grow with the document.
    Stream,
    /// All of it, as in a zip archive: the caller sets limits and does not let it block others.
    WholeDocument,
}

/// How a document is to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// Whether spreadsheet programs are kept from taking cells for formulas: a byte order mark, and an apostrophe before cells that
    /// start with `=`, `+`, `-`, `@` and the like, apart from numbers. Formats without such a danger do not heed it, nor do those that
    /// are for other programs than spreadsheets.
    pub excel_safe: bool,
    /// The custom fields that are written after everything else of a record, in this order, by their names; formats that have no place
    /// for them do not heed them.
    pub custom_fields: Vec<String>,
    /// What a calendar or a feed says of itself.
    pub heading: Heading,
    /// In which version vCards are written.
    pub vcard: VCardVersion,
    /// How many minutes before its start each event of a calendar reminds of itself; not at all where it is `None`.
    pub alarm: Option<u32>,
    /// How a list of e-mail addresses is written.
    pub address_list: AddressList,
}

/// What a document that others subscribe to says of itself. Formats without such a thing do not heed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// Its name, such as `Example Ltd: calendar`; the section's name where it is empty.
    pub title: String,
    /// The absolute address of the site that it belongs to.
    pub site: Option<String>,
    /// Its own absolute address.
    pub this: Option<String>,
    /// The absolute address of one person's vCard, without the id that ends it; feeds of people enclose these.
    pub cards: Option<String>,
    /// After how many minutes a subscriber should ask again; 60 where it is `None`.
    pub refresh: Option<u32>,
}

/// A version of vCard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum VCardVersion {
    /// 3.0 (RFC 2426), which most address books import best.
    #[default]
    V3,
    /// 4.0 (RFC 6350).
    V4,
}

impl FromStr for VCardVersion {
    type Err = UnknownVCardVersion;

    /// Reads `3.0` or `4.0`, also as `3` or `4`.
    fn from_str(text: &str) -> Result<VCardVersion, UnknownVCardVersion> {
        match text {
            "3.0" | "3" => Ok(VCardVersion::V3),
            "4.0" | "4" => Ok(VCardVersion::V4),
            _ => Err(UnknownVCardVersion(text.to_owned())),
        }
    }
}

/// A text that names no version of vCard that is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version of vCard that is written: choose 3.0 or 4.0")]
pub struct UnknownVCardVersion(pub String);

/// What stands between e-mail addresses, and around them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AddressList {
    /// One mailbox with its name a line (RFC 5322 section 3.4).
    #[default]
    Lines,
    /// The same mailboxes in one line with commas between them, as a header of a mail has them.
    OneLine,
    /// One URI that writes to all of them, without their names (RFC 6068).
    Mailto,
}

impl FromStr for AddressList {
    type Err = UnknownAddressList;

    /// Reads `lines`, `line` or `mailto`.
    fn from_str(text: &str) -> Result<AddressList, UnknownAddressList> {
        match text {
            "lines" => Ok(AddressList::Lines),
            "line" => Ok(AddressList::OneLine),
            "mailto" => Ok(AddressList::Mailto),
            _ => Err(UnknownAddressList(text.to_owned())),
        }
    }
}

/// As [`AddressList::from_str`] reads it.
impl fmt::Display for AddressList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressList::Lines => "lines",
            AddressList::OneLine => "line",
            AddressList::Mailto => "mailto",
        })
    }
}

/// A text that names no way to write addresses down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no way to list addresses: choose lines, line or mailto")]
pub struct UnknownAddressList(pub String);

/// How a document is to be read, and what it may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeOptions {
    /// The charset of the file; found by its bytes where it is `None`.
    pub charset: Option<Charset>,
    /// What separates the cells of a table; found by its first rows where it is `None`.
    pub delimiter: Option<Delimiter>,
    /// What columns are read as, whatever their names say.
    pub map: Vec<Mapping>,
    /// The custom fields of the section's records: a column with such a name, in capital or small letters, fills it.
    pub custom_fields: Vec<CustomField>,
    /// Whether the day or the month comes first in dates that could be either; a date that is none in this order fails. Where it is
    /// `None` each date is read by itself: see [`DateEvidence`].
    pub date_order: Option<DateOrder>,
    /// What stands before the decimals of a number that could be read either way; found out from all numbers where it is `None`.
    pub decimal: Option<DecimalSeparator>,
    /// The time zone of whoever reads: moments of which only the day is wanted are on its day then, unless the file names a zone for
    /// such. UTC where it is `None`. Times without a zone stay as they are.
    pub time_zone: Option<TimeZone>,
    /// What a reading before this one has learned of the document: see [`Findings::survey`].
    pub survey: Option<Survey>,
    /// The longest row in bytes of UTF-8; a longer one fails and is skipped without being kept. 1 MiB by default.
    pub row_limit: usize,
    /// The greatest number of columns; more of them are an error of the document. 1,024 by default.
    pub column_limit: usize,
}

impl Default for DecodeOptions {
    fn default() -> DecodeOptions {
        DecodeOptions {
            charset: None,
            delimiter: None,
            map: Vec::new(),
            custom_fields: Vec::new(),
            date_order: None,
            decimal: None,
            time_zone: None,
            survey: None,
            row_limit: 1 << 20,
            column_limit: 1024,
        }
    }
}

/// A custom field that a file may fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomField {
    /// Its name, as the account writes it.
    pub name: String,
    /// What it holds.
    pub holds: Holds,
}

/// What a custom field holds, as far as it matters to how a cell is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holds {
    /// A text, or one of several.
    #[default]
    Text,
    /// A number.
    Number,
    /// A day: one of the order that holds in the file becomes `2026-05-25`.
    Date,
    /// Yes or no: a word for either becomes `yes` or `no`.
    YesNo,
}

/// A field that holds texts.
impl<T: Into<String>> From<T> for CustomField {
    fn from(name: T) -> CustomField {
        CustomField { name: name.into(), holds: Holds::Text }
    }
}

/// A column of a file that is to be read as a field, such as `Favourite=notes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The name of the column, in capital or small letters.
    pub column: String,
    /// One of [`columns`](crate::columns) or of the custom fields; `notes` where each value is to become a line of the notes with the
    /// column's name before it; nobody reads the column where it is empty.
    pub field: String,
}

/// The order of day and month in a date such as 3/4/2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// The day first: the third of April.
    DayFirst,
    /// The month first: the fourth of March.
    MonthFirst,
}

impl FromStr for DateOrder {
    type Err = UnknownDateOrder;

    /// Reads `dmy` or `mdy`.
    fn from_str(text: &str) -> Result<DateOrder, UnknownDateOrder> {
        match text {
            "dmy" => Ok(DateOrder::DayFirst),
            "mdy" => Ok(DateOrder::MonthFirst),
            _ => Err(UnknownDateOrder(text.to_owned())),
        }
    }
}

/// A text that names no order of day and month.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no order of dates: write dmy or mdy")]
pub struct UnknownDateOrder(pub String);

/// What stands before the decimals of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecimalSeparator {
    /// A point, as in 5,000.50.
    Point,
    /// A comma, as in 5.000,50.
    Comma,
}

impl DecimalSeparator {
    /// The word that options and files of ours use: `point`.
    pub fn name(self) -> &'static str {
        match self {
            DecimalSeparator::Point => "point",
            DecimalSeparator::Comma => "comma",
        }
    }
}

impl FromStr for DecimalSeparator {
    type Err = UnknownDecimalSeparator;

    /// Reads `comma` or `point`.
    fn from_str(text: &str) -> Result<DecimalSeparator, UnknownDecimalSeparator> {
        let known = [DecimalSeparator::Point, DecimalSeparator::Comma].into_iter().find(|known| known.name() == text);
        known.ok_or_else(|| UnknownDecimalSeparator(text.to_owned()))
    }
}

/// A text that names no decimal separator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no decimal separator: write comma or point")]
pub struct UnknownDecimalSeparator(pub String);

impl FromStr for Mapping {
    type Err = NoMapping;

    /// Reads `Header=field`; the last `=` counts, as a header may hold others.
    fn from_str(text: &str) -> Result<Mapping, NoMapping> {
        let (column, field) = text.rsplit_once('=').ok_or_else(|| NoMapping(text.to_owned()))?;
        Ok(Mapping { column: column.trim().to_owned(), field: field.trim().to_owned() })
    }
}

/// A text that maps no column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` maps no column: write Header=field, such as \"Second Phone=mobile\", or Header= to leave it out")]
pub struct NoMapping(pub String);
