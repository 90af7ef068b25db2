//! A Salesforce report of opportunities, and what its Data Loader writes, which calls the columns as the API does.

use super::client::{Client, Footer};
use super::meaning::Meaning::{
    self, Company, Deal, DealId, DealName, DealStage, Email, Ended, Extra, FirstName, Ignored, LastName, Own, Percent,
};
use super::salesforce;
use crate::Outcome::Won;
use crate::record::Column;

pub(super) static REPORT: Client = Client {
    name: "Salesforce opportunities",
    columns: &REPORTED,
    base: Some(&salesforce::CLIENT),
    footer: Footer::SingleCells,
};

/// Names that nobody else has.
pub(super) const REPORT_MARKS: &[&str] = &["opportunity name", "opportunity id", "opportunity owner"];

const REPORTED: [(&str, Meaning); 35] = [
    ("opportunity id", DealId),
    ("opportunity name", DealName),
    ("stage", DealStage),
    ("amount", Own(Column::Value)),
    ("amount (converted)", Deal),
    ("amount currency", Deal),
    ("amount (converted) currency", Deal),
    ("currency", Deal),
    ("opportunity currency", Deal),
    ("expected revenue", Deal),
    ("expected revenue currency", Deal),
    ("expected amount", Deal),
    ("close date", Deal),
    ("close month", Deal),
    ("probability (%)", Percent),
    ("probability", Percent),
    ("won", Ended(Won)),
    ("closed", Ignored),
    ("type", Deal),
    ("lead source", Deal),
    ("next step", Deal),
    ("forecast category", Deal),
    ("fiscal period", Deal),
    ("age", Ignored),
    ("created date", Deal),
    ("description", Deal),
    ("opportunity owner", Deal),
    ("owner role", Ignored),
    ("last modified date", Ignored),
    ("last stage change date", Ignored),
    ("primary campaign source", Deal),
    ("primary contact", Own(Column::Name)),
    ("contact: full name", Own(Column::Name)),
    ("contact: email", Email(0)),
    ("account name", Company),
];

pub(super) static LOADER: Client =
    Client { name: "Salesforce opportunities (Data Loader)", columns: &LOADED, base: None, footer: Footer::Nothing };

/// Names that nobody else has.
pub(super) const LOADER_MARKS: &[&str] = &["stagename", "closedate"];

const LOADED: [(&str, Meaning); 42] = [
    ("id", DealId),
    ("name", DealName),
    ("stagename", DealStage),
    ("amount", Own(Column::Value)),
    ("currencyisocode", Deal),
    ("expectedrevenue", Deal),
    ("closedate", Deal),
    ("probability", Percent),
    ("iswon", Ended(Won)),
    ("isclosed", Ignored),
    ("isdeleted", Ignored),
    ("isprivate", Ignored),
    ("type", Deal),
    ("leadsource", Deal),
    ("nextstep", Deal),
    ("description", Deal),
    ("forecastcategory", Ignored),
    ("forecastcategoryname", Deal),
    ("fiscal", Ignored),
    ("fiscalquarter", Ignored),
    ("fiscalyear", Ignored),
    ("ownerid", Ignored),
    ("accountid", Ignored),
    ("contactid", Ignored),
    ("campaignid", Ignored),
    ("pricebook2id", Ignored),
    ("recordtypeid", Ignored),
    ("createdbyid", Ignored),
    ("createddate", Ignored),
    ("lastmodifiedbyid", Ignored),
    ("lastmodifieddate", Ignored),
    ("lastactivitydate", Ignored),
    ("systemmodstamp", Ignored),
    ("hasopportunitylineitem", Ignored),
    ("account.name", Company),
    ("contact.name", Own(Column::Name)),
    ("contact.firstname", FirstName),
    ("contact.lastname", LastName),
    ("contact.email", Email(0)),
    ("account.id", Ignored),
    ("owner.name", Deal),
    ("recordtype.name", Extra),
];
