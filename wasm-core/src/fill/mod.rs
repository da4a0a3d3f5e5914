//! The built-in fill, "Instant": no model and no download.
//!
//! [`unblend`] recovers what lies under a semi-transparent mark, where there is convincingly one. [`clusters`] splits everything else
//! into components that are filled one after another, each with its surroundings, cut out as a [`field`]. What they are
//! ([`content`]) decides about the means:
//!
//! - [`lines`] finds rules, borders and bars of screens that run through the hole, [`wires`] slanted lines, and in photographs all straight
//!   structures. They are drawn before anything else.
//! - [`flats`] fills what one colour surrounds on a screen.
//! - [`smooth`] continues smooth surroundings through thin holes, as a plane or with [`biharmonic`] equations.
//! - Everything else is filled by example, at several scales: from the coarsest level of a [`pyramid`] down, [`synthesis`]
//!   alternates between finding for every patch that touches the hole its nearest neighbour among the known patches
//!   ([`patch_match`], Barnes et al. 2009; [`offsets`]) and letting all patches vote for the hole's colours ([`votes`], Wexler et al. 2007).
//!   [`membrane`] makes the first guess; [`seam`] makes the result meet its surroundings; [`gradients`] takes out the facets between patches of different
//!   brightness; [`thin`] corrects it where both sides are near; [`texture`] keeps it as rough as its surroundings.
//!
//! [`likeness`] lends the search to who fills by other means.

mod biharmonic;
mod clusters;
mod content;
mod field;
mod flats;
mod gradients;
mod likeness;
mod lines;
pub(crate) mod membrane;
mod offsets;
mod patch_match;
mod pyramid;
mod seam;
mod smooth;
mod synthesis;
mod texture;
mod thin;
mod unblend;
mod votes;
mod wires;

use crate::pacer::Share;
use crate::pixels::{Image, Mask, Patch, Rect};
use crate::{Error, Pacer, Result, Stage};
use clusters::Clusters;
use content::Content;
use field::{FAINT, Field, State, apart};
pub(crate) use likeness::likeness;

/// Most pixels that one cluster may look at: a fill takes about 30 bytes for each, and 200 for each in the hole's rectangle.
const MOST_CONTEXT: usize = 30_000_000;

/// Share of the progress that looking for a mark takes, found or not.
const LOOKING: f32 = 0.3;

/// A way to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Look through a plausible semi-transparent mark, although what it covers is not convincing. What it hides is filled as if no route were
    /// given, and everything where there is none.
    Unblend,
    /// The smoothest continuation of the surroundings, and nothing else.
    Smooth,
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
pub async fn instant(image: &Image, mask: &Mask, seed: u32, route: Option<Route>, pacer: &dyn Pacer) -> Result<Filled> {
    pacer.checkpoint().await?;
    let is_forced = route == Some(Route::Unblend);
    let route = route.filter(|_| !is_forced);
    let mut start = 0.0;
    if route.is_none() {
        let looking = Share { pacer, start, length: LOOKING };
        if let Some(unblend::Unblended { patch, left }) = unblend::unblend(image, mask, is_forced, &looking).await? {
            let rest = Share { pacer, start: LOOKING, length: 1.0 - LOOKING };
            let patch = complete(image, &left, patch, seed, None, &rest).await?;
            return Ok(Filled { patch, made_up: left });
        }
        pacer.checkpoint().await?;
        start = LOOKING;
    }
    let rest = Share { pacer, start, length: 1.0 - start };
    Ok(Filled { patch: make_up(image, mask, seed, route, &rest).await?, made_up: mask.clone() })
}

/// [`instant`] without looking through anything.
///
/// # Errors
/// [`Error::Cancelled`] from `pacer`; [`Error::TooLarge`] when one stroke spans more than memory holds.
pub(crate) async fn make_up(
    image: &Image,
    mask: &Mask,
    seed: u32,
    route: Option<Route>,
    pacer: &dyn Pacer,
) -> Result<Patch> {
    complete(image, mask, image.crop(mask.rect())?, seed, route, pacer).await
}

