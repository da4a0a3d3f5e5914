//! How well the edges of a mark fit those of a picture at a place: normalised correlation of gradients.
//!
//! An opaque mark is brighter than one ground and darker than another: the sign says nothing.

use super::plane::Plane;
use super::template::{Point, Template};

/// Edges of the picture count for at most this many times the typical magnitude of the mark's: one that only passes through would outweigh all others.
const CLIP: f32 = 2.0;
/// What a picture without any edge has, as a share of the mark's mean square. Without it, noise would be compared with the mark.
const FLOOR: f32 = 0.05;
/// A quarter with a smaller share of the mark's edges says nothing.
const SLIGHT: f32 = 0.08;

/// The gradients of a picture, clipped, `[height, width]`.
pub(super) struct Field {
    pub(super) width: usize,
    pub(super) height: usize,
    across: Vec<f32>,
    down: Vec<f32>,
    /// Squares of the magnitudes.
    energy: Vec<f32>,
}

impl Field {
    /// The gradients of a picture in which a mark with edges of the mean square `power` is sought.
    pub(super) fn new(plane: &Plane, power: f32) -> Self {
        let (mut across, mut down) = plane.gradients();
        let most = CLIP * CLIP * power;
        let mut energy = vec![0.0; across.len()];
        for ((a, d), e) in across.iter_mut().zip(&mut down).zip(&mut energy) {
            *e = *a * *a + *d * *d;
            if *e > most {
                let share = (most / *e).sqrt();
                *a *= share;
                *d *= share;
                *e = most;
            }
        }
        Self { width: plane.width, height: plane.height, across, down, energy }
    }

    /// How well `template` fits at all places of row `y`, from the left: correlations without their sign.
    pub(super) fn row(&self, template: &Template, y: usize) -> Vec<f32> {
        let places = (self.width + 1).saturating_sub(template.width);
        let (mut product, mut energy) = (vec![0.0f32; places], vec![0.0f32; places]);
        for point in &template.points {
            let from = (y + point.y) * self.width + point.x;
            let lines = self.across[from..].iter().zip(&self.down[from..]).zip(&self.energy[from..]);
            for ((product, energy), ((across, down), own)) in product.iter_mut().zip(&mut energy).zip(lines) {
                *product += point.across * across + point.down * down;
                *energy += own;
            }
        }
        let floor = FLOOR * template.energy;
        product.iter().zip(&energy).map(|(p, e)| p.abs() / (template.energy * (e + floor)).sqrt()).collect()
    }

    /// How well `template` fits at one place, and how well the worst of its four quarters does. Each quarter has a sign of its own, because the ground
    /// may be brighter than the mark on one side and darker on the other.
    pub(super) fn at(&self, template: &Template, x: usize, y: usize) -> (f32, f32) {
        let mut quarters = [[0.0f32; 3]; 4];
        for point in &template.points {
            let Point { across, down, .. } = *point;
            let from = (y + point.y) * self.width + x + point.x;
            let quarter = usize::from(point.x * 2 >= template.width) + 2 * usize::from(point.y * 2 >= template.height);
            quarters[quarter][0] += across * self.across[from] + down * self.down[from];
            quarters[quarter][1] += self.energy[from];
            quarters[quarter][2] += across * across + down * down;
        }
        let fit = |[product, energy, own]: [f32; 3]| {
            product.abs() / (own * (energy + FLOOR * own)).sqrt().max(f32::MIN_POSITIVE)
        };
        let whole = quarters
            .iter()
            .fold([0.0; 3], |sum, [product, energy, own]| [sum[0] + product.abs(), sum[1] + energy, sum[2] + own]);
        let counts = |part: &&[f32; 3]| part[2] > SLIGHT * template.energy;
        let least = quarters.iter().filter(counts).map(|part| fit(*part)).fold(f32::MAX, f32::min);
        (fit(whole), least)
    }
}
