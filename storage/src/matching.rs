//! Which record a row means: by id, then by e-mail, then by name and company where one of the two has no e-mail.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ColumnTrait, QueryFilter, Select};
use uuid::Uuid;

use crate::among;
use crate::contact::Keys;
use crate::entity::people;
use crate::error::Result;
use crate::handle::Scope;
use crate::query::people::{Person, live};
use crate::query::{categories, custom_values};

/// How many keys one statement looks for.
const KEYS_A_STATEMENT: usize = 1_000;

/// The key by which a record was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum MatchedBy {
    /// The id that the row gives.
    Id,
    /// The e-mail address.
    Email,
    /// Name and company.
    NameAndCompany,
    /// Of events: what the calendar calls it from which it comes, and which of a series it is.
    Source,
    /// Of events: the title, the day and time, and what they belong to.
    TitleAndTime,
}

impl MatchedBy {
    /// The key in the words of a reason: `the same e-mail address`.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Id => "the same id",
            Self::Email => "the same e-mail address",
            Self::NameAndCompany => "the same name and company",
            Self::Source => "the same UID",
            Self::TitleAndTime => "the same title and time, and the same people",
        }
    }
}

/// A person who may be meant.
pub(crate) struct Known {
    pub(crate) person: Person,
    /// The folded names of their categories.
    pub(crate) categories: BTreeSet<String>,
    /// Their custom values by field, where rows have some.
    pub(crate) custom: BTreeMap<Uuid, String>,
}

impl MatchedBy {
    /// What a row has in this key, as it is compared.
    pub(crate) fn values(self, id: Option<Uuid>, keys: &Keys) -> Vec<String> {
        match self {
            Self::Id => id.map(|id| id.to_string()).into_iter().collect(),
            Self::Email => keys.email_key.iter().cloned().collect(),
            Self::NameAndCompany => vec![keys.name_key.clone(), keys.company_key.clone()],
            Self::Source | Self::TitleAndTime => Vec::new(),
        }
    }
}

/// The people that the rows of a batch may mean, found with one statement a key.
#[derive(Default)]
pub(crate) struct Candidates {
    known: Vec<Known>,
    by_id: HashMap<Uuid, usize>,
    by_email: HashMap<String, Vec<usize>>,
    by_name: HashMap<(String, String), Vec<usize>>,
}

impl Candidates {
    /// Loads whoever has one of these ids or keys.
    pub(crate) async fn load(scope: &Scope<'_>, ids: &[Uuid], keys: &[Keys]) -> Result<Self> {
        let emails: BTreeSet<_> = keys.iter().filter_map(|keys| keys.email_key.as_deref()).collect();
        // Whoever has neither name nor company is never meant by them.
        let names: BTreeSet<_> = keys
            .iter()
            .map(|keys| (keys.name_key.as_str(), keys.company_key.as_str()))
            .filter(|names| *names != ("", ""))
            .collect();
        let mut found = Self::default();
        for ids in ids.chunks(KEYS_A_STATEMENT) {
            found.fetch(scope, live(scope).filter(among::ids(scope, people::Column::Id, ids))).await?;
        }
        if !emails.is_empty() {
            let emails: Vec<_> = emails.into_iter().collect();
            found.fetch(scope, live(scope).filter(among::texts(scope, people::Column::EmailKey, &emails))).await?;
        }
        if !names.is_empty() {
            let names: Vec<_> = names.into_iter().collect();
            // Most of them were found by the address already; to read a whole row takes longer than to find it.
            let read: Vec<_> = found.ids().take(KEYS_A_STATEMENT).collect();
            let mut query = live(scope).filter(among::names(scope, &names));
            if !read.is_empty() {
                query = query.filter(people::Column::Id.is_not_in(read));
            }
            found.fetch(scope, query).await?;
        }
        found.load_categories(scope).await?;
        Ok(found)
    }

