//! The states of a masked pixel: how much of it the mark covers.

/// Number of covers that a pixel may have: label `k` stands for `k / 8` of full cover.
pub(super) const LABELS: usize = 9;
/// Label of full cover.
pub(super) const FULL: usize = LABELS - 1;
/// State of a pixel that the mark does not explain: a shadow, a second colour, compression noise.
pub(super) const UNKNOWN: usize = LABELS;
/// Number of states of a pixel: the labels and [`UNKNOWN`].
pub(super) const STATES: usize = LABELS + 1;

/// A number for each state.
pub(super) type States = [f32; STATES];
/// A number for each label.
pub(super) type Labels = [f32; LABELS];
