//! Charsets: how the bytes of a file become text, and how the charset is found where nobody says it.

mod macintosh;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bytes::{Buf, BytesMut};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, ISO_8859_4, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// A charset of the WHATWG Encoding Standard.
///
/// ```
/// let charset: formats::Charset = "latin1".parse()?;
/// assert_eq!(charset.to_string(), "windows-1252");
/// # Ok::<(), formats::UnknownCharset>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Charset(&'static Encoding);

impl Charset {
    /// UTF-8, of which ASCII is a part.
    pub const UTF_8: Charset = Charset(UTF_8);

    /// The charset of a piece of text that does not say it: what [`Transcoder`] would take it for.
    pub(crate) fn of_sample(sample: &[u8]) -> Charset {
        let sample = &sample[..sample.len().min(SAMPLE)];
        guess(&mut EncodingDetector::new(Iso2022JpDetection::Deny), sample, true)
    }

    /// Whether ASCII characters take two bytes.
    pub(crate) fn is_utf16(self) -> bool {
        self.0 == UTF_16LE || self.0 == UTF_16BE
    }

    /// The text of these bytes, with `\u{fffd}` for what cannot be read.
    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        self.0.decode_without_bom_handling(bytes).0
    }
}

impl fmt::Display for Charset {
    /// The name in small letters: `utf-8`, `utf-16le`, `windows-1252`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.name().to_ascii_lowercase())
    }
}

impl fmt::Debug for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Charset({self})")
    }
}

impl FromStr for Charset {
    type Err = UnknownCharset;

    /// Reads any label of the WHATWG Encoding Standard, in capital or small letters, and `cp1252` and its kin.
    fn from_str(label: &str) -> Result<Charset, UnknownCharset> {
        let found = Encoding::for_label_no_replacement(label.as_bytes());
        found.map(Charset).ok_or_else(|| UnknownCharset { label: label.to_owned() })
    }
}

/// A label that no charset has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no charset `{label}`; there are utf-8, utf-16le, utf-16be, windows-1252, windows-1250, macintosh and others"
)]
pub struct UnknownCharset {
    /// What was asked for.
    pub label: String,
}

/// How many bytes, from the first on that is not ASCII, are looked at to find the charset.
const SAMPLE: usize = 64 * 1024;

/// How many bytes are turned into text in one step, so that a long piece of a file does not become a longer piece of text.
const STEP: usize = 64 * 1024;

/// How many bytes tell UTF-16 without a mark.
const OPENING: usize = 256;

/// Stands in the text for what the charset does not know. It is never part of UTF-8, so whoever reads the text finds it.
const INVALID: u8 = 0xFF;

/// Turns the bytes of a file into UTF-8, piece by piece. What comes out does not depend on how the bytes were cut.
pub(crate) struct Transcoder {
    forced: Option<Charset>,
    state: State,
    is_marked: bool,
}

enum State {
    /// Nothing was read yet.
    Start,
    /// All bytes so far were ASCII. The detector has seen them.
    Ascii(Box<EncodingDetector>),
    Utf8,
    Other(Charset, Box<Decoder>),
    Finished(Charset),
}

/// What a step of a [`Transcoder`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There may be more text; another step may give still more.
    Passed,
    /// More input is needed.
    Hungry,
    /// All of the file is text now.
    Finished,
}

impl Transcoder {
    /// A transcoder of one file, whose charset is found unless it is said.
    pub(crate) fn new(forced: Option<Charset>) -> Transcoder {
        Transcoder { forced, state: State::Start, is_marked: false }
    }

    /// The charset, as far as it is known; a file of which only ASCII was seen is UTF-8.
    pub(crate) fn charset(&self) -> Charset {
        match self.state {
            State::Start => self.forced.unwrap_or(Charset::UTF_8),
            State::Ascii(_) | State::Utf8 => Charset::UTF_8,
            State::Other(charset, _) | State::Finished(charset) => charset,
        }
    }

