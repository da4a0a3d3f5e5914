//! What loose paint leaves out of a thing: the inside of a closed loop, and a thin rest beside what is painted, such as a halo, a shadow or the
//! tip of a leaf. It is proposed to the user, and never taken along by itself.

use crate::pixels::{Image, Mask, Rect};
use crate::{Pacer, Result};

/// Coverage from which a pixel counts as painted.
const PAINTED: u8 = 128;
/// How far a rest may reach from the paint, as a share of the painted area's side; in pixels, at least and at most.
const REACH: f32 = 0.35;
const NEAREST: f32 = 6.0;
const FARTHEST: f32 = 48.0;
/// Levels by which a rest differs at least from what surrounds the thing; noise that does so is no rest.
const DIFFERENCE: u16 = 10;
/// How many typical deviations of the surroundings that is at least.
const DEVIATIONS: u16 = 5;
/// Largest share of the surroundings that may differ from themselves like that, as one in so many pixels: where more do, nothing can be told.
const STRAY: usize = 16;
/// A rest has this many pixels at least, and an inside.
const SMALLEST: usize = 12;
/// At least this many pixels of a rest touch the paint.
const CONTACT: usize = 3;
/// How far a proposal reaches beyond the rest, in pixels: its soft edge goes, too.
const MARGIN: usize = 3;
/// Largest region that is looked at, in pixels.
const LARGEST: usize = 6_000_000;

/// What could be painted as well; none where nothing is left out, as far as can be told.
///
/// # Errors
/// When `mask` lies outside of the picture; [`Error::Cancelled`](crate::Error::Cancelled) from `pacer`.
pub async fn leftover(image: &Image, mask: &Mask, pacer: &dyn Pacer) -> Result<Option<Mask>> {
    let mask = mask.fitted(image)?;
    let area = Rect::area(&mask.rect());
    let reach = (REACH * (area as f32).sqrt()).clamp(NEAREST, FARTHEST) as usize;
    let region = mask.rect().grown(2 * reach as u32 + 1, &image.bounds());
    if region.area() > LARGEST {
        return Ok(None);
    }
    let plan = Plan::new(image, &mask, region)?;
    pacer.checkpoint().await?;
    let is_inside = plan.inside();
    pacer.checkpoint().await?;
    let mut proposed: Vec<usize> = (0..is_inside.len()).filter(|at| is_inside[*at]).collect();
    if proposed.len() < SMALLEST {
        proposed.clear();
    }
    proposed.extend(plan.rest(reach, pacer).await?);
    if proposed.is_empty() {
        return Ok(None);
    }
    let is_proposed = plan.grown(proposed);
    let coverage = is_proposed.into_iter().map(|proposed| 255 * u8::from(proposed)).collect();
    Mask::new(region, coverage).and_then(|mask| mask.fitted(image)).map(Some)
}

/// Red, green and blue, or how far they are from what is expected.
type Colour = [i16; 3];

/// A region of the picture around what is painted.
struct Plan {
    width: usize,
    pixels: Vec<Colour>,
    is_painted: Vec<bool>,
    /// Painted in full, and not only the soft edge of what is.
    is_full: Vec<bool>,
}

impl Plan {
    fn new(image: &Image, mask: &Mask, region: Rect) -> Result<Self> {
        let rgba = image.crop(region)?.rgba;
        let places = (region.y..region.bottom()).flat_map(|y| (region.x..region.right()).map(move |x| (x, y)));
        Ok(Self {
            width: region.width as usize,
            // What is transparent shows nothing, whatever its colour is.
            pixels: rgba
                .chunks_exact(4)
                .map(|p| [0, 1, 2].map(|i| (i32::from(p[i]) * i32::from(p[3]) / 255) as i16))
                .collect(),
            is_painted: places.clone().map(|(x, y)| mask.at(x, y) >= PAINTED).collect(),
            is_full: places.map(|(x, y)| mask.at(x, y) == 255).collect(),
        })
    }

    /// The neighbours of a pixel; with `corners`, those at its corners as well.
    fn beside(&self, at: usize, corners: bool) -> impl Iterator<Item = usize> {
        let (width, height) = (self.width as isize, (self.pixels.len() / self.width) as isize);
        let (x, y) = ((at % self.width) as isize, (at / self.width) as isize);
        (0..9isize).filter(move |i| *i != 4 && (corners || i % 2 == 1)).filter_map(move |i| {
            let (x, y) = (x + i % 3 - 1, y + i / 3 - 1);
            ((0..width).contains(&x) && (0..height).contains(&y)).then_some((y * width + x) as usize)
        })
    }

