//! As what the properties of an event or a thing to do are read, for the report about its file.

use std::borrow::Cow;

use super::own;
use crate::Charset;
use crate::content_line::ContentLine;
use crate::headers::properties::{Meant, Properties};
use crate::record::Column;

/// Counts the properties of an event, but for those of its alarms.
pub(super) fn count(properties: &mut Properties, lines: &[ContentLine], charset: Charset) {
    let mut depth = 0_usize;
    let of_event = lines.iter().filter(|line| match line.name.as_str() {
        "BEGIN" => {
            depth += 1;
            false
        }
        "END" => {
            depth = depth.saturating_sub(1);
            false
        }
        // It only says when the file was written.
        "DTSTAMP" => false,
        _ => depth == 0,
    });
    properties.pass(of_event.map(|line| (Cow::Borrowed(line.name.as_str()), line)), charset, meant, |_| None);
}

fn meant(line: &ContentLine) -> Meant {
    let column = match line.name.as_str() {
        "SUMMARY" => Column::Title,
        "DTSTART" | "DUE" | own::STARTS => Column::StartsOn,
        "DTEND" | "DURATION" | own::ENDS => Column::EndsOn,
        "LOCATION" => Column::Location,
        "DESCRIPTION" => Column::Description,
        "STATUS" | "COMPLETED" | "PERCENT-COMPLETE" | own::COMPLETE => Column::Complete,
        "ATTENDEE" | "ORGANIZER" | own::ASSOCIATION => Column::Associations,
        "CATEGORIES" => Column::Categories,
        "UID" | own::SOURCE_UID => Column::SourceUid,
        "SEQUENCE" | own::SOURCE_SEQUENCE => Column::SourceSequence,
        "RECURRENCE-ID" | own::RECURRENCE_ID => Column::RecurrenceId,
        "RRULE" | "EXRULE" | "RDATE" | "EXDATE" | own::RECURRENCE => Column::Recurrence,
        "CREATED" | own::CREATED_AT => Column::CreatedAt,
        "LAST-MODIFIED" | own::UPDATED_AT => Column::UpdatedAt,
        own::ID => Column::Id,
        own::OWNER => Column::Owner,
        own::EMAIL_TEMPLATE => Column::EmailTemplate,
        name => {
            let header = match name {
                "URL" => "URL",
                "CONTACT" => "Contact",
                "COMMENT" => "Comment",
                "RESOURCES" => "Resources",
                "CONFERENCE" | "X-GOOGLE-CONFERENCE" => "Conference",
                _ => return Meant::default(),
            };
            return Meant::line(Column::Description.name(), header);
        }
    };
    Meant::field(column.name())
}
