//! Functions of whole slices in f32, written so that the compiler makes wide instructions of them.
//!
//! Each is plain arithmetic without a branch, inlined into a function for each set of instructions.
#![expect(clippy::inline_always, reason = "each is compiled anew within a function of other instructions")]

use super::attention::{Work, shares_plain};
use super::{Kind, Path};

/// `e^x`: the power of two by its exponent bits, the rest by a polynomial; relative error below 3e-7.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Beyond, the result would leave f32: the ends are as good.
    let x = x.clamp(-87.0, 88.0);
    // Adding and subtracting 1.5 * 2^23 rounds to a whole number.
    let magic = 12_582_912.0_f32;
    let whole = (x * std::f32::consts::LOG2_E + magic) - magic;
    // ln 2 in two parts, the first exact.
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let mut value = 1.987_569_1e-4_f32;
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        value = value * rest + coefficient;
    }
    let value = value * rest * rest + rest + 1.0;
    // Within -126 to 127 by the clamp above.
    let exponent = (whole + 127.0 + 8_388_608.0).to_bits() << 23;
    value * f32::from_bits(exponent)
}

/// The error function (Abramowitz and Stegun 7.1.26): absolute error below 2e-7.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let size = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let mut series = 1.061_405_4_f32;
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        series = series * t + coefficient;
    }
    (1.0 - series * t * exp(-size * size)).copysign(x)
}

#[inline(always)]
fn gelu_plain(values: &mut [f32]) {
    for value in values {
        *value = 0.5 * *value * (1.0 + erf(*value * std::f32::consts::FRAC_1_SQRT_2));
    }
}

/// `e^(x - most)` of each and their sum.
#[inline(always)]
pub(super) fn powers_plain(values: &mut [f32], most: f32) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (chunks, rest) = values.as_chunks_mut::<16>();
    for chunk in chunks {
        for (value, sum) in chunk.iter_mut().zip(&mut sums) {
            *value = exp(*value - most);
            *sum += *value;
        }
    }
    for (value, sum) in rest.iter_mut().zip(&mut sums) {
        *value = exp(*value - most);
        *sum += *value;
    }
    sums.iter().sum()
}

/// `to += factor * from`.
#[inline(always)]
fn add_plain(to: &mut [f32], from: &[f32], factor: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

/// A row less its mean, by its deviation, scaled and shifted.
#[expect(clippy::cast_precision_loss, reason = "dimensions of a row, below 2^24")]
#[inline(always)]
fn normalise_plain(row: &mut [f32], scale: &[f32], shift: &[f32], epsilon: f32) {
    let count = row.len() as f32;
    let mean = sum(row, |x| x) / count;
    let variance = sum(row, |x| (x - mean) * (x - mean)) / count;
    let factor = 1.0 / (variance + epsilon).sqrt();
    for (x, (scale, shift)) in row.iter_mut().zip(scale.iter().zip(shift)) {
        *x = (*x - mean) * factor * scale + shift;
    }
}

/// A sum in 16 parts, so that it is made by wide instructions.
#[inline(always)]
fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (chunks, rest) = row.as_chunks::<16>();
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += of(*x));
    }
    sums.iter_mut().zip(rest).for_each(|(sum, x)| *sum += of(*x));
    sums.iter().sum()
}

/// A row as bytes with 128 added, in steps of what is returned.
#[inline(always)]
fn to_bytes_plain(row: &[f32], to: &mut [u8]) -> f32 {
    let mut most = [0.0_f32; 16];
    let (chunks, rest) = row.as_chunks::<16>();
    for chunk in chunks {
        most.iter_mut().zip(chunk).for_each(|(most, x)| *most = most.max(x.abs()));
    }
    most.iter_mut().zip(rest).for_each(|(most, x)| *most = most.max(x.abs()));
    let most = most.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let steps = 127.0 / most;
    for (to, x) in to.iter_mut().zip(row) {
        // 1.5 * 2^23 and 128: the lowest byte of the sum is the rounded number.
        let [byte, ..] = (x * steps + 12_583_040.0).to_bits().to_le_bytes();
        *to = byte;
    }
    most / 127.0
}

macro_rules! paths {
    ($(#[$doc:meta])* $name:ident, $plain:ident, ($($argument:ident: $type:ty),*) $(-> $result:ty)?) => {
        impl Path {
            $(#[$doc])*
            #[cfg_attr(
                target_arch = "x86_64",
                expect(unsafe_code, reason = "calls into functions that need instructions the processor was asked for")
            )]
            pub(in crate::leak) fn $name(self, $($argument: $type),*) $(-> $result)? {
                #[cfg(target_arch = "x86_64")]
                #[target_feature(enable = "avx512f")]
                fn wide($($argument: $type),*) $(-> $result)? { $plain($($argument),*) }
                #[cfg(target_arch = "x86_64")]
                #[target_feature(enable = "avx2")]
                fn narrow($($argument: $type),*) $(-> $result)? { $plain($($argument),*) }
                match self.0 {
                    #[cfg(target_arch = "x86_64")]
                    // SAFETY: `Kind::Avx512` is made only after avx512f was detected.
                    Kind::Avx512 => unsafe { wide($($argument),*) },
                    #[cfg(target_arch = "x86_64")]
                    // SAFETY: `Kind::Avx2` is made only after avx2 was detected.
                    Kind::Avx2 => unsafe { narrow($($argument),*) },
                    _ => $plain($($argument),*),
                }
            }
        }
    };
}

paths!(
    /// GELU by the error function, in place.
    gelu, gelu_plain, (values: &mut [f32])
);
paths!(
    /// Adds `factor` times `from` to `to`.
    add_scaled, add_plain, (to: &mut [f32], from: &[f32], factor: f32)
);

paths!(
    /// Normalises a row in place.
    normalise, normalise_plain, (row: &mut [f32], scale: &[f32], shift: &[f32], epsilon: f32)
);
paths!(
    /// Brings a row into bytes and returns their step.
    to_bytes, to_bytes_plain, (row: &[f32], to: &mut [u8]) -> f32
);
paths!(
    /// From scores of a head to shares of one.
    attend_shares, shares_plain, (work: &mut Work, tokens: usize, padded: usize)
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_stay_near_the_exact_ones() {
        for step in -2_000..2_000 {
            let x = f32::from(i16::try_from(step).unwrap()) * 0.01;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 4e-7, "exp({x})");
        }
        // erf(0.5), erf(1), erf(2) to ten places.
        for (x, exact) in
            [(0.0, 0.0), (0.5, 0.520_499_877_8), (1.0, 0.842_700_792_9), (2.0, 0.995_322_265_0), (6.0, 1.0)]
        {
            assert!((f64::from(erf(x)) - exact).abs() < 3e-7, "erf({x})");
            assert!((f64::from(erf(-x)) + exact).abs() < 3e-7, "erf(-{x})");
        }
        assert!(exp(-1_000.0) < 1e-37 && exp(1_000.0).is_finite());
    }
}
