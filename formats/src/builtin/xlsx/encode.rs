//! Writes a workbook: a bold, frozen header and a row a record, and a next sheet where one is full.

use bytes::BytesMut;

use super::archive::Archive;
use super::cell::{self, Style};
use crate::record::Value;
use crate::{Encode, EncodeError, EncodeOptions, Record, Section, columns};

/// The most rows of a sheet, its header among them.
const ROWS: u32 = 1_048_576;

/// The most columns of a sheet.
const COLUMNS: usize = 16_384;

/// After how many bytes of a sheet the next one begins, so that none has too many for an archive.
const BYTES: u64 = 3 << 30;

const RELATIONSHIPS: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
    "\n",
    r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
    r#"<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>"#,
    "</Relationships>",
);

/// The styles that [`Style`] counts: nothing in particular, bold, text that stays text when somebody edits it, days and times.
/// By them a reader knows a workbook that no other program has saved since.
pub(super) const STYLES: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
    "\n",
    r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#,
    r#"<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts>"#,
    r#"<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font><font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>"#,
    r#"<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>"#,
    r#"<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>"#,
    r#"<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>"#,
    r#"<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>"#,
    r#"<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>"#,
    r#"<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>"#,
    r#"<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>"#,
    r#"<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>"#,
    r#"<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>"#,
    "</styleSheet>",
);

/// An encoder of one document.
pub(super) struct Encoder {
    section: Section,
    custom_fields: Vec<String>,
    archive: Archive,
    /// The letters of the columns.
    letters: Vec<String>,
    sheets: usize,
    rows: u32,
    rows_of_sheet: u32,
    xml: String,
}

impl Encoder {
    pub(super) fn new(section: Section, options: &EncodeOptions) -> Encoder {
        let custom_fields = options.custom_fields.clone();
        Encoder {
            section,
            letters: (0..columns(section).len() + custom_fields.len()).map(letters).collect(),
            custom_fields,
            archive: Archive::default(),
            sheets: 0,
            rows: 0,
            rows_of_sheet: ROWS,
            xml: String::new(),
        }
    }

    fn begin_sheet(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.sheets += 1;
        self.rows = 1;
        self.archive.begin(&format!("xl/worksheets/sheet{}.xml", self.sheets), out)?;
        let names: Vec<&str> = self.header().collect();
        let mut xml = String::from(concat!(
            r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
            "\n",
            r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#,
        ));
        let is_first = u8::from(self.sheets == 1);
        xml.push_str(&format!(
            "<sheetViews><sheetView tabSelected=\"{is_first}\" workbookViewId=\"0\">\
             <pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><cols>"
        ));
        for (name, number) in names.iter().zip(1..) {
            let width = width(name);
            xml.push_str(&format!("<col min=\"{number}\" max=\"{number}\" width=\"{width}\" customWidth=\"1\"/>"));
        }
        xml.push_str("</cols><sheetData><row r=\"1\">");
        for (name, column) in names.iter().zip(&self.letters) {
            cell::push_text(&mut xml, column, 1, Style::Header, name);
        }
        xml.push_str("</row>");
        self.archive.write(xml.as_bytes(), out)
    }

    fn end_sheet(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.archive.write(b"</sheetData></worksheet>", out)?;
        self.archive.finish(out)
    }

    fn header(&self) -> impl Iterator<Item = &str> {
        columns(self.section).iter().copied().chain(self.custom_fields.iter().map(String::as_str))
    }

    /// What names the sheets, once it is known how many there are.
    fn put_workbook(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
        const MAIN: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
        const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
        let styles = self.sheets + 1;
        let mut workbook = format!(
            "{HEAD}<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"{OFFICE}\"><sheets>"
        );
        let mut relationships = format!("{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\">");
        let mut types = format!(
            "{HEAD}<Types xmlns=\"{PACKAGE}/content-types\">\
             <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
             <Override PartName=\"/xl/workbook.xml\" ContentType=\"{MAIN}.sheet.main+xml\"/>\
             <Override PartName=\"/xl/styles.xml\" ContentType=\"{MAIN}.styles+xml\"/>"
        );
        for number in 1..=self.sheets {
            let name = self.section.name();
            let name = if number == 1 { name.to_owned() } else { format!("{name} {number}") };
            workbook.push_str(&format!("<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>"));
            relationships.push_str(&format!(
                "<Relationship Id=\"rId{number}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
            ));
            types.push_str(&format!(
                "<Override PartName=\"/xl/worksheets/sheet{number}.xml\" ContentType=\"{MAIN}.worksheet+xml\"/>"
            ));
        }
        workbook.push_str("</sheets></workbook>");
        relationships.push_str(&format!(
            "<Relationship Id=\"rId{styles}\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/></Relationships>"
        ));
        types.push_str("</Types>");
        self.archive.put("xl/workbook.xml", &workbook, out)?;
        self.archive.put("xl/_rels/workbook.xml.rels", &relationships, out)?;
        self.archive.put("[Content_Types].xml", &types, out)
    }
}

