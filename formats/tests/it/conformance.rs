//! The law of codecs, over every built-in one and over ones that break it.

use formats::conformance::check;

#[test]
fn every_built_in_codec_obeys_the_law() {
    for codec in formats::builtin().iter() {
        let start = std::time::Instant::now();
        check(codec.as_ref()).expect("ok");
        eprintln!("{:?}", start.elapsed());
    }
}
