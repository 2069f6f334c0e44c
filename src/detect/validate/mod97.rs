//! ISO/IEC 7064 MOD 97-10: letters read as 10 to 35, the whole number is 1 mod 97. IBAN, LEI and others.

/// The remainder by 97 of upper-case letters and digits read as one number; `None` for any other byte.
pub(super) fn mod97(characters: impl Iterator<Item = u8>) -> Option<u32> {
    let mut rest = 0_u32;
    for byte in characters {
        rest = match byte {
            b'0'..=b'9' => rest * 10 + u32::from(byte - b'0'),
            b'A'..=b'Z' => rest * 100 + u32::from(byte - b'A') + 10,
            _ => return None,
        } % 97;
    }
    Some(rest)
}
