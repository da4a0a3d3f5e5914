//! How fast what is unlike, or far away, stops to count: the exponential that all kernels here share, from a table. It is asked for millions of times
//! for a click, and computing it anew took a third of all time in a browser.

use std::sync::LazyLock;

/// Entries for a distance of 1, and the distance from which on nothing counts.
const FINENESS: f32 = 256.0;
const FARTHEST: usize = 16;

static TABLE: LazyLock<Vec<f32>> =
    LazyLock::new(|| (0..=FARTHEST * FINENESS as usize).map(|i| (-(i as f32) / FINENESS).exp()).collect());

/// e to the power of `-distance`, to 0.2 %; 0 from a distance of 16 on. Distances are not negative.
pub(super) fn falloff(distance: f32) -> f32 {
    TABLE.get((distance * FINENESS + 0.5) as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_gives_the_exponential() {
        for i in 0..4000 {
            let distance = i as f32 * 0.003_97;
            let (found, exact) = (falloff(distance), (-distance).exp());
            assert!((found / exact - 1.0).abs() < 0.002_1, "{distance}: {found} for {exact}");
        }
        assert_eq!([falloff(0.0), falloff(17.0), falloff(f32::INFINITY)], [1.0, 0.0, 0.0]);
    }
}
