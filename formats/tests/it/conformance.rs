//! The law of codecs: whoever breaks it is caught. That the built-in ones obey it is tested beside their golden files.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them, where texts are renewed")]

use bytes::BytesMut;
use expect_test::{Expect, expect};
use formats::conformance::{Law, check, check_with};
use formats::{
    Codec, Container, Decode, DecodeError, DecodeOptions, Descriptor, Encode, EncodeError, EncodeOptions, Loss, Person,
    Position, Record, Row, Section, Source, Unsupported,
};

#[test]
fn an_honest_codec_is_let_through() {
    assert_eq!(check(&HONEST), Ok(()));
    // One direction is enough.
    assert_eq!(check(&Wrapped { descriptor: &READS, truth: &READS, ..HONEST }), Ok(()));
    assert_eq!(check(&Wrapped { descriptor: &WRITES, truth: &WRITES, ..HONEST }), Ok(()));
}

#[test]
fn a_descriptor_that_lists_too_much() {
    caught(
        &Wrapped { descriptor: &WRITES_LEADS, ..HONEST },
        &expect![[r#"
            the format wrapped breaks the law of codecs:
            - the descriptor tells the truth (leads): leads is listed as something it can write, but it is refused: wrapped cannot write leads; it can write people"#]],
    );
}

#[test]
fn a_descriptor_that_lists_too_little() {
    caught(
        &Wrapped { descriptor: &WRITES, ..HONEST },
        &expect![[r#"
            the format wrapped breaks the law of codecs:
            - the descriptor tells the truth (people): people is not listed as something it can read, but is not refused"#]],
    );
}

#[test]
fn a_refusal_that_misleads() {
    caught(
        &Wrapped { descriptor: &OTHER_NAME, ..HONEST },
        &expect![[r#"
            the format other breaks the law of codecs:
            - the descriptor tells the truth (people): people is not listed as something it can write, but is not refused
            - the descriptor tells the truth (leads): leads is refused with `wrapped cannot read leads; it can read people` instead of `other cannot read leads; it can read people`"#]],
    );
}

#[test]
fn a_descriptor_with_bad_texts() {
    caught(
        &Wrapped { descriptor: &BAD_TEXTS, truth: &BAD_TEXTS, ..HONEST },
        &expect![[r#"
        the format Wrapped breaks the law of codecs:
        - the descriptor tells the truth: the name "Wrapped" is not of small letters, digits, `-`, `_` and `.`
        - the descriptor tells the truth: the title is blank
        - the descriptor tells the truth: the media type "json; charset" is not like `text/csv; charset=utf-8` (RFC 9110 section 8.3.1)
        - the descriptor tells the truth: the extension ".json" is not like `csv`: small letters, no dot in front
        - the descriptor tells the truth: people stands in `decodes` twice
        - the descriptor tells the truth: `loses` names "remarks", which is no column"#]],
    );
}

#[test]
fn a_loss_that_is_not_declared() {
    let loses_notes = Wrapped { decode: without_notes, ..HONEST };
    caught(
        &loses_notes,
        &expect![[r#"
        the format wrapped breaks the law of codecs:
        - what was written comes back, or the loss is declared (people): column notes: "Met at the Royal Society." was written and null came back, and no loss is declared; document: b"[\n{\"id\":\"id-0\",\"name\":\"Ada Lovelace\",\"company\":\"Analytical Engines\",\"title\":\"Head of Programming\",\"email\":\"ada@example.c … -22T01:02:03.456789Z\",\"updatedAt\":\"1999-12-31T23:59:59Z\"}\n]\n" (517 bytes)"#]],
    );
    assert_eq!(check(&Wrapped { descriptor: &LOSES_NOTES, ..loses_notes }), Ok(()));
}

#[test]
fn line_ends_that_change() {
    let changes_line_ends = Wrapped { decode: with_line_feeds, ..HONEST };
    caught(
        &changes_line_ends,
        &expect![[r#"
        the format wrapped breaks the law of codecs:
        - what was written comes back, or the loss is declared (people): column notes: "  indented\r\n\r\nCR LF\nLF\rCR\tTab \r\n" was written and "  indented\n\nCR LF\nLF\rCR\tTab \n" came back, and no loss is declared; document: b"[\n{\"id\":null,\"name\":\"Line Ends\",\"company\":null,\"title\":null,\"email\":null,\"phone\":null,\"mobile\":null,\"fax\":null,\"url\":nul …  \\r\\n\",\"categories\":[],\"createdAt\":null,\"updatedAt\":null}\n]\n" (324 bytes)"#]],
    );
    assert_eq!(check(&Wrapped { descriptor: &LOSES_LINE_ENDS, ..changes_line_ends }), Ok(()));
}

#[test]
fn a_decoder_that_depends_on_the_cut() {
    caught(
        &Wrapped { decode: trimming_each_piece, ..HONEST },
        &expect![[r#"
            the format wrapped breaks the law of codecs:
            - the result does not depend on how the bytes are cut (people): cut by 64, row 1, line 2 has "+44 207946 0001" instead of "+44 20 7946 0001"; document: b"[\n{\"id\":\"id-0\",\"name\":\"Ada Lovelace\",\"company\":\"Analytical Engines\",\"title\":\"Head of Programming\",\"email\":\"ada@example.c … -22T01:02:03.456789Z\",\"updatedAt\":\"1999-12-31T23:59:59Z\"}\n]\n" (517 bytes)"#]],
    );
}

#[test]
fn a_decoder_that_never_comes_to_an_end() {
    caught(
        &Wrapped { decode: reporting_for_ever, ..HONEST },
        &expect![[r#"
            the format wrapped breaks the law of codecs:
            - no prefix makes a decoder panic or hang (people): broken off after 0 of 4 bytes, it hangs: 2 rows, and no end
            - no bytes make a decoder panic or hang (people): it hangs: 8 rows, and no end; document: b"]\n]\t\xd7\n""#]],
    );
}

#[test]
fn a_decoder_that_panics_on_a_prefix() {
    caught(
        &Wrapped { decode: panicking_at_the_end, ..HONEST },
        &expect![[r#"
            the format wrapped breaks the law of codecs:
            - no prefix makes a decoder panic or hang (people): broken off after 1 of 4 bytes, it panics: the array has an end; document: b"["
            - no bytes make a decoder panic or hang (people): it panics: the array has an end; document: b"[\n{\"id\":null,\"name\":\"Line Ends\",\"company\":null,\"title\":null,\"email\"pho\x9de\":null,\"mobile\":null,\"fax\":null,\"url\":null,\"addr …  \\r\\n\",\"categories\":[],\"createdAt\":null,\"updatedAt\":null}\n]\n" (318 bytes)"#]],
    );
}

#[test]
fn a_decoder_that_panics_on_some_byte() {
    caught(
        &Wrapped { decode: panicking_on_noise, ..HONEST },
        &expect![[r#"
            the format wrapped breaks the law of codecs:
            - no bytes make a decoder panic or hang (people): it panics: there is no such byte in UTF-8; document: b"i%\xadeH\"\"\xd1\xa0u\xafa\\\xe5n\xd0\xffsu\xb3\xd6\"eu\x1b4\xe6i\"\xcaK\x1a@:\xa5]dA\x11iwl\xb8\",\xbeuK\xbaln\xf9elamuRt\x00e^e\x83""#]],
    );
}

#[test]
fn a_decoder_that_hoards_a_row_without_end() {
    caught(
        &Wrapped { decode: waiting_for_a_line, ..HONEST },
        &expect![[r#"
        the format wrapped breaks the law of codecs:
        - a row over the limit is an error, not memory (people): a row of 524288 bytes, with a limit of 65536, makes the decoder keep 524288 bytes of its input; 262144 are allowed"#]],
    );
}

#[test]
fn a_source_that_cannot_be_read_again() {
    caught(
        &Wrapped { decode: with_other_names, ..HONEST },
        &expect![[r#"
            the format wrapped breaks the law of codecs:
            - a row's source is the row (people): our CSV reads another row of the source of row 1, line 2: Some(Some(Person(Person { id: Some("id-0"), contact: Contact { name: Some("Ada L… (668 bytes); document: b"[\n{\"id\":\"id-0\",\"name\":\"Ada Lovelace\",\"company\":\"Analytical Engines\",\"title\":\"Head of Programming\",\"email\":\"ada@example.c … -22T01:02:03.456789Z\",\"updatedAt\":\"1999-12-31T23:59:59Z\"}\n]\n" (517 bytes)"#]],
    );
}

#[test]
fn a_decoder_without_a_limit() {
    caught(
        &Wrapped { unlimited: true, ..HONEST },
        &expect![[r#"
            the format wrapped breaks the law of codecs:
            - a row over the limit is an error, not memory (people): a row of 524288 bytes, with a limit of 65536, is read, with a text of 524281 bytes"#]],
    );
}

#[test]
fn a_decoder_without_a_limit_that_nobody_can_write_for() {
    let reads_lines = Wrapped { descriptor: &READS, truth: &READS, decode: taking_all_as_a_name, ..HONEST };
    caught(
        &reads_lines,
        &expect![[r#"
        the format wrapped breaks the law of codecs:
        - a row over the limit is an error, not memory (people): a row of 524288 bytes, with a limit of 65536, is read, with a text of 524288 bytes"#]],
    );
}

#[test]
fn a_decoder_that_does_not_count() {
    caught(
        &Wrapped { decode: all_in_row_one, ..HONEST },
        &expect![[r#"
        the format wrapped breaks the law of codecs:
        - rows are numbered and say why they are bad (people): row 2 has the number 1; document: b"[\n{\"id\":\"id-0\",\"name\":\"Ada Lovelace\",\"company\":\"Analytical Engines\",\"title\":\"Head of Programming\",\"email\":\"ada@example.c … .\\r\\n\",\"categories\":[],\"createdAt\":null,\"updatedAt\":null}\n]\n" (31855 bytes)"#]],
    );
}

#[test]
fn a_decoder_that_refuses_the_empty_document() {
    caught(
        &Wrapped { decode: demanding_a_row, ..HONEST },
        &expect![[r#"
        the format wrapped breaks the law of codecs:
        - zero records are a valid document (people): the document is refused: line 1: there is nobody; document: b"[\n]\n""#]],
    );
}

#[test]
fn an_encoder_that_looks_at_the_buffer() {
    caught(
        &Wrapped { encode: beginning_where_empty, ..HONEST },
        &expect![[r#"
        the format wrapped breaks the law of codecs:
        - an encoder writes every record of its section and only appends (people): written again, with a new buffer at each step, the same records give other bytes from byte 0 on; document: b" [\n{\"id\":\"id-0\",\"name\":\"Ada Lovelace\",\"company\":\"Analytical Engines\",\"title\":\"Head of Programming\",\"email\":\"ada@example. … .\\r\\n\",\"categories\":[],\"createdAt\":null,\"updatedAt\":null}\n]\n" (31856 bytes)"#]],
    );
}

#[test]
fn an_encoder_that_clears_the_buffer() {
    caught(
        &Wrapped { encode: clearing, ..HONEST },
        &expect![[r#"
            the format wrapped breaks the law of codecs:
            - an encoder writes every record of its section and only appends (people): when each step has a new buffer, the encoder changes what the buffer held before; document: b"[\n{\"id\":\"id-0\",\"name\":\"Ada Lovelace\",\"company\":\"Analytical Engines\",\"title\":\"Head of Programming\",\"email\":\"ada@example.c … .\\r\\n\",\"categories\":[],\"createdAt\":null,\"updatedAt\":null}\n]\n" (31855 bytes)
            - zero records are a valid document (people): the document is refused: line 2 should begin with `[` or `{`, since the file must be an array like [{"name": "Ada"}] or objects one behind another, but `]` stands there; document: b"\n]\n""#]],
    );
}

#[test]
fn an_encoder_that_refuses_a_record() {
    caught(
        &Wrapped { encode: refusing_emoji, ..HONEST },
        &expect![[r#"
            the format wrapped breaks the law of codecs:
            - an encoder writes every record of its section and only appends (people): the encoder fails: emoji have no place here; the record has the values ["id-3", "👩\u{200d}💻 Zoë e\u{301}le\u{301}onore", "株式会社 東京", "שלום עולם", "مرحبا… (296 bytes)"#]],
    );
}

#[test]
fn a_document_of_ones_own_is_tried_as_well() {
    let reads_only = Wrapped { descriptor: &READS, truth: &READS, decode: panicking_on_a_word, ..HONEST };
    assert_eq!(check(&reads_only), Ok(()));
    let violations = check_with(&reads_only, &[(Section::People, b"[{\"name\": \"abracadabra\"}]")]);
    let violations = violations.expect_err("the document has the word");
    assert_eq!(violations.iter().map(|violation| violation.law).collect::<Vec<_>>(), [Law::Prefixes, Law::Noise]);
}

fn caught(codec: &dyn Codec, report: &Expect) {
    report.assert_eq(&check(codec).expect_err("the codec breaks the law").to_string());
}

/// JSON with a fault.
#[derive(Clone, Copy)]
struct Wrapped {
    descriptor: &'static Descriptor,
    /// What the codec does, whatever it says.
    truth: &'static Descriptor,
    unlimited: bool,
    encode: fn(Box<dyn Encode>) -> Box<dyn Encode>,
    decode: fn(Box<dyn Decode>) -> Box<dyn Decode>,
}

const HONEST: Wrapped =
    Wrapped { descriptor: &BOTH, truth: &BOTH, unlimited: false, encode: |json| json, decode: |json| json };

static BOTH: Descriptor = BASE;
static READS: Descriptor = Descriptor { encodes: &[], ..BASE };
static WRITES: Descriptor = Descriptor { decodes: &[], ..BASE };
static WRITES_LEADS: Descriptor = Descriptor { encodes: &[Section::People, Section::Leads], ..BASE };
static OTHER_NAME: Descriptor = Descriptor { name: "other", encodes: &[], decodes: &[Section::People], ..BASE };
static LOSES_NOTES: Descriptor = Descriptor { loses: &[Loss::Column("notes")], ..BASE };
static LOSES_LINE_ENDS: Descriptor = Descriptor { loses: &[Loss::LineEnds], ..BASE };
static BAD_TEXTS: Descriptor = Descriptor {
    name: "Wrapped",
    title: " ",
    media_type: "json; charset",
    extensions: &[".json"],
    decodes: &[Section::People, Section::People],
    loses: &[Loss::Column("remarks")],
    ..BASE
};
const BASE: Descriptor = Descriptor {
    name: "wrapped",
    title: "JSON with a fault",
    media_type: "application/json",
    extensions: &["wrapped.json"],
    encodes: &[Section::People],
    decodes: &[Section::People],
    container: Container::Stream,
    loses: &[],
};

impl Codec for Wrapped {
    fn descriptor(&self) -> &'static Descriptor {
        self.descriptor
    }

    fn encoder(&self, section: Section, options: &EncodeOptions) -> Result<Box<dyn Encode>, Unsupported> {
        self.truth.check_encodes(section)?;
        let registry = formats::builtin();
        Ok((self.encode)(registry.get("json").expect("it is built in").encoder(section, options)?))
    }

    fn decoder(&self, section: Section, options: &DecodeOptions) -> Result<Box<dyn Decode>, Unsupported> {
        self.truth.check_decodes(section)?;
        let registry = formats::builtin();
        let options = if self.unlimited { &DecodeOptions::default() } else { options };
        Ok((self.decode)(registry.get("json").expect("it is built in").decoder(section, options)?))
    }
}

type Answer = Result<Option<Row>, DecodeError>;

/// A decoder made of a function.
struct Reads<F>(F);

impl<F: FnMut(&mut BytesMut, bool) -> Answer + Send> Decode for Reads<F> {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Answer {
        (self.0)(input, at_end)
    }
}

fn reads(row: impl FnMut(&mut BytesMut, bool) -> Answer + Send + 'static) -> Box<dyn Decode> {
    Box::new(Reads(row))
}

/// A decoder that shows rows under names which our CSV does not know.
struct Misnamed(Box<dyn Decode>);

impl Decode for Misnamed {
    fn row(&mut self, input: &mut BytesMut, at_end: bool) -> Answer {
        self.0.row(input, at_end)
    }

    fn source(&self) -> Option<Source<'_>> {
        let mut source = self.0.source()?;
        source.cells.iter_mut().filter(|cell| cell.column == "email").for_each(|cell| cell.column = "e_mail".into());
        Some(source)
    }
}

fn with_other_names(json: Box<dyn Decode>) -> Box<dyn Decode> {
    Box::new(Misnamed(json))
}

/// A decoder that changes the notes of each person.
fn with_notes(mut json: Box<dyn Decode>, change: fn(String) -> Option<String>) -> Box<dyn Decode> {
    reads(move |input, at_end| {
        let mut row = json.row(input, at_end)?;
        if let Some(Row { record: Some(Record::Person(person)), .. }) = &mut row {
            person.contact.notes = person.contact.notes.take().and_then(change);
        }
        Ok(row)
    })
}

fn without_notes(json: Box<dyn Decode>) -> Box<dyn Decode> {
    with_notes(json, |_| None)
}

fn with_line_feeds(json: Box<dyn Decode>) -> Box<dyn Decode> {
    with_notes(json, |notes| Some(notes.replace("\r\n", "\n")))
}

fn trimming_each_piece(mut json: Box<dyn Decode>) -> Box<dyn Decode> {
    reads(move |input, at_end| {
        input.truncate(input.trim_ascii_end().len());
        json.row(input, at_end)
    })
}

fn reporting_for_ever(mut json: Box<dyn Decode>) -> Box<dyn Decode> {
    let mut row = 0;
    reads(move |input, at_end| {
        let answer = json.row(input, at_end);
        row += u64::from(!matches!(answer, Ok(None)));
        answer.or_else(|error| Ok(Some(Row::bad(Position { row, line: 1 }, error.to_string()))))
    })
}

fn panicking_at_the_end(mut json: Box<dyn Decode>) -> Box<dyn Decode> {
    reads(move |input, at_end| {
        let answer = json.row(input, at_end);
        assert!(!matches!(answer, Err(DecodeError::Unfinished { .. })), "the array has an end");
        answer
    })
}

fn panicking_on_noise(mut json: Box<dyn Decode>) -> Box<dyn Decode> {
    reads(move |input, at_end| {
        assert!(!input.contains(&0xff), "there is no such byte in UTF-8");
        json.row(input, at_end)
    })
}

fn panicking_on_a_word(mut json: Box<dyn Decode>) -> Box<dyn Decode> {
    reads(move |input, at_end| {
        assert!(!input.windows(11).any(|word| word == b"abracadabra"), "it is magic");
        json.row(input, at_end)
    })
}

fn waiting_for_a_line(mut json: Box<dyn Decode>) -> Box<dyn Decode> {
    reads(move |input, at_end| {
        if at_end || input.contains(&b'\n') {
            return json.row(input, at_end);
        }
        Ok(None)
    })
}

fn taking_all_as_a_name(_: Box<dyn Decode>) -> Box<dyn Decode> {
    let mut name = Vec::new();
    reads(move |input, at_end| {
        name.extend_from_slice(&input.split());
        if !at_end || name.trim_ascii().is_empty() {
            return Ok(None);
        }
        let mut person = Person::default();
        person.contact.name = Some(String::from_utf8_lossy(&std::mem::take(&mut name)).trim().to_owned());
        Ok(Some(Row::good(Position { row: 1, line: 1 }, Record::Person(Box::new(person)))))
    })
}

fn all_in_row_one(mut json: Box<dyn Decode>) -> Box<dyn Decode> {
    reads(move |input, at_end| {
        let row = json.row(input, at_end)?;
        Ok(row.map(|row| Row { position: Position { row: 1, ..row.position }, ..row }))
    })
}

fn demanding_a_row(mut json: Box<dyn Decode>) -> Box<dyn Decode> {
    let mut any = false;
    reads(move |input, at_end| {
        let row = json.row(input, at_end)?;
        any |= row.is_some();
        let nothing = || DecodeError::Other { line: 1, reason: "there is nobody".to_owned() };
        if at_end && !any { Err(nothing()) } else { Ok(row) }
    })
}

/// An encoder made of a function that is called before each step.
struct Writes<F>(Box<dyn Encode>, F);

impl<F: FnMut(Option<&Record>, &mut BytesMut) -> Result<(), EncodeError> + Send> Encode for Writes<F> {
    fn begin(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        (self.1)(None, out)?;
        self.0.begin(out)
    }

    fn record(&mut self, record: &Record, out: &mut BytesMut) -> Result<(), EncodeError> {
        (self.1)(Some(record), out)?;
        self.0.record(record, out)
    }

    fn end(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        (self.1)(None, out)?;
        self.0.end(out)
    }
}

fn beginning_where_empty(json: Box<dyn Encode>) -> Box<dyn Encode> {
    Box::new(Writes(json, |_: Option<&Record>, out: &mut BytesMut| {
        if out.is_empty() {
            out.extend_from_slice(b" ");
        }
        Ok(())
    }))
}

fn clearing(json: Box<dyn Encode>) -> Box<dyn Encode> {
    Box::new(Writes(json, |record: Option<&Record>, out: &mut BytesMut| {
        if record.is_none() && !out.starts_with(b"[\n") {
            out.clear();
        }
        Ok(())
    }))
}

fn refusing_emoji(json: Box<dyn Encode>) -> Box<dyn Encode> {
    Box::new(Writes(json, |record: Option<&Record>, _: &mut BytesMut| {
        let has_emoji = record.is_some_and(|record| record.cells().iter().any(|cell| cell.contains('👩')));
        if has_emoji { Err(EncodeError::Other { reason: "emoji have no place here".to_owned() }) } else { Ok(()) }
    }))
}
