//! The table of people: their contact data and the keys folded from it.

use sea_orm::entity::prelude::*;

use crate::contact::{Contact, ContactField};
use crate::value::Timestamp;

/// A person as the database holds them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "people")]
#[expect(missing_docs, reason = "the contact fields are those of `Contact`")]
pub struct Model {
    /// The account that the row belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: Option<String>,
    pub company: Option<String>,
    pub title: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub mobile: Option<String>,
    pub fax: Option<String>,
    pub url: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub zip: Option<String>,
    pub country: Option<String>,
    pub notes: Option<String>,
    /// The folded display name, by which lists are ordered.
    pub sort_key: String,
    /// The folded e-mail address.
    pub email_key: Option<String>,
    /// The folded name, empty where there is none.
    pub name_key: String,
    /// The folded company, empty where there is none.
    pub company_key: String,
    /// The digits of phone, mobile and fax, separated by spaces.
    pub phone_digits: String,
    /// The folded city, empty where there is none.
    pub city_key: String,
    /// The folded state, empty where there is none.
    pub state_key: String,
    /// The folded country, empty where there is none.
    pub country_key: String,
    /// The folded custom values, in lines.
    pub custom_text: String,
    /// What a search looks in: the contact data, the digits of the phones, then the custom values.
    pub search_text: String,
    /// The user who made it.
    pub created_by: Option<Uuid>,
    /// Counts the changes, from 1: the value that optimistic locking compares.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Since when it is in the trash.
    pub deleted_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// A person of whom nothing is known yet, at version 0.
    pub(crate) fn blank(account_id: Uuid, id: Uuid) -> Self {
        Self {
            account_id,
            id,
            name: None,
            company: None,
            title: None,
            email: None,
            phone: None,
            mobile: None,
            fax: None,
            url: None,
            address: None,
            city: None,
            state: None,
            zip: None,
            country: None,
            notes: None,
            sort_key: String::new(),
            email_key: None,
            name_key: String::new(),
            company_key: String::new(),
            phone_digits: String::new(),
            city_key: String::new(),
            state_key: String::new(),
            country_key: String::new(),
            custom_text: String::new(),
            search_text: String::new(),
            created_by: None,
            version: 0,
            created_at: Timestamp::from_microseconds(0),
            updated_at: Timestamp::from_microseconds(0),
            deleted_at: None,
        }
    }

    /// The same with this contact data.
    pub(crate) fn with_contact(self, contact: Contact) -> Self {
        let Contact { name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes } =
            contact;
        Self { name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes, ..self }
    }

    /// The contact data alone.
    pub fn contact(&self) -> Contact {
        Contact {
            name: self.name.clone(),
            company: self.company.clone(),
            title: self.title.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            mobile: self.mobile.clone(),
            fax: self.fax.clone(),
            url: self.url.clone(),
            address: self.address.clone(),
            city: self.city.clone(),
            state: self.state.clone(),
            zip: self.zip.clone(),
            country: self.country.clone(),
            notes: self.notes.clone(),
        }
    }
}

impl From<ContactField> for Column {
    fn from(field: ContactField) -> Self {
        match field {
            ContactField::Name => Self::Name,
            ContactField::Company => Self::Company,
            ContactField::Title => Self::Title,
            ContactField::Email => Self::Email,
            ContactField::Phone => Self::Phone,
            ContactField::Mobile => Self::Mobile,
            ContactField::Fax => Self::Fax,
            ContactField::Url => Self::Url,
            ContactField::Address => Self::Address,
            ContactField::City => Self::City,
            ContactField::State => Self::State,
            ContactField::Zip => Self::Zip,
            ContactField::Country => Self::Country,
            ContactField::Notes => Self::Notes,
        }
    }
}
