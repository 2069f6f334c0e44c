//! Devices and vehicles: IMEI (3GPP TS 23.003 section 6), MEID (3GPP2 S.R0048), IMSI (ITU-T E.212), ICCID (ITU-T E.118),
//! MAC (IEEE 802), VIN (ISO 3779; 49 CFR 565.15).

use super::calendar::part;
use super::luhn::is_luhn;
use super::weights::{are_digits, is_repeated, value36};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table =
    &[("iccid", iccid), ("imei", imei), ("imsi", imsi), ("mac", mac), ("meid", meid), ("vin", vin)];

/// IMEI: fourteen digits and Luhn; without the check digit, or with a software version instead (sixteen), it is weak.
fn imei(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    if !digits.iter().all(u8::is_ascii_digit) || is_repeated(digits) {
        return Verdict::Wrong;
    }
    match digits.len() {
        14 | 16 => Verdict::Weak,
        15 if is_luhn(digits) => Verdict::Right,
        _ => Verdict::Wrong,
    }
}

/// MEID: fourteen hexadecimal digits from A0 on, or eighteen decimal ones; a check digit may follow, Luhn in that base.
fn meid(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let hexadecimal = value.iter().all(u8::is_ascii_hexdigit);
    let region = value.first().is_some_and(u8::is_ascii_alphabetic);
    let right = match value.len() {
        14 => hexadecimal && region,
        15 => hexadecimal && region && is_luhn16(value),
        18 => are_digits(value, 18) && decimal_parts(value),
        19 => are_digits(value, 19) && decimal_parts(value) && is_luhn(value),
        _ => false,
    };
    Verdict::of(right && !is_repeated(value))
}

/// Ten digits of a 32-bit number from 0xA0000000 on, eight of a 24-bit one.
fn decimal_parts(value: &[u8]) -> bool {
    let maker = part(value, 0, 10).is_some_and(|maker| (0xA000_0000..=0xFFFF_FFFF).contains(&maker));
    maker && part(value, 10, 18).is_some_and(|serial| serial <= 0x00FF_FFFF)
}

fn is_luhn16(value: &[u8]) -> bool {
    let sum = value.iter().rev().enumerate().try_fold(0, |sum, (place, &byte)| {
        let digit = char::from(byte).to_digit(16)?;
        let digit = if place % 2 == 0 { digit } else { 2 * digit };
        Some(sum + digit / 16 + digit % 16)
    });
    sum.is_some_and(|sum| sum % 16 == 0)
}

/// IMSI: fourteen or fifteen digits that begin with the code of a mobile country.
fn imsi(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let shaped = matches!(digits.len(), 14 | 15) && digits.iter().all(u8::is_ascii_digit);
    let country = part(digits, 0, 3).and_then(|code| u16::try_from(code).ok());
    Verdict::of(shaped && country.is_some_and(is_mobile_country))
}

fn is_mobile_country(code: u16) -> bool {
    MOBILE_COUNTRIES.iter().any(|&(from, to)| (from..=to).contains(&code))
}

/// Ranges of assigned mobile country codes (ITU Operational Bulletin, annex to E.212).
#[rustfmt::skip]
const MOBILE_COUNTRIES: &[(u16, u16)] = &[
    (202, 202), (204, 204), (206, 206), (208, 208), (212, 214), (216, 216), (218, 222), (225, 226), (228, 228), (230, 232),
    (234, 235), (238, 238), (240, 240), (242, 242), (244, 244), (246, 248), (250, 250), (255, 255), (257, 257), (259, 260),
    (262, 262), (266, 266), (268, 268), (270, 270), (272, 272), (274, 274), (276, 276), (278, 278), (280, 280), (282, 284),
    (286, 286), (288, 290), (292, 295), (297, 297), (302, 302), (308, 308), (310, 316), (330, 330), (332, 332), (334, 334),
    (338, 338), (340, 340), (342, 342), (344, 344), (346, 346), (348, 348), (350, 350), (352, 352), (354, 354), (356, 356),
    (358, 358), (360, 360), (362, 366), (368, 368), (370, 370), (372, 372), (374, 374), (376, 376), (400, 402), (404, 406),
    (410, 410), (412, 422), (424, 432), (434, 434), (436, 438), (440, 441), (450, 450), (452, 452), (454, 457), (460, 461),
    (466, 467), (470, 470), (472, 472), (502, 502), (505, 505), (510, 510), (514, 515), (520, 520), (525, 525), (528, 528),
    (530, 530), (536, 537), (539, 555), (602, 643), (645, 655), (657, 659), (702, 702), (704, 704), (706, 706), (708, 708),
    (710, 710), (712, 712), (714, 714), (716, 716), (722, 722), (724, 724), (730, 730), (732, 732), (734, 734), (736, 736),
    (738, 738), (740, 740), (742, 742), (744, 744), (746, 746), (748, 748), (750, 750), (901, 901),
];

/// ICCID: nineteen or twenty digits that begin with 89 and an assigned country, Luhn.
fn iccid(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let shaped = matches!(digits.len(), 19 | 20) && digits.starts_with(b"89") && digits.iter().all(u8::is_ascii_digit);
    Verdict::of(shaped && digits.get(2).is_some_and(|digit| *digit != b'0') && is_luhn(digits))
}

/// MAC: six octets, neither all zeros nor broadcast.
fn mac(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let grouped = candidate.raw.split([':', '-']).all(|octet| octet.len() == 2)
        || candidate.raw.split('.').all(|group| group.len() == 4)
        || candidate.raw.len() == 12;
    let shaped = value.len() == 12 && grouped && value.iter().all(u8::is_ascii_hexdigit);
    Verdict::of(shaped && !is_repeated(value))
}

/// VIN: seventeen characters without I, O and Q. The ninth is a check digit mod 11, which European makers (first S to Z) need not
/// fill: with them one that happens to be right is evidence, one that is not is weak.
fn vin(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact;
    let Some((sum, check)) = vin_sum(value).zip(value.get(8)) else { return Verdict::Wrong };
    let right = if sum == 10 { *check == b'X' } else { super::digit(*check) == Some(sum) };
    let serial = value.get(13..).is_some_and(|serial| serial.iter().all(u8::is_ascii_digit));
    match value.first() {
        _ if right => Verdict::Right,
        Some(b'S'..=b'Z') if serial => Verdict::Weak,
        _ => Verdict::Wrong,
    }
}

fn vin_sum(value: &[u8]) -> Option<u32> {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    if value.len() != 17 {
        return None;
    }
    let sum = value.iter().zip(WEIGHTS).try_fold(0, |sum, (&byte, weight)| {
        let value = match byte {
            b'I' | b'O' | b'Q' => return None,
            b'A'..=b'H' => value36(byte)? - 9,
            b'J'..=b'R' => value36(byte)? - 18,
            b'S'..=b'Z' => value36(byte)? - 26,
            _ => value36(byte)?,
        };
        Some(sum + value * weight)
    });
    sum.map(|sum| sum % 11)
}
