//! Imports in GraphQL: planned, applied, watched and undone.

mod types;

use std::str::FromStr;
use std::sync::Arc;

use async_graphql::connection::{Connection, Edge, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject, Subscription};
use formats::{DateOrder as FormatsDateOrder, DecimalSeparator as FormatsDecimalSeparator, Mapping, Section};
use futures_util::stream::{Stream, StreamExt as _};
use service::{Code, Details, ImportRequest, Kind, NOTED_ROWS, Right};
use storage::query::imports as stored;
use storage::{Cursor, Direction, Order, SortKey};

pub(crate) use self::types::{
    Automation, Duplicates, ImportChange, ImportColumn, ImportDuplicate, ImportError, ImportEvent, ImportFile,
    ImportNotTaken, ImportNote, ImportOutcome, ImportProgress, ImportRow, ImportRowNotTaken, ImportSkip, ImportStatus,
    KeptReason,
};
use crate::accounts::{self, User};
use crate::context::session;
use crate::error::{Error, Result};
use crate::loader::{ImportById, Loads};
use crate::page::{self, Count, List, PageArguments, connection};
use crate::scalar::{DateTime, Decimal};
use crate::transfer;

/// How many of the noted rows are told where the client does not say.
const FEW_ROWS: usize = 50;

/// What a file's columns cost, in times of one of them; most files have a few dozen.
const COLUMNS_COST: i32 = 30;

/// A file that is planned to be imported, is being imported or was imported.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Import {
    /// Its global id.
    pub(crate) id: ID,
    /// What its rows are, as URLs name it: `people`, `leads`, …
    pub(crate) section: String,
    /// How far it is.
    pub(crate) status: ImportStatus,
    /// The file.
    pub(crate) file: ImportFile,
    /// How many rows were read; blank ones are none. It is the sum of the next five.
    pub(crate) read: u64,
    /// How many records were made.
    pub(crate) created: u64,
    /// How many records were changed.
    pub(crate) updated: u64,
    /// How many rows said nothing new.
    pub(crate) unchanged: u64,
    /// How many rows were left out as duplicates.
    pub(crate) skipped: u64,
    /// How many rows were no records.
    pub(crate) failed: u64,
    /// How many mails are sent.
    pub(crate) mails: u64,
    /// What happens to rows whose record is there already.
    pub(crate) duplicates: Duplicates,
    /// The names of the categories for every row.
    pub(crate) categories: Vec<String>,
    /// The columns that nobody reads, as the file names them.
    pub(crate) ignored: Vec<String>,
    /// The hash of the plan, which `applyImport` asks for.
    pub(crate) hash: Option<String>,
    /// Why it failed, or was given up.
    pub(crate) reason: Option<String>,
    /// When it began.
    pub(crate) created_at: DateTime,
    /// When it was done; when it began while it is not.
    pub(crate) finished_at: DateTime,
    #[graphql(skip)]
    pub(crate) stored: Arc<stored::Import>,
    /// Whether what may be long is there: lists leave it out.
    #[graphql(skip)]
    pub(crate) is_whole: bool,
}

