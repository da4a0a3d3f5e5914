//! Recovers what lies under a semi-transparent mark, such as a watermark: solves `I = s * B + (1 - s) * c` for the hidden picture `B`, where `I`
//! is the picture as it is, `c` the mark's colour and `s` the share of `B` that shines through.
//!
//! One step a module, in the order in which they come:
//!
//! 1. [`pieces`] divides the mask into connected pieces and finds those that are copies of each other.
//! 2. [`scene`] measures texture around the mask and interpolates a first guess of `B` over it.
//! 3. [`palette`] finds the mark on drawn content, by what it does to the few colours there; elsewhere, the steps 5 to 7 do.
//!    [`edges`] finds marks by what is seen on both sides of sharp edges, more often in the mask than around it; where it finds one, the step 5 is
//!    a fit to it, and [`parts`] tells which of the labelled pixels are the mark's: all others are left alone.
//!    [`steps`] finds marks by what they do to pixels a few apart, on either side of an edge, wherever in the mask that is.
//! 4. [`graph`] connects masked pixels ("sites") with their neighbours, for a sample of the mask or for a batch of it.
//! 5. [`search`] tries several colours and transparencies of the mark ([`mark`]), by turns of the next two steps.
//! 6. [`beliefs`] labels the sites by loopy belief propagation: each is covered by 0, 1/8 ... 8/8 of the mark (its antialiased edge), or unexplained
//!    ([`labels`]). Neighbours in `B` are expected to differ as neighbours around the mask do. It also tells how well the whole is explained.
//! 7. [`line_fit`] estimates `s` and `c` from the straight line that local means of covered pixels form over those of bare pixels close by.
//! 8. [`copies`] lets the copies of a repeated (tiled) mark tell each other where they are covered.
//! 9. [`recover`] computes the hidden colours and their likely errors, and counts what speaks for and against a mark. [`drawn`] makes them exact
//!    where colours are few.
//! 10. [`verdict`] decides: the mark's edges must be no edges of what is found below, and an opaque object has no such line, or not the texture that goes with
//!     it. In doubt the other ways to fill take over, unless the user asks for what was recovered.
//!
//! Why some functions are marked `#[inline(never)]` is said in [`super`].
//!
//! Work and memory depend on the size of the mask and a margin around it, not on that of the picture.

mod beliefs;
#[cfg(test)]
mod calibration;
mod colour;
mod copies;
mod drawn;
mod edges;
mod graph;
mod labels;
mod line_fit;
mod mark;
mod palette;
mod parts;
mod pieces;
mod recover;
mod scene;
mod search;
mod steps;
mod verdict;

use crate::pacer::{Rising, Share};
use crate::pixels::{Image, Mask, Patch};
use crate::{Pacer, Result, Stage};
use beliefs::{Task, propagate};
use copies::{Cover, hint_from_copies, note_cover};
use drawn::recover_drawn;
use edges::Edges;
use graph::Graph;
use labels::Labels;
use mark::Mark;
use palette::Palette;
use parts::Parts;
use recover::{Check, recover};
use scene::Scene;
use search::{Evident, find_evident, find_mark};
use verdict::{is_borne_out, is_convincing, is_explained, is_found, is_on_line, is_plausible, is_seamless};

/// The result of looking through a mark.
#[derive(Clone, Debug)]
pub(super) struct Unblended {
    /// The mask's rectangle with the recovered pixels in place; all others are the picture's own.
    pub(super) patch: Patch,
    /// What is still to be filled: the mask without the recovered pixels. It may have no covered pixel left.
    pub(super) left: Mask,
    /// Whether there is surely a mark; otherwise it is only plausible.
    pub(super) is_convincing: bool,
}

/// Maximum number of pixels that are labelled at once; each takes about 1.4 kB.
const BATCH_SITES: usize = 60_000;
/// Of masks with more pixels, a batch alone is labelled first: most large ones cover an object, whose edges happen to look like those of a mark, and
/// labelling all of it would take seconds.
const LARGE: usize = 2 * BATCH_SITES;
/// Rounds of belief propagation, and of those that only tell the copies of a piece about each other, or whether a mark is likely.
const ROUNDS: usize = 20;
const FIRST_ROUNDS: usize = 10;
/// Share of the progress that the search for a mark takes.
const SEARCH: f32 = 0.6;

