//! Prints the memory of a format.
fn main() {}
