//! Winograd's form of the 3x3 convolution against the plain one, on maps that tiles and bands do not divide.

use wasm_core::Result;
use wasm_core::gpu::{ConstantId, Element, Gpu, View};
use wasm_core::kernels::conv2d::{Conv2d, Filters, Window, reference};
use wasm_core::kernels::group_norm::{self, OnRead};
use wasm_core::kernels::scaled_copy::ScaledCopy;
use wasm_core::kernels::winograd::{self, Cut, Part, Residual, Winograd};
use wasm_core::kernels::{Activation, Factors};

use crate::rig::{Errors, Trial, bound, elements, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in 0..12 {
            let window = [Window::Same, Window::Doubled][seed as usize % 2];
            let mut t = Trial::new(seed);
            let (batch, m, c) = (t.rng.within(1, 2), t.rng.within(1, 70), t.rng.within(1, 40));
            let (h, w) = match window {
                Window::Doubled => (t.rng.within(1, 9), 2 * t.rng.within(1, 5)),
                _ => (t.rng.within(1, 19), 4 * t.rng.within(1, 5)),
            };
            let (x, x_values) = t.input(element, [batch, c, h, w]);
            let [out_h, out_w] = window.result(h, w);
            let shape = [batch, m, out_h, out_w];
            let (mi, ci) = (m as usize, c as usize);
            let (filters, weights) = t.filters(m, c, seed % 3 == 2);
            let bias = t.rng.numbers(mi.next_multiple_of(4));
            let bias_constant = t.constant_f32(&bias);
            let activation = t.rng.of(&[Activation::None, Activation::Silu]);
            let residual = (t.rng.within(0, 1) == 1).then(|| t.input(element, shape));
            let out = t.rng.of(&[element, Element::F32]);
            let factors = t.factors();
            let y = t.output(out, shape);
            let convolution = Conv2d {
                label: "winograd",
                window,
                weights: filters,
                bias: bias_constant,
                x,
                factors,
                activation,
                residual: residual.as_ref().map(|(view, _)| *view),
                y,
            };
            assert!(winograd::can(&convolution));
            // Bands of one row of tiles, of two, or all at once; some filters at a time, or all.
            let rows = [1, 2, u32::MAX][seed as usize / 2 % 3];
            let cut = Cut { rows, outputs: [u32::MAX, 17][seed as usize / 6 % 2], keeps: seed % 5 < 3 };
            winograd::record_in(&convolution, cut, &mut t.g)?;

            let dims = [batch as usize, mi, ci, 3];
            let out_size = [out_h as usize, out_w as usize];
            let x_values = match window {
                Window::Doubled => reference_doubled(&x_values, h, w),
                _ => x_values,
            };
            let mut expected = reference::conv2d(&weights, &x_values, dims, out_size, out_size, 1, 1);
            for (i, value) in expected.iter_mut().enumerate() {
                *value = factors.sum * *value + factors.bias * bias[i / (out_size[0] * out_size[1]) % mi];
                *value = activation.of(*value);
                *value += residual.as_ref().map_or(0.0, |(_, r)| r[i]);
            }
            let found = &t.run(gpu, &[y]).await?[0];
            let what = format!("seed {seed} {window:?} {h}x{w} {ci}->{mi} {element:?}");
            errors.note(&what, relative_l2(found, &expected), bound(out));
        }
    }
    for element in elements(gpu) {
        for seed in 0..12 {
            normed_in_parts(gpu, &mut errors, element, seed).await?;
            overwritten(gpu, &mut errors, element, seed).await?;
        }
    }
    errors.finish("winograd");
    Ok(())
}

/// Epsilon of the norms.
const EPSILON: f32 = 1e-6;

/// A map in several tensors, which are normalised while they are read, and the plain form of its convolution.
struct Halves {
    trial: Trial,
    parts: Vec<Part>,
    values: Vec<f32>,
    shape: [u32; 3],
    filters: Filters,
    factors: Factors,
    bias: ConstantId,
    /// `[M, H, W]`
    expected: Vec<f32>,
}

impl Halves {
    /// One sample of `c` channels in each part, of `groups` groups in each, to `m` outputs.
    fn new(element: Element, seed: u64, [c, groups, m, h, w]: [u32; 5], parts: usize) -> Result<Self> {
        let mut t = Trial::new(seed);
        let all = c * parts as u32;
        let affine = t.rng.numbers(2 * all as usize);
        let affine_constant = t.constant_f32(&affine);
        let (mut maps, mut values) = (vec![], vec![]);
        for _ in 0..parts {
            let (map, of_map) = t.input(element, [1, c, h, w]);
            maps.push(map);
            values.extend(of_map);
        }
        let parts = maps.into_iter().zip(0..).map(|(map, at)| {
            let (label, first, epsilon) = ("norm", at * c, EPSILON);
            let norm = OnRead { label, x: map, affine: affine_constant, first, all, groups, epsilon };
            Ok(Part { map, norms: Some(norm.record(&mut t.g)?) })
        });
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let (filters, weights) = t.filters(m, all, seed % 3 == 1);
        let (weight, bias_of_norm) = affine.split_at(all as usize);
        let sizes = [1, all as usize, (h * w) as usize];
        let all_groups = groups as usize * parts.len();
        let epsilon = f64::from(EPSILON);
        let normed = group_norm::reference::group_norm(&values, weight, bias_of_norm, sizes, all_groups, epsilon);
        let normed: Vec<f32> = normed.into_iter().map(|v| Activation::Silu.of(v)).collect();
        let (mi, ci, size) = (m as usize, all as usize, [h as usize, w as usize]);
        let mut expected = reference::conv2d(&weights, &normed, [1, mi, ci, 3], size, size, 1, 1);
        let bias = t.rng.numbers(mi.next_multiple_of(4));
        let (pixels, factors) = (size[0] * size[1], t.factors());
        expected
            .iter_mut()
            .enumerate()
            .for_each(|(i, value)| *value = factors.sum * *value + factors.bias * bias[i / pixels]);
        let bias = t.constant_f32(&bias);
        Ok(Self { trial: t, parts, values, shape: [m, h, w], filters, factors, bias, expected })
    }

