//! Formats in a table; arbitrary bytes of each of them.
use std::io::Write as _;

use proptest::prelude::*;

use super::*;

fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A document of one page, with an xref table as the standard wants it.
fn pdf(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(out.len());
        out.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let xref = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in &places {
        out.extend(format!("{place:010} 00000 n \n").bytes());
    }
    out.extend(format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{xref}\n%%EOF\n", objects.len() + 1).bytes());
    out
}

#[test]
fn every_format_gives_its_text() {
    let word = r#"<?xml version="1.0"?><w:document xmlns:w="w"><w:body><w:p><w:r><w:t>Offer of 4.2</w:t></w:r><w:r><w:tab/><w:t>million &amp; more</w:t></w:r></w:p><w:p><w:r><w:t>Second</w:t></w:r></w:p></w:body></w:document>"#;
    let sheet = "<sst><si><t>Margin</t></si><si><t>Q3</t></si></sst>";
    for (name, file, bytes, words) in [
        ("plain", "a.txt", b"caf\xC3\xA9 noir".to_vec(), "café noir"),
        ("western", "a.txt", b"caf\xE9 \x80 5".to_vec(), "café € 5"),
        ("utf-16", "a.txt", b"\xFF\xFEa\0b\0".to_vec(), "ab"),
        ("marked utf-8", "a.csv", b"\xEF\xBB\xBFa;b".to_vec(), "a;b"),
        (
            "html",
            "a.HTML",
            b"<style>p{}</style><p>One<b>two</b></p><script>x</script>three &eacute;".to_vec(),
            "Onetwo three é",
        ),
        ("a script that begins a comment", "a.html", b"One<script><!-- a < b</script> two".to_vec(), "One two"),
        (
            "word",
            "a.docx",
            zipped(&[("word/document.xml", word), ("word/styles.xml", "<x>no</x>")]),
            "Offer of 4.2 million & more Second",
        ),
        ("excel", "a.xlsx", zipped(&[("xl/sharedStrings.xml", sheet)]), "Margin Q3"),
        ("pdf", "a.pdf", pdf("Board paper 17"), "Board paper 17"),
    ] {
        let text = text(file, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(text.split_whitespace().collect::<Vec<_>>().join(" "), words, "{name}");
    }
}

#[test]
fn what_cannot_be_read_says_so() {
    for (name, file, bytes, error) in [
        ("empty", "a.txt", Vec::new(), ExtractError::Empty),
        ("binary", "a.bin", vec![0, 1, 2, 3], ExtractError::Binary),
        ("zip of something else", "a.zip", zipped(&[("a.txt", "x")]), ExtractError::Binary),
        ("cut zip", "a.docx", zipped(&[("word/document.xml", "<a/>")])[..20].to_vec(), ExtractError::Broken("zip")),
        ("broken pdf", "a.pdf", b"%PDF-1.4 nothing".to_vec(), ExtractError::Broken("PDF")),
    ] {
        assert_eq!(text(file, &bytes), Err(error), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_end_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in any::<prop::sample::Index>()) {
        for prefix in [&b""[..], b"PK\x03\x04", b"<p>"] {
            drop(text("a.html", &[prefix, &bytes].concat()));
        }
        let mut word = zipped(&[("word/document.xml", "<w:p><w:t>text</w:t></w:p>")]);
        let place = cut.index(word.len());
        word[place] ^= 0x55;
        drop(text("a.docx", &word));
    }
}