impl Encode for Encoder {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        if self.letters.len() > COLUMNS {
            return Err(EncodeError::TooLarge { what: "a sheet of Excel", limit: "16,384 columns" });
        }
        self.archive.put("_rels/.rels", RELATIONSHIPS, out)?;
        self.archive.put("xl/styles.xml", STYLES, out)?;
        self.begin_sheet(out)
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        record.check_belongs_to(self.section, "xlsx")?;
        if self.rows == self.rows_of_sheet || self.archive.size() > BYTES {
            self.end_sheet(out)?;
            self.begin_sheet(out)?;
        }
        self.rows += 1;
        self.xml.clear();
        self.xml.push_str(&format!("<row r=\"{}\">", self.rows));
        let own = record.values().map(|(_, value)| value);
        let custom = self.custom_fields.iter().map(|field| Value::Text(record.custom_value(field)));
        for (value, column) in own.chain(custom).zip(&self.letters) {
            cell::push(&mut self.xml, column, self.rows, value);
        }
        self.xml.push_str("</row>");
        self.archive.write(self.xml.as_bytes(), out)
    }

    fn end(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.end_sheet(out)?;
        self.put_workbook(out)?;
        self.archive.end(out)
    }
}

/// How wide a column is, in digits: by its name, as nobody knows its cells before they are written.
fn width(name: &str) -> usize {
    match name {
        "notes" | "moreInfo" | "description" | "body" | "associations" | "files" => 50,
        "name" | "company" | "title" | "email" | "address" | "url" | "location" | "subject" | "owner"
        | "emailTemplate" | "emailedFrom" | "emailedTo" | "categories" => 28,
        "createdAt" | "updatedAt" | "startsAt" | "endsAt" => 24,
        name => name.chars().count().clamp(14, 40) + 2,
    }
}

/// The letters of a column, counted from 0: of 27 they are `AB`.
fn letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[column % 26]));
        match (column / 26).checked_sub(1) {
            Some(more) => column = more,
            None => return letters.into_iter().rev().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{Encoder, letters};
    use crate::builtin::xlsx::decode::Decoder;
    use crate::builtin::xlsx::package::Package;
    use crate::{Contact, Decode, DecodeOptions, Encode, EncodeOptions, Person, Record, Section};

    #[test]
    fn columns_have_the_letters_of_excel() {
        let all = [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")];
        for (column, expected) in all {
            assert_eq!(letters(column), expected);
        }
    }

    #[test]
    fn a_full_sheet_is_followed_by_another_with_the_header_again() {
        let mut encoder = Encoder { rows_of_sheet: 3, ..Encoder::new(Section::People, &EncodeOptions::default()) };
        let mut out = BytesMut::new();
        encoder.begin(&mut out).expect("it fits");
        for number in 1..=5 {
            let contact = Contact { name: Some(format!("Person {number}")), ..Contact::default() };
            let person = Person { contact, ..Person::default() };
            encoder.record(&Record::Person(Box::new(person)), &mut out).expect("it fits");
        }
        encoder.end(&mut out).expect("it fits");
        let mut decoder = Decoder::new(Section::People, &DecodeOptions::default());
        let mut input = out.clone();
        for number in 1..=5 {
            let row = decoder.row(&mut input, true).expect("it can be read").expect("it is not the end");
            let Some(Record::Person(person)) = row.record else { panic!("{row:?}") };
            assert_eq!(person.contact.name, Some(format!("Person {number}")));
        }
        assert_eq!(decoder.row(&mut input, true), Ok(None));
        let package = Package::open(out.freeze()).expect("it is an archive");
        let text = |name: &str| {
            let part = package.part(name).expect("it is whole").unwrap_or_else(|| panic!("{name} is missing"));
            std::io::read_to_string(part).expect("it is text")
        };
        for (sheet, people) in [(1, &["Person 1", "Person 2"][..]), (2, &["Person 3", "Person 4"]), (3, &["Person 5"])]
        {
            let xml = text(&format!("xl/worksheets/sheet{sheet}.xml"));
            let rows: Vec<&str> = xml.split("<row ").skip(1).collect();
            assert_eq!(rows.len(), people.len() + 1, "{xml}");
            assert!(rows[0].contains(">name<"), "{xml}");
            assert!(rows[1..].iter().zip(people).all(|(row, name)| row.contains(name)), "{xml}");
        }
        assert!(text("xl/workbook.xml").contains("name=\"people 3\" sheetId=\"3\""));
    }
}
