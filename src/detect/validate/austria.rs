//! Austria: social insurance number (ASVG section 31; Dachverband der Sozialversicherungsträger), tax number (BMF), VAT
//! number (`UStG` art. 28), commercial register (FBG section 30).

use super::calendar::part;
use super::sums::{digit_at, weighted_digit_sums};
use super::weights::{are_digits, weighted};
use super::{Candidate, Table, Verdict};

pub(super) const TABLE: Table =
    &[("at_fn", at_fn), ("at_postcode", at_postcode), ("at_svnr", at_svnr), ("at_tin", at_tin), ("at_uid", at_uid)];

/// Social insurance number: serial of three, check digit, `DDMMYY`; weights 3 7 9 · 5 8 4 2 1 6 mod 11. A month may be 13 to
/// 15 where a day's serials ran out.
fn at_svnr(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let right = are_digits(digits, 10)
        && !digits.starts_with(b"0")
        && part(digits, 4, 6).is_some_and(|day| (1..=31).contains(&day))
        && part(digits, 6, 8).is_some_and(|month| (1..=15).contains(&month))
        && weighted(digits, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]).map(|sum| sum % 11) == digit_at(digits, 3);
    Verdict::of(right)
}

/// Tax number: office of two, seven digits, the last of them a check digit with weights 1 2 mod 10.
fn at_tin(candidate: &Candidate<'_>) -> Verdict {
    let digits = candidate.compact;
    let sum = digits.get(..8).and_then(|body| weighted_digit_sums(body, &[1, 2, 1, 2, 1, 2, 1, 2]));
    let right = sum.zip(digit_at(digits, 8)).is_some_and(|(sum, check)| (sum + check) % 10 == 0);
    let office = part(digits, 0, 2).is_some_and(|office| OFFICES.binary_search(&office).is_ok());
    Verdict::of(digits.len() == 9 && right && office)
}

/// Numbers of tax offices.
const OFFICES: &[u64] = &[
    3, 4, 6, 7, 8, 9, 10, 12, 15, 16, 18, 22, 23, 29, 33, 38, 41, 46, 51, 52, 53, 54, 57, 59, 61, 65, 67, 68, 69, 71,
    72, 81, 82, 83, 84, 90, 91, 93, 97, 98,
];

/// VAT number: `ATU`, eight digits; weights 1 2, four added, mod 10.
fn at_uid(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact.strip_prefix(b"AT").unwrap_or(candidate.compact);
    let Some(digits) = value.strip_prefix(b"U").filter(|digits| digits.len() == 8) else { return Verdict::Wrong };
    let sum = digits.get(..7).and_then(|body| weighted_digit_sums(body, &[1, 2, 1, 2, 1, 2, 1]));
    Verdict::of(sum.zip(digit_at(digits, 7)).is_some_and(|(sum, check)| (sum + check + 4) % 10 == 0))
}

/// Commercial register: up to six digits and a letter; weights 6 4 14 15 10 1 mod 17. The letter is not always printed right
/// in old extracts, so that a wrong one is weak.
fn at_fn(candidate: &Candidate<'_>) -> Verdict {
    let value = candidate.compact.strip_prefix(b"FN").unwrap_or(candidate.compact);
    let Some((letter, body)) = value.split_last().filter(|(_, body)| (1..=6).contains(&body.len())) else {
        return Verdict::Wrong;
    };
    let mut digits = [b'0'; 6];
    for (to, from) in digits.iter_mut().rev().zip(body.iter().rev()) {
        *to = *from;
    }
    let Some(sum) = weighted(&digits, &[6, 4, 14, 15, 10, 1]).filter(|_| letter.is_ascii_uppercase()) else {
        return Verdict::Wrong;
    };
    let right = b"ABDFGHIKMPSTVWXYZ".get((sum % 17) as usize) == Some(letter);
    if right { Verdict::Right } else { Verdict::Weak }
}

/// Postcode: four digits that are in use.
fn at_postcode(candidate: &Candidate<'_>) -> Verdict {
    let place = part(candidate.compact, 0, 4).and_then(|code| usize::try_from(code).ok()?.checked_sub(1000));
    let used = place.and_then(|place| {
        let nibble = POSTCODES.as_bytes().get(place / 8 * 2 + usize::from(place % 8 < 4))?;
        Some(char::from(*nibble).to_digit(16)? >> (place % 4) & 1 == 1)
    });
    Verdict::of(candidate.compact.len() == 4 && used == Some(true))
}

/// Codes in use, a bit each from 1000 on, the lowest of a byte first, bytes in hexadecimal (Österreichische Post, PLZ-Verzeichnis).
const POSTCODES: &str = "\
    000410400001041040000104104000010410400001041040000104104000000000000000001000000000000000000000000000000000000000000000\
    000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
    00000000001d68d081070678e041061ef8d0831f7df4a183073e1ce083030ef8e0c3013e38e0031f7ff8200300657810830306183081033e34e0830f\
    1f78d0830f6e3c1081053e785081013b180000001e0010c301034ce0800201001000001e7800800f0a040000000e38f08103053810c0030300000000\
    000000000000000000001e3820800707386080070000104b003e6cf0c1020f1c90010b3d78e081031f7ce041000ef81081073ef8f0c30f3efcf15707\
    0120f0470e0e58c0c3073ef81094013638e04103163810800f062cf080031e74f083011b0860c1070704e081070e000000001178d041041e18f08007\
    0000d0c0073f18c04300063c000000000010400001b5f0411f3e1c70801f0778e0c10f1ffcf0c1031e3ee043010518e081071f7890c0011d18e08001\
    1d1860800181002080010e38f041001e3c6080000e3870c0073df870801f01f8e183033efce1811f077c60481f3f3ce0800f07fcd387070774f3c300\
    7f7eb0c703077ce0c5017f38e0c0010efcf00100000090040000002080001e3c60c0071f78e083017e000000003e18e0c303061820c0070500f0c000\
    3e0450400001000000000118e08300073c00000000001082001e186040010efcf083010d18704001211870800100001040001e3ce080070308000000\
    000000000000000000000000000000000000000000000000000000100000000090fa0f0dd890921f0ee4e14235e6a4ed010001b450401f0314f0837f\
    1bf41086061fc4e18f033a3cd0830b7e65e147031214d583060238108000f679e0810b0e58108000110ce08003f4fc00c02b0408105c870e28208005\
    9c68708806011850413f3704a44c045e051080050e70e0800101780080030138f0830f0638e081010e381080000e18e080010e000000000e14e00000\
    000000000000006081010e18e041000278000000011cf0820f1e38a081070000e0800106f8d3c7071e58000000000000000000000000000000000000\
    00000000000000000000000000000000000000000000000000000000000000000000000004100010fef8e0803f0e38e08007171ce081031d18e0c101\
    0138e043071ffce083070df86080031e74e0430f0600d003000e3ce0c10c1ef8e000031b34e0c3001e04e081071e34d081032158e1431d1e74e0c307\
    357810000f197870401e3ef4e0470f01385080031e74e0010000009081031f78d0c007e77cc0410300001000000000e083070600d080032ebce04008\
    0e24e001000214108001020000000000001080070ec4e007000ff80100000138e080020208e0400300001001001b8ce1871d3d1cf00f0006f8d0810f\
    01f8000000000060c0070600008006063860000021f86180031e78e08003000090bfc30118e080050e5820c001\
    ";
