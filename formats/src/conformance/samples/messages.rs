//! Messages with what formats stumble over: texts with markup, files, and e-mails as people write their addresses.

use jiff::Timestamp;

use crate::{File, Message, Record};

/// The messages to try a format with.
pub(super) fn messages() -> Vec<Record> {
    let file = |name: &str, url: &str, media_type: Option<&str>| File {
        name: name.into(),
        url: url.into(),
        media_type: media_type.map(Into::into),
    };
    let plain = Message {
        id: Some("message-1".into()),
        title: Some("Offer for the spring fair".into()),
        body: Some("Dear Ada,\n\nsee the plan; and the list.".into()),
        emailed_from: Some("bo@example.com".into()),
        emailed_to: Some("\"Ada, Countess\" <ada@example.com>, c@example.com".into()),
        creator: Some("Bo Berg".into()),
        files: vec![
            file("plan.pdf", "https://example.com/plan.pdf?a=1&b=2", Some("application/pdf")),
            file("list, \"final\"", "https://example.com/list", None),
        ],
        associations: vec!["Ada Lovelace - Analytical Engines".into(), "only@example.com".into()],
        categories: vec!["Fairs".into(), "Smith, Jones; \"Sons\"".into()],
        created_at: Some(Timestamp::constant(1_795_309_323, 0)),
        updated_at: Some(Timestamp::constant(1_795_312_923, 456_789_000)),
    };
    let messages = vec![
        plain,
        Message { title: Some("Only a title".into()), ..Message::default() },
        Message { body: Some("Only a body".into()), ..Message::default() },
        Message {
            title: Some("<b>&amp;</b> ]]> <!-- -->".into()),
            body: Some("<script>alert('1')</script>\r\n\r\n=1+1\tTab \r\n".into()),
            ..Message::default()
        },
        Message {
            title: Some("👩‍💻 Zoë שלום e\u{301}".into()),
            body: Some("\u{202e}from the right\u{202c} 😀\u{2028}next\u{1}\u{b}".into()),
            creator: Some("株式会社 東京".into()),
            ..Message::default()
        },
        Message { title: Some("=1+1".into()), body: Some("A long text. ".repeat(8_000)), ..Message::default() },
    ];
    messages.into_iter().map(|message| Record::Message(Box::new(message))).collect()
}
