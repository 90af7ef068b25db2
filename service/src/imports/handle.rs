//! The imports of an account, as a session may see them.

use storage::import::Outcome;
use storage::query::custom_fields;
use storage::query::imports::{self as stored, Import, Note};
use uuid::Uuid;

use super::rows::{FieldNames, PlanRow};
use crate::error::{Code, Error, Result};
use crate::id::Kind;
use crate::session::Session;

/// How many imports are read at a time.
const PAGE: usize = 500;

impl Session {
    /// The imports of the account: planning, applying, watching, undoing them, and looking at what they did.
    pub fn imports(&self) -> Imports<'_> {
        Imports(self)
    }
}

/// The imports of an account, as a session may see and make them.
pub struct Imports<'a>(&'a Session);

impl<'a> Imports<'a> {
    /// Who asks.
    pub(super) fn session(&self) -> &'a Session {
        self.0
    }

    /// The import of a global id. Errors: `NOT_FOUND`.
    pub async fn get(&self, id: &str) -> Result<Import> {
        let unknown = || Error::new(Code::NotFound, "there is no such import");
        let id = Kind::Import.parse(id).ok_or_else(unknown)?;
        stored::get(&self.0.reader(), id).await?.ok_or_else(unknown)
    }

    /// All imports of the account, the newest first, without what may be long of each.
    pub async fn list(&self) -> Result<Vec<Import>> {
        let (reader, mut before, mut imports) = (self.0.reader(), None, Vec::new());
        loop {
            let page = stored::newest(&reader, before, PAGE as u64).await?;
            let is_last = page.len() < PAGE;
            before = page.last().map(|import| import.id);
            imports.extend(page);
            if is_last {
                return Ok(imports);
            }
        }
    }

    /// What is said of the first rows of an import that failed.
    pub async fn errors(&self, import: Uuid, most: usize) -> Result<Vec<Note>> {
        Ok(stored::errors(&self.0.reader(), import, most as u64).await?)
    }

    /// What would become of the rows of a plan after a row, in the order of the file and at most `limit`; only of those with one of
    /// these outcomes, unless there are none. Once a plan is applied its rows are gone.
    pub async fn plan_rows(
        &self,
        plan: &Import,
        outcomes: &[Outcome],
        after: Option<u64>,
        limit: u64,
    ) -> Result<Vec<PlanRow>> {
        let rows = stored::planned_rows(&self.0.reader(), plan.id, outcomes, after, limit).await?;
        let fields = self.field_names().await?;
        Ok(rows.into_iter().map(|row| PlanRow::of(row, &plan.summary.section, &fields)).collect())
    }

    /// The names of the custom fields by their ids.
    pub(super) async fn field_names(&self) -> Result<FieldNames> {
        let fields = custom_fields::list(&self.0.reader(), None).await?;
        Ok(fields.into_iter().map(|field| (field.id, field.name)).collect())
    }
}
