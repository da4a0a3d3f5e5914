//! Things to be found: shapes, and what covers them.

use image::RgbaImage;
use std::f32::consts::TAU;

use crate::random::Random;

/// A thing in its own coordinates, -1 to 1 on the longer side.
pub(crate) struct Thing {
    shape: Shape,
    cover: Cover,
    /// Where light comes from, and how much darker the other side is.
    light: (f32, f32, f32),
}

enum Shape {
    /// |x/a|^n + |y/b|^n < 1.
    Superellipse {
        a: f32,
        b: f32,
        n: f32,
    },
    /// Radius by angle: a mean and waves.
    Wavy([(f32, f32); 5]),
    Star {
        points: f32,
        inner: f32,
    },
    Polygon(Vec<(f32, f32)>),
    /// A body with a handle that has a hole.
    Mug,
    /// A bottle: a body, shoulders and a neck.
    Bottle,
    /// Two discs on one rod.
    Dumbbell,
    /// A cut-out's own alpha.
    CutOut(RgbaImage),
}

enum Cover {
    Plain([f32; 3]),
    Stripes([f32; 3], [f32; 3], f32, f32),
    Checks([f32; 3], [f32; 3], f32),
    Spots([f32; 3], [f32; 3], f32),
    Speckle([f32; 3], f32),
    TwoParts([f32; 3], [f32; 3], f32),
    Gradient([f32; 3], [f32; 3]),
    /// Part of another picture, from here, with so many pixels to a unit.
    Photograph(RgbaImage, (f32, f32), f32),
    /// The cut-out's own colours, brighter or darker.
    Own(f32),
}

impl Thing {
    /// A random shape, covered at random; `photographs` is what photographic covers are taken from.
    pub(crate) fn made_up(random: &mut Random, photograph: Option<RgbaImage>) -> (Self, String) {
        let (shape, shape_name) = shape(random);
        let (cover, cover_name) = match photograph {
            Some(photograph) => {
                let from = (random.between(0.3, 0.7), random.between(0.3, 0.7));
                (Cover::Photograph(photograph, from, random.between(90.0, 170.0)), "photograph")
            }
            None => cover(random),
        };
        let angle = random.between(0.0, TAU);
        let light = (angle.cos(), angle.sin(), random.between(0.0, 0.45));
        (Self { shape, cover, light }, format!("{shape_name}/{cover_name}"))
    }

    /// A cut-out.
    pub(crate) fn cut_out(random: &mut Random, picture: RgbaImage) -> Self {
        let light = (1.0, 0.0, random.between(0.0, 0.15));
        Self { shape: Shape::CutOut(picture), cover: Cover::Own(random.between(0.8, 1.15)), light }
    }

    /// Colour, and how much of a sample the thing covers.
    pub(crate) fn at(&self, x: f32, y: f32) -> ([f32; 3], f32) {
        let inside = match &self.shape {
            Shape::CutOut(picture) => sampled(picture, x, y)[3] / 255.0,
            shape => f32::from(u8::from(shape.contains(x, y))),
        };
        let shade = 1.0 + self.light.2 * (x * self.light.0 + y * self.light.1) - 0.4 * self.light.2 * (x * x + y * y);
        (self.cover.colour(&self.shape, x, y).map(|v| (v * shade).clamp(0.0, 255.0)), inside)
    }
}

fn shape(random: &mut Random) -> (Shape, &'static str) {
    match random.below(8) {
        0 => (Shape::Superellipse { a: 1.0, b: random.between(0.4, 1.0), n: random.between(1.6, 2.4) }, "ellipse"),
        1 => (Shape::Superellipse { a: 1.0, b: random.between(0.35, 1.0), n: random.between(4.0, 9.0) }, "box"),
        2 => {
            let wave = |i: usize| (random.between(0.0, 0.32 / (i as f32 + 1.0)), random.between(0.0, TAU));
            let mut wave = wave;
            (Shape::Wavy([wave(0), wave(1), wave(2), wave(3), wave(4)]), "blob")
        }
        3 => {
            let points = 4.0 + random.below(5) as f32;
            (Shape::Star { points, inner: random.between(0.4, 0.7) }, "star")
        }
        4 => {
            let count = 3 + random.below(5);
            let corner = |i: usize| {
                let angle = (i as f32 + random.between(-0.3, 0.3)) / count as f32 * std::f32::consts::TAU;
                let radius = random.between(0.7, 1.0);
                (radius * angle.cos(), radius * angle.sin())
            };
            (Shape::Polygon((0..count).map(corner).collect()), "polygon")
        }
        5 => (Shape::Mug, "mug"),
        6 => (Shape::Bottle, "bottle"),
        _ => (Shape::Dumbbell, "dumbbell"),
    }
}

