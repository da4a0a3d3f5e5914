//! The built-in fill, "Instant": no model and no download.
//!
//! 1. [`unblend`] recovers what lies under a semi-transparent mark, where there is convincingly one. The steps below fill the rest. [`captions`]
//!    tells an opaque mark apart from its ground, which need not be filled.
//! 2. [`clusters`] divides the mask into clusters, which are filled one after another. Each is cut out with its surroundings as a [`field`].
//! 3. [`content`] classifies the hole and its surroundings, on which the following steps depend.
//! 4. [`lattice`] continues regular patterns. On screens, [`strokes`] tells glyphs from structure, and [`panels`] fills the cells of tables whose
//!    rows and columns tell what belongs there. [`axis_lines`] continues rules, borders and bars of screens through the hole, and
//!    [`straight_lines`] slanted lines on screens and all straight structures in photographs.
//! 5. [`flats`] fills the parts of screens that one colour surrounds.
//! 6. [`smooth`] fills thin holes in smooth surroundings, by a plane or by [`biharmonic`] interpolation.
//! 7. [`synthesis`] fills everything else by example, from the coarsest level of a [`pyramid`] to the finest. The first guess is a [`membrane`].
//!    Then, in turns, [`patch_match`] finds for every patch that touches the hole its nearest neighbour among the known patches (Barnes et al.
//!    2009; [`offsets`]), and [`votes`] averages what the matches show (Wexler et al. 2007).
//! 8. After the last vote, [`seam`] makes the fill meet its surroundings, [`gradients`] removes steps between patches of different brightness,
//!    [`thin`] corrects thin holes, and [`texture`] keeps the fill as rough as its surroundings.
//!
//! [`nn_field`] offers the search alone, for pictures that were filled by other means.
//!
//! # `#[inline(never)]`
//!
//! The engine's download has a size budget. The compiler copies a small function to every place that calls it, and a function that is called
//! from asynchronous code into every state machine that awaits that code. Functions here and in [`unblend`] that are called from several places
//! or from asynchronous code, and do enough work for a call to cost nothing in comparison, are therefore marked `#[inline(never)]`. Without the
//! marks the engine would be about a tenth larger.

mod axis_lines;
mod biharmonic;
mod captions;
mod clusters;
mod content;
mod field;
mod flats;
mod gradients;
mod lattice;
pub(crate) mod membrane;
mod nn_field;
mod offsets;
mod panels;
mod patch_match;
mod pyramid;
mod random;
mod seam;
mod smooth;
mod straight_lines;
mod strokes;
mod summed_area;
mod synthesis;
mod texture;
mod thin;
mod unblend;
mod votes;

use crate::pacer::Share;
use crate::pixels::{Image, Mask, Patch, Rect};
use crate::{Error, Pacer, Result, Stage};
use clusters::Clusters;
use content::Content;
use field::{FAINT, Field, State, apart};
pub(crate) use nn_field::nn_field;

/// Maximum area of a cluster's context, in pixels. A fill takes about 30 bytes for each of them, and 200 for each pixel in the hole's rectangle.
const MAX_CONTEXT: usize = 30_000_000;

/// Share of the progress that the search for a semi-transparent mark takes, whether or not one is found.
const UNBLENDING: f32 = 0.3;

/// What the paint is taken for, or a way to fill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// The first of the three below that the picture clearly speaks for.
    #[default]
    Automatic,
    /// Recover what lies under a plausible semi-transparent mark, even if the evidence for it is not convincing, and fill what cannot be recovered.
    /// Without such a mark, everything is filled.
    SeeThrough,
    /// Fill only the letters of an opaque mark, even if something else might lie between them. Without such letters, everything is filled.
    OnlyMarks,
    /// Fill everything that is painted.
    Everything,
    /// Interpolate the surroundings smoothly, and nothing else.
    Smooth,
    /// Copy patches of the surroundings, and nothing else.
    Patches,
}

/// How the paint was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// [`Route::Automatic`] never is one.
    pub route: Route,
    /// The other routes that would give something else here, the likelier first.
    pub others: Vec<Route>,
}

/// The result of a fill.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    /// The mask's rectangle. Pixels that the mask does not cover are unchanged.
    pub patch: Patch,
    /// The mask without the pixels that were recovered from under a mark, or left alone. Recovered pixels are the picture's own, even where the mask
    /// covers them in part.
    pub made_up: Mask,
    /// How the paint was taken.
    pub reading: Reading,
}

