//! The events that an import makes by an event template: on each record that it makes or changes.

use jiff::tz::TimeZone;
use uuid::Uuid;

use super::journal::Journal;
use crate::entity::import_records::RowEffect;
use crate::error::Result;
use crate::handle::{Rows, Scope, Unit};
use crate::item::{Item, ItemKind};
use crate::query::accounts;
use crate::query::event_templates::{self, TemplateItem};
use crate::query::events::{self, When};
use crate::query::firing::{PlannedTime, details, planned, times_of};

/// How many events are written at a time.
const EVENTS_AT_ONCE: usize = 1_400;

/// A record that a row has made or changed.
pub(super) struct Fired {
    pub(super) row: u64,
    pub(super) item: Item,
    /// Its folded name, which its events keep.
    pub(super) name: String,
}

/// A template and when its events are, counted from the day of the import.
pub(super) struct Template {
    items: Vec<TemplateItem>,
    times: Vec<When>,
    zone: TimeZone,
}

/// An event that an import makes on each record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEvent {
    /// Its title.
    pub title: String,
    /// When it is.
    pub time: PlannedTime,
}

impl Template {
    /// Errors: [`crate::Error::NotFound`], [`crate::Error::Invalid`] for a date that no calendar has.
    pub(super) async fn load(unit: &Unit, id: Uuid) -> Result<Self> {
        let zone = accounts::zone(unit).await?;
        // Nobody changes the template until the events are there.
        let scope = Scope { rows: Rows::Shared, ..unit.scope() };
        let items = event_templates::items_for_firing(&scope, id).await?;
        let times = times_of(&items, unit.now.in_zone(zone.clone()).date(), &zone)?;
        Ok(Self { items, times, zone })
    }

    /// The events that each record gets.
    pub(super) fn events(&self) -> Vec<PlannedEvent> {
        let items = self.items.iter().zip(&self.times);
        items.map(|(item, when)| PlannedEvent { title: item.title.clone(), time: planned(*when, &self.zone) }).collect()
    }

    /// Makes the events of these records, and answers how many.
    pub(super) async fn fire(
        &self,
        unit: &Unit,
        owner: Option<Uuid>,
        journal: &mut Journal<'_>,
        records: &[Fired],
    ) -> Result<u64> {
        let owner = owner.or(unit.user());
        let mut count = 0;
        for records in records.chunks((EVENTS_AT_ONCE / self.items.len().max(1)).max(1)) {
            let (mut made, mut pairs) = (Vec::new(), Vec::new());
            for Fired { row, item: subject, name } in records {
                for (item, when) in self.items.iter().zip(&self.times) {
                    let event = events::new_row(unit, details(item, *when, owner), name.clone(), &self.zone);
                    let of_event = ItemKind::Event.item(event.id);
                    journal.note(*row, of_event, RowEffect::Created, None);
                    pairs.push((of_event, *subject));
                    made.push(event);
                }
            }
            count += made.len() as u64;
            events::insert(unit, made, &pairs, &[]).await?;
        }
        Ok(count)
    }
}
