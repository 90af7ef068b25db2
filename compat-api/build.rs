//! Tells cargo that the typed documents depend on the schema and on the documents: the macro reads them unseen.

fn main() {
    println!("cargo::rerun-if-changed=../schema/schema.graphql");
    println!("cargo::rerun-if-changed=queries");
}
