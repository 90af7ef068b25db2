//! What is asked of an import: read into what storage and formats take, and kept with the import so that any gateway can do it later.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use formats::{
    Charset, Codec, CustomField, DateOrder, DecimalSeparator, Decode, DecodeOptions, Delimiter, Findings, Holds,
    Mapping, Section,
};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use storage::import::{FirstOfSeries, IncomingTerms, Policy, Target};
use storage::query::{custom_fields, imports as stored};
use uuid::Uuid;

use super::file::{ImportFile, hexadecimal};
use super::handle::Imports;
use crate::error::{Code, Error, Result};
use crate::records;

/// The form of a request that is kept.
const VERSION: u32 = 1;

/// What to do with a file.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// What its rows are.
    pub section: Section,
    /// The name of its format; found by its bytes, its name or its media type where it is `None`.
    pub format: Option<String>,
    /// Its charset, where its bytes mislead.
    pub charset: Option<Charset>,
    /// What separates its cells, where its first rows mislead.
    pub delimiter: Option<Delimiter>,
    /// What columns are read as, whatever their names say.
    pub map: Vec<Mapping>,
    /// Whether the day or the month comes first, where the dates do not tell.
    pub date_order: Option<DateOrder>,
    /// What stands before the decimals of a number, where the numbers do not tell.
    pub decimal: Option<DecimalSeparator>,
    /// Names of categories for every row that is created or updated.
    pub categories: Vec<String>,
    /// What happens to rows whose record is there already.
    pub duplicates: Duplicates,
    /// The name or id of the event template that is fired on each record that is made or changed.
    pub event_template: Option<String>,
    /// The e-mail address or id of the user to whom the new records belong; whoever imports where it is `None`.
    pub owner: Option<String>,
    /// The value of transactions whose rows have none.
    pub value: Option<storage::Decimal>,
    /// The probability of transactions whose rows have none.
    pub probability: Option<storage::Decimal>,
    /// Whether what is automatic happens.
    pub automation: Automation,
}

impl ImportRequest {
    /// The plainest: everything is found out, and duplicates are ignored.
    pub fn new(section: Section) -> Self {
        Self {
            section,
            format: None,
            charset: None,
            delimiter: None,
            map: Vec::new(),
            date_order: None,
            decimal: None,
            categories: Vec::new(),
            duplicates: Duplicates::default(),
            event_template: None,
            owner: None,
            value: None,
            probability: None,
            automation: Automation::default(),
        }
    }
}

/// What happens to a row whose record is there already and would change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// The row is skipped.
    #[default]
    Ignore,
    /// Cells that are not empty overwrite.
    Replace,
    /// Only empty fields are filled.
    Merge,
}

impl FromStr for Duplicates {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "ignore" => Ok(Self::Ignore),
            "replace" => Ok(Self::Replace),
            "merge" => Ok(Self::Merge),
            _ => Err(format!("{text:?} is no way to treat duplicates: write ignore, replace or merge")),
        }
    }
}

impl From<Duplicates> for stored::Duplicates {
    fn from(duplicates: Duplicates) -> Self {
        match duplicates {
            Duplicates::Ignore => Self::Ignore,
            Duplicates::Replace => Self::Replace,
            Duplicates::Merge => Self::Merge,
        }
    }
}

impl From<stored::Duplicates> for Duplicates {
    fn from(duplicates: stored::Duplicates) -> Self {
        match duplicates {
            stored::Duplicates::Ignore => Self::Ignore,
            stored::Duplicates::Replace => Self::Replace,
            stored::Duplicates::Merge => Self::Merge,
        }
    }
}

/// Whether an import sets off what is automatic: the events of its template, and the mails that go with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Automation {
    /// It does.
    #[default]
    On,
    /// It only imports.
    Off,
}

impl FromStr for Automation {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err(format!("automation is on or off, and not {text:?}")),
        }
    }
}

/// A request whose names are found: what an import does, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredRequest {
    version: u32,
    section: String,
    format: String,
    charset: Option<String>,
    delimiter: Option<char>,
    map: Vec<StoredMapping>,
    date_order: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decimal: Option<String>,
    pub(super) categories: Vec<String>,
    pub(super) duplicates: Duplicates,
    event_template: Option<Uuid>,
    owner: Option<Uuid>,
    value: Option<String>,
    probability: Option<String>,
    automation: Automation,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredMapping {
    column: String,
    field: String,
}

/// A request that is ready to be done.
pub(super) struct Ready {
    pub(super) section: Section,
    pub(super) target: Target,
    pub(super) codec: Arc<dyn Codec>,
    options: DecodeOptions,
    pub(super) policy: Policy,
    /// The request as it is kept.
    pub(super) json: String,
}

impl Ready {
    /// A decoder for the file. Errors: `UNSUPPORTED` with what would do.
    pub(super) fn decoder(&self) -> Result<Box<dyn Decode>> {
        self.codec.decoder(self.section, &self.options).map_err(unsupported)
    }

