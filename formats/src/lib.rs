//! What files carry: records, the codecs that read and write them, and the registry that finds a codec by its name.
//!
//! Nothing here knows of databases, HTTP or GraphQL. Codecs are synchronous and do no I/O; the only async code is the pump,
//! [`encode`] and [`decode`].
//!
//! ```
//! use bytes::BytesMut;
//! use formats::{Contact, EncodeOptions, Person, Record, Section};
//!
//! let registry = formats::builtin();
//! let csv = registry.by_extension("csv")?;
//! let mut encoder = csv.encoder(Section::People, &EncodeOptions::default())?;
//!
//! let contact = Contact { name: Some("Ada Lovelace".into()), ..Contact::default() };
//! let mut file = BytesMut::new();
//! encoder.begin(&mut file)?;
//! encoder.record(&Record::Person(Box::new(Person { contact, ..Person::default() })), &mut file)?;
//! encoder.end(&mut file)?;
//!
//! assert!(file.starts_with(b"id,name,company,"));
//! assert!(file.ends_with(b"\r\n,Ada Lovelace,,,,,,,,,,,,,,,,\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builtin;
mod charset;
mod codec;
pub mod conformance;
mod content_line;
mod delimiter;
mod error;
mod headers;
mod record;
mod registry;
mod row;
mod sample;
mod section;
mod sentence;
mod stream;
mod text;

pub use builtin::{FailedRows, builtin, check_recurrence, first_of_series};
pub use charset::{Charset, UnknownCharset};
pub use codec::{
    AddressList, AmbiguousDate, AmbiguousNumber, Codec, ColumnReport, Container, CustomField, DateEvidence, DateOrder,
    DecimalEvidence, DecimalSeparator, Decode, DecodeOptions, Descriptor, Encode, EncodeOptions, Findings, Heading,
    Holds, Loss, Mapping, NoMapping, Survey, UnknownAddressList, UnknownDateOrder, UnknownDecimalSeparator,
    UnknownVCardVersion, VCardVersion,
};
pub use delimiter::{Delimiter, UnknownDelimiter};
pub use error::{CodecError, DecodeError, Direction, EncodeError, Unsupported};
pub use headers::clients;
pub use record::{
    Contact, CustomValue, Deal, EmailTemplate, Event, File, Foreign, Message, Moment, Outcome, Person, Placeholder,
    Record, Stage, TemplateItem, Transaction, UnknownStage, columns, read_date, read_number,
};
pub use registry::{Key, Registry, Taken, UnknownFormat, Unrecognised};
pub use row::{Diagnostic, Position, Row, Source, SourceCell};
pub use sample::sample;
pub use section::{Section, UnknownSection};
pub use stream::{Rows, StreamError, decode, encode};
