//! The built-in fill, "Instant": no model and no download.
//!
//! [`unblend`] recovers what lies under a semi-transparent mark, where there is convincingly one. Everything else is filled by example, at
//! several scales:
//! [`clusters`] splits the mask into regions that are filled one after another, each with its surroundings.
//! A region becomes a [`field`], the field a [`pyramid`]; from the coarsest level down, [`synthesis`] alternates
//! between finding for every patch that touches the hole its nearest neighbour among the known patches
//! ([`patch_match`], Barnes et al. 2009) and letting all patches vote for the hole's colours (Wexler et al. 2007).
//! [`membrane`] makes the first guess and takes the seam away. [`likeness`] lends the search to who fills by other means.

mod clusters;
mod field;
mod likeness;
pub(crate) mod membrane;
mod patch_match;
mod pyramid;
mod synthesis;
mod unblend;

use crate::pacer::Share;
use crate::pixels::{Image, Mask, Patch, Rect};
use crate::{Error, Pacer, Result};
use clusters::Clusters;
use field::Field;
pub(crate) use likeness::likeness;

/// Most pixels that one cluster may look at: a fill takes about 60 bytes for each.
const MOST_CONTEXT: usize = 30_000_000;

/// A way to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Look through a semi-transparent mark; what it hides is filled with patches.
    Unblend,
    /// Patches of the surroundings.
    Patches,
}

/// What a fill came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    /// The mask's rectangle. Pixels that the mask spares come back as they were.
    pub patch: Patch,
    /// The mask without the pixels that were recovered: those are the picture's own, also where the mask covers them in part.
    pub made_up: Mask,
}

/// Fills the whole of `mask`'s rectangle where the mask is above zero; `mask` is already [fitted](Mask::fitted). Takes the way that suits, unless
/// one is given.
///
/// # Errors
/// [`Error::Cancelled`] from `pacer`; [`Error::TooLarge`] when one stroke spans more than memory holds.
pub async fn instant(
    image: &Image,
    mask: &Mask,
    seed: u32,
    route: Option<Route>,
    pacer: &impl Pacer,
) -> Result<Filled> {
    if route != Some(Route::Patches)
        && let Some(unblend::Unblended { mut patch, left }) = unblend::unblend(image, mask, pacer).await?
    {
        let mut seen = image.clone();
        seen.replace(&patch)?;
        match left.fitted(&seen) {
            Ok(rest) => seen.replace(&patches(&seen, &rest, seed, pacer).await?).map(drop)?,
            Err(Error::EmptyMask) => {}
            Err(error) => return Err(error),
        }
        patch = seen.crop(mask.rect())?;
        return Ok(Filled { patch, made_up: left });
    }
    Ok(Filled { patch: patches(image, mask, seed, pacer).await?, made_up: mask.clone() })
}

/// [`instant`] with patches of the surroundings.
///
/// # Errors
/// [`Error::Cancelled`] from `pacer`; [`Error::TooLarge`] when one stroke spans more than memory holds.
pub(crate) async fn patches(image: &Image, mask: &Mask, seed: u32, pacer: &impl Pacer) -> Result<Patch> {
    let mut patch = image.crop(mask.rect())?;
    let clusters = Clusters::new(image.bounds(), mask);
    let holes: f32 = clusters.list.iter().map(|c| c.pixels as f32).sum();
    let mut filled = 0.0;
    for cluster in &clusters.list {
        if cluster.context.area() > MOST_CONTEXT {
            let Rect { width, height, .. } = cluster.context;
            return Err(Error::TooLarge { width, height });
        }
        let field = Field::cut(image, mask, &patch, &clusters, cluster);
        let share = Share { pacer, start: filled / holes, length: cluster.pixels as f32 / holes };
        let field = synthesis::fill(field, seed, &share).await?;
        field.paste_targets(&mut patch, cluster.context);
        filled += cluster.pixels as f32;
    }
    Ok(patch)
}
