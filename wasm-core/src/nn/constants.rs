//! Recipes that turn the tensors of a state dict into the constants that kernels bind.
//!
//! Matrices keep the 16-bit numbers in which they were published. A BatchNorm becomes a scale and a bias that are applied to the product
//! in f32. Folded into the weights, it would round them to 16 bits a second time.

use std::rc::Rc;

use half::f16;

use super::WeightElement;
use crate::gpu::{Constant, ConstantId, Element, Graph, Recipe, When};
use crate::kernels::conv2d::{self, Filters};
use crate::kernels::matmul::Left;
use crate::weights::{Source, quantise};
use crate::{Result, WeightsError};

/// Epsilon of every BatchNorm.
const BATCH_NORM_EPS: f64 = 1e-5;

/// Values to add to a bias, a row for each step of the sampler.
pub(crate) type ByStep = Rc<dyn Fn(&dyn Source) -> Result<Vec<Vec<f32>>>>;

/// The scale and bias that are applied to some rows of a matrix product.
#[derive(Clone, Debug)]
pub(crate) enum Epilogue {
    /// None.
    Plain,
    /// A bias by this name.
    Bias(String),
    /// A bias by this name; the result is multiplied by a number.
    ScaledBias(String, f32),
    /// The evaluation form of the BatchNorm with this prefix.
    BatchNorm(String),
}

impl Epilogue {
    /// The tensors that it reads, of `rows` values each.
    fn inputs(&self, rows: u32) -> Vec<(String, Vec<usize>)> {
        let names = match self {
            Self::Plain => vec![],
            Self::Bias(name) | Self::ScaledBias(name, _) => vec![name.clone()],
            Self::BatchNorm(prefix) => BATCH_NORM.map(|leaf| format!("{prefix}.{leaf}")).to_vec(),
        };
        names.into_iter().map(|name| (name, vec![rows as usize])).collect()
    }

    /// The scale and the bias of each of `rows` rows.
    fn values(&self, rows: u32, weights: &dyn Source) -> Result<(Vec<f32>, Vec<f32>)> {
        let ones = vec![1.0; rows as usize];
        Ok(match self {
            Self::Plain => (ones, vec![0.0; rows as usize]),
            Self::Bias(name) => (ones, weights.read(name)?),
            Self::ScaledBias(name, factor) => {
                (vec![*factor; rows as usize], weights.read(name)?.into_iter().map(|b| b * factor).collect())
            }
            Self::BatchNorm(prefix) => batch_norm(prefix, weights)?,
        })
    }
}

const BATCH_NORM: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];

/// `s = weight / sqrt(var + eps)` and `bias - mean * s`: what a BatchNorm does in evaluation.
fn batch_norm(prefix: &str, weights: &dyn Source) -> Result<(Vec<f32>, Vec<f32>)> {
    let [weight, bias, mean, var] = BATCH_NORM.map(|leaf| weights.read(&format!("{prefix}.{leaf}")));
    let (weight, bias, mean, var) = (weight?, bias?, mean?, var?);
    let both = (0..weight.len()).map(|i| {
        let scale = f64::from(weight[i]) / (f64::from(var[i]) + BATCH_NORM_EPS).sqrt();
        (scale as f32, (f64::from(bias[i]) - f64::from(mean[i]) * scale) as f32)
    });
    Ok(both.unzip())
}

/// The bytes of values on the GPU. A finite value that 16 bits cannot hold is an error.
pub(crate) fn stored(element: Element, what: &str, values: &[f32]) -> Result<Vec<u8>> {
    let beyond = || WeightsError::BeyondF16(what.to_owned());
    match element {
        Element::F32 => Ok(bytemuck::cast_slice(values).to_vec()),
        Element::F16 => {
            let mut bytes = Vec::with_capacity(values.len() * 2);
            for &value in values {
                let half = f16::from_f32(value);
                if !half.is_finite() {
                    return Err(beyond().into());
                }
                bytes.extend_from_slice(&half.to_le_bytes());
            }
            Ok(bytes)
        }
    }
}

pub(crate) fn add(
    g: &mut Graph,
    label: String,
    bytes: u64,
    inputs: Vec<(String, Vec<usize>)>,
    recipe: impl Fn(&dyn Source) -> Result<Vec<u8>> + 'static,
) -> ConstantId {
    g.constant(Constant { label, bytes, inputs, scales: vec![], recipe: Rc::new(recipe), when: When::Ahead })
}

/// When a constant of matrices that are stored in these elements can be made.
pub(crate) fn when(element: WeightElement) -> When {
    match element {
        WeightElement::F16 => When::Ahead,
        WeightElement::I8 => When::Loading,
    }
}