    /// Adds a person; one that is known already is not added again.
    pub(crate) fn add(&mut self, known: Known) -> usize {
        if let Some(index) = self.by_id.get(&known.person.id) {
            return *index;
        }
        let index = self.known.len();
        self.by_id.insert(known.person.id, index);
        self.enter_keys(index, &known.person);
        self.known.push(known);
        index
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<&Known> {
        self.by_id.get(&id).map(|index| &self.known[*index])
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.known.iter().map(|known| known.person.id)
    }

    /// Replaces what is known of a person after a row has changed them; from now on their new keys find them.
    pub(crate) fn renew(&mut self, known: Known) {
        let Some(&index) = self.by_id.get(&known.person.id) else { return };
        let Person { email_key, name_key, company_key, .. } = &self.known[index].person;
        let of_email = email_key.as_ref().and_then(|key| self.by_email.get_mut(key));
        let of_name = self.by_name.get_mut(&(name_key.clone(), company_key.clone()));
        for indexes in of_email.into_iter().chain(of_name) {
            indexes.retain(|other| *other != index);
        }
        self.enter_keys(index, &known.person);
        self.known[index] = known;
    }

    /// The person that a row means, the oldest where several do; `allowed` may rule one out that does not have its id.
    pub(crate) fn find(
        &self,
        id: Option<Uuid>,
        keys: &Keys,
        allowed: impl Fn(&Known) -> bool,
    ) -> Option<(&Known, MatchedBy)> {
        if let Some(known) = id.and_then(|id| self.get(id)) {
            return Some((known, MatchedBy::Id));
        }
        if let Some(known) = self.by_email(keys, &allowed) {
            return Some((known, MatchedBy::Email));
        }
        self.by_name(keys, &allowed).map(|known| (known, MatchedBy::NameAndCompany))
    }

    /// Several people may share an address; the one who also has the row's name, and then its company, is meant first.
    fn by_email(&self, keys: &Keys, allowed: &impl Fn(&Known) -> bool) -> Option<&Known> {
        let indexes = self.by_email.get(keys.email_key.as_ref()?)?;
        let known = indexes.iter().map(|index| &self.known[*index]).filter(|known| allowed(known));
        known.min_by_key(|Known { person, .. }| {
            (person.name_key != keys.name_key, person.company_key != keys.company_key, person.id)
        })
    }

    fn by_name(&self, keys: &Keys, allowed: &impl Fn(&Known) -> bool) -> Option<&Known> {
        if keys.name_key.is_empty() && keys.company_key.is_empty() {
            return None;
        }
        let indexes = self.by_name.get(&(keys.name_key.clone(), keys.company_key.clone()))?;
        let known = indexes.iter().map(|index| &self.known[*index]).filter(|known| allowed(known));
        let comparable = |known: &&Known| keys.email_key.is_none() || known.person.email_key.is_none();
        known.filter(comparable).min_by_key(|known| known.person.id)
    }

    fn enter_keys(&mut self, index: usize, person: &Person) {
        if let Some(email) = &person.email_key {
            self.by_email.entry(email.clone()).or_default().push(index);
        }
        self.by_name.entry((person.name_key.clone(), person.company_key.clone())).or_default().push(index);
    }

    async fn fetch(&mut self, scope: &Scope<'_>, query: Select<people::Entity>) -> Result<()> {
        // Without an order: SQLite would follow the index of the order through the whole account.
        for person in query.all(&scope.on).await? {
            self.add(Known { person, categories: BTreeSet::new(), custom: BTreeMap::new() });
        }
        Ok(())
    }

    /// Loads the custom values of all of them: only rows that have some need it.
    pub(crate) async fn load_custom(&mut self, scope: &Scope<'_>) -> Result<()> {
        let ids: Vec<_> = self.ids().collect();
        for (person, values) in custom_values::values_in(scope, &ids).await? {
            let index = self.by_id[&person];
            self.known[index].custom = values.into_iter().map(|value| (value.field.id, value.value)).collect();
        }
        Ok(())
    }

    async fn load_categories(&mut self, scope: &Scope<'_>) -> Result<()> {
        let ids: Vec<_> = self.ids().collect();
        for (person, categories) in categories::of_items_in(scope, &ids).await? {
            let index = self.by_id[&person];
            self.known[index].categories = categories.into_iter().map(|category| category.name_key).collect();
        }
        Ok(())
    }
}
