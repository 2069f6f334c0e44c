//! Schemes of links that write to somebody: their address may be a value, what is written may not. It knows no others.

/// Schemes of links that write to somebody; none is longer than what is remembered.
const LETTERS: &[&[u8]] =
    &[b"mailto:", b"sms:", b"smsto:", b"mms:", b"mmsto:", b"xmpp:", b"sip:", b"sips:", b"skype:", b"im:"];

/// Whether the text ends in the scheme of a link that writes to somebody, and no other word's end.
pub(super) fn is_letter(recent: u64) -> bool {
    let bytes = recent.to_be_bytes();
    LETTERS.iter().any(|scheme| {
        bytes.strip_suffix(*scheme).is_some_and(|lead| !lead.last().is_some_and(u8::is_ascii_alphanumeric))
    })
}
