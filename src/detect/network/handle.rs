//! Names on social networks: `@name` beside the name of a network or a word for an account.
//!
//! False friends: decorators, mentions of packages and teams, addresses, style sheets.

use crate::detect::announce;
use crate::detect::context::Context;
use crate::detect::page::{Mark, Page, Report, Wake};
use crate::detect::{Card, Detector};

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 40;
/// Bytes before and behind in which a network may be named.
const REACH_BYTES: usize = 40;

/// Finds names on social networks.
#[derive(Debug)]
pub(in crate::detect) struct SocialHandle {
    context: Context,
}

impl SocialHandle {
    pub(in crate::detect) fn new() -> Self {
        Self { context: Context::new(WORDS.iter().copied()) }
    }
}

impl Detector for SocialHandle {
    fn card(&self) -> Card {
        Card { id: "social_handle", country: "*", method: "name behind `@`, network named" }
    }

    fn wake(&self) -> Wake {
        Wake::Byte(b'@')
    }

    fn look(&self, page: &Page<'_>, mark: &Mark, report: &mut Report<'_>) {
        let Mark::Byte(at) = *mark else { return };
        let before = page.before(at);
        if before.is_ascii_alphanumeric()
            || !before.is_ascii()
            || matches!(before, b'.' | b'_' | b'-' | b'/' | b'@' | b'+')
        {
            return;
        }
        let mut end = page
            .right(at + 1, NAME_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
        while matches!(page.before(end), b'.' | b'-') {
            end -= 1;
        }
        // `@user@instance.social` of the fediverse.
        if page.byte(end) == b'@' {
            end =
                page.right(end + 1, NAME_BYTES_MAX, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
            while matches!(page.before(end), b'.' | b'-') {
                end -= 1;
            }
        }
        let named = announce::announces(&self.context, page, at, REACH_BYTES)
            || announce::follows(&self.context, page, end, REACH_BYTES);
        if end >= at + 3 && !matches!(page.byte(end), b'/' | b'(') && named {
            report.push(at..end, 88);
        }
    }
}

/// Networks, and words for an account.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "twitter", "instagram", "insta", "tiktok", "snapchat", "snap", "telegram", "mastodon", "bluesky", "bsky", "facebook", "linkedin", "threads",
    "youtube", "twitch", "discord", "pseudo", "handle", "follow", "suivez", "compte", "followers", "abonnés", "tweet", "réseaux sociaux", "social media",
    "nick", "nickname", "username", "on x", "konto", "cuenta", "seguir", "profil",
];

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;
    use crate::detect::page::Sink;

    #[test]
    fn rows() {
        let handle = SocialHandle::new();
        for (text, expected) in [
            ("Instagram : @jean.dupont.", Some("@jean.dupont")),
            ("follow @jean_d on Twitter", Some("@jean_d")),
            ("Mastodon @jean@piaille.fr", Some("@jean@piaille.fr")),
            ("@Override public", None),
            ("twitter jean@exemple.fr", None),
            ("npm i @types/node twitter", None),
        ] {
            let mut sink = Sink::new(crate::detect::page::Used::default());
            let at = text.find('@').unwrap();
            handle.look(&Page { text, key: None }, &Mark::Byte(at), &mut Report { sink: &mut sink, detector: 0 });
            assert_eq!(sink.hits.first().map(|hit| &text[hit.range.clone()]), expected, "{text}");
        }
    }
}
