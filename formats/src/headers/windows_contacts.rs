//! Outlook Express, the Windows Address Book, Windows Contacts and Windows Live Mail: Outlook's names and some of their own, any of
//! them and in any order, as the user chooses the columns.

use super::client::{Client, Footer};
use super::meaning::Meaning::{self, Extra, Own, Url};
use super::outlook;
use crate::record::Column;

pub(super) static CLIENT: Client =
    Client { name: "Windows Contacts", columns: &COLUMNS, base: Some(&outlook::CLIENT), footer: Footer::Nothing };

const COLUMNS: [(&str, Meaning); 4] =
    [("name", Own(Column::Name)), ("nickname", Extra), ("personal web page", Url(1)), ("business web page", Url(0))];
