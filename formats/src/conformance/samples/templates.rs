//! Templates of both kinds with what formats stumble over.

use jiff::Timestamp;

use crate::{EmailTemplate, Record, TemplateItem};

/// The e-mail templates to try a format with.
pub(super) fn email_templates() -> Vec<Record> {
    let template = |name: &str, subject: &str, body: &str| EmailTemplate {
        id: Some(format!("template-{}", name.len())),
        name: name.into(),
        subject: subject.into(),
        body: body.into(),
        created_at: Some(Timestamp::constant(1_795_309_323, 0)),
        updated_at: Some(Timestamp::constant(946_684_799, 0)),
    };
    let templates = [
        template("Welcome", "Welcome, {{name}}", "Dear {{name}},\n\nthank you; \"really\".\n"),
        template("=1+1", "שלום 😀", "<p>&amp;</p>\r\n\tTab, ]]>"),
        EmailTemplate { name: "Bare".into(), ..EmailTemplate::default() },
    ];
    templates.into_iter().map(|template| Record::EmailTemplate(Box::new(template))).collect()
}

/// The rows of event templates to try a format with.
pub(super) fn template_items() -> Vec<Record> {
    let first = TemplateItem {
        id: Some("template-1".into()),
        name: "Follow-up, \"short\"".into(),
        item: 1,
        offset: "+1 Week".into(),
        time_of_day: Some("18:15".into()),
        title: "Call; and write".into(),
        location: Some("Hall 4, Gate B".into()),
        description: Some("Line one\r\nline two".into()),
        email_template: Some("Welcome".into()),
        created_at: Some(Timestamp::constant(1_795_309_323, 0)),
        updated_at: Some(Timestamp::constant(946_684_799, 0)),
    };
    let second = TemplateItem {
        item: 2,
        offset: "-2 Days".into(),
        time_of_day: None,
        title: "=1+1 😀".into(),
        location: None,
        description: None,
        email_template: None,
        ..first.clone()
    };
    [first, second].into_iter().map(|item| Record::TemplateItem(Box::new(item))).collect()
}