/// [`make_up`] in a picture that shows `patch`, which holds the mask's rectangle.
async fn complete(
    image: &Image,
    mask: &Mask,
    mut patch: Patch,
    seed: u32,
    route: Option<Route>,
    pacer: &dyn Pacer,
) -> Result<Patch> {
    let clusters = Clusters::new(image.bounds(), mask, pacer).await?;
    pacer.checkpoint().await?;
    let holes: f32 = clusters.list.iter().map(|c| c.pixels as f32).sum();
    let mut filled = 0.0;
    for cluster in clusters.list.iter().filter(|c| c.pixels > 0) {
        if cluster.context.area() > MOST_CONTEXT {
            let Rect { width, height, .. } = cluster.context;
            return Err(Error::TooLarge { width, height });
        }
        let mut field = Field::cut(image, mask, &patch, &clusters, cluster);
        let share = Share { pacer, start: filled / holes, length: cluster.pixels as f32 / holes };
        share.checkpoint().await?;
        let content = Content::of(&field);
        share.checkpoint().await?;
        let mut drawn = vec![];
        if route.is_none() {
            drawn = run_through(&mut field, content, &share).await?;
            if content.is_drawn {
                drawn.extend(flats::fill(&mut field, &drawn, &share).await?);
            }
        }
        let is_smooth = match route {
            None => smooth::suits(&field, content),
            Some(route) => route == Route::Smooth,
        };
        if is_smooth {
            smooth::fill(&mut field, &share).await?;
        } else if field.states.contains(&State::Target) {
            field = synthesis::fill(field, content, seed, &share).await?;
        }
        drawn.into_iter().for_each(|at| field.states[at] = State::Target);
        field.paste_targets(&mut patch, cluster.context);
        share.progress(Stage::Filling, 1.0);
        filled += cluster.pixels as f32;
    }
    Ok(patch)
}