/// Matrices with fewer numbers stay in 16 bits. They take little room, and the sensitive first and last layers are among them.
const WORTH_QUANTISING: u32 = 1 << 13;

/// One matrix, or several of the same width K, one below the other.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    /// The name and the number of rows of each.
    parts: Vec<(String, u32)>,
    k: u32,
    kind: Kind,
    element: WeightElement,
}

impl Matrix {
    pub(crate) fn new(parts: &[(String, u32)], k: u32, kind: Kind, wanted: WeightElement) -> Self {
        let small = parts.iter().map(|(_, rows)| rows * k).sum::<u32>() < WORTH_QUANTISING;
        let element = if small { WeightElement::F16 } else { wanted };
        Self { parts: parts.to_vec(), k, kind, element }
    }

    /// Whether the product has to be multiplied by the scales of the rows.
    pub(crate) fn is_scaled(&self) -> bool {
        self.element == WeightElement::I8
    }

    fn inputs(&self) -> Vec<(String, Vec<usize>)> {
        self.parts.iter().map(|(name, rows)| (name.clone(), self.kind.shape(*rows, self.k))).collect()
    }

    /// The scales of all rows, in their order.
    fn scales(&self, weights: &dyn Source) -> Result<Vec<f32>> {
        let mut scales = vec![];
        for (name, rows) in &self.parts {
            scales.extend(kept_or_new_scales(weights, name, *rows as usize)?);
        }
        Ok(scales)
    }
}

/// The constant of a matrix: from `[M, K, ..]` of each part to `[K, M padded to 4]` of them all.
pub(crate) fn matrix(g: &mut Graph, matrix: &Matrix) -> Left {
    let m: u32 = matrix.parts.iter().map(|(_, rows)| rows).sum();
    let padded = m.next_multiple_of(4) as usize;
    let names = matrix.parts.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" + ");
    let (k, this) = (matrix.k as usize, matrix.clone());
    let count = (k * padded) as u64;
    match matrix.element {
        WeightElement::F16 => {
            Left::Weights(add(g, format!("matrix {names}"), count * 2, matrix.inputs(), move |weights| {
                let mut packed = vec![0.0; k * padded];
                let mut first = 0;
                for (name, rows) in &this.parts {
                    transpose(&weights.read(name)?, k, &mut packed[first..], padded);
                    first += *rows as usize;
                }
                stored(Element::F16, &this.parts[0].0, &packed)
            }))
        }
        WeightElement::I8 => {
            Left::Weights8(add(g, format!("matrix in 8 bits {names}"), count, matrix.inputs(), move |weights| {
                let mut packed = vec![0_i8; k * padded];
                let mut first = 0;
                for (name, rows) in &this.parts {
                    let values = weights.read(name)?;
                    let scales = quantise::scales(&values, *rows as usize);
                    transpose(&quantise::quantise(&values, &scales), k, &mut packed[first..], padded);
                    first += *rows as usize;
                }
                Ok(bytemuck::cast_vec(packed))
            }))
        }
    }
}

/// Writes rows of `k` values as columns whose values are `stride` apart.
fn transpose<T: Copy>(values: &[T], k: usize, into: &mut [T], stride: usize) {
    for (row, of_row) in values.chunks_exact(k).enumerate() {
        for (i, &value) in of_row.iter().enumerate() {
            into[i * stride + row] = value;
        }
    }
}

/// How a matrix is stored in the state dict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `[M, K]`.
    Linear,
    /// `[M, K, 1, 1]`.
    Pointwise,
}

impl Kind {
    fn shape(self, m: u32, k: u32) -> Vec<usize> {
        let mut shape = vec![m as usize, k as usize];
        if self == Self::Pointwise {
            shape.extend([1, 1]);
        }
        shape
    }
}

/// The constant of scales and biases for the rows of `matrix`: `[scale, bias]`, each padded to 4.
pub(crate) fn epilogue(g: &mut Graph, parts: &[(Epilogue, u32)], matrix: &Matrix) -> ConstantId {
    affine(g, parts, matrix, None)
}

/// Values that are added to the bias, different at each step of the sampler.
pub(crate) struct Steps {
    /// Part of the constant's label, which distinguishes it from that of other schedules.
    pub(crate) what: String,
    /// How many steps there are.
    pub(crate) count: usize,
    /// Name and shape of the tensors that the values are computed from.
    pub(crate) inputs: Vec<(String, Vec<usize>)>,
    /// Computes the values.
    pub(crate) added: ByStep,
}

