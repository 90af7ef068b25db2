//! Holds `schema.graphql` against the schema. After a change: `UPDATE_EXPECT=1 cargo test -p schema`.

use expect_test::expect_file;

#[test]
fn the_checked_in_sdl_is_the_schemas() {
    expect_file!["../schema.graphql"].assert_eq(&schema::sdl());
}
