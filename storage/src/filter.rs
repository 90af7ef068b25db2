//! What a view means to the database: a condition on each of the four tables of items.
//!
//! Every part of a view becomes a set of ids that an index finds, so that no list reads the whole table of an account
//! to show its first page. Words shorter than three letters are the exception: no index knows them.

use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, Func, LikeExpr, Order, Query, SelectStatement, SimpleExpr, UnionType,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use crate::entity::{
    associations, events, item_categories, item_labels, message_files, messages, people, transaction_managers,
    transactions,
};
use crate::error::Result;
use crate::handle::Scope;
use crate::item::ItemKind;
use crate::named_users;
use crate::page::SortKey;
use crate::query::{categories, labels};
use crate::record::{Recorded, alive, live};
use crate::search::{Amounts, Days, Field, Part, Selector, Sense, Status, Term, Text};
use crate::value::Day;
use crate::view::{Related, View};

/// How many letters a text must have for an index of trigrams to know it.
const TRIGRAM: usize = 3;

/// A table whose rows a view may hold.
pub(crate) trait Viewed: Recorded {
    const KIND: ItemKind;

    fn search_text() -> Self::Column;
    fn created_by() -> Self::Column;
}

macro_rules! viewed {
    ($table:ident, $kind:ident) => {
        impl Viewed for $table::Entity {
            const KIND: ItemKind = ItemKind::$kind;

            fn search_text() -> Self::Column {
                $table::Column::SearchText
            }

            fn created_by() -> Self::Column {
                $table::Column::CreatedBy
            }
        }
    };
}
viewed!(people, Person);
viewed!(transactions, Transaction);
viewed!(events, Event);
viewed!(messages, Message);

/// The live records of a view.
///
/// Errors: [`crate::Error::NotFound`] for a category, label or user that is not there, so that a typing error is no empty
/// list.
pub(crate) async fn of_view<E: Viewed>(scope: &Scope<'_>, view: &View) -> Result<Select<E>> {
    scope.turn().await;
    let View { search, category, label, user, stage, person, transaction, related, from, to } = view;
    let mut all = Condition::all();
    if let Some(category) = category {
        all = all.add(in_category::<E>(scope, &[categories::find(scope, category).await?]));
    }
    if let Some(label) = label {
        all = all.add(with_label::<E>(scope, &[labels::find(scope, label).await?]));
    }
    if let Some(user) = user {
        all = all.add(of_users::<E>(scope, &named_users::find(scope, user).await?));
    }
    match (stage, E::KIND) {
        (None, _) | (Some(_), ItemKind::Person) => {}
        (Some(stage), _) => all = all.add(of_transactions::<E>(scope, transactions::Column::Stage.eq(*stage))),
    }
    if let Some(person) = person {
        all = all.add(of_people::<E>(scope, people::Column::Id.eq(*person)));
    }
    if let Some(transaction) = transaction {
        all = all.add(of_transactions::<E>(scope, transactions::Column::Id.eq(*transaction)));
    }
    if let Some(related) = related {
        // Boxed, as a future cannot hold itself.
        let subjects = match &**related {
            Related::ToPeople(view) => {
                let people = Box::pin(of_view::<people::Entity>(scope, view)).await?;
                ids_of_people(scope, || ids_in(people.clone()))
            }
            Related::ToTransactions(view) => ids_in(Box::pin(of_view::<transactions::Entity>(scope, view)).await?),
        };
        all = all.add(associated_with::<E>(scope, subjects));
    }
    if let Some(from) = from {
        all = all.add(since::<E>(scope, *from));
    }
    if let Some(to) = to {
        all = all.add(before::<E>(scope, to.next()));
    }
    let (texts, others): (Vec<_>, Vec<_>) = search.parts().iter().partition(|part| is_wanted_text(part));
    let has_texts = search.parts().iter().any(|part| matches!(part.term, Term::Text(_)));
    let authors = if E::KIND == ItemKind::Message && has_texts { named_users::names(scope).await? } else { Vec::new() };
    all = all.add(with_texts::<E>(scope, texts, &authors));
    for part in others {
        all = all.add(condition_for::<E>(scope, part, &authors).await?);
    }
    Ok(live::<E>(scope).filter(all))
}

