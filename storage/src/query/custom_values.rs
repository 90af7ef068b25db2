//! The values that people and transactions have in the custom fields of the account.
//!
//! A record is found by its custom values, so it keeps them folded in its `custom_text`, which is written with them.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::among;
use crate::change::Change;
use crate::entity::custom_fields;
use crate::entity::custom_values::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::handle::{Reader, Scope, Unit};
use crate::query::custom_fields::{CustomField, Target, ValueType, live, options_in};
use crate::query::edits;
use crate::query::field_values::{VALUE_LIMIT, invalid, parse};
use crate::record::{self, IDS_A_STATEMENT};
use crate::text::lines;
use crate::value::{Day, Decimal};
use crate::view::NameOrId;

/// How many values a record may be given at once.
const VALUES_LIMIT: usize = 200;
/// How many values one statement writes, of four columns each.
const VALUES_A_STATEMENT: usize = 5_000;

/// A value of a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomValue {
    /// The field.
    pub field: CustomField,
    /// The value as text: a number as `5000.25`, a day as `2026-05-25`, `yes` or `no`.
    pub value: String,
}

/// A value as somebody gives it to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomValueInput {
    /// Which field of the record's target.
    pub field: NameOrId,
    /// What it shall hold, in any form that the type of the field reads; `None` or an empty text clears it.
    pub value: Option<String>,
}

/// A value that its field can hold, or `None` to clear it.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) field: CustomField,
    pub(crate) value: Option<String>,
}

impl CustomValue {
    /// The value of a number.
    pub fn number(&self) -> Option<Decimal> {
        self.of(ValueType::Number)?.parse().ok()
    }

    /// The value of a date.
    pub fn date(&self) -> Option<Day> {
        self.of(ValueType::Date)?.parse().ok()
    }

    /// The value of a yes/no field.
    pub fn is_yes(&self) -> Option<bool> {
        self.of(ValueType::YesNo).map(|value| value == "yes")
    }

    fn of(&self, value_type: ValueType) -> Option<&str> {
        (self.field.value_type == value_type).then_some(&*self.value)
    }
}

/// The custom values of each of these people or transactions, by the name of the field.
pub async fn values_of(reader: &Reader, items: &[Uuid]) -> Result<HashMap<Uuid, Vec<CustomValue>>> {
    values_in(&reader.scope(), items).await
}

pub(crate) async fn values_in(scope: &Scope<'_>, items: &[Uuid]) -> Result<HashMap<Uuid, Vec<CustomValue>>> {
    let mut rows = Vec::new();
    for items in items.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(Column::AccountId.eq(scope.account));
        rows.extend(query.filter(among::ids(scope, Column::ItemId, items)).all(&scope.on).await?);
    }
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: HashSet<_> = rows.iter().map(|row| row.field_id).collect();
    let fields = record::by_ids::<custom_fields::Entity>(scope, &ids.into_iter().collect::<Vec<_>>()).await?;
    let fields: HashMap<_, _> = fields.into_iter().map(|field| (field.id, field)).collect();
    let mut values: HashMap<_, Vec<_>> = HashMap::new();
    for Model { account_id: _, item_id, field_id, value } in rows {
        // A field that is not there is in the trash.
        let Some(field) = fields.get(&field_id).cloned() else { continue };
        values.entry(item_id).or_default().push(CustomValue { field, value });
    }
    for values in values.values_mut() {
        values.sort_by(|a, b| a.field.name_key.cmp(&b.field.name_key));
    }
    Ok(values)
}

/// The values as their fields can hold them. The fields stay as they are until the unit ends; call it before any record
/// is locked, as whoever changes a field locks the field first.
///
/// Errors: [`Error::NotFound`] for a field that the target does not have, [`Error::Invalid`] for a value that its field
/// cannot hold, and for a field that is named twice.
pub(crate) async fn check(unit: &Unit, target: Target, inputs: &[CustomValueInput]) -> Result<Vec<Checked>> {
    if inputs.is_empty() {
        return Ok(Vec::new());
    }
    if inputs.len() > VALUES_LIMIT {
        return Err(invalid(format!("{} values are given, and {VALUES_LIMIT} is the most", inputs.len())));
    }
    let fields = named(unit, target, inputs).await?;
    let choices: Vec<_> =
        fields.iter().filter(|field| field.value_type == ValueType::Choice).map(|field| field.id).collect();
    let options = options_in(&unit.scope(), &choices).await?;
    let mut checked = BTreeMap::new();
    for CustomValueInput { field, value } in inputs {
        let field = match field {
            NameOrId::Id(id) => fields.iter().find(|field| field.id == *id),
            NameOrId::Name(name) => {
                let key = fold(name);
                fields.iter().find(|field| field.name_key == key)
            }
        };
        let field = field.ok_or(Error::NotFound { what: "custom field" })?;
        let options = options.get(&field.id).map(Vec::as_slice).unwrap_or_default();
        let value = value.as_deref().map(|text| parse(field, options, text)).transpose()?.flatten();
        if checked.insert(field.id, Checked { field: field.clone(), value }).is_some() {
            return Err(invalid(format!("the field {} is given twice", field.name)));
        }
    }
    Ok(checked.into_values().collect())
}