/// Recovers what the mark under `mask` covers; `mask` is [fitted](Mask::fitted). None when there is no plausible semi-transparent mark.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled) from `pacer`.
pub(super) async fn unblend(image: &Image, mask: &Mask, pacer: &dyn Pacer) -> Result<Option<Unblended>> {
    let Some(scene) = Scene::new(image, mask, pacer).await? else { return Ok(None) };
    let rising = Rising::new(pacer);
    let searching = Share { pacer: &rising, start: 0.0, length: SEARCH };
    let lifting = Share { pacer: &rising, start: SEARCH, length: 1.0 - SEARCH };
    if let Some(palette) = Palette::new(&scene)
        && let Some(mark) = palette.mark(&searching).await?
    {
        let covers = covers_of_copies(&scene, &mark, Some(&palette), &lifting).await?;
        let task = Labelling::BY_AREAS;
        let (found, check, _) = lift(&scene, mask, (&mark, &covers, task), Some(&palette), &lifting).await?;
        if is_seamless(&check) {
            return Ok(Some(Unblended { is_convincing: true, ..found }));
        }
    }
    let mut doubtful = None;
    if let Some(edges) = Edges::new(&scene, &searching).await?
        && let Some(evident) = find_evident(&scene, &edges, &searching).await?
    {
        doubtful = lift_evident(&scene, mask, &edges, &evident, &lifting).await?;
        if evident.is_strong && doubtful.is_some() {
            return Ok(doubtful);
        }
    }
    let found = find_mark(&scene, &searching).await?;
    let Some(mark) = found.filter(is_plausible) else { return Ok(doubtful) };
    let covers = covers_of_copies(&scene, &mark, None, &lifting).await?;
    let [first, second] = halves(&lifting);
    let (found, check, _) = lift(&scene, mask, (&mark, &covers, Labelling::BY_AREAS), None, &first).await?;
    if !is_convincing(&mark, &check) {
        return Ok(doubtful.or(Some(found)));
    }
    let (found, ..) = lift(&scene, mask, (&mark, &covers, Labelling::BY_EDGES), None, &second).await?;
    Ok(Some(Unblended { is_convincing: true, ..found }))
}

/// The progress of the two rounds in which a mark is lifted: by areas, and once it surely is one, by edges.
fn halves<'a>(lifting: &'a Share<'_>) -> [Share<'a>; 2] {
    [0.0, 0.5].map(|start| Share { pacer: lifting, start, length: 0.5 })
}

/// Takes a mark off that edges tell, if that is borne out. One that is not strong is offered only, and in a large mask not even that, because it takes long.
async fn lift_evident(
    scene: &Scene<'_>,
    mask: &Mask,
    edges: &Edges,
    evident: &Evident,
    lifting: &Share<'_>,
) -> Result<Option<Unblended>> {
    let Evident { mark, is_loose, is_strong } = evident;
    let labelling = Labelling { is_evident: true, is_loose: *is_loose, ..Labelling::BY_AREAS };
    if !is_on_line(mark) || !is_strong && scene.pieces.count() > LARGE {
        return Ok(None);
    }
    let covers = covers_of_copies(scene, mark, None, lifting).await?;
    if !is_likely(scene, edges, (mark, &covers, labelling), lifting).await? {
        return Ok(None);
    }
    let [first, second] = halves(lifting);
    let lifted = lift_parts(scene, mask, edges, (mark, &covers, labelling), &first).await?;
    if lifted.as_ref().is_none_or(|lifted| !is_explained(mask, &lifted.left)) {
        return Ok(None);
    }
    if !is_strong {
        return Ok(lifted);
    }
    let labelling = Labelling { is_by_edges: true, ..labelling };
    let better = lift_parts(scene, mask, edges, (mark, &covers, labelling), &second).await?;
    let best = better.filter(|better| is_explained(mask, &better.left)).or(lifted);
    Ok(best.map(|best| Unblended { is_convincing: true, ..best }))
}

/// Whether a batch of a large mask, the one with most edges of an evident mark, bears the mark out. Smaller masks are not asked.
async fn is_likely(scene: &Scene<'_>, edges: &Edges, found: Found<'_>, pacer: &dyn Pacer) -> Result<bool> {
    let (mark, covers, labelling) = found;
    if scene.pieces.count() <= LARGE {
        return Ok(true);
    }
    let own = edges.own(mark);
    let graphs = scene.pieces.batches(BATCH_SITES).into_iter().map(|batch| Graph::new(scene, batch));
    let Some(graph) = graphs.max_by_key(|graph| own.iter().filter(|place| graph.has(**place)).count()) else {
        return Ok(true);
    };
    let hint = hint_from_copies(scene, &graph, covers).map(|hint| hint.labels);
    let task = Task { hint: hint.as_deref(), ..labelling.task() };
    let beliefs = propagate(&graph, &mark.path(), FIRST_ROUNDS, &task, pacer).await?;
    let (parts, share) = judged(scene, edges, mark, &parts::covers(&graph, &beliefs), |place| graph.has(place));
    Ok(is_borne_out(mark, &parts) && is_found(share))
}

/// The parts of what is covered, and the share of the mark's edges that they have, of those where `is_asked`.
fn judged(
    scene: &Scene<'_>,
    edges: &Edges,
    mark: &Mark,
    cover: &[f32],
    is_asked: impl Fn((u32, u32)) -> bool,
) -> (Parts, f32) {
    let parts = parts::judged(scene, edges, mark, cover);
    let own = cover.iter().zip(&parts.is_own).map(|(cover, is_own)| if *is_own { *cover } else { 0.0 });
    let share = edges.found(mark, &own.collect::<Vec<f32>>(), scene.pieces.window, is_asked);
    (parts, share)
}

