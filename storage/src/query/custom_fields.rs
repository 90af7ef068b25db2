//! Custom fields: what an account keeps of people or transactions beside the built-in fields.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::change::Change;
use crate::derived;
pub use crate::entity::custom_fields::{Model as CustomField, Target, ValueType};
use crate::entity::{custom_field_options, custom_fields, custom_values, import_changes};
use crate::error::{Error, Result};
use crate::fold::fold;
use crate::handle::{Reader, Scope, Unit, Writer};
use crate::name;
use crate::outbox::{Noun, Verb};
use crate::query::{accounts, field_values};
use crate::record::{self, IDS_A_STATEMENT, recorded};

/// How many custom fields people, or transactions, may have.
const FIELDS_LIMIT: u64 = 200;
/// How many options a choice may have.
const OPTIONS_LIMIT: usize = 1_000;

/// The columns of our own files, whose names no custom field may bear: a file of transactions has
/// them beside those of people.
pub const BUILT_IN: [&str; 23] = [
    "id",
    "name",
    "company",
    "title",
    "email",
    "phone",
    "mobile",
    "fax",
    "url",
    "address",
    "city",
    "state",
    "zip",
    "country",
    "notes",
    "stage",
    "value",
    "probability",
    "moreInfo",
    "personId",
    "categories",
    "createdAt",
    "updatedAt",
];

/// What makes a custom field.
#[derive(Clone, Debug)]
pub struct NewCustomField {
    /// Of what it is a field.
    pub target: Target,
    /// Its name, unique among the fields of the target whatever its case and accents.
    pub name: String,
    /// What its values are.
    pub value_type: ValueType,
    /// The options of a choice, in their order; empty for the other types.
    pub options: Vec<String>,
}

/// A change of a custom field.
#[derive(Clone, Debug)]
pub struct CustomFieldEdit {
    /// Which one it changes.
    pub id: Uuid,
    /// The version that the caller saw, where it wants a conflict if it is stale.
    pub version: Option<i64>,
    /// The name that it shall have, or `None` to leave it.
    pub name: Option<String>,
    /// The type that it shall have, or `None` to leave it.
    pub value_type: Option<ValueType>,
    /// Options with what they shall be called: the values go with them.
    pub renamed_options: Vec<(String, String)>,
    /// All options that it shall have after those were renamed, or `None` to leave them.
    pub options: Option<Vec<String>>,
}

recorded!(custom_fields, "custom field", by NameKey name_key, keeps Target, CreatedBy);

/// The custom fields of a target or of both, by target and name; there are at most 200 of each.
pub async fn list(reader: &Reader, target: Option<Target>) -> Result<Vec<CustomField>> {
    let scope = reader.scope();
    let mut query = live(&scope);
    if let Some(target) = target {
        query = query.filter(custom_fields::Column::Target.eq(target));
    }
    let query = query.order_by_asc(custom_fields::Column::Target).order_by_asc(custom_fields::Column::NameKey);
    Ok(query.all(&scope.on).await?)
}

/// The custom fields with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<CustomField>> {
    record::by_ids::<custom_fields::Entity>(&reader.scope(), ids).await
}

/// What the custom fields with these ids are called, those in the trash included.
pub async fn names_of(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    names_in(&reader.scope(), ids).await
}

/// The options of each of these fields, in their order.
pub async fn options_of(reader: &Reader, fields: &[Uuid]) -> Result<HashMap<Uuid, Vec<String>>> {
    options_in(&reader.scope(), fields).await
}

