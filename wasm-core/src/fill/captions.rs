//! Tells an opaque mark of one colour apart from the ground that it was put on: a caption, a timestamp, a stamp.
//!
//! Whoever paints over a caption paints some of the picture too, and wants that back. The letters have a colour that is far more frequent inside
//! of what is painted than around it, they are thin, there are several of them, and they do not go on out of the paint; of some, the larger part may
//! be painted. What lies between them has the colours of the surroundings, or it would be an object with letters on it.

use crate::pixels::{Image, Mask, Rect};
use crate::{Pacer, Result};
use std::collections::HashSet;
use std::ops::Range;

/// Width of the surroundings whose colours are counted, in pixels around the mask.
const MARGIN: u32 = 48;
/// Side of the boxes in which colours are counted, as a power of two in levels, and number of boxes in a row.
const BOX_BITS: u32 = 3;
const BOXES: usize = 256 >> BOX_BITS;
/// Letters without losses have exactly one colour, which more than half of their box has. Otherwise, they may differ from it by this many levels.
const TOLERANCE: u8 = 12;
/// Largest mean difference of such letters' pixels from their colour, in levels. Texture that happens to lie around a colour differs more.
const MAX_SPREAD: f32 = 4.0;
/// Widths of what is taken away around a letter, in pixels: at least its antialiased edge, at most an outline or a shadow.
const EDGES: std::ops::RangeInclusive<u32> = 2..=6;
/// The edge is wide enough once the ring around it has the same mean colour as the next rings, up to so many levels, and as few of its pixels have
/// the colour of the letters: 1 in so many.
const RING: u32 = 2;
const SAME_LEVEL: f32 = 4.0;
const INK_IN_RING: usize = 20;
/// Minimum number of pixels that letters have more than their colour makes expect.
const MIN_EXCESS: f32 = 60.0;
/// Minimum number of pixels of a letter, and of letters.
const MIN_LETTER: usize = 6;
const MIN_LETTERS: usize = 3;
/// Dots are so small that their edges are most of them: they differ from the colour of the letters by up to this many levels, have at most this many
/// pixels, and lie at most this many pixels from a letter.
const DOT_TOLERANCE: u8 = 40;
const MAX_DOT: usize = 80;
const BESIDE: u32 = 12;
/// Largest distance of a letter's pixels from its outline.
const MAX_DEPTH: u8 = 12;
/// Minimum share of the pixels of the letters' colour that belong to letters.
const MIN_WITHIN: f32 = 0.7;
/// Minimum share of what is painted that lies between the letters, and minimum share of that whose colours occur around the mask as well.
const MIN_BETWEEN: f32 = 0.3;
const MIN_ALIKE: f32 = 0.9;
/// Minimum difference of the letters from what lies around them, in levels. Whoever puts letters on a picture wants them read; rules and shades of a page, which
/// losses break into parts that look like letters, differ less.
const MIN_CONTRAST: f32 = 48.0;
/// Largest rectangle in which letters are looked for, in pixels: each step takes a few hundredths of a second, between which work can be cancelled.
const MAX_AREA: usize = 4_000_000;
/// Rows between two checkpoints: a few milliseconds of work.
const ROWS: u32 = 128;
/// Pixels between two checkpoints.
const CHECKPOINT: usize = 1 << 17;

/// An opaque mark inside of what is painted.
#[derive(Clone, Debug)]
pub(super) struct Caption {
    /// The mask's rectangle with the letters and their edges, covered as the mask covers them.
    pub(super) letters: Mask,
    /// Whether everything else that is painted is surely the picture's own.
    pub(super) is_convincing: bool,
}

/// Numbers of pixels by the box of their colour.
struct Counts(Vec<u32>);

fn box_of([r, g, b, _]: [u8; 4]) -> usize {
    let at = |v: u8| usize::from(v >> BOX_BITS);
    (at(r) * BOXES + at(g)) * BOXES + at(b)
}

impl Counts {
    fn new() -> Self {
        Self(vec![0; BOXES * BOXES * BOXES])
    }