#[ComplexObject]
impl Import {
    /// The user who imports; null for Cairn itself, and for one who is no more.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        accounts::user_of(ctx, self.stored.user_id).await
    }

    /// The first rows that failed, at most 1,000; `/imports/ID/errors.csv` has all.
    #[graphql(complexity = "crate::cost::page(noted_cost(first), None, child_complexity)")]
    async fn errors(&self, ctx: &Context<'_>, first: Option<i32>) -> Result<Vec<ImportError>> {
        let notes = session(ctx)?.imports().errors(self.stored.id, noted(first)?).await?;
        Ok(notes.into_iter().map(transfer::imports::error).collect())
    }

    /// The first rows that were left out as duplicates and why, at most 1,000.
    #[graphql(complexity = "crate::cost::page(noted_cost(first), None, child_complexity)")]
    async fn skips(&self, ctx: &Context<'_>, first: Option<i32>) -> Result<Vec<ImportSkip>> {
        let (first, whole) = (noted(first)?, self.whole(ctx).await?);
        let skips = whole.summary.skips.iter().take(first).cloned();
        Ok(skips.map(|skip| transfer::imports::skip(skip, &self.section)).collect())
    }

    /// What is said of rows that could be read, such as a value that was taken as it is written; at most the first 1,000 notes.
    #[graphql(complexity = "crate::cost::page(noted_cost(first), None, child_complexity)")]
    async fn notes(&self, ctx: &Context<'_>, first: Option<i32>) -> Result<Vec<ImportNote>> {
        let notes = self.details(ctx).await?.notes.into_iter().take(noted(first)?);
        Ok(notes.map(transfer::imports::note).collect())
    }

    /// What the records of the rows do not take of them, at most the first 1,000 values; `notTaken` of the columns counts all.
    #[graphql(complexity = "crate::cost::page(noted_cost(first), None, child_complexity)")]
    async fn not_taken(&self, ctx: &Context<'_>, first: Option<i32>) -> Result<Vec<ImportNotTaken>> {
        let not_taken = self.details(ctx).await?.not_taken.into_iter().take(noted(first)?);
        Ok(not_taken.map(transfer::imports::not_taken).collect())
    }

    /// What would become of the rows of a plan, in the order of the file; only of those with one of these outcomes, where some are
    /// named. Once a plan is applied, its rows are gone.
    #[graphql(complexity = "crate::cost::page(first, None, child_complexity)")]
    async fn rows(
        &self,
        ctx: &Context<'_>,
        outcome: Option<Vec<ImportOutcome>>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, ImportRow, EmptyFields, EmptyFields>> {
        let limit = page::limit(first)?;
        let wrong = || Error::invalid("this is no cursor of the rows: take it from pageInfo or an edge");
        let after = after.map(|text| text.parse::<u64>().map_err(|_| wrong())).transpose()?;
        let outcomes: Vec<_> = outcome.unwrap_or_default().into_iter().map(Into::into).collect();
        let mut rows = session(ctx)?.imports().plan_rows(&self.stored, &outcomes, after, limit + 1).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut connection = Connection::new(after.is_some(), rows.len() > limit);
        rows.truncate(limit);
        let edge = |row: service::PlanRow| Edge::new(row.row.to_string(), transfer::imports::row(row));
        connection.edges.extend(rows.into_iter().map(edge));
        Ok(connection)
    }

    /// What each column of the file is read as, as far as its format has columns.
    #[graphql(complexity = "crate::cost::page(Some(COLUMNS_COST), None, child_complexity)")]
    async fn columns(&self, ctx: &Context<'_>) -> Result<Vec<ImportColumn>> {
        Ok(self.details(ctx).await?.columns.into_iter().map(transfer::imports::column).collect())
    }

    /// The program that wrote the file, as far as its columns tell.
    #[graphql(complexity = "crate::cost::page(Some(1), None, child_complexity)")]
    async fn client(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.details(ctx).await?.client)
    }

    /// How many of the rows that could be read are series, of which lists show the first that takes place.
    async fn series(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.details(ctx).await?.series)
    }

    /// How many events the event template makes.
    #[graphql(complexity = "crate::cost::page(Some(1), None, child_complexity)")]
    async fn events(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(self.details(ctx).await?.events)
    }

    /// The events that each record gets that is made or changed.
    #[graphql(complexity = "crate::cost::page(Some(COLUMNS_COST), None, child_complexity)")]
    async fn planned_events(&self, ctx: &Context<'_>) -> Result<Vec<ImportEvent>> {
        Ok(self.details(ctx).await?.planned_events.into_iter().map(transfer::imports::event).collect())
    }

    /// How far it is, while it runs.
    #[graphql(complexity = "crate::cost::page(Some(1), None, child_complexity)")]
    async fn progress(&self, ctx: &Context<'_>) -> Result<Option<ImportProgress>> {
        let progress = session(ctx)?.imports().progress(&self.stored).await?;
        Ok(progress.as_ref().map(transfer::imports::progress))
    }
}

impl Import {
    async fn whole(&self, ctx: &Context<'_>) -> Result<Arc<stored::Import>> {
        if self.is_whole {
            return Ok(Arc::clone(&self.stored));
        }
        let loader = ctx.data_unchecked::<DataLoader<Loads>>();
        let found = loader.load_one(ImportById(self.stored.id)).await.map_err(|error| (*error).clone())?;
        found.ok_or_else(unknown)
    }

