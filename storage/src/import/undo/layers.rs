//! The layers of fields: what a field holds once an import's layer is out, or in again.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::kept::{Kept, KeptReason};
use super::work::{Step, Work};
use crate::among;
use crate::change::Change;
use crate::contact::Contact;
use crate::derived;
use crate::entity::import_changes::{ActiveModel, Column, Entity, Model as Layer};
use crate::entity::{edits as edits_table, events, imports, people, transactions};
use crate::error::{Error, Result};
use crate::import::stored::Status;
use crate::item::ItemKind;
use crate::query::custom_values;
use crate::query::edits;
use crate::query::events::{Details, Progress, Source, Times, When};
use crate::query::people::Person;
use crate::query::transactions::{Stage, Terms, Transaction};
use crate::query::{accounts, events as event_query, people as people_query, transactions as transaction_query};
use crate::record::{self, by_ids};
use crate::value::{Decimal, Timestamp};

/// How many layers are looked at together; all of a record are.
const LAYERS_AT_ONCE: u64 = 2_000;

/// What fields of a record shall hold.
pub(super) type Values = BTreeMap<String, Option<String>>;

/// What is decided about some layers.
#[derive(Default)]
struct Plan {
    /// The layers whose `before_value` changes.
    layers: Vec<Layer>,
    /// The fields that change, by record.
    fields: HashMap<Uuid, Values>,
    /// The fields that somebody has edited since.
    edited: Vec<(Layer, edits_table::Model)>,
}