    /// The unpainted pixels that paint encloses.
    fn inside(&self) -> Vec<bool> {
        let height = self.pixels.len() / self.width;
        let is_border = |at: &usize| {
            let (x, y) = (at % self.width, at / self.width);
            x == 0 || y == 0 || x + 1 == self.width || y + 1 == height
        };
        let mut is_inside: Vec<bool> = self.is_painted.iter().map(|painted| !painted).collect();
        let mut open: Vec<usize> = (0..self.pixels.len()).filter(is_border).collect();
        open.retain(|at| std::mem::take(&mut is_inside[*at]));
        while let Some(at) = open.pop() {
            for next in self.beside(at, false) {
                if std::mem::take(&mut is_inside[next]) {
                    open.push(next);
                }
            }
        }
        is_inside
    }

    /// How far each pixel is from the paint, up to `most`; those beyond have more.
    fn distances(&self, most: usize) -> Vec<u8> {
        let mut distances = vec![u8::MAX; self.pixels.len()];
        let mut front: Vec<usize> = (0..self.pixels.len()).filter(|at| self.is_painted[*at]).collect();
        front.iter().for_each(|at| distances[*at] = 0);
        for distance in 1..=most.min(usize::from(u8::MAX) - 1) as u8 {
            let mut next = vec![];
            for at in front {
                // Along the sides one time and along the corners the other, so that the distances are about those of circles.
                for near in self.beside(at, distance % 2 == 0) {
                    if distances[near] == u8::MAX {
                        distances[near] = distance;
                        next.push(near);
                    }
                }
            }
            front = next;
        }
        distances
    }

    /// The pixels without the slope that their surroundings have as a whole: of a sky, say.
    fn levelled(&self, around: &[usize]) -> Vec<Colour> {
        let mut used = around.to_vec();
        let mut levelled = self.pixels.clone();
        // The second time without what lies around and is something else.
        for _ in 0..2 {
            let planes = [0, 1, 2].map(|channel| self.plane(&used, channel));
            for (at, pixel) in levelled.iter_mut().enumerate() {
                let (x, y) = ((at % self.width) as f32, (at / self.width) as f32);
                for (channel, [level, across, down]) in planes.iter().enumerate() {
                    pixel[channel] = self.pixels[at][channel] - (level + across * x + down * y).round() as i16;
                }
            }
            let far = |at: &usize| levelled[*at].iter().map(|v| v.unsigned_abs()).max().unwrap_or(0);
            let mut all: Vec<u16> = used.iter().map(far).collect();
            all.sort_unstable();
            let usual = all.get(all.len() / 2).copied().unwrap_or(0);
            used.retain(|at| far(at) <= 3 * usual + 1);
        }
        levelled
    }

    /// Level, and slope across and down, of a channel by least squares.
    fn plane(&self, used: &[usize], channel: usize) -> [f32; 3] {
        let count = used.len().max(1) as f64;
        let place =
            |at: &usize| [(at % self.width) as f64, (at / self.width) as f64, f64::from(self.pixels[*at][channel])];
        let sums = used.iter().map(place).fold([0.0; 3], |sums, p| [0, 1, 2].map(|i| sums[i] + p[i]));
        let [x, y, v] = sums.map(|sum| sum / count);
        let (mut xx, mut xy, mut yy, mut xv, mut yv) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for [px, py, pv] in used.iter().map(place) {
            let (dx, dy, dv) = (px - x, py - y, pv - v);
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
            xv += dx * dv;
            yv += dy * dv;
        }
        let det = xx * yy - xy * xy;
        let (across, down) =
            if det > 1e-6 { ((xv * yy - yv * xy) / det, (yv * xx - xv * xy) / det) } else { (0.0, 0.0) };
        [v - across * x - down * y, across, down].map(|v| v as f32)
    }