    /// Whether a colour occurs, up to a neighbouring box.
    fn holds(&self, colour: [u8; 4]) -> bool {
        let near = |v: u8| usize::from(v >> BOX_BITS).saturating_sub(1)..(usize::from(v >> BOX_BITS) + 2).min(BOXES);
        let mut blue = near(colour[0])
            .flat_map(|r| near(colour[1]).map(move |g| (r * BOXES + g) * BOXES))
            .flat_map(|row| near(colour[2]).map(move |b| row + b));
        blue.any(|at| self.0[at] > 0)
    }
}

/// The caption under `mask`; none where there is no colour that letters could have.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled) from `pacer`.
pub(super) async fn find(image: &Image, mask: &Mask, pacer: &dyn Pacer) -> Result<Option<Caption>> {
    let rect = mask.rect();
    if rect.area() > MAX_AREA {
        return Ok(None);
    }
    let around = rect.grown(MARGIN, &image.bounds());
    let (mut inside, mut outside, mut painted, mut known) = (Counts::new(), Counts::new(), 0usize, 0usize);
    for y in around.y..around.bottom() {
        if y % ROWS == 0 {
            pacer.checkpoint().await?;
        }
        for x in around.x..around.right() {
            let is_painted = mask.at(x, y) > 0;
            let (counts, count) = if is_painted { (&mut inside, &mut painted) } else { (&mut outside, &mut known) };
            counts.0[box_of(image.pixel(x, y))] += 1;
            *count += 1;
        }
    }
    let usual = painted as f32 / known.max(1) as f32;
    let excess = |at: usize| inside.0[at] as f32 - usual * outside.0[at] as f32;
    let most = (0..inside.0.len()).fold(0, |best, at| if excess(at) > excess(best) { at } else { best });
    if excess(most) < MIN_EXCESS {
        return Ok(None);
    }
    pacer.checkpoint().await?;
    let ink = Ink::of(image, mask, most);
    let letters = Letters::find(image, mask, &ink, pacer).await?;
    pacer.checkpoint().await?;
    if letters.count < MIN_LETTERS || letters.depth(rect.width as usize) > MAX_DEPTH {
        return Ok(None);
    }
    pacer.checkpoint().await?;
    Ok(letters.caption(image, mask, &ink, &outside))
}

/// The colour of letters.
struct Ink {
    colour: [u8; 4],
    tolerance: u8,
}

impl Ink {
    /// The colour that most painted pixels of a box have, or their mean.
    #[inline(never)]
    fn of(image: &Image, mask: &Mask, within: usize) -> Self {
        let mut colours: Vec<u32> = mask
            .rect()
            .places()
            .filter(|(x, y)| mask.at(*x, *y) > 0 && box_of(image.pixel(*x, *y)) == within)
            .map(|(x, y)| u32::from_le_bytes(image.pixel(x, y)))
            .collect();
        colours.sort_unstable();
        let longest = colours
            .chunk_by(|a, b| a == b)
            .fold(&[][..], |best, same| if same.len() > best.len() { same } else { best });
        if longest.len() * 2 > colours.len() {
            return Self { colour: longest[0].to_le_bytes(), tolerance: 0 };
        }
        let mean = |i: usize| colours.iter().map(|c| u64::from(c.to_le_bytes()[i])).sum::<u64>() / colours.len() as u64;
        Self { colour: std::array::from_fn(|i| mean(i) as u8), tolerance: TOLERANCE }
    }

    /// The largest difference over the channels.
    fn apart(&self, colour: [u8; 4]) -> u8 {
        colour.iter().zip(self.colour).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
    }

    fn is(&self, colour: [u8; 4]) -> bool {
        self.apart(colour) <= self.tolerance
    }
}

/// The connected parts of the ink that do not go on out of the paint.
struct Letters {
    /// Whether each pixel of the mask's rectangle belongs to one.
    is_letter: Vec<bool>,
    count: usize,
    /// Number of their pixels, and of all painted pixels of the ink.
    pixels: [usize; 2],
}

