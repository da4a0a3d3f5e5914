//! From pieces to pixels: first the edge of the reduced raster is cut anew pixel by pixel in a narrow band, then the picture's own pixels beside it
//! take the side of those around that look like them (joint bilateral upsampling: Kopf, Cohen, Lischinski & Uyttendaele, SIGGRAPH 2007).

use super::falloff::falloff;
use super::max_flow::MaxFlow;
use super::outline::depths;
use super::raster::{Raster, apart, seen};
use crate::pixels::{Image, Rect};

/// How far the edge of the pieces may be wrong, in pixels of the raster.
const BAND: u32 = 5;
/// How far around colours are compared with those of a pixel in the band, in pixels of the raster, and how many lie between two of them.
const AROUND: isize = 13;
const STRIDE: usize = 3;
/// Width of the kernel over colours, in units of L*a*b*.
const WIDTH: f32 = 6.0;
/// What the cut costs along a side of a pixel where there is no edge.
const SMOOTH: f32 = 1.2;
/// How far from the edge of the raster's pixels that of the picture's own may be, in pixels of the raster; and from where on votes count for nothing.
const EDGE: u32 = 1;
const UNLIKE: f32 = 12.0;
/// Most that colours say for or against a pixel.
const SURE: f32 = 2.5;

/// Cuts the edge of what is set anew.
pub(super) fn sharpen(raster: &Raster, is_set: &mut [bool]) {
    let (width, height) = (raster.width, raster.height);
    let unset: Vec<bool> = is_set.iter().map(|set| !set).collect();
    let (within, without) = (depths(is_set, width, height, BAND), depths(&unset, width, height, BAND));
    // The raster's own border is no edge of the thing.
    let deep = |at: usize| if is_set[at] { within[at] } else { without[at] };
    let near_other = nearness(is_set, width, height, BAND);
    let band: Vec<usize> = (0..is_set.len()).filter(|at| near_other[*at]).collect();
    let mut number = vec![u32::MAX; is_set.len()];
    band.iter().enumerate().for_each(|(i, at)| number[*at] = i as u32);
    let contrast = mean_contrast(raster, &band);
    let mut flow = MaxFlow::new(band.len());
    for (i, at) in band.iter().enumerate() {
        let sign = if is_set[*at] { 1.0 } else { -1.0 };
        let kept = 0.15 * sign * deep(*at) as f32 / BAND as f32;
        flow.prefer(i, says(raster, is_set, &near_other, *at) + kept);
        for near in raster.beside(*at) {
            let cost = SMOOTH * (0.04 + falloff(apart(raster.pixels[*at], raster.pixels[near]) / (2.0 * contrast)));
            match number[near] {
                u32::MAX => flow.prefer(i, if is_set[near] { cost } else { -cost }),
                other if other as usize > i => flow.join(i, other as usize, cost),
                _ => {}
            }
        }
    }
    for (at, set) in band.into_iter().zip(flow.cut()) {
        is_set[at] = set;
    }
}

/// Which pixels have one on the other side at most so many steps away.
fn nearness(is_set: &[bool], width: usize, height: usize, reach: u32) -> Vec<bool> {
    use super::raster::beside;
    let mut near = vec![false; is_set.len()];
    let mut front: Vec<usize> =
        (0..is_set.len()).filter(|at| beside(*at, width, height).any(|other| is_set[other] != is_set[*at])).collect();
    front.iter().for_each(|at| near[*at] = true);
    for _ in 1..reach {
        let mut next = vec![];
        for at in front {
            for other in beside(at, width, height) {
                if !std::mem::replace(&mut near[other], true) {
                    next.push(other);
                }
            }
        }
        front = next;
    }
    near
}

fn mean_contrast(raster: &Raster, band: &[usize]) -> f32 {
    let all =
        band.iter().flat_map(|at| raster.beside(*at).map(move |near| apart(raster.pixels[*at], raster.pixels[near])));
    let (sum, count) = all.fold((0.0, 0.0f32), |(sum, count), squared| (sum + squared, count + 1.0));
    (sum / count.max(1.0)).max(1.0)
}

