//! Decides whether a mark is believed. An opaque object has no line of covered over bare means, or not the texture that goes with it.
//!
//! Each bound lies between the marks and the objects of the development cases and of generated ones, which `calibration` measures; objects fail
//! several at once.

use super::mark::Mark;
use super::recover::Check;

/// Minimum log-likelihood ratio of a mark against none, in nats per site.
pub(super) const MIN_EVIDENCE: f32 = 0.25;
/// Surroundings with a lower median variance than this, in squared levels, are flat: paper, a clear sky.
const FLAT: f32 = 4.0;
/// Minimum correlation of covered with bare means among texture, and on flat surroundings, where a few colours lie on a line easily.
const MIN_CORRELATION: f32 = 0.88;
const MIN_FLAT_CORRELATION: f32 = 0.97;
/// Transparency by textures over that by means.
const TEXTURE: std::ops::RangeInclusive<f32> = 0.6..=2.0;
/// Transparencies: below, unblending amplifies noise and rounding more than fourfold; above, the mark is hardly visible.
const CLEAR: std::ops::RangeInclusive<f32> = 0.24..=0.85;
/// Levels of the colour that the line gives, before it is brought into gamut.
const COLOUR: std::ops::RangeInclusive<f32> = -15.0..=275.0;
/// Minimum difference between the mean covered and the mean bare colour, and standard deviation of the bare means, in levels.
const MIN_CONTRAST: f32 = 12.0;
const MIN_SPREAD: f32 = 6.0;
/// Minimum number of pairs of means.
const MIN_PAIRS: usize = 150;
/// Minimum likelihood of the steps at the edges, in nats per pair, of a mark that explains them.
pub(super) const MIN_STEPS: f32 = 0.004;
/// Minimum of the same, and of the correlation, of a mark that is believed although its labels are poor: one of several layers or strengths, or
/// in a lossy picture. What such a mark does not explain is filled.
const MIN_CLEAR_STEPS: f32 = 0.01;
const MIN_CLEAR_CORRELATION: f32 = 0.95;
/// Maximum of the transparency by textures over that by means of such marks: one with a grain of its own has more texture than shines through.
const MAX_TEXTURE: f32 = 1.2;

/// Bounds that depend on how well the mark explains the steps at its edges.
struct Bounds {
    /// Maximum of the median squared distance from the line over the expected one.
    misfit: f32,
    /// Maximum share of partly covered pixels that lie at no edge.
    loose: f32,
}

impl Bounds {
    const STRICT: Self = Self { misfit: 2.5, loose: 0.5 };
    const STEPPED: Self = Self { misfit: 4.0, loose: 0.5 };
    const CLEAR: Self = Self { misfit: 4.0, loose: 0.65 };

    fn of(mark: &Mark) -> Self {
        let fit = &mark.fit;
        match fit.steps {
            _ if fit.texture.0 > MAX_TEXTURE * mark.clear => Self::STRICT,
            MIN_CLEAR_STEPS.. if fit.correlation >= MIN_CLEAR_CORRELATION => Self::CLEAR,
            MIN_STEPS.. => Self::STEPPED,
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

/// Whether the line fits a mark.
pub(super) fn is_plausible(mark: &Mark) -> bool {
    let fit = &mark.fit;
    let (texture, variance) = fit.texture;
    let is_flat = variance < FLAT;
    fit.correlation >= if is_flat { MIN_FLAT_CORRELATION } else { MIN_CORRELATION }
        && (is_flat || TEXTURE.contains(&(texture / mark.clear)))
        && CLEAR.contains(&mark.clear)
        && fit.raw.iter().all(|c| COLOUR.contains(c))
        && fit.contrast >= MIN_CONTRAST
        && fit.spread >= MIN_SPREAD
        && fit.pairs >= MIN_PAIRS
        && fit.misfit <= Bounds::of(mark).misfit
}

/// Whether the labels fit a mark as well: it has an outside, an inside, and a thin edge between the two, and little else.
pub(super) fn is_convincing(mark: &Mark, check: &Check) -> bool {
    let bounds = Bounds::of(mark);
    let max_loose = if mark.rim.is_some() { MAX_LOOSE_WITH_RIM } else { bounds.loose };
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