/// A connected part of the painted pixels of one colour.
struct Part {
    /// Positions in the mask's rectangle.
    pixels: Vec<usize>,
    /// Where it goes on and nothing is painted.
    exits: Vec<(u32, u32)>,
}

impl Part {
    /// Whether it leaves the paint at one side, and ends before as much of it is bare as is painted: a letter at the edge of the paint does. A rule or
    /// a curve leaves it at both ends, or goes on.
    fn ends_soon(&self, image: &Image, mask: &Mask, ink: &Ink) -> bool {
        let Rect { x, y, width, .. } = mask.rect();
        let place = |at: &usize| (x + *at as u32 % width, y + *at as u32 / width);
        if 2 * spanned(self.exits.iter().copied()) > spanned(self.pixels.iter().map(place)) {
            return false;
        }
        let mut seen: HashSet<(u32, u32)> = self.exits.iter().copied().collect();
        let mut open: Vec<(u32, u32)> = seen.iter().copied().collect();
        while let Some((x, y)) = open.pop() {
            if seen.len() >= self.pixels.len() {
                return false;
            }
            for (x, y) in (Rect { x, y, width: 1, height: 1 }).grown(1, &image.bounds()).places() {
                if mask.at(x, y) == 0 && ink.is(image.pixel(x, y)) && seen.insert((x, y)) {
                    open.push((x, y));
                }
            }
        }
        seen.len() < self.pixels.len()
    }
}

/// Area of the smallest rectangle around places, in pixels.
fn spanned(places: impl Iterator<Item = (u32, u32)>) -> u64 {
    let none = (u32::MAX, u32::MAX, 0, 0);
    let (left, top, right, bottom) =
        places.fold(none, |(l, t, r, b), (x, y)| (l.min(x), t.min(y), r.max(x + 1), b.max(y + 1)));
    u64::from(right.saturating_sub(left)) * u64::from(bottom.saturating_sub(top))
}

/// The connected parts of the ink (8-neighbourhood).
async fn parts(image: &Image, mask: &Mask, ink: &Ink, pacer: &dyn Pacer) -> Result<Vec<Part>> {
    let rect = mask.rect();
    let width = rect.width as usize;
    let mut is_open: Vec<bool> = rect.places().map(|(x, y)| mask.at(x, y) > 0 && ink.is(image.pixel(x, y))).collect();
    let mut parts = vec![];
    for start in 0..is_open.len() {
        if start.is_multiple_of(CHECKPOINT) {
            pacer.checkpoint().await?;
        }
        if !std::mem::take(&mut is_open[start]) {
            continue;
        }
        let mut part = Part { pixels: vec![start], exits: vec![] };
        let mut next = 0;
        while let Some(at) = part.pixels.get(next).copied() {
            next += 1;
            let here = Rect { x: rect.x + (at % width) as u32, y: rect.y + (at / width) as u32, width: 1, height: 1 };
            for (x, y) in here.grown(1, &image.bounds()).places() {
                if mask.at(x, y) == 0 {
                    if ink.is(image.pixel(x, y)) {
                        part.exits.push((x, y));
                    }
                    continue;
                }
                let near = (y - rect.y) as usize * width + (x - rect.x) as usize;
                if std::mem::take(&mut is_open[near]) {
                    part.pixels.push(near);
                }
            }
        }
        parts.push(part);
    }
    Ok(parts)
}

