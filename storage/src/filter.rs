//! What a view means to the database: a condition on each of the four tables of items.
//!
//! Every part of a view becomes a set of ids that an index finds, so that no list reads the whole table of an account
//! to show its first page. Words shorter than three letters are the exception: no index knows them.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, LikeExpr, Query, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, IdenStatic, QueryFilter, QuerySelect, QueryTrait,
    Select,
};
use uuid::Uuid;

use crate::entity::{
    associations, events, item_categories, item_labels, message_files, messages, people, transaction_managers,
    transactions,
};
use crate::error::Result;
use crate::handle::Scope;
use crate::item::ItemKind;
use crate::page::SortKey;
use crate::query::{categories, labels, users};
use crate::record::{Recorded, alive, live};
use crate::search::{Days, Field, Part, Selector, Sense, Status, Term, Text};
use crate::value::Day;
use crate::view::View;

/// How many letters a word must have for the index of trigrams to know it.
const INDEXED_LETTERS: usize = 3;

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
    let View { search, category, label, user, stage, person, transaction, from, to } = view;
    let mut all = Condition::all();
    if let Some(category) = category {
        all = all.add(in_category::<E>(scope, &[categories::find(scope, category).await?]));
    }
    if let Some(label) = label {
        all = all.add(with_label::<E>(scope, &[labels::find(scope, label).await?]));
    }
    if let Some(user) = user {
        all = all.add(of_users::<E>(scope, &users::find(scope, user).await?));
    }
    match (stage, E::KIND) {
        (None, _) | (Some(_), ItemKind::Person) => {}
        (Some(stage), _) => {
            let in_stage = ids::<transactions::Entity>(scope, transactions::Column::Stage.eq(*stage));
            all = all.add(of_transactions::<E>(scope, in_stage));
        }
    }
    if let Some(person) = person {
        all = all.add(of_people::<E>(scope, ids::<people::Entity>(scope, people::Column::Id.eq(*person))));
    }
    if let Some(transaction) = transaction {
        let one = ids::<transactions::Entity>(scope, transactions::Column::Id.eq(*transaction));
        all = all.add(of_transactions::<E>(scope, one));
    }
    if let Some(from) = from {
        all = all.add(since::<E>(scope, *from));
    }
    if let Some(to) = to {
        all = all.add(before::<E>(scope, to.next()));
    }
    for part in search.parts() {
        all = all.add(said::<E>(scope, part).await?);
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
    let mut made = ids::<E>(scope, E::created_by().is_in(users.iter().copied()));
    match E::KIND {
        ItemKind::Transaction => {
            use transaction_managers::{Column, Entity};
            let managed = Entity::find()
                .select_only()
                .column(Column::TransactionId)
                .filter(Column::AccountId.eq(scope.account))
                .filter(Column::UserId.is_in(users.iter().copied()));
            made.union(UnionType::All, managed.into_query());
        }
        ItemKind::Event => {
            made.union(
                UnionType::All,
                ids::<events::Entity>(scope, events::Column::OwnerId.is_in(users.iter().copied())),
            );
        }
        ItemKind::Person | ItemKind::Message => {}
    }
    E::id().in_subquery(made)
}

/// Items of a set of people: themselves, their transactions, or what is associated with either.
pub(crate) fn of_people<E: Viewed>(scope: &Scope<'_>, people: SelectStatement) -> SimpleExpr {
    let with_them = |people| ids::<transactions::Entity>(scope, transactions::Column::PersonId.in_subquery(people));
    match E::KIND {
        ItemKind::Person => E::id().in_subquery(people),
        ItemKind::Transaction => E::id().in_subquery(with_them(people)),
        ItemKind::Event | ItemKind::Message => {
            let mut subjects = people.clone();
            subjects.union(UnionType::All, with_them(people));
            associated_with::<E>(scope, subjects)
        }
    }
}

