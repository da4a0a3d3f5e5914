//! How many pixels a workgroup has in the kernels that reduce over channels (`prelude/reduce_columns.wgsl`), and which number a map gets.

use super::tile::PROCESSORS;
use super::wgsl;
use crate::gpu::{Dispatch, Program};

/// Pixels of a workgroup. The fewer they are, the more invocations share a pixel's channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// 16, which are read in whole lines of memory.
    Sixteen,
    /// 8.
    Eight,
    /// 4.
    Four,
}

impl Columns {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sixteen, Self::Eight, Self::Four];

    /// The most that leave no processor of a large GPU without work, if there are so many pixels.
    pub fn fitting(pixels: u32, batch: u32) -> Self {
        let fills = |columns: &Self| pixels.div_ceil(columns.count()) * batch >= PROCESSORS;
        Self::ALL.into_iter().find(fills).unwrap_or(Self::Four)
    }

    fn count(self) -> u32 {
        match self {
            Self::Sixteen => 16,
            Self::Eight => 8,
            Self::Four => 4,
        }
    }

    /// Workgroups for the pixels of `batch` samples.
    pub(super) fn workgroups(self, pixels: u32, batch: u32) -> [u32; 3] {
        [pixels.div_ceil(self.count()), 1, batch]
    }

    /// The program with so many.
    pub(super) fn choose(self, program: Program) -> Program {
        let program = program.with("", wgsl!("prelude/reduce_columns.wgsl"));
        match self {
            Self::Sixteen => program.with("", wgsl!("prelude/columns_16.wgsl")),
            Self::Eight => program.with("8 pixels", wgsl!("prelude/columns_8.wgsl")),
            Self::Four => program.with("4 pixels", wgsl!("prelude/columns_4.wgsl")),
        }
    }

    /// States what the number of workgroups assumes of the program.
    pub(super) fn assumed(self, dispatch: Dispatch) -> Dispatch {
        dispatch.assumes("QUADS", self.count() / 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_maps_are_divided_among_more_workgroups() {
        for (pixels, batch, columns) in
            [(4096, 2, Columns::Sixteen), (1024, 2, Columns::Eight), (256, 2, Columns::Four), (1, 1, Columns::Four)]
        {
            assert_eq!(Columns::fitting(pixels, batch), columns, "{batch} of {pixels}");
        }
    }
}
