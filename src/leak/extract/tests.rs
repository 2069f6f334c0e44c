//! Formats in a table; arbitrary bytes of each of them.
use std::io::Write as _;

use base64::Engine as _;
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

/// A mail of a text in base64, a page in quoted-printable, a picture, a Word file and another mail.
fn mail(word: &str) -> Vec<u8> {
    let encoded = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let (text, file) = (encoded("Four million".as_bytes()), encoded(&zipped(&[("word/document.xml", word)])));
    format!(
        "From: a@example.com\r\nSubject: Plan for =?utf-8?Q?caf=C3=A9?=\r\nContent-Type: multipart/mixed;\r\n boundary=\"b=1\"\r\n\r\n\
         Nobody reads this.\r\n--b=1\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{text}\r\n--c\r\n\
         Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         <p>The plan clo=\r\nses and =E9t=E9</p>\r\n--c--\r\n--b=1\r\nContent-Type: image/png; name=a.png\r\n\
         Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAA=\r\n--b=1\r\nContent-Type: application/octet-stream\r\n\
         Content-Disposition: attachment; filename=\"offer.docx\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{file}\r\n--b=1\r\n\
         Content-Type: message/rfc822\r\n\r\nSubject: Inner\r\n\r\nLast\r\n--b=1--\r\nNor this.\r\n"
    )
    .into_bytes()
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
        (
            "what a page says of itself",
            "a.html",
            b"<meta name=Description content='Of the page'><meta name=viewport content=wide><p>See <img src=x alt=\"A plan\">it \
              <a title='To &amp; fro' href=y>here</a><template><img alt=no></template>"
                .to_vec(),
            "See it here Of the page A plan To & fro",
        ),
        ("mail", "a.eml", mail(word), "Plan for caf\u{E9} Four million The plan closes and \u{E9}t\u{E9} Offer of 4.2 million & more Second Inner Last"),
        ("a mail of one part", "a.eml", b"From: a\nSubject: One\n\nText = here".to_vec(), "One Text = here"),
        ("no mail at all", "a.eml", b"Just a note\n\nof two lines".to_vec(), "Just a note of two lines"),
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
        ("mail in a set that is not read", "a.eml", b"Subject: x\nContent-Type: text/plain; charset=koi8-r\n\n\xF0\xD2\xC9".to_vec(), ExtractError::Charset),
        (
            "mail with a broken file",
            "a.eml",
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/pdf\n\n%PDF-1.4 nothing\n--b--".to_vec(),
            ExtractError::Broken("PDF"),
        ),
        ("mails within mails", "a.eml", b"Content-Type: message/rfc822\n\n".repeat(40), ExtractError::Broken("mail")),
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
            drop(text("a.eml", &[b"Content-Type: multipart/mixed; boundary=b\n\n--b\n", prefix, &bytes].concat()));
        }
        let mut word = zipped(&[("word/document.xml", "<w:p><w:t>text</w:t></w:p>")]);
        let place = cut.index(word.len());
        word[place] ^= 0x55;
        drop(text("a.docx", &word));
    }
}