impl Letters {
    async fn find(image: &Image, mask: &Mask, ink: &Ink, pacer: &dyn Pacer) -> Result<Self> {
        let mut found = Self { is_letter: vec![false; mask.rect().area()], count: 0, pixels: [0; 2] };
        let parts_of_ink = parts(image, mask, ink, pacer).await?;
        found.pixels[1] = parts_of_ink.iter().map(|part| part.pixels.len()).sum();
        let (whole, cut): (Vec<Part>, Vec<Part>) = parts_of_ink
            .into_iter()
            .filter(|part| part.pixels.len() >= MIN_LETTER)
            .partition(|part| part.exits.is_empty());
        found.count = whole.len();
        let mut sizes: Vec<usize> = whole.iter().map(|part| part.pixels.len()).collect();
        sizes.sort_unstable();
        // What is smaller than letters is not their last one, but one of a text beside them.
        let least = sizes.get(sizes.len() / 2).map_or(usize::MAX, |usual| usual / 2);
        let cut = cut.into_iter().filter(|part| part.pixels.len() >= least);
        for part in whole.into_iter().chain(cut.filter(|part| part.ends_soon(image, mask, ink))) {
            found.pixels[0] += part.pixels.len();
            part.pixels.into_iter().for_each(|at| found.is_letter[at] = true);
        }
        let distances = found.distances(mask.rect().width as usize);
        let dots = Ink { tolerance: DOT_TOLERANCE, ..*ink };
        for Part { pixels, exits } in parts(image, mask, &dots, pacer).await? {
            let is_beside = |at: &usize| distances[*at] <= BESIDE;
            if pixels.len() <= MAX_DOT && exits.is_empty() && pixels.iter().any(is_beside) {
                pixels.into_iter().for_each(|at| found.is_letter[at] = true);
            }
        }
        Ok(found)
    }

    /// The largest distance of a letter's pixel from its outline, in pixels along both axes, or a little more than is allowed.
    fn depth(&self, width: usize) -> u8 {
        let mut inner = self.is_letter.clone();
        for depth in 0..=MAX_DEPTH {
            let next: Vec<bool> = (0..inner.len())
                .map(|at| {
                    let is_on = |at: Option<usize>| at.is_some_and(|at| inner.get(at) == Some(&true));
                    inner[at]
                        && is_on(at.checked_sub(1))
                        && is_on(Some(at + 1))
                        && is_on(at.checked_sub(width))
                        && is_on(Some(at + width))
                })
                .collect();
            if !next.contains(&true) {
                return depth;
            }
            inner = next;
        }
        MAX_DEPTH + 1
    }

    /// The letters with their edges.
    #[inline(never)]
    fn caption(&self, image: &Image, mask: &Mask, ink: &Ink, outside: &Counts) -> Option<Caption> {
        let rect = mask.rect();
        let distances = self.distances(rect.width as usize);
        let rings = Rings::new(image, mask, ink, &distances);
        let clean = EDGES.into_iter().find(|edge| rings.are_clean_beyond(*edge));
        let edge = clean.unwrap_or(*EDGES.start());
        let (mut painted, mut between, mut alike) = (0.0f32, 0.0f32, 0.0f32);
        let mut coverage = vec![0; distances.len()];
        for (at, (x, y)) in rect.places().enumerate().filter(|(_, (x, y))| mask.at(*x, *y) > 0) {
            painted += 1.0;
            if distances[at] <= edge {
                coverage[at] = mask.at(x, y);
            } else {
                between += 1.0;
                alike += f32::from(u8::from(outside.holds(image.pixel(x, y))));
            }
        }
        let [letters, all] = self.pixels.map(|pixels| pixels as f32);
        let is_convincing = clean.is_some_and(|edge| rings.contrast(ink, edge) >= MIN_CONTRAST)
            && self.spread(image, mask, ink) <= MAX_SPREAD
            && letters >= MIN_WITHIN * all
            && between >= MIN_BETWEEN * painted
            && alike >= MIN_ALIKE * between;
        Some(Caption { letters: Mask::new(rect, coverage).ok()?, is_convincing })
    }

    /// The mean difference of the letters' pixels from their colour, in levels.
    fn spread(&self, image: &Image, mask: &Mask, ink: &Ink) -> f32 {
        let letters = mask.rect().places().zip(&self.is_letter).filter(|(_, is_letter)| **is_letter);
        let apart = letters.map(|((x, y), _)| ink.apart(image.pixel(x, y))).filter(|apart| *apart <= ink.tolerance);
        apart.map(f32::from).sum::<f32>() / self.pixels[0].max(1) as f32
    }

