//! The offset map lands on characters and escapes, whatever the text.

use proptest::prelude::*;

use super::*;

/// The view's text and, for every character of it, the original that it stands for.
fn read(text: &str) -> String {
    View::of(text).map_or_else(|| text.to_owned(), |view| view.text().to_owned())
}

#[test]
fn rows() {
    for (name, text, expected) in [
        ("plain", "06 12 34 56 78", "06 12 34 56 78"),
        ("accents stay", "été à Noël, l’œuvre", "été à Noël, l’œuvre"),
        ("no-break spaces", "06\u{A0}12\u{202F}34\u{2009}56 78", "06 12 34 56 78"),
        ("zero width and soft hyphen", "jean\u{200B}.du\u{AD}pont@x.fr\u{FEFF}", "jean.dupont@x.fr"),
        ("tag block and variation selectors", "4\u{E0041}1\u{FE0F}1\u{20E3}", "411"),
        ("full width", "ｊｅａｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "jean@example.com"),
        ("mathematical, circled, superscript", "𝟒𝟓𝐀①²", "45A12"),
        ("ligature", "ﬁn", "fin"),
        ("digits of other scripts", "٠٦ १२ ０６", "06 12 06"),
        ("Cyrillic in a Latin word", "jеаn.duроnt@example.com", "jean.dupont@example.com"),
        ("Greek stays Greek", "Αθήνα και Όλυμπος", "Αθήνα και Όλυμπος"),
        ("Bulgarian stays Bulgarian", "София е столица", "София е столица"),
        ("dashes and dots", "06\u{2011}12·34\u{2013}56", "06-12.34-56"),
        ("the frame of a table", "┌─┬─┐\n│ a ┆ b ║\n╞═╪═╡\n└─┴─┘", "+-+-+\n| a | b |\n+-+-+\n+-+-+"),
        ("json", r#"{\"nir\": \"1\u00a084\"}"#, r#"{"nir": "1 84"}"#),
        ("json twice", r#"{\\\"n\\\": \\\"J\\u00e9r\\u00f4me\\n\\\"}"#, "{\"n\": \"Jérôme\n\"}"),
        ("json pair", r"\ud835\udfd2", "4"),
        ("lone surrogate stays", r"\ud835x", r"\ud835x"),
        ("url", "jean%40example.com%20%C3%A9%zz%", "jean@example.com é%zz%"),
        ("html", "jean&#64;x.fr &eacute;&nbsp;&#xE9; R&D; &amp;", "jean@x.fr é é R&D; &"),
        ("escaped full width", r"\uff10\uff16", "06"),
        ("emphasis around a group", "tel **06** 12 34", "tel 06 12 34"),
        ("emphasis within a number", "7328**29**320", "732829320"),
        ("a power stays", "2**10 a**2 + b**2", "2**10 a**2 + b**2"),
        ("names of code stay", "snake_case_1_x __init__", "snake_case_1_x __init__"),
        ("inline tags", "7328<b>29</b>32<span class=\"x\">0</span><br>1", "732829320 1"),
        ("other tags stay", "<nir>1 84</nir> a < b > c", "<nir>1 84</nir> a < b > c"),
        ("code", "siren `732829320`", "siren 732829320"),
        ("LaTeX", r"\textbf{06}\,12 \sum{a}", r"06 12 \sum{a}"),
        ("escaped marks", r"a\.b\@c\-d\_e \+33\ 6\\. \# \|", "a.b@c-d_e +33 6. # |"),
        ("escaped twice", r"a\\.b", "a.b"),
        ("LaTeX's thin spaces stay a blank", r"06\,12\;34\!56", "06 12 34 56"),
        ("a path stays", r"C:\Users\sophie\smith\Downloads D:\src", r"C:\Users\sophie\smith\Downloads D:\src"),
        ("an account stays", r"DOMAIN\smartin CORP\sMartin", r"DOMAIN\smartin CORP\sMartin"),
        ("blanks of an expression", r"06\s12\s+34\s*56\s?78\s{1,2}90", "06 12 34 56 78 90"),
        ("blanks between names", r"Anna\s+Weber Karl\sLang \(0\)\s6", "Anna Weber Karl Lang (0) 6"),
        ("a class of characters stays", r"^\s*\d+\s\w\S$", r"^\s*\d+\s\w\S$"),
        ("quoted-printable", "=37=33=32 x=42 a=3D 06=C2=A012 73=\r\n28", "732 x=42 a=3D 06 12 7328"),
        (
            "quoted-printable words",
            "Zo=C3=A9 Andr=E9 Ren=E9e Zo=C3=A9=20Aubertin a.b=40example.com",
            "Zoé André Renée Zoé Aubertin a.b@example.com",
        ),
        ("quoted-printable groups", "FR76=203000=206000=20189", "FR76 3000 6000 189"),
        (
            "no quoted-printable",
            "siren=20732829320 a=20&b=20 size=20MB w=20px max=40mm.x x=E9F y=C3",
            "siren=20732829320 a=20&b=20 size=20MB w=20px max=40mm.x x=E9F y=C3",
        ),
        (
            "emphasis of words",
            "il _Claire Martin_, __Zoé__, _Élise_ \\textbf{Jean Dupont}",
            "il Claire Martin, Zoé, Élise Jean Dupont",
        ),
        (
            "no emphasis of words",
            "_FOO_ __init__ _camelCase_ a_Foo_b __FILE__",
            "_FOO_ __init__ _camelCase_ a_Foo_b __FILE__",
        ),
        ("braces", r"\u{4d}\u{000061}rie \u{} \u{zz} \u{1234567}", r"Marie \u{} \u{zz} \u{1234567}"),
        ("a form", "tel=06+12+34&x 3+4", "tel=06 12 34&x 3+4"),
    ] {
        assert_eq!(read(text), expected, "{name}");
    }
}

#[test]
fn what_tags_say_stands_behind() {
    for (text, expected) in [
        ("7328<b class=\"a b\">29</b>320 <font color=red size='2' />x", "732829320 x"),
        (
            "voir <a href=\"/c/12\" title=\"Mme Claire Martin\">le dossier</a>.",
            "voir le dossier.\n<a href=\"/c/12\" title=\"Mme Claire Martin\">",
        ),
        ("x &lt;span title='catholique'&gt;", "x \n<span title='catholique'>"),
        ("si x <i et Mme Claire Martin vient> alors", "si x  alors\n<i et Mme Claire Martin vient>"),
        ("<b class=Martin>1</b><u lang=fr x>2</u>", "12\n<b class=Martin>\n<u lang=fr x>"),
    ] {
        let view = View::of_all(text).unwrap();
        assert_eq!(view.text(), expected);
    }
    let text = "é <a title=\"Mme Claire Martin\">le <b>12</b></a> 1234567.0";
    let view = View::of_all(text).unwrap();
    for (part, original) in
        [("Mme Claire Martin", "Mme Claire Martin"), ("le 12", "le <b>12"), ("1234567", "1234567.0")]
    {
        let at = view.text().find(part).unwrap();
        assert_eq!(&text[view.original(at..at + part.len())], original);
    }
}

#[test]
fn rows_of_tools_and_forms() {
    for (name, text, expected) in [
        ("colours of a terminal", "a\u{1B}[01;31m\u{1B}[Kb\u{1B}[m\u{1B}[K c \u{1B}(B\u{1B}x", "ab c x"),
        ("colours as a log writes them", r"a\e[31mb\033[0mc \x1b[1md\u001b[0m \e \0", r"abc d \e \0"),
        ("a title of a terminal", "\u{1B}]0;x\u{7}a\u{1B}]8;;http://x\u{1B}\\b\u{1B}]8;;\u{1B}\\c", "abc"),
        (
            "emphasis within an address",
            "a.**b**@x.com a**@**x.com a@**x**.com **a**.b@x.com a.b@`x`.com",
            "a.b@x.com a@x.com a@x.com a.b@x.com a.b@x.com",
        ),
        ("no emphasis within an address", "**a@x.com** a*b*c **@me** x", "**a@x.com** a*b*c **@me** x"),
        ("a form without a key", "Mme+Camille+Aubertin C+Java A+B a+B", "Mme Camille Aubertin C+Java A+B a+B"),
        ("a word over two lines", "Mme Camille Auber-\ntin, Du-\r\npont", "Mme Camille Aubertin, Dupont"),
        ("no word over two lines", "a-\nb x-\n- y Foo-\nBar foo-\nbar", "a-\nb x-\n- y Foo-\nBar foo-\nbar"),
        ("a capital of quoted-printable", "Mme =41ubertin x=41ubertin =41abc", "Mme Aubertin x=41ubertin =41abc"),
        ("bytes of a database", r"\x4d6d652043616d \x41b", r"\x4d6d652043616d Ab"),
    ] {
        assert_eq!(read(text), expected, "{name}");
    }
}

#[test]
fn what_a_terminal_is_sent_stands_behind() {
    let view = View::of_all("a\u{1B}]8;;file://h/Camille\u{7}b\u{1B}]8;;\u{7}").unwrap();
    assert!(view.text().starts_with("ab\n") && view.text().contains("file://h/Camille"), "{:?}", view.text());
}

/// What tags cut that stay is read without them too, and nothing is joined over fields, cells and paragraphs.
#[test]
fn what_tags_cut_stands_behind() {
    for (text, expected) in [
        ("<w:p><w:r><w:t>a.b</w:t></w:r><w:r><w:t>@x.com</w:t></w:r></w:p>", "a.b@x.com"),
        (
            "<w:r><w:rPr><w:b/></w:rPr><w:t xml:space=\"preserve\">FR76 3000 </w:t></w:r>\n<w:r>\n<w:t>3456</w:t></w:r>",
            "FR76 3000 3456",
        ),
        ("<w:t>a.b</w:t></w:r><w:proofErr w:type=\"spellEnd\"/><w:r><w:t>@x.com</w:t>", "a.b@x.com"),
        ("<si><r><t>Camille </t></r><r><t>Aubertin</t></r></si>", "Camille Aubertin"),
        ("<text:p>Camille <text:span>Auber</text:span><text:span>tin</text:span></text:p>", "Camille Aubertin"),
        ("<text>Mme <tspan>Camille</tspan> <tspan>Aubertin</tspan></text>", "Mme Camille Aubertin"),
        ("see Mme <x-foo>Camille</x-foo> <x-foo>Aubertin</x-foo> ok", "see Mme Camille Aubertin ok"),
        ("a.b<br>@x.com", "a.b@x.com"),
        ("a.<!-- -->b@x.com", "a.b@x.com"),
        ("a.<a href=\"https://x.test/1234567\">b</a>@x.com", "a.b@x.com"),
    ] {
        let view = View::of_all(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(view.text().lines().last(), Some(expected), "{text}");
    }
    for text in [
        "<nom>Aubertin</nom><prenom>Camille</prenom>",
        "<nom>Aubertin</nom> <nom>Dupont</nom>",
        "<tr><td>1234</td><td>5678</td></tr><tr><td>9</td></tr>",
        "<p>Camille</p><p>Aubertin</p><div>x<p>y</p>z</div>",
        "<v>1234</v><v>5678</v><c>1</c> <c>2</c>",
        "<row><cell>1234</cell>\n<cell>5678</cell></row>",
        "<w:p><w:r><w:t>Camille</w:t></w:r></w:p><w:p><w:r><w:t>Aubertin</w:t></w:r></w:p>",
        "<w:tc><w:p><w:r><w:t>1234</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>5678</w:t></w:r></w:p></w:tc>",
        "<label>Nom</label><span>Aubertin</span>",
        "fn f<T: Send>(x: Vec<T>) -> Option<T> { a < b > c } // </x",
        "x<br>y<br/>z",
        "<https://x.test/a>b <a@b.example> </x>",
    ] {
        let view = View::of_all(text);
        let read = view.as_ref().map_or(text, View::text);
        assert!(
            !read.contains('\n') || text.contains('\n') && read.lines().count() == text.lines().count(),
            "{text}: {read}"
        );
    }
    let text = "é <x>Camille</x> <x>Aubertin</x>, <w:t>a.b</w:t></w:r><w:r><w:t>@x.com</w:t>";
    let view = View::of_all(text).unwrap();
    let at = view.text().find("a.b@x.com").unwrap();
    assert_eq!(&text[view.original(at..at + 9)], "a.b</w:t></w:r><w:r><w:t>@x.com");
}

#[test]
fn names_come_apart() {
    let read = |text: &str, joint| View::of_name(text, joint).map_or_else(|| text.to_owned(), |view| view.text);
    for (text, marks, capitals) in [
        ("call_mathieu_delacourt", "call mathieu delacourt", "call mathieu delacourt"),
        ("Mathieu-Delacourt", "Mathieu Delacourt", "mathieu delacourt"),
        ("mathieu.delacourt", "mathieu delacourt", "mathieu delacourt"),
        ("getBalanceMathieuDelacourt", "getBalanceMathieuDelacourt", "get balance mathieu delacourt"),
        ("tel_0612345678", "tel 0612345678", "tel 0612345678"),
        ("tel0612345678Balance", "tel0612345678Balance", "tel 0612345678 balance"),
        ("tel_06_12-34.56_78", "tel 06_12-34.56_78", "tel 06_12-34.56_78"),
        (
            "get-FR14-2004-1010-0505-0001-3M02-606",
            "get FR14-2004-1010-0505-0001-3M02-606",
            "get FR14-2004-1010-0505-0001-3M02-606",
        ),
        ("FR1420041010050500013M02606", "FR1420041010050500013M02606", "FR1420041010050500013M02606"),
        ("sha256_v2", "sha256 v2", "sha256 v2"),
        (
            "id-550e8400-e29b-41d4-a716-446655440000-x",
            "id 550e8400-e29b-41d4-a716-446655440000 x",
            "id 550e8400-e29b-41d4-a716-446655440000 x",
        ),
        ("call_PERSON_K7Q2M9F3_x", "call PERSON_K7Q2M9F3 x", "call PERSON_K7Q2M9F3 x"),
        ("DELACOURT_20240501", "DELACOURT 20240501", "DELACOURT 20240501"),
        ("plain", "plain", "plain"),
        ("élise_müller", "élise müller", "élise müller"),
    ] {
        assert_eq!(
            (read(text, Joint::Mark).as_str(), read(text, Joint::Capital).as_str()),
            (marks, capitals),
            "{text}"
        );
    }
    let text = "getBalanceMathieuDelacourt";
    let view = View::of_name(text, Joint::Capital).unwrap();
    let at = view.text().find("mathieu delacourt").unwrap();
    assert_eq!(&text[view.original(at..view.text().len())], "MathieuDelacourt");
}

#[test]
fn ranges_cover_whole_escapes() {
    let text = r"tel \u0030\u0036\u202f12 fin";
    let view = View::of(text).unwrap();
    assert_eq!(view.text(), "tel 06 12 fin");
    assert_eq!(&text[view.original(4..9)], r"\u0030\u0036\u202f12");
    let text = "a\u{200B}b\u{200B}c";
    let view = View::of(text).unwrap();
    assert_eq!(&text[view.original(1..2)], "b");
    assert_eq!(&text[view.original(0..3)], text);
}

/// Pieces from which a disguised text is put together.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,8}",
        "\\PC{0,4}",
        Just("\u{200B}".to_owned()),
        Just("\u{202F}".to_owned()),
        Just("\\".to_owned()),
        Just("\\\\u00e9".to_owned()),
        Just("\\u00e9\\n".to_owned()),
        Just("%C3%A9%41".to_owned()),
        Just("&amp;#64;".to_owned()),
        Just("ﬁ４о".to_owned()),
        Just("**4**".to_owned()),
        Just("4\\s+5\\-6\\ ".to_owned()),
        Just("<b>1</b>é`2`".to_owned()),
        Just("<i x=É>1234567.0".to_owned()),
        Just("=41=42=43\\textbf{1}".to_owned()),
        Just("\u{1B}[31m\u{1B}]0;é\u{7}a\u{1B}".to_owned()),
        Just("é</w:t><w:t>".to_owned()),
        Just("<x>é</x> <x>1</x>".to_owned()),
    ]
}

proptest! {
    #[test]
    fn offsets_lead_back(fragments in proptest::collection::vec(fragment(), 0..12)) {
        let text = fragments.concat();
        let Some(view) = View::of(&text) else { return Ok(()) };
        let mut last = 0..0;
        for (at, c) in view.text().char_indices() {
            let range = view.original(at..at + c.len_utf8());
            prop_assert!(text.get(range.clone()).is_some(), "not on character boundaries");
            prop_assert!(!range.is_empty());
            prop_assert!(range.start >= last.start && range.end >= last.end, "out of order");
            prop_assert!(range.start >= last.end || range == last, "characters share bytes only as a whole");
            last = range;
        }
    }

    #[test]
    fn offsets_of_all_lead_back(fragments in proptest::collection::vec(fragment(), 0..12)) {
        let text = fragments.concat();
        let Some(view) = View::of_all(&text) else { return Ok(()) };
        for (at, c) in view.text().char_indices() {
            let range = view.original(at..at + c.len_utf8());
            prop_assert!(text.get(range.clone()).is_some(), "not on character boundaries");
            prop_assert!(!range.is_empty() || c == '\n');
            prop_assert!(text.get(view.original(view.text().floor_char_boundary(at / 2)..at + c.len_utf8())).is_some());
        }
    }

    /// Cutting a range out of the original and normalising gives the view with the range cut out, for one level of escapes.
    #[test]
    fn replacing_and_normalising_commute(before in "[a-z ]{0,6}", value in "[0-9éàü\u{A0}\u{200B}]{1,8}", after in "[a-z ]{0,6}") {
        let text = format!("{before}{value}{after}");
        let Some(view) = View::of(&text) else { return Ok(()) };
        let start = before.len();
        let end = view.text().len() - after.len();
        prop_assume!(start < end);
        let range = view.original(start..end);
        let replaced = [&text[..range.start], "<X>", &text[range.end..]].concat();
        prop_assert_eq!(read(&replaced), format!("{before}<X>{after}"));
    }
}

/// However many signs stand in a text, it is read at most twice.
#[test]
fn signs_of_notes_do_not_multiply_a_text() {
    let text = "Aubertin¹ ".repeat(1_000);
    let view = View::of_all(&text).unwrap();
    assert!(view.text().len() < 2 * text.len() + 400, "{} of {}", view.text().len(), text.len());
    let behind = view.text().rfind("Aubertin A").unwrap();
    assert!(text[view.original(behind..behind + 8)].starts_with("Aubertin"));
}