/// Fills every pixel that `mask` covers at all, unless it is recovered or left alone; `mask` is already [fitted](Mask::fitted).
///
/// # Errors
/// [`Error::Cancelled`] from `pacer`; [`Error::TooLarge`] when the context of one stroke exceeds 30 million pixels.
pub async fn instant(image: &Image, mask: &Mask, seed: u32, route: Route, pacer: &dyn Pacer) -> Result<Filled> {
    pacer.checkpoint().await?;
    if matches!(route, Route::Smooth | Route::Patches) {
        let patch = make_up(image, mask, seed, route, pacer).await?;
        return Ok(Filled { patch, made_up: mask.clone(), reading: Reading { route, others: vec![] } });
    }
    let unblending = Share { pacer, start: 0.0, length: UNBLENDING };
    let seen = unblend::unblend(image, mask, &unblending).await?;
    let caption = captions::find(image, mask, pacer).await?;
    let readings = Readings {
        see_through: seen.as_ref().map(|seen| seen.is_convincing),
        only_marks: caption.as_ref().map(|caption| caption.is_convincing),
    };
    let taken = readings.taken(route);
    let before = image.crop(mask.rect())?;
    let (patch, made_up) = match (taken, seen, &caption) {
        (Route::SeeThrough, Some(seen), _) => (seen.patch, seen.left),
        (Route::OnlyMarks, _, Some(caption)) => (before, caption.letters.clone()),
        _ => (before, mask.clone()),
    };
    let rest = Share { pacer, start: UNBLENDING, length: 1.0 - UNBLENDING };
    let patch = complete(image, &made_up, patch, seed, taken, &rest).await?;
    let others = readings.possible().filter(|other| *other != taken).collect();
    Ok(Filled { patch, made_up, reading: Reading { route: taken, others } })
}

/// Which routes but [`Route::Everything`] are possible, and whether they are convincing.
struct Readings {
    see_through: Option<bool>,
    only_marks: Option<bool>,
}

impl Readings {
    /// The route that is taken where this one is asked for.
    fn taken(&self, asked: Route) -> Route {
        match asked {
            Route::SeeThrough if self.see_through.is_some() => asked,
            Route::OnlyMarks if self.only_marks.is_some() => asked,
            Route::Automatic if self.see_through == Some(true) => Route::SeeThrough,
            // What may be the mark's full strength in some places is no opaque letter.
            Route::Automatic if self.see_through.is_none() && self.only_marks == Some(true) => Route::OnlyMarks,
            _ => Route::Everything,
        }
    }

    fn possible(&self) -> impl Iterator<Item = Route> {
        let see_through = self.see_through.map(|_| Route::SeeThrough);
        see_through.into_iter().chain(self.only_marks.map(|_| Route::OnlyMarks)).chain([Route::Everything])
    }
}

