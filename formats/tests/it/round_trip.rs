//! What was written comes back exactly, whatever the values and however the bytes are cut.

use formats::{Contact, DecodeOptions, Person, Record, Section, Stage, Transaction};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::documents::{read_cut, write};

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn people(people in vec(person(), 0..5), sizes in vec(1_usize..40, 1..8)) {
        let records: Vec<Record> = people.into_iter().map(|person| Record::Person(Box::new(person))).collect();
        check(Section::People, &records, &sizes);
    }

    #[test]
    fn stages(transactions in vec(transaction(), 0..5), sizes in vec(1_usize..40, 1..8)) {
        let records: Vec<Record> = transactions.into_iter().map(|transaction| Record::Transaction(Box::new(transaction))).collect();
        check(Section::Opportunities, &records, &sizes);
    }

    #[test]
    fn any_bytes_end(document in vec(prop_oneof![any::<u8>(), prop::sample::select(b"\",\r\n[]{}:ae\\".to_vec())], 0..200), size in 1_usize..50) {
        for format in ["csv", "json"] {
            for start in [&b""[..], b"name,notes\n", b"[{\"name\":"] {
                let document = [start, &document].concat();
                let whole = read_cut(format, Section::People, &DecodeOptions::default(), &document, &[usize::MAX]);
                let cut = read_cut(format, Section::People, &DecodeOptions::default(), &document, &[size]);
                prop_assert_eq!(whole, cut);
            }
        }
    }
}

fn check(section: Section, records: &[Record], sizes: &[usize]) {
    for format in ["csv", "json"] {
        let document = write(format, section, records);
        let reading = read_cut(format, section, &DecodeOptions::default(), &document, sizes);
        assert_eq!(reading.error, None);
        let back: Vec<Record> =
            reading.rows.into_iter().map(|row| row.record.unwrap_or_else(|| panic!("{:?}", row.diagnostics))).collect();
        assert_eq!(back, records, "{format}");
    }
}

/// How often each law is tried: few times while programming, often where `CAIRN_TEST_CASES` says so.
fn cases() -> u32 {
    std::env::var("CAIRN_TEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

/// Text with everything that formats stumble over.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            ",",
            ";",
            "\"",
            "\"\"",
            "'",
            "\r\n",
            "\n",
            "\r",
            "\t",
            " ",
            "\u{a0}",
            "=1+1",
            "-",
            "@",
            "\\",
            "\\n",
            "{",
            "[",
            "]",
            "}",
            "é",
            "😀",
            "👩‍💻",
            "שלום",
            "\u{202e}",
            "\u{feff}",
            "e\u{301}",
            "null",
            "* ",
            ":::",
            "0/0/00",
            "\u{1}",
            "\u{7f}",
            "\u{2028}",
        ])
        .prop_map(str::to_owned),
        "[a-z]{1,8}",
    ];
    vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

/// Text of a field in which white space at the ends means nothing.
fn single() -> impl Strategy<Value = String> {
    hostile().prop_map(|text| text.trim().to_owned()).prop_filter("a blank text is no text", |text| !text.is_empty())
}

/// Text of a field in which white space is kept.
fn block() -> impl Strategy<Value = String> {
    hostile().prop_filter("a blank text is no text", |text| !text.trim().is_empty())
}

/// Names that can stand in one cell; only the separator itself cannot be part of them.
fn categories() -> impl Strategy<Value = Vec<String>> {
    let name = single().prop_filter("the separator is no name", |name| !name.contains(":::"));
    vec(name, 0..4)
}

fn contact() -> impl Strategy<Value = Contact> {
    let line = || of(single());
    let person = (single(), line(), line(), line(), line(), line(), line());
    let place = (line(), of(block()), line(), line(), line(), line(), of(block()));
    (person, place).prop_map(
        |((name, company, title, email, phone, mobile, fax), (url, address, city, state, zip, country, notes))| {
            let name = Some(name);
            Contact { name, company, title, email, phone, mobile, fax, url, address, city, state, zip, country, notes }
        },
    )
}

fn time() -> impl Strategy<Value = Timestamp> {
    (-60_000_000_000_000_000_i64..250_000_000_000_000_000)
        .prop_map(|micros| Timestamp::from_microsecond(micros).expect("within the years 0 to 9999"))
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), 0_u32..=4).prop_map(|(number, scale)| Decimal::new(number, scale))
}

fn person() -> impl Strategy<Value = Person> {
    (of(single()), contact(), categories(), of(time()), of(time())).prop_map(
        |(id, contact, categories, created_at, updated_at)| Person {
            id,
            contact,
            categories,
            custom: Vec::new(),
            foreign: Vec::new(),
            created_at,
            updated_at,
        },
    )
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let stage = prop::sample::select(Stage::ALL.to_vec());
    (person(), of(single()), of(stage), of(decimal()), of(decimal()), of(block())).prop_map(
        |(person, person_id, stage, value, probability, more_info)| {
            let Person { id, contact, categories, custom, foreign, created_at, updated_at } = person;
            Transaction {
                id,
                person_id,
                contact,
                stage,
                value,
                probability,
                more_info,
                categories,
                custom,
                foreign,
                created_at,
                updated_at,
            }
        },
    )
}