/// Takes the parts of a mark off that have its edges, if those are borne out.
async fn lift_parts(
    scene: &Scene<'_>,
    mask: &Mask,
    edges: &Edges,
    found: Found<'_>,
    pacer: &dyn Pacer,
) -> Result<Option<Unblended>> {
    let (lifted, _, cover) = lift(scene, mask, found, None, pacer).await?;
    let (parts, share) = judged(scene, edges, found.0, &cover, |_| true);
    if !is_borne_out(found.0, &parts) || !is_found(share) {
        return Ok(None);
    }
    Ok(Some(lifted.only(scene, &parts.is_own)?))
}

/// A mark, the covers that the copies of each piece suggest, and how its pixels are labelled.
type Found<'a> = (&'a Mark, &'a [Cover], Labelling);

/// How the pixels under a mark are labelled.
#[derive(Clone, Copy)]
struct Labelling {
    /// Whether edges have told the mark.
    is_evident: bool,
    /// Whether the mark covers a small part of what is painted.
    is_loose: bool,
    /// [`Task::is_by_edges`]. Whether there is a mark is told by labels that go by areas as well; where a mark is that surely is one, by edges alone.
    is_by_edges: bool,
}

impl Labelling {
    const BY_AREAS: Self = Self { is_evident: false, is_loose: false, is_by_edges: false };
    const BY_EDGES: Self = Self { is_by_edges: true, ..Self::BY_AREAS };

    fn task(self) -> Task<'static> {
        let Self { is_evident: by_hue, is_loose, is_by_edges } = self;
        Task { by_hue, is_loose, is_by_edges, ..Task::LABEL }
    }
}

impl Unblended {
    /// The same with all pixels of the window left alone but `own` ones.
    fn only(mut self, scene: &Scene<'_>, own: &[bool]) -> Result<Self> {
        let (rect, window) = (self.patch.rect, scene.pieces.window);
        let mut left = vec![];
        for (at, pixel) in self.patch.rgba.chunks_exact_mut(4).enumerate() {
            let (x, y) = (rect.x + at as u32 % rect.width, rect.y + at as u32 / rect.width);
            if own[((y - window.y) * window.width + x - window.x) as usize] {
                left.push(self.left.at(x, y));
            } else {
                pixel.copy_from_slice(&scene.image.pixel(x, y));
                left.push(0);
            }
        }
        self.left = Mask::new(rect, left)?;
        Ok(self)
    }
}

/// Takes the mark off, counts what speaks for and against it, and says how much of each pixel of the window it covers. The palette is given if it
/// has told the mark.
async fn lift(
    scene: &Scene<'_>,
    mask: &Mask,
    (mark, covers, labelling): Found<'_>,
    palette: Option<&Palette>,
    pacer: &dyn Pacer,
) -> Result<(Unblended, Check, Vec<f32>)> {
    let mut covered = vec![0.0f32; scene.pieces.window.area()];
    let rect = mask.rect();
    let mut patch = scene.image.crop(rect)?;
    let mut left: Vec<u8> = (rect.y..rect.bottom())
        .flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y)))
        .map(|(x, y)| mask.at(x, y))
        .collect();
    let path = mark.path();
    let mut check = Check::default();
    let batches = scene.pieces.batches(BATCH_SITES);
    let count = batches.len() as f32;
    for (i, batch) in batches.into_iter().enumerate() {
        pacer.progress(Stage::Filling, i as f32 / count);
        let graph = Graph::new(scene, batch);
        let (told, hidden) = palette.map(|palette| palette.hints(&graph, mark)).unzip();
        let hint = both(told, hint_from_copies(scene, &graph, covers).map(|hint| hint.labels));
        let task = Task { hint: hint.as_deref(), is_drawn: palette.is_some(), ..labelling.task() };
        let beliefs = propagate(&graph, &path, ROUNDS, &task, pacer).await?;
        let (mut colours, mut errors) = recover(&graph, &path, &beliefs, &mut check);
        if let Some(hidden) = hidden {
            recover_drawn(&graph, mark, &beliefs, &hidden, &mut colours, &mut errors, &mut check);
        }
        for (site, states) in graph.sites.iter().zip(&beliefs.states) {
            covered[(site.y * scene.pieces.window.width + site.x) as usize] = Cover::expected(states);
        }
        pacer.checkpoint().await?;
        for ((site, colour), error) in graph.sites.iter().zip(colours).zip(errors) {
            if error > 2.0 + site.grain.mean {
                continue;
            }
            let at = (site.y + scene.pieces.window.y - rect.y) as usize * rect.width as usize
                + (site.x + scene.pieces.window.x - rect.x) as usize;
            for (to, from) in patch.rgba[at * 4..at * 4 + 3].iter_mut().zip(colour) {
                *to = from.round() as u8;
            }
            left[at] = 0;
        }
    }
    Ok((Unblended { patch, left: Mask::new(rect, left)?, is_convincing: false }, check, covered))
}

