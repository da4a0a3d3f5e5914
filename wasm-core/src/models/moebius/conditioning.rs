//! What the network is told besides the picture: the time, and the tokens of either branch of guidance.
//!
//! Neither depends on the picture, so everything that follows from them is computed once, when the weights are loaded: the vector that each
//! resnet adds at each step, and the softmaxed keys and the values of each cross-lambda.

use std::cell::OnceCell;
use std::rc::Rc;

use super::config::{TOKENS, UnetConfig};
use crate::Result;
use crate::gpu::{ConstantId, Graph};
use crate::kernels::lambda_cross::PADDED_TOKENS;
use crate::nn::constants::{self, ByStep, Steps};
use crate::weights::Source;

/// Prefix of the names of nearly all tensors of the U-Net.
pub(super) const ROOT: &str = "diff_model.";

/// Which branches of classifier-free guidance the U-Net is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branches {
    /// The unconditional one, then the conditional one, as the two samples of a batch. What is the same in both is computed once: nothing before the
    /// first cross-lambda knows of the branches.
    Both,
    /// The same, but everything is computed for each; only good for showing that it makes no difference.
    BothSeparately,
    /// The conditional one alone: a step without guidance, at half the work.
    Conditional,
}

impl Branches {
    /// The first of them, among both.
    pub fn first(self) -> u32 {
        2 - self.count()
    }

    /// How many samples they are.
    pub fn count(self) -> u32 {
        match self {
            Self::Both | Self::BothSeparately => 2,
            Self::Conditional => 1,
        }
    }
}

/// The constants of time and tokens. One instance serves one set of weights: it remembers what it computed from them.
#[derive(Clone)]
pub(super) struct Conditioning {
    config: UnetConfig,
    timesteps: Rc<[u32]>,
    branches: Branches,
    /// `silu(temb)` for each step.
    time: Rc<OnceCell<Vec<Vec<f32>>>>,
    /// `[branches * tokens][token]`: the unconditional branch, then the conditional one.
    tokens: Rc<OnceCell<Vec<Vec<f32>>>>,
}

impl Conditioning {
    pub(super) fn new(config: UnetConfig, timesteps: &[u32], branches: Branches) -> Self {
        Self { config, timesteps: timesteps.into(), branches, time: Rc::default(), tokens: Rc::default() }
    }

    /// `time_emb_proj(silu(temb))` at each step for the resnet with this prefix.
    pub(super) fn time_vectors(&self, prefix: &str, width: u32) -> Steps {
        let (weight, bias) = (format!("{prefix}.time_emb_proj.weight"), format!("{prefix}.time_emb_proj.bias"));
        let mut inputs = vec![
            (weight.clone(), vec![width as usize, self.config.time() as usize]),
            (bias.clone(), vec![width as usize]),
        ];
        inputs.extend(self.time_inputs());
        let this = self.clone();
        let added: ByStep = Rc::new(move |weights| {
            let (w, b) = (weights.read(&weight)?, weights.read(&bias)?);
            Ok(this.time(weights)?.iter().map(|time| linear(&w, Some(&b), time)).collect())
        });
        Steps { what: format!("at {:?}", self.timesteps), count: self.timesteps.len(), inputs, added }
    }

    fn time_inputs(&self) -> Vec<(String, Vec<usize>)> {
        let (from, to) = (self.config.widths[0] as usize, self.config.time() as usize);
        let name = |leaf: &str| format!("{ROOT}time_embedding.{leaf}");
        vec![
            (name("linear_1.weight"), vec![to, from]),
            (name("linear_1.bias"), vec![to]),
            (name("linear_2.weight"), vec![to, to]),
            (name("linear_2.bias"), vec![to]),
        ]
    }

    fn time(&self, weights: &dyn Source) -> Result<&[Vec<f32>]> {
        if self.time.get().is_none() {
            let embedded = time_embedding(&self.config, &self.timesteps, weights)?;
            let activated = embedded.into_iter().map(|row| row.into_iter().map(silu).collect()).collect();
            // Nobody else can have set it: there is one thread.
            let _ = self.time.set(activated);
        }
        Ok(self.time.get().map_or(&[], |time| time))
    }

    /// The branches that are asked for.
    pub(super) fn branches(&self) -> Branches {
        self.branches
    }

    /// Of the cross-lambda with this prefix: `P` as `[branch][K][12]` and the values as `[branch][V][12]`, tokens padded to 12. They are those of both
    /// branches whichever are asked for, so that all forms of the network share them, and a pack of one serves the others.
    pub(super) fn cross(&self, g: &mut Graph, prefix: &str, k: u32) -> (ConstantId, ConstantId) {
        let config = self.config;
        let mut common = vec![
            ("embedding_layer.weight".to_owned(), vec![2 * TOKENS as usize, config.embedding as usize]),
            (format!("{ROOT}encoder_hid_proj.weight"), vec![config.token as usize, config.embedding as usize]),
            (format!("{ROOT}encoder_hid_proj.bias"), vec![config.token as usize]),
        ];
        let count = 2 * k as usize * PADDED_TOKENS;
        let (to_k, to_v) = (format!("{prefix}.to_k.weight"), format!("{prefix}.to_v.weight"));
        let shape = vec![k as usize, config.token as usize];
        let mut inputs = common.clone();
        inputs.push((to_k.clone(), shape.clone()));
        let this = self.clone();
        let keys = constants::computed(g, format!("keys {prefix}"), count, inputs, move |weights| {
            let keys = this.projected(weights, &to_k)?;
            Ok(keys.iter().flat_map(|branch| transposed(branch, softmax)).collect())
        });
        common.push((to_v.clone(), shape));
        let norm = format!("{prefix}.norm_v");
        common.extend(constants::batch_norm_inputs(&norm, k));
        let this = self.clone();
        let values = constants::computed(g, format!("values {prefix}"), count, common, move |weights| {
            let (scale, bias) = constants::folded_batch_norm(&norm, weights)?;
            let mut values = this.projected(weights, &to_v)?;
            for token in values.iter_mut().flatten() {
                token.iter_mut().zip(scale.iter().zip(&bias)).for_each(|(v, (s, b))| *v = *v * s + b);
            }
            Ok(values.iter().flat_map(|branch| transposed(branch, |_| {})).collect())
        });
        (keys, values)
    }

