//! What a value looks like, whatever stands before it: random or spoken, a placeholder, a reference to something elsewhere.
//!
//! A manual prints `<your-key>`, `xxxx`, `…EXAMPLE`; code reads `${TOKEN}` or `os.environ["TOKEN"]`; a password in a form is
//! `********`. None of these opens anything.

/// Bytes of a value that are looked at.
const VALUE_BYTES_MAX: usize = 256;

/// Shannon entropy of the bytes, in bits a byte, 0 to 8.
pub(in crate::detect) fn entropy(value: &[u8]) -> f32 {
    let value = value.get(..VALUE_BYTES_MAX).unwrap_or(value);
    let mut counts = [0_u16; 256];
    for &byte in value {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = f32::from(u16::try_from(value.len()).unwrap_or(u16::MAX));
    let share = counts.iter().filter(|&&count| count > 0).map(|&count| f32::from(count) / total);
    share.map(|share| -share * share.log2()).sum()
}

/// Whether a value is what manuals print in the place of a secret.
pub(in crate::detect) fn is_placeholder(value: &[u8]) -> bool {
    let mut upper = [0_u8; VALUE_BYTES_MAX];
    let mut distinct = [0_u64; 4];
    let mut run = 0;
    let mut longest = 0;
    let mut before = 0;
    let len = value.len().min(VALUE_BYTES_MAX);
    for (to, &byte) in upper.iter_mut().zip(value) {
        *to = byte.to_ascii_uppercase();
        if let Some(word) = distinct.get_mut(usize::from(*to >> 6)) {
            *word |= 1 << (*to & 63);
        }
        run = if *to == before { run + 1 } else { 1 };
        // `AAAAAAAA` and `00000000` stand in some real tokens; a row of marks is never one.
        if matches!(*to, b'X' | b'*' | b'.' | b'#' | b'?') {
            longest = longest.max(run);
        }
        before = *to;
    }
    let upper = upper.get(..len).unwrap_or_default();
    let kinds: u32 = distinct.iter().map(|word| word.count_ones()).sum();
    kinds < 4
        || kinds < 6 && len >= 16
        || longest >= 5
        || TELLING.iter().any(|word| memchr::memmem::find(upper, word).is_some())
}

/// Whether a value is what manuals and forms print in the place of a password, which may be short and of few kinds.
pub(in crate::detect) fn is_placeholder_of_password(value: &[u8]) -> bool {
    let first = value.first();
    let one = value.iter().all(|byte| Some(byte) == first || matches!(byte, b'.' | b'*'));
    // `rootpasswd`: the word itself, with letters before it.
    let letters = value.iter().all(u8::is_ascii_alphabetic);
    let itself = letters && WORDS_ITSELF.iter().any(|word| value.to_ascii_lowercase().ends_with(word));
    one || itself || value.len() >= 16 && is_placeholder(value) || {
        let upper = value.to_ascii_uppercase();
        let marks =
            upper.windows(5).any(|window| window.iter().all(|byte| matches!(byte, b'X' | b'*' | b'.' | b'#' | b'_')));
        marks || TELLING.iter().any(|word| memchr::memmem::find(&upper, word).is_some())
    }
}

/// What a password in letters ends in that a manual prints.
const WORDS_ITSELF: &[&[u8]] = &[b"password", b"passwd", b"passwort", b"motdepasse"];

/// Words within a value that only a placeholder has.
const TELLING: &[&[u8]] = &[
    b"EXAMPLE",
    b"YOUR_",
    b"YOUR-",
    b"YOURAPI",
    b"YOURTOKEN",
    b"YOURSECRET",
    b"YOURPASS",
    b"PLACEHOLDER",
    b"CHANGEME",
    b"CHANGE_ME",
    b"CHANGE-ME",
    b"REDACTED",
    b"INSERT_",
    b"REPLACE_",
    b"TOKENHERE",
    b"TOKEN_HERE",
    b"KEY_HERE",
    b"KEYHERE",
    b"VOTRE_",
    b"DEIN_",
    b"<YOUR",
    b"[YOUR",
    b"1234-1234-1234",
];

/// Whether a value refers to one that stands elsewhere: a variable, a template, a call.
pub(in crate::detect) fn is_reference(value: &[u8]) -> bool {
    let opens = matches!(value, [b'$' | b'<' | b'{' | b'%' | b'&' | b'[' | b'(', ..]);
    // `%20secret` is no variable, `%SECRET%` is; `$1x` may be a password, `$SECRET` hardly.
    let variable = match value {
        [b'$', rest @ ..] => rest.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_{}().: -".contains(byte)),
        [b'%', middle @ .., b'%'] => middle.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'),
        [b'<', .., b'>'] | [b'{', .., b'}'] | [b'[', .., b']'] | [b'(', ..] => true,
        _ => false,
    };
    let holds = |word: &[u8]| memchr::memmem::find(value, word).is_some();
    opens && variable || holds(b"${") || holds(b"{{") || holds(b"$(") || CALLS.iter().any(|call| holds(call))
}

/// How programs read what is kept elsewhere.
const CALLS: &[&[u8]] = &[
    b"process.env",
    b"os.environ",
    b"getenv",
    b"ENV[",
    b"secrets.",
    b"System.get",
    b"vault:",
    b"arn:aws",
    b"!Ref",
    b"!Sub",
];

/// Whether a value is made of words rather than of random letters: `user_profile_name`, `CompanyDashboard`.
///
/// Two letters side by side are one of the common pairs of English and its neighbours in about three of four places of a
/// word, and in one of four of a random string.
pub(in crate::detect) fn is_spoken(value: &[u8]) -> bool {
    let (mut pairs, mut common, mut letters) = (0_u32, 0_u32, 0_u32);
    for window in value.windows(2) {
        let [first, second] = window else { continue };
        letters += u32::from(first.is_ascii_alphabetic());
        // A capital after a small letter begins a word; a capital before a small one does not end it.
        let camel = first.is_ascii_lowercase() && second.is_ascii_uppercase();
        if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() && !camel {
            pairs += 1;
            common += u32::from(is_common(*first, *second));
        }
    }
    letters += u32::from(value.last().is_some_and(u8::is_ascii_alphabetic));
    let mostly_letters = letters as usize * 2 >= value.len();
    mostly_letters && pairs >= 4 && common * 20 >= pairs * 11
}

/// Whether nine characters of a value count up: `123456789`, `abcdefghi`.
pub(in crate::detect) fn is_counted(value: &[u8]) -> bool {
    let mut run = 1;
    value.windows(2).any(|pair| {
        let counts = matches!(pair, [a, b] if *b == a.wrapping_add(1) || (*a, *b) == (b'9', b'0'));
        run = if counts { run + 1 } else { 1 };
        run >= 9
    })
}

fn is_common(first: u8, second: u8) -> bool {
    let index = |byte: u8| usize::from(byte.to_ascii_lowercase() - b'a');
    let followers = FOLLOWERS.get(index(first)).copied().unwrap_or_default();
    followers.as_bytes().contains(&second.to_ascii_lowercase())
}

/// The letters that commonly follow each letter, `a` to `z`.
const FOLLOWERS: [&str; 26] = [
    "bcdgilmnprstuvy",
    "aeiloru",
    "aehiklortu",
    "aeio",
    "acdelmnprstvxy",
    "aefilortu",
    "aehilru",
    "aeiot",
    "acdeglmnorstvz",
    "aeou",
    "ei",
    "adeiloty",
    "abeimopu",
    "acdegiosty",
    "bcdfiklmnoprstuvw",
    "aehiloprtu",
    "u",
    "adeikmnorsty",
    "acehiopstu",
    "aehioprstuy",
    "abceilmnprst",
    "aeio",
    "aehino",
    "ceipt",
    "abelmopst",
    "aeio",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_references() {
        for (value, placeholder, reference) in [
            ("xxxxxxxxxxxx", true, false),
            ("AKIAIOSFODNN7EXAMPLE", true, false),
            ("your_api_key", true, false),
            ("********", true, false),
            ("sk-ant-api03-.....", true, false),
            ("<your-key>", false, true),
            ("${TOKEN}", false, true),
            ("$API_KEY", false, true),
            ("%SECRET%", false, true),
            ("{{ .Values.password }}", false, true),
            ("os.environ['KEY']", false, true),
            ("process.env.KEY", false, true),
            ("$1x!b#9Qz", false, false),
            ("9f3kQ2mXv7Lp", false, false),
        ] {
            let value = value.as_bytes();
            let text = String::from_utf8_lossy(value);
            assert_eq!(is_reference(value), reference, "{text}");
            assert!(is_placeholder(value) == placeholder || reference, "{text}");
        }
    }

    #[test]
    fn words_and_noise() {
        for (value, spoken) in [
            ("user_profile_name", true),
            ("CompanyDashboardController", true),
            ("content-type", true),
            ("mein-passwort-speicher", true),
            ("secretsmanager-2019", true),
            ("9f3kQ2mXv7LpWzR4", false),
            ("jbd1rgy9iuetkiq5usce89bbhdiw1q", false),
            ("Zf3D0LXCM3EIMbgJpUNnkRtOfOueHznB", false),
            ("d41d8cd98f00b204e9800998ecf8427e", false),
        ] {
            assert_eq!(is_spoken(value.as_bytes()), spoken, "{value}");
        }
    }

    #[test]
    fn entropy_of_known_texts() {
        assert!(entropy(b"aaaa").abs() < 0.001);
        assert!((entropy(b"0123456789abcdef") - 4.0).abs() < 0.001);
        assert!(entropy(b"").abs() < 0.001);
    }
}
