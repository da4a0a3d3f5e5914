//! The uniform parameters of a program. They are written twice, in Rust and in WGSL; the test `facts` of `tests/parity` compares the two.

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
/// all [`Strides`](super::Strides) come before the single numbers.
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