/// As [`epilogue`], with a bias for each step: `[scale, bias of step 0, bias of step 1, ..]`.
pub(crate) fn epilogue_by_step(g: &mut Graph, part: (Epilogue, u32), matrix: &Matrix, steps: Steps) -> ConstantId {
    affine(g, &[part], matrix, Some(steps))
}

fn affine(g: &mut Graph, parts: &[(Epilogue, u32)], matrix: &Matrix, steps: Option<Steps>) -> ConstantId {
    let parts = parts.to_vec();
    let padded = parts.iter().map(|(_, rows)| rows).sum::<u32>().next_multiple_of(4) as usize;
    let mut inputs: Vec<_> = parts.iter().flat_map(|(epilogue, rows)| epilogue.inputs(*rows)).collect();
    let scaled = matrix.is_scaled().then(|| matrix.clone());
    let mut label = format!("epilogue {parts:?}");
    if let Some(matrix) = &scaled {
        label += &format!(" of 8 bits {}", matrix.parts[0].0);
    }
    if let Some(steps) = &steps {
        label += &format!(" {}", steps.what);
        inputs.extend(steps.inputs.iter().cloned());
    }
    let count = steps.as_ref().map_or(1, |steps| steps.count);
    let added = steps.map(|steps| steps.added);
    let bytes = ((1 + count) * padded * 4) as u64;
    let when = if added.is_some() { When::Loading } else { When::Ahead };
    let scales = scaled.as_ref().map_or(vec![], |matrix| matrix.parts.clone());
    let recipe: Recipe = Rc::new(move |weights| {
        let (mut values, mut bias) = (vec![], vec![]);
        for (epilogue, rows) in &parts {
            let (s, b) = epilogue.values(*rows, weights)?;
            values.extend(s);
            bias.extend(b);
        }
        if let Some(matrix) = &scaled {
            values.iter_mut().zip(matrix.scales(weights)?).for_each(|(value, scale)| *value *= scale);
        }
        values.resize(padded, 0.0);
        let added = added.as_ref().map(|added| added(weights)).transpose()?;
        for step in 0..count {
            let more = added.as_ref().map(|rows| &rows[step]);
            values.extend(bias.iter().enumerate().map(|(i, b)| b + more.map_or(0.0, |m| m[i])));
            values.resize(padded * (2 + step), 0.0);
        }
        stored(Element::F32, "", &values)
    });
    g.constant(Constant { label, bytes, inputs, scales, recipe, when })
}

/// `[weight C, bias C]` of the norm with this prefix.
pub(crate) fn norm(g: &mut Graph, prefix: &str, channels: u32) -> ConstantId {
    let names = ["weight", "bias"].map(|leaf| format!("{prefix}.{leaf}"));
    let inputs = names.iter().map(|name| (name.clone(), vec![channels as usize])).collect();
    add(g, format!("norm {prefix}"), u64::from(channels) * 8, inputs, move |weights| {
        let mut values = weights.read(&names[0])?;
        values.extend(weights.read(&names[1])?);
        stored(Element::F32, "", &values)
    })
}

/// The constant of a depthwise convolution: `[C, 12]`, for each channel nine taps, scale, bias, and one unused number.
pub(crate) fn depthwise(g: &mut Graph, weight: String, follows: Epilogue, channels: u32) -> ConstantId {
    let mut inputs = vec![(weight.clone(), vec![channels as usize, 1, 3, 3])];
    inputs.extend(follows.inputs(channels));
    add(g, format!("depthwise {weight}"), u64::from(channels) * 48, inputs, move |weights| {
        let (scale, bias) = follows.values(channels, weights)?;
        let taps = weights.read(&weight)?;
        let rows = taps.chunks_exact(9).zip(scale.iter().zip(&bias));
        let values: Vec<f32> =
            rows.flat_map(|(taps, (s, b))| taps.iter().copied().chain([*s, *b, 0.0]).collect::<Vec<_>>()).collect();
        stored(Element::F32, "", &values)
    })
}

/// Weights and bias of the 3x3 convolution with this prefix.
pub(crate) fn convolution(
    g: &mut Graph,
    prefix: &str,
    m: u32,
    c: u32,
    element: WeightElement,
) -> (Filters, ConstantId) {
    let small = 9 * c * m < WORTH_QUANTISING;
    let filters = match element {
        WeightElement::I8 if !small => filters_in_8_bits(g, format!("{prefix}.weight"), m, c),
        _ => filters(g, format!("{prefix}.weight"), m, c),
    };
    (filters, vector(g, format!("{prefix}.bias"), &[m as usize]))
}