    /// The pixels of the rests.
    async fn rest(&self, reach: usize, pacer: &dyn Pacer) -> Result<Vec<usize>> {
        let distances = self.distances(2 * reach);
        pacer.checkpoint().await?;
        let is_around = |at: &usize| (reach + 1..=2 * reach).contains(&usize::from(distances[*at]));
        let ring: Vec<usize> = (0..self.pixels.len()).filter(is_around).collect();
        let levelled = self.levelled(&ring);
        pacer.checkpoint().await?;
        let Some(around) = Surroundings::new(&levelled, self.width, &ring, reach) else { return Ok(vec![]) };
        pacer.checkpoint().await?;
        let differs: Vec<bool> = (0..self.pixels.len()).map(|at| around.differs(&levelled, self.width, at)).collect();
        pacer.checkpoint().await?;
        let strays = ring.iter().filter(|at| differs[**at]).count();
        if strays * STRAY > ring.len() {
            return Ok(vec![]);
        }
        let is_band = |at: usize| (1..=reach).contains(&usize::from(distances[at]));
        let mut is_seen = vec![false; self.pixels.len()];
        let mut found = vec![];
        for start in (0..self.pixels.len()).filter(|at| distances[*at] == 1) {
            if is_seen[start] || !differs[start] {
                continue;
            }
            let mut part = vec![start];
            is_seen[start] = true;
            let (mut next, mut contact, mut goes_on) = (0, 0, false);
            while let Some(at) = part.get(next).copied() {
                next += 1;
                // It is a rest of what is painted where that differs there, too.
                contact += usize::from(self.beside(at, true).any(|near| self.is_painted[near] && differs[near]));
                goes_on |= usize::from(distances[at]) >= reach;
                for near in self.beside(at, true) {
                    if differs[near] && is_band(near) && !std::mem::replace(&mut is_seen[near], true) {
                        part.push(near);
                    }
                }
            }
            if !goes_on && contact >= CONTACT && part.len() >= SMALLEST {
                found.extend(part);
            }
        }
        Ok(found)
    }

    /// Where a part is, with what is at its edges: the rest's own soft edge, and that of the paint.
    fn grown(&self, mut part: Vec<usize>) -> Vec<bool> {
        let mut is_in = vec![false; self.pixels.len()];
        part.iter().for_each(|at| is_in[*at] = true);
        let mut from = 0;
        for _ in 0..MARGIN {
            let to = part.len();
            for i in from..to {
                for near in self.beside(part[i], true) {
                    if !self.is_full[near] && !std::mem::replace(&mut is_in[near], true) {
                        part.push(near);
                    }
                }
            }
            from = to;
        }
        is_in
    }
}

/// What lies around the thing, cell by cell: the colour that is usual there, and how far colours are usually from it.
struct Surroundings {
    side: usize,
    columns: usize,
    cells: Vec<Option<(Colour, u16)>>,
}

impl Surroundings {
    fn new(pixels: &[Colour], width: usize, around: &[usize], reach: usize) -> Option<Self> {
        let side = 2 * reach;
        let (columns, rows) = (width.div_ceil(side), (pixels.len() / width).div_ceil(side));
        let mut all: Vec<Vec<Colour>> = vec![vec![]; columns * rows];
        for at in around {
            all[at / width / side * columns + at % width / side].push(pixels[*at]);
        }
        let usual: Vec<Option<(Colour, u16)>> = all.into_iter().map(usual).collect();
        // A cell without surroundings of its own takes those of the nearest one.
        let nearest = |cell: usize| {
            let away = |other: usize| {
                (cell % columns).abs_diff(other % columns).pow(2) + (cell / columns).abs_diff(other / columns).pow(2)
            };
            (0..usual.len()).filter(|other| usual[*other].is_some()).min_by_key(|other| away(*other))
        };
        let cells: Vec<_> = (0..usual.len()).map(|cell| usual[nearest(cell)?]).collect();
        cells.iter().any(Option::is_some).then_some(Self { side, columns, cells })
    }

    /// Whether a pixel is unlike its cell and all those around it: what waves has its next crest in another cell.
    fn differs(&self, pixels: &[Colour], width: usize, at: usize) -> bool {
        let (column, row) = (at % width / self.side, at / width / self.side);
        let rows = self.cells.len() / self.columns;
        let near = |place: usize, end: usize| place.saturating_sub(1)..(place + 2).min(end);
        let mut cells = near(row, rows).flat_map(|y| near(column, self.columns).map(move |x| y * self.columns + x));
        cells.all(|cell| {
            let Some((colour, deviation)) = self.cells[cell] else { return false };
            let least = (deviation * DEVIATIONS).max(DIFFERENCE);
            (0..3).any(|i| pixels[at][i].abs_diff(colour[i]) > least)
        })
    }
}