    /// Whether a byte order mark of UTF-8 stood at the front.
    pub(crate) fn is_marked(&self) -> bool {
        self.is_marked
    }

    /// Moves bytes from the front of `input` to the back of `text`.
    pub(crate) fn step(&mut self, input: &mut BytesMut, at_end: bool, text: &mut BytesMut) -> Step {
        match &mut self.state {
            State::Start => self.start(input, at_end),
            State::Ascii(detector) => {
                let ascii = Encoding::ascii_valid_up_to(&input[..input.len().min(STEP)]);
                if ascii > 0 {
                    detector.feed(&input[..ascii], false);
                    text.unsplit(input.split_to(ascii));
                    Step::Passed
                } else if input.is_empty() {
                    self.finish_if(at_end)
                } else if input.len() <= SAMPLE && !at_end {
                    Step::Hungry
                } else {
                    let is_whole = input.len() <= SAMPLE;
                    let found = guess(detector, &input[..input.len().min(SAMPLE)], is_whole);
                    self.settle(found)
                }
            }
            State::Utf8 if input.is_empty() => self.finish_if(at_end),
            State::Utf8 => {
                text.unsplit(input.split_to(input.len().min(STEP)));
                Step::Passed
            }
            State::Other(_, decoder) => {
                let length = input.len().min(STEP);
                let is_last = at_end && length == input.len();
                decode(decoder, &input[..length], is_last, text);
                input.advance(length);
                if length > 0 && !is_last { Step::Passed } else { self.finish_if(is_last) }
            }
            State::Finished(_) => Step::Finished,
        }
    }

    /// Looks for a byte order mark and for UTF-16 without one.
    fn start(&mut self, input: &mut BytesMut, at_end: bool) -> Step {
        if input.len() < OPENING && !at_end {
            return Step::Hungry;
        }
        let found = mark(input).filter(|(charset, _)| self.forced.is_none_or(|forced| forced == *charset));
        if let Some((charset, mark)) = found {
            self.is_marked = charset == Charset::UTF_8;
            input.advance(mark.len());
            // Some tools write two.
            if input.starts_with(mark) {
                input.advance(mark.len());
            }
        }
        let charset = found.map(|(charset, _)| charset).or(self.forced).or_else(|| unmarked_utf16(input));
        let Some(charset) = charset else {
            self.state = State::Ascii(Box::new(EncodingDetector::new(Iso2022JpDetection::Deny)));
            return Step::Passed;
        };
        self.settle(charset)
    }

    fn settle(&mut self, charset: Charset) -> Step {
        self.state = if charset == Charset::UTF_8 {
            State::Utf8
        } else {
            State::Other(charset, Box::new(charset.0.new_decoder_without_bom_handling()))
        };
        Step::Passed
    }

    fn finish_if(&mut self, at_end: bool) -> Step {
        if !at_end {
            return Step::Hungry;
        }
        self.state = State::Finished(self.charset());
        Step::Finished
    }
}

/// How a file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// With text of one byte an ASCII character, after so many bytes of marks.
    Bytes(usize),
    /// With UTF-16, which its mark or its zero bytes tell.
    Utf16(Charset),
}

/// How a file begins; `None` where more of it is needed to tell.
pub(crate) fn beginning(input: &[u8], at_end: bool) -> Option<Beginning> {
    if input.len() < OPENING && !at_end {
        return None;
    }
    let marked = mark(input);
    let utf16 = marked.map(|(charset, _)| charset).or_else(|| unmarked_utf16(input)).filter(|found| found.is_utf16());
    let length = |mark: &[u8]| if input[mark.len()..].starts_with(mark) { 2 * mark.len() } else { mark.len() };
    let marks = marked.map_or(0, |(_, mark)| length(mark));
    Some(utf16.map_or(Beginning::Bytes(marks), Beginning::Utf16))
}