/// Makes a custom field.
///
/// Errors: [`Error::Invalid`] for a name that cannot be, options that are none, or too many; [`Error::Conflict`] for a
/// name that is taken.
pub async fn create(writer: &Writer, new: NewCustomField) -> Result<CustomField> {
    let new = &new;
    writer
        .write(|unit| async move {
            let NewCustomField { target, name, value_type, options } = new;
            let name = check_name(name)?;
            let options = check_options(*value_type, options)?;
            check_room(&unit, *target).await?;
            let field = CustomField {
                account_id: unit.account,
                id: Uuid::now_v7(),
                target: *target,
                name: name.to_owned(),
                name_key: fold(name),
                value_type: *value_type,
                created_by: unit.user(),
                version: 1,
                created_at: unit.now,
                updated_at: unit.now,
                deleted_at: None,
            };
            write(&unit, &field).await?;
            write_options(&unit, field.id, &options).await?;
            unit.publish(Noun::CustomField, Verb::Created, field.id).await?;
            Ok(field)
        })
        .await
}

/// Changes a custom field, and the values that are options which are called something else now, also those that an undo or a redo
/// would put back.
///
/// Errors: as [`create`], [`Error::NotFound`], [`Error::Conflict`] where the version is stale, where a field with values
/// shall have another type, and where an option that records have shall go.
pub async fn update(writer: &Writer, edit: CustomFieldEdit) -> Result<CustomField> {
    let edit = &edit;
    writer
        .write(|unit| async move {
            let CustomFieldEdit { id, version, name, value_type, renamed_options, options } = edit;
            let before = record::for_change::<custom_fields::Entity>(&unit, *id, *version).await?;
            let name = check_name(name.as_deref().unwrap_or(&before.name))?;
            let value_type = value_type.unwrap_or(before.value_type);
            if value_type != before.value_type {
                check_without_values(&unit, &before).await?;
            }
            let old = options_in(&unit.scope(), &[*id]).await?.remove(id).unwrap_or_default();
            let renamed = renamed(&old, renamed_options)?;
            let kept = || if value_type == ValueType::Choice { renamed.clone() } else { Vec::new() };
            let new = check_options(value_type, &options.clone().unwrap_or_else(kept))?;
            let field = CustomField {
                name: name.to_owned(),
                name_key: fold(name),
                value_type,
                version: before.version + 1,
                updated_at: unit.after(before.updated_at),
                ..before
            };
            write(&unit, &field).await?;
            if new != old {
                move_values(&unit, &field, &old, &renamed, &new).await?;
                write_options(&unit, *id, &new).await?;
            }
            unit.publish(Noun::CustomField, Verb::Updated, *id).await?;
            Ok(field)
        })
        .await
}

/// Puts a custom field into the trash: no record shows its value any more, and no search finds it.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale.
pub async fn delete(writer: &Writer, id: Uuid, version: Option<i64>) -> Result<Uuid> {
    writer
        .write(|unit| async move {
            let field = record::trash::<custom_fields::Entity>(&unit, id, version).await?;
            derived::custom_values_changed(&unit, &field).await?;
            unit.publish(Noun::CustomField, Verb::Deleted, id).await?;
            Ok(id)
        })
        .await
}

pub(crate) async fn names_in(scope: &Scope<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    use custom_fields::{Column, Entity};
    let mut names = HashMap::new();
    for ids in ids.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(Column::AccountId.eq(scope.account));
        let found = query.filter(Column::Id.is_in(ids.iter().copied())).all(&scope.on).await?;
        names.extend(found.into_iter().map(|field| (field.id, field.name)));
    }
    Ok(names)
}

/// The options of each of these fields, in their order.
pub(crate) async fn options_in(scope: &Scope<'_>, fields: &[Uuid]) -> Result<HashMap<Uuid, Vec<String>>> {
    use custom_field_options::{Column, Entity};
    let mut options: HashMap<Uuid, Vec<String>> = HashMap::new();
    for ids in fields.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(Column::AccountId.eq(scope.account)).order_by_asc(Column::Place);
        for row in query.filter(Column::FieldId.is_in(ids.iter().copied())).all(&scope.on).await? {
            options.entry(row.field_id).or_default().push(row.name);
        }
    }
    Ok(options)
}