    /// Distance of each pixel from the nearest letter along rows and columns, in pixels.
    fn distances(&self, width: usize) -> Vec<u32> {
        let far = u32::MAX / 2;
        let mut distances: Vec<u32> = self.is_letter.iter().map(|is| if *is { 0 } else { far }).collect();
        let count = distances.len();
        // The distance with diagonal steps, in two passes.
        for at in 0..distances.len() {
            let (left, right) = (at % width > 0, at % width + 1 < width);
            let above = [(left, width + 1), (true, width), (right, width - 1), (left, 1)];
            for (_, back) in above.into_iter().filter(|(is_there, back)| *is_there && *back <= at) {
                distances[at] = distances[at].min(distances[at - back] + 1);
            }
        }
        for at in (0..distances.len()).rev() {
            let (left, right) = (at % width > 0, at % width + 1 < width);
            let below = [(right, width + 1), (true, width), (left, width - 1), (right, 1)];
            for (_, on) in below.into_iter().filter(|(is_there, on)| *is_there && at + on < count) {
                distances[at] = distances[at].min(distances[at + on] + 1);
            }
        }
        distances
    }
}

/// Sums over the painted pixels by their distance from the letters.
struct Rings {
    colours: Vec<[f32; 3]>,
    pixels: Vec<usize>,
    /// Those of the colour of the letters.
    inks: Vec<usize>,
}

impl Rings {
    #[inline(never)]
    fn new(image: &Image, mask: &Mask, ink: &Ink, distances: &[u32]) -> Self {
        let count = (*EDGES.end() + 2 * RING + 1) as usize;
        let mut rings = Self { colours: vec![[0.0; 3]; count], pixels: vec![0; count], inks: vec![0; count] };
        for ((x, y), distance) in mask.rect().places().zip(distances) {
            let ring = *distance as usize;
            if ring < count && mask.at(x, y) > 0 {
                let pixel = image.pixel(x, y);
                rings.colours[ring].iter_mut().zip(pixel).for_each(|(sum, v)| *sum += f32::from(v));
                rings.pixels[ring] += 1;
                rings.inks[ring] += usize::from(ink.is(pixel));
            }
        }
        rings
    }

    /// The mean of one channel over some rings.
    fn mean(&self, rings: Range<usize>, i: usize) -> f32 {
        let pixels: usize = self.pixels[rings.clone()].iter().sum();
        self.colours[rings].iter().map(|sum| sum[i]).sum::<f32>() / pixels.max(1) as f32
    }

    /// The largest difference over the channels between the ink and what lies beyond an edge of this width, in levels.
    fn contrast(&self, ink: &Ink, edge: u32) -> f32 {
        let first = edge as usize + 1;
        let apart = |i: usize| (f32::from(ink.colour[i]) - self.mean(first..first + RING as usize, i)).abs();
        (0..3).map(apart).fold(0.0, f32::max)
    }

    /// Whether nothing of the letters is seen beyond an edge of this width.
    fn are_clean_beyond(&self, edge: u32) -> bool {
        let first = edge as usize + 1;
        let (near, far) = (first..first + RING as usize, first + RING as usize..first + 2 * RING as usize);
        let [pixels, inks] = [&self.pixels, &self.inks].map(|counts| counts[near.clone()].iter().sum::<usize>());
        inks * INK_IN_RING <= pixels
            && (0..3).all(|i| (self.mean(near.clone(), i) - self.mean(far.clone(), i)).abs() <= SAME_LEVEL)
    }
}

#[cfg(test)]
mod tests {
    use super::super::unblend::tests::{foliage, laid_over, letters, scene_of};
    use super::*;
    use crate::Unpaced;
    use crate::fill::{Route, instant};

    /// A picture and the rectangle around what is laid over it, painted.
    fn painted(cover: impl Fn(u32, u32) -> f32, colour: impl Fn(u32, u32) -> [f32; 3]) -> (Image, Image, Mask) {
        let (clean, marked, mask) =
            scene_of(|x, y| foliage(x, y, 7), cover, |x, y, under, cover| laid_over(under, cover, colour(x, y)));
        let rect = mask.rect();
        (clean, marked, Mask::new(rect, vec![255; rect.area()]).unwrap())
    }

