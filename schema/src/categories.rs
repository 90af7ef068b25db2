//! Categories in GraphQL.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject};
use storage::Order;
use storage::query::categories as stored;
use uuid::Uuid;

use crate::error::Result;
use crate::id::Kind;
use crate::loader::{CategoriesOf, Loads};
use crate::page::{List, PageArguments, connection};
use crate::root::session;
use crate::scalar::DateTime;
use crate::transfer;

/// A named group of people and transactions.
#[derive(Clone, SimpleObject)]
pub(crate) struct Category {
    /// Its global id.
    pub(crate) id: ID,
    /// Counts the changes, from 1.
    pub(crate) version: i64,
    /// Its name, unique in the account whatever its case.
    pub(crate) name: String,
    /// When it was made.
    pub(crate) created_at: DateTime,
    /// When it was changed last.
    pub(crate) updated_at: DateTime,
}

/// What a connection of categories knows beside its edges.
pub(crate) struct Categories;

#[Object(name = "CategoriesSummary")]
impl Categories {
    /// How many categories there are, on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(stored::count(&session(ctx)?.reader()).await?)
    }
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
    #[graphql(complexity = "1 + crate::root::page_cost(first, last) * child_complexity")]
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
        Ok(connection(ordered, page, &request, Categories, place, transfer::categories::client))
    }
}

/// The categories of an item, by name; those of all items of a list are read by one statement.
pub(crate) async fn of_item(ctx: &Context<'_>, item: Uuid) -> Result<Vec<Category>> {
    let loader = ctx.data_unchecked::<DataLoader<Loads>>();
    let found = loader.load_one(CategoriesOf(item)).await.map_err(|error| (*error).clone())?;
    Ok(found.unwrap_or_default().into_iter().map(transfer::categories::client).collect())
}

/// The category of a global id, or nothing, whatever the id is.
pub(crate) async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Category>> {
    let reader = session(ctx)?.reader();
    let Some(id) = Kind::Category.parse(id) else { return Ok(None) };
    Ok(stored::by_ids(&reader, &[id]).await?.pop().map(transfer::categories::client))
}
