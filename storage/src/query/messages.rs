//! Messages: reading, creating, updating and deleting them.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::contact::indexed;
use crate::derived::text_of_message;
pub use crate::entity::messages::Model as Message;
use crate::entity::{message_files, messages};
use crate::error::{Error, Result};
use crate::filter::of_view;
use crate::fold::fold;
use crate::handle::{Reader, Unit, Writer};
use crate::item::{Item, ItemKind};
use crate::outbox::{Noun, Verb};
use crate::page::{Order, Page, PageRequest};
use crate::query::{associations, categories};
use crate::reading::Load;
use crate::record::{self, IDS_A_STATEMENT, recorded};
use crate::text::lines;
use crate::text::{self, LINE_LIMIT};
use crate::view::View;

/// The longest addresses that an e-mail came from or went to, and the longest address of a file, in characters.
const ADDRESSES_LIMIT: usize = 2_000;
/// How many files a message may have.
const FILES_LIMIT: usize = 100;
/// How much of a body its sort key is made of, in bytes; an index holds less.
const BEGINNING: usize = 4_000;

/// What makes a message.
#[derive(Clone, Debug, Default)]
pub struct NewMessage {
    /// What it says.
    pub text: Text,
    /// Its files.
    pub files: Vec<File>,
    /// The names of its categories; those that are not there are made.
    pub categories: Vec<String>,
    /// The people and transactions that it belongs to.
    pub associations: Vec<Item>,
}

/// A change of a message.
#[derive(Clone, Debug)]
pub struct MessageEdit {
    /// Which one it changes.
    pub id: Uuid,
    /// The version that the caller saw, where it wants a conflict if it is stale.
    pub version: Option<i64>,
    /// The files that it shall have, or `None` to leave them.
    pub files: Option<Vec<File>>,
    /// The categories that it shall be in, or `None` to leave them.
    pub categories: Option<Vec<String>>,
    /// The people and transactions that it shall belong to, or `None` to leave them.
    pub associations: Option<Vec<Item>>,
}

/// What a message says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Its title.
    pub title: Option<String>,
    /// Its body.
    pub body: Option<String>,
    /// The address that an e-mail came from.
    pub emailed_from: Option<String>,
    /// The addresses that an e-mail went to.
    pub emailed_to: Option<String>,
}

/// A file of a message: where it is, not its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// An absolute http or https URL.
    pub url: String,
    /// Its media type (RFC 6838 section 4.2), perhaps with parameters.
    pub media_type: Option<String>,
}

recorded!(messages, "message", by SortKey sort_key, keeps CreatedBy);

impl Text {
    /// The text as it may be stored. Errors: [`Error::Invalid`] without a title and a body, and for one over its limit.
    pub fn cleaned(self) -> Result<Self> {
        let Self { title, body, emailed_from, emailed_to } = self;
        let cleaned = Self {
            title: text::line("title", title, LINE_LIMIT)?,
            body: text::block("body", body)?,
            emailed_from: text::line("emailedFrom", emailed_from, ADDRESSES_LIMIT)?,
            emailed_to: text::line("emailedTo", emailed_to, ADDRESSES_LIMIT)?,
        };
        if cleaned.title.is_none() && cleaned.body.is_none() {
            return Err(Error::invalid("title", "a message needs a title or a body"));
        }
        Ok(cleaned)
    }
}

impl File {
    /// The file as it may be stored. Errors: [`Error::Invalid`] without a name, for an address that is no absolute http
    /// or https URL, for a media type that is none, and for one over its limit.
    pub fn cleaned(self) -> Result<Self> {
        let Self { name, url, media_type } = self;
        let name = text::line("files", Some(name), LINE_LIMIT)?;
        let url = text::line("files", Some(url), ADDRESSES_LIMIT)?.unwrap_or_default();
        let media_type = text::line("files", media_type, LINE_LIMIT)?;
        if !is_web_address(&url) {
            let reason = format!("{url:?} is no address of a file; write it like https://example.com/plan.pdf");
            return Err(Error::invalid("files", reason));
        }
        if let Some(wrong) = media_type.as_ref().filter(|text| !is_media_type(text)) {
            let reason = format!("{wrong:?} is no media type; write it like application/pdf");
            return Err(Error::invalid("files", reason));
        }
        Ok(Self { name: name.ok_or_else(|| Error::invalid("files", "a file needs a name"))?, url, media_type })
    }
}

