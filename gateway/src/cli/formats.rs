//! `cairn formats`: the matrix of formats and sections.

use formats::{Registry, Section};

use super::outcome::Outcome;
use super::output;

pub(super) fn run(registry: &Registry) -> Outcome {
    let rows: Vec<_> = registry
        .iter()
        .map(|codec| {
            let descriptor = codec.descriptor();
            [
                descriptor.name.to_owned(),
                descriptor.extensions.join(" "),
                descriptor.media_type.to_owned(),
                sections(descriptor.encodes),
                sections(descriptor.decodes),
            ]
        })
        .collect();
    output::print(&output::table(["FORMAT", "EXTENSIONS", "MEDIA TYPE", "WRITES", "READS"], &rows))
}

fn sections(sections: &[Section]) -> String {
    sections.iter().map(|section| section.name()).collect::<Vec<_>>().join(" ")
}
