//! Look-ups that many fields of one request need, each collected into one statement.

use std::collections::{BTreeSet, HashMap};
use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::task::AtomicWaker;
use service::Session;
use storage::query::{
    associations, categories, custom_fields, custom_values, email_templates, event_templates, events, imports, labels,
    messages, people, transactions, users,
};
use storage::{ItemKind, Order, Page, PageRequest, Reader, View};
use uuid::Uuid;

use crate::associations::Subject;
use crate::email_templates::EmailTemplate;
use crate::error::Error;
use crate::people::Person;
use crate::transfer;

/// Loads for one session, and so for one account.
pub(crate) struct Loads {
    reader: Reader,
}

/// The person of a transaction that was read, by id.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PersonById(pub(crate) Uuid);

/// A user by id.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct UserById(pub(crate) Uuid);

/// An import by id, whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ImportById(pub(crate) Uuid);

/// An e-mail template by id.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct EmailTemplateById(pub(crate) Uuid);

/// The items of an event template.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ItemsOf(pub(crate) Uuid);

/// The categories of an item.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CategoriesOf(pub(crate) Uuid);

/// The labels of the viewer on an item.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LabelsOf(pub(crate) Uuid);

/// The custom values of a person or a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CustomValuesOf(pub(crate) Uuid);

/// The options of a custom field.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct OptionsOf(pub(crate) Uuid);

/// A page of what belongs to a parent; all parents of a list ask for the same page, and get it by one statement.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Slice<F> {
    pub(crate) parent: Uuid,
    pub(crate) filter: F,
    pub(crate) order: Order,
    pub(crate) request: PageRequest,
}

/// The transactions of a person, in a stage or in all.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct TransactionsOf(pub(crate) Slice<Option<transactions::Stage>>);

/// The events in a view of a person or a transaction, done or not where it matters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct EventsOf(pub(crate) Slice<(View, Option<events::Progress>)>);

/// The messages of a person or a transaction.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct MessagesOf(pub(crate) Slice<()>);

/// The files of a message.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FilesOf(pub(crate) Uuid);

/// The people and transactions that an event or a message belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SubjectsOf(pub(crate) Uuid);

/// The steps of a transaction from stage to stage.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct StepsOf(pub(crate) Uuid);

/// The ids of the users who manage a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ManagersOf(pub(crate) Uuid);

/// The batches of a request's loader that have not begun. They begin when the request can go no further without them:
/// by then every field of a level has asked for what it needs, on a machine of any speed.
#[derive(Clone, Default)]
pub(crate) struct Batches(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl Batches {
    /// The loader of a request, whose batches [`Batches::drive`] runs.
    pub(crate) fn loader(&self, session: &Session) -> DataLoader<Loads> {
        let waiting = Arc::clone(&self.0);
        let begin_later = move |batch| waiting.lock().expect("nobody panics while holding it").push(batch);
        // Its own ways of collecting are to wait a millisecond, or to begin whenever a thread is free.
        DataLoader::new(Loads { reader: session.reader() }, begin_later)
            .delay(Duration::ZERO)
            .max_batch_size(usize::MAX)
    }

    /// Runs a request together with the batches that it needs, a level at a time.
    pub(crate) async fn drive<T>(self, request: impl Future<Output = T>) -> T {
        let mut request = pin!(request);
        let mut running = FuturesUnordered::new();
        let calls = Arc::new(Calls::default());
        poll_fn(move |context| {
            calls.task.register(context.waker());
            let waker = Waker::from(Arc::clone(&calls));
            for _ in 0..LOOKS {
                // A request of many fields looks at some of them, calls itself, and looks at the others.
                if calls.any.swap(false, Ordering::AcqRel) {
                    if let Poll::Ready(answer) = request.as_mut().poll(&mut Context::from_waker(&waker)) {
                        return Poll::Ready(answer);
                    }
                    continue;
                }
                if running.is_empty() {
                    running.extend(mem::take(&mut *self.0.lock().expect("nobody panics while holding it")));
                }
                match running.poll_next_unpin(context) {
                    Poll::Ready(Some(())) => {}
                    Poll::Ready(None) | Poll::Pending if calls.any.load(Ordering::Acquire) => {}
                    Poll::Ready(None) | Poll::Pending => return Poll::Pending,
                }
            }
            // Others have their turn: tokio gives no task more until it has let them.
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }
}

/// How often a request is looked at before other tasks have their turn.
const LOOKS: usize = 64;

/// Whether a request was called to go on since it was looked at last.
struct Calls {
    any: AtomicBool,
    task: AtomicWaker,
}

/// A request begins by being looked at.
impl Default for Calls {
    fn default() -> Self {
        Self { any: AtomicBool::new(true), task: AtomicWaker::new() }
    }
}

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.any.store(true, Ordering::Release);
        self.task.wake();
    }
}

type Loaded<K, V> = Result<HashMap<K, V>, Arc<Error>>;

impl Loader<PersonById> for Loads {
    type Value = Person;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PersonById]) -> Loaded<PersonById, Person> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = people::of_transactions(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|person| (PersonById(person.id), transfer::people::to_graphql(person))).collect())
    }
}

