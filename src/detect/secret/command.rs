//! Passwords behind the option of a command that takes them there: `mysql -u root -pS3cr3t!x`, `sshpass -p S3cr3t!x`.
//!
//! The option says so only behind the command that has it, on the same line of the shell. False friends: ports that a container
//! gives away (`docker run --name mysql -p3306:3306`), packages (`pip install mysql -python`), what manuals print
//! (`-pPASSWORD`), variables.

use std::ops::Range;

use super::{label, value};
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes between a command and its option.
const COMMAND_BYTES_MAX: usize = 320;
/// Bytes of a password.
const VALUE_BYTES: std::ops::RangeInclusive<usize> = 4..=128;
/// Confidence in a value that looks like a password, and in a word or a number behind the name of a user.
const CONFIDENCE: (u8, u8) = (88, 75);

/// A command and the option behind which its password stands.
struct Command {
    /// How its name begins.
    name: &'static str,
    option: u8,
    /// The password may be the next word; else it is glued to the option.
    apart: bool,
}

const COMMANDS: &[Command] = &[
    Command { name: "mysql", option: b'p', apart: false },
    Command { name: "mariadb", option: b'p', apart: false },
    Command { name: "mongo", option: b'p', apart: true },
    Command { name: "sshpass", option: b'p', apart: true },
    Command { name: "redis-cli", option: b'a', apart: true },
];

/// Finds passwords of commands.
#[derive(Debug)]
pub(in crate::detect) struct CommandPassword;

impl Detector for CommandPassword {
    fn card(&self) -> Card {
        Card { id: "command_password", country: "*", method: "option of a command that takes a password" }
    }

    fn entity(&self) -> &'static str {
        "password"
    }

    /// The options are rare, and the names of the commands begin as many a word does (`mon`, `mar`, `red`).
    fn wake(&self) -> Wake {
        Wake::Literals(&[" -p", " -a"])
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Literal(at) = *mark else { return };
        let option = at + " -".len();
        let Some((command, user)) = running(page, at).filter(|(command, _)| command.option == page.byte(option)) else {
            return;
        };
        let glued = option + 1;
        let start = if command.apart { page.right(glued, 8, |byte| matches!(byte, b' ' | b'\t')) } else { glued };
        if let Some((range, confidence)) = valued(page, start, user || command.apart) {
            report.push(range, confidence);
        }
    }
}

/// The command that runs in the line before a place, and whether it was told the name of a user.
fn running(page: &Page<'_>, at: usize) -> Option<(&'static Command, bool)> {
    let from = page.text.ceil_char_boundary(at.saturating_sub(COMMAND_BYTES_MAX));
    let head = page.text.get(from..at)?;
    // A line goes on behind a backslash.
    let ends = |(place, _): &(usize, char)| !head.get(..*place).is_some_and(|line| line.ends_with('\\'));
    let line = head.char_indices().rev().filter(|(_, c)| *c == '\n').find(ends).map_or(0, |(place, _)| place + 1);
    let (mut command, mut user) = (None, false);
    for word in head.get(line..)?.split_ascii_whitespace() {
        // Behind these another command begins.
        if matches!(word, "|" | "||" | "&" | "&&") || word.ends_with(';') {
            (command, user) = (None, false);
        }
        command = named(word).or(command);
        user |= word.starts_with("-u") || word.starts_with("--user");
    }
    command.map(|command| (command, user))
}

/// The command that a word names, with the folder it stands in and what is written before it: `/usr/bin/mysqldump`, `"mysql`. A part
/// of another word is none: `php-mysql`, `mysql://`.
fn named(word: &str) -> Option<&'static Command> {
    let name = word.rsplit(['/', '"', '\'', '`', '(', '=']).next()?;
    let is_plain = |rest: &str| rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    COMMANDS.iter().find(|command| name.strip_prefix(command.name).is_some_and(is_plain))
}

/// The value that begins here, as a shell reads it, and the confidence in it; `sure` says that a word will do.
fn valued(page: &Page<'_>, start: usize, sure: bool) -> Option<(Range<usize>, u8)> {
    let quote = page.byte(start);
    let range = if matches!(quote, b'"' | b'\'') {
        let end = page.right(start + 1, *VALUE_BYTES.end(), |byte| byte != quote && byte != b'\n');
        (page.byte(end) == quote).then_some(start + 1..end)?
    } else {
        let end = page.right(start, *VALUE_BYTES.end(), |byte| byte > b' ' && !b"\"'`|;&<>()\\".contains(&byte));
        start..page.left(end, end - start, |byte| matches!(byte, b'.' | b',' | b':'))
    };
    let value = page.text.get(range.clone()).filter(|value| VALUE_BYTES.contains(&value.len()))?;
    let bytes = value.as_bytes();
    let port = |pair: &[u8]| matches!(pair, [digit, b':'] | [b':', digit] if digit.is_ascii_digit());
    if value.starts_with(['-', '$'])
        || bytes.windows(2).any(port)
        || value::is_placeholder_of_password(bytes)
        || value::is_reference(bytes)
        || label::is_form_word(value)
    {
        return None;
    }
    let plain = bytes.iter().all(u8::is_ascii_alphabetic) || bytes.iter().all(u8::is_ascii_digit);
    let confidence = if plain { CONFIDENCE.1 } else { CONFIDENCE.0 };
    (sure || !plain).then_some((range, confidence))
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::{Sink, Used};

    #[test]
    fn rows() {
        for (text, expected) in [
            ("mysql -u root -pS3cr3t!x shop", Some("S3cr3t!x")),
            ("mysqldump -u root -pS3cr3t!x", Some("S3cr3t!x")),
            ("$ /usr/bin/mysqladmin -h db -pX1y2z3 status", Some("X1y2z3")),
            ("mariadb -uroot -pletmein", Some("letmein")),
            ("mysql -uroot -p123456 shop", Some("123456")),
            ("mysql -u root -p'Azerty 99!' shop", Some("Azerty 99!")),
            ("mysql -u root \\\n  -pS3cr3t!x", Some("S3cr3t!x")),
            ("run `mysql -u app -pGr33n`, then", Some("Gr33n")),
            ("{\"command\":\"mysql -u app -pGr33n\"}", Some("Gr33n")),
            ("sshpass -p S3cr3t!x ssh root@h", Some("S3cr3t!x")),
            ("mongodump -u admin -p Tr0ub4dor3", Some("Tr0ub4dor3")),
            ("redis-cli -a Tr0ub4dor3 ping", Some("Tr0ub4dor3")),
            ("mysqldump --databases mysql -u root -pS3cr3t!x", Some("S3cr3t!x")),
            ("mysql -h db -u app -p shop", None),
            ("mysql -u root -P3306", None),
            ("docker run --name mysql -p3306:3306 mysql", None),
            ("docker run -u 1000 --name mongo -p 27017:27017 mongo", None),
            ("mysql -u root -p$MYSQL_PASSWORD shop", None),
            ("mysql -u root -p${PW}", None),
            ("mysql -u root -pPASSWORD", None),
            ("mysql -u root -p<password>", None),
            ("pip install mysql -python", None),
            ("php-mysql -pS3cr3t!x", None),
            ("mysql --version | grep -pS3cr3t", None),
            ("start mysql first\ngrep -pS3cr3t", None),
        ] {
            let mut sink = Sink::new(Used::default());
            let page = Page { text, key: None };
            for at in [" -p", " -a"].iter().flat_map(|option| text.match_indices(option)).map(|(at, _)| at) {
                CommandPassword.look(&page, &Mark::Literal(at), &mut Report { sink: &mut sink, detector: 0 });
            }
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{text}");
        }
    }
}