/// Items that are in one of these categories.
fn in_category<E: Viewed>(scope: &Scope<'_>, categories: &[Uuid]) -> SimpleExpr {
    use item_categories::{Column, Entity};
    let members = Entity::find()
        .select_only()
        .column(Column::ItemId)
        .filter(Column::AccountId.eq(scope.account))
        .filter(Column::CategoryId.is_in(categories.iter().copied()))
        .filter(Column::Kind.eq(E::KIND));
    E::id().in_subquery(members.into_query())
}

/// Items that bear one of these labels.
fn with_label<E: Viewed>(scope: &Scope<'_>, labels: &[Uuid]) -> SimpleExpr {
    use item_labels::{Column, Entity};
    let members = Entity::find()
        .select_only()
        .column(Column::ItemId)
        .filter(Column::AccountId.eq(scope.account))
        .filter(Column::LabelId.is_in(labels.iter().copied()))
        .filter(Column::Kind.eq(E::KIND));
    E::id().in_subquery(members.into_query())
}

/// Items that one of these users made, manages or owns: a set for each index, as an OR would use none of them.
fn of_users<E: Viewed>(scope: &Scope<'_>, users: &[Uuid]) -> SimpleExpr {
    let users = || users.iter().copied();
    let made = E::created_by().is_in(users());
    match E::KIND {
        // It is never null, so that it can be negated.
        ItemKind::Person | ItemKind::Message => E::created_by().is_not_null().and(made),
        ItemKind::Transaction => {
            use transaction_managers::{Column, Entity};
            let managed = Entity::find()
                .select_only()
                .column(Column::TransactionId)
                .filter(Column::AccountId.eq(scope.account))
                .filter(Column::UserId.is_in(users()));
            let mut theirs = ids::<E>(scope, made);
            theirs.union(UnionType::All, managed.into_query());
            E::id().in_subquery(theirs)
        }
        ItemKind::Event => {
            let mut theirs = ids::<E>(scope, made);
            theirs.union(UnionType::All, ids::<events::Entity>(scope, events::Column::OwnerId.is_in(users())));
            E::id().in_subquery(theirs)
        }
    }
}

/// Items of the people for whom a condition holds: themselves, their transactions, or what is associated with either.
fn of_people<E: Viewed>(scope: &Scope<'_>, condition: SimpleExpr) -> SimpleExpr {
    let people = || ids::<people::Entity>(scope, condition.clone());
    match E::KIND {
        ItemKind::Person => condition,
        ItemKind::Transaction => transactions::Column::PersonId.in_subquery(people()),
        ItemKind::Event | ItemKind::Message => associated_with::<E>(scope, ids_of_people(scope, people)),
    }
}

/// The ids of the records of a query.
fn ids_in<E: Viewed>(query: Select<E>) -> SelectStatement {
    query.select_only().column(E::id()).into_query()
}

/// The ids of people and of their transactions.
fn ids_of_people(scope: &Scope<'_>, people: impl Fn() -> SelectStatement) -> SelectStatement {
    let theirs = ids::<transactions::Entity>(scope, transactions::Column::PersonId.in_subquery(people()));
    let mut subjects = people();
    subjects.union(UnionType::All, theirs);
    subjects
}

/// Items of the transactions for which a condition holds: the people, themselves, or what is associated with them.
fn of_transactions<E: Viewed>(scope: &Scope<'_>, condition: SimpleExpr) -> SimpleExpr {
    match E::KIND {
        ItemKind::Person => {
            let people = alive::<transactions::Entity>(scope.account)
                .select_only()
                .column(transactions::Column::PersonId)
                .filter(condition);
            E::id().in_subquery(people.into_query())
        }
        ItemKind::Transaction => condition,
        ItemKind::Event | ItemKind::Message => {
            associated_with::<E>(scope, ids::<transactions::Entity>(scope, condition))
        }
    }
}

/// Events or messages of these people and transactions.
fn associated_with<E: Viewed>(scope: &Scope<'_>, subjects: SelectStatement) -> SimpleExpr {
    use associations::{Column, Entity};
    let items = Entity::find()
        .select_only()
        .column(Column::ItemId)
        .filter(Column::AccountId.eq(scope.account))
        .filter(Column::Kind.eq(E::KIND))
        .filter(Column::SubjectId.in_subquery(subjects));
    E::id().in_subquery(items.into_query())
}

