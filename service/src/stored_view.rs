//! A view as it is stored: what a feed shows and how, and one day what an alert, a sheet or a saved view does.
//!
//! Its JSON stands in databases, so a part of it keeps its name, and a new part needs a default.

use formats::{AddressList, Section, VCardVersion};
use serde::{Deserialize, Serialize};
use storage::Order;

use crate::error::{Error, Result};
use crate::view::{ViewRequest, order_text, parse_order};

/// What of an account is shown, and how a document of it is written. What depends on who asks and where is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredView {
    /// The section whose view it is.
    pub section: Section,
    /// `Messages` or `Calendar` where what is related to the records of the view is meant.
    pub related: Option<Section>,
    /// What of the section.
    pub view: ViewRequest,
    /// By what it is ordered.
    pub order: Order,
    /// Whether cells are kept from being formulas in a spreadsheet.
    pub excel_safe: bool,
    /// In which version vCards are written.
    pub vcard: VCardVersion,
    /// How many minutes before its start each event reminds of itself.
    pub alarm: Option<u32>,
    /// How a list of e-mail addresses is written.
    pub address_list: AddressList,
}

/// The JSON of a stored view.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    section: String,
    related: Option<String>,
    view: ViewRequest,
    sort: String,
    excel_safe: bool,
    vcard4: bool,
    alarm: Option<u32>,
    address_list: String,
}

impl StoredView {
    /// The text to store.
    pub(crate) fn to_json(&self) -> String {
        let Self { section, related, view, order, excel_safe, vcard, alarm, address_list } = self;
        let json = Json {
            section: section.to_string(),
            related: related.map(|related| related.to_string()),
            view: view.clone(),
            sort: order_text(*order),
            excel_safe: *excel_safe,
            vcard4: *vcard == VCardVersion::V4,
            alarm: *alarm,
            address_list: address_list.to_string(),
        };
        serde_json::to_string(&json).expect("texts, numbers and yes or no can be written as JSON")
    }

    /// The view of a text that was stored. Errors: `INTERNAL` for a text that Cairn did not write.
    pub fn from_json(text: &str) -> Result<Self> {
        let Json { section, related, view, sort, excel_safe, vcard4, alarm, address_list } =
            serde_json::from_str(text).map_err(Error::internal)?;
        Ok(Self {
            section: section.parse().map_err(Error::internal)?,
            related: related.map(|related| related.parse()).transpose().map_err(Error::internal)?,
            view,
            order: parse_order(&sort)?,
            excel_safe,
            vcard: if vcard4 { VCardVersion::V4 } else { VCardVersion::V3 },
            alarm,
            address_list: address_list.parse().map_err(Error::internal)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use formats::{AddressList, Section, VCardVersion};

    use super::StoredView;
    use crate::view::{ViewRequest, parse_order};

    fn view() -> StoredView {
        StoredView {
            section: Section::Leads,
            related: Some(Section::Messages),
            view: ViewRequest {
                search: Some("city:Köln".into()),
                from: Some("2026-05-25".into()),
                ..ViewRequest::default()
            },
            order: parse_order("-updated").expect("an order"),
            excel_safe: false,
            vcard: VCardVersion::V4,
            alarm: Some(15),
            address_list: AddressList::default(),
        }
    }

    #[test]
    fn what_is_stored_comes_back() {
        assert_eq!(StoredView::from_json(&view().to_json()).expect("it was written by us"), view());
    }

    /// What older versions have stored is read for ever.
    #[test]
    fn its_json_stays_as_it_is() {
        let json = view().to_json();
        let parts: Vec<_> = json.split(',').filter_map(|part| part.split_once(':')).map(|(name, _)| name).collect();
        let names = ["section", "related", "view", "sort", "excel_safe", "vcard4", "alarm", "address_list"];
        for name in names {
            assert!(parts.iter().any(|part| part.trim_start_matches('{') == format!("{name:?}")), "{name} in {json}");
        }
        assert!(json.contains("\"sort\":\"-updated\""), "{json}");
    }
}