    async fn details(&self, ctx: &Context<'_>) -> Result<Details> {
        Ok(Details::of(&*self.whole(ctx).await?)?)
    }
}

/// What a connection of imports knows beside its edges.
#[derive(Default)]
pub(crate) struct Imports {
    count: Count,
}

#[Object(name = "ImportsSummary")]
impl Imports {
    /// How many imports there are, on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let reader = session(ctx)?.reader();
        self.count.of(stored::count(&reader)).await
    }
}

/// What the rows of an import are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum ImportSection {
    People,
    Leads,
    Opportunities,
    Customers,
    Archives,
    Calendar,
}

/// Whether the day or the month comes first in dates such as 3/4/2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum DateOrder {
    /// The day: the third of April.
    Dmy,
    /// The month: the fourth of March.
    Mdy,
}

/// What stands before the decimals of a number such as 5.000 or 5,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum DecimalSeparator {
    /// A comma: 5.000 is five thousand.
    Comma,
    /// A point: 5.000 is five.
    Point,
}

/// A column of a file that is to be read as a field, whatever its name says.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct ColumnMappingInput {
    /// The name of the column.
    column: String,
    /// One of our columns, or the name of a custom field; nobody reads the column where it is empty.
    field: String,
}

/// The input of `planImport`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct PlanImportInput {
    /// The file: what `POST /uploads` has answered.
    upload: ID,
    /// What its rows are.
    section: ImportSection,
    /// The name of its format; found by its bytes and its name where it is absent.
    format: Option<String>,
    /// Its charset, such as `windows-1252`, where its bytes mislead.
    charset: Option<String>,
    /// What separates its cells (`comma`, `semicolon`, `tab` or `pipe`), where its first rows mislead.
    delimiter: Option<String>,
    /// What columns are read as, whatever their names say.
    map: Option<Vec<ColumnMappingInput>>,
    /// Whether the day or the month comes first, where the dates do not tell.
    date_order: Option<DateOrder>,
    /// What stands before the decimals of numbers, where the numbers do not tell.
    decimal: Option<DecimalSeparator>,
    /// Names of categories for every row that is created or updated.
    categories: Option<Vec<String>>,
    /// What happens to rows whose record is there already; they are ignored where it is absent.
    duplicates: Option<Duplicates>,
    /// The name or id of the event template that is fired on each record that is made or changed.
    event_template: Option<String>,
    /// The e-mail address or id of the user to whom the new records belong; you where it is absent.
    owner: Option<String>,
    /// The value of transactions whose rows have none.
    value: Option<Decimal>,
    /// The probability of transactions whose rows have none.
    probability: Option<Decimal>,
    /// Whether what is automatic happens; it does where it is absent.
    automation: Option<Automation>,
}

/// A plan.
#[derive(SimpleObject)]
pub(crate) struct PlanImportPayload {
    /// The plan.
    import: Import,
}

/// The input of `applyImport`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct ApplyImportInput {
    /// Which plan.
    id: ID,
    /// Its hash: what you have seen.
    hash: String,
}

/// An applied import.
#[derive(SimpleObject)]
pub(crate) struct ApplyImportPayload {
    /// The import.
    import: Import,
}

/// The input of `cancelImport`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CancelImportInput {
    /// Which import.
    id: ID,
}

/// An import that was asked to stop.
#[derive(SimpleObject)]
pub(crate) struct CancelImportPayload {
    /// The import, as it ended.
    import: Import,
}

/// The input of `previewUndo`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct PreviewUndoInput {
    /// Which import.
    id: ID,
}

/// The input of `undoImport`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UndoImportInput {
    /// Which import.
    id: ID,
}

/// The input of `redoImport`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RedoImportInput {
    /// Which import.
    id: ID,
}