impl Message {
    /// What it says.
    pub fn text(&self) -> Text {
        Text {
            title: self.title.clone(),
            body: self.body.clone(),
            emailed_from: self.emailed_from.clone(),
            emailed_to: self.emailed_to.clone(),
        }
    }
}

/// A page of the messages of a view. Errors: as [`crate::query::people::list`].
pub async fn list(reader: &Reader, view: &View, order: Order, request: &PageRequest) -> Result<Page<Message>> {
    let scope = reader.scope_for(Load::of(view));
    let query = of_view::<messages::Entity>(&scope, view).await?;
    record::listed(&scope, query, order, request).await
}

/// How many messages a view holds.
pub async fn count(reader: &Reader, view: &View) -> Result<u64> {
    let scope = reader.scope_for(Load::of_count(view));
    let query = of_view::<messages::Entity>(&scope, view).await?;
    super::count(&scope, query).await
}

/// The messages with these ids; one that is not there is left out.
pub async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Message>> {
    record::by_ids::<messages::Entity>(&reader.scope(), ids).await
}

/// A page of the messages in a view of each of these people and transactions, read by one statement. A person's are also
/// those of their transactions, each once.
pub async fn of_subjects(
    reader: &Reader,
    subjects: &[Uuid],
    view: &View,
    order: Order,
    request: &PageRequest,
) -> Result<HashMap<Uuid, Page<Message>>> {
    let scope = reader.scope_for(Load::of_pages(subjects.len(), request));
    let query = of_view::<messages::Entity>(&scope, view).await?;
    associations::children(&scope, query, subjects, order, request).await
}

/// The files of each of these messages, in their order.
pub async fn files_of(reader: &Reader, messages: &[Uuid]) -> Result<HashMap<Uuid, Vec<File>>> {
    use message_files::{Column, Entity, Model};
    let scope = reader.scope();
    let mut files: HashMap<_, Vec<_>> = HashMap::new();
    for ids in messages.chunks(IDS_A_STATEMENT) {
        let query = Entity::find().filter(Column::AccountId.eq(scope.account));
        let query = query.filter(Column::MessageId.is_in(ids.iter().copied())).order_by_asc(Column::Place);
        for row in query.all(&scope.on).await? {
            let Model { account_id: _, message_id, place: _, name, url, media_type } = row;
            files.entry(message_id).or_default().push(File { name, url, media_type });
        }
    }
    Ok(files)
}

/// Makes a message. Errors: [`Error::NotFound`] for an association that is not there, [`Error::Invalid`].
pub async fn create(writer: &Writer, new: NewMessage) -> Result<Message> {
    let new = &new;
    writer.write(|unit| async move { create_in(&unit, new.clone()).await }).await
}

/// Changes a message: `edit` gets the text as it is.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale, [`Error::Invalid`].
pub async fn update(writer: &Writer, change: MessageEdit, edit: impl Fn(&mut Text) + Sync) -> Result<Message> {
    let (change, edit) = (&change, &edit);
    writer
        .write(|unit| async move {
            let MessageEdit { id, version, files, categories, associations } = change;
            let item = ItemKind::Message.item(*id);
            // The subjects before the item, as whoever renames them takes their locks in that order.
            let names = match associations {
                Some(subjects) => Some(associations::hold(&unit, subjects).await?),
                None => None,
            };
            let message = record::for_change::<messages::Entity>(&unit, *id, *version).await?;
            let mut text = message.text();
            edit(&mut text);
            let message = changed(&unit, message, text.cleaned()?, names);
            record::write::<messages::Entity>(&unit, vec![message.clone()]).await?;
            if let Some(files) = files {
                set_files(&unit, *id, files).await?;
            }
            if let Some(subjects) = associations {
                associations::set(&unit, item, subjects).await?;
            }
            if let Some(names) = categories {
                categories::set(&unit, item, names).await?;
            }
            unit.publish(Noun::Message, Verb::Updated, *id).await?;
            Ok(message)
        })
        .await
}