    /// What tells that two imports are one: the file, the request, and whose records come of it.
    pub(super) fn fingerprint(&self, file: &ImportFile, user: Uuid) -> String {
        let mut hash = Sha256::new();
        for part in [file.sha256.as_bytes(), self.json.as_bytes(), user.as_bytes()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hexadecimal(&hash.finalize())
    }
}

impl Imports<'_> {
    /// Reads a request. Errors: `UNSUPPORTED` with what would do, `INVALID` for options that do not fit, `NOT_FOUND` for a template or
    /// an owner that is not there.
    pub(super) async fn ready(&self, request: ImportRequest, file: &ImportFile) -> Result<Ready> {
        let date_order = request.date_order;
        let stored = self.stored_of(request, file).await?;
        let ready = self.ready_stored(stored.clone()).await?;
        let found = first_look(&ready, file).await?;
        let Some(Findings { date_orders, decimals, survey, .. }) = found else { return Ok(ready) };
        if let Some(ambiguous) = decimals.ambiguous {
            return Err(Error { field: Some("decimal"), ..Error::invalid(ambiguous.to_string()) });
        }
        let found = date_orders.order();
        let mut ready = match found.map_err(|ambiguous| undecided(&ambiguous)) {
            _ if date_order.is_some() => ready,
            Ok(Some(found)) => {
                self.ready_stored(StoredRequest { date_order: Some(order_name(found)), ..stored }).await?
            }
            Ok(None) => ready,
            Err(error) => return Err(error),
        };
        ready.options.survey = survey;
        Ok(ready)
    }

    /// A request as it is kept, with the format and the records that it names. Errors: as [`ready`](Self::ready).
    async fn stored_of(&self, request: ImportRequest, file: &ImportFile) -> Result<StoredRequest> {
        check_options(&request)?;
        let ImportRequest {
            section,
            format,
            charset,
            delimiter,
            map,
            date_order,
            decimal,
            categories,
            duplicates,
            event_template,
            owner,
            value,
            probability,
            automation,
        } = request;
        let format = self.format(format.as_deref(), file).await?;
        let event_template = match event_template {
            Some(text) => Some(self.session().event_template_named(text).await?),
            None => None,
        };
        let owner = match owner {
            Some(text) => Some(self.session().user_named(&text).await?),
            None => None,
        };
        let mapping = |Mapping { column, field }| StoredMapping { column, field };
        Ok(StoredRequest {
            version: VERSION,
            section: section.name().to_owned(),
            format,
            charset: charset.map(|charset| charset.to_string()),
            delimiter: delimiter.map(Delimiter::char),
            map: map.into_iter().map(mapping).collect(),
            date_order: date_order.map(order_name),
            decimal: decimal.map(|decimal| decimal.name().to_owned()),
            categories,
            duplicates,
            event_template,
            owner,
            value: value.map(|value| value.to_string()),
            probability: probability.map(|value| value.to_string()),
            automation,
        })
    }

    /// Reads a request that was kept, for its file. Errors: `UNSUPPORTED` where this program does not know its format.
    pub(super) async fn ready_again(&self, json: &str, file: &ImportFile) -> Result<Ready> {
        let stored: StoredRequest = serde_json::from_str(json).map_err(Error::internal)?;
        let mut ready = self.ready_stored(stored).await?;
        ready.options.survey = first_look(&ready, file).await?.and_then(|findings| findings.survey);
        Ok(ready)
    }

    async fn ready_stored(&self, stored: StoredRequest) -> Result<Ready> {
        let json = serde_json::to_string(&stored).map_err(Error::internal)?;
        let StoredRequest {
            version: _,
            section,
            format,
            charset,
            delimiter,
            map,
            date_order,
            decimal,
            categories,
            duplicates,
            event_template,
            owner,
            value,
            probability,
            automation: _,
        } = stored;
        let section: Section = section.parse().map_err(Error::internal)?;
        let target = target(section)?;
        let codec = Arc::clone(self.session().engine().formats().get(&format).map_err(unsupported)?);
        let limits = self.session().engine().import_limits;
        let mapping = |StoredMapping { column, field }| Mapping { column, field };
        let options = DecodeOptions {
            charset: charset.map(|name| name.parse()).transpose().map_err(Error::internal)?,
            delimiter: delimiter.map(|c| c.to_string().parse()).transpose().map_err(Error::internal)?,
            map: map.into_iter().map(mapping).collect(),
            custom_fields: self.custom_fields(target).await?,
            date_order: date_order.map(|name| name.parse()).transpose().map_err(Error::internal)?,
            decimal: decimal.map(|name| name.parse()).transpose().map_err(Error::internal)?,
            time_zone: Some(self.session().time_zone()),
            survey: None,
            row_limit: limits.row,
            column_limit: limits.columns,
        };
        let decimal = |text: Option<String>| text.map(|text| text.parse()).transpose().map_err(Error::internal);
        let defaults =
            IncomingTerms { value: decimal(value)?, probability: decimal(probability)?, ..IncomingTerms::default() };
        let duplicates = duplicates.into();
        let first_of_series = Some(records::events::first_of_series as FirstOfSeries);
        let plain = Policy::new(target, duplicates);
        let policy = Policy { categories, defaults, owner, event_template, first_of_series, ..plain };
        let ready = Ready { section, target, codec, options, policy, json };
        // What cannot be read is refused before anything is announced.
        ready.decoder()?;
        Ok(ready)
    }

