//! Values of elements that say themselves what they are: `<input name="last_name" value="Aubertin">`.
//!
//! The attribute that says so may stand before the value or behind it, in the same tag.

use super::leaf::{ANY, KEY_BYTES_MAX, Leaf, Said, VALUE_BYTES, found_in, said};

/// Reports every such value.
pub(super) fn each(text: &str, found: &mut impl FnMut(Leaf)) {
    const VALUE: &[u8] = b" value=\"";
    let bytes = text.as_bytes();
    for at in memchr::memmem::find_iter(bytes, VALUE) {
        let from = at + VALUE.len();
        let rest = bytes.get(from..bytes.len().min(from + VALUE_BYTES.end)).unwrap_or_default();
        let Some(len) = memchr::memchr2(b'"', b'\n', rest).filter(|len| rest.get(*len) == Some(&b'"')) else {
            continue;
        };
        let end = from + len;
        let head = text.get(text.ceil_char_boundary(at.saturating_sub(VALUE_BYTES.end))..at).unwrap_or_default();
        let tail = text.get(end..text.floor_char_boundary(text.len().min(end + VALUE_BYTES.end))).unwrap_or_default();
        let Some(open) = head.rfind('<') else { continue };
        let tail = tail.split('>').next().unwrap_or_default();
        let key = [head.get(open..).unwrap_or_default(), tail].into_iter().find_map(|part| {
            let named = [" name=\"", " key=\"", " id=\""].iter().find_map(|name| part.split_once(name))?;
            named.1.split('"').next().filter(|key| key.len() <= KEY_BYTES_MAX && said(key) == Said::Name)
        });
        if let Some(key) = key {
            found_in(text, from..end, Some(key), &ANY, found);
        }
    }
}