    fn found(image: &Image, mask: &Mask) -> Option<Caption> {
        pollster::block_on(find(image, mask, &Unpaced)).unwrap()
    }

    #[test]
    fn of_letters_in_a_rectangle_only_the_letters_are_filled() {
        let (clean, marked, mask) = painted(letters, |_, _| [255.0; 3]);
        assert!(found(&marked, &mask).expect("letters").is_convincing);
        let filled = pollster::block_on(instant(&marked, &mask, 1, Route::Automatic, &Unpaced)).unwrap();
        assert_eq!(filled.reading.route, Route::OnlyMarks);
        assert!(filled.reading.others.contains(&Route::Everything), "{:?}", filled.reading);
        let mut after = marked.clone();
        after.replace(&filled.patch).unwrap();
        for (x, y) in mask.rect().places() {
            let is_near =
                (y.saturating_sub(2)..y + 3).any(|y| (x.saturating_sub(2)..x + 3).any(|x| letters(x, y) > 0.0));
            assert!(is_near || after.pixel(x, y) == clean.pixel(x, y), "{x}, {y}");
            assert!(letters(x, y) == 0.0 || filled.made_up.at(x, y) > 0, "{x}, {y}");
        }
        let filled = pollster::block_on(instant(&marked, &mask, 1, Route::Everything, &Unpaced)).unwrap();
        assert_eq!((filled.reading.route, &filled.made_up), (Route::Everything, &mask));
    }

    #[test]
    fn a_letter_at_the_edge_of_the_paint_is_one_and_a_rule_that_goes_on_is_none() {
        // Bars in a row, the last of which the paint covers in part, and a rule through all of them of the same colour.
        let bar = |x: u32, y: u32| (60..180).contains(&x) && (x - 60) % 24 < 8 && (50..90).contains(&y);
        for (end, is_letter) in [(161, true), (157, false)] {
            let rule = |_: u32, y: u32| y.abs_diff(100) < 2;
            let ink = |x: u32, y: u32| f32::from(u8::from(bar(x, y) || rule(x, y)));
            let (_, marked, _) = painted(ink, |_, _| [200.0, 20.0, 30.0]);
            let rect = Rect { x: 50, y: 40, width: end - 50, height: 70 };
            let caption = found(&marked, &Mask::new(rect, vec![255; rect.area()]).unwrap()).expect("letters");
            assert_eq!(caption.letters.at(156, 70) > 0, is_letter, "{end}");
            assert_eq!(caption.letters.at(80, 100), 0, "the rule");
        }
    }

    #[test]
    fn faint_parts_are_no_letters_surely() {
        for (shade, is_convincing) in [(30.0, false), (80.0, true)] {
            let pale = |x: u32, y: u32| foliage(x, y, 7).map(|level| 0.3 * level + 120.0);
            let ink = |_: u32, _: u32| [120.0 + 0.3 * 130.0 + shade; 3];
            let (_, marked, mask) = scene_of(pale, letters, |x, y, under, cover| laid_over(under, cover, ink(x, y)));
            let rect = mask.rect();
            let found = found(&marked, &Mask::new(rect, vec![255; rect.area()]).unwrap());
            assert_eq!(found.is_some_and(|caption| caption.is_convincing), is_convincing, "{shade} levels");
        }
    }

    #[test]
    fn a_board_with_letters_and_things_without_any_are_filled_as_a_whole() {
        let board = |x: u32, y: u32| f32::from(u8::from(x.abs_diff(107) < 100 && y.abs_diff(70) < 60));
        let (_, marked, mask) =
            painted(board, |x, y| if letters(x, y) > 0.5 { [255.0; 3] } else { [200.0, 20.0, 30.0] });
        assert!(found(&marked, &mask).is_none_or(|caption| !caption.is_convincing));
        let disc = |x: u32, y: u32| f32::from(u8::from(x.abs_diff(107).pow(2) + y.abs_diff(70).pow(2) < 1600));
        let (_, marked, mask) = painted(disc, |_, _| [200.0, 20.0, 30.0]);
        assert!(found(&marked, &mask).is_none_or(|caption| !caption.is_convincing));
    }
}
