//! Custom fields and their values in GraphQL.

use async_graphql::dataloader::DataLoader;
use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use service::{Kind, Right};
use storage::query::custom_fields as stored;
use uuid::Uuid;

use crate::context::session;
use crate::error::Result;
use crate::loader::{CustomValuesOf, Loads, OptionsOf};
use crate::scalar::{Date, DateTime, Decimal, Text};
use crate::transfer;

/// What the account keeps of people or transactions beside the built-in fields.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(crate) struct CustomField {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1; send it with an update to learn whether it is stale.
    pub(crate) version: i64,
    /// Of what it is a field.
    pub(crate) target: CustomFieldTarget,
    /// Its name, unique among the fields of the target whatever its case.
    pub(crate) name: String,
    /// What its values are.
    #[graphql(name = "type")]
    pub(crate) value_type: CustomFieldType,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When it was changed last.
    pub(crate) updated_at: DateTime,
    #[graphql(skip)]
    pub(crate) key: Uuid,
}

#[ComplexObject]
impl CustomField {
    /// The options of a choice, in their order; empty for the other types.
    #[graphql(complexity = 20)]
    async fn options(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        if self.value_type != CustomFieldType::Choice {
            return Ok(Vec::new());
        }
        let loader = ctx.data_unchecked::<DataLoader<Loads>>();
        let found = loader.load_one(OptionsOf(self.key)).await.map_err(|error| (*error).clone())?;
        Ok(found.unwrap_or_default())
    }
}

/// Of what a custom field is a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "storage::query::custom_fields::Target")]
pub(crate) enum CustomFieldTarget {
    /// Of people.
    Person,
    /// Of transactions.
    Transaction,
}

/// What the values of a custom field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "storage::query::custom_fields::ValueType")]
pub(crate) enum CustomFieldType {
    /// Any text, up to 1 MiB.
    Text,
    /// A decimal number with at most four places.
    Number,
    /// A day, such as `2026-05-25`.
    Date,
    /// One of the options of the field, whatever its case.
    Choice,
    /// `yes` or `no`; `true`, `false`, `1`, `0`, `y` and `n` are read as well, in any case.
    YesNo,
}

/// The value of a person or a transaction in a custom field.
#[derive(Clone, SimpleObject)]
pub(crate) struct CustomValue {
    /// The field.
    pub(crate) field: CustomField,
    /// The value as text, whatever the type: a number as `5000.25`, a day as `2026-05-25`, `yes` or `no`.
    pub(crate) value: Text,
    /// The value of a number.
    pub(crate) number: Option<Decimal>,
    /// The value of a date.
    pub(crate) date: Option<Date>,
    /// The value of a yes/no field.
    pub(crate) is_yes: Option<bool>,
}

/// A value for a custom field of a person or a transaction.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CustomValueInput {
    /// The name or id of the field.
    pub(crate) field: String,
    /// What it shall hold, as a text that the type of the field reads; null or an empty text clears it.
    pub(crate) value: Option<String>,
}

/// The input of `createCustomField`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateCustomFieldInput {
    /// Of what it is a field.
    target: CustomFieldTarget,
    /// Its name; not that of a built-in field.
    name: String,
    /// What its values are.
    #[graphql(name = "type")]
    value_type: CustomFieldType,
    /// The options of a choice, in their order, at most 1,000; for the other types none.
    #[graphql(default)]
    options: Vec<String>,
}

/// A created custom field.
#[derive(SimpleObject)]
pub(crate) struct CreateCustomFieldPayload {
    /// The field.
    custom_field: CustomField,
}

/// The input of `updateCustomField`: what is absent or null stays.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateCustomFieldInput {
    /// Which one to change.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
    /// Its new name.
    name: Option<String>,
    /// Its new type: only while no record has a value of it.
    #[graphql(name = "type")]
    value_type: Option<CustomFieldType>,
    /// Options that shall be called something else; the values that records have go with them.
    #[graphql(default)]
    rename_options: Vec<RenameOptionInput>,
    /// All options that it shall have, in their order, after some were renamed. One that records have cannot go.
    options: Option<Vec<String>>,
}

/// An option and what it shall be called.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RenameOptionInput {
    /// What it is called.
    from: String,
    /// What it shall be called.
    to: String,
}

