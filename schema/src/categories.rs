//! Categories in GraphQL: the type, its queries and its mutations.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use service::{Kind, Right, name_or_id};
use storage::Order;
use storage::query::categories as stored;
use uuid::Uuid;

use crate::context::session;
use crate::error::Result;
use crate::items::items;
use crate::loader::{CategoriesOf, Loads};
use crate::page::{Count, List, PageArguments, connection};
use crate::scalar::DateTime;
use crate::transfer;

/// A named group of people, transactions, events and messages.
#[derive(Clone, SimpleObject)]
pub(crate) struct Category {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1; send it with an update to learn whether it is stale.
    pub(crate) version: i64,
    /// Its name, unique in the account whatever its case.
    pub(crate) name: String,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When it was changed last.
    pub(crate) updated_at: DateTime,
}

/// What a connection of categories knows beside its edges.
#[derive(Default)]
pub(crate) struct Categories {
    count: Count,
}

#[Object(name = "CategoriesSummary")]
impl Categories {
    /// How many categories there are, on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let reader = session(ctx)?.reader();
        self.count.of(stored::count(&reader)).await
    }
}

/// The input of `createCategory`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateCategoryInput {
    /// Its name.
    name: String,
}

/// A created category.
#[derive(SimpleObject)]
pub(crate) struct CreateCategoryPayload {
    /// The category.
    category: Category,
}

/// The input of `updateCategory`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateCategoryInput {
    /// Which one to rename.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
    /// Its new name.
    name: String,
}

/// A changed category.
#[derive(SimpleObject)]
pub(crate) struct UpdateCategoryPayload {
    /// The category.
    category: Category,
}

/// The input of `deleteCategory`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct DeleteCategoryInput {
    /// Which one to delete.
    id: ID,
    /// The version that you saw; with it a change in between is a `CONFLICT`.
    version: Option<i64>,
}

/// A deleted category.
#[derive(SimpleObject)]
pub(crate) struct DeleteCategoryPayload {
    /// The id that it had.
    deleted_id: ID,
}

/// The input of `addToCategory`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct AddToCategoryInput {
    /// The people, transactions, events and messages to put there, at most 1,000.
    items: Vec<ID>,
    /// The name or id of the category; a name that none has makes one.
    category: String,
}

/// A category that items were put into.
#[derive(SimpleObject)]
pub(crate) struct AddToCategoryPayload {
    /// The category.
    category: Category,
}

/// The input of `removeFromCategory`.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RemoveFromCategoryInput {
    /// The people, transactions, events and messages to take out, at most 1,000.
    items: Vec<ID>,
    /// The name or id of the category.
    category: String,
}

/// A category that items were taken out of.
#[derive(SimpleObject)]
pub(crate) struct RemoveFromCategoryPayload {
    /// The category.
    category: Category,
}

/// The queries about categories.
#[derive(Default)]
pub(crate) struct CategoriesQuery;

#[Object]
impl CategoriesQuery {
    /// The category of an id, or null.
    async fn category(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Category>> {
        by_id(ctx, &id).await
    }

    /// The categories by name.
    #[graphql(complexity = "crate::cost::list(first, last, child_complexity)")]
    async fn categories(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Category, Categories, EmptyFields>> {
        let session = session(ctx)?;
        let ordered = List { kind: Kind::Category, order: Order::default() };
        let request = PageArguments { first, after, last, before }.request(ordered)?;
        let page = stored::list(&session.reader(), ordered.order, &request).await?;
        let place = |found: &stored::Category| found.cursor(ordered.order.key);
        Ok(connection(ordered, page, &request, Categories::default(), place, transfer::categories::to_graphql))
    }
}

/// The mutations of categories.
#[derive(Default)]
pub(crate) struct CategoriesMutation;

#[Object]
impl CategoriesMutation {
    /// Makes a category.
    async fn create_category(&self, ctx: &Context<'_>, input: CreateCategoryInput) -> Result<CreateCategoryPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let category = stored::create(&writer, &input.name).await?;
        Ok(CreateCategoryPayload { category: transfer::categories::to_graphql(category) })
    }

    /// Renames a category.
    async fn update_category(&self, ctx: &Context<'_>, input: UpdateCategoryInput) -> Result<UpdateCategoryPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let UpdateCategoryInput { id, version, name } = input;
        let category = stored::rename(&writer, Kind::Category.expect(&id)?, version, &name).await?;
        Ok(UpdateCategoryPayload { category: transfer::categories::to_graphql(category) })
    }

    /// Puts a category into the trash; what is in it stays.
    async fn delete_category(&self, ctx: &Context<'_>, input: DeleteCategoryInput) -> Result<DeleteCategoryPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let DeleteCategoryInput { id, version } = input;
        let deleted = stored::delete(&writer, Kind::Category.expect(&id)?, version).await?;
        Ok(DeleteCategoryPayload { deleted_id: Kind::Category.global(deleted).into() })
    }

    /// Puts items into a category; they count as unchanged.
    async fn add_to_category(&self, ctx: &Context<'_>, input: AddToCategoryInput) -> Result<AddToCategoryPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let AddToCategoryInput { items: added, category } = input;
        let category = name_or_id(Kind::Category, category);
        let category = stored::add_items(&writer, &items(&added)?, &category).await?;
        Ok(AddToCategoryPayload { category: transfer::categories::to_graphql(category) })
    }

    /// Takes items out of a category; they count as unchanged.
    async fn remove_from_category(
        &self,
        ctx: &Context<'_>,
        input: RemoveFromCategoryInput,
    ) -> Result<RemoveFromCategoryPayload> {
        let writer = session(ctx)?.writer(Right::Records)?;
        let RemoveFromCategoryInput { items: removed, category } = input;
        let category = name_or_id(Kind::Category, category);
        let category = stored::remove_items(&writer, &items(&removed)?, &category).await?;
        Ok(RemoveFromCategoryPayload { category: transfer::categories::to_graphql(category) })
    }
}

/// The categories of an item, by name; those of all items of a list are read by one statement.
pub(crate) async fn of_item(ctx: &Context<'_>, item: Uuid) -> Result<Vec<Category>> {
    let loader = ctx.data_unchecked::<DataLoader<Loads>>();
    let found = loader.load_one(CategoriesOf(item)).await.map_err(|error| (*error).clone())?;
    Ok(found.unwrap_or_default().into_iter().map(transfer::categories::to_graphql).collect())
}

/// The category of a global id, or nothing, whatever the id is.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Category>> {
    let reader = session(ctx)?.reader();
    let Some(id) = Kind::Category.parse(id) else { return Ok(None) };
    Ok(stored::by_ids(&reader, &[id]).await?.pop().map(transfer::categories::to_graphql))
}
