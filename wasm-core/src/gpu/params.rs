//! The uniform parameters of a program. They are written twice, in Rust and in WGSL; the test `facts` of `tests/parity` compares the two.

use super::View;

/// One field of a parameter struct.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, the same in Rust and WGSL.
    pub name: &'static str,
    /// Its type, such as `u32` or `Strides`.
    pub kind: &'static str,
    /// Bytes from the beginning of the struct.
    pub offset: usize,
    /// Bytes.
    pub size: usize,
}

/// A struct that a program takes as its parameters. [`params!`](super::params) makes one.
pub trait Params: bytemuck::Pod {
    /// Its fields in order.
    #[cfg(not(target_arch = "wasm32"))]
    const FIELDS: &'static [Field];
}

/// Declares a struct as the parameters of a program. WGSL wants a struct inside a uniform struct at a multiple of 16 bytes, so
/// all [`Strides`] come before the single numbers.
macro_rules! params {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$doc:meta])* $of:vis $field:ident: $kind:ident,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
        $vis struct $name {
            $($(#[$doc])* $of $field: $kind,)*
        }

        impl $crate::gpu::Params for $name {
            #[cfg(not(target_arch = "wasm32"))]
            const FIELDS: &'static [$crate::gpu::Field] = &[$($crate::gpu::Field {
                name: stringify!($field),
                kind: stringify!($kind),
                offset: std::mem::offset_of!($name, $field),
                size: size_of::<$kind>(),
            }),*];
        }
    };
}
pub(crate) use params;

params! {
    /// Where the elements of a [`View`] lie in its buffer. Every number counts single elements, whatever the program reads at a time.
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
