//! Addresses of Bitcoin (base58check; BIP 173 bech32, BIP 350 bech32m) and Ethereum (EIP-55).

use super::{Candidate, Table, Verdict};
use aws_lc_rs::digest;

pub(super) const TABLE: Table = &[("crypto_btc", btc), ("crypto_eth", eth)];

/// Bitcoin: base58 with four bytes of a double SHA-256, or bech32 of version 0, bech32m of later ones.
fn btc(candidate: &Candidate<'_>) -> Verdict {
    let lower = candidate.raw.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("bc1"));
    let right = if lower { is_bech32(candidate.raw) } else { is_base58(candidate.raw.as_bytes()) };
    Verdict::of(right)
}

/// 25 bytes: version 0 (P2PKH) or 5 (P2SH), twenty of a hash, four of the check.
fn is_base58(value: &[u8]) -> bool {
    const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = [0_u8; 25];
    for byte in value {
        let Some(digit) = ALPHABET.iter().position(|known| known == byte) else { return false };
        let mut carry = digit;
        for place in bytes.iter_mut().rev() {
            carry += usize::from(*place) * 58;
            *place = u8::try_from(carry & 0xFF).unwrap_or(0);
            carry >>= 8;
        }
        if carry > 0 {
            return false;
        }
    }
    let ones = value.iter().take_while(|byte| **byte == b'1').count();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let Some((body, check)) = bytes.split_last_chunk::<4>() else { return false };
    let once = digest::digest(&digest::SHA256, body);
    let twice = digest::digest(&digest::SHA256, once.as_ref());
    matches!(body.first(), Some(0 | 5)) && ones == zeros && twice.as_ref().starts_with(check)
}

/// Human-readable part `bc`, a version, a program of 20 or 32 bytes (2 to 40 from version 1), six characters of the check.
fn is_bech32(value: &str) -> bool {
    const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let mixed = value.bytes().any(|b| b.is_ascii_lowercase()) && value.bytes().any(|b| b.is_ascii_uppercase());
    let mut sum =
        "bc".bytes().map(|b| u32::from(b >> 5)).chain([0]).chain("bc".bytes().map(|b| u32::from(b & 31))).fold(1, step);
    let mut version = None;
    let mut count = 0_usize;
    for byte in value.bytes().skip(3) {
        let Some(place) = ALPHABET.iter().position(|known| *known == byte.to_ascii_lowercase()) else { return false };
        version = version.or(Some(place));
        count += 1;
        sum = step(sum, u32::try_from(place).unwrap_or(0));
    }
    let program = count.saturating_sub(7) * 5 / 8;
    match version {
        _ if mixed => false,
        Some(0) => sum == 1 && matches!(program, 20 | 32),
        Some(1..=16) => sum == 0x2BC8_30A3 && (2..=40).contains(&program),
        _ => false,
    }
}

/// One step of the checksum's division of polynomials.
fn step(sum: u32, value: u32) -> u32 {
    const GENERATOR: [u32; 5] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3];
    let top = sum >> 25;
    let shifted = (sum & 0x01FF_FFFF) << 5 ^ value;
    GENERATOR
        .iter()
        .zip(0..)
        .fold(shifted, |sum, (generator, bit)| sum ^ if top >> bit & 1 == 1 { *generator } else { 0 })
}

/// Ethereum: `0x` and forty hexadecimal digits. Mixed case is a check of its own (EIP-55); one case alone is weak.
fn eth(candidate: &Candidate<'_>) -> Verdict {
    let Some(address) = candidate.raw.strip_prefix("0x").map(str::as_bytes) else { return Verdict::Wrong };
    if address.len() != 40 || !address.iter().all(u8::is_ascii_hexdigit) || super::weights::is_repeated(address) {
        return Verdict::Wrong;
    }
    let (upper, lower) = (address.iter().any(u8::is_ascii_uppercase), address.iter().any(u8::is_ascii_lowercase));
    if upper != lower || !upper {
        return Verdict::Weak;
    }
    let mut lower = [0_u8; 40];
    for (to, from) in lower.iter_mut().zip(address) {
        *to = from.to_ascii_lowercase();
    }
    let hash = keccak256(&lower);
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let right = address
        .iter()
        .zip(nibbles)
        .all(|(byte, nibble)| byte.is_ascii_digit() || byte.is_ascii_uppercase() == (nibble > 7));
    Verdict::of(right)
}

/// Keccak-256 of one block (the padding of 2011, not that of FIPS 202), for at most 135 bytes.
fn keccak256(message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 136];
    for (to, from) in block.iter_mut().zip(message) {
        *to = *from;
    }
    if let Some(byte) = block.get_mut(message.len()) {
        *byte ^= 1;
    }
    if let Some(last) = block.last_mut() {
        *last ^= 0x80;
    }
    let mut state = [0_u64; 25];
    for (lane, bytes) in state.iter_mut().zip(block.as_chunks::<8>().0) {
        *lane = u64::from_le_bytes(*bytes);
    }
    permute(&mut state);
    let mut hash = [0; 32];
    for (bytes, lane) in hash.as_chunks_mut::<8>().0.iter_mut().zip(state) {
        *bytes = lane.to_le_bytes();
    }
    hash
}

/// Keccak-f\[1600\] (FIPS 202 section 3.3): lanes at `x + 5 y`, 24 rounds.
fn permute(state: &mut [u64; 25]) {
    let lane = |state: &[u64; 25], x: usize, y: usize| state.get(x % 5 + 5 * (y % 5)).copied().unwrap_or(0);
    let mut register = 1_u8;
    for _ in 0..24 {
        let column = |x: usize| (0..5).fold(0, |sum, y| sum ^ lane(state, x, y));
        let columns = [column(0), column(1), column(2), column(3), column(4)];
        let at = |x: usize| columns.get(x % 5).copied().unwrap_or(0);
        let parity: [u64; 5] = std::array::from_fn(|x| at(x + 4) ^ at(x + 1).rotate_left(1));
        for (place, value) in state.iter_mut().enumerate() {
            *value ^= parity.get(place % 5).copied().unwrap_or(0);
        }
        // Turn the lanes and move them about.
        let (mut x, mut y, mut current) = (1, 0, lane(state, 1, 0));
        for turn in 0..24_u32 {
            (x, y) = (y, (2 * x + 3 * y) % 5);
            if let Some(value) = state.get_mut(x + 5 * y) {
                let rotated = current.rotate_left((turn + 1) * (turn + 2) / 2 % 64);
                current = std::mem::replace(value, rotated);
            }
        }
        let before = *state;
        for (place, value) in state.iter_mut().enumerate() {
            let (x, y) = (place % 5, place / 5);
            *value = lane(&before, x, y) ^ (!lane(&before, x + 1, y) & lane(&before, x + 2, y));
        }
        for bit in 0..7 {
            if register & 1 == 1 {
                state[0] ^= 1 << ((1_u32 << bit) - 1);
            }
            register = register << 1 ^ if register & 0x80 == 0 { 0 } else { 0x71 };
        }
    }
}
