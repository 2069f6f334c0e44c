//! Names of the house as names of files.

/// What is not a lower-case letter, a digit, `-` or `_` stands in hexadecimal, so that two names are two files everywhere.
pub(super) fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02x}")),
        }
    }
    escaped
}
