//! The formats that a process knows, found by name, file extension or media type.

mod recognise;

use std::fmt;
use std::sync::Arc;

pub use self::recognise::Unrecognised;

use crate::Codec;
use crate::sentence::alternatives;

/// An owned list of codecs. The order of registration is the order in which formats are listed.
#[derive(Clone, Default)]
pub struct Registry {
    codecs: Vec<Arc<dyn Codec>>,
}

impl Registry {
    /// A registry without any format; [`builtin`](crate::builtin) is the one with ours.
    pub fn empty() -> Registry {
        Registry::default()
    }

    /// Adds a format, unless its name or one of its extensions is taken.
    pub fn register(&mut self, codec: impl Codec) -> Result<(), Taken> {
        let new = codec.descriptor();
        for holder in self.iter().map(|codec| codec.descriptor()) {
            let taken = |what, wanted: &str| Taken { what, wanted: wanted.to_owned(), holder: holder.name };
            if holder.name.eq_ignore_ascii_case(new.name) {
                return Err(taken(Key::Name, new.name));
            }
            if let Some(shared) = new.extensions.iter().find(|wanted| has_extension(holder.extensions, wanted)) {
                return Err(taken(Key::Extension, shared));
            }
        }
        self.codecs.push(Arc::new(codec));
        Ok(())
    }

    /// The format with this name, in capital or small letters.
    pub fn get(&self, name: &str) -> Result<&Arc<dyn Codec>, UnknownFormat> {
        let found = self.iter().find(|codec| codec.descriptor().name.eq_ignore_ascii_case(name));
        found.ok_or_else(|| self.unknown(Key::Name, name))
    }

    /// The format of files with this extension, given without its first dot.
    pub fn by_extension(&self, extension: &str) -> Result<&Arc<dyn Codec>, UnknownFormat> {
        let found = self.iter().find(|codec| has_extension(codec.descriptor().extensions, extension));
        found.ok_or_else(|| self.unknown(Key::Extension, extension))
    }

    /// The format that an `Accept` or `Content-Type` header asks for (RFC 9110 section 12.5.1): of the types that we have the one
    /// with the highest `q`, the first of equals. Ranges such as `*/*` ask for no format in particular and give `None`.
    pub fn by_media_type(&self, accept: &str) -> Option<&Arc<dyn Codec>> {
        let mut best: Option<(u16, &Arc<dyn Codec>)> = None;
        for range in accept.split(',') {
            let Some(quality) = quality(range).filter(|&quality| quality > 0) else { continue };
            let Some(codec) =
                self.iter().find(|codec| essence(codec.descriptor().media_type).eq_ignore_ascii_case(essence(range)))
            else {
                continue;
            };
            if best.is_none_or(|(highest, _)| quality > highest) {
                best = Some((quality, codec));
            }
        }
        best.map(|(_, codec)| codec)
    }

    /// The format of a file, by its first bytes and, where these leave it open, by the extension of its name; text without either is
    /// CSV. A few KiB are enough, and as much as 64 KiB is looked at. The error says what the file is instead.
    pub fn recognise(&self, head: &[u8], name: Option<&str>) -> Result<&Arc<dyn Codec>, Unrecognised> {
        // One that only writes has no files that anybody could read: a `txt` may be anything.
        let reads = |codec: &&Arc<dyn Codec>| !codec.descriptor().decodes.is_empty();
        let named = name.and_then(|name| self.by_file_name(name)).filter(reads);
        let text = recognise::text(&head[..head.len().min(recognise::MOST)]);
        if let Some(codec) = named.filter(|codec| codec.recognises(&text)) {
            return Ok(codec);
        }
        if let Some(codec) = self.iter().find(|codec| codec.recognises(&text)) {
            return Ok(codec);
        }
        if let Some(other) = recognise::other(&text) {
            return Err(other);
        }
        let csv = || self.get("csv").ok().filter(|_| recognise::is_text(&text));
        named.or_else(csv).ok_or_else(recognise::unknown)
    }

    /// The format with the longest extension that a file's name ends in, so that `google.csv` comes before `csv`.
    pub fn by_file_name(&self, name: &str) -> Option<&Arc<dyn Codec>> {
        let mut ends = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
        ends.find_map(|extension| self.by_extension(extension).ok())
    }

    /// All formats in the order in which they were registered.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Codec>> {
        self.codecs.iter()
    }

    fn unknown(&self, by: Key, wanted: &str) -> UnknownFormat {
        let descriptors = self.iter().map(|codec| codec.descriptor());
        let known = match by {
            Key::Name => descriptors.map(|descriptor| descriptor.name).collect(),
            Key::Extension => descriptors.flat_map(|descriptor| descriptor.extensions).copied().collect(),
        };
        UnknownFormat { by, wanted: wanted.to_owned(), known }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|codec| codec.descriptor().name)).finish()
    }
}

/// A format cannot be registered, because another one has its name or extension.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {what} `{wanted}` is taken by the format {holder}")]
pub struct Taken {
    /// What the two would share.
    pub what: Key,
    /// The name or extension itself.
    pub wanted: String,
    /// The name of the format that has it.
    pub holder: &'static str,
}

/// No format has this name or extension; the message lists those that exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no format with the {by} `{wanted}`; there are {}", alternatives(known, "and"))]
pub struct UnknownFormat {
    /// How it was looked for.
    pub by: Key,
    /// What was asked for.
    pub wanted: String,
    /// The names or extensions that exist.
    pub known: Vec<&'static str>,
}

/// How formats are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// By their names.
    Name,
    /// By the extensions of their files.
    Extension,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Key::Name => "name",
            Key::Extension => "extension",
        })
    }
}

fn has_extension(extensions: &[&str], wanted: &str) -> bool {
    extensions.iter().any(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// The `q` of a media range in thousandths: 1000 where there is none, nothing where it is not a number from 0 to 1.
fn quality(range: &str) -> Option<u16> {
    let q = range.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let Some(q) = q else { return Some(1000) };
    let (whole, fraction) = q.split_once('.').unwrap_or((q, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}