/// The median of colours, and the median of how far they are from it; none of too few.
fn usual(colours: Vec<Colour>) -> Option<(Colour, u16)> {
    if colours.len() < SMALLEST {
        return None;
    }
    let colour = [0, 1, 2].map(|i| {
        let mut values: Vec<i16> = colours.iter().map(|colour| colour[i]).collect();
        values.sort_unstable();
        values[values.len() / 2]
    });
    let apart = |other: &Colour| (0..3).map(|i| other[i].abs_diff(colour[i])).max().unwrap_or(0);
    let mut deviations: Vec<u16> = colours.iter().map(apart).collect();
    deviations.sort_unstable();
    Some((colour, deviations[deviations.len() / 2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacer::StopsAt;
    use crate::{Error, Unpaced};
    use std::cell::Cell;

    const SIDE: u32 = 200;

    fn leftover(image: &Image, mask: &Mask) -> Result<Option<Mask>> {
        pollster::block_on(super::leftover(image, mask, &Unpaced))
    }

    fn picture(at: impl Fn(f32, f32) -> [u8; 3]) -> Image {
        let rgba = (0..SIDE * SIDE).flat_map(|i| {
            let [r, g, b] = at((i % SIDE) as f32, (i / SIDE) as f32);
            [r, g, b, 255]
        });
        Image::new(SIDE, SIDE, rgba.collect()).unwrap()
    }

    fn painted(is_painted: impl Fn(f32, f32) -> bool) -> Mask {
        let whole = Rect::of_size(SIDE, SIDE);
        let coverage = (0..SIDE * SIDE).map(|i| 255 * u8::from(is_painted((i % SIDE) as f32, (i / SIDE) as f32)));
        Mask::new(whole, coverage.collect()).unwrap()
    }

    fn from_centre(x: f32, y: f32) -> f32 {
        (x - 100.0).hypot(y - 100.0)
    }

    /// Grounds that things lie on: plain, sloping, grainy.
    fn grounds() -> [fn(f32, f32) -> f32; 3] {
        [
            |_, _| 200.0,
            |x, y| 120.0 + 0.3 * x + 0.2 * y,
            |x, y| 150.0 + ((x as u32 * 7919 + y as u32 * 104_729) % 13) as f32 - 6.0,
        ]
    }

    /// A dark disc with a halo that fades over `halo` pixels.
    fn disc(ground: fn(f32, f32) -> f32, radius: f32, halo: f32) -> Image {
        picture(|x, y| {
            let cover = ((radius + halo - from_centre(x, y)) / halo).clamp(0.0, 1.0);
            [(ground(x, y) * (1.0 - cover) + 30.0 * cover) as u8; 3]
        })
    }

    #[test]
    fn a_halo_that_was_left_out_is_proposed_on_any_ground() {
        for ground in grounds() {
            let image = disc(ground, 30.0, 8.0);
            let found = leftover(&image, &painted(|x, y| from_centre(x, y) < 32.0)).unwrap().expect("a halo");
            assert!((0..360).all(|degree| {
                let (sin, cos) = (degree as f32).to_radians().sin_cos();
                found.at((100.0 + 34.0 * cos).round() as u32, (100.0 + 34.0 * sin).round() as u32) == 255
            }));
            assert_eq!(found.at(146, 100), 0, "and nothing beyond");
        }
    }

    #[test]
    fn the_soft_edge_of_the_paint_goes_with_the_rest() {
        let image = disc(grounds()[0], 30.0, 8.0);
        let whole = Rect::of_size(SIDE, SIDE);
        let soft = (0..SIDE * SIDE).map(|i| {
            let away = from_centre((i % SIDE) as f32, (i / SIDE) as f32);
            ((33.0 - away).clamp(0.0, 2.0) * 127.5) as u8
        });
        let mask = Mask::new(whole, soft.collect()).unwrap();
        let found = leftover(&image, &mask).unwrap().expect("a halo");
        let places = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
        let covered = |(x, y): (u32, u32)| mask.at(x, y) == 255 || found.at(x, y) == 255;
        assert!(places.filter(|(x, y)| from_centre(*x as f32, *y as f32) < 37.0).all(covered));
    }

    #[test]
    fn a_tip_that_sticks_out_is_proposed() {
        let image =
            picture(
                |x, y| if (x - 100.0).abs() / 40.0 + (y - 100.0).abs() / 15.0 < 1.0 { [40, 120, 30] } else { [210; 3] },
            );
        let found =
            leftover(&image, &painted(|x, y| (70.0..128.0).contains(&x) && (80.0..120.0).contains(&y))).unwrap();
        let found = found.expect("the tips");
        assert_eq!((found.at(131, 100), found.at(66, 100), found.at(150, 100)), (255, 255, 0));
    }

    #[test]
    fn where_nothing_is_left_nothing_is_proposed() {
        for ground in grounds() {
            let image = disc(ground, 30.0, 4.0);
            assert_eq!(leftover(&image, &painted(|x, y| from_centre(x, y) < 42.0)).unwrap(), None);
        }
    }

    #[test]
    fn what_goes_on_is_no_rest() {
        let rope = picture(|_, y| if (y - 100.0).abs() < 4.0 { [60; 3] } else { [220; 3] });
        assert_eq!(
            leftover(&rope, &painted(|x, y| (80.0..120.0).contains(&x) && (90.0..110.0).contains(&y))).unwrap(),
            None
        );
        let edge = picture(|x, _| if x < 100.0 { [60; 3] } else { [220; 3] });
        assert_eq!(leftover(&edge, &painted(|x, y| from_centre(x, y) < 30.0)).unwrap(), None);
    }

    #[test]
    fn in_a_texture_nothing_can_be_told() {
        let grass = picture(|x, y| [((x as u32 * 7919 + y as u32 * 104_729) % 151) as u8 + 40; 3]);
        assert_eq!(leftover(&grass, &painted(|x, y| from_centre(x, y) < 30.0)).unwrap(), None);
    }

    #[test]
    fn in_waves_nothing_is_left_out_of_a_stroke() {
        let mut wrong = vec![];
        for period in [10.0, 16.0, 24.0, 40.0, 70.0_f32] {
            for slant in [0.0, 0.3, 1.0_f32] {
                for (length, thick) in [(30.0, 6.0), (60.0, 8.0), (60.0, 20.0), (100.0, 12.0_f32)] {
                    let wave = |x: f32, y: f32| 25.0 * ((y + slant * x) * std::f32::consts::TAU / period).sin();
                    let grain = |x: f32, y: f32| ((x as u32 * 7919 + y as u32 * 104_729) % 13) as f32 - 6.0;
                    let image = picture(|x, y| [(190.0 + wave(x, y) + grain(x, y)) as u8, 160, 110]);
                    let stroke = |x: f32, y: f32| {
                        let along = ((x - 60.0) * 0.8 + (y - 70.0) * 0.6).clamp(0.0, length);
                        (x - 60.0 - 0.8 * along).hypot(y - 70.0 - 0.6 * along) < thick
                    };
                    if leftover(&image, &painted(stroke)).unwrap().is_some() {
                        wrong.push((period, slant, length, thick));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn a_closed_loop_proposes_its_inside_and_an_open_one_does_not() {
        let image = picture(|_, _| [90, 120, 200]);
        let ring = |x: f32, y: f32| (40.0..50.0).contains(&from_centre(x, y));
        let found = leftover(&image, &painted(ring)).unwrap().expect("an inside");
        assert_eq!((found.at(100, 100), found.at(100, 135), found.at(100, 145), found.at(30, 30)), (255, 255, 0, 0));
        assert_eq!(leftover(&image, &painted(|x, y| ring(x, y) && (x < 90.0 || y > 100.0))).unwrap(), None);
        assert_eq!(leftover(&image, &painted(|x, y| from_centre(x, y) < 40.0)).unwrap(), None);
    }

    #[test]
    fn it_can_be_stopped_at_each_of_its_steps() {
        let (image, mask) = (disc(grounds()[1], 30.0, 8.0), painted(|x, y| from_centre(x, y) < 32.0));
        let run = |patience| pollster::block_on(super::leftover(&image, &mask, &StopsAt(Cell::new(patience))));
        let cancelled = (0..).take_while(|patience| matches!(run(*patience), Err(Error::Cancelled))).count();
        assert!(cancelled >= 5, "{cancelled} places to stop at");
        assert_eq!(run(cancelled as u32).unwrap(), leftover(&image, &mask).unwrap());
    }
}
