//! Makes the cases: a ground, a thing laid onto it with a known matte, a place inside the thing where somebody would click, and a rough circle.

use std::f32::consts::TAU;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use image::{GrayImage, Luma, RgbaImage};

use crate::Result;
use crate::random::Random;
use crate::thing::Thing;

/// Samples of a pixel on each side.
const SAMPLES: usize = 4;
/// Corners of a circle.
const CORNERS: usize = 48;

/// Writes so many cases into `out`. Grounds are all pictures of a folder, cut-outs those of another one, with alpha as their matte.
pub(crate) fn generate(grounds: &Path, cut_outs: &Path, out: &Path, seed: u64, count: usize) -> Result<()> {
    std::fs::create_dir_all(out)?;
    let (grounds, cut_outs) = (pictures(grounds)?, pictures(cut_outs)?);
    let mut list = "id\tkind\tclick\tcircle\n".to_owned();
    for number in 0..count {
        let mut random = Random::new(seed * 1000 + number as u64);
        let random = &mut random;
        let ground = image::open(&grounds[random.below(grounds.len())])?.to_rgba8();
        let (thing, kind) = match number % 3 {
            0 if !cut_outs.is_empty() => {
                let path = &cut_outs[random.below(cut_outs.len())];
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                (Thing::cut_out(random, image::open(path)?.to_rgba8()), format!("cut-out/{name}"))
            }
            1 if random.chance(0.45) => {
                let other = image::open(&grounds[random.below(grounds.len())])?.to_rgba8();
                Thing::made_up(random, Some(other))
            }
            _ => Thing::made_up(random, None),
        };
        let (picture, matte) = composed(random, ground, &thing);
        let id = format!("s{seed}_{number:03}");
        picture.save(out.join(format!("{id}.png")))?;
        matte.save(out.join(format!("{id}_matte.png")))?;
        let (x, y) = click(random, &matte);
        let circle: Vec<String> = circle(random, &matte).iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        writeln!(list, "{id}\t{kind}\t{x},{y}\t{}", circle.join(" "))?;
    }
    std::fs::write(out.join("cases.tsv"), list)?;
    Ok(())
}

fn pictures(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_picture = path.extension().is_some_and(|e| e == "png" || e == "jpg");
        found.extend(is_picture.then_some(path));
    }
    found.sort();
    Ok(found)
}

/// Lays the thing onto the ground, turned, at random size and place, with a shadow or without, and with the grain of a sensor.
fn composed(random: &mut Random, mut ground: RgbaImage, thing: &Thing) -> (RgbaImage, GrayImage) {
    let (width, height) = (ground.width() as f32, ground.height() as f32);
    let radius = width.min(height) * random.between(0.1, 0.32);
    let place = |random: &mut Random, length: f32| random.between(0.75 * radius, length - 0.75 * radius);
    let (cx, cy) = (place(random, width), place(random, height));
    let (sin, cos) = random.between(-0.6, 0.6).sin_cos();
    let softness = random.between(0.3, 1.4);
    let shadow = random.chance(0.3).then(|| (radius * random.between(0.05, 0.15), random.between(0.2, 0.5)));
    let grain = random.between(0.0, 4.0);
    let of = |x: f32, y: f32| {
        let (dx, dy) = ((x - cx) / radius, (y - cy) / radius);
        thing.at(dx * cos + dy * sin, dy * cos - dx * sin)
    };
    let covered = |x: f32, y: f32| {
        let mut sum = ([0.0f32; 3], 0.0f32);
        for i in 0..SAMPLES * SAMPLES {
            let offset = |i: usize| ((i as f32 + 0.5) / SAMPLES as f32 - 0.5) * (1.0 + softness);
            let (colour, cover) = of(x + 0.5 + offset(i % SAMPLES), y + 0.5 + offset(i / SAMPLES));
            (0..3).for_each(|c| sum.0[c] += colour[c] * cover);
            sum.1 += cover;
        }
        (sum.0.map(|v| v / sum.1.max(1e-6)), sum.1 / (SAMPLES * SAMPLES) as f32)
    };
    let mut matte = GrayImage::new(ground.width(), ground.height());
    for (x, y, pixel) in ground.enumerate_pixels_mut() {
        let (fx, fy) = (x as f32, y as f32);
        let (colour, cover) = covered(fx, fy);
        let dark = shadow.map_or(0.0, |(off, dark)| {
            let near = (0..9).map(|i| of(fx - off + (i % 3 - 1) as f32 * off, fy - off + (i / 3 - 1) as f32 * off).1);
            dark * near.sum::<f32>() / 9.0
        });
        for (channel, colour) in pixel.0.iter_mut().zip(colour) {
            let below = f32::from(*channel) * (1.0 - dark);
            let value = below + (colour - below) * cover + grain * random.normal();
            *channel = value.round().clamp(0.0, 255.0) as u8;
        }
        pixel.0[3] = 255;
        matte.put_pixel(x, y, Luma([(cover * 255.0).round() as u8]));
    }
    (ground, matte)
}

