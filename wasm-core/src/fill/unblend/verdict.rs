//! Whether to believe it: an opaque object has no such line, or not the texture that goes with it.

use super::mark::Mark;
use super::recover::Check;

/// Evidence per site, in natural units, for a mark against none.
pub(super) const LEAST_EVIDENCE: f32 = 0.25;
/// Surroundings with less typical variance than this are flat: paper, a clear sky.
const FLAT: f32 = 4.0;

/// What the line alone can tell. Each bound lies between the marks and the objects of the development cases and of
/// generated ones; false objects fail several at once.
pub(super) fn is_plausible(mark: &Mark) -> bool {
    let line = &mark.line;
    let (texture, variance) = line.texture;
    let is_flat = variance < FLAT;
    // A few flat colours are on a line easily, and have no texture to compare.
    line.correlation >= if is_flat { 0.97 } else { 0.88 }
        && (is_flat || (0.6..=2.0).contains(&(texture / mark.clear)))
        // Below, noise and rounding come back more than fourfold; above, hardly anything is left of the mark.
        && (0.24..=0.85).contains(&mark.clear)
        && line.raw.iter().all(|c| (-15.0..=275.0).contains(c))
        && line.contrast >= 12.0
        && line.spread >= 6.0
        && line.windows >= 150
        && line.misfit <= 2.5
}

/// What the labels can tell: a mark has an outside, an inside, and a thin edge between them, and little else.
pub(super) fn is_convincing(mark: &Mark, check: &Check) -> bool {
    // A rim is a label in between as well.
    let loose = if mark.rim.is_some() { 0.75 } else { 0.5 };
    is_plausible(mark)
        && check.bare >= 0.05 * check.sites
        && check.full >= 0.05 * check.sites
        && check.unknown <= 0.15 * check.sites
        && check.impossible <= 0.12 * check.covered
        && check.loose <= loose * check.partly
}
