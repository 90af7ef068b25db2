//! Transactions: from files to the database, and from the database to files.

use formats::Diagnostic;
use rust_decimal::RoundingStrategy;
use storage::import::{Incoming, IncomingDeal, IncomingTerms, RecordTimes};
use storage::query::categories::Category;
use storage::query::custom_values::CustomValue;
use storage::query::people::Person;
use storage::query::transactions as stored;

use super::{contact, custom_fields};
use crate::id::Kind;

/// How many decimal places a number of the database has.
const PLACES: u32 = 4;

/// A transaction of the database and its person as files carry them.
pub(crate) fn to_file(
    transaction: stored::Transaction,
    person: &Person,
    categories: Vec<Category>,
    custom: Vec<CustomValue>,
) -> formats::Transaction {
    let stored::Transaction {
        account_id: _,
        id,
        person_id,
        stage,
        value,
        probability,
        more_info,
        sort_key: _,
        custom_text: _,
        search_text: _,
        created_by: _,
        version: _,
        created_at,
        updated_at,
        deleted_at: _,
    } = transaction;
    formats::Transaction {
        id: Some(Kind::Transaction.global(id).to_string()),
        person_id: Some(Kind::Person.global(person_id).to_string()),
        contact: contact::to_file(person.contact()),
        stage: Some(stage_to_file(stage)),
        value: Some(decimal_to_file(value)),
        probability: Some(decimal_to_file(probability)),
        more_info,
        categories: categories.into_iter().map(|category| category.name).collect(),
        custom: custom_fields::to_file(custom),
        foreign: Vec::new(),
        deal: None,
        created_at: Some(created_at.into()),
        updated_at: Some(updated_at.into()),
    }
}

/// A row of a file as the import into `stage` takes it, or what is wrong with it: the field and the reason.
pub(crate) fn from_file(
    transaction: formats::Transaction,
    row: u64,
    stage: stored::Stage,
) -> Result<Incoming, (&'static str, String)> {
    let formats::Transaction {
        id,
        person_id,
        contact: carried,
        stage: given,
        value,
        probability,
        more_info,
        categories,
        custom,
        foreign,
        deal,
        created_at,
        updated_at,
    } = transaction;
    let wanted = stage_to_file(stage);
    if let Some(given) = given.filter(|given| *given != wanted) {
        let (given, wanted) = (given.as_str(), wanted.as_str());
        return Err(("stage", format!("the row says {given}, and this is an import of the stage {wanted}")));
    }
    let terms = IncomingTerms {
        value: value.map(decimal_from_file).transpose().map_err(|reason| ("value", reason))?,
        probability: probability.map(decimal_from_file).transpose().map_err(|reason| ("probability", reason))?,
        more_info,
    };
    Ok(Incoming {
        row,
        id: id.and_then(|id| Kind::Transaction.parse(&id)),
        person_id: person_id.and_then(|id| Kind::Person.parse(&id)),
        times: RecordTimes { created_at: created_at.map(Into::into), updated_at: updated_at.map(Into::into) },
        contact: contact::from_file(carried),
        foreign_notes: contact::foreign_lines(&foreign),
        categories,
        terms,
        deal: deal.map(|formats::Deal { line, outcome }| IncomingDeal {
            line,
            stage: outcome.map(|outcome| stage_from_file(outcome.stage())),
        }),
        custom: custom.into_iter().map(|value| (value.field, value.value)).collect(),
        ..Incoming::default()
    })
}

/// Rounds the numbers of a file to the places that the database has, half to even, and says what that has changed.
pub(crate) fn round(transaction: &mut formats::Transaction, notes: &mut Vec<Diagnostic>) {
    let numbers = [("value", &mut transaction.value), ("probability", &mut transaction.probability)];
    for (field, number) in numbers.into_iter().filter_map(|(field, number)| Some((field, number.as_mut()?))) {
        let rounded = number.round_dp_with_strategy(PLACES, RoundingStrategy::MidpointNearestEven);
        if rounded != *number {
            let reason =
                format!("{} is rounded to {}, as there are {PLACES} decimal places here", *number, rounded.normalize());
            notes.push(Diagnostic { field: Some(field.to_owned()), reason });
        }
        *number = rounded;
    }
}

/// The stage of a file as the database has it.
pub(crate) fn stage_from_file(stage: formats::Stage) -> stored::Stage {
    match stage {
        formats::Stage::Lead => stored::Stage::Lead,
        formats::Stage::Opportunity => stored::Stage::Opportunity,
        formats::Stage::Customer => stored::Stage::Customer,
        formats::Stage::Archive => stored::Stage::Archive,
    }
}

fn stage_to_file(stage: stored::Stage) -> formats::Stage {
    match stage {
        stored::Stage::Lead => formats::Stage::Lead,
        stored::Stage::Opportunity => formats::Stage::Opportunity,
        stored::Stage::Customer => formats::Stage::Customer,
        stored::Stage::Archive => formats::Stage::Archive,
    }
}

fn decimal_to_file(decimal: storage::Decimal) -> rust_decimal::Decimal {
    rust_decimal::Decimal::new(decimal.scaled(), 4).normalize()
}

fn decimal_from_file(decimal: rust_decimal::Decimal) -> Result<storage::Decimal, String> {
    decimal.to_string().parse().map_err(|error: storage::InvalidDecimal| error.to_string())
}
