//! A secret in shares of which any two give it back and one alone says nothing (Shamir, 1979): for each byte a line over
//! GF(2^8) through the secret at 0, with a random slope; a share is the line's value at the share's own number.

use std::io;

use zeroize::Zeroizing;

use super::crypto::random;

/// A share: its number, from 1, and the values of all bytes there.
pub(super) type Share = (u8, Zeroizing<[u8; 32]>);

/// Divides a secret into `count` shares.
pub(super) fn divide(secret: &[u8; 32], count: u8) -> io::Result<Vec<Share>> {
    let slope = random()?;
    let share = |number: u8| {
        let mut values = Zeroizing::new([0; 32]);
        for ((value, byte), slope) in values.iter_mut().zip(secret).zip(slope.iter()) {
            *value = byte ^ times(*slope, number);
        }
        (number, values)
    };
    Ok((1..=count).map(share).collect())
}

/// Puts a secret together from two shares; `None` when they are the same one. Shares that do not belong together give
/// another secret, which whoever uses it notices.
pub(super) fn join(one: &Share, other: &Share) -> Option<Zeroizing<[u8; 32]>> {
    let difference = one.0 ^ other.0;
    if difference == 0 || one.0 == 0 || other.0 == 0 {
        return None;
    }
    // The line through (a, y) and (b, z) has at 0 the value (b y + a z) / (a + b): in this field minus is plus.
    let inverse = inverse(difference);
    let mut secret = Zeroizing::new([0; 32]);
    for ((byte, y), z) in secret.iter_mut().zip(one.1.iter()).zip(other.1.iter()) {
        *byte = times(times(*y, other.0) ^ times(*z, one.0), inverse);
    }
    Some(secret)
}

/// Multiplies in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1, in a time that does not depend on the values.
fn times(one: u8, other: u8) -> u8 {
    let (mut product, mut doubled) = (0, one);
    for bit in 0..8 {
        product ^= doubled & 0_u8.wrapping_sub(other >> bit & 1);
        doubled = (doubled << 1) ^ (0x1b & 0_u8.wrapping_sub(doubled >> 7));
    }
    product
}

/// The inverse of a value that is not 0: its 254th power.
fn inverse(value: u8) -> u8 {
    (0..7)
        .fold((1, value), |(product, power), _| {
            let power = times(power, power);
            (times(product, power), power)
        })
        .0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_two_shares_give_the_secret_and_one_does_not() {
        let secret = random().unwrap();
        let shares = divide(&secret, 5).unwrap();
        for one in &shares {
            for other in &shares {
                let joined = join(one, other);
                assert_eq!(joined.is_some(), one.0 != other.0);
                assert!(joined.is_none_or(|joined| joined == secret), "{} and {}", one.0, other.0);
            }
            assert_ne!(one.1, secret);
        }
        let strangers = divide(&random().unwrap(), 2).unwrap();
        assert_ne!(join(&shares[0], &strangers[1]).unwrap(), secret);
    }

    #[test]
    fn the_field_is_one() {
        for value in 1..=255 {
            assert_eq!(times(value, inverse(value)), 1, "{value}");
        }
        assert_eq!(times(0x57, 0x83), 0xc1, "the example of FIPS 197, section 4.2");
    }
}