/// Items from the beginning of a day on: events by their date, the others by their last change.
fn since<E: Viewed>(scope: &Scope<'_>, day: Day) -> SimpleExpr {
    match E::KIND {
        // The key begins with the day.
        ItemKind::Event => E::sort_column(SortKey::Name).gte(day.to_string()),
        _ => E::sort_column(SortKey::Updated).gte(day.start(&scope.viewer.zone)),
    }
}

/// Items before the beginning of a day.
fn before<E: Viewed>(scope: &Scope<'_>, day: Day) -> SimpleExpr {
    match E::KIND {
        ItemKind::Event => E::sort_column(SortKey::Name).lt(day.to_string()),
        _ => E::sort_column(SortKey::Updated).lt(day.start(&scope.viewer.zone)),
    }
}

/// What a part of a search says.
async fn condition_for<E: Viewed>(scope: &Scope<'_>, part: &Part, authors: &Authors) -> Result<SimpleExpr> {
    let holds = match &part.term {
        Term::Text(text) => with_text::<E>(scope, text, authors),
        Term::Selector(selector) => selected::<E>(scope, selector).await?,
    };
    Ok(match part.sense {
        Sense::Wanted => holds,
        Sense::Unwanted => holds.not(),
    })
}

/// The texts that must occur are looked for together: the rarest of them then decides how many rows are read.
fn is_wanted_text(part: &Part) -> bool {
    part.sense == Sense::Wanted && matches!(part.term, Term::Text(_))
}

/// Items in whose text all of these occur.
fn with_texts<E: Viewed>(scope: &Scope<'_>, parts: Vec<&Part>, authors: &Authors) -> Condition {
    let (mut all, mut texts, mut trigrams) = (Condition::all(), Condition::all(), Vec::new());
    for part in parts {
        let Term::Text(text) = &part.term else { continue };
        let authors = authors_of(authors, text);
        if authors.is_empty() {
            texts = texts.add(occurs::<E>(scope, text));
            trigrams.extend(trigrams_of(text));
        } else {
            all = all.add(text_or_author::<E>(scope, text, &authors));
        }
    }
    if trigrams.is_empty() {
        return all.add(texts);
    }
    if is_sqlite(scope) {
        return all.add(texts).add(matches_trigrams::<E>(&trigrams.join(" AND ")));
    }
    // A fence: PostgreSQL overrates how often short words occur. For one that occurs nowhere it would walk the whole
    // account in the order of the list, waiting for the page to be full. And a sort whose key is nearly always the same: of a
    // table that it has not counted yet PostgreSQL expects one row, and looks for what is found again for each row of the
    // account. What is sorted is kept.
    let found = ids::<E>(scope, texts).order_by_expr(E::created_by().is_null(), Order::Asc).offset(0).to_owned();
    all.add(E::id().in_subquery(found))
}

/// Items in whose text something occurs.
fn with_text<E: Viewed>(scope: &Scope<'_>, text: &Text, authors: &Authors) -> SimpleExpr {
    let authors = authors_of(authors, text);
    if authors.is_empty() {
        return indexed::<E>(scope, occurs::<E>(scope, text), text);
    }
    text_or_author::<E>(scope, text, &authors)
}

/// The folded names of those who may have posted a message: the name of its poster counts as its text.
type Authors = [(String, Uuid)];

fn authors_of(authors: &Authors, text: &Text) -> Vec<Uuid> {
    authors.iter().filter(|(name, _)| name.contains(text.folded())).map(|(_, user)| *user).collect()
}

/// The text of an item holds a text, or the digits of a text that looks like a phone number.
fn occurs<E: Viewed>(scope: &Scope<'_>, text: &Text) -> SimpleExpr {
    let written = holds::<E>(scope, E::search_text(), text.folded());
    match text.phone_digits() {
        Some(digits) => written.or(holds::<E>(scope, E::search_text(), &digits)),
        None => written,
    }
}

/// The text of an item holds a text, or one of these users has made it: a set for each index.
fn text_or_author<E: Viewed>(scope: &Scope<'_>, text: &Text, authors: &[Uuid]) -> SimpleExpr {
    let mut found = ids::<E>(scope, indexed::<E>(scope, occurs::<E>(scope, text), text));
    found.union(UnionType::All, ids::<E>(scope, E::created_by().is_in(authors.iter().copied())));
    E::id().in_subquery(found)
}

