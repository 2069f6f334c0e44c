//! From the piece of a field that a finding covers to the value that a person would recognise.
//!
//! The vault holds the *real* value: `Jos\u00e9` inside tool arguments is José, and comes back as José in prose and escaped
//! again in arguments. A token's stem comes from the *normal form*, so that two spellings of one value share it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroizing;

use crate::limits::NESTED_DEPTH_MAX;
use crate::model::{Normal, Role};

/// Undoes the JSON escapes of a piece.
///
/// In the text of a JSON document one level is certain. Elsewhere, and deeper, a backslash may be a person's own
/// (`DOMAIN\user`), so that only `\uXXXX` counts as an escape.
pub(super) fn real(piece: &str, in_json: bool) -> Zeroizing<String> {
    let mut value = Zeroizing::new(piece.to_owned());
    for level in 0..NESTED_DEPTH_MAX {
        if !(value.contains("\\u") || (in_json && level == 0 && value.contains('\\'))) {
            break;
        }
        let quoted = Zeroizing::new(format!("\"{}\"", value.as_str()));
        let Ok(opened) = serde_json::from_str::<String>(&quoted) else { break };
        value = Zeroizing::new(opened);
    }
    value
}

/// Whether the text of a field is a JSON document.
pub(super) fn is_json(role: Role, text: &str) -> bool {
    role == Role::ToolCall
        || (text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}

/// Brings a value to the form that its spellings share.
pub(super) fn normal(value: &str, normal: Normal) -> Zeroizing<String> {
    if normal == Normal::Exact {
        return Zeroizing::new(value.to_owned());
    }
    let visible: Zeroizing<String> = Zeroizing::new(value.nfkc().filter(|char| !is_ignorable(*char)).collect());
    let visible = if visible.contains('\\') { unescaped(&visible) } else { visible };
    let form: String = match normal {
        Normal::Exact | Normal::Lower => visible.to_lowercase(),
        Normal::Alphanumeric => {
            visible.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_uppercase).collect()
        }
        Normal::Phone => phone(&visible),
        Normal::Name => name(&visible),
    };
    // A value that has nothing left (only marks or blanks) stays apart from others of that kind.
    if form.is_empty() { visible } else { Zeroizing::new(form) }
}

/// Without the backslashes that Markdown and regular expressions have before a mark or a blank.
fn unescaped(value: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(value.len()));
    let mut chars = value.chars().peekable();
    while let Some(char) = chars.next() {
        let mark = |next: &char| next.is_ascii_punctuation() || next.is_whitespace();
        if char != '\\' || !chars.peek().is_some_and(mark) {
            out.push(char);
        }
    }
    out
}

/// The same for what stands in a name, where `_`, `-`, stops and capitals part the words of a person's.
pub(super) fn normal_in_name(value: &str, rule: Normal) -> Zeroizing<String> {
    if rule != Normal::Name {
        return normal(value, rule);
    }
    let mut words = Zeroizing::new(String::with_capacity(2 * value.len()));
    let mut small = false;
    for char in value.chars() {
        if small && char.is_uppercase() {
            words.push(' ');
        }
        small = char.is_lowercase();
        words.push(if matches!(char, '_' | '-' | '.') { ' ' } else { char });
    }
    normal(&words, rule)
}

/// Digits, with `+` before an international prefix; the trunk zero in `+33 (0)6` is left out.
fn phone(value: &str) -> String {
    let digits = |text: &str| {
        text.chars().filter_map(|char| char.to_digit(10)).filter_map(|d| char::from_digit(d, 10)).collect::<String>()
    };
    let plain = digits(value);
    if value.trim_start().starts_with(['+', '(']) && value.contains('+') {
        return format!("+{}", digits(&value.replacen("(0)", "", 1)));
    }
    match plain.strip_prefix("00") {
        Some(_) => format!("+{}", digits(&value.replacen("(0)", "", 1)).trim_start_matches('0')),
        None => plain,
    }
}

/// Lower case without accents, one blank between words.
fn name(value: &str) -> String {
    let bare: Zeroizing<String> =
        Zeroizing::new(value.nfkd().filter(|char| !is_combining_mark(*char)).flat_map(char::to_lowercase).collect());
    let mut out = String::with_capacity(bare.len());
    for word in bare.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Characters that are not seen: zero-width, direction marks, soft hyphens, tags, variation selectors.
pub(super) fn is_ignorable(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_escapes_where_they_are_escapes() {
        let rows = [
            ("plain", "José", true, "José"),
            ("unicode in json", r"Jos\u00e9", true, "José"),
            ("unicode in text", r"Jos\u00e9", false, "José"),
            ("two levels", r"Jos\\u00e9", true, "José"),
            ("quote in json", r#"O\"Neil"#, true, "O\"Neil"),
            ("backslash in json", r"DOMAIN\\bob", true, r"DOMAIN\bob"),
            ("backslash in text", r"DOMAIN\bob", false, r"DOMAIN\bob"),
            ("not an escape", r"DOMAIN\user", true, r"DOMAIN\user"),
            ("lone surrogate", r"a\ud83d", true, r"a\ud83d"),
        ];
        for (name, piece, in_json, expected) in rows {
            assert_eq!(real(piece, in_json).as_str(), expected, "{name}");
        }
    }

    #[test]
    fn spellings_of_one_value_share_a_form() {
        let rows = [
            ("iban", Normal::Alphanumeric, "fr76 3000 6000", "FR7630006000"),
            ("phone", Normal::Phone, "+33 6 12.34", "+33 (0)6-12 34"),
            ("phone, 00", Normal::Phone, "+33 6 12.34", "0033 61234"),
            ("phone, national", Normal::Phone, "06 12 34", "06.12.34"),
            ("email", Normal::Lower, "Jean.Dupont@X.fr", "jean.dupont@x.fr"),
            ("name", Normal::Name, "  José\u{a0}GARCÍA", "jose garcia"),
            ("escaped email", Normal::Lower, "jean.dupont@x.fr", r"jean\.dupont\@x\.fr"),
            ("escaped name", Normal::Name, "Jean Dupont", r"Jean\ Dupont"),
            ("escaped phone", Normal::Phone, "+33 6 12.34", r"\+33\ 6\ 12\.34"),
            ("zero width", Normal::Name, "Jo\u{200b}sé", "jose"),
            ("full width", Normal::Lower, "ｊ@x.fr", "j@x.fr"),
        ];
        for (name, rule, one, other) in rows {
            assert_eq!(normal(one, rule).as_str(), normal(other, rule).as_str(), "{name}");
        }
        for spelling in ["mathieu_delacourt", "Mathieu-Delacourt", "MathieuDelacourt", "mathieu.delacourt"] {
            assert_eq!(normal_in_name(spelling, Normal::Name).as_str(), "mathieu delacourt", "{spelling}");
        }
        assert_ne!(normal("A", Normal::Exact).as_str(), normal("a", Normal::Exact).as_str());
        assert_ne!(normal("+33612", Normal::Phone).as_str(), normal("33612", Normal::Phone).as_str());
    }
}
