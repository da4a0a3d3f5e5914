//! How a convolution is cut: how many rows of tiles and how many outputs are done at a time. A pure function of sizes.
//!
//! Large pieces fill a GPU and begin seldom, but take memory beside the maps. Of all cuts that fit, the one that should take the least time is
//! chosen: products by the model of their tiles, transforms of filters by their traffic, and something for each dispatch.

use super::super::Tile;

/// Most bytes of one tensor: half of WebGPU's default, so that two lie beside each other in a buffer of the largest maps' size.
const LARGEST: u64 = 64 << 20;
/// Numbers of a transformed tile or filter.
pub(super) const POINTS: u32 = 36;
/// Bytes of a tile's transformed numbers in one channel.
const OF_TILE: u64 = 4 * POINTS as u64;
/// What a dispatch costs, in multiplications of one multiprocessor: about 5 microseconds.
const DISPATCH: f64 = 7e5;
/// What a byte of transformed filters costs, likewise: at two fifths of a large GPU's bandwidth.
const OF_FILTER_BYTE: f64 = 0.1;

/// A convolution to be cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Problem {
    pub(super) channels: u32,
    pub(super) outputs: u32,
    /// Outputs of a tensor of results: no slice has more.
    pub(super) most_outputs: u32,
    /// Tiles of a row.
    pub(super) across: u32,
    /// Rows of tiles, of all samples.
    pub(super) rows: u32,
    /// Whether the next band is transformed before this one is done.
    pub(super) overwrites: bool,
    /// Bytes that bands and filters may take.
    pub(super) scratch: u64,
}

/// How a convolution is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Most rows of tiles of a band.
    pub rows: u32,
    /// Most outputs of a slice, or four.
    pub outputs: u32,
    /// Whether the filters of all slices are kept from one band to the next, or made anew for each.
    pub keeps: bool,
}

impl Problem {
    /// The best cut that fits. If none does, the smallest.
    pub(super) fn cut(&self) -> Cut {
        let slices = (0..).map(|halvings| self.most_outputs >> halvings).take_while(|outputs| *outputs >= 4);
        let outputs: Vec<u32> = slices.map(|outputs| outputs.next_multiple_of(4)).collect();
        let smallest = Cut { rows: 1, outputs: 4, keeps: false };
        let bands = (1..=self.rows).map(|bands| self.rows.div_ceil(bands));
        let mut best = (f64::INFINITY, smallest);
        for rows in bands {
            for &outputs in &outputs {
                for keeps in [true, false] {
                    let cut = Cut { rows, outputs, keeps };
                    if self.fits(cut) && self.cost(cut) < best.0 {
                        best = (self.cost(cut), cut);
                    }
                }
            }
        }
        best.1
    }

    /// Bytes of the filters of this many outputs.
    fn filters(&self, outputs: u32) -> u64 {
        OF_TILE * u64::from(self.channels) * u64::from(outputs)
    }

    /// Bytes of a band in this many channels.
    fn band(&self, rows: u32, channels: u32) -> u64 {
        OF_TILE * u64::from(rows.min(self.rows)) * u64::from(self.across) * u64::from(channels)
    }

    fn fits(&self, cut: Cut) -> bool {
        let (before, after) = (self.band(cut.rows, self.channels), self.band(cut.rows, cut.outputs));
        let filters = self.filters(if cut.keeps { self.outputs } else { cut.outputs });
        let bands = if self.overwrites && cut.rows < self.rows { 2 } else { 1 };
        before.max(after).max(self.filters(cut.outputs)) <= LARGEST && bands * before + after + filters <= self.scratch
    }

    fn cost(&self, cut: Cut) -> f64 {
        let (bands, slices) = (self.rows.div_ceil(cut.rows), self.outputs.div_ceil(cut.outputs));
        let times = if cut.keeps || slices == 1 { 1 } else { bands };
        let (last, k) = (self.rows - (bands - 1) * cut.rows, f64::from(self.channels));
        let products = |rows: u32| k * Tile::least_cost(cut.outputs, rows * self.across, POINTS);
        let dispatches = bands + times * slices + 2 * bands * slices;
        f64::from(slices) * (f64::from(bands - 1) * products(cut.rows) + products(last))
            + f64::from(times) * self.filters(self.outputs) as f64 * OF_FILTER_BYTE
            + f64::from(dispatches) * DISPATCH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Problem = Problem {
        channels: 128,
        outputs: 128,
        most_outputs: 128,
        across: 128,
        rows: 128,
        overwrites: false,
        scratch: 0,
    };

    fn with(scratch: u64) -> Problem {
        Problem { scratch, ..WIDE }
    }

    #[test]
    fn with_no_memory_the_pieces_are_the_smallest_and_with_much_they_are_few() {
        assert_eq!(with(0).cut(), Cut { rows: 1, outputs: 4, keeps: false });
        let few = with(u64::MAX).cut();
        assert_eq!(few.outputs, 128);
        // A tensor of the most bytes holds 28 rows; bands of equal height that leave no multiprocessor idle may have fewer.
        assert!(few.rows >= 16, "{few:?}");
        let map = Problem { channels: 512, outputs: 512, most_outputs: 512, across: 16, rows: 16, ..with(u64::MAX) };
        assert_eq!(map.cut(), Cut { rows: 16, outputs: 512, keeps: true });
    }

    #[test]
    fn every_cut_fits_and_more_memory_never_costs_time() {
        for overwrites in [false, true] {
            for (channels, outputs, across, rows) in [(128, 128, 128, 128), (512, 256, 64, 64), (257, 36, 5, 9)] {
                let mut last = f64::INFINITY;
                for megabytes in [2, 5, 10, 20, 40, 80, 160, 320] {
                    let scratch = megabytes << 20;
                    let most_outputs = outputs;
                    let problem = Problem { channels, outputs, most_outputs, across, rows, overwrites, scratch };
                    let cut = problem.cut();
                    assert!(
                        problem.fits(cut) || cut == Cut { rows: 1, outputs: 4, keeps: false },
                        "{problem:?}: {cut:?}"
                    );
                    assert!(problem.cost(cut) <= last, "{problem:?}: {cut:?}");
                    last = if problem.fits(cut) { problem.cost(cut) } else { last };
                }
            }
        }
    }

    #[test]
    fn filters_of_several_slices_are_kept_where_there_is_room_for_them() {
        let halves = Problem { channels: 256, outputs: 256, scratch: 72 << 20, ..WIDE };
        let cut = halves.cut();
        assert!(cut.keeps && cut.outputs == 128, "{cut:?}");
    }
}
