//! Each kernel against its plain reference.

pub mod matmul;
