//! Messages: from clients to the database and back.

use service::Kind;
use storage::operators::Problem;
use storage::query::messages as stored;

use crate::associations::subjects;
use crate::error::Result;
use crate::messages::{CreateMessageInput, Message, MessageFile, MessageFileInput, OperatorProblem};
use crate::scalar::{DateTime, Text};

/// The input of a client as storage takes it. Errors: `NOT_FOUND` for ids of nothing.
pub(crate) fn new(input: CreateMessageInput) -> Result<stored::NewMessage> {
    let CreateMessageInput { title, body, emailed_from, emailed_to, files, categories, associations, operators: _ } =
        input;
    let text = stored::Text { title, body, emailed_from, emailed_to };
    let files = files.into_iter().map(new_file).collect();
    Ok(stored::NewMessage { text, files, categories, associations: subjects(&associations)? })
}

pub(crate) fn new_file(input: MessageFileInput) -> stored::File {
    let MessageFileInput { name, url, media_type } = input;
    stored::File { name, url, media_type }
}

/// A message of the database as clients see it.
pub(crate) fn to_graphql(message: stored::Message) -> Message {
    let stored::Message {
        account_id: _,
        id,
        title,
        body,
        emailed_from,
        emailed_to,
        sort_key: _,
        names_text: _,
        search_text: _,
        created_by,
        version,
        created_at,
        updated_at,
        deleted_at: _,
    } = message;
    Message {
        id: Kind::Message.global(id).into(),
        version,
        title,
        body: body.map(Text::from),
        emailed_from,
        emailed_to,
        created_at: DateTime(created_at),
        updated_at: DateTime(updated_at),
        key: id,
        creator_key: created_by,
    }
}

/// A file of the database as clients see it.
pub(crate) fn file(file: stored::File) -> MessageFile {
    let stored::File { name, url, media_type } = file;
    MessageFile { name, url, media_type }
}

/// An operator that could not be obeyed, as clients see it.
pub(crate) fn problem(problem: Problem) -> OperatorProblem {
    let Problem { line, column, reason } = problem;
    OperatorProblem { line, column, reason }
}