/// A first estimate of the cover of each pixel of the window, where the mark is repeated.
async fn covers_of_copies(
    scene: &Scene<'_>,
    mark: &Mark,
    palette: Option<&Palette>,
    pacer: &dyn Pacer,
) -> Result<Vec<Cover>> {
    let mut cover = vec![Cover::NONE; scene.pieces.window.area()];
    if scene.pieces.has_copies() {
        for batch in scene.pieces.batches(BATCH_SITES) {
            let graph = Graph::new(scene, batch);
            let hint = palette.map(|palette| palette.hints(&graph, mark).0);
            let task = Task { hint: hint.as_deref(), is_drawn: palette.is_some(), ..Task::LABEL };
            let beliefs = propagate(&graph, &mark.path(), FIRST_ROUNDS, &task, pacer).await?;
            note_cover(&graph, &beliefs, &mut cover);
        }
    }
    Ok(cover)
}

/// The product of the factors for the labels of each site.
fn both(one: Option<Vec<Labels>>, other: Option<Vec<Labels>>) -> Option<Vec<Labels>> {
    match (one, other) {
        (Some(mut product), Some(other)) => {
            for (labels, factors) in product.iter_mut().zip(other) {
                labels.iter_mut().zip(factors).for_each(|(label, factor)| *label *= factor);
            }
            Some(product)
        }
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::colour::Rgb;
    use super::*;
    use crate::Unpaced;
    use crate::fill::{Route, instant};
    use crate::pixels::Rect;

    const WIDTH: u32 = 215;
    const HEIGHT: u32 = 141;

    /// Noise in 0..1 that depends on the arguments alone.
    fn hash(x: u32, y: u32, seed: u32) -> f32 {
        let mut h = x.wrapping_mul(0x9E37_79B9) ^ y.wrapping_mul(0x85EB_CA6B) ^ seed.wrapping_mul(0xC2B2_AE35);
        h ^= h >> 15;
        h = h.wrapping_mul(0x2C1B_3C6D);
        h ^= h >> 12;
        h = h.wrapping_mul(0x297A_2D39);
        h ^= h >> 15;
        (h >> 8) as f32 / 16_777_216.0
    }

    /// Smooth noise in 0..1 on a lattice.
    fn octave(x: u32, y: u32, period: u32, seed: u32) -> f32 {
        let ease = |v: u32| {
            let t = (v % period) as f32 / period as f32;
            t * t * (3.0 - 2.0 * t)
        };
        let corner = |dx: u32, dy: u32| hash(x / period + dx, y / period + dy, seed);
        let row = |dy: u32| corner(0, dy) + (corner(1, dy) - corner(0, dy)) * ease(x);
        row(0) + (row(1) - row(0)) * ease(y)
    }

    /// Something like a photograph of foliage.
    pub(in crate::fill) fn foliage(x: u32, y: u32, seed: u32) -> Rgb {
        let light = 40.0
            + 110.0 * octave(x, y, 29, seed)
            + 50.0 * octave(x, y, 11, seed + 1)
            + 25.0 * octave(x, y, 4, seed + 2);
        let tint = |period: u32, seed: u32| octave(x, y, period, seed);
        [light + 10.0 * tint(17, seed + 3), 0.9 * light, 0.7 * light + 20.0 * tint(13, seed + 4)]
            .map(|v| v.round().clamp(0.0, 255.0))
    }

    /// Antialiased cover of ten characters, rings and slanted bars in turn.
    pub(in crate::fill) fn letters(x: u32, y: u32) -> f32 {
        let inside = |x: f32, y: f32| {
            (0..10u8).any(|i| {
                let (dx, dy) = (x - (24.3 + f32::from(i % 5) * 39.7), y - (36.6 + f32::from(i / 5) * 64.2));
                if i % 2 == 0 {
                    (7.5 * 7.5..14.0 * 14.0).contains(&(dx * dx + dy * dy))
                } else {
                    let (sin, cos) = (0.3 * f32::from(i)).sin_cos();
                    (dx * cos + dy * sin).abs() < 4.2 && (dy * cos - dx * sin).abs() < 14.0
                }
            })
        };
        let sample = |i: u8| (f32::from(i) + 0.5) / 4.0;
        let samples = (0..4).flat_map(|v| (0..4).map(move |u| (u, v)));
        samples.filter(|(u, v)| inside(x as f32 + sample(*u), y as f32 + sample(*v))).count() as f32 / 16.0
    }

    /// Something like a page: tinted rows between rules, and lines of antialiased letters.
    pub(in crate::fill) fn page(x: u32, y: u32) -> Rgb {
        let ground = match y / 24 % 3 {
            _ if y.is_multiple_of(24) => [208.0, 212.0, 220.0],
            0 => [255.0; 3],
            1 => [240.0, 244.0, 250.0],
            _ => [255.0, 252.0, 240.0],
        };
        let ink = [31.0, 35.0, 48.0];
        let is_text = (8..17).contains(&(y % 24)) && x % 9 < 6 && hash(x / 9, y / 24, 3) < 0.8;
        let stroke = hash(x % 9 + 16 * (hash(x / 9, y / 24, 4) * 20.0) as u32, y % 24, 5);
        let share = if is_text { ((stroke - 0.35) * 6.0).round().clamp(0.0, 3.0) / 3.0 } else { 0.0 };
        std::array::from_fn(|i| (ground[i] + (ink[i] - ground[i]) * share).round())
    }

    #[test]
    fn on_a_page_colour_and_transparency_are_found_from_what_becomes_of_its_colours() {
        for (opacity, mark) in [(0.37, [50.0, 80.0, 200.0]), (0.2, [128.0; 3]), (0.55, [220.0, 40.0, 40.0])] {
            let (_, marked, mask) = scene_of(page, letters, |_, _, colour, t| laid_over(colour, opacity * t, mark));
            let scene = pollster::block_on(Scene::new(&marked, &mask, &Unpaced)).unwrap().unwrap();
            let palette = Palette::new(&scene).expect("few colours");
            let found = pollster::block_on(palette.mark(&Unpaced)).unwrap().expect("a mark");
            assert!((found.clear + opacity - 1.0).abs() < 0.004, "{}", found.clear);
            assert!(super::colour::distance(found.colour, mark) < 3.0, "{:?}", found.colour);
        }
    }

    #[test]
    fn on_a_page_the_mark_is_exact_letters_stay_readable_and_what_is_bare_stays() {
        for (opacity, mark) in [(0.37, [50.0, 80.0, 200.0]), (0.2, [128.0; 3]), (0.55, [220.0, 40.0, 40.0])] {
            let (clean, marked, mask) = scene_of(page, letters, |_, _, colour, t| laid_over(colour, opacity * t, mark));
            let found = run(&marked, &mask).expect("a mark");
            let (ratio, left) = quality(&clean, &mask, &found);
            assert!(ratio >= 45.0 && left < 0.01, "{ratio} dB, {left} left");
            let rect = mask.rect();
            for (at, seen) in found.patch.rgba.chunks_exact(4).enumerate() {
                let (x, y) = (rect.x + at as u32 % rect.width, rect.y + at as u32 / rect.width);
                let is_near = |x: u32, y: u32| {
                    let columns = x.saturating_sub(2)..x + 3;
                    (y.saturating_sub(2)..y + 3).any(|y| columns.clone().any(|x| letters(x, y) > 0.0))
                };
                assert!(seen == marked.pixel(x, y) || is_near(x, y), "{x}, {y}");
            }
        }
    }

    #[test]
    fn a_page_on_a_dithered_gradient_is_drawn_as_well_and_foliage_is_not() {
        let dithered = |x: u32, y: u32| {
            let shade = (y as f32 / 20.0 + hash(x, y, 9)).floor();
            page(x, y).map(|level| if level > 200.0 { level - shade } else { level })
        };
        let mark = [50.0, 80.0, 200.0];
        let (clean, marked, mask) = scene_of(dithered, letters, |_, _, colour, t| laid_over(colour, 0.37 * t, mark));
        let scene = pollster::block_on(Scene::new(&marked, &mask, &Unpaced)).unwrap().unwrap();
        let palette = Palette::new(&scene).expect("few colours");
        assert!(pollster::block_on(palette.mark(&Unpaced)).unwrap().is_some());
        let (ratio, left) = quality(&clean, &mask, &run(&marked, &mask).expect("it is looked through"));
        assert!(ratio >= 36.0 && left < 0.01, "{ratio} dB, {left} left");
        let grey = |x: u32, y: u32| [foliage(x, y, 7)[0]; 3];
        let (_, marked, mask) = scene_of(grey, letters, |_, _, colour, t| laid_over(colour, 0.37 * t, [255.0; 3]));
        let scene = pollster::block_on(Scene::new(&marked, &mask, &Unpaced)).unwrap().unwrap();
        assert!(Palette::new(&scene).is_none());
    }

    #[test]
    fn an_opaque_mark_on_a_page_is_not_looked_through() {
        for mark in [[50.0, 80.0, 200.0], [128.0; 3], [0.0; 3]] {
            let (_, marked, mask) = scene_of(page, letters, |_, _, colour, t| laid_over(colour, t, mark));
            assert!(run(&marked, &mask).is_none());
        }
    }

    fn scene(cover: impl Fn(u32, u32) -> f32, over: impl Fn(u32, u32, Rgb, f32) -> Rgb) -> (Image, Image, Mask) {
        scene_of(|x, y| foliage(x, y, 7), cover, over)
    }

    /// A picture, the same with something laid over it, and a mask three pixels wider than that.
    pub(in crate::fill) fn scene_of(
        picture: impl Fn(u32, u32) -> Rgb,
        cover: impl Fn(u32, u32) -> f32,
        over: impl Fn(u32, u32, Rgb, f32) -> Rgb,
    ) -> (Image, Image, Mask) {
        let (mut clean, mut marked, mut coverage) = (vec![], vec![], vec![]);
        let places = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
        let covers: Vec<f32> = places.map(|(x, y)| cover(x, y)).collect();
        let cover = |x: u32, y: u32| covers[(y * WIDTH + x) as usize];
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let colour = picture(x, y);
                let covered = cover(x, y);
                let seen = over(x, y, colour, covered).map(|v| v.round().clamp(0.0, 255.0) as u8);
                clean.extend(colour.map(|v| v as u8));
                clean.push(255);
                marked.extend(seen);
                marked.push(255);
                let columns = x.saturating_sub(3)..(x + 4).min(WIDTH);
                let mut rows = y.saturating_sub(3)..(y + 4).min(HEIGHT);
                let is_near = rows.any(|y| columns.clone().any(|x| cover(x, y) > 0.0));
                coverage.push(if is_near { 255 } else { 0 });
            }
        }
        let image = |rgba| Image::new(WIDTH, HEIGHT, rgba).unwrap();
        let (clean, marked) = (image(clean), image(marked));
        let mask = Mask::new(clean.bounds(), coverage).unwrap().fitted(&clean).unwrap();
        (clean, marked, mask)
    }

    pub(in crate::fill) fn laid_over(colour: Rgb, cover: f32, mark: Rgb) -> Rgb {
        std::array::from_fn(|i| colour[i] * (1.0 - cover) + mark[i] * cover)
    }

    fn run(image: &Image, mask: &Mask) -> Option<Unblended> {
        pollster::block_on(unblend(image, mask, &Unpaced)).unwrap().filter(|found| found.is_convincing)
    }

    /// Peak signal-to-noise ratio of what was recovered, and the share of the mask that is left.
    fn quality(clean: &Image, mask: &Mask, found: &Unblended) -> (f32, f32) {
        let (mut sum, mut recovered, mut left) = (0.0, 0.0, 0.0);
        let rect = mask.rect();
        for (at, seen) in found.patch.rgba.chunks_exact(4).enumerate() {
            let (x, y) = (rect.x + at as u32 % rect.width, rect.y + at as u32 / rect.width);
            if mask.at(x, y) == 0 {
                continue;
            }
            if found.left.at(x, y) > 0 {
                left += 1.0;
                continue;
            }
            recovered += 3.0;
            sum += seen.iter().zip(clean.pixel(x, y)).map(|(a, b)| (f32::from(*a) - f32::from(b)).powi(2)).sum::<f32>();
        }
        (10.0 * (255.0f32 * 255.0 * recovered / sum.max(1e-3)).log10(), left / (left + recovered / 3.0))
    }

    #[test]
    fn a_mark_in_a_mask_of_several_batches_is_looked_through_and_progress_never_falls() {
        const SIDE: u32 = 440;
        let cover = |x: u32, y: u32| 0.5 * letters(x % WIDTH, y % HEIGHT);
        let image = |of: &dyn Fn(u32, u32) -> Rgb| {
            let places = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
            let rgba = places.flat_map(|(x, y)| {
                let [r, g, b] = of(x, y).map(|v| v.round() as u8);
                [r, g, b, 255]
            });
            Image::new(SIDE, SIDE, rgba.collect()).unwrap()
        };
        let clean = image(&|x, y| foliage(x, y, 7));
        let marked = image(&|x, y| laid_over(foliage(x, y, 7), cover(x, y), [255.0; 3]));
        let rect = Rect { x: 12, y: 12, width: SIDE - 24, height: SIDE - 24 };
        assert!(rect.area() > LARGE);
        let mask = Mask::new(rect, vec![255; rect.area()]).unwrap().fitted(&clean).unwrap();
        let rises = Rises(std::cell::Cell::new(0.0));
        let found = pollster::block_on(unblend(&marked, &mask, &rises)).unwrap().expect("a mark");
        let (ratio, left) = quality(&clean, &mask, &found);
        let before = quality(&clean, &mask, &Unblended { patch: marked.crop(rect).unwrap(), ..found.clone() }).0;
        assert!(found.is_convincing && left < 0.05, "{left} left");
        assert!(ratio >= before + 1.0, "{before} dB became {ratio} dB");
        assert!(rises.0.get() > SEARCH);

        let scene = pollster::block_on(Scene::new(&marked, &mask, &Unpaced)).unwrap().unwrap();
        let edges = pollster::block_on(Edges::new(&scene, &Unpaced)).unwrap().unwrap();
        let found = pollster::block_on(find_evident(&scene, &edges, &Unpaced)).unwrap();
        let Evident { mark, is_loose, .. } = found.expect("a mark");
        let labelling = Labelling { is_evident: true, is_loose, ..Labelling::BY_AREAS };
        let is_likely = |mark: &Mark| pollster::block_on(is_likely(&scene, &edges, (mark, &[], labelling), &Unpaced));
        assert!(is_likely(&mark).unwrap());
        assert!(!is_likely(&Mark { colour: mark.colour.map(|c| 255.0 - c), ..mark.clone() }).unwrap());
    }

    #[test]
    fn what_lies_in_a_photograph_is_no_mark() {
        let pictures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/pages/pictures");
        let holes = [
            ("chelsea.jpg", 260, 25, 108, 56),
            ("chelsea.jpg", 209, 140, 59, 119),
            ("coffee.jpg", 319, 291, 134, 56),
            ("meadow.jpg", 224, 230, 126, 83),
        ];
        for (name, x, y, width, height) in holes {
            let photograph = image::open(pictures.join(name)).unwrap().into_rgba8();
            let photograph = Image::new(photograph.width(), photograph.height(), photograph.into_raw()).unwrap();
            let rect = Rect { x, y, width, height };
            let off = |v: u32, start: u32, length: u32| (v - start) as f32 * 2.0 / (length - 1) as f32 - 1.0;
            let is_in = |(u, v): (u32, u32)| off(u, x, width).powi(2) + off(v, y, height).powi(2) <= 1.0;
            for is_oval in [false, true] {
                let coverage = rect.places().map(|place| if !is_oval || is_in(place) { 255 } else { 0 }).collect();
                let mask = Mask::new(rect, coverage).unwrap().fitted(&photograph).unwrap();
                assert!(run(&photograph, &mask).is_none(), "{name} at {x}, {y}; oval: {is_oval}");
            }
        }
    }

    /// Takes progress that never falls.
    struct Rises(std::cell::Cell<f32>);

    impl Pacer for Rises {
        fn progress(&self, _stage: Stage, done: f32) {
            assert!((self.0.get()..=1.0).contains(&done), "{done} after {}", self.0.get());
            self.0.set(done);
        }

        fn checkpoint(&self) -> crate::Checkpoint<'_> {
            Unpaced.checkpoint()
        }
    }

    #[test]
    fn a_white_and_a_coloured_mark_are_looked_through() {
        for (opacity, mark) in [(0.6, [255.0; 3]), (0.5, [30.0, 60.0, 200.0])] {
            let (clean, marked, mask) = scene(letters, |_, _, colour, t| laid_over(colour, opacity * t, mark));
            let found = run(&marked, &mask).expect("a mark");
            let (ratio, left) = quality(&clean, &mask, &found);
            assert!(ratio >= 35.0 && left < 0.05, "{ratio} dB, {left} left");
        }
    }

    /// A rectangle around all that a mask covers.
    fn around(mask: &Mask) -> Mask {
        let rect = mask.rect();
        Mask::new(rect, vec![255; rect.area()]).unwrap()
    }

    #[test]
    fn in_a_rectangle_around_it_a_mark_is_found_and_what_is_bare_stays_also_over_what_the_surroundings_do_not_tell() {
        // A bright card wholly inside the rectangle: what is around it makes expect something dark.
        let card = |x: u32, y: u32| {
            let under = foliage(x, y, 7);
            let is_inside = (40..175).contains(&x) && (30..115).contains(&y);
            if is_inside { under.map(|v| 200.0 + v / 5.0) } else { under.map(|v| v / 2.0) }
        };
        let (clean, marked, mask) = scene_of(card, letters, |_, _, colour, t| laid_over(colour, 0.4 * t, [0.0; 3]));
        let found = run(&marked, &around(&mask)).expect("a mark");
        let (ratio, left) = quality(&clean, &mask, &found);
        assert!(ratio >= 20.0 && left < 0.1, "{ratio} dB, {left} left");
    }

    #[test]
    fn what_was_recovered_is_not_made_up_also_where_the_mask_is_soft_and_patches_can_be_forced() {
        let (clean, marked, mask) = scene(letters, |_, _, colour, t| laid_over(colour, 0.5 * t, [255.0; 3]));
        let rect = mask.rect();
        let places = || (rect.y..rect.bottom()).flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y)));
        let soft = Mask::new(rect, places().map(|(x, y)| mask.at(x, y).min(128)).collect()).unwrap();
        let fill = |route| {
            let filled = pollster::block_on(instant(&marked, &soft, 1, route, &Unpaced)).unwrap();
            let none_left = Mask::new(rect, vec![0; rect.area()]).unwrap();
            let seen = Unblended { patch: filled.patch, left: none_left, is_convincing: true };
            let made_up = places().filter(|(x, y)| filled.made_up.at(*x, *y) > 0).count();
            (quality(&clean, &soft, &seen).0, made_up)
        };
        let all = places().filter(|(x, y)| soft.at(*x, *y) > 0).count();
        let (looked_through, made_up) = fill(Route::Automatic);
        assert!(looked_through > 35.0 && made_up * 20 < all, "{looked_through} dB, {made_up} of {all}");
        assert_eq!(fill(Route::SeeThrough), (looked_through, made_up));
        let (patched, made_up) = fill(Route::Patches);
        assert!(patched + 4.0 < looked_through && made_up == all, "{patched} dB, {made_up} of {all}");
    }

    #[test]
    fn compression_noise_is_tolerated() {
        let (clean, marked, mask) = scene(letters, |x, y, colour, t| {
            let noise = |k: u32| 3.0 * ([91, 94, 97].map(|seed| hash(x, y, seed + k)).iter().sum::<f32>() - 1.5);
            let mixed = laid_over(colour, 0.55 * t, [255.0; 3]);
            [mixed[0] + noise(0), mixed[1] + noise(1), mixed[2] + noise(2)]
        });
        let found = run(&marked, &mask).expect("a mark");
        let (ratio, left) = quality(&clean, &mask, &found);
        assert!(ratio >= 33.0 && left < 0.1, "{ratio} dB, {left} left");
    }

    #[test]
    fn spared_pixels_stay_and_runs_repeat() {
        let (_, marked, mask) = scene(letters, |_, _, colour, t| laid_over(colour, 0.6 * t, [255.0; 3]));
        let found = run(&marked, &mask).expect("a mark");
        let again = run(&marked, &mask).expect("a mark");
        assert_eq!((&found.patch, &found.left), (&again.patch, &again.left));
        assert_eq!(found.patch.rect, mask.rect());
        let rect = mask.rect();
        for (at, seen) in found.patch.rgba.chunks_exact(4).enumerate() {
            let (x, y) = (rect.x + at as u32 % rect.width, rect.y + at as u32 / rect.width);
            assert!(found.left.at(x, y) <= mask.at(x, y));
            if mask.at(x, y) == 0 || found.left.at(x, y) > 0 {
                assert_eq!(seen, marked.pixel(x, y));
            }
        }
    }

    #[test]
    fn opaque_letters_and_those_that_let_hardly_anything_through_are_refused() {
        for opacity in [1.0, 0.92] {
            let (_, marked, mask) = scene(letters, |_, _, colour, t| laid_over(colour, opacity * t, [255.0; 3]));
            assert!(run(&marked, &mask).is_none(), "{opacity}");
        }
    }

    #[test]
    fn a_mark_with_a_little_grain_of_its_own_is_looked_through_up_to_the_grain() {
        let (clean, marked, mask) = scene(letters, |x, y, colour, t| {
            let grain = 24.0 * (hash(x, y, 5) - 0.5) * t;
            laid_over(colour, 0.3 * t, [255.0; 3]).map(|v| v + grain)
        });
        let found = run(&marked, &mask).expect("it is looked through");
        // The grain has a standard deviation of 7 levels, which looking through the mark makes 10: 28 dB.
        let (psnr, left) = quality(&clean, &mask, &found);
        assert!(psnr > 27.0 && left < 0.15, "{psnr} dB, {left} left");
    }

    #[test]
    fn a_mark_that_is_nearly_all_edge_is_looked_through() {
        let around = |at: u32| (0..5).map(move |d| (at + d).saturating_sub(2));
        let blurred =
            |x: u32, y: u32| around(y).flat_map(|y| around(x).map(move |x| letters(x, y))).sum::<f32>() / 25.0;
        let (clean, marked, mask) = scene(blurred, |_, _, colour, t| laid_over(colour, 0.55 * t, [255.0; 3]));
        let (ratio, left) = quality(&clean, &mask, &run(&marked, &mask).expect("it is looked through"));
        assert!(ratio > 22.0 && left < 0.1, "{ratio} dB, {left} left");
    }

    #[test]
    fn an_object_is_refused() {
        let disc = |x: u32, y: u32| {
            let (dx, dy) = (x as f32 - 107.0, y as f32 - 70.0);
            f32::from(u8::from(dx * dx + dy * dy < 40.0 * 40.0))
        };
        let (_, marked, mask) = scene(disc, |x, y, colour, t| laid_over(colour, t, foliage(x, y, 77)));
        assert!(run(&marked, &mask).is_none());
    }

    #[test]
    fn a_flat_box_is_refused() {
        let inside = |x: u32, y: u32| f32::from(u8::from(x.abs_diff(107) < 40 && y.abs_diff(70) < 25));
        let (_, marked, mask) = scene(inside, |_, _, colour, t| laid_over(colour, t, [90.0, 120.0, 160.0]));
        assert!(run(&marked, &mask).is_none());
    }

    #[test]
    fn where_nothing_lies_nothing_is_found() {
        let (_, marked, mask) = scene(letters, |_, _, colour, _| colour);
        assert!(run(&marked, &mask).is_none());
    }

    #[test]
    fn transparent_and_tiny_pictures_are_left_alone() {
        let image = Image::new(40, 30, [90, 80, 70, 128].repeat(1200)).unwrap();
        let mask = Mask::new(Rect { x: 5, y: 5, width: 20, height: 20 }, vec![255; 400]).unwrap();
        assert!(run(&image, &mask).is_none());
        let image = Image::new(7, 5, [90, 80, 70, 255].repeat(35)).unwrap();
        let mask = Mask::new(Rect { x: 1, y: 1, width: 3, height: 2 }, vec![255; 6]).unwrap();
        assert!(run(&image, &mask).is_none());
    }
}
