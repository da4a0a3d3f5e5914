//! The location of a tensor's elements in its buffer, as a parameter of programs.

use super::{View, params};

params! {
    /// Where the elements of a [`View`] lie in its buffer. All numbers count single elements, also for programs that read several at a time.
    #[derive(PartialEq, Eq)]
    pub struct Strides {
        /// The first element; a multiple of 4.
        pub offset: u32,
        /// Elements from one channel to the next; a multiple of 4.
        pub plane: u32,
        /// Elements from one sample to the next; a multiple of 4.
        pub batch: u32,
        unused: u32,
    }
}

impl Strides {
    /// The strides of `view`.
    pub fn of(view: &View) -> Self {
        let strides = Self { offset: view.offset, plane: view.plane, batch: view.batch_stride, unused: 0 };
        debug_assert!([strides.offset, strides.plane, strides.batch].iter().all(|stride| stride.is_multiple_of(4)));
        strides
    }

    /// The strides of a constant whose rows have `row` elements, a multiple of 4; all samples share it.
    pub fn of_rows(row: u32) -> Self {
        debug_assert!(row.is_multiple_of(4));
        Self { plane: row, ..Self::default() }
    }
}