/// A changed custom field.
#[derive(SimpleObject)]
pub(crate) struct UpdateCustomFieldPayload {
    /// The field.
    custom_field: CustomField,
}

/// The input of `deleteCustomField`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DeleteCustomFieldInput {
    /// Which one to delete.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
}

/// A deleted custom field.
#[derive(SimpleObject)]
pub(crate) struct DeleteCustomFieldPayload {
    /// The id that it had.
    deleted_id: ID,
}

/// The queries about custom fields.
#[derive(Default)]
pub(crate) struct CustomFieldsQuery;

#[Object]
impl CustomFieldsQuery {
    /// The custom field of an id, or null.
    async fn custom_field(&self, ctx: &Context<'_>, id: ID) -> Result<Option<CustomField>> {
        by_id(ctx, &id).await
    }

    /// The custom fields of people, of transactions or of both, by name; there are at most 200 of each.
    #[graphql(complexity = "crate::cost::about(50, child_complexity)")]
    async fn custom_fields(&self, ctx: &Context<'_>, target: Option<CustomFieldTarget>) -> Result<Vec<CustomField>> {
        let fields = stored::list(&session(ctx)?.reader(), target.map(stored::Target::from)).await?;
        Ok(fields.into_iter().map(transfer::custom_fields::to_graphql).collect())
    }
}

/// The mutations of custom fields.
#[derive(Default)]
pub(crate) struct CustomFieldsMutation;

#[Object]
impl CustomFieldsMutation {
    /// Makes a custom field.
    async fn create_custom_field(
        &self,
        ctx: &Context<'_>,
        input: CreateCustomFieldInput,
    ) -> Result<CreateCustomFieldPayload> {
        let writer = session(ctx)?.writer(Right::Fields)?;
        let CreateCustomFieldInput { target, name, value_type, options } = input;
        let new = stored::NewCustomField { target: target.into(), name, value_type: value_type.into(), options };
        let field = stored::create(&writer, new).await?;
        Ok(CreateCustomFieldPayload { custom_field: transfer::custom_fields::to_graphql(field) })
    }

    /// Changes a custom field.
    async fn update_custom_field(
        &self,
        ctx: &Context<'_>,
        input: UpdateCustomFieldInput,
    ) -> Result<UpdateCustomFieldPayload> {
        let writer = session(ctx)?.writer(Right::Fields)?;
        let UpdateCustomFieldInput { id, version, name, value_type, rename_options, options } = input;
        let edit = stored::CustomFieldEdit {
            id: Kind::CustomField.expect(&id)?,
            version,
            name,
            value_type: value_type.map(stored::ValueType::from),
            renamed_options: rename_options.into_iter().map(|RenameOptionInput { from, to }| (from, to)).collect(),
            options,
        };
        let field = stored::update(&writer, edit).await?;
        Ok(UpdateCustomFieldPayload { custom_field: transfer::custom_fields::to_graphql(field) })
    }

    /// Puts a custom field into the trash: its values are neither shown nor found any more.
    async fn delete_custom_field(
        &self,
        ctx: &Context<'_>,
        input: DeleteCustomFieldInput,
    ) -> Result<DeleteCustomFieldPayload> {
        let writer = session(ctx)?.writer(Right::Fields)?;
        let DeleteCustomFieldInput { id, version } = input;
        let deleted = stored::delete(&writer, Kind::CustomField.expect(&id)?, version).await?;
        Ok(DeleteCustomFieldPayload { deleted_id: Kind::CustomField.global(deleted).into() })
    }
}

/// The custom field of a global id, or nothing, whatever the id is.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<CustomField>> {
    let reader = session(ctx)?.reader();
    let Some(id) = Kind::CustomField.parse(id) else { return Ok(None) };
    Ok(stored::by_ids(&reader, &[id]).await?.pop().map(transfer::custom_fields::to_graphql))
}

/// The custom values of a person or a transaction, by the name of the field.
pub(crate) async fn values_of(ctx: &Context<'_>, item: Uuid) -> Result<Vec<CustomValue>> {
    let loader = ctx.data_unchecked::<DataLoader<Loads>>();
    let found = loader.load_one(CustomValuesOf(item)).await.map_err(|error| (*error).clone())?;
    Ok(found.unwrap_or_default().into_iter().map(transfer::custom_fields::value).collect())
}
