//! What is known about a file before it is downloaded: how long it is, and its hash.

/// Longest file that is believed, bytes. Sums of a few such lengths are exact in JavaScript, whose numbers are floats.
pub const LONGEST: u64 = 1 << 40;

/// What the hub says about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal, where the hub knows it: that of large files.
    pub sha256: Option<String>,
}

/// Whether a file may be so long, bytes.
pub fn is_length(bytes: u64) -> bool {
    (1..=LONGEST).contains(&bytes)
}