/// A condition that implies that a text occurs, with the help of SQLite's index where the text is long enough for it.
fn indexed<E: Viewed>(scope: &Scope<'_>, condition: SimpleExpr, text: &Text) -> SimpleExpr {
    match trigrams_of(text) {
        Some(query) if is_sqlite(scope) => condition.and(matches_trigrams::<E>(&query)),
        _ => condition,
    }
}

/// Items that a selector names. A name that nothing has selects nothing: whoever searches is still typing.
async fn selected<E: Viewed>(scope: &Scope<'_>, selector: &Selector) -> Result<SimpleExpr> {
    // What is in a key is in the search text, and that is indexed.
    let bounded = |condition: SimpleExpr, name: &Text| {
        let text = holds::<people::Entity>(scope, people::Column::SearchText, name.folded());
        indexed::<people::Entity>(scope, text.and(condition), name)
    };
    let people = |column, name: &Text| {
        of_people::<E>(scope, bounded(holds::<people::Entity>(scope, column, name.folded()), name))
    };
    Ok(match selector {
        Selector::Category(name) => in_category::<E>(scope, &categories::named(scope, name.folded()).await?),
        Selector::Label(name) => with_label::<E>(scope, &labels::named(scope, name.folded()).await?),
        Selector::User(name) => of_users::<E>(scope, &named_users::named(scope, name.folded()).await?),
        Selector::Person(name) => people(people::Column::SortKey, name),
        Selector::Company(name) => people(people::Column::CompanyKey, name),
        Selector::City(name) => people(people::Column::CityKey, name),
        Selector::State(name) => people(people::Column::StateKey, name),
        Selector::Country(name) => people(people::Column::CountryKey, name),
        Selector::Stage(stage) => of_transactions::<E>(scope, transactions::Column::Stage.eq(*stage)),
        Selector::Is(status) => is::<E>(*status),
        Selector::Has(field) => has::<E>(scope, *field),
        Selector::Before(day) => before::<E>(scope, Day(*day)),
        Selector::After(day) => since::<E>(scope, Day(*day).next()),
        Selector::Created(days) => on_days::<E>(scope, SortKey::Created, *days),
        Selector::Updated(days) => on_days::<E>(scope, SortKey::Updated, *days),
        Selector::Name(name) => people(people::Column::NameKey, name),
        Selector::Email(text) => {
            // Null would be neither found nor negated.
            let there = people::Column::EmailKey.is_not_null();
            let text_holds = bounded(holds::<people::Entity>(scope, people::Column::EmailKey, text.folded()), text);
            of_people::<E>(scope, there.and(text_holds))
        }
        Selector::Phone(digits) => people(people::Column::PhoneDigits, digits),
        Selector::Url(text) => {
            let there = people::Column::Url.is_not_null();
            of_people::<E>(scope, there.and(bounded(written(scope, people::Column::Url, text, Place::Anywhere), text)))
        }
        Selector::Zip(text) => {
            let there = people::Column::Zip.is_not_null();
            of_people::<E>(scope, there.and(bounded(written(scope, people::Column::Zip, text, Place::Start), text)))
        }
        Selector::Value(amounts) => of_transactions::<E>(scope, within(transactions::Column::Value, *amounts)),
        Selector::Probability(amounts) => {
            of_transactions::<E>(scope, within(transactions::Column::Probability, *amounts))
        }
    })
}

/// Where in a column a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Anywhere,
    Start,
}

/// A column that has no folded key holds a text, whatever its case. The databases themselves agree about that of ASCII alone, so a text
/// with other letters is looked for in both cases.
fn written(scope: &Scope<'_>, column: people::Column, text: &Text, place: Place) -> SimpleExpr {
    let column = || {
        let column = Expr::col((people::Entity, column));
        if is_sqlite(scope) {
            Func::lower(column)
        } else {
            Func::cust("lower").arg(Expr::cust_with_expr("$1 COLLATE \"C\"", column))
        }
    };
    let found = |text: String| {
        if is_sqlite(scope) {
            let at = Expr::expr(Func::cust("instr").arg(column()).arg(text));
            return if place == Place::Start { at.eq(1) } else { at.gt(0) };
        }
        let pattern = if place == Place::Start { starting(&text) } else { contains(&text) };
        Expr::expr(column()).like(pattern)
    };
    let lower = text.written().to_lowercase().to_ascii_lowercase();
    let upper = text.written().to_uppercase().to_ascii_lowercase();
    if lower == upper { found(lower) } else { found(lower).or(found(upper)) }
}