impl Loader<UserById> for Loads {
    type Value = users::User;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[UserById]) -> Loaded<UserById, users::User> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = users::by_ids(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|user| (UserById(user.id), user)).collect())
    }
}

impl Loader<ImportById> for Loads {
    type Value = Arc<imports::Import>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ImportById]) -> Loaded<ImportById, Arc<imports::Import>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = imports::by_ids(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|import| (ImportById(import.id), Arc::new(import))).collect())
    }
}

impl Loader<EmailTemplateById> for Loads {
    type Value = EmailTemplate;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[EmailTemplateById]) -> Loaded<EmailTemplateById, EmailTemplate> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = email_templates::by_ids(&self.reader, &ids).await.map_err(shared)?;
        let client = transfer::email_templates::to_graphql;
        Ok(found.into_iter().map(|template| (EmailTemplateById(template.id), client(template))).collect())
    }
}

impl Loader<ItemsOf> for Loads {
    type Value = Vec<event_templates::TemplateItem>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ItemsOf]) -> Loaded<ItemsOf, Vec<event_templates::TemplateItem>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = event_templates::items_of(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|(id, items)| (ItemsOf(id), items)).collect())
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

impl Loader<LabelsOf> for Loads {
    type Value = Vec<labels::Label>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[LabelsOf]) -> Loaded<LabelsOf, Vec<labels::Label>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = labels::of_items(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|(id, labels)| (LabelsOf(id), labels)).collect())
    }
}

impl Loader<CustomValuesOf> for Loads {
    type Value = Vec<custom_values::CustomValue>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[CustomValuesOf]) -> Loaded<CustomValuesOf, Vec<custom_values::CustomValue>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = custom_values::values_of(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|(id, values)| (CustomValuesOf(id), values)).collect())
    }
}

impl Loader<OptionsOf> for Loads {
    type Value = Vec<String>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[OptionsOf]) -> Loaded<OptionsOf, Vec<String>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = custom_fields::options_of(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|(id, options)| (OptionsOf(id), options)).collect())
    }
}

impl Loader<TransactionsOf> for Loads {
    type Value = Page<transactions::Transaction>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TransactionsOf]) -> Loaded<TransactionsOf, Page<transactions::Transaction>> {
        let mut loaded = HashMap::new();
        for (slice, parents) in by_slice(keys.iter().map(|key| &key.0)) {
            let Slice { filter: stage, order, request, .. } = slice;
            let read = transactions::of_people(&self.reader, &parents, *stage, *order, request);
            for (parent, page) in read.await.map_err(shared)? {
                loaded.insert(TransactionsOf(Slice { parent, ..slice.clone() }), page);
            }
        }
        Ok(loaded)
    }
}