/// Items of a set of transactions: the people, themselves, or what is associated with them.
pub(crate) fn of_transactions<E: Viewed>(scope: &Scope<'_>, transactions: SelectStatement) -> SimpleExpr {
    match E::KIND {
        ItemKind::Person => {
            let people = alive::<transactions::Entity>(scope.account)
                .select_only()
                .column(transactions::Column::PersonId)
                .filter(transactions::Column::Id.in_subquery(transactions));
            E::id().in_subquery(people.into_query())
        }
        ItemKind::Transaction => E::id().in_subquery(transactions),
        ItemKind::Event | ItemKind::Message => associated_with::<E>(scope, transactions),
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
async fn said<E: Viewed>(scope: &Scope<'_>, part: &Part) -> Result<SimpleExpr> {
    let holds = match &part.term {
        Term::Text(text) => with_text::<E>(scope, text).await?,
        Term::Selector(selector) => selected::<E>(scope, selector).await?,
    };
    Ok(match part.sense {
        Sense::Wanted => holds,
        Sense::Unwanted => holds.not(),
    })
}

/// Items in whose text something occurs; of a message the name of its poster counts as text.
async fn with_text<E: Viewed>(scope: &Scope<'_>, text: &Text) -> Result<SimpleExpr> {
    let posters = match E::KIND {
        ItemKind::Message => users::named(scope, text.folded()).await?,
        ItemKind::Person | ItemKind::Transaction | ItemKind::Event => Vec::new(),
    };
    let mut found = texts::<E>(scope, E::search_text(), text.folded());
    if let Some(digits) = text.phone_digits() {
        found.union(UnionType::All, texts::<E>(scope, E::search_text(), &digits));
    }
    if !posters.is_empty() {
        found.union(UnionType::All, ids::<E>(scope, E::created_by().is_in(posters.iter().copied())));
    } else if text.folded().chars().count() < INDEXED_LETTERS {
        // No index finds it, so the list is walked in its order until the page is full.
        return Ok(holds::<E>(scope, E::search_text(), text.folded()));
    }
    Ok(E::id().in_subquery(found))
}

/// Items that a selector names. A name that nothing has selects nothing: whoever searches is still typing.
async fn selected<E: Viewed>(scope: &Scope<'_>, selector: &Selector) -> Result<SimpleExpr> {
    let people = |column, name: &Text| of_people::<E>(scope, texts::<people::Entity>(scope, column, name.folded()));
    Ok(match selector {
        Selector::Category(name) => in_category::<E>(scope, &categories::named(scope, name.folded()).await?),
        Selector::Label(name) => with_label::<E>(scope, &labels::named(scope, name.folded()).await?),
        Selector::User(name) => of_users::<E>(scope, &users::named(scope, name.folded()).await?),
        Selector::Person(name) => people(people::Column::SortKey, name),
        Selector::Company(name) => people(people::Column::CompanyKey, name),
        Selector::City(name) => people(people::Column::CityKey, name),
        Selector::State(name) => people(people::Column::StateKey, name),
        Selector::Country(name) => people(people::Column::CountryKey, name),
        Selector::Stage(stage) => {
            of_transactions::<E>(scope, ids::<transactions::Entity>(scope, transactions::Column::Stage.eq(*stage)))
        }
        Selector::Is(status) => is::<E>(*status),
        Selector::Has(field) => has::<E>(scope, *field),
        Selector::Before(day) => before::<E>(scope, Day(*day)),
        Selector::After(day) => since::<E>(scope, Day(*day).next()),
        Selector::Created(days) => on_days::<E>(scope, SortKey::Created, *days),
        Selector::Updated(days) => on_days::<E>(scope, SortKey::Updated, *days),
    })
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
                Some(column) => of_people::<E>(scope, ids::<people::Entity>(scope, column.is_not_null())),
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

/// The ids of the items with a text in a column that their search text has as well, by the index of trigrams where the
/// text is long enough.
fn texts<E: Viewed>(scope: &Scope<'_>, column: E::Column, text: &str) -> SelectStatement {
    let mut matching = Condition::all().add(holds::<E>(scope, E::search_text(), text));
    if column.as_str() != E::search_text().as_str() {
        matching = matching.add(holds::<E>(scope, column, text));
    }
    let letters: Vec<char> = text.chars().collect();
    if is_sqlite(scope) && letters.len() >= INDEXED_LETTERS {
        matching = matching.add(has_trigrams::<E>(&letters));
    }
    let mut found = ids::<E>(scope, matching);
    if !is_sqlite(scope) {
        // A fence: without it PostgreSQL may walk the order of the list, not the trigrams, and fill the page late.
        found.offset(0);
    }
    found
}

/// A column holds a text. Both are folded, so SQLite's instr and PostgreSQL's LIKE agree.
fn holds<E: Viewed>(scope: &Scope<'_>, column: E::Column, text: &str) -> SimpleExpr {
    let column = Expr::col((E::default(), column));
    if is_sqlite(scope) {
        return Expr::expr(Func::cust("instr").arg(column).arg(text.to_owned())).gt(0);
    }
    column.like(contains(text))
}

/// A row of SQLite's full-text table has every trigram of a text, at whatever place.
fn has_trigrams<E: Viewed>(letters: &[char]) -> SimpleExpr {
    let table = format!("{}_text", E::default().table_name());
    let trigrams = letters.windows(INDEXED_LETTERS).map(|trigram| {
        let text: String = trigram.iter().collect();
        format!("\"{}\"", text.replace('"', "\"\""))
    });
    let query = trigrams.collect::<Vec<_>>().join(" AND ");
    let rows = Query::select()
        .column(Alias::new("rowid"))
        .from(Alias::new(&table))
        .and_where(Expr::cust_with_values(format!("{table} MATCH ?"), [query]))
        .to_owned();
    Expr::col((E::default(), Alias::new("row_key"))).in_subquery(rows)
}

fn contains(text: &str) -> LikeExpr {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
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