/// What an undo or a redo did, or would do.
#[derive(SimpleObject)]
#[graphql(name = "UndoReport")]
pub(crate) struct UndoPayload {
    /// The import, as it is afterwards.
    pub(crate) import: Import,
    /// How many records that the import made go to the trash, or come back.
    pub(crate) removed: u64,
    /// How many records that were there before get back what they held, or what the import put there.
    pub(crate) restored: u64,
    /// How many things stay as they are, although the import made or changed them.
    pub(crate) kept: u64,
    /// The first 1,000 of those.
    pub(crate) keeps: Vec<UndoKept>,
}

/// Something that stays as it is.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct UndoKept {
    /// The id of the record.
    pub(crate) item: ID,
    /// What it is called.
    pub(crate) name: String,
    /// Why it stays.
    pub(crate) reason: KeptReason,
    /// The field that somebody has changed, or that does not allow its old value any more.
    pub(crate) field: Option<String>,
    /// When it was changed (RFC 3339).
    pub(crate) at: Option<String>,
    /// The id of the later import that has changed the record.
    pub(crate) import: Option<ID>,
    /// What stands in the way of putting something back, and what would be right.
    pub(crate) why: Option<String>,
    #[graphql(skip)]
    pub(crate) author_key: Option<uuid::Uuid>,
}

#[ComplexObject]
impl UndoKept {
    /// Who changed it; null for Cairn itself.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        accounts::user_of(ctx, self.author_key).await
    }
}

/// The queries about imports.
#[derive(Default)]
pub(crate) struct ImportsQuery;

