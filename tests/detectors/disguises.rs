//! Ways to write a value so that a program does not know it: classes 1 to 6 of the evasion table.

use base64::Engine as _;

/// One way to disguise a value; `None` when it does not apply.
pub(crate) type Disguise = fn(&str) -> Option<String>;

/// Class, name and disguise.
pub(crate) const DISGUISES: &[(u8, &str, Disguise)] = &[
    (1, "zero width", |value| Some(joined(value, "\u{200B}"))),
    (1, "soft hyphen", |value| Some(joined(value, "\u{AD}"))),
    (1, "bidi control", |value| Some(format!("\u{202A}{}\u{202C}", joined(value, "\u{2066}")))),
    (1, "tag block", |value| Some(joined(value, "\u{E0041}"))),
    (2, "full width", |value| Some(value.chars().map(full_width).collect())),
    (2, "Arabic digits", |value| Some(digits_from(value, 0x660))),
    (2, "mathematical", |value| Some(digits_from(value, 0x1_D7CE))),
    (3, "Cyrillic", |value| value.contains(['A', 'B', 'M', 'T']).then(|| value.chars().map(cyrillic).collect())),
    (4, "no-break spaces", |value| value.contains(' ').then(|| value.replace(' ', "\u{202F}"))),
    (4, "dots", |value| grouped(value).then(|| value.replace(' ', "."))),
    (4, "hyphens for blanks", |value| grouped(value).then(|| value.replace(' ', "-"))),
    (4, "typographic hyphens", |value| value.contains('-').then(|| value.replace('-', "\u{2011}"))),
    (5, "JSON", |value| Some(value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect())),
    (5, "JSON twice", |value| Some(value.encode_utf16().map(|unit| format!("\\\\u{unit:04x}")).collect())),
    (5, "URL", |value| Some(value.bytes().map(|byte| format!("%{byte:02X}")).collect())),
    (5, "HTML", |value| Some(escaped(value, |c| format!("&#{};", c as u32)))),
    (5, "quoted-printable", |value| {
        (value.is_ascii() && value.len() > 2).then(|| escaped(value, |c| format!("={:02X}", c as u32)))
    }),
    (5, "base64", |value| (value.len() > 11).then(|| base64::engine::general_purpose::STANDARD.encode(value))),
    (5, "hexadecimal", |value| (value.len() > 7).then(|| value.bytes().map(|byte| format!("{byte:02x}")).collect())),
    (5, "backslashes", |value| value.contains(is_mark).then(|| escaped(value, backslashed))),
    (5, "backslashes twice", |value| {
        value.contains(is_mark).then(|| escaped(value, backslashed).replace('\\', "\\\\"))
    }),
    (6, "emphasis", |value| Some(format!("**{value}**"))),
    (6, "emphasis within", |value| {
        let (head, tail) = (value.get(..3)?, value.get(3..)?);
        tail.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("{head}**{tail}**"))
    }),
    (6, "inline tag", |value| Some(format!("{}<b>{}</b>", value.get(..2)?, value.get(2..)?))),
    (6, "table cell", |value| Some(format!("|{value}|"))),
    (6, "quoted", |value| Some(format!("\"{value}\""))),
    (6, "literal line feed", |value| Some(format!("\\n{value}\\n"))),
];

/// The characters with something between them.
fn joined(value: &str, between: &str) -> String {
    value.chars().map(String::from).collect::<Vec<_>>().join(between)
}

fn escaped(value: &str, escape: fn(char) -> String) -> String {
    value.chars().map(escape).collect()
}

/// What `re.escape` and writers of Markdown put a backslash before.
fn is_mark(c: char) -> bool {
    c.is_ascii_punctuation() || c == ' '
}

fn backslashed(c: char) -> String {
    if is_mark(c) { format!("\\{c}") } else { c.to_string() }
}

fn digits_from(value: &str, zero: u32) -> String {
    value.chars().map(|c| c.to_digit(10).and_then(|digit| char::from_u32(zero + digit)).unwrap_or(c)).collect()
}

fn full_width(c: char) -> char {
    char::from_u32(c as u32 + 0xFEE0).filter(|_| c.is_ascii_graphic()).unwrap_or(c)
}

fn cyrillic(c: char) -> char {
    match c {
        'A' => 'А',
        'B' => 'В',
        'M' => 'М',
        'T' => 'Т',
        _ => c,
    }
}

/// Whether blanks part it into groups of digits and capitals, so that another separator says the same.
fn grouped(value: &str) -> bool {
    value.contains(' ') && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_digit() || byte.is_ascii_uppercase())
}
