//! Decides whether a mark is believed. An opaque object has no line of covered over bare means, or not the texture that goes with it.
//!
//! Each bound lies between the marks and the objects of the development cases and of generated ones, which `calibration` measures; objects fail
//! several at once.

use super::edges::{MIN_SURPLUS, Veil};
use super::mark::Mark;
use super::parts::Parts;
use super::recover::Check;
use crate::pixels::Mask;

/// Minimum log-likelihood ratio of a mark against none, in nats per site.
pub(super) const MIN_EVIDENCE: f32 = 0.25;
/// Surroundings with a lower median variance than this, in squared levels, are flat: paper, a clear sky.
const FLAT: f32 = 4.0;
/// Minimum correlation of covered with bare means among texture, and on flat surroundings, where a few colours lie on a line easily.
const MIN_CORRELATION: f32 = 0.88;
const MIN_FLAT_CORRELATION: f32 = 0.98;
/// Transparency by textures over that by means.
const TEXTURE: std::ops::RangeInclusive<f32> = 0.6..=2.0;
/// Transparencies: below, unblending amplifies noise and rounding more than fourfold; above, the mark is hardly visible.
const CLEAR: std::ops::RangeInclusive<f32> = 0.24..=0.85;
/// Minimum difference between the mean covered and the mean bare colour, in levels.
const MIN_FIT_CONTRAST: f32 = 12.0;
/// Minimum standard deviation of the bare means, in levels.
const MIN_SPREAD: f32 = 6.0;
/// Minimum number of pairs of means.
const MIN_PAIRS: usize = 150;
/// Minimum likelihood of the steps at the edges, in nats per pair, of a mark that explains them.
pub(super) const MIN_STEPS: f32 = 0.004;
/// Minimum of the same, and of the correlation, of a mark that is believed although its line or its labels are poor: one of several layers or
/// strengths, one in a lossy picture, or a faint one. Of 330 holes in photographs without a mark, six had such steps and correlations of 0.92 to 0.97; what
/// such a mark does not explain is filled.
const MIN_CLEAR_STEPS: f32 = 0.01;
const MIN_CLEAR_CORRELATION: f32 = 0.98;
/// From this likelihood of the steps on, twice what objects reach, the correlation may be lower.
const EVIDENT_STEPS: f32 = 0.1;
/// Surroundings with a lower median variance than this, in squared levels, are smooth: a fill is good there, and what a poor mark leaves is seen.
const SMOOTH: f32 = 10.0;

/// Bounds that depend on how well the mark explains the steps at its edges.
struct Bounds {
    /// Maximum of the median squared distance from the line over the expected one.
    misfit: f32,
    /// Maximum share of partly covered pixels that lie at no edge.
    loose: f32,
    /// How far beyond the gamut the colour that the line gives may lie, in levels.
    beyond: f32,
}

impl Bounds {
    const STRICT: Self = Self { misfit: 2.5, loose: 0.5, beyond: 20.0 };
    const CLEAR: Self = Self { misfit: 10.0, loose: 0.95, beyond: 100.0 };
    const CLEAR_ON_SMOOTH: Self = Self { loose: 0.65, ..Self::CLEAR };

    fn of(mark: &Mark) -> Self {
        let fit = &mark.fit;
        let is_straight = fit.correlation >= MIN_CLEAR_CORRELATION || fit.steps >= EVIDENT_STEPS;
        match fit.steps {
            MIN_CLEAR_STEPS.. if is_straight && fit.texture.1 < SMOOTH => Self::CLEAR_ON_SMOOTH,
            MIN_CLEAR_STEPS.. if is_straight => Self::CLEAR,
            _ => Self::STRICT,
        }
    }
}

/// Minimum shares of bare and of fully covered pixels, and maximum share of unexplained ones.
const MIN_BARE: f32 = 0.05;
const MIN_FULL: f32 = 0.015;
const MAX_UNKNOWN: f32 = 0.15;
/// Maximum share of covered pixels whose hidden colour would lie outside the gamut.
const MAX_IMPOSSIBLE: f32 = 0.12;
/// Maximum share of partly covered pixels that lie at no edge, of a mark with a rim, which has a partial label although it is no edge.
const MAX_LOOSE_WITH_RIM: f32 = 0.75;

/// Minimum number of pairs of pixels across the mark's edge on drawn content, and minimum share of those that are equal, over that of pairs which
/// are not across it.
const MIN_ACROSS: f32 = 50.0;
const MIN_SEAMLESS: f32 = 0.7;

/// Minimum likelihood of the edges of an evident mark, in nats.
const MIN_EDGES: f32 = 120.0;
/// Minimum difference that such a mark makes, and minimum standard deviation of what it lies on, in levels.
const MIN_CONTRAST: f32 = 9.0;
const MIN_GROUND: f32 = 8.0;

/// Whether sharp edges tell a mark.
pub(super) fn is_evident(veil: &Veil) -> bool {
    let [own, chance] = veil.shares;
    veil.likelihood >= MIN_EDGES
        && own >= MIN_SURPLUS * chance
        && veil.contrast >= MIN_CONTRAST
        && veil.spread >= MIN_GROUND
        && CLEAR.contains(&veil.mark().clear)
}

