//! Which addresses are listed, and how names are kept from becoming something else.

use formats::{AddressList, Contact, EncodeOptions, Person, Record, Section};

use crate::documents::write_as;

fn listed(list: AddressList, contacts: &[(&str, &str, &str)]) -> String {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let record = |(name, company, email): &(&str, &str, &str)| {
        let contact = Contact { name: some(name), company: some(company), email: some(email), ..Contact::default() };
        Record::Person(Box::new(Person { contact, ..Person::default() }))
    };
    let records: Vec<Record> = contacts.iter().map(record).collect();
    let mut options = EncodeOptions::default();
    options.address_list = list;
    String::from_utf8(write_as("addresses", Section::People, &records, &options)).expect("addresses are text")
}

#[test]
fn names_are_quoted_where_they_must_be() {
    for (name, company, written) in [
        ("Ann O'Brien", "ACME", "Ann O'Brien <a@example.com>"),
        ("O'Brien, Ann", "", "\"O'Brien, Ann\" <a@example.com>"),
        ("J. \"Joe\" \\ Doe", "", "\"J. \\\"Joe\\\" \\\\ Doe\" <a@example.com>"),
        ("", "ACME & Co.", "\"ACME & Co.\" <a@example.com>"),
        ("\u{85}", "Müller", "Müller <a@example.com>"),
        ("=?utf-8?q?x?=", "", "\"=?utf-8?q?x?=\" <a@example.com>"),
        ("שלום 日本", "", "שלום 日本 <a@example.com>"),
        ("Ann\r\nBcc: b@example.com\u{2028}\tx", "", "\"Ann Bcc: b@example.com x\" <a@example.com>"),
        ("", "", "a@example.com"),
    ] {
        assert_eq!(listed(AddressList::Lines, &[(name, company, "a@example.com")]), format!("{written}\r\n"));
    }
}

#[test]
fn addresses_are_such_or_left_out() {
    for (email, written) in [
        ("a.b+c@sub.example.com", Some("a.b+c@sub.example.com")),
        ("zoë@münchen.example", Some("zoë@münchen.example")),
        ("\"a,b\"@example.com", Some("\"a,b\"@example.com")),
        ("a b@example.com", Some("\"a b\"@example.com")),
        ("a@b@example.com", Some("\"a@b\"@example.com")),
        ("\"a\"b\"@example.com", Some("\"\\\"a\\\"b\\\"\"@example.com")),
        ("\"a\\\"@example.com", Some("\"\\\"a\\\\\\\"\"@example.com")),
        ("a@[192.0.2.1]", Some("a@[192.0.2.1]")),
        ("a@example..com", None),
        ("a@example.com>, <b@example.com", Some("\"a@example.com>, <b\"@example.com")),
        ("a@exam ple.com", None),
        ("a\r\nb@example.com", None),
        ("@example.com", None),
        ("name", None),
        ("", None),
    ] {
        let expected = written.map(|text| format!("{text}\r\n")).unwrap_or_default();
        assert_eq!(listed(AddressList::Lines, &[("", "", email)]), expected, "{email}");
    }
}

#[test]
fn lists_of_one_line_have_one_line() {
    let people =
        [("Ann", "", "a@example.com"), ("Bob", "", ""), ("C", "", "\"c,&%\"@example.com"), ("D", "", "d@ü.example")];
    assert_eq!(
        listed(AddressList::OneLine, &people),
        "Ann <a@example.com>, C <\"c,&%\"@example.com>, D <d@ü.example>\r\n"
    );
    assert_eq!(
        listed(AddressList::Mailto, &people),
        "mailto:a@example.com,%22c%2C%26%25%22@example.com,d@%C3%BC.example\r\n"
    );
    assert_eq!(listed(AddressList::OneLine, &[]), "");
    assert_eq!(listed(AddressList::Mailto, &[]), "mailto:\r\n");
}

#[test]
fn ways_to_list_have_names() {
    let ways = ["lines", "line", "mailto"].map(str::parse);
    assert_eq!(ways, [Ok(AddressList::Lines), Ok(AddressList::OneLine), Ok(AddressList::Mailto)]);
    let error = "lists".parse::<AddressList>().expect_err("there is no such way");
    assert_eq!(error.to_string(), "`lists` is no way to list addresses: choose lines, line or mailto");
}
