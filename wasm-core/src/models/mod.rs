//! The models.

pub mod moebius;
