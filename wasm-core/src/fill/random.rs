//! The pseudo-random numbers of the fill.

/// A small fast generator (xorshift32, Marsaglia 2003). The search needs repeatable numbers, not statistically strong ones.
#[derive(Clone, Debug)]
pub(super) struct Random(u32);

impl Random {
    /// Equal seeds give equal sequences.
    pub(super) fn new(seed: u32) -> Self {
        // The multiplication spreads neighbouring seeds apart; `| 1` keeps the state from being 0, where xorshift stays.
        Self(seed.wrapping_mul(0x9E37_79B9) | 1)
    }

    /// Uniform in `0..n`.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        ((u64::from(self.0) * u64::from(n)) >> 32) as u32
    }
}
