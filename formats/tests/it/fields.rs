//! Numbers of custom fields, which every format with such fields reads alike.

use formats::{CustomField, DecimalSeparator, DecodeOptions, Holds, Record, Section};

use crate::documents::{Reading, read_cut};

/// Reads people with a custom field of numbers, and once more where there was something to learn, as who imports them does.
fn read(format: &str, field: &str, document: &str, decimal: Option<DecimalSeparator>) -> Reading {
    let fields = vec![CustomField { name: field.to_owned(), holds: Holds::Number }];
    let options = DecodeOptions { custom_fields: fields, decimal, ..DecodeOptions::default() };
    let read = |options: &DecodeOptions| read_cut(format, Section::People, options, document.as_bytes(), &[usize::MAX]);
    let first = read(&options);
    match first.findings.survey.clone() {
        Some(survey) => read(&DecodeOptions { survey: Some(survey), ..options }),
        None => first,
    }
}

/// The values of the field, and what is said of the rows.
fn told(reading: &Reading) -> (Vec<&str>, String) {
    let value = |record: &'_ Option<Record>| match record {
        Some(Record::Person(person)) => person.custom.first().map(|custom| custom.value.clone()),
        other => panic!("not a person: {other:?}"),
    };
    let values = reading.rows.iter().map(|row| value(&row.record).unwrap_or_default());
    let notes = reading.rows.iter().flat_map(|row| &row.diagnostics).map(ToString::to_string).collect::<Vec<_>>();
    (values.map(|value| &*value.leak()).collect(), notes.join("; "))
}

/// A table with these cells between quotes.
fn table(header: &str, cells: &[&str]) -> String {
    let rows = cells.iter().enumerate().map(|(at, cell)| format!("P{at},\"{cell}\"\n"));
    format!("Name,{header}\n{}", rows.collect::<String>())
}

#[test]
fn numbers_are_read_as_those_of_our_own_columns() {
    let cells = [
        ("+5", "5"),
        ("1e3", "1000"),
        (" 1,250 ", "1250"),
        ("(1,200)", "-1200"),
        ("75 %", "0.75"),
        ("$5,000.00", "5000"),
        ("1'200.50", "1200.5"),
        (".25", "0.25"),
        ("-5.50", "-5.5"),
        ("2.5E-2", "0.025"),
        ("1,234,567.89", "1234567.89"),
        ("USD 12", "12"),
        // Half to even, as in our own columns, with a note.
        ("1.23456", "1.2346"),
        ("0.00005", "0"),
    ];
    let reading = read("csv", "Size", &table("Size", &cells.map(|(cell, _)| cell)), None);
    let (values, notes) = told(&reading);
    assert_eq!(values, cells.map(|(_, value)| value));
    assert!(!notes.contains("tells whether") && notes.contains("1.23456 is rounded to 1.2346"), "{notes}");
    // What is no number stays as it is, for whoever keeps the record.
    let odd = ["five", "--5", "1,23,45", "0x10", "1e99", "5 6"];
    let reading = read("csv", "Size", &table("Size", &odd), None);
    assert_eq!(told(&reading), (odd.to_vec(), String::new()));
}

#[test]
fn the_file_tells_which_separator_a_number_has() {
    // By the column, the delimiter, and another column.
    let reading = read("csv", "Size", &table("Size", &["5 000,50 €", "1.200", "512,77"]), None);
    let (values, notes) = told(&reading);
    assert_eq!(values, ["5000.5", "1200", "512.77"]);
    assert_eq!(notes.matches("as the file tells by its other cells; with decimal=point it would be 1.2").count(), 1);
    let reading = read("csv", "Size", "Name;Size\nA;1.200\nB;3.000\n", None);
    assert_eq!(told(&reading).0, ["1200", "3000"]);
    let leads = "Name;Value;Size\nA;1,5;1.200\n";
    let fields = vec![CustomField { name: "Size".to_owned(), holds: Holds::Number }];
    let options = DecodeOptions { custom_fields: fields, ..DecodeOptions::default() };
    let first = read_cut("csv", Section::Leads, &options, leads.as_bytes(), &[usize::MAX]);
    let options = DecodeOptions { survey: first.findings.survey, ..options };
    let second = read_cut("csv", Section::Leads, &options, leads.as_bytes(), &[usize::MAX]);
    let Some(Record::Transaction(lead)) = &second.rows[0].record else { panic!("no lead: {second:?}") };
    assert_eq!(lead.custom.iter().map(|custom| &*custom.value).collect::<Vec<_>>(), ["1200"]);
    // By whoever imports it.
    let reading = read("csv", "Size", &table("Size", &["1.200", "3,000"]), Some(DecimalSeparator::Comma));
    assert_eq!(told(&reading), (vec!["1200", "3"], String::new()));
}

#[test]
fn where_nothing_tells_the_point_holds_and_that_is_said_once() {
    let reading = read("csv", "Size", &table("Size", &["1,250", "2,500", "7"]), None);
    let (values, notes) = told(&reading);
    assert_eq!(values, ["1250", "2500", "7"]);
    let said =
        "`1,250` is read as 1250, and nothing in the file tells whether it is; with decimal=comma it would be 1.25";
    assert!(notes.contains(said) && notes.matches("nothing in the file").count() == 1, "{notes}");
    assert_eq!(reading.findings.decimals.ambiguous, None, "nobody is asked for a custom field");
}

#[test]
fn a_field_of_per_cent_has_them() {
    for (field, header) in [("Discount (%)", "Discount (%)"), ("Discount %", "discount %")] {
        assert_eq!(told(&read("csv", field, &table(header, &["75 %", "7.5%", "20"]), None)).0, ["75", "7.5", "20"]);
    }
    assert_eq!(told(&read("csv", "Discount", &table("Discount", &["75 %", "20"]), None)).0, ["0.75", "20"]);
}

#[test]
fn json_and_cards_have_them_too() {
    let document =
        r#"[{"name":"A","Size":5.000},{"name":"B","Size":"5.000"},{"name":"C","Size":"1,5"},{"name":"D","Size":1e3}]"#;
    assert_eq!(told(&read("json", "Size", document, None)).0, ["5", "5000", "1.5", "1000"]);
    let lines = document.trim_matches(['[', ']']).replace("},{", "}\n{");
    assert_eq!(told(&read("ndjson", "Size", &lines, None)).0, ["5", "5000", "1.5", "1000"]);
    let card = |value: &str| format!("BEGIN:VCARD\nFN:A\nX-CAIRN-FIELD-1:Size={value}\nEND:VCARD\n");
    let cards = ["5.000", "1%2C250.50", "(3)"].map(card).concat();
    assert_eq!(told(&read("vcard", "Size", &cards, None)).0, ["5", "1250.5", "-3"]);
}

#[test]
fn files_of_ours_have_numbers_as_programs_write_them() {
    let reading = read("csv", "Size", "name,createdAt,Size\nA,2026-01-01T00:00:00Z,5.000\n", None);
    assert_eq!(told(&reading), (vec!["5"], String::new()));
    assert_eq!(reading.findings.decimals.columns, 0);
}