impl Loader<EventsOf> for Loads {
    type Value = Page<events::Event>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[EventsOf]) -> Loaded<EventsOf, Page<events::Event>> {
        let mut loaded = HashMap::new();
        for (slice, parents) in by_slice(keys.iter().map(|key| &key.0)) {
            let Slice { filter: (view, progress), order, request, .. } = slice;
            let read = events::of_subjects(&self.reader, &parents, view, *progress, *order, request);
            for (parent, page) in read.await.map_err(shared)? {
                loaded.insert(EventsOf(Slice { parent, ..slice.clone() }), page);
            }
        }
        Ok(loaded)
    }
}

impl Loader<MessagesOf> for Loads {
    type Value = Page<messages::Message>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[MessagesOf]) -> Loaded<MessagesOf, Page<messages::Message>> {
        let (mut loaded, view) = (HashMap::new(), View::default());
        for (slice, parents) in by_slice(keys.iter().map(|key| &key.0)) {
            let read = messages::of_subjects(&self.reader, &parents, &view, slice.order, &slice.request);
            for (parent, page) in read.await.map_err(shared)? {
                loaded.insert(MessagesOf(Slice { parent, ..slice.clone() }), page);
            }
        }
        Ok(loaded)
    }
}

impl Loader<FilesOf> for Loads {
    type Value = Vec<messages::File>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[FilesOf]) -> Loaded<FilesOf, Vec<messages::File>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = messages::files_of(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|(id, files)| (FilesOf(id), files)).collect())
    }
}

impl Loader<SubjectsOf> for Loads {
    type Value = Vec<Subject>;
    type Error = Arc<Error>;

    /// One statement for the associations, and one for each kind of subject.
    async fn load(&self, keys: &[SubjectsOf]) -> Loaded<SubjectsOf, Vec<Subject>> {
        let items: Vec<_> = keys.iter().map(|key| key.0).collect();
        let subjects = associations::subjects_of(&self.reader, &items).await.map_err(shared)?;
        let of_kind = |kind| {
            let subjects = subjects.values().flatten().filter(|subject| subject.kind == kind);
            subjects.map(|subject| subject.id).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        };
        let people = people::by_ids(&self.reader, &of_kind(ItemKind::Person)).await.map_err(shared)?;
        let transactions = transactions::by_ids(&self.reader, &of_kind(ItemKind::Transaction)).await.map_err(shared)?;
        let people = people.into_iter().map(|row| (row.id, Subject::Person(transfer::people::to_graphql(row))));
        let transactions =
            transactions.into_iter().map(|row| (row.id, Subject::Transaction(transfer::transactions::to_graphql(row))));
        let found: HashMap<_, _> = people.chain(transactions).collect();
        let loaded = subjects.into_iter().map(|(item, subjects)| {
            let subjects = subjects.iter().filter_map(|subject| found.get(&subject.id).cloned());
            (SubjectsOf(item), subjects.collect())
        });
        Ok(loaded.collect())
    }
}

impl Loader<StepsOf> for Loads {
    type Value = Vec<transactions::Step>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[StepsOf]) -> Loaded<StepsOf, Vec<transactions::Step>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = transactions::steps_of(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|(id, steps)| (StepsOf(id), steps)).collect())
    }
}

impl Loader<ManagersOf> for Loads {
    type Value = Vec<Uuid>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ManagersOf]) -> Loaded<ManagersOf, Vec<Uuid>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = transactions::managers_of(&self.reader, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|(id, managers)| (ManagersOf(id), managers)).collect())
    }
}

/// The slices that differ in more than their parent, each with its parents.
fn by_slice<'k, F: Eq>(keys: impl Iterator<Item = &'k Slice<F>>) -> Vec<(&'k Slice<F>, Vec<Uuid>)> {
    let mut slices: Vec<(&Slice<F>, Vec<Uuid>)> = Vec::new();
    for key in keys {
        let same =
            |slice: &Slice<F>| slice.filter == key.filter && slice.order == key.order && slice.request == key.request;
        match slices.iter_mut().find(|(slice, _)| same(slice)) {
            Some((_, parents)) => parents.push(key.parent),
            None => slices.push((key, vec![key.parent])),
        }
    }
    slices
}

/// Everybody who waits for the same statement gets the same error.
fn shared(error: storage::Error) -> Arc<Error> {
    Arc::new(error.into())
}
