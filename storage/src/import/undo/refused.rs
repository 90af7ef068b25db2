//! What an undo or a redo leaves out, as its field does not allow it any more.

use super::allowed::{EMAIL_TEMPLATE, Why};
use super::kept::{Kept, KeptReason};
use super::layers::{Values, unreadable};
use super::work::Work;
use crate::change::Change;
use crate::entity::email_templates;
use crate::error::Result;
use crate::handle::{Rows, Scope};
use crate::item::ItemKind;
use crate::query::custom_fields::{self};
use crate::query::custom_values;
use crate::query::field_values::VALUE_LIMIT;
use crate::record;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

impl Work<'_> {
    /// Takes out what the fields do not allow any more and names it. Such a field keeps what it holds.
    pub(super) async fn leave_out_what_no_longer_fits(&mut self, fields: &mut HashMap<Uuid, Values>) -> Result<()> {
        let mut refused = self.refused_values(fields).await?;
        refused.extend(self.refused_totals(fields).await?);
        refused.extend(self.refused_templates(fields).await?);
        if refused.is_empty() {
            return Ok(());
        }
        fields.retain(|_, values| !values.is_empty());
        let ids: HashSet<_> = refused.iter().map(|refused| refused.record).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let mut items = HashMap::new();
        for kind in [ItemKind::Person, ItemKind::Transaction, ItemKind::Event] {
            let names = self.names(kind, &ids).await?;
            items.extend(names.into_iter().map(|(id, name)| (id, (kind.item(id), name))));
        }
        refused.sort_by(|a, b| (a.record, &a.field).cmp(&(b.record, &b.field)));
        for Refused { record, field, why } in refused {
            // A record in the trash has no name, and nothing was put there.
            let Some((item, name)) = items.get(&record).cloned() else { continue };
            self.keep(Kept { item, name, reason: KeptReason::NotAllowed { field, why } });
        }
        Ok(())
    }

    /// Values that a custom field cannot hold as it is now, and those of fields that are gone.
    async fn refused_values(&self, fields: &mut HashMap<Uuid, Values>) -> Result<Vec<Refused>> {
        let (mut refused, mut gone) = (Vec::new(), Vec::new());
        for (record, values) in fields.iter_mut() {
            let mut left_out = Vec::new();
            for (name, value) in values.iter_mut() {
                let (Some(field), Some(text)) = (custom(name)?, value.as_mut()) else { continue };
                match self.allowed.value(field, text) {
                    Ok(Some(as_held)) => *text = as_held,
                    Ok(None) => *value = None,
                    Err(why) => left_out.push((name.clone(), field, why)),
                }
            }
            for (name, field, why) in left_out {
                values.remove(&name);
                match why {
                    Why::Refused(why) => refused.push(Refused { record: *record, field: name, why }),
                    Why::Gone => gone.push((*record, name, field)),
                }
            }
        }
        let ids: HashSet<_> = gone.iter().map(|(.., field)| *field).collect();
        let names = custom_fields::names_in(&self.unit.scope(), &ids.into_iter().collect::<Vec<_>>()).await?;
        refused.extend(gone.into_iter().map(|(record, name, field)| {
            let called = names.get(&field).map_or_else(String::new, |name| format!(" {name}"));
            Refused { record, field: name, why: format!("the custom field{called} is deleted") }
        }));
        Ok(refused)
    }

    /// Values that would make those of a record too long together.
    async fn refused_totals(&self, fields: &mut HashMap<Uuid, Values>) -> Result<Vec<Refused>> {
        let mut with_values = Vec::new();
        for (record, values) in fields.iter() {
            for (name, value) in values {
                if custom(name)?.is_some() && value.is_some() {
                    with_values.push(*record);
                    break;
                }
            }
        }
        let mut held = custom_values::values_in(&self.unit.scope(), &with_values).await?;
        let mut refused = Vec::new();
        for record in with_values {
            let sizes = held.remove(&record).unwrap_or_default();
            let sizes: HashMap<_, _> =
                sizes.into_iter().map(|held| (Change::custom(held.field.id), held.value.len())).collect();
            let values = fields.get_mut(&record).expect("it was found there");
            let new = |values: &Values, name: &str| values.get(name).map(|value| value.as_ref().map_or(0, String::len));
            let of_held: usize = sizes.iter().map(|(name, size)| new(values, name).unwrap_or(*size)).sum();
            let of_new: usize = values
                .iter()
                .filter(|(name, _)| name.starts_with(Change::CUSTOM) && !sizes.contains_key(*name))
                .map(|(_, value)| value.as_ref().map_or(0, String::len))
                .sum();
            let mut total = of_held + of_new;
            while total > VALUE_LIMIT {
                // The one that makes it grow most; without those that do, the values are what they are now.
                let growing =
                    values.iter().filter(|(name, _)| name.starts_with(Change::CUSTOM)).map(|(name, value)| {
                        let before = sizes.get(name).copied().unwrap_or(0);
                        (value.as_ref().map_or(0, String::len).saturating_sub(before), name.clone())
                    });
                let Some((growth, name)) = growing.max().filter(|(growth, _)| *growth > 0) else { break };
                let why = format!(
                    "the custom values would have {total} bytes together, and {VALUE_LIMIT} is the most for one record"
                );
                values.remove(&name);
                refused.push(Refused { record, field: name, why });
                total -= growth;
            }
        }
        Ok(refused)
    }

    /// E-mail templates that are deleted.
    async fn refused_templates(&self, fields: &mut HashMap<Uuid, Values>) -> Result<Vec<Refused>> {
        let mut wanted = HashMap::new();
        for (record, values) in fields.iter() {
            if let Some(text) = values.get(EMAIL_TEMPLATE).and_then(Option::as_deref) {
                wanted.insert(*record, text.parse::<Uuid>().map_err(|_| unreadable(EMAIL_TEMPLATE))?);
            }
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let ids: HashSet<_> = wanted.values().copied().collect();
        // Nobody deletes one until the unit ends.
        let scope = Scope { rows: Rows::Shared, ..self.unit.scope() };
        let there = record::by_ids::<email_templates::Entity>(&scope, &ids.into_iter().collect::<Vec<_>>()).await?;
        let there: HashSet<_> = there.into_iter().map(|template| template.id).collect();
        wanted.retain(|_, template| !there.contains(template));
        let mut refused = Vec::new();
        for record in wanted.into_keys() {
            fields.entry(record).or_default().remove(EMAIL_TEMPLATE);
            let why = "the e-mail template is deleted".to_owned();
            refused.push(Refused { record, field: EMAIL_TEMPLATE.to_owned(), why });
        }
        Ok(refused)
    }
}

/// A value that stays away from a field of a record, and why.
struct Refused {
    record: Uuid,
    field: String,
    why: String,
}

/// The custom field of a layer's name; `None` for a built-in one.
fn custom(name: &str) -> Result<Option<Uuid>> {
    name.strip_prefix(Change::CUSTOM).map(|id| id.parse().map_err(|_| unreadable(id))).transpose()
}
