//! The tile of results that one workgroup computes in a matrix product, and which one a product gets.

use super::wgsl;
use crate::gpu::{Dispatch, Program};

/// A tile of results. Whatever its size, an invocation computes 8 x 8 results, so that small tiles divide the inner dimension among
/// invocations (`prelude/outer_product.wgsl`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tile {
    /// 128 x 128.
    Large,
    /// 64 rows x 128 columns.
    Wide,
    /// 80 rows x 64 columns.
    Eighty,
    /// 64 x 64.
    Medium,
    /// 32 rows x 64 columns.
    Small,
}

/// Multiprocessors of the GPU that the choice is made for: many, because a small GPU is kept busy by any tile.
pub(super) const PROCESSORS: u32 = 132;

impl Tile {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Large, Self::Wide, Self::Eighty, Self::Medium, Self::Small];

    /// Rows and columns.
    pub const fn size(self) -> [u32; 2] {
        match self {
            Self::Large => [128, 128],
            Self::Wide => [64, 128],
            Self::Eighty => [80, 64],
            Self::Medium => [64, 64],
            Self::Small => [32, 64],
        }
    }

    /// How fast a multiprocessor that has nothing else to do computes such tiles, relative to the largest: measured (`docs/performance.md`).
    fn rate(self) -> f64 {
        match self {
            Self::Large => 1.0,
            Self::Wide => 0.96,
            Self::Eighty => 0.78,
            Self::Medium => 0.88,
            Self::Small => 0.77,
        }
    }

    /// Workgroups of `batch` products with `m` rows and `n` columns.
    pub fn workgroups(self, m: u32, n: u32, batch: u32) -> [u32; 3] {
        let [rows, columns] = self.size();
        [n.div_ceil(columns), m.div_ceil(rows), batch]
    }

    /// The time of `batch` products with `m` rows and `n` columns, in units of an inner dimension of 1: a multiprocessor takes one tile after
    /// another, and the last ones leave some multiprocessors without.
    fn cost(self, m: u32, n: u32, batch: u32) -> f64 {
        let [rows, columns] = self.size();
        let tiles: u32 = self.workgroups(m, n, batch).into_iter().product();
        f64::from(tiles.div_ceil(PROCESSORS)) * f64::from(rows * columns) / self.rate()
    }

    /// The tile for `batch` products with `m` rows and `n` columns.
    pub fn fitting(m: u32, n: u32, batch: u32) -> Self {
        let cost = |tile: &Self| tile.cost(m, n, batch);
        Self::ALL.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(Self::Large)
    }

    /// The time of these products in their best tile, as [`Tile::cost`] has it.
    pub(super) fn least_cost(m: u32, n: u32, batch: u32) -> f64 {
        Self::fitting(m, n, batch).cost(m, n, batch)
    }

    /// The program with this tile.
    pub(super) fn choose(self, program: Program) -> Program {
        let program = program.with("", wgsl!("prelude/outer_product.wgsl"));
        match self {
            Self::Large => program.with("128x128", wgsl!("prelude/tile_128x128.wgsl")),
            Self::Wide => program.with("64x128", wgsl!("prelude/tile_64x128.wgsl")),
            Self::Eighty => program.with("80x64", wgsl!("prelude/tile_80x64.wgsl")),
            Self::Medium => program.with("64x64", wgsl!("prelude/tile_64x64.wgsl")),
            Self::Small => program.with("32x64", wgsl!("prelude/tile_32x64.wgsl")),
        }
    }

    /// States what the number of workgroups assumes of the program.
    pub(super) fn assumed(self, dispatch: Dispatch) -> Dispatch {
        let [rows, columns] = self.size();
        dispatch.assumes("TILE_M", rows).assumes("TILE_N", columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_products_get_tiles_of_few_loads_and_small_ones_keep_all_processors_busy() {
        for (shape, tile) in [
            // Measured: the fastest of the four on an H200.
            ((256, 65536, 1), Tile::Large),
            ((3200, 1024, 2), Tile::Wide),
            ((1600, 4096, 2), Tile::Wide),
            ((1600, 256, 2), Tile::Wide),
            ((6400, 256, 2), Tile::Medium),
            ((320, 4096, 2), Tile::Medium),
            ((640, 1024, 2), Tile::Eighty),
            ((1280, 256, 2), Tile::Eighty),
            ((8, 4096, 1), Tile::Small),
        ] {
            let (m, n, batch) = shape;
            assert_eq!(Tile::fitting(m, n, batch), tile, "{shape:?}");
        }
    }

    #[test]
    fn no_tile_is_chosen_that_wastes_a_third_of_a_product() {
        // Products of one tile or less have no choice.
        for m in (32..2000).step_by(31) {
            for n in [64, 100, 256, 1000, 4096] {
                let tile = Tile::fitting(m, n, 2);
                let [across, down, _] = tile.workgroups(m, n, 2);
                let [rows, columns] = tile.size();
                let useful = f64::from(m * n) / f64::from(across * columns * down * rows);
                let least = f64::from(m * n) / f64::from(m.next_multiple_of(32) * n.next_multiple_of(64));
                assert!(useful > 0.66 * least, "{m} x {n}: {tile:?} has {useful:.2} of {least:.2}");
            }
        }
    }
}