fn cover(random: &mut Random) -> (Cover, &'static str) {
    let (a, b) = (random.colour(), random.colour());
    match random.below(7) {
        0 => (Cover::Plain(a), "plain"),
        1 => (Cover::Stripes(a, b, random.between(5.0, 16.0), random.between(0.0, 3.1)), "stripes"),
        2 => (Cover::Checks(a, b, random.between(2.5, 6.0)), "checks"),
        3 => (Cover::Spots(a, b, random.between(4.0, 9.0)), "spots"),
        4 => (Cover::Speckle(a, random.between(12.0, 50.0)), "speckle"),
        5 => (Cover::TwoParts(a, b, random.between(-0.4, 0.4)), "two parts"),
        _ => (Cover::Gradient(a, b), "gradient"),
    }
}

impl Shape {
    fn contains(&self, x: f32, y: f32) -> bool {
        match self {
            Self::Superellipse { a, b, n } => (x / a).abs().powf(*n) + (y / b).abs().powf(*n) < 1.0,
            Self::Wavy(waves) => {
                let angle = y.atan2(x);
                let radius =
                    waves.iter().enumerate().map(|(i, (size, phase))| size * ((i as f32 + 2.0) * angle + phase).sin());
                x.hypot(y) < 0.68 * (1.0 + radius.sum::<f32>())
            }
            Self::Star { points, inner } => {
                let turn = (y.atan2(x) / std::f32::consts::TAU * points).rem_euclid(1.0);
                x.hypot(y) < 1.0 + (inner - 1.0) * (1.0 - (2.0 * turn - 1.0).abs())
            }
            Self::Polygon(corners) => {
                let edges = corners.iter().zip(corners.iter().cycle().skip(1));
                let crossed =
                    edges.filter(|(a, b)| (a.1 <= y) != (b.1 <= y) && x < a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0));
                crossed.count() % 2 == 1
            }
            Self::Mug => {
                let handle = (x - 0.55).hypot(y);
                (-0.7..0.5).contains(&x) && y.abs() < 0.75 || x > 0.4 && (0.25..0.42).contains(&handle)
            }
            Self::Bottle => {
                let half = if y > -0.2 { 0.36 } else { (0.36 - (-0.2 - y) * 0.7).max(0.13) };
                y.abs() < 0.98 && x.abs() < half
            }
            Self::Dumbbell => (x.abs() - 0.65).hypot(y) < 0.35 || x.abs() < 0.6 && y.abs() < 0.12,
            Self::CutOut(_) => false,
        }
    }
}

impl Cover {
    fn colour(&self, shape: &Shape, x: f32, y: f32) -> [f32; 3] {
        let odd = |v: f32| v.floor().rem_euclid(2.0) >= 1.0;
        let either = |first: bool, a: &[f32; 3], b: &[f32; 3]| if first { *a } else { *b };
        match self {
            Self::Plain(a) => *a,
            Self::Stripes(a, b, many, turn) => either(odd((x * turn.cos() + y * turn.sin()) * many), a, b),
            Self::Checks(a, b, many) => either(odd(x * many) != odd(y * many), a, b),
            Self::Spots(a, b, many) => {
                let (fx, fy) = ((x * many).rem_euclid(1.0) - 0.5, (y * many).rem_euclid(1.0) - 0.5);
                either(fx.hypot(fy) > 0.3, a, b)
            }
            Self::Speckle(a, size) => {
                let cell = ((x * 60.0).floor() * 12.9898 + (y * 60.0).floor() * 78.233).sin() * 43_758.547;
                a.map(|v| v + size * (2.0 * (cell - cell.floor()) - 1.0))
            }
            Self::TwoParts(a, b, at) => either(y < *at, a, b),
            Self::Gradient(a, b) => std::array::from_fn(|i| a[i] + (b[i] - a[i]) * (y + 1.0) / 2.0),
            Self::Photograph(picture, (fx, fy), scale) => {
                let side = |from: f32, at: f32, length: u32| {
                    ((from * length as f32 + at * scale) as i64).rem_euclid(i64::from(length)) as u32
                };
                let pixel = picture.get_pixel(side(*fx, x, picture.width()), side(*fy, y, picture.height()));
                [0, 1, 2].map(|i| f32::from(pixel.0[i]))
            }
            Self::Own(bright) => match shape {
                Shape::CutOut(picture) => {
                    let [r, g, b, _] = sampled(picture, x, y);
                    [r, g, b].map(|v| v * bright)
                }
                _ => [0.0; 3],
            },
        }
    }
}

/// A picture's pixel where its longer side spans -1 to 1; nothing outside.
fn sampled(picture: &RgbaImage, x: f32, y: f32) -> [f32; 4] {
    let half = picture.width().max(picture.height()) as f32 / 2.0;
    let (column, row) = (x * half + picture.width() as f32 / 2.0, y * half + picture.height() as f32 / 2.0);
    if column < 0.0 || row < 0.0 || column >= picture.width() as f32 || row >= picture.height() as f32 {
        return [0.0; 4];
    }
    picture.get_pixel(column as u32, row as u32).0.map(f32::from)
}