    /// The tokens of both branches under a linear map: `[branch][token][..]`.
    fn projected(&self, weights: &dyn Source, name: &str) -> Result<Vec<Vec<Vec<f32>>>> {
        if self.tokens.get().is_none() {
            let _ = self.tokens.set(tokens(weights)?);
        }
        let tokens = self.tokens.get().map_or(&[][..], |tokens| tokens);
        let w = weights.read(name)?;
        Ok(tokens.chunks(TOKENS as usize).map(|branch| branch.iter().map(|e| linear(&w, None, e)).collect()).collect())
    }
}

/// `[token][channel]` as rows of channels, each row finished by `then` and padded.
fn transposed(tokens: &[Vec<f32>], then: impl Fn(&mut [f32])) -> Vec<f32> {
    let channels = tokens.first().map_or(0, Vec::len);
    let mut rows = vec![];
    for channel in 0..channels {
        let mut row: Vec<f32> = tokens.iter().map(|token| token[channel]).collect();
        then(&mut row);
        row.resize(PADDED_TOKENS, 0.0);
        rows.extend(row);
    }
    rows
}

/// The tokens after `encoder_hid_proj`: first the unconditional branch's (rows 10..20 of the table), then the conditional one's (0..10).
///
/// # Errors
/// [`crate::Error::Weights`] if they cannot be read.
pub fn tokens(weights: &dyn Source) -> Result<Vec<Vec<f32>>> {
    let table = weights.read("embedding_layer.weight")?;
    let w = weights.read(&format!("{ROOT}encoder_hid_proj.weight"))?;
    let b = weights.read(&format!("{ROOT}encoder_hid_proj.bias"))?;
    let rows: Vec<&[f32]> = table.chunks_exact(table.len() / (2 * TOKENS as usize)).collect();
    let (conditional, unconditional) = rows.split_at(TOKENS as usize);
    Ok(unconditional.iter().chain(conditional).map(|row| linear(&w, Some(&b), row)).collect())
}

/// `linear_2(silu(linear_1(p)))` of the sinusoids of each timestep, cosines first (Ho et al., arXiv:2006.11239, with the frequencies of
/// arXiv:1706.03762).
///
/// # Errors
/// [`crate::Error::Weights`] if they cannot be read.
pub fn time_embedding(config: &UnetConfig, timesteps: &[u32], weights: &dyn Source) -> Result<Vec<Vec<f32>>> {
    let read = |leaf: &str| weights.read(&format!("{ROOT}time_embedding.{leaf}"));
    let (w1, b1, w2, b2) =
        (read("linear_1.weight")?, read("linear_1.bias")?, read("linear_2.weight")?, read("linear_2.bias")?);
    let embed = |&t: &u32| {
        let hidden = linear(&w1, Some(&b1), &sinusoids(config.widths[0], t)).into_iter().map(silu).collect::<Vec<_>>();
        linear(&w2, Some(&b2), &hidden)
    };
    Ok(timesteps.iter().map(embed).collect())
}

/// `cos(t f_i)` for every frequency, then `sin(t f_i)`; `f_i = 10000^(-i / half)`.
pub fn sinusoids(length: u32, timestep: u32) -> Vec<f32> {
    let half = length / 2;
    // The reference rounds the exponent, the frequency and the angle to f32.
    let angle = |i: u32| {
        let exponent = -(libm::log(10_000.0) as f32) * i as f32 / half as f32;
        timestep as f32 * libm::expf(exponent)
    };
    let cosines = (0..half).map(|i| libm::cos(f64::from(angle(i))) as f32);
    cosines.chain((0..half).map(|i| libm::sin(f64::from(angle(i))) as f32)).collect()
}

/// `W x + b` with sums in f64; `w` is `[rows, x.len()]`.
fn linear(w: &[f32], b: Option<&[f32]>, x: &[f32]) -> Vec<f32> {
    let row = |(o, row): (usize, &[f32])| {
        let sum: f64 = row.iter().zip(x).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum();
        (sum + b.map_or(0.0, |b| f64::from(b[o]))) as f32
    };
    w.chunks_exact(x.len()).enumerate().map(row).collect()
}

fn silu(x: f32) -> f32 {
    crate::kernels::Activation::Silu.of(x)
}

fn softmax(row: &mut [f32]) {
    let most = row.iter().copied().fold(f32::MIN, f32::max);
    let exponentials: Vec<f64> = row.iter().map(|&v| libm::exp(f64::from(v) - f64::from(most))).collect();
    let sum: f64 = exponentials.iter().sum();
    row.iter_mut().zip(exponentials).for_each(|(v, e)| *v = (e / sum) as f32);
}