/// Draws what runs straight through the hole and makes it known; where.
async fn run_through(field: &mut Field, content: Content, pacer: &dyn Pacer) -> Result<Vec<usize>> {
    let ground = if content.is_drawn { lines::ground(field) } else { None };
    let rules = ground.map_or(vec![], |ground| lines::find(field, ground));
    pacer.checkpoint().await?;
    let mut drawn: Vec<usize> = vec![];
    for (at, colour) in wires::find(field, content, pacer).await? {
        field.settle(at, colour);
        drawn.push(at);
    }
    // A slanted line lies on top of rules, but brings some of its surroundings.
    for (at, colour) in rules {
        if field.states[at] == State::Target || ground.is_some_and(|ground| apart(field.pixels[at], ground) <= FAINT) {
            field.settle(at, colour);
            drawn.push(at);
        }
    }
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    const WIDTH: u32 = 260;
    const HEIGHT: u32 = 190;

    /// A window: a title bar with a vertical gradient, a side bar, a table with rules.
    fn screen(x: u32, y: u32) -> [u8; 4] {
        let grey = |v: u32| [v as u8, v as u8, v as u8, 255];
        match (x, y) {
            (_, 0..30) => [60, 90, 200 - 2 * y as u8, 255],
            (0..60, _) => grey(238),
            (60, _) => grey(200),
            (_, y) if (y - 30) % 40 == 39 => grey(215),
            _ => [255, 253, 250, 255],
        }
    }

    /// Largest difference from `clean` after what is drawn with `ink` was erased with a brush `wider` pixels wider.
    fn levels_off(
        clean: fn(u32, u32) -> [u8; 4],
        ink: impl Fn(u32, u32) -> bool,
        wider: u32,
        route: Option<Route>,
    ) -> u8 {
        let places = || (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
        let rgba = places().flat_map(|(x, y)| if ink(x, y) { [30, 30, 40, 255] } else { clean(x, y) }).collect();
        let covered = |(x, y): (u32, u32)| {
            let mut rows = y.saturating_sub(wider)..=y + wider;
            rows.any(|y| (x.saturating_sub(wider)..=x + wider).any(|x| ink(x, y)))
        };
        let mut image = Image::new(WIDTH, HEIGHT, rgba).unwrap();
        let coverage = places().map(|place| if covered(place) { 255 } else { 0 }).collect();
        let mask = Mask::new(image.bounds(), coverage).unwrap().fitted(&image).unwrap();
        let filled = pollster::block_on(instant(&image, &mask, 1, route, &Unpaced)).unwrap();
        image.replace(&filled.patch).unwrap();
        let off = |(x, y): (u32, u32)| {
            image.pixel(x, y).into_iter().zip(clean(x, y)).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
        };
        places().map(off).max().unwrap_or(0)
    }

    /// Something like a word: five bars with gaps.
    fn word(x: u32, y: u32, left: u32, top: u32) -> bool {
        (left..left + 55).contains(&x) && (top..top + 11).contains(&y) && (x - left) % 11 < 4
    }

    #[test]
    fn flat_cells_rules_and_gradients_come_out_in_their_exact_colours() {
        for wider in [2, 6] {
            for (left, top) in [(90, 48), (150, 64), (35, 90), (120, 9)] {
                let off = levels_off(screen, |x, y| word(x, y, left, top), wider, None);
                assert_eq!(off, 0, "brush {wider}, word at {left}, {top}");
            }
        }
    }

    #[test]
    fn gradients_without_anything_else_stay_within_a_level() {
        let slope = |x: u32, y: u32| {
            let (x, y) = (x as f32, y as f32);
            [(40.3 + 0.31 * x + 0.57 * y).round() as u8, 90, (200.0 - 0.47 * y).round() as u8, 255]
        };
        for route in [None, Some(Route::Smooth)] {
            let off = levels_off(slope, |x, y| word(x, y, 101, 77), 3, route);
            assert!(off <= 1, "{off} with {route:?}");
        }
    }

    #[test]
    fn a_slanted_line_and_a_rule_cross_each_other_under_the_hole() {
        let away = |x: u32, y: u32| (0.8 * (x as f32 - 120.0) - 0.6 * (y as f32 - 90.0)).abs();
        let chart = |x: u32, y: u32| {
            let ground = if y == 95 { 205.0 } else { 255.0 };
            let cover = (2.0 - away(x, y)).clamp(0.0, 1.0);
            let grey = (ground + (60.0 - ground) * cover).round() as u8;
            [grey, grey, grey, 255]
        };
        let places = || (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
        let clean = Image::new(WIDTH, HEIGHT, places().flat_map(|(x, y)| chart(x, y)).collect()).unwrap();
        let hole = Rect { x: 90, y: 70, width: 64, height: 47 };
        let mask = Mask::new(hole, vec![255; hole.area()]).unwrap().fitted(&clean).unwrap();
        let mut image = clean.clone();
        let block = [200, 30, 30, 255].repeat(hole.area());
        image.replace(&Patch { rect: hole, rgba: block }).unwrap();
        let filled = pollster::block_on(instant(&image, &mask, 1, None, &Unpaced)).unwrap();
        image.replace(&filled.patch).unwrap();
        let off = |(x, y): (u32, u32)| image.pixel(x, y)[0].abs_diff(clean.pixel(x, y)[0]);
        assert_eq!(places().filter(|(x, y)| away(*x, *y) > 3.0).map(off).max(), Some(0));
        assert!(places().filter(|(x, y)| away(*x, *y) < 1.0).all(|place| off(place) < 60));
    }

    #[test]
    fn a_forced_route_is_taken() {
        let ink = |x: u32, y: u32| word(x, y, 150, 64);
        assert!(levels_off(screen, ink, 6, Some(Route::Smooth)) > 0);
        assert_eq!(levels_off(screen, ink, 6, None), 0);
    }

    /// Mean difference of horizontal neighbours in a rectangle, in levels.
    fn roughness(image: &Image, rect: Rect) -> f32 {
        let pairs = || (rect.y..rect.bottom()).flat_map(|y| (rect.x + 1..rect.right()).map(move |x| (x, y)));
        let difference = |(x, y): (u32, u32)| f32::from(image.pixel(x, y)[1].abs_diff(image.pixel(x - 1, y)[1]));
        pairs().map(difference).sum::<f32>() / pairs().count() as f32
    }

    #[test]
    fn what_is_made_up_among_texture_is_as_rough_as_its_surroundings() {
        let mut random = patch_match::Random::new(6);
        // Rough, with a smooth stripe below that is as light on average: it differs less from whatever one looks for.
        let mut light = |y: u32| if y < 130 { 120 + random.below(60) as u8 } else { 148 + random.below(4) as u8 };
        let lights = (0..WIDTH * HEIGHT).map(|i| light(i / WIDTH));
        let rgba = lights.flat_map(|v| [v, v, v, 255]).collect();
        let mut image = Image::new(WIDTH, HEIGHT, rgba).unwrap();
        let hole = Rect { x: 90, y: 40, width: 70, height: 60 };
        let around = roughness(&image, Rect { x: 10, width: 70, ..hole });
        let mask = Mask::new(hole, vec![255; hole.area()]).unwrap().fitted(&image).unwrap();
        let filled = pollster::block_on(instant(&image, &mask, 1, None, &Unpaced)).unwrap();
        image.replace(&filled.patch).unwrap();
        let made_up = roughness(&image, hole);
        assert!((0.85..1.1).contains(&(made_up / around)), "{made_up} of {around}");
    }
}
