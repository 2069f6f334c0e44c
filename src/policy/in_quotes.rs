//! A name as a sheet writes it: as it is where it is one word, else in quotes. It reads no sheet, and changes no name.

use super::diagnostic::File;
use super::lexer::{Kind, lex};
use super::phrase::Language;

/// The name of a backend, or of what else stands in a sheet without quotes, so that it is read as this name.
pub(super) fn as_written(name: &str) -> String {
    let mut faults = Vec::new();
    let tokens = lex(&File::new("name", name, Language::En), &mut faults).tokens;
    let is_word = match tokens.first().map(|token| &token.kind) {
        Some(Kind::Word(word)) => tokens.len() == 2 && word == name,
        _ => false,
    };
    if is_word && faults.is_empty() { name.to_owned() } else { format!("\"{name}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_word_stands_in_quotes() {
        for word in ["us", "cloud-us", "gpu_1", "hébergeur", "us2"] {
            assert_eq!(as_written(word), word);
        }
        for name in ["us cloud", "us:1", "9", "2027-01-05", "a,b", "(x)", "# x", ""] {
            assert_eq!(as_written(name), format!("\"{name}\""));
        }
    }
}