/// A number of a transaction within a range. It is never null, so that it can be negated.
fn within(column: transactions::Column, amounts: Amounts) -> SimpleExpr {
    match amounts {
        Amounts::Over(amount) => column.gt(amount),
        Amounts::Under(amount) => column.lt(amount),
        Amounts::Between(from, to) => {
            let (from, to) = (from.map(|from| column.gte(from)), to.map(|to| column.lte(to)));
            from.into_iter().chain(to).reduce(ExprTrait::and).unwrap_or_else(|| column.is_not_null())
        }
    }
}

/// Only events are complete or open.
fn is<E: Viewed>(status: Status) -> SimpleExpr {
    match (E::KIND, status) {
        (ItemKind::Event, Status::Complete) => events::Column::CompletedAt.is_not_null(),
        (ItemKind::Event, Status::Open) => events::Column::CompletedAt.is_null(),
        (ItemKind::Person | ItemKind::Transaction | ItemKind::Message, _) => nothing::<E>(),
    }
}

/// Items with something in a field. A transaction has the contact data of its person; what a kind of item cannot have,
/// none of them has.
fn has<E: Viewed>(scope: &Scope<'_>, field: Field) -> SimpleExpr {
    match E::KIND {
        ItemKind::Person | ItemKind::Transaction => match (field, E::KIND) {
            (Field::Category, _) => in_some_category::<E>(scope),
            (Field::Label, _) => with_some_label::<E>(scope),
            (Field::Value, ItemKind::Transaction) => transactions::Column::Value.ne(0),
            (Field::Description, ItemKind::Transaction) => transactions::Column::MoreInfo.is_not_null(),
            _ => match contact_column(field) {
                Some(column) => of_people::<E>(scope, column.is_not_null()),
                None => nothing::<E>(),
            },
        },
        ItemKind::Event => match field {
            Field::Category => in_some_category::<E>(scope),
            Field::Label => with_some_label::<E>(scope),
            Field::Association => with_some_subject::<E>(scope),
            // Every event has a title.
            Field::Title => events::Column::Title.is_not_null(),
            Field::Location => events::Column::Location.is_not_null(),
            Field::Description => events::Column::Description.is_not_null(),
            Field::End => events::Column::EndsAt.is_not_null().or(events::Column::EndsOn.is_not_null()),
            _ => nothing::<E>(),
        },
        ItemKind::Message => match field {
            Field::Category => in_some_category::<E>(scope),
            Field::Label => with_some_label::<E>(scope),
            Field::Association => with_some_subject::<E>(scope),
            Field::Title => messages::Column::Title.is_not_null(),
            Field::File => with_some_file::<E>(scope),
            _ => nothing::<E>(),
        },
    }
}

fn contact_column(field: Field) -> Option<people::Column> {
    use people::Column;
    Some(match field {
        Field::Email => Column::Email,
        Field::Phone => Column::Phone,
        Field::Mobile => Column::Mobile,
        Field::Fax => Column::Fax,
        Field::Company => Column::Company,
        Field::Title => Column::Title,
        Field::Url => Column::Url,
        Field::Address => Column::Address,
        Field::City => Column::City,
        Field::State => Column::State,
        Field::Zip => Column::Zip,
        Field::Country => Column::Country,
        Field::Notes => Column::Notes,
        Field::Category
        | Field::Label
        | Field::Location
        | Field::Description
        | Field::End
        | Field::File
        | Field::Association
        | Field::Value => return None,
    })
}

fn in_some_category<E: Viewed>(scope: &Scope<'_>) -> SimpleExpr {
    use item_categories::{Column, Entity};
    let alive = ids::<crate::entity::categories::Entity>(scope, Condition::all());
    let members = Entity::find()
        .select_only()
        .column(Column::ItemId)
        .filter(Column::AccountId.eq(scope.account))
        .filter(Column::CategoryId.in_subquery(alive))
        .filter(Column::Kind.eq(E::KIND));
    E::id().in_subquery(members.into_query())
}