impl Work<'_> {
    /// Takes the import's layers out, or puts them in again.
    pub(super) async fn layers(&mut self) -> Result<()> {
        let mut after = None;
        loop {
            let own = self.own_layers(after).await?;
            let Some(last) = own.last() else { return Ok(()) };
            after = Some(last.record_id);
            let plan = self.decide(own).await?;
            self.apply(plan).await?;
        }
    }

    /// The import's next layers, all of a record together.
    async fn own_layers(&self, after: Option<Uuid>) -> Result<Vec<Layer>> {
        let of_import = || {
            let query = Entity::find().filter(among::common(&self.unit.scope(), Column::AccountId, self.unit.account));
            // Not by the field as well: SQLite would follow the order through the layers of the whole account.
            let of_import = among::seldom(&self.unit.scope(), Column::ImportId, self.import);
            query.filter(of_import).order_by_asc(Column::RecordId)
        };
        let mut query = of_import().limit(LAYERS_AT_ONCE);
        if let Some(after) = after {
            query = query.filter(Column::RecordId.gt(after));
        }
        let mut found = query.all(self.unit.on()).await?;
        if found.len() as u64 == LAYERS_AT_ONCE
            && let Some(last) = found.last().map(|layer| layer.record_id)
        {
            found.retain(|layer| layer.record_id != last);
            found.extend(of_import().filter(Column::RecordId.eq(last)).all(self.unit.on()).await?);
        }
        found.sort_by(|one, other| (one.record_id, &one.field).cmp(&(other.record_id, &other.field)));
        Ok(found)
    }

    async fn decide(&self, own: Vec<Layer>) -> Result<Plan> {
        let records: HashSet<_> = own.iter().map(|layer| layer.record_id).collect();
        let records: Vec<_> = records.into_iter().collect();
        self.hold(&records).await?;
        let mut others = self.others(&records).await?;
        let edits = edits::of_records(&self.unit.scope(), &records).await?;
        let held = if self.step == Step::Redo { self.held(&own).await? } else { HashMap::new() };
        let mut plan = Plan::default();
        for mut layer in own {
            let above = others.get_mut(&(layer.record_id, layer.field.clone())).and_then(|others| {
                others.iter_mut().filter(|other| other.version > layer.version).min_by_key(|other| other.version)
            });
            let upto = above.as_ref().map_or(i64::MAX, |above| above.version);
            let of_record = edits.get(&layer.record_id).map(Vec::as_slice).unwrap_or_default();
            let edit = of_record
                .iter()
                .rfind(|edit| edit.field == layer.field && edit.version > layer.version && edit.version < upto);
            match (self.step, above, edit) {
                (_, Some(_), Some(_)) => {}
                (_, None, Some(edit)) => plan.edited.push((layer, edit.clone())),
                (Step::Undo, Some(above), None) => {
                    above.before_value.clone_from(&layer.before_value);
                    plan.layers.push(above.clone());
                }
                (Step::Redo, Some(above), None) => {
                    layer.before_value = std::mem::replace(&mut above.before_value, layer.after_value.clone());
                    plan.layers.extend([above.clone(), layer]);
                }
                (Step::Undo, None, None) => plan.set(&layer, layer.before_value.clone()),
                (Step::Redo, None, None) => {
                    let now = held.get(&layer.record_id).and_then(|fields| fields.get(&layer.field));
                    layer.before_value = now.cloned().flatten();
                    plan.set(&layer, layer.after_value.clone());
                    plan.layers.push(layer);
                }
            }
        }
        Ok(plan)
    }

    /// Waits for whoever is editing one of these records, and keeps them until the unit ends.
    async fn hold(&self, records: &[Uuid]) -> Result<()> {
        if self.unit.is_sqlite() {
            return Ok(());
        }
        let scope = self.unit.locking_scope();
        by_ids::<people::Entity>(&scope, records).await?;
        by_ids::<transactions::Entity>(&scope, records).await?;
        by_ids::<events::Entity>(&scope, records).await?;
        Ok(())
    }

    /// The layers of other imports that are applied, by record and field.
    async fn others(&self, records: &[Uuid]) -> Result<HashMap<(Uuid, String), Vec<Layer>>> {
        let scope = self.unit.scope();
        let mut found = Vec::new();
        for records in records.chunks(record::IDS_A_STATEMENT) {
            let query = Entity::find()
                .filter(Column::AccountId.eq(self.unit.account))
                .filter(among::ids(&scope, Column::RecordId, records))
                .filter(Column::ImportId.ne(self.import));
            found.extend(query.all(self.unit.on()).await?);
        }
        let imports: HashSet<_> = found.iter().map(|layer| layer.import_id).collect();
        let imports: Vec<_> = imports.into_iter().collect();
        let mut applied: HashSet<Uuid> = HashSet::new();
        for some in imports.chunks(record::IDS_A_STATEMENT) {
            let query = imports::Entity::find()
                .select_only()
                .column(imports::Column::Id)
                .filter(imports::Column::AccountId.eq(self.unit.account))
                .filter(imports::Column::Status.eq(Status::Applied))
                .filter(among::ids(&scope, imports::Column::Id, some));
            applied.extend(query.into_tuple::<Uuid>().all(self.unit.on()).await?);
        }
        let mut others: HashMap<_, Vec<_>> = HashMap::new();
        for layer in found.into_iter().filter(|layer| applied.contains(&layer.import_id)) {
            others.entry((layer.record_id, layer.field.clone())).or_default().push(layer);
        }
        Ok(others)
    }

    /// What the fields of the layers' records hold now.
    async fn held(&self, layers: &[Layer]) -> Result<HashMap<Uuid, Values>> {
        let scope = self.unit.scope();
        let of_kind = |kind| layers.iter().filter(|layer| layer.kind == kind).map(|layer| layer.record_id).collect();
        let (people, transactions, events): (HashSet<_>, HashSet<_>, HashSet<_>) =
            (of_kind(ItemKind::Person), of_kind(ItemKind::Transaction), of_kind(ItemKind::Event));
        let ids = |set: &HashSet<Uuid>| set.iter().copied().collect::<Vec<_>>();
        let named = |fields: edits::Fields| -> Values {
            fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
        };
        let mut held = HashMap::new();
        for person in by_ids::<people::Entity>(&scope, &ids(&people)).await? {
            held.insert(person.id, named(edits::of_contact(&person.contact())));
        }
        for transaction in by_ids::<transactions::Entity>(&scope, &ids(&transactions)).await? {
            held.insert(transaction.id, named(edits::of_transaction(&transaction)));
        }
        for event in by_ids::<events::Entity>(&scope, &ids(&events)).await? {
            held.insert(event.id, named(edits::of_event(&event)));
        }
        let with_custom: Vec<_> = people.into_iter().chain(transactions).collect();
        for (record, values) in custom_values::values_in(&scope, &with_custom).await? {
            let values = values.into_iter().map(|value| (Change::custom(value.field.id), Some(value.value)));
            held.entry(record).or_default().extend(values);
        }
        Ok(held)
    }

    async fn apply(&mut self, plan: Plan) -> Result<()> {
        let Plan { layers, mut fields, edited } = plan;
        let again = OnConflict::columns([Column::AccountId, Column::RecordId, Column::Field, Column::ImportId])
            .update_column(Column::BeforeValue)
            .to_owned();
        for layers in layers.chunks(record::IDS_A_STATEMENT) {
            Entity::insert_many(layers.iter().cloned().map(ActiveModel::from))
                .on_conflict(again.clone())
                .exec_without_returning(self.unit.on())
                .await?;
        }
        self.leave_out_what_no_longer_fits(&mut fields).await?;
        let ids: Vec<_> = fields.keys().copied().collect();
        // Each when those before are written: a transaction is found by what its person is, an event by the names of both.
        let people = by_ids::<people::Entity>(&self.unit.locking_scope(), &ids).await?;
        let mut restored: Vec<_> = people.iter().map(|person| person.id).collect();
        self.people(people, &mut fields).await?;
        let transactions = by_ids::<transactions::Entity>(&self.unit.locking_scope(), &ids).await?;
        restored.extend(transactions.iter().map(|transaction| transaction.id));
        self.transactions(transactions, &mut fields).await?;
        let events = by_ids::<events::Entity>(&self.unit.locking_scope(), &ids).await?;
        restored.extend(events.iter().map(|event| event.id));
        self.events(events, &mut fields).await?;
        self.restored += restored.len() as u64 - self.with_memberships(&restored).await?;
        self.name_edited(edited).await
    }

    async fn people(&mut self, people: Vec<Person>, fields: &mut HashMap<Uuid, Values>) -> Result<()> {
        if people.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = people.iter().map(|person| person.id).collect();
        let texts = self.custom(&ids, fields).await?;
        let mut changed = Vec::with_capacity(people.len());
        for person in people {
            let values = fields.remove(&person.id).unwrap_or_default();
            let mut contact = person.contact();
            for (name, field) in contact.fields_mut() {
                if let Some(value) = values.get(name) {
                    field.clone_from(value);
                }
            }
            if !contact.is_known() {
                self.keep_known(&person, &mut contact).await?;
            }
            let contact = contact.cleaned()?;
            let person = people_query::changed(self.unit, &person, contact);
            let text = texts.get(&person.id).cloned().unwrap_or_default();
            changed.push(derived::person_with_custom_text(person, text));
        }
        people_query::write(self.unit, changed.clone()).await?;
        derived::person_changed(self.unit, &changed.iter().collect::<Vec<_>>()).await
    }

    /// Somebody has emptied the other fields by which a person was known: those that are left stay, and count as theirs.
    async fn keep_known(&mut self, person: &Person, contact: &mut Contact) -> Result<()> {
        let edits = edits::of_records(&self.unit.scope(), &[person.id]).await?.remove(&person.id).unwrap_or_default();
        let emptied = edits.into_iter().rfind(|edit| Contact::KNOWN_BY.contains(&&*edit.field));
        let mut kept = Vec::new();
        for ((name, field), (_, held)) in contact.fields_mut().into_iter().zip(person.contact().fields()) {
            if Contact::KNOWN_BY.contains(&name) && held.is_some() {
                *field = held.map(ToOwned::to_owned);
                kept.push(name.to_owned());
            }
        }
        let (by, at) = emptied.map_or((None, self.unit.now), |edit| (edit.user_id, edit.created_at));
        for field in &kept {
            let (item, name) = (ItemKind::Person.item(person.id), person.contact().display_name());
            self.keep(Kept { item, name, reason: KeptReason::Edited { field: field.clone(), by, at } });
        }
        edits::note_by(self.unit, by, person.id, person.version + 1, kept).await
    }

    async fn transactions(&mut self, found: Vec<Transaction>, fields: &mut HashMap<Uuid, Values>) -> Result<()> {
        if found.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = found.iter().map(|transaction| transaction.id).collect();
        let texts = self.custom(&ids, fields).await?;
        let mut changed = Vec::with_capacity(found.len());
        for transaction in found {
            let values = fields.remove(&transaction.id).unwrap_or_default();
            let current = transaction.terms();
            let number = |name: &str, current: Decimal| -> Result<Decimal> {
                let text = values.get(name).and_then(Option::as_deref);
                text.map_or(Ok(current), |text| text.parse().map_err(|_| unreadable(name)))
            };
            let terms = Terms {
                value: number("value", current.value)?,
                probability: number("probability", current.probability)?,
                more_info: values.get("moreInfo").cloned().unwrap_or(current.more_info),
            };
            let stage = values.get("stage").and_then(Option::as_deref);
            let stage = stage.map_or(Some(transaction.stage), Stage::named).ok_or_else(|| unreadable("stage"))?;
            let text = texts.get(&transaction.id).cloned().unwrap_or_default();
            let transaction = transaction_query::changed(self.unit, transaction, stage, terms);
            changed.push(derived::transaction_with_custom_text(transaction, text));
        }
        transaction_query::write(self.unit, changed).await
    }

    async fn events(&mut self, found: Vec<event_query::Event>, fields: &mut HashMap<Uuid, Values>) -> Result<()> {
        if found.is_empty() {
            return Ok(());
        }
        let zone = accounts::zone(self.unit).await?;
        let mut changed = Vec::with_capacity(found.len());
        for event in found {
            let values = fields.remove(&event.id).unwrap_or_default();
            let given = |name: &str| values.get(name);
            let Times { starts_on, ends_on, starts_at, ends_at } = event.when().into();
            let times = Times {
                starts_on: read(given("startsOn"), starts_on, "startsOn")?,
                ends_on: read(given("endsOn"), ends_on, "endsOn")?,
                starts_at: moment(given("startsAt"), starts_at)?,
                ends_at: moment(given("endsAt"), ends_at)?,
            };
            let completed_at = moment(given("completedAt"), event.completed_at)?;
            let current = event.details();
            let details = Details {
                title: given("title").cloned().flatten().unwrap_or(current.title),
                when: When::try_from(times).unwrap_or(current.when),
                location: given("location").cloned().unwrap_or(current.location),
                description: given("description").cloned().unwrap_or(current.description),
                progress: if completed_at.is_some() { Progress::Complete } else { Progress::Open },
                owner: read(given("owner"), current.owner, "owner")?,
                email_template: read(given("emailTemplate"), current.email_template, "emailTemplate")?,
                source: Source {
                    uid: given("sourceUid").cloned().unwrap_or(current.source.uid),
                    sequence: read(given("sourceSequence"), current.source.sequence, "sourceSequence")?,
                    recurrence_id: given("recurrenceId").cloned().unwrap_or(current.source.recurrence_id),
                    recurrence: given("recurrence").cloned().unwrap_or(current.source.recurrence),
                },
            };
            let event = event_query::refilled(self.unit, event, details, &zone);
            changed.push(event_query::Event { completed_at, ..event });
        }
        record::write::<events::Entity>(self.unit, changed).await
    }

    /// Puts custom values to what they shall be, and gives the texts that the records are found by then.
    async fn custom(&self, ids: &[Uuid], fields: &HashMap<Uuid, Values>) -> Result<HashMap<Uuid, String>> {
        let (mut put, mut cleared) = (Vec::new(), Vec::new());
        for id in ids {
            for (field, value) in fields.get(id).into_iter().flatten() {
                let Some(field) = field.strip_prefix(Change::CUSTOM) else { continue };
                let field: Uuid = field.parse().map_err(|_| unreadable(field))?;
                match value {
                    Some(value) => put.push((*id, field, value.clone())),
                    None => cleared.push((*id, field)),
                }
            }
        }
        custom_values::put(self.unit, put).await?;
        custom_values::clear(self.unit, &cleared).await?;
        derived::custom_texts(self.unit, ids).await
    }

    async fn name_edited(&mut self, edited: Vec<(Layer, edits_table::Model)>) -> Result<()> {
        let mut names = HashMap::new();
        for kind in [ItemKind::Person, ItemKind::Transaction, ItemKind::Event] {
            let ids: Vec<_> =
                edited.iter().filter(|(layer, _)| layer.kind == kind).map(|(layer, _)| layer.record_id).collect();
            names.extend(self.names(kind, &ids).await?);
        }
        for (layer, edit) in edited {
            // A record in the trash has no name: its deletion is told where it was made.
            let Some(name) = names.get(&layer.record_id).cloned() else { continue };
            let reason = KeptReason::Edited { field: layer.field, by: edit.user_id, at: edit.created_at };
            self.keep(Kept { item: layer.kind.item(layer.record_id), name, reason });
        }
        Ok(())
    }
}

impl Plan {
    fn set(&mut self, layer: &Layer, value: Option<String>) {
        self.fields.entry(layer.record_id).or_default().insert(layer.field.clone(), value);
    }
}

fn moment(given: Option<&Option<String>>, current: Option<Timestamp>) -> Result<Option<Timestamp>> {
    let Some(text) = given else { return Ok(current) };
    let read = |text: &str| text.parse().map(Timestamp::from_microseconds).map_err(|_| unreadable(text));
    text.as_deref().map(read).transpose()
}

/// A value as its layer has it, or the current one where there is no layer.
fn read<T: std::str::FromStr>(given: Option<&Option<String>>, current: Option<T>, field: &str) -> Result<Option<T>> {
    let Some(text) = given else { return Ok(current) };
    text.as_deref().map(|text| text.parse().map_err(|_| unreadable(field))).transpose()
}

/// What the journal holds, an import has written.
pub(super) fn unreadable(field: &str) -> Error {
    Error::Internal(sea_orm::DbErr::Custom(format!("the journal of imports holds no value of {field}")))
}