/// How much more a pixel looks like what is surely set around it than like what surely is not.
fn says(raster: &Raster, is_set: &[bool], is_unsure: &[bool], at: usize) -> f32 {
    let (x, y) = ((at % raster.width) as isize, (at / raster.width) as isize);
    let (mut sums, mut counts) = ([0.0f32; 2], [0.0f32; 2]);
    for dy in (-AROUND..=AROUND).step_by(STRIDE) {
        for dx in (-AROUND..=AROUND).step_by(STRIDE) {
            let (x, y) = (x + dx, y + dy);
            if x < 0 || y < 0 || x >= raster.width as isize || y >= raster.height as isize {
                continue;
            }
            let other = y as usize * raster.width + x as usize;
            if is_unsure[other] {
                continue;
            }
            let side = usize::from(is_set[other]);
            sums[side] += falloff(apart(raster.pixels[at], raster.pixels[other]) / (2.0 * WIDTH * WIDTH));
            counts[side] += 1.0;
        }
    }
    if counts[0] == 0.0 || counts[1] == 0.0 {
        return 0.0;
    }
    ((sums[1] / counts[1] + 0.01) / (sums[0] / counts[0] + 0.01)).ln().clamp(-SURE, SURE)
}

/// What is set, in the picture's own pixels: 255 where it is, 0 elsewhere, over a rectangle that holds all of it. None where nothing is set.
pub(super) fn enlarged(image: &Image, raster: &Raster, is_set: &[bool]) -> Option<(Rect, Vec<u8>)> {
    let rect = around(raster, is_set)?;
    let near = nearness(is_set, raster.width, raster.height, EDGE);
    let columns: Vec<usize> =
        (rect.x..rect.right()).map(|x| raster.index(f64::from(x) + 0.5, 0.0) % raster.width).collect();
    let is_reduced = raster.scale() > 1.01;
    let mut coverage = Vec::with_capacity(rect.area());
    for y in rect.y..rect.bottom() {
        let row = raster.index(0.0, f64::from(y) + 0.5) / raster.width * raster.width;
        for (x, column) in (rect.x..rect.right()).zip(&columns) {
            let at = row + column;
            let set = if is_reduced && near[at] { vote(image, raster, is_set, (x, y), at) } else { is_set[at] };
            coverage.push(255 * u8::from(set));
        }
    }
    Some((rect, coverage))
}

/// The pixels of the picture around all that is set, with what may be added at its edge.
fn around(raster: &Raster, is_set: &[bool]) -> Option<Rect> {
    let (mut low, mut high) = ((usize::MAX, usize::MAX), (0, 0));
    for at in (0..is_set.len()).filter(|at| is_set[*at]) {
        let (x, y) = (at % raster.width, at / raster.width);
        low = (low.0.min(x), low.1.min(y));
        high = (high.0.max(x), high.1.max(y));
    }
    if low.0 > high.0 {
        return None;
    }
    let edge = EDGE as usize + 1;
    let side = |low: usize, high: usize, count: usize, from: u32, length: u32| {
        let place = |at: usize| (at as u64 * u64::from(length) / count as u64) as u32;
        let (start, end) = (place(low.saturating_sub(edge)), place((high + 1 + edge).min(count)));
        (from + start, end - start)
    };
    let (x, width) = side(low.0, high.0, raster.width, raster.rect.x, raster.rect.width);
    let (y, height) = side(low.1, high.1, raster.height, raster.rect.y, raster.rect.height);
    Some(Rect { x, y, width, height })
}

/// The side of the pixels around that look like this one.
fn vote(image: &Image, raster: &Raster, is_set: &[bool], (x, y): (u32, u32), at: usize) -> bool {
    let colour = seen(image, x, y);
    let across = raster.width as f32 / raster.rect.width as f32;
    let down = raster.height as f32 / raster.rect.height as f32;
    let (fx, fy) = (((x - raster.rect.x) as f32 + 0.5) * across, ((y - raster.rect.y) as f32 + 0.5) * down);
    let (column, row) = (at % raster.width, at / raster.width);
    // Where nothing around looks like it, it stays as it is.
    let mut sum = if is_set[at] { 1e-6 } else { -1e-6 };
    for cy in row.saturating_sub(2)..(row + 3).min(raster.height) {
        for cx in column.saturating_sub(2)..(column + 3).min(raster.width) {
            let other = cy * raster.width + cx;
            let away = (cx as f32 + 0.5 - fx).powi(2) + (cy as f32 + 0.5 - fy).powi(2);
            let unlike = away / 2.0 + apart(colour, raster.pixels[other]) / (2.0 * WIDTH * WIDTH);
            if unlike < UNLIKE {
                sum += if is_set[other] { falloff(unlike) } else { -falloff(unlike) };
            }
        }
    }
    sum > 0.0
}
