//! The pump: chunks, errors and the end of streams.

use bytes::Bytes;
use formats::{
    CodecError, Contact, DecodeError, DecodeOptions, EncodeError, EncodeOptions, Person, Record, Section, StreamError,
    builtin,
};
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use crate::documents::write;

type Pages = Vec<Result<Vec<Record>, &'static str>>;

#[test]
fn a_document_comes_in_chunks_of_about_64_kib() {
    let records: Vec<Record> = (0..5_000).map(|i| person(&format!("Person {i}"))).collect();
    let pages: Pages = records.chunks(700).map(|page| Ok(page.to_vec())).collect();
    let chunks: Vec<Bytes> = encoded("csv", pages).into_iter().collect::<Result<_, _>>().expect("nothing fails");
    let (last, full) = chunks.split_last().expect("there are chunks");
    assert!(full.len() > 1);
    assert!(full.iter().all(|chunk| (64 * 1024..65 * 1024).contains(&chunk.len())));
    assert!(last.len() < 65 * 1024);
    assert_eq!(chunks.concat(), write("csv", Section::People, &records));
}

#[test]
fn no_pages_and_empty_pages_are_a_whole_document() {
    for pages in [vec![], vec![Ok(vec![]), Ok(vec![])]] {
        let chunks = encoded("json", pages);
        assert_eq!(chunks.len(), 1);
        assert_eq!(chunks[0].as_deref().expect("nothing fails"), b"[\n]\n");
    }
}

#[test]
fn writing_ends_at_an_error() {
    let chunks = encoded("csv", vec![Ok(vec![person("Ada")]), Err("the database is gone"), Ok(vec![person("Bob")])]);
    let [Err(StreamError::Source(reason))] = chunks.as_slice() else { panic!("{chunks:?}") };
    assert_eq!(*reason, "the database is gone");

    let lead = Record::Transaction(Box::default());
    let chunks = encoded("csv", vec![Ok(vec![person("Ada"), lead, person("Bob")])]);
    let [Err(StreamError::Codec(CodecError::Encode(EncodeError::WrongRecord { .. })))] = chunks.as_slice() else {
        panic!("{chunks:?}")
    };
}

#[test]
fn rows_come_out_of_pieces() {
    let document = b"name,notes\r\nAda,\"a\r\nb\"\r\nBob\r\n";
    for size in 1..=document.len() {
        let pieces = document.chunks(size).map(|piece| Ok::<_, &str>(Bytes::copy_from_slice(piece)));
        let rows: Vec<_> =
            ready(formats::decode(decoder("csv"), stream::iter(pieces)).try_collect()).expect("nothing fails");
        let rows: Vec<(u64, bool)> =
            rows.iter().map(|row: &formats::Row| (row.position.line, row.record.is_some())).collect();
        assert_eq!(rows, [(2, true), (4, true)]);
    }
}

#[test]
fn reading_ends_at_an_error() {
    // So many bytes are wanted before the first is read, to tell the charset.
    let blank = " ".repeat(256);
    let pieces = [
        Ok(Bytes::from(format!("[{{\"name\": \"Ada\"}},{blank} {{"))),
        Err("the client is gone"),
        Ok(Bytes::from("}]")),
    ];
    let items: Vec<_> = ready(formats::decode(decoder("json"), stream::iter(pieces)).collect());
    let [Ok(row), Err(StreamError::Source("the client is gone"))] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!(row.position.line, 1);

    let pieces = [Ok::<_, &str>(Bytes::from("[{}, {\"name\": \"Ada\"")), Ok(Bytes::from("}"))];
    let items: Vec<_> = ready(formats::decode(decoder("json"), stream::iter(pieces)).collect());
    let [Ok(_), Ok(_), Err(StreamError::Codec(CodecError::Decode(DecodeError::Unfinished { .. })))] = items.as_slice()
    else {
        panic!("{items:?}")
    };
}

fn encoded(format: &str, pages: Pages) -> Vec<Result<Bytes, StreamError<&'static str>>> {
    let registry = builtin();
    let codec = registry.get(format).expect("the format is built in");
    let encoder = codec.encoder(Section::People, &EncodeOptions::default()).expect("people can be written");
    ready(formats::encode(encoder, stream::iter(pages)).collect())
}

fn decoder(format: &str) -> Box<dyn formats::Decode> {
    let registry = builtin();
    let codec = registry.get(format).expect("the format is built in");
    codec.decoder(Section::People, &DecodeOptions::default()).expect("people can be read")
}

fn person(name: &str) -> Record {
    let contact = Contact { name: Some(name.to_owned()), ..Contact::default() };
    Record::Person(Box::new(Person { contact, ..Person::default() }))
}

/// The result of a future that has nothing to wait for.
fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("streams of values that are there never wait")
}