/// The byte order mark at the front, and what it says.
fn mark(input: &[u8]) -> Option<(Charset, &'static [u8])> {
    const MARKS: [(Charset, &[u8]); 3] =
        [(Charset::UTF_8, b"\xEF\xBB\xBF"), (Charset(UTF_16LE), b"\xFF\xFE"), (Charset(UTF_16BE), b"\xFE\xFF")];
    MARKS.into_iter().find(|(_, mark)| input.starts_with(mark))
}

/// UTF-16 without a mark, told by the zero bytes of its ASCII characters, which all stand at odd or all at even places. Text of one
/// byte a character may hold stray zeros, but more pairs without any.
fn unmarked_utf16(input: &[u8]) -> Option<Charset> {
    let pairs = &input[..input.len().min(OPENING)].as_chunks::<2>().0;
    let count = |is_counted: fn(&[u8; 2]) -> bool| pairs.iter().filter(|pair| is_counted(pair)).count();
    let (low, high) = (count(|pair| pair[0] == 0), count(|pair| pair[1] == 0));
    let ascii = count(|pair| pair.iter().all(|byte| matches!(byte, 1..=127)));
    let charset = match (low, high) {
        (0, 1..) => Charset(UTF_16LE),
        (1.., 0) => Charset(UTF_16BE),
        _ => return None,
    };
    let zeros = low + high;
    (zeros * 8 >= pairs.len() && zeros > ascii).then_some(charset)
}

/// The charset of a sample that begins with a byte that is not ASCII: what most of it is. A text with broken bytes among UTF-8 is UTF-8:
/// better that a row fails than that every letter of the file is read wrongly.
fn guess(detector: &mut EncodingDetector, sample: &[u8], is_whole: bool) -> Charset {
    let (letters, faults) = utf8_letters(sample, is_whole);
    // In other charsets hardly anything is a letter of UTF-8 by chance.
    if letters >= faults {
        return Charset::UTF_8;
    }
    detector.feed(sample, is_whole);
    let found = match detector.guess(None, Utf8Detection::Deny) {
        _ if sample.iter().copied().all(is_ascii_or_typography) => WINDOWS_1252,
        // Nobody writes it, but the detector takes a lone `ï` for it.
        found if found == ISO_8859_4 => WINDOWS_1252,
        found => found,
    };
    Charset(if found == WINDOWS_1252 && macintosh::is_likely(sample) { MACINTOSH } else { found })
}

/// Whether a byte is ASCII or what English programs put for `...`, quotes, the apostrophe, dashes and the no-break space in
/// windows-1252, which a detector may take for half a Japanese character.
fn is_ascii_or_typography(byte: u8) -> bool {
    matches!(byte, 0..=0x7F | 0x85 | 0x91..=0x97 | 0x99 | 0xA0)
}

/// How many characters of several bytes the sample has, and how many bytes or sequences that are not UTF-8.
fn utf8_letters(sample: &[u8], is_whole: bool) -> (usize, usize) {
    let (mut letters, mut faults, mut rest) = (0, 0, sample);
    loop {
        let (valid, skipped) = match std::str::from_utf8(rest) {
            Ok(text) => (text, None),
            Err(error) => {
                let valid = std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default();
                (valid, Some(error.error_len().unwrap_or(usize::MAX)))
            }
        };
        letters += valid.chars().filter(|char| !char.is_ascii()).count();
        match skipped {
            None => return (letters, faults),
            // The sample ends within a character.
            Some(usize::MAX) => return (letters, faults + usize::from(is_whole)),
            Some(length) => {
                faults += 1;
                rest = &rest[valid.len() + length..];
            }
        }
    }
}

/// Appends the text of these bytes; what they have no character for becomes [`INVALID`].
fn decode(decoder: &mut Decoder, mut bytes: &[u8], is_last: bool, text: &mut BytesMut) {
    loop {
        let start = text.len();
        let most = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len() * 4 + 16);
        text.resize(start + most, 0);
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(bytes, &mut text[start..], is_last);
        text.truncate(start + written);
        bytes = &bytes[read..];
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => text.extend_from_slice(&[INVALID]),
        }
    }
}