fn is_in(matte: &GrayImage, x: u32, y: u32) -> bool {
    matte.get_pixel(x, y).0[0] >= 128
}

/// A place in the inner half of the thing.
fn click(random: &mut Random, matte: &GrayImage) -> (u32, u32) {
    let (width, height) = matte.dimensions();
    // Squared distances to the nearest pixel outside, by two sweeps along rows and columns that are good enough for this.
    let mut depth: Vec<u32> = matte.pixels().map(|p| if p.0[0] >= 128 { u32::MAX / 2 } else { 0 }).collect();
    let at = |x: u32, y: u32| (y * width + x) as usize;
    for pass in 0..2 {
        for i in 0..depth.len() {
            let i = if pass == 0 { i } else { depth.len() - 1 - i };
            let (x, y) = (i as u32 % width, i as u32 / width);
            let near = |dx: i64, dy: i64| {
                let (x, y) = (i64::from(x) + dx, i64::from(y) + dy);
                let is_in = (0..i64::from(width)).contains(&x) && (0..i64::from(height)).contains(&y);
                if is_in { depth[at(x as u32, y as u32)] } else { 0 }
            };
            let sign = if pass == 0 { -1 } else { 1 };
            let least = (near(sign, 0) + 3).min(near(0, sign) + 3).min(near(sign, sign) + 4).min(near(-sign, sign) + 4);
            depth[i] = depth[i].min(least);
        }
    }
    let deepest = depth.iter().copied().max().unwrap_or(0);
    let deep: Vec<usize> = (0..depth.len()).filter(|i| depth[*i] * 2 >= deepest && depth[*i] > 0).collect();
    let chosen = deep.get(random.below(deep.len())).copied().unwrap_or(0) as u32;
    (chosen % width, chosen / width)
}

/// A closed line that leaves all of the thing inside, drawn by a hand that is in a hurry.
fn circle(random: &mut Random, matte: &GrayImage) -> Vec<(f32, f32)> {
    let inside: Vec<(f32, f32)> = matte
        .enumerate_pixels()
        .filter(|(_, _, p)| p.0[0] >= 128)
        .map(|(x, y, _)| (x as f32 + 0.5, y as f32 + 0.5))
        .collect();
    let low = inside.iter().fold((f32::MAX, f32::MAX), |low, p| (low.0.min(p.0), low.1.min(p.1)));
    let high = inside.iter().fold((0.0f32, 0.0f32), |high, p| (high.0.max(p.0), high.1.max(p.1)));
    let middle = ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0);
    let half = ((high.0 - low.0) / 2.0 + 1.0, (high.1 - low.1) / 2.0 + 1.0);
    let follows = random.chance(0.5);
    let wide = random.between(1.08, 1.4);
    let waves: [(f32, f32); 3] = std::array::from_fn(|_| (random.between(0.0, 0.05), random.between(0.0, TAU)));
    let corner = |i: usize| {
        let angle = i as f32 / CORNERS as f32 * std::f32::consts::TAU;
        let (sin, cos) = angle.sin_cos();
        let wave: f32 =
            waves.iter().enumerate().map(|(i, (size, phase))| size * ((i + 2) as f32 * angle + phase).sin()).sum();
        // An ellipse through the corners of the box, or the farthest of the thing in this direction.
        let reach = if follows {
            let of = |p: &(f32, f32)| (p.0 - middle.0) * cos + (p.1 - middle.1) * sin;
            let near = |p: &&(f32, f32)| {
                let (x, y) = (p.0 - middle.0, p.1 - middle.1);
                x * cos + y * sin > 0.9 * x.hypot(y)
            };
            inside.iter().filter(near).map(of).fold(0.35 * half.0.min(half.1), f32::max) + 2.0
        } else {
            1.1 * half.0 * half.1 / (half.1 * cos).hypot(half.0 * sin)
        };
        let radius = reach * wide * (1.0 + wave);
        let (x, y) = (middle.0 + radius * cos, middle.1 + radius * sin);
        (x.clamp(0.0, matte.width() as f32), y.clamp(0.0, matte.height() as f32))
    };
    debug_assert!(inside.iter().all(|(x, y)| is_in(matte, *x as u32, *y as u32)));
    (0..CORNERS).map(corner).collect()
}
