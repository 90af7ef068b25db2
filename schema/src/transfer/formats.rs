//! Formats: from their descriptors to clients.

use formats::{Descriptor, Section};

use crate::formats::Format;

pub(crate) fn to_graphql(descriptor: &Descriptor) -> Format {
    let Descriptor { name, title, media_type, extensions, encodes, decodes, container: _, loses: _ } = descriptor;
    let sections = |sections: &[Section]| sections.iter().map(|section| section.name().to_owned()).collect();
    Format {
        name: (*name).to_owned(),
        title: (*title).to_owned(),
        media_type: (*media_type).to_owned(),
        extensions: extensions.iter().map(|extension| (*extension).to_owned()).collect(),
        writes: sections(encodes),
        reads: sections(decodes),
    }
}
