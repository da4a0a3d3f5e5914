//! Gaussian noise from a seed, the same on every machine.
//!
//! Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11) turns a counter
//! and a key into random bits; the Box-Muller transform makes normal numbers of them. Any number can be computed
//! without those before it: the key is the seed, the counter says which block of which stream.

use std::f64::consts::TAU;

/// What noise is for. Streams of one seed are independent of each other, whatever their lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Where in its distribution the picture's latent lies.
    PosteriorImage,
    /// Where in its distribution the masked picture's latent lies.
    PosteriorMasked,
    /// What a run begins with.
    Start,
    /// One number per channel that is added to [`Stream::Start`].
    Offset,
    /// Grain that the repainted pixels get, so that they look like those around them.
    Grain,
}

impl Stream {
    /// Part of the counter. Fixed for good: a seed has to mean the same in later versions.
    fn number(self) -> u32 {
        match self {
            Self::PosteriorImage => 0,
            Self::PosteriorMasked => 1,
            Self::Start => 2,
            Self::Offset => 3,
            Self::Grain => 4,
        }
    }
}

/// The first `len` numbers of a stream, normally distributed with mean 0 and variance 1.
pub fn gaussian(seed: u64, stream: Stream, len: usize) -> Vec<f32> {
    let key = [seed as u32, (seed >> 32) as u32];
    let blocks = (0..len.div_ceil(4) as u64).map(|block| {
        let bits = philox([block as u32, (block >> 32) as u32, stream.number(), 0], key);
        [box_muller(bits[0], bits[1]), box_muller(bits[2], bits[3])]
    });
    blocks.flat_map(|pairs| pairs.into_iter().flatten()).take(len).collect()
}

/// Two uniform numbers as two normal ones.
fn box_muller(a: u32, b: u32) -> [f32; 2] {
    const UNIT: f64 = 1.0 / 4_294_967_296.0;
    // In the middle of its interval, and thus never 0, whose logarithm is not a number.
    let uniform = (f64::from(a) + 0.5) * UNIT;
    let angle = f64::from(b) * UNIT * TAU;
    // Not the platform's functions: their last bits differ between browsers.
    let radius = libm::sqrt(-2.0 * libm::log(uniform));
    [(radius * libm::cos(angle)) as f32, (radius * libm::sin(angle)) as f32]
}

const ROUNDS: usize = 10;
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// The golden ratio and the square root of 3, less 1.
const KEY_STEPS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// 128 random bits for a counter and a key.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let [a, b, c, d] = counter;
        let (high_a, low_a) = product(a, MULTIPLIERS[0]);
        let (high_c, low_c) = product(c, MULTIPLIERS[1]);
        counter = [high_c ^ b ^ key[0], low_c, high_a ^ d ^ key[1], low_a];
        key = [key[0].wrapping_add(KEY_STEPS[0]), key[1].wrapping_add(KEY_STEPS[1])];
    }
    counter
}

/// Upper and lower half of a product.
fn product(a: u32, b: u32) -> (u32, u32) {
    let product = u64::from(a) * u64::from(b);
    ((product >> 32) as u32, product as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAMS: [Stream; 4] = [Stream::PosteriorImage, Stream::PosteriorMasked, Stream::Start, Stream::Offset];

    /// The known answers that come with Random123, the authors' own implementation (`tests/kat_vectors`).
    #[test]
    fn the_generator_gives_its_authors_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let (counter, key) = ([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]);
        assert_eq!(philox(counter, key), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    /// Computed from the formulas with 50 digits.
    #[test]
    fn a_seed_means_the_same_numbers_everywhere() {
        let bits = |seed, stream| -> Vec<u32> { gaussian(seed, stream, 6).iter().map(|v| v.to_bits()).collect() };
        assert_eq!(
            bits(0, Stream::PosteriorImage),
            [0x3f7d_bb33, 0xbf6c_b6b0, 0xbf1e_1b9f, 0xbef6_d1b2, 0xbe1d_5357, 0x3e39_2a6d]
        );
        assert_eq!(
            bits(0x0123_4567_89ab_cdef, Stream::Start),
            [0xbdf4_f70f, 0x3f81_0b8c, 0x3eab_154a, 0x3d9d_0682, 0xbd76_d936, 0x3d0b_b1ae]
        );
    }

    #[test]
    fn shorter_noise_is_the_beginning_of_longer_noise() {
        let long = gaussian(7, Stream::Start, 41);
        for len in 0..41 {
            assert_eq!(gaussian(7, Stream::Start, len), long[..len]);
        }
    }

    #[test]
    fn moments_are_those_of_a_normal_distribution() {
        let n = 1 << 18;
        for stream in STREAMS {
            for seed in [0, 1, u64::MAX] {
                let noise = gaussian(seed, stream, n);
                let moment = |power: i32| noise.iter().map(|v| f64::from(*v).powi(power)).sum::<f64>() / n as f64;
                // Within five standard errors: sqrt(1/n), sqrt(2/n), sqrt(15/n), sqrt(96/n).
                let error = 5.0 / (n as f64).sqrt();
                assert!(moment(1).abs() < error, "mean {}", moment(1));
                assert!((moment(2) - 1.0).abs() < error * 2f64.sqrt(), "variance {}", moment(2));
                assert!(moment(3).abs() < error * 15f64.sqrt(), "skewness {}", moment(3));
                assert!((moment(4) - 3.0).abs() < error * 96f64.sqrt(), "kurtosis {}", moment(4));
                assert!(noise.iter().all(|v| v.abs() < 6.77));
            }
        }
    }

    #[test]
    fn numbers_fall_where_the_bell_says() {
        let n = 1 << 18;
        let noise = gaussian(3, Stream::Start, n);
        for (limit, share) in [(-2.0, 0.022_75), (-1.0, 0.158_66), (0.0, 0.5), (0.5, 0.691_46), (3.0, 0.998_65)] {
            let found = noise.iter().filter(|v| **v < limit).count() as f64 / n as f64;
            assert!((found - share).abs() < 5.0 * (share * (1.0 - share) / n as f64).sqrt(), "{limit}: {found}");
        }
    }

    #[test]
    fn neither_neighbours_nor_streams_nor_seeds_are_correlated() {
        let n = 1 << 18;
        let mut noises: Vec<Vec<f32>> = STREAMS.iter().map(|s| gaussian(5, *s, n)).collect();
        noises.push(gaussian(6, Stream::Start, n));
        noises.push(gaussian(5 << 32, Stream::Start, n));
        for lag in 1..9 {
            noises.push(noises[2].iter().cycle().skip(lag).take(n).copied().collect());
        }
        for (i, a) in noises.iter().enumerate() {
            for b in &noises[..i] {
                let correlation = a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>() / n as f64;
                assert!(correlation.abs() < 5.0 / (n as f64).sqrt(), "{correlation}");
                let squares = a.iter().zip(b).map(|(a, b)| f64::from((a * a - 1.0) * (b * b - 1.0))).sum::<f64>();
                assert!((squares / n as f64).abs() < 10.0 / (n as f64).sqrt(), "{squares}");
            }
        }
    }
}
