//! A part of a picture at a reduced size, in the colours in which it is taken apart: CIE L*a*b* (CIE 15:2004), where distances are about
//! those that people see.

use std::sync::LazyLock;

use crate::pixels::{Image, Rect};

/// Lightness and two opponent colours, in sixteenths of a unit of L*a*b*: two bytes each keep what is held for a picture small.
pub(super) type Lab = [i16; 3];

/// Sixteenths.
const STEPS: f32 = 16.0;

/// A raster of averaged colours over a rectangle of a picture.
pub(super) struct Raster {
    /// What it shows, in pixels of the picture.
    pub(super) rect: Rect,
    /// Columns and rows.
    pub(super) width: usize,
    pub(super) height: usize,
    /// Row by row.
    pub(super) pixels: Vec<Lab>,
}

impl Raster {
    /// Averages blocks so that at most `most` pixels are left; never enlarges. `rect` lies inside the picture and is not empty.
    pub(super) fn new(image: &Image, rect: Rect, most: usize) -> Self {
        let shrink = (rect.area() as f64 / most as f64).sqrt().max(1.0);
        let side = |length: u32| ((f64::from(length) / shrink) as usize).clamp(1, length as usize);
        let (width, height) = (side(rect.width), side(rect.height));
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![[0u32; 4]; width];
        // In 64 bits: a picture may be very long.
        let place = |x: u64| (x * width as u64 / u64::from(rect.width)) as u32;
        let column: Vec<u32> = (0..u64::from(rect.width)).map(place).collect();
        for row in 0..height {
            sums.fill([0; 4]);
            let first = |row: usize| (row as u64 * u64::from(rect.height)).div_ceil(height as u64) as usize;
            let rows = first(row)..first(row + 1);
            for y in rows {
                let start = ((rect.y as usize + y) * image.width() as usize + rect.x as usize) * 4;
                let line = &image.rgba()[start..start + rect.width as usize * 4];
                for (pixel, column) in line.chunks_exact(4).zip(&column) {
                    let sum = &mut sums[*column as usize];
                    for (sum, value) in sum.iter_mut().zip(shown(pixel)) {
                        *sum += u32::from(value);
                    }
                    sum[3] += 1;
                }
            }
            pixels.extend(sums.iter().map(|[r, g, b, count]| {
                let mean = |sum: u32| ((sum + count / 2) / count.max(&1)) as u8;
                lab([mean(*r), mean(*g), mean(*b)])
            }));
        }
        Self { rect, width, height, pixels }
    }

    /// How many pixels of the picture are side by side in one of these.
    pub(super) fn scale(&self) -> f32 {
        self.rect.width as f32 / self.width as f32
    }

    /// The pixel that shows this place of the picture; the nearest one, where it lies outside.
    pub(super) fn index(&self, x: f64, y: f64) -> usize {
        let along = |at: f64, from: u32, length: u32, count: usize| {
            let at = (at - f64::from(from)) / f64::from(length) * count as f64;
            (at.max(0.0) as usize).min(count - 1)
        };
        let column = along(x, self.rect.x, self.rect.width, self.width);
        along(y, self.rect.y, self.rect.height, self.height) * self.width + column
    }

    /// The neighbours of a pixel at its sides.
    pub(super) fn beside(&self, at: usize) -> impl Iterator<Item = usize> + use<> {
        beside(at, self.width, self.height)
    }
}

/// The neighbours at the sides of a pixel of a raster of this size.
pub(super) fn beside(at: usize, width: usize, height: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (at % width, at / width);
    [
        (x > 0, at.wrapping_sub(1)),
        (x + 1 < width, at + 1),
        (y > 0, at.wrapping_sub(width)),
        (y + 1 < height, at + width),
    ]
    .into_iter()
    .filter_map(|(is_there, near)| is_there.then_some(near))
}

/// What is seen of a pixel: what is transparent shows nothing, whatever its colour is.
fn shown(pixel: &[u8]) -> [u8; 3] {
    match pixel[3] {
        255 => [pixel[0], pixel[1], pixel[2]],
        alpha => [0, 1, 2].map(|i| (u32::from(pixel[i]) * u32::from(alpha) / 255) as u8),
    }
}

/// The colour of a pixel of the picture as it is seen.
pub(super) fn seen(image: &Image, x: u32, y: u32) -> Lab {
    lab(shown(&image.pixel(x, y)))
}

/// The squared distance of two colours, in units of L*a*b* squared.
pub(super) fn apart(a: Lab, b: Lab) -> f32 {
    let squared = |i: usize| i32::from(a[i] - b[i]).pow(2);
    (squared(0) + squared(1) + squared(2)) as f32 / (STEPS * STEPS)
}

/// A colour in units of L*a*b*.
pub(super) fn units(colour: Lab) -> [f32; 3] {
    colour.map(|v| f32::from(v) / STEPS)
}

/// sRGB to linear light, by value.
static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|value| {
        let v = value as f32 / 255.0;
        if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    })
});

/// How finely the cube root is tabled.
const ROOTS: usize = 4096;

/// The function of CIE L*a*b* that is a cube root above a short straight piece, over 0 to 1.
static ROOT: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let f = |t: f32| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    (0..=ROOTS).map(|i| f(i as f32 / ROOTS as f32)).collect()
});

fn lab([r, g, b]: [u8; 3]) -> Lab {
    let [r, g, b] = [r, g, b].map(|v| LINEAR[usize::from(v)]);
    let root = |t: f32| ROOT[((t * ROOTS as f32 + 0.5) as usize).min(ROOTS)];
    // The matrix of sRGB (IEC 61966-2-1), its rows divided by the white of D65.
    let x = root(0.433_953 * r + 0.376_219 * g + 0.189_828 * b);
    let y = root(0.212_673 * r + 0.715_152 * g + 0.072_175 * b);
    let z = root(0.017_757 * r + 0.109_477 * g + 0.872_766 * b);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)].map(|v| (v * STEPS).round() as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_standard() {
        for (rgb, wanted) in [
            ([255, 255, 255], [100.0, 0.0, 0.0]),
            ([0, 0, 0], [0.0, 0.0, 0.0]),
            ([255, 0, 0], [53.2, 80.1, 67.2]),
            ([0, 0, 255], [32.3, 79.2, -107.9]),
        ] {
            let found = units(lab(rgb));
            assert!((0..3).all(|i| (found[i] - wanted[i]).abs() < 0.8), "{rgb:?}: {found:?}");
        }
    }

    #[test]
    fn every_pixel_of_the_part_is_in_one_average() {
        let rgba = (0..70u32 * 50).flat_map(|i| [(i % 70) as u8 * 3, (i / 70) as u8 * 5, 9, 255]).collect();
        let image = Image::new(70, 50, rgba).unwrap();
        let raster = Raster::new(&image, Rect { x: 10, y: 5, width: 60, height: 40 }, 150);
        assert_eq!((raster.width, raster.height, raster.pixels.len()), (15, 10, 150));
        assert_eq!(raster.scale(), 4.0);
        assert_eq!((raster.index(10.0, 5.0), raster.index(69.9, 44.9), raster.index(-5.0, 900.0)), (0, 149, 135));
        let whole = Raster::new(&image, image.bounds(), 1_000_000);
        assert_eq!(whole.pixels[70 * 7 + 3], seen(&image, 3, 7));
    }
}