/// Whether what `mask` covers lies across text on a screen. What a fill puts there is made up, although it may look like words. `mask` is already
/// [fitted](Mask::fitted).
///
/// # Errors
/// [`Error::Cancelled`] from `pacer`.
pub async fn lies_across_text(image: &Image, mask: &Mask, pacer: &dyn Pacer) -> Result<bool> {
    let patch = image.crop(mask.rect())?;
    let clusters = Clusters::new(image.bounds(), mask, pacer).await?;
    for cluster in clusters.list.iter().filter(|c| c.pixels > 0 && c.context.area() <= MAX_CONTEXT) {
        let field = Field::cut(image, mask, &patch, &clusters, cluster, pacer).await?;
        let content = Content::of(&field, pacer).await?;
        if content.is_drawn && panels::lies_across_text(&field, content, pacer).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// [`instant`] without unblending.
///
/// # Errors
/// [`Error::Cancelled`] from `pacer`; [`Error::TooLarge`] when the context of one stroke exceeds 30 million pixels.
pub(crate) async fn make_up(image: &Image, mask: &Mask, seed: u32, route: Route, pacer: &dyn Pacer) -> Result<Patch> {
    complete(image, mask, image.crop(mask.rect())?, seed, route, pacer).await
}

/// [`make_up`] for a picture in which `patch`, which covers the mask's rectangle, has replaced the pixels of `image`.
async fn complete(
    image: &Image,
    mask: &Mask,
    mut patch: Patch,
    seed: u32,
    route: Route,
    pacer: &dyn Pacer,
) -> Result<Patch> {
    let by_content = !matches!(route, Route::Smooth | Route::Patches);
    let clusters = Clusters::new(image.bounds(), mask, pacer).await?;
    pacer.checkpoint().await?;
    let holes: f32 = clusters.list.iter().map(|c| c.pixels as f32).sum();
    let mut filled = 0.0;
    for cluster in clusters.list.iter().filter(|c| c.pixels > 0) {
        if cluster.context.area() > MAX_CONTEXT {
            let Rect { width, height, .. } = cluster.context;
            return Err(Error::TooLarge { width, height });
        }
        let mut field = Field::cut(image, mask, &patch, &clusters, cluster, pacer).await?;
        let share = Share { pacer, start: filled / holes, length: cluster.pixels as f32 / holes };
        let content = Content::of(&field, &share).await?;
        let (mut drawn, mut glyphs) = (vec![], vec![]);
        if by_content {
            drawn = lattice::fill(&mut field, &share).await?;
            if content.is_drawn {
                let panels = panels::fill(&mut field, content, &share).await?;
                drawn.extend(panels.drawn);
                glyphs = panels.glyphs;
            }
            drawn.extend(draw_crossing(&mut field, content, &share).await?);
            if content.is_drawn {
                drawn.extend(flats::fill(&mut field, &drawn, &share).await?);
            }
        }
        let is_smooth = if by_content { smooth::suits(&field, content) } else { route == Route::Smooth };
        if is_smooth {
            smooth::fill(&mut field, &share).await?;
        } else if field.states.contains(&State::Target) {
            glyphs.into_iter().for_each(|at| field.states[at] = State::Excluded);
            field = synthesis::fill(field, content, seed, &share).await?;
        }
        drawn.into_iter().for_each(|at| field.states[at] = State::Target);
        field.paste_targets(&mut patch, cluster.context);
        share.progress(Stage::Filling, 1.0);
        filled += cluster.pixels as f32;
    }
    Ok(patch)
}

/// Draws structures that cross the hole, marks them known and returns their indices.
async fn draw_crossing(field: &mut Field, content: Content, pacer: &dyn Pacer) -> Result<Vec<usize>> {
    let ground = if content.is_drawn { axis_lines::ground(field) } else { None };
    let rules = ground.map_or(vec![], |ground| axis_lines::find(field, None, ground));
    pacer.checkpoint().await?;
    let mut drawn: Vec<usize> = vec![];
    for (at, colour) in straight_lines::find(field, content, pacer).await? {
        field.settle(at, colour);
        drawn.push(at);
    }
    // A slanted line lies on top of rules, but the ground that is drawn with it does not.
    for (at, colour) in rules.into_iter().filter(|(_, colour)| Some(*colour) != ground) {
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
    fn levels_off(clean: fn(u32, u32) -> [u8; 4], ink: impl Fn(u32, u32) -> bool, wider: u32, route: Route) -> u8 {
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
                let off = levels_off(screen, |x, y| word(x, y, left, top), wider, Route::Automatic);
                assert_eq!(off, 0, "brush {wider}, word at {left}, {top}");
            }
        }
    }

    /// A table in a page: rows of two tints, rules, and a border.
    fn table(x: u32, y: u32) -> [u8; 4] {
        let grey = |v: u8| [v, v, v, 255];
        match (x, y) {
            (20..=240, 20..=176) if (x - 20).is_multiple_of(55) || (y - 20).is_multiple_of(26) => grey(70),
            (20..=240, 20..=176) => grey(if ((y - 20) / 26).is_multiple_of(2) { 28 } else { 40 }),
            _ => grey(20),
        }
    }

    /// Something like a digit in every cell of the table, another one in each.
    fn digits(x: u32, y: u32) -> bool {
        let (x, y) = (x.wrapping_sub(20), y.wrapping_sub(20));
        let (cell, row) = (x / 55, y / 26);
        let (letter, column, line) = (x % 55 / 8, x % 55 % 8, (y % 26).wrapping_sub(8));
        x < 220
            && y < 156
            && (1..5).contains(&letter)
            && column < 6
            && line < 10
            && (column * 7 + line * 5 + (cell * 31 + row * 17 + letter * 11) * (1 + column * line)) % 7 < 3
    }

    #[test]
    fn cells_inside_the_hole_get_the_tint_of_their_row_and_nothing_readable() {
        for (left, top, right, bottom) in [(24, 50, 236, 122), (22, 75, 239, 94), (40, 63, 150, 128)] {
            let is_hole = |x: u32, y: u32| (left..right).contains(&x) && (top..bottom).contains(&y);
            let places = || (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
            let seen = |(x, y): (u32, u32)| if digits(x, y) { [220, 220, 220, 255] } else { table(x, y) };
            let mut image = Image::new(WIDTH, HEIGHT, places().flat_map(seen).collect()).unwrap();
            let coverage = places().map(|(x, y)| 255 * u8::from(is_hole(x, y))).collect();
            let mask = Mask::new(image.bounds(), coverage).unwrap().fitted(&image).unwrap();
            let filled = pollster::block_on(instant(&image, &mask, 1, Route::Automatic, &Unpaced)).unwrap();
            image.replace(&filled.patch).unwrap();
            let wrong = places().filter(|(x, y)| is_hole(*x, *y) && image.pixel(*x, *y) != table(*x, *y)).count();
            assert_eq!(wrong, 0, "hole from {left}, {top}");
        }
    }

    #[test]
    fn text_is_told_where_the_hole_lies_across_it() {
        let page = |lines: bool, left: u32, top: u32| {
            // H, E and I, one after the other.
            let letter = |x: u32, y: u32| {
                let (column, row) = (x % 9, y % 14);
                let bar = (4..6).contains(&row);
                // With margins around, as pages have them.
                let inside = (20..240).contains(&x) && (14..176).contains(&y);
                lines
                    && inside
                    && column < 6
                    && row < 10
                    && match (x / 9 + y / 14) % 3 {
                        0 => !(2..4).contains(&column) || bar,
                        1 => column < 2 || !(2..8).contains(&row) || bar,
                        _ => (2..4).contains(&column),
                    }
            };
            let places = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
            let rgba = places.flat_map(|(x, y)| if letter(x, y) { [20, 20, 20, 255] } else { [255; 4] }).collect();
            let image = Image::new(WIDTH, HEIGHT, rgba).unwrap();
            let hole = Rect { x: left, y: top, width: 80, height: 50 };
            let mask = Mask::new(hole, vec![255; hole.area()]).unwrap().fitted(&image).unwrap();
            pollster::block_on(lies_across_text(&image, &mask, &Unpaced)).unwrap()
        };
        for (left, top) in [(60, 40), (93, 71), (20, 101)] {
            assert!(page(true, left, top), "{left}, {top}");
            assert!(!page(false, left, top), "{left}, {top}: nothing is written there");
        }
    }

    #[test]
    fn gradients_without_anything_else_stay_within_a_level() {
        let slope = |x: u32, y: u32| {
            let (x, y) = (x as f32, y as f32);
            [(40.3 + 0.31 * x + 0.57 * y).round() as u8, 90, (200.0 - 0.47 * y).round() as u8, 255]
        };
        for route in [Route::Automatic, Route::Smooth] {
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
        let filled = pollster::block_on(instant(&image, &mask, 1, Route::Automatic, &Unpaced)).unwrap();
        image.replace(&filled.patch).unwrap();
        let off = |(x, y): (u32, u32)| image.pixel(x, y)[0].abs_diff(clean.pixel(x, y)[0]);
        assert_eq!(places().filter(|(x, y)| away(*x, *y) > 3.0).map(off).max(), Some(0));
        assert!(places().filter(|(x, y)| away(*x, *y) < 1.0).all(|place| off(place) < 60));
    }

    #[test]
    fn a_forced_route_is_taken() {
        let ink = |x: u32, y: u32| word(x, y, 150, 64);
        assert!(levels_off(screen, ink, 6, Route::Smooth) > 0);
        assert_eq!(levels_off(screen, ink, 6, Route::Automatic), 0);
    }

    /// Mean difference of horizontal neighbours in a rectangle, in levels.
    fn roughness(image: &Image, rect: Rect) -> f32 {
        let pairs = || (rect.y..rect.bottom()).flat_map(|y| (rect.x + 1..rect.right()).map(move |x| (x, y)));
        let difference = |(x, y): (u32, u32)| f32::from(image.pixel(x, y)[1].abs_diff(image.pixel(x - 1, y)[1]));
        pairs().map(difference).sum::<f32>() / pairs().count() as f32
    }

    #[test]
    fn what_is_made_up_among_texture_is_as_rough_as_its_surroundings() {
        let mut random = random::Random::new(6);
        // Rough, with a smooth stripe below that is as light on average: it differs less from whatever one looks for.
        let mut light = |y: u32| if y < 130 { 120 + random.below(60) as u8 } else { 148 + random.below(4) as u8 };
        let lights = (0..WIDTH * HEIGHT).map(|i| light(i / WIDTH));
        let rgba = lights.flat_map(|v| [v, v, v, 255]).collect();
        let mut image = Image::new(WIDTH, HEIGHT, rgba).unwrap();
        let hole = Rect { x: 90, y: 40, width: 70, height: 60 };
        let around = roughness(&image, Rect { x: 10, width: 70, ..hole });
        let mask = Mask::new(hole, vec![255; hole.area()]).unwrap().fitted(&image).unwrap();
        let filled = pollster::block_on(instant(&image, &mask, 1, Route::Automatic, &Unpaced)).unwrap();
        image.replace(&filled.patch).unwrap();
        let made_up = roughness(&image, hole);
        assert!((0.85..1.1).contains(&(made_up / around)), "{made_up} of {around}");
    }
}