/// As [`set`], for somebody who changes a record, which will be at this version.
pub(crate) async fn edit(unit: &Unit, item: Uuid, version: i64, values: &[Checked]) -> Result<()> {
    let there = values_in(&unit.scope(), &[item]).await?.remove(&item).unwrap_or_default();
    let held = |field: Uuid| there.iter().find(|value| value.field.id == field).map(|value| &value.value);
    let changed = values.iter().filter(|Checked { field, value }| held(field.id) != value.as_ref());
    edits::note(unit, item, version, changed.map(|value| Change::custom(value.field.id)).collect()).await?;
    set(unit, item, values).await
}

/// Gives a record checked values; the others stay. Its `custom_text` is for the caller to renew.
pub(crate) async fn set(unit: &Unit, item: Uuid, values: &[Checked]) -> Result<()> {
    let cleared: Vec<_> = values.iter().filter(|value| value.value.is_none()).map(|value| value.field.id).collect();
    if !cleared.is_empty() {
        Entity::delete_many()
            .filter(Column::AccountId.eq(unit.account))
            .filter(Column::ItemId.eq(item))
            .filter(Column::FieldId.is_in(cleared))
            .exec(unit.on())
            .await?;
    }
    let rows: Vec<_> = values
        .iter()
        .filter_map(|Checked { field, value }| {
            let value = Set(value.clone()?);
            Some(ActiveModel { account_id: Set(unit.account), item_id: Set(item), field_id: Set(field.id), value })
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let again = OnConflict::columns([Column::AccountId, Column::ItemId, Column::FieldId])
        .update_column(Column::Value)
        .to_owned();
    Entity::insert_many(rows).on_conflict(again).exec_without_returning(unit.on()).await?;
    check_total(unit, item).await
}

/// Errors: [`Error::Invalid`] where the values of a record are too long together: each of its transactions holds them too.
async fn check_total(unit: &Unit, item: Uuid) -> Result<()> {
    let values = values_in(&unit.scope(), &[item]).await?.remove(&item).unwrap_or_default();
    let total: usize = values.iter().map(|value| value.value.len()).sum();
    if total <= VALUE_LIMIT {
        return Ok(());
    }
    let reason = format!("the custom values have {total} bytes together, and {VALUE_LIMIT} is the most for one record");
    Err(Error::invalid("customValues", reason))
}

/// The `custom_text` of a record that has these values, by the id of their fields.
pub(crate) fn text_by_field(values: &BTreeMap<Uuid, String>) -> String {
    lines(&values.values().map(|value| fold(value)).collect::<Vec<_>>())
}

/// Gives many records values, each of a record and a field; their `custom_text` is for the caller to renew.
pub(crate) async fn put(unit: &Unit, values: Vec<(Uuid, Uuid, String)>) -> Result<()> {
    let row = |(item, field, value): &(Uuid, Uuid, String)| ActiveModel {
        account_id: Set(unit.account),
        item_id: Set(*item),
        field_id: Set(*field),
        value: Set(value.clone()),
    };
    for values in values.chunks(VALUES_A_STATEMENT) {
        let again = OnConflict::columns([Column::AccountId, Column::ItemId, Column::FieldId])
            .update_column(Column::Value)
            .to_owned();
        Entity::insert_many(values.iter().map(row)).on_conflict(again).exec_without_returning(unit.on()).await?;
    }
    Ok(())
}

/// Takes values from records: pairs of a record and a field. Their `custom_text` is for the caller to renew.
pub(crate) async fn clear(unit: &Unit, values: &[(Uuid, Uuid)]) -> Result<()> {
    let mut of_field: HashMap<_, Vec<_>> = HashMap::new();
    for (item, field) in values {
        of_field.entry(*field).or_default().push(*item);
    }
    for (field, items) in of_field {
        for items in items.chunks(IDS_A_STATEMENT) {
            Entity::delete_many()
                .filter(Column::AccountId.eq(unit.account))
                .filter(Column::FieldId.eq(field))
                .filter(among::ids(&unit.scope(), Column::ItemId, items))
                .exec(unit.on())
                .await?;
        }
    }
    Ok(())
}

/// The `custom_text` of a new record with these values.
pub(crate) fn text_of_new(values: &[Checked]) -> String {
    lines(&values.iter().filter_map(|value| value.value.as_deref()).map(fold).collect::<Vec<_>>())
}

/// The fields of a target that values are given for, kept as they are until the unit ends.
async fn named(unit: &Unit, target: Target, inputs: &[CustomValueInput]) -> Result<Vec<CustomField>> {
    use custom_fields::Column::{Id, NameKey, Target};
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    for input in inputs {
        match &input.field {
            NameOrId::Id(id) => ids.push(*id),
            NameOrId::Name(name) => names.push(fold(name)),
        }
    }
    let given = Condition::any().add(Id.is_in(ids)).add(NameKey.is_in(names));
    let scope = unit.scope();
    Ok(live(&scope).filter(Target.eq(target)).filter(given).lock_shared().all(unit.on()).await?)
}