    /// The convolution into these tensors.
    fn to<'a>(&'a self, y: &'a [View], residual: Residual) -> Winograd<'a> {
        let Self { parts, filters, bias, factors, .. } = self;
        let (label, window, activation) = ("winograd", Window::Same, Activation::None);
        let (weights, bias, factors, room) = (*filters, *bias, *factors, u64::MAX);
        Winograd { label, window, weights, bias, x: parts, factors, activation, residual, y, room }
    }
}

/// Normed while it is read, in one to three tensors; the result in two.
async fn normed_in_parts(gpu: &Gpu, errors: &mut Errors, element: Element, seed: u64) -> Result<()> {
    let mut rng = crate::rig::Rng(seed + 2000);
    let groups = rng.within(1, 4);
    let sizes = [groups * rng.within(1, 5), groups, 4 * rng.within(2, 9), rng.within(1, 19), 4 * rng.within(1, 5)];
    let mut halves = Halves::new(element, seed, sizes, rng.within(1, 3) as usize)?;
    let [m, h, w] = halves.shape;
    let first = 4 * rng.within(1, m / 4 - 1);
    let y = [first, m - first].map(|m| halves.trial.output(Element::F32, [1, m, h, w]));
    let mut g = std::mem::take(&mut halves.trial.g);
    let rows = rng.within(1, 3);
    let cut = Cut { rows, outputs: rng.of(&[8, u32::MAX]), keeps: seed.is_multiple_of(2) };
    halves.to(&y, Residual::None).record_in(&mut g, cut, &mut |_, _| Ok(()))?;
    halves.trial.g = g;
    let found = halves.trial.run(gpu, &y).await?.concat();
    errors.note(
        &format!("parts, seed {seed} {sizes:?} {element:?}"),
        relative_l2(&found, &halves.expected),
        bound(element),
    );
    Ok(())
}

/// The result where the first half of the map is, or added to another map, while rows of the second half are saved and doubled.
async fn overwritten(gpu: &Gpu, errors: &mut Errors, element: Element, seed: u64) -> Result<()> {
    let mut rng = crate::rig::Rng(seed + 3000);
    let (adds, c) = (seed % 2 == 1, 4 * rng.within(1, 9));
    let sizes = [c, 4, c, rng.within(1, 19), 4 * rng.within(1, 5)];
    let mut halves = Halves::new(element, seed, sizes, 2)?;
    let [_, h, w] = halves.shape;
    let shape = [1, c, h, w];
    let (base, added) = if adds { halves.trial.input(element, shape) } else { (halves.parts[0].map, vec![]) };
    let (second, saved) = (halves.parts[1].map, halves.trial.output(element, shape));
    let mut g = std::mem::take(&mut halves.trial.g);
    let mut save = |g: &mut wasm_core::gpu::Graph, rows: std::ops::Range<u32>| {
        let of_rows = |view: View| view.columns(rows.start * w, rows.len() as u32 * w);
        ScaledCopy { label: "save", factor: 1.0, x: of_rows(second), y: of_rows(saved) }.record(g)?;
        ScaledCopy { label: "double", factor: 2.0, x: of_rows(saved), y: of_rows(second) }.record(g)
    };
    let residual = if adds { Residual::InPlace } else { Residual::None };
    let cut = |rows| Cut { rows, outputs: u32::MAX, keeps: true };
    if adds {
        halves.to(&[base], residual).record_in(&mut g, cut(1), &mut |_, _| Ok(()))?;
    } else {
        halves.to(&[base], residual).record_in(&mut g, cut(rng.within(1, 2)), &mut save)?;
    }
    // The runs in parts would overwrite what was overwritten.
    halves.trial.once = true;
    halves.trial.g = g;
    let what = format!("overwritten, seed {seed} {sizes:?} {element:?}");
    let found = halves.trial.run(gpu, &if adds { vec![base] } else { vec![base, second, saved] }).await?;
    let mut expected = halves.expected;
    expected.iter_mut().zip(&added).for_each(|(value, more)| *value += more);
    errors.note(&what, relative_l2(&found[0], &expected), bound(element));
    if !adds {
        let old = &halves.values[(c * h * w) as usize..];
        let doubled: Vec<f32> = old.iter().map(|v| 2.0 * v).collect();
        errors.note(&what, relative_l2(&found[1], &doubled), 0.0);
        errors.note(&what, relative_l2(&found[2], old), 0.0);
    }
    Ok(())
}

fn reference_doubled(x: &[f32], h: u32, w: u32) -> Vec<f32> {
    reference::upsample_nearest(x, h as usize, w as usize)
}
