//! Accounts: making one with its first admin, finding them by subdomain, and their settings.

mod creation;

use jiff::tz::TimeZone;
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

pub use self::creation::{NewAccount, create};
use crate::connect::Storage;
use crate::derived;
pub use crate::entity::accounts::Model as Account;
use crate::entity::{accounts, directory};
use crate::error::{Error, Result};
use crate::handle::{Unit, Writer};
use crate::name;
use crate::outbox::{Noun, Verb};
use crate::record::check_version;

/// The longest tag of a language, in characters (RFC 5646 section 4.4.1 asks for 35 at least).
const LANGUAGE_LIMIT: usize = 35;

/// A change of an account's settings; `None` leaves one.
#[derive(Clone, Debug, Default)]
pub struct AccountEdit {
    /// The version that the caller saw, where it wants a conflict if it is stale.
    pub version: Option<i64>,
    /// What the account calls itself.
    pub name: Option<String>,
    /// An IANA time zone, in any case.
    pub time_zone: Option<String>,
    /// A BCP 47 tag, in any case.
    pub language: Option<String>,
    /// An ISO 4217 code, in any case.
    pub currency: Option<String>,
    /// Whether the legacy API, `api.php` and webhooks, answers.
    pub legacy_api: Option<LegacyApi>,
}

/// Whether the legacy API, `api.php` and webhooks, answers for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyApi {
    /// It does.
    On,
    /// It refuses whoever calls it.
    Off,
}

/// All accounts, by subdomain.
pub async fn list(storage: &Storage) -> Result<Vec<Account>> {
    Ok(accounts::Entity::find().order_by_asc(accounts::Column::Subdomain).all(&storage.readers).await?)
}

/// The account of a subdomain, in any case.
pub async fn by_subdomain(storage: &Storage, subdomain: &str) -> Result<Option<Account>> {
    let entry = directory::Entity::find_by_id(subdomain.to_ascii_lowercase()).one(&storage.readers).await?;
    match entry {
        Some(entry) => by_id(storage, entry.account_id).await,
        None => Ok(None),
    }
}

/// The account of an id.
pub async fn by_id(storage: &Storage, id: Uuid) -> Result<Option<Account>> {
    Ok(accounts::Entity::find().filter(accounts::Column::AccountId.eq(id)).one(&storage.readers).await?)
}

/// Changes the settings of the writer's account.
///
/// Errors: [`Error::Invalid`] for a name, a time zone, a language or a currency that is none, [`Error::Conflict`] where
/// the version is stale.
pub async fn update(writer: &Writer, edit: AccountEdit) -> Result<Account> {
    let edit = &edit;
    writer
        .write(|unit| async move {
            let AccountEdit { version, name, time_zone, language, currency, legacy_api } = edit;
            let before = lock(&unit).await?;
            check_version(*version, before.version)?;
            let mut after = before.clone();
            if let Some(name) = name {
                name::checked(name, "an account", "name")?.clone_into(&mut after.name);
            }
            if let Some(time_zone) = time_zone {
                after.time_zone = check_time_zone(time_zone)?;
            }
            if let Some(language) = language {
                after.language = check_language(language)?;
            }
            if let Some(currency) = currency {
                after.currency = check_currency(currency)?;
            }
            match legacy_api {
                None => {}
                Some(LegacyApi::On) => after.legacy_api_ended_at = None,
                Some(LegacyApi::Off) => after.legacy_api_ended_at = before.legacy_api_ended_at.or(Some(unit.now)),
            }
            let after = Account { version: before.version + 1, updated_at: unit.after(before.updated_at), ..after };
            accounts::ActiveModel::from(after.clone()).reset_all().update(unit.on()).await?;
            if after.time_zone != before.time_zone {
                // The days of timed events are those of the account's time zone.
                derived::zone_changed(&unit, &TimeZone::get(&after.time_zone).unwrap_or(TimeZone::UTC)).await?;
            }
            unit.publish(Noun::Account, Verb::Updated, after.account_id).await?;
            Ok(after)
        })
        .await
}

/// The account of a unit, locked on PostgreSQL until the unit ends: whatever an account must hold as a whole, such as an
/// admin who can sign in, is checked and written under this lock. Records may be written meanwhile.
pub(crate) async fn lock(unit: &Unit) -> Result<Account> {
    // A stronger lock would wait for everybody who writes a row that refers to the account.
    let query = accounts::Entity::find().filter(accounts::Column::AccountId.eq(unit.account));
    let found = query.lock(LockType::NoKeyUpdate).one(unit.on()).await?;
    found.ok_or(Error::NotFound { what: "account" })
}

/// The time zone of the unit's account. On PostgreSQL the account keeps it until the unit ends, so that nothing is written
/// by a zone that is being changed.
pub(crate) async fn zone(unit: &Unit) -> Result<TimeZone> {
    let query = accounts::Entity::find().select_only().column(accounts::Column::TimeZone);
    let query = query.filter(accounts::Column::AccountId.eq(unit.account)).lock_shared();
    let name: Option<String> = query.into_tuple().one(unit.on()).await?;
    Ok(name.and_then(|name| TimeZone::get(&name).ok()).unwrap_or(TimeZone::UTC))
}

fn check_subdomain(subdomain: &str) -> Result<()> {
    let letters = subdomain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if letters && (1..=63).contains(&subdomain.len()) && !subdomain.starts_with('-') && !subdomain.ends_with('-') {
        return Ok(());
    }
    Err(Error::invalid(
        "subdomain",
        "a subdomain has 1 to 63 lower-case letters, digits and inner hyphens, such as acme",
    ))
}

/// The time zone as the database of time zones writes it.
fn check_time_zone(name: &str) -> Result<String> {
    let zone = TimeZone::get(name.trim()).ok().filter(|zone| !zone.is_unknown());
    zone.and_then(|zone| zone.iana_name().map(ToOwned::to_owned)).ok_or_else(|| {
        Error::invalid("timeZone", format!("{name:?} is no time zone; write it like Europe/Berlin or UTC"))
    })
}

/// The language in the case that RFC 5646 section 2.1.1 recommends: `de-AT`, `zh-Hant-TW`. Its shape is checked, not
/// whether somebody has registered it.
fn check_language(tag: &str) -> Result<String> {
    let tag = tag.trim();
    let mut cased = Vec::new();
    for (place, part) in tag.split('-').enumerate() {
        let is_good = (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let begins = place > 0 || (part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
        if !is_good || !begins || tag.len() > LANGUAGE_LIMIT {
            let reason = format!("{tag:?} is no language; write it as a tag like en, de-AT or zh-Hant");
            return Err(Error::invalid("language", reason));
        }
        let lower = part.to_ascii_lowercase();
        // After a singleton, as in `en-u-ca-buddhist`, everything is small.
        let extended = cased.iter().any(|part: &String| part.len() == 1);
        cased.push(match (place, part.len()) {
            (1.., 2) if !extended => lower.to_ascii_uppercase(),
            (1.., 4) if !extended => format!("{}{}", lower[..1].to_ascii_uppercase(), &lower[1..]),
            _ => lower,
        });
    }
    Ok(cased.join("-"))
}

fn check_currency(code: &str) -> Result<String> {
    let code = code.trim();
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(code.to_ascii_uppercase());
    }
    let reason = format!("{code:?} is no currency; write it as a code of three letters like EUR");
    Err(Error::invalid("currency", reason))
}
