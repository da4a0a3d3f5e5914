//! Decides whether a mark is believed. An opaque object has no line of covered over bare means, or not the texture that goes with it.

use super::mark::Mark;
use super::recover::Check;

/// Minimum log-likelihood ratio of a mark against none, in nats per site.
pub(super) const MIN_EVIDENCE: f32 = 0.25;
/// Surroundings with a lower median variance than this, in squared levels, are flat: paper, a clear sky.
const FLAT: f32 = 4.0;

/// Whether the line fits a mark. Each bound lies between the marks and the objects of the development cases and of generated ones; objects
/// fail several at once.
pub(super) fn is_plausible(mark: &Mark) -> bool {
    let fit = &mark.fit;
    let (texture, variance) = fit.texture;
    let is_flat = variance < FLAT;
    // A few flat colours lie on a line easily, and have no texture to compare.
    fit.correlation >= if is_flat { 0.97 } else { 0.88 }
        && (is_flat || (0.6..=2.0).contains(&(texture / mark.clear)))
        // Below, unblending amplifies noise and rounding more than fourfold; above, the mark is hardly visible.
        && (0.24..=0.85).contains(&mark.clear)
        && fit.raw.iter().all(|c| (-15.0..=275.0).contains(c))
        && fit.contrast >= 12.0
        && fit.spread >= 6.0
        && fit.pairs >= 150
        && fit.misfit <= 2.5
}

/// Whether the labels fit a mark as well: it has an outside, an inside, and a thin edge between the two, and little else.
pub(super) fn is_convincing(mark: &Mark, check: &Check) -> bool {
    // A rim has a partial label although it is no edge.
    let loose = if mark.rim.is_some() { 0.75 } else { 0.5 };
    is_plausible(mark)
        && check.bare >= 0.05 * check.sites
        && check.full >= 0.05 * check.sites
        && check.unknown <= 0.15 * check.sites
        && check.impossible <= 0.12 * check.covered
        && check.loose <= loose * check.partly
}