#[Object]
impl ImportsQuery {
    /// The import of an id, or null.
    async fn import(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Import>> {
        by_id(ctx, &id).await
    }

    /// The imports, the newest first.
    #[graphql(complexity = "crate::cost::list(first, last, child_complexity)")]
    async fn imports(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Import, Imports, EmptyFields>> {
        let order = Order { key: SortKey::Created, direction: Direction::Descending };
        let ordered = List { kind: Kind::Import, order };
        let request = PageArguments { first, after, last, before }.request(ordered)?;
        let page = stored::list(&session(ctx)?.reader(), &request).await?;
        let place = |import: &stored::Import| Cursor { key: String::new(), id: import.id };
        Ok(connection(ordered, page, &request, Imports::default(), place, |import| {
            transfer::imports::to_graphql(import, false)
        }))
    }
}

/// The mutations of imports.
#[derive(Default)]
pub(crate) struct ImportsMutation;

#[Object]
impl ImportsMutation {
    /// Says what an import of an upload would do now, row by row. Nothing is imported; `applyImport` does what the plan says.
    async fn plan_import(&self, ctx: &Context<'_>, input: PlanImportInput) -> Result<PlanImportPayload> {
        let session = session(ctx)?.at_leisure();
        session.writer(Right::Records)?;
        let (upload, request) = input.request()?;
        let plan = session.imports().plan_upload(request, &upload).await?;
        Ok(PlanImportPayload { import: transfer::imports::to_graphql(plan, true) })
    }

    /// Does what a plan says, all of it or nothing. A `CONFLICT` says what has changed where the account is not what the plan stands
    /// on. Applying it again answers the same.
    async fn apply_import(&self, ctx: &Context<'_>, input: ApplyImportInput) -> Result<ApplyImportPayload> {
        let ApplyImportInput { id, hash } = input;
        let applied = session(ctx)?.at_leisure().imports().apply(&id, &hash).await?;
        Ok(ApplyImportPayload { import: transfer::imports::to_graphql(applied, true) })
    }

    /// Stops an import that runs, or gives up a plan. Nothing of it is imported, unless it was quicker.
    async fn cancel_import(&self, ctx: &Context<'_>, input: CancelImportInput) -> Result<CancelImportPayload> {
        let cancelled = session(ctx)?.at_leisure().imports().cancel(&input.id).await?;
        Ok(CancelImportPayload { import: transfer::imports::to_graphql(cancelled, true) })
    }

    /// Says what `undoImport` would do now.
    async fn preview_undo(&self, ctx: &Context<'_>, input: PreviewUndoInput) -> Result<UndoPayload> {
        let report = session(ctx)?.at_leisure().imports().preview_undo(&input.id).await?;
        Ok(transfer::imports::undo(report))
    }

    /// Takes an import back: what it made goes, and what it changed gets back what it held, but for what somebody has changed since.
    async fn undo_import(&self, ctx: &Context<'_>, input: UndoImportInput) -> Result<UndoPayload> {
        let report = session(ctx)?.at_leisure().imports().undo(&input.id).await?;
        Ok(transfer::imports::undo(report))
    }

    /// Puts an undone import back.
    async fn redo_import(&self, ctx: &Context<'_>, input: RedoImportInput) -> Result<UndoPayload> {
        let report = session(ctx)?.at_leisure().imports().redo(&input.id).await?;
        Ok(transfer::imports::undo(report))
    }
}

/// The subscriptions to imports.
#[derive(Default)]
pub(crate) struct ImportsSubscription;

#[Subscription]
impl ImportsSubscription {
    /// How far an import is, until it is done; a plan can be looked at before it is applied.
    async fn import_progress(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<impl Stream<Item = Result<ImportProgress>> + use<>> {
        let watched = session(ctx)?.imports().watch(&id).await?;
        Ok(watched.map(|progress| Ok(transfer::imports::progress(&progress?))))
    }
}

impl PlanImportInput {
    /// The upload, and what is to be done with it. Errors: `INVALID` with what would be right.
    fn request(self) -> Result<(ID, ImportRequest)> {
        let Self {
            upload,
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
        } = self;
        let mapping = |ColumnMappingInput { column, field }| Mapping { column, field };
        let request = ImportRequest {
            section: section.into(),
            format,
            charset: parsed(charset)?,
            delimiter: parsed(delimiter)?,
            map: map.unwrap_or_default().into_iter().map(mapping).collect(),
            date_order: date_order.map(FormatsDateOrder::from),
            decimal: decimal.map(FormatsDecimalSeparator::from),
            categories: categories.unwrap_or_default(),
            duplicates: duplicates.map(Into::into).unwrap_or_default(),
            event_template,
            owner,
            value: value.map(|value| value.0),
            probability: probability.map(|value| value.0),
            automation: automation.map(Into::into).unwrap_or_default(),
        };
        Ok((upload, request))
    }
}

impl From<ImportSection> for Section {
    fn from(section: ImportSection) -> Self {
        match section {
            ImportSection::People => Self::People,
            ImportSection::Leads => Self::Leads,
            ImportSection::Opportunities => Self::Opportunities,
            ImportSection::Customers => Self::Customers,
            ImportSection::Archives => Self::Archives,
            ImportSection::Calendar => Self::Calendar,
        }
    }
}

impl From<DecimalSeparator> for FormatsDecimalSeparator {
    fn from(separator: DecimalSeparator) -> Self {
        match separator {
            DecimalSeparator::Comma => Self::Comma,
            DecimalSeparator::Point => Self::Point,
        }
    }
}

impl From<DateOrder> for FormatsDateOrder {
    fn from(order: DateOrder) -> Self {
        match order {
            DateOrder::Dmy => Self::DayFirst,
            DateOrder::Mdy => Self::MonthFirst,
        }
    }
}

/// The import of a global id, or nothing, whatever the id is.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Import>> {
    let Some(key) = Kind::Import.parse(id) else { return Ok(None) };
    let found = stored::get(&session(ctx)?.reader(), key).await?;
    Ok(found.map(|import| transfer::imports::to_graphql(import, true)))
}

/// How many noted rows are wanted. Errors: `INVALID` for a negative number, `LIMITED` over the most that are kept.
fn noted(first: Option<i32>) -> Result<usize> {
    let Some(first) = first else { return Ok(FEW_ROWS) };
    let first = usize::try_from(first).map_err(|_| Error::invalid("first cannot be negative"))?;
    if first > NOTED_ROWS {
        let message = format!("first is {first}, and a receipt names at most {NOTED_ROWS} rows");
        return Err(Error::new(Code::Limited, message));
    }
    Ok(first)
}

fn noted_cost(first: Option<i32>) -> Option<i32> {
    first.or_else(|| i32::try_from(FEW_ROWS).ok())
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(text: Option<String>) -> Result<Option<T>> {
    text.map(|text| text.parse::<T>().map_err(|error| Error::invalid(error.to_string()))).transpose()
}

fn unknown() -> Error {
    Error::new(Code::NotFound, "there is no such import")
}
