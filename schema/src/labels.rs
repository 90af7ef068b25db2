//! Labels in GraphQL: one's own, which nobody else sees.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use service::{Kind, Right, name_or_id};
use storage::query::labels as stored;
use uuid::Uuid;

use crate::context::session;
use crate::error::Result;
use crate::items::items;
use crate::loader::{LabelsOf, Loads};
use crate::scalar::DateTime;
use crate::transfer;

/// A private mark of the signed-in user, on people, transactions, events and messages.
#[derive(Clone, SimpleObject)]
pub(crate) struct Label {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1; send it with an update to learn whether it is stale.
    pub(crate) version: i64,
    /// Its name, unique among the labels of the user whatever its case.
    pub(crate) name: String,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When it was changed last.
    pub(crate) updated_at: DateTime,
}

/// The input of `createLabel`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateLabelInput {
    /// Its name.
    name: String,
}

/// A created label.
#[derive(SimpleObject)]
pub(crate) struct CreateLabelPayload {
    /// The label.
    label: Label,
}

/// The input of `updateLabel`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateLabelInput {
    /// Which one to rename.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
    /// Its new name.
    name: String,
}

/// A changed label.
#[derive(SimpleObject)]
pub(crate) struct UpdateLabelPayload {
    /// The label.
    label: Label,
}

/// The input of `deleteLabel`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DeleteLabelInput {
    /// Which one to delete.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
}

/// A deleted label.
#[derive(SimpleObject)]
pub(crate) struct DeleteLabelPayload {
    /// The id that it had.
    deleted_id: ID,
}

/// The input of `addLabel`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct AddLabelInput {
    /// The people, transactions, events and messages to mark, at most 1,000.
    items: Vec<ID>,
    /// The names or ids of labels, at most 100; a name that you have no label of makes one.
    labels: Vec<String>,
}

/// Labels that were put on items.
#[derive(SimpleObject)]
pub(crate) struct AddLabelPayload {
    /// The labels, by name.
    labels: Vec<Label>,
}

/// The input of `removeLabel`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RemoveLabelInput {
    /// The people, transactions, events and messages to take them from, at most 1,000.
    items: Vec<ID>,
    /// The names or ids of labels, at most 100.
    labels: Vec<String>,
}

/// Labels that were taken from items.
#[derive(SimpleObject)]
pub(crate) struct RemoveLabelPayload {
    /// The labels, by name.
    labels: Vec<Label>,
}

/// The queries about labels.
#[derive(Default)]
pub(crate) struct LabelsQuery;

#[Object]
impl LabelsQuery {
    /// The label of an id, or null; also for the label of another user.
    async fn label(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Label>> {
        by_id(ctx, &id).await
    }

    /// One's own labels, by name.
    #[graphql(complexity = "crate::cost::about(50, child_complexity)")]
    async fn labels(&self, ctx: &Context<'_>) -> Result<Vec<Label>> {
        let labels = stored::list(&session(ctx)?.reader()).await?;
        Ok(labels.into_iter().map(transfer::labels::to_graphql).collect())
    }
}

/// The mutations of labels.
#[derive(Default)]
pub(crate) struct LabelsMutation;

#[Object]
impl LabelsMutation {
    /// Makes a label of one's own.
    async fn create_label(&self, ctx: &Context<'_>, input: CreateLabelInput) -> Result<CreateLabelPayload> {
        let writer = session(ctx)?.writer(Right::Labels)?;
        let label = stored::create(&writer, &input.name).await?;
        Ok(CreateLabelPayload { label: transfer::labels::to_graphql(label) })
    }

    /// Renames a label of one's own.
    async fn update_label(&self, ctx: &Context<'_>, input: UpdateLabelInput) -> Result<UpdateLabelPayload> {
        let writer = session(ctx)?.writer(Right::Labels)?;
        let UpdateLabelInput { id, version, name } = input;
        let label = stored::rename(&writer, Kind::Label.expect(&id)?, version, &name).await?;
        Ok(UpdateLabelPayload { label: transfer::labels::to_graphql(label) })
    }

    /// Deletes a label of one's own, for good and from all items.
    async fn delete_label(&self, ctx: &Context<'_>, input: DeleteLabelInput) -> Result<DeleteLabelPayload> {
        let writer = session(ctx)?.writer(Right::Labels)?;
        let DeleteLabelInput { id, version } = input;
        let deleted = stored::delete(&writer, Kind::Label.expect(&id)?, version).await?;
        Ok(DeleteLabelPayload { deleted_id: Kind::Label.global(deleted).into() })
    }

    /// Puts labels of one's own on items, which count as unchanged.
    async fn add_label(&self, ctx: &Context<'_>, input: AddLabelInput) -> Result<AddLabelPayload> {
        let writer = session(ctx)?.writer(Right::Labels)?;
        let AddLabelInput { items: on, labels } = input;
        let labels: Vec<_> = labels.into_iter().map(|label| name_or_id(Kind::Label, label)).collect();
        let labels = stored::add(&writer, &items(&on)?, &labels).await?;
        Ok(AddLabelPayload { labels: labels.into_iter().map(transfer::labels::to_graphql).collect() })
    }

    /// Takes labels of one's own from items, which count as unchanged.
    async fn remove_label(&self, ctx: &Context<'_>, input: RemoveLabelInput) -> Result<RemoveLabelPayload> {
        let writer = session(ctx)?.writer(Right::Labels)?;
        let RemoveLabelInput { items: from, labels } = input;
        let labels: Vec<_> = labels.into_iter().map(|label| name_or_id(Kind::Label, label)).collect();
        let labels = stored::remove(&writer, &items(&from)?, &labels).await?;
        Ok(RemoveLabelPayload { labels: labels.into_iter().map(transfer::labels::to_graphql).collect() })
    }
}

/// The label of a global id, or nothing, whatever the id is.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Label>> {
    let reader = session(ctx)?.reader();
    let Some(id) = Kind::Label.parse(id) else { return Ok(None) };
    Ok(stored::by_ids(&reader, &[id]).await?.pop().map(transfer::labels::to_graphql))
}

/// One's own labels on an item, by name.
pub(crate) async fn of_item(ctx: &Context<'_>, item: Uuid) -> Result<Vec<Label>> {
    let loader = ctx.data_unchecked::<DataLoader<Loads>>();
    let found = loader.load_one(LabelsOf(item)).await.map_err(|error| (*error).clone())?;
    Ok(found.unwrap_or_default().into_iter().map(transfer::labels::to_graphql).collect())
}
