//! Look-ups that many fields of one request need, each collected into one statement.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use storage::Reader;
use storage::query::{categories, people};
use uuid::Uuid;

use crate::error::Error;
use crate::session::Session;

/// Loads for one session, and so for one account.
pub(crate) struct Loads {
    reader: Reader,
}

/// A person by id.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PersonById(pub(crate) Uuid);

/// The categories of an item.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CategoriesOf(pub(crate) Uuid);

/// The loader of a request. Without a delay: it takes what the engine asks for at once (by default it waits 1 ms a level).
pub(crate) fn loader(session: &Session) -> DataLoader<Loads> {
    DataLoader::new(Loads { reader: session.reader() }, tokio::spawn).delay(Duration::ZERO)
}

type Loaded<K, V> = Result<HashMap<K, V>, Arc<Error>>;

impl Loader<PersonById> for Loads {
    type Value = people::Person;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PersonById]) -> Loaded<PersonById, people::Person> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = people::by_ids(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|person| (PersonById(person.id), person)).collect())
    }
}

impl Loader<CategoriesOf> for Loads {
    type Value = Vec<categories::Category>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[CategoriesOf]) -> Loaded<CategoriesOf, Vec<categories::Category>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = categories::of_items(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|(id, categories)| (CategoriesOf(id), categories)).collect())
    }
}

/// Everybody who waits for the same statement gets the same error.
fn shared(error: storage::Error) -> Arc<Error> {
    Arc::new(error.into())
}