/// The live custom fields of the account.
pub(crate) fn live(scope: &Scope<'_>) -> Select<custom_fields::Entity> {
    record::live(scope)
}

/// Errors: [`Error::Conflict`] for a name that another field of the target has.
async fn write(unit: &Unit, field: &CustomField) -> Result<()> {
    let taken = || format!("there is a custom field {} already", field.name);
    record::write::<custom_fields::Entity>(unit, vec![field.clone()]).await.map_err(|error| error.or_taken(taken))
}

async fn write_options(unit: &Unit, field: Uuid, options: &[String]) -> Result<()> {
    use custom_field_options::{ActiveModel, Column, Entity};
    Entity::delete_many()
        .filter(Column::AccountId.eq(unit.account))
        .filter(Column::FieldId.eq(field))
        .exec(unit.on())
        .await?;
    if options.is_empty() {
        return Ok(());
    }
    let rows = (0..).zip(options).map(|(place, name)| ActiveModel {
        account_id: Set(unit.account),
        field_id: Set(field),
        place: Set(place),
        name: Set(name.clone()),
    });
    Entity::insert_many(rows).exec_without_returning(unit.on()).await?;
    Ok(())
}

/// The name as it may be stored. Errors: [`Error::Invalid`].
fn check_name(name: &str) -> Result<&str> {
    let name = name::checked(name, "a custom field", "name")?;
    let key = fold(name);
    if let Some(built_in) = BUILT_IN.into_iter().find(|built_in| fold(built_in) == key) {
        let reason = format!("{built_in} is a built-in field, and a custom field needs another name");
        return Err(Error::invalid("name", reason));
    }
    Ok(name)
}

/// The options as they may be stored. Errors: [`Error::Invalid`].
fn check_options(value_type: ValueType, options: &[String]) -> Result<Vec<String>> {
    let refused = |reason: String| Err(Error::invalid("options", reason));
    match (value_type, options.len()) {
        (ValueType::Choice, 0) => return refused("a choice needs options".to_owned()),
        (ValueType::Choice, count) if count > OPTIONS_LIMIT => {
            return refused(format!("{count} options are given, and {OPTIONS_LIMIT} is the most"));
        }
        (ValueType::Choice, _) | (_, 0) => {}
        _ => return refused("only a choice has options".to_owned()),
    }
    let mut seen = HashMap::new();
    let mut checked = Vec::with_capacity(options.len());
    for option in options {
        let option = name::checked(option, "an option", "options")?;
        if let Some(other) = seen.insert(fold(option), option) {
            return refused(format!("the options {other} and {option} are the same but for case and accents"));
        }
        checked.push(option.to_owned());
    }
    Ok(checked)
}

/// Errors: [`Error::Invalid`] where the target has as many fields as it may have.
async fn check_room(unit: &Unit, target: Target) -> Result<()> {
    // Two who make the last one at the same moment wait for each other.
    accounts::lock(unit).await?;
    let scope = unit.scope();
    let count = super::count(&scope, live(&scope).filter(custom_fields::Column::Target.eq(target))).await?;
    if count < FIELDS_LIMIT {
        return Ok(());
    }
    Err(Error::invalid("target", format!("there are {count} custom fields of it, and {FIELDS_LIMIT} is the most")))
}

/// Errors: [`Error::Conflict`] where records have values of the field.
async fn check_without_values(unit: &Unit, field: &CustomField) -> Result<()> {
    let count = super::count(&unit.scope(), values_of(unit, field)).await?;
    if count == 0 {
        return Ok(());
    }
    let reason = format!("{count} records have a value of {}, so its type stays: make another field", field.name);
    Err(Error::Conflict { reason })
}