/// Puts a message into the trash.
///
/// Errors: [`Error::NotFound`], [`Error::Conflict`] where the version is stale.
pub async fn delete(writer: &Writer, id: Uuid, version: Option<i64>) -> Result<Uuid> {
    writer
        .write(|unit| async move {
            record::trash::<messages::Entity>(&unit, id, version).await?;
            unit.publish(Noun::Message, Verb::Deleted, id).await?;
            Ok(id)
        })
        .await
}

/// Makes a message within a unit of work. Errors: as [`create`].
pub(crate) async fn create_in(unit: &Unit, new: NewMessage) -> Result<Message> {
    let NewMessage { text, files, categories, associations } = new;
    let blank = Message {
        account_id: unit.account,
        id: Uuid::now_v7(),
        title: None,
        body: None,
        emailed_from: None,
        emailed_to: None,
        sort_key: String::new(),
        names_text: String::new(),
        search_text: String::new(),
        created_by: unit.user(),
        version: 0,
        created_at: unit.now,
        updated_at: unit.now,
        deleted_at: None,
    };
    let text = text.cleaned()?;
    let names = associations::hold(unit, &associations).await?;
    let message = changed(unit, blank, text, Some(names));
    let item = ItemKind::Message.item(message.id);
    record::write::<messages::Entity>(unit, vec![message.clone()]).await?;
    set_files(unit, message.id, &files).await?;
    associations::set(unit, item, &associations).await?;
    categories::set(unit, item, &categories).await?;
    unit.publish(Noun::Message, Verb::Created, message.id).await?;
    Ok(message)
}

/// A message with another, cleaned text and perhaps other names, at the next version; nothing is written.
fn changed(unit: &Unit, message: Message, text: Text, names_text: Option<String>) -> Message {
    let sort_key = sort_key(&text);
    let Text { title, body, emailed_from, emailed_to } = text;
    let message = Message {
        title,
        body,
        emailed_from,
        emailed_to,
        sort_key,
        names_text: names_text.unwrap_or(message.names_text),
        version: message.version + 1,
        updated_at: unit.after(message.updated_at),
        ..message
    };
    Message { search_text: lines([&text_of_message(&message), &message.names_text]), ..message }
}

/// Gives a message these files and no others. Errors: [`Error::Invalid`].
async fn set_files(unit: &Unit, message: Uuid, files: &[File]) -> Result<()> {
    use message_files::{ActiveModel, Column, Entity};
    if files.len() > FILES_LIMIT {
        let reason = format!("{} files are given, and {FILES_LIMIT} is the most for one message", files.len());
        return Err(Error::invalid("files", reason));
    }
    let files: Vec<_> = files.iter().cloned().map(File::cleaned).collect::<Result<_>>()?;
    Entity::delete_many()
        .filter(Column::AccountId.eq(unit.account))
        .filter(Column::MessageId.eq(message))
        .exec(unit.on())
        .await?;
    if files.is_empty() {
        return Ok(());
    }
    let rows = (0..).zip(files).map(|(place, File { name, url, media_type })| ActiveModel {
        account_id: Set(unit.account),
        message_id: Set(message),
        place: Set(place),
        name: Set(name),
        url: Set(url),
        media_type: Set(media_type),
    });
    Entity::insert_many(rows).exec_without_returning(unit.on()).await?;
    Ok(())
}

/// The folded title, or the beginning of the body.
fn sort_key(text: &Text) -> String {
    let text = text.title.as_deref().or(text.body.as_deref()).unwrap_or_default().trim_start();
    indexed(&fold(&text[..text.floor_char_boundary(BEGINNING)]))
}

/// Whether a text is an absolute http or https URL with a host (RFC 9110 section 4.2), letters beyond ASCII allowed.
fn is_web_address(text: &str) -> bool {
    let scheme_less = text
        .split_once("://")
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"));
    let unfit = |c: char| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(c);
    scheme_less.is_some_and(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        !host.is_empty() && !host.starts_with(':') && !rest.contains(unfit)
    })
}

/// Whether a text is a media type (RFC 9110 section 8.3.1), with parameters or without.
fn is_media_type(text: &str) -> bool {
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let named = essence.trim_end().split_once('/').is_some_and(|(kind, name)| token(kind) && token(name));
    named && !parameters.contains(char::is_control)
}