fn with_some_label<E: Viewed>(scope: &Scope<'_>) -> SimpleExpr {
    use item_labels::{Column, Entity};
    let own = crate::entity::labels::Entity::find()
        .select_only()
        .column(crate::entity::labels::Column::Id)
        .filter(crate::entity::labels::Column::AccountId.eq(scope.account))
        .filter(crate::entity::labels::Column::UserId.eq(scope.viewer.user.unwrap_or_default()));
    let members = Entity::find()
        .select_only()
        .column(Column::ItemId)
        .filter(Column::AccountId.eq(scope.account))
        .filter(Column::LabelId.in_subquery(own.into_query()))
        .filter(Column::Kind.eq(E::KIND));
    E::id().in_subquery(members.into_query())
}

fn with_some_subject<E: Viewed>(scope: &Scope<'_>) -> SimpleExpr {
    let mut subjects = ids::<people::Entity>(scope, Condition::all());
    subjects.union(UnionType::All, ids::<transactions::Entity>(scope, Condition::all()));
    associated_with::<E>(scope, subjects)
}

fn with_some_file<E: Viewed>(scope: &Scope<'_>) -> SimpleExpr {
    use message_files::{Column, Entity};
    let files = Entity::find().select_only().column(Column::MessageId).filter(Column::AccountId.eq(scope.account));
    E::id().in_subquery(files.into_query())
}

/// Items that were made or changed on one of these days.
fn on_days<E: Viewed>(scope: &Scope<'_>, key: SortKey, days: Days) -> SimpleExpr {
    let (column, zone) = (E::sort_column(key), &scope.viewer.zone);
    let from = days.from().map(|day| column.gte(Day(day).start(zone)));
    let to = days.to().map(|day| column.lt(Day(day).next().start(zone)));
    from.into_iter().chain(to).reduce(ExprTrait::and).unwrap_or_else(|| column.is_not_null())
}

/// No item at all.
fn nothing<E: Viewed>() -> SimpleExpr {
    E::id().is_in(Vec::<Uuid>::new())
}

/// A column holds a text. Both are folded, so SQLite's instr and PostgreSQL's LIKE agree.
fn holds<E: Viewed>(scope: &Scope<'_>, column: E::Column, text: &str) -> SimpleExpr {
    let column = Expr::col((E::default(), column));
    if is_sqlite(scope) {
        return Expr::expr(Func::cust("instr").arg(column).arg(text.to_owned())).gt(0);
    }
    column.like(contains(text))
}

/// What SQLite's full-text table is asked for a text or its digits: all trigrams of one, at whatever place (FTS5
/// section 3). `None` where one of the two is too short for any.
fn trigrams_of(text: &Text) -> Option<String> {
    let trigrams = |text: &str| {
        let letters: Vec<char> = text.chars().collect();
        let quoted = letters.windows(TRIGRAM).map(|trigram| {
            let trigram: String = trigram.iter().collect();
            format!("\"{}\"", trigram.replace('"', "\"\""))
        });
        let all = quoted.collect::<Vec<_>>().join(" AND ");
        (!all.is_empty()).then_some(all)
    };
    let written = trigrams(text.folded())?;
    match text.phone_digits() {
        Some(digits) => Some(format!("(({written}) OR ({}))", trigrams(&digits)?)),
        None => Some(format!("({written})")),
    }
}

/// The rows of SQLite's full-text table that a query finds.
fn matches_trigrams<E: Viewed>(query: &str) -> SimpleExpr {
    let table = format!("{}_text", E::default().table_name());
    let rows = Query::select()
        .column(Alias::new("rowid"))
        .from(Alias::new(&table))
        .and_where(Expr::cust_with_values(format!("{table} MATCH ?"), [query]))
        .to_owned();
    Expr::col((E::default(), Alias::new("row_key"))).in_subquery(rows)
}

fn contains(text: &str) -> LikeExpr {
    like("%", text)
}

fn starting(text: &str) -> LikeExpr {
    like("", text)
}

fn like(before: &str, text: &str) -> LikeExpr {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push_str(before);
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}

/// The ids of the live records of the account for which a condition holds.
pub(crate) fn ids<E: Recorded>(
    scope: &Scope<'_>,
    condition: impl sea_orm::sea_query::IntoCondition,
) -> SelectStatement {
    alive::<E>(scope.account).select_only().column(E::id()).filter(condition).into_query()
}

fn is_sqlite(scope: &Scope<'_>) -> bool {
    scope.on.get_database_backend() == DbBackend::Sqlite
}