fn filters(g: &mut Graph, weight: String, m: u32, c: u32) -> Filters {
    let bytes = u64::from(9 * c * m.next_multiple_of(4)) * Element::F16.size();
    let inputs = vec![(weight.clone(), vec![m as usize, c as usize, 3, 3])];
    Filters::F16(add(g, format!("convolution {weight}"), bytes, inputs, move |weights| {
        stored(Element::F16, &weight, &conv2d::pack(&weights.read(&weight)?, m as usize, c as usize))
    }))
}

/// Made at loading, because a pack keeps filters in the order of the state dict.
fn filters_in_8_bits(g: &mut Graph, weight: String, m: u32, c: u32) -> Filters {
    let (rows, inputs) = (m as usize, vec![(weight.clone(), vec![m as usize, c as usize, 3, 3])]);
    let of = vec![(weight.clone(), m)];
    let scales_of = {
        let weight = weight.clone();
        move |weights: &dyn Source| kept_or_new_scales(weights, &weight, rows)
    };
    let (known, label) = (scales_of.clone(), format!("convolution in 8 bits {weight}"));
    let recipe: Recipe = Rc::new(move |weights| {
        let quantised = quantise::quantise(&weights.read(&weight)?, &known(weights)?);
        Ok(bytemuck::cast_vec(conv2d::pack(&quantised, rows, c as usize)))
    });
    let scales_label = format!("scales of {label}");
    let bytes = u64::from(9 * c * m.next_multiple_of(4));
    let when = When::Loading;
    let filters = Constant { label, bytes, inputs: inputs.clone(), scales: of.clone(), recipe, when };
    let recipe: Recipe = Rc::new(move |weights| {
        let mut scales = scales_of(weights)?;
        scales.resize(rows.next_multiple_of(4), 0.0);
        stored(Element::F32, "", &scales)
    });
    let bytes = u64::from(m.next_multiple_of(4)) * 4;
    let scales = Constant { label: scales_label, bytes, inputs, scales: of, recipe, when };
    Filters::I8 { filters: g.constant(filters), scales: g.constant(scales) }
}

/// The scales of the matrix `name` of so many rows: those that a pack keeps, or those that its values need.
fn kept_or_new_scales(weights: &dyn Source, name: &str, rows: usize) -> Result<Vec<f32>> {
    match weights.scales(name)? {
        Some(kept) if kept.len() != rows => {
            Err(WeightsError::Damaged(format!("the scales of {name} are not one a row")).into())
        }
        Some(kept) => Ok(kept),
        None => Ok(quantise::scales(&weights.read(name)?, rows)),
    }
}

/// A vector in f32, padded to 4.
pub(crate) fn vector(g: &mut Graph, name: String, shape: &[usize]) -> ConstantId {
    let count = shape.iter().product::<usize>().next_multiple_of(4);
    let inputs = vec![(name.clone(), shape.to_vec())];
    add(g, format!("vector {name}"), count as u64 * 4, inputs, move |weights| {
        let mut values = weights.read(&name)?;
        values.resize(count, 0.0);
        stored(Element::F32, "", &values)
    })
}

/// A constant of numbers that depend on no weights.
pub(crate) fn table(g: &mut Graph, label: String, values: Vec<f32>) -> ConstantId {
    let bytes = values.len() as u64 * 4;
    let recipe: Recipe = Rc::new(move |_| stored(Element::F32, "", &values));
    g.constant(Constant { label, bytes, inputs: vec![], scales: vec![], recipe, when: When::Loading })
}

/// A constant of `count` numbers that `recipe` computes from the tensors `inputs`.
pub(crate) fn computed(
    g: &mut Graph,
    label: String,
    count: usize,
    inputs: Vec<(String, Vec<usize>)>,
    recipe: impl Fn(&dyn Source) -> Result<Vec<f32>> + 'static,
) -> ConstantId {
    add(g, label, count as u64 * 4, inputs, move |weights| stored(Element::F32, "", &recipe(weights)?))
}

/// Scale and bias of the BatchNorm with this prefix.
pub(crate) fn folded_batch_norm(prefix: &str, weights: &dyn Source) -> Result<(Vec<f32>, Vec<f32>)> {
    batch_norm(prefix, weights)
}

/// The tensors of the BatchNorm with this prefix.
pub(crate) fn batch_norm_inputs(prefix: &str, rows: u32) -> Vec<(String, Vec<usize>)> {
    Epilogue::BatchNorm(prefix.to_owned()).inputs(rows)
}
