//! Condenses libphonenumber's metadata (Apache-2.0) into the table of numbering plans that `detect/contact/plan.rs` reads.
//!
//! A line for each region: calling code, region, trunk prefix, expression of any national number, expression of fixed lines and
//! mobiles. The head names the source, its sum and the command, so that anybody can make the same table again.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

/// Where the table lies.
const TABLE: &str = "src/detect/contact/plans.tsv";

/// Reads the metadata and writes the table.
pub(crate) fn run(root: &Path, source: &Path) -> anyhow::Result<()> {
    let packed = std::fs::read(source).with_context(|| format!("{} cannot be read", source.display()))?;
    let mut xml = String::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_string(&mut xml)
        .context("the metadata is no gzip of text")?;
    let name = source.file_name().unwrap_or_default().to_string_lossy();
    let mut table = String::new();
    writeln!(
        table,
        "# Numbering plans: calling code, region, trunk prefix, any national number, fixed lines and mobiles."
    )?;
    writeln!(
        table,
        "# Facts of libphonenumber (Apache-2.0, The Libphonenumber Authors), {name}, sha256 {}.",
        sum(source)?
    )?;
    writeln!(table, "# Made by: cargo run -p xtask -- phones {name}")?;
    let mut rows = 0_usize;
    for territory in xml.split("<territory ").skip(1) {
        let Some((head, body)) = territory.split_once('>') else { continue };
        let (Some(region), Some(code)) = (attribute(head, "id"), attribute(head, "countryCode")) else { continue };
        let any = pattern(body, "generalDesc").unwrap_or_default();
        let kinds: Vec<String> = ["fixedLine", "mobile"].iter().filter_map(|kind| pattern(body, kind)).collect();
        let trunk = attribute(head, "nationalPrefix").unwrap_or("-");
        ensure!(!any.is_empty(), "{region} has no numbers");
        writeln!(table, "{code}\t{region}\t{trunk}\t{any}\t{}", kinds.join("|"))?;
        rows = rows.saturating_add(1);
    }
    ensure!(rows > 200, "only {rows} regions: is this the metadata?");
    std::fs::write(root.join(TABLE), table).with_context(|| format!("{TABLE} cannot be written"))
}

/// The value of an attribute of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\"")).or_else(|| tag.split_once(&format!("{name}=\"")))?;
    Some(rest.split_once('"')?.0)
}

/// The expression of one kind of number, without its blanks.
fn pattern(body: &str, kind: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{kind}>"))?;
    let (inside, _) = rest.split_once(&format!("</{kind}>"))?;
    let (_, rest) = inside.split_once("<nationalNumberPattern>")?;
    let (pattern, _) = rest.split_once("</nationalNumberPattern>")?;
    Some(pattern.split_whitespace().collect())
}

fn sum(source: &Path) -> anyhow::Result<String> {
    let output = Command::new("sha256sum").arg(source).output().context("sha256sum cannot be run")?;
    let text = String::from_utf8(output.stdout).context("sha256sum answered in something other than UTF-8")?;
    Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata() {
        let tag = "id=\"FR\" countryCode=\"33\" internationalPrefix=\"00\" nationalPrefix=\"0\"";
        assert_eq!(attribute(tag, "nationalPrefix"), Some("0"));
        assert_eq!(attribute(tag, "id"), Some("FR"));
        let body = "<mobile><exampleNumber>1</exampleNumber><nationalNumberPattern>\n 6\\d |\n 7 </nationalNumberPattern></mobile>";
        assert_eq!(pattern(body, "mobile").as_deref(), Some("6\\d|7"));
        assert_eq!(pattern(body, "pager"), None);
    }
}
