//! What a view means to the database: a condition on each of the four tables of items.
//!
//! Every part of a view becomes a set of ids that an index finds, so that no list reads the whole table of an account
//! to show its first page. Words shorter than three letters are the exception: no index knows them.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, LikeExpr, Query, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use crate::entity::{
    associations, events, item_categories, item_labels, messages, people, transaction_managers, transactions,
};
use crate::error::Result;
use crate::handle::Scope;
use crate::item::ItemKind;
use crate::page::SortKey;
use crate::query::{categories, labels, users};
use crate::record::{Recorded, alive, live};
use crate::value::Day;
use crate::view::{Term, View};

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
    let terms: Vec<_> = search.terms().collect();
    all = all.add(with_terms::<E>(scope, &terms).await?);
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

/// Items in whose text every term occurs; of a message the name of its poster counts as text.
async fn with_terms<E: Viewed>(scope: &Scope<'_>, terms: &[Term]) -> Result<Condition> {
    let mut all = Condition::all();
    for term in terms {
        let posters = match E::KIND {
            ItemKind::Message => users::named(scope, &term.text).await?,
            _ => Vec::new(),
        };
        all = all.add(with_term::<E>(scope, term, &posters));
    }
    Ok(all)
}

fn with_term<E: Viewed>(scope: &Scope<'_>, term: &Term, posters: &[Uuid]) -> SimpleExpr {
    let Term { text, digits } = term;
    let mut found = texts::<E>(scope, text);
    if let Some(digits) = digits {
        found.union(UnionType::All, texts::<E>(scope, digits));
    }
    if !posters.is_empty() {
        found.union(UnionType::All, ids::<E>(scope, E::created_by().is_in(posters.iter().copied())));
    }
    if text.chars().count() < INDEXED_LETTERS && posters.is_empty() {
        // No index finds it, so the list is walked in its order until the page is full.
        return holds::<E>(scope, text);
    }
    E::id().in_subquery(found)
}

/// The ids of the items in whose text something occurs, by the index of trigrams where it is long enough.
fn texts<E: Viewed>(scope: &Scope<'_>, text: &str) -> SelectStatement {
    let mut matching = Condition::all().add(holds::<E>(scope, text));
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

/// The text of an item holds another text. Both are folded, so SQLite's LIKE, blind to the case of ASCII, agrees.
fn holds<E: Viewed>(scope: &Scope<'_>, text: &str) -> SimpleExpr {
    let column = Expr::col((E::default(), E::search_text()));
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