/// Minimum likelihood of the edges, in nats, of an evident mark that leaves the mean colour as it is, up to so many levels: a grey one on grey. Nearly all
/// other marks change it more, and their means lie on a straighter line; nearly all of what objects happen to have in common with marks does not, and is less
/// likely.
const MIN_PLAIN_EDGES: f32 = 900.0;
const PLAIN: f32 = 9.0;
const MIN_STRONG_CORRELATION: f32 = 0.95;

/// Whether an evident mark is one surely, by how likely its edges are and by the means beside them.
pub(super) fn is_strong(veil: &Veil, mark: &Mark) -> bool {
    let is_clear = mark.fit.contrast >= PLAIN && mark.fit.correlation >= MIN_STRONG_CORRELATION;
    is_clear || veil.likelihood >= MIN_PLAIN_EDGES
}

/// Whether sharp edges tell that what is painted over is opaque, or nearly.
pub(super) fn is_opaque(veil: &Veil) -> bool {
    veil.likelihood >= MIN_EDGES && veil.mark().clear < *CLEAR.start()
}

/// Minimum gain of the edges of an evident mark's parts, in nats for each pair of pixels times transparency (an object is like a mark that is nearly
/// opaque), and together.
const MIN_GAIN: f32 = 0.3;
const MIN_TOTAL: f32 = 60.0;
/// Maximum misfit of the means beside such edges.
const MAX_MISFIT: f32 = 12.0;
/// Minimum of the transparency by textures over that by means: marks reach 0.69 or more, fillings of outlined letters 0.61 at most.
const MIN_SHINE: f32 = 0.65;

/// Whether the parts of what an evident mark is thought to cover have its edges, and it is [`is_on_line`].
pub(super) fn is_borne_out(mark: &Mark, parts: &Parts) -> bool {
    parts.gain >= MIN_TOTAL && parts.gain * mark.clear >= MIN_GAIN * parts.pairs[0] as f32 && is_on_line(mark)
}

/// Whether the means beside the edges of an evident mark lie on a line, and texture shines through as they do: the filling of letters with an outline
/// has such edges towards the outline, but not the texture of the picture. On smooth surroundings there is no texture to compare.
pub(super) fn is_on_line(mark: &Mark) -> bool {
    let (texture, variance) = mark.fit.texture;
    mark.fit.correlation >= MIN_CORRELATION
        && mark.fit.misfit <= MAX_MISFIT
        && (variance < SMOOTH || texture >= MIN_SHINE * mark.clear)
}

/// Minimum share of an evident mark's edges that its cover has as well. Labels that take other things for the mark mostly have 0.42 or less, although two
/// with 0.59 and 0.69 were seen; those of a mark in a lossy picture, whose edges are blurred, have 0.56 or more.
const MIN_FOUND: f32 = 0.5;

/// Whether the labels have the edges by which a mark was found; the others would still be seen.
pub(super) fn is_found(share: f32) -> bool {
    share >= MIN_FOUND
}

/// Maximum share of what is painted over that an evident mark leaves to be filled.
const MAX_LEFT: f32 = 0.3;

/// Whether a mark explains what is painted over, of which `left` is still to be filled.
pub(super) fn is_explained(mask: &Mask, left: &Mask) -> bool {
    let rect = mask.rect();
    let count = |mask: &Mask| -> usize {
        let row = |y: u32| (rect.x..rect.right()).filter(|x| mask.at(*x, y) > 0).count();
        (rect.y..rect.bottom()).map(row).sum()
    };
    count(left) as f32 <= MAX_LEFT * count(mask) as f32
}

/// Whether the line fits a mark.
pub(super) fn is_plausible(mark: &Mark) -> bool {
    let fit = &mark.fit;
    let (texture, variance) = fit.texture;
    let is_flat = variance < FLAT;
    let bounds = Bounds::of(mark);
    fit.correlation >= if is_flat { MIN_FLAT_CORRELATION } else { MIN_CORRELATION }
        && (is_flat || TEXTURE.contains(&(texture / mark.clear)))
        && CLEAR.contains(&mark.clear)
        && fit.raw.iter().all(|c| (-bounds.beyond..=255.0 + bounds.beyond).contains(c))
        && fit.contrast >= MIN_FIT_CONTRAST
        && fit.spread >= MIN_SPREAD
        && fit.pairs >= MIN_PAIRS
        && fit.misfit <= bounds.misfit
}

/// Whether the labels fit a mark as well: it has an outside, an inside, and a thin edge between the two, and little else.
pub(super) fn is_convincing(mark: &Mark, check: &Check) -> bool {
    let bounds = Bounds::of(mark);
    let max_loose = if mark.rim.is_some() { bounds.loose.max(MAX_LOOSE_WITH_RIM) } else { bounds.loose };
    is_plausible(mark)
        && check.bare >= MIN_BARE * check.sites
        && check.full >= MIN_FULL * check.sites
        && check.unknown <= MAX_UNKNOWN * check.sites
        && check.impossible <= MAX_IMPOSSIBLE * check.covered
        && check.loose <= max_loose * check.partly
}

/// Whether what lies under a mark on drawn content goes on where the mark ends. What is below an opaque mark of a few colours ends there too,
/// whatever the colours are taken for.
pub(super) fn is_seamless(check: &Check) -> bool {
    let [across, equal_across] = check.across;
    let [within, equal_within] = check.within;
    across >= MIN_ACROSS && equal_across * within >= MIN_SEAMLESS * equal_within * across
}
