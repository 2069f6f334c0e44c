//! The documentation of the format says what the verifier checks: `OCTROI_BLESS=1` writes it anew.
#![expect(clippy::disallowed_methods, reason = "a test that reads and writes the documentation")]

use std::path::Path;

use octroi_verify::schema::describe;

const BEGIN: &str = "<!-- kinds: begin -->\n";
const END: &str = "<!-- kinds: end -->";

#[test]
fn the_documentation_lists_every_member() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/audit-format.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (listed, after) = rest.split_once(END).unwrap();
    let right = format!("\n{}\n", describe());
    if std::env::var_os("OCTROI_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{right}{END}{after}")).unwrap();
    } else {
        assert_eq!(listed, right, "run the test once with OCTROI_BLESS=1");
    }
}