/// The options after some of them were given other names. Errors: [`Error::Invalid`] for one that is not there.
fn renamed(options: &[String], names: &[(String, String)]) -> Result<Vec<String>> {
    let mut renamed = options.to_vec();
    for (from, to) in names {
        let key = fold(from);
        let Some(place) = options.iter().position(|option| fold(option) == key) else {
            let reason = format!("there is no option {from:?}; the options are {}", field_values::listed(options));
            return Err(Error::invalid("renameOptions", reason));
        };
        renamed[place].clone_from(to);
    }
    Ok(renamed)
}

/// Gives the values of a choice the new names of their options: `old`, in the same order `renamed`, are then written as
/// in `new`. Errors: [`Error::Conflict`] where records have an option that is not in `new`.
async fn move_values(
    unit: &Unit,
    field: &CustomField,
    old: &[String],
    renamed: &[String],
    new: &[String],
) -> Result<()> {
    use custom_values::Column;
    let new: HashMap<_, _> = new.iter().map(|option| (fold(option), option)).collect();
    let (mut moved, mut gone) = (Vec::new(), Vec::new());
    for (old, renamed) in old.iter().zip(renamed) {
        match new.get(&fold(renamed)) {
            Some(new) if **new == *old => {}
            Some(new) => moved.push((old, *new)),
            None => gone.push(old),
        }
    }
    let used = values_of(unit, field).filter(Column::Value.is_in(gone)).select_only().column(Column::Value);
    let used = used.column_as(Column::ItemId.count(), "items").group_by(Column::Value).order_by_asc(Column::Value);
    if let Some((option, items)) = used.into_tuple::<(String, i64)>().one(unit.on()).await? {
        let reason = format!("{items} records have the option {option}: rename it, or give them another one first");
        return Err(Error::Conflict { reason });
    }
    if moved.is_empty() {
        return Ok(());
    }
    unit.take_time().await?;
    custom_values::Entity::update_many()
        .col_expr(Column::Value, renamed_in(Column::Value, &moved))
        .filter(Column::AccountId.eq(unit.account))
        .filter(Column::FieldId.eq(field.id))
        .filter(Column::Value.is_in(moved.iter().map(|(old, _)| old.as_str())))
        .exec(unit.on())
        .await?;
    move_journal(unit, field, &moved).await?;
    derived::custom_values_changed(unit, field).await
}

/// What imports found in a field and put there moves with the names of its options, so that an undo or a redo puts back what the option
/// is called then. The rows of a plan do not: what a file says is no option any more, and the plan is stale.
async fn move_journal(unit: &Unit, field: &CustomField, moved: &[(&String, &String)]) -> Result<()> {
    use import_changes::Column::{AccountId, AfterValue, BeforeValue, Field};
    let old = || moved.iter().map(|(old, _)| old.as_str());
    import_changes::Entity::update_many()
        .col_expr(BeforeValue, renamed_in(BeforeValue, moved))
        .col_expr(AfterValue, renamed_in(AfterValue, moved))
        .filter(AccountId.eq(unit.account))
        .filter(Field.eq(Change::custom(field.id)))
        // As the index of custom fields has it, which is found by the same words.
        .filter(Expr::cust("field >= 'custom:' AND field < 'custom;'"))
        .filter(Condition::any().add(BeforeValue.is_in(old())).add(AfterValue.is_in(old())))
        .exec(unit.on())
        .await?;
    Ok(())
}

/// What a column holds once options are called something else: one expression, so that two of them may swap their names.
fn renamed_in<C: ColumnTrait>(column: C, moved: &[(&String, &String)]) -> SimpleExpr {
    let case = moved
        .iter()
        .fold(CaseStatement::new(), |case, (old, new)| case.case(column.eq(old.as_str()), Expr::val(new.as_str())));
    case.finally(Expr::col(column)).into()
}

/// The values of a field, also those of records in the trash, which may come back.
fn values_of(unit: &Unit, field: &CustomField) -> Select<custom_values::Entity> {
    use custom_values::{Column, Entity};
    Entity::find().filter(Column::AccountId.eq(unit.account)).filter(Column::FieldId.eq(field.id))
}