    /// The format that is named, else what the file's bytes and name tell. What a nameless file is called by its sender counts.
    async fn format(&self, named: Option<&str>, file: &ImportFile) -> Result<String> {
        let formats = self.session().engine().formats();
        let by_media_type = file.media_type.as_deref().and_then(|kind| formats.by_media_type(kind));
        let codec = match (named, file.name.as_deref(), by_media_type) {
            (Some(named), ..) => formats.get(named).map_err(unsupported)?,
            (None, None, Some(codec)) => codec,
            (None, name, _) => formats.recognise(&file.head().await?, name).map_err(|error| {
                let choices: Vec<_> = formats.iter().map(|codec| codec.descriptor().name).collect();
                unsupported(format!("{error}; the option format names one of {}", choices.join(", ")))
            })?,
        };
        Ok(codec.descriptor().name.to_owned())
    }

    /// The custom fields that a row may fill.
    async fn custom_fields(&self, target: Target) -> Result<Vec<CustomField>> {
        let of = match target {
            Target::People => Some(custom_fields::Target::Person),
            Target::Stage(_) => None,
            Target::Events => return Ok(Vec::new()),
        };
        let mut fields = custom_fields::list(&self.session().reader(), of).await?;
        // Of two with one name that of the transaction is filled.
        fields.sort_by_key(|field| field.target != custom_fields::Target::Transaction);
        Ok(fields.into_iter().map(records::custom_fields::fillable).collect())
    }
}

/// Errors: `INVALID` for options that do not fit each other.
fn check_options(request: &ImportRequest) -> Result<()> {
    if request.event_template.is_some() && request.automation == Automation::Off {
        let message = "an event template is automatic: leave it out, or the option that turns automation off";
        return Err(Error::invalid(message));
    }
    if request.section.stage().is_none() && (request.value.is_some() || request.probability.is_some()) {
        let message = format!("a value and a probability are for transactions, and {} have none", request.section);
        return Err(Error::invalid(message));
    }
    if request.probability.is_some_and(|p| p < storage::Decimal::ZERO || p > storage::Decimal::ONE) {
        let message = "a probability lies between 0 and 1; write 25 % as 0.25";
        return Err(Error { field: Some("probability"), ..Error::invalid(message) });
    }
    Ok(())
}

fn order_name(order: DateOrder) -> String {
    match order {
        DateOrder::DayFirst => "dmy".to_owned(),
        DateOrder::MonthFirst => "mdy".to_owned(),
    }
}

/// What all of a file tells before it is read for its rows: the order of its dates, the separators of its numbers, and what stands
/// behind the events that need it. `None` where there is nothing to find out, and where the file cannot be read, which is told when it
/// is read for its rows.
async fn first_look(ready: &Ready, file: &ImportFile) -> Result<Option<Findings>> {
    let is_calendar = ready.section == Section::Calendar;
    let dates: Vec<_> = ready.options.custom_fields.iter().filter(|field| field.holds == Holds::Date).collect();
    let has_numbers = ready.options.custom_fields.iter().any(|field| field.holds == Holds::Number);
    if !is_calendar && ready.section.stage().is_none() && dates.is_empty() && !has_numbers {
        return Ok(None);
    }
    let mut rows = formats::decode(ready.decoder()?, file.bytes().await?);
    let mut is_first = true;
    while let Some(row) = rows.next().await {
        if row.is_err() {
            return Ok(None);
        }
        if std::mem::take(&mut is_first) && !is_calendar {
            // The columns of a table are known from its header on.
            let Findings { columns, report, decimals, .. } = rows.findings();
            let is_date = |field: &String| dates.iter().any(|date| date.name == *field);
            let has_dates = report.iter().filter_map(|column| column.field.as_ref()).any(is_date);
            let may_have_dates = !dates.is_empty() && (columns.is_empty() || has_dates);
            if !may_have_dates && decimals.columns == 0 {
                return Ok(None);
            }
        }
    }
    Ok(Some(rows.findings()))
}

/// Errors: `INVALID`, with the option, where nothing tells whether the day or the month comes first in the dates of a file.
fn undecided(ambiguous: &formats::AmbiguousDate) -> Error {
    let message = format!("{ambiguous}, with the option date_order (--date-order on the command line)");
    Error { field: Some("dateOrder"), ..Error::invalid(message) }
}

fn target(section: Section) -> Result<Target> {
    match (section, section.stage().map(records::transactions::stage_from_file)) {
        (Section::People, _) => Ok(Target::People),
        (_, Some(stage)) => Ok(Target::Stage(stage)),
        (Section::Calendar, _) => Ok(Target::Events),
        _ => Err(Error::new(Code::Unsupported, format!("{section} cannot be imported"))),
    }
}

fn unsupported(error: impl fmt::Display) -> Error {
    Error::new(Code::Unsupported, error.to_string())
}
