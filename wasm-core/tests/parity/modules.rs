//! What the modules of the reference give, put together again from what our graphs compute instead: residuals taken off, scales undone,
//! planes of pixels as tokens.

use std::collections::HashMap;

use wasm_core::Result;
#[cfg(not(target_arch = "wasm32"))]
use wasm_core::kernels::group_norm;
use wasm_core::models::moebius::conditioning;
#[cfg(not(target_arch = "wasm32"))]
use wasm_core::models::moebius::config::GROUPS;
use wasm_core::models::moebius::config::UnetConfig;
use wasm_core::weights::Source;

use crate::networks::Loaded;

/// Everything tapped in one run of a network.
pub struct Modules<'a> {
    net: &'a Loaded,
    taps: HashMap<String, Vec<f32>>,
    batch: usize,
}

impl<'a> Modules<'a> {
    /// Reads all taps, with all of `batch` samples even where one served for all.
    pub async fn read(gpu: &wasm_core::gpu::Gpu, net: &'a Loaded, batch: usize) -> Result<Self> {
        let mut taps = HashMap::new();
        for (path, view) in net.graph.taps() {
            let mut values = net.read(gpu, view).await?;
            if view.batch < batch as u32 {
                values = values.repeat(batch);
            }
            taps.insert(path.clone(), values);
        }
        Ok(Self { net, taps, batch })
    }

    /// What was tapped under this name.
    pub fn tap(&self, path: &str) -> &[f32] {
        self.taps.get(path).unwrap_or_else(|| panic!("{path} is not tapped"))
    }

    /// The output of a module of the U-Net as the reference has it, of this shape, at the step of the sampler for `timestep`. Norms
    /// are with the activation that is fused with ours.
    pub fn of_unet(
        &self,
        config: &UnetConfig,
        name: &str,
        shape: &[usize],
        step: usize,
        timestep: u32,
    ) -> Result<Vec<f32>> {
        let weights = &self.net.weights;
        let tap = |path: &str| self.tap(path);
        let (parent, leaf) = name.rsplit_once('.').unwrap_or(("", name));
        let transformer = name.split_once(".transformer_blocks.0").map_or(name, |(head, _)| head);
        let both = |row: &[f32]| row.repeat(self.batch);
        Ok(match leaf {
            "time_embedding" => both(&conditioning::time_embedding(config, &[timestep], weights)?[0]),
            "encoder_hid_proj" => conditioning::tokens(weights)?.concat(),
            "time_emb_proj" => both(&self.time_vector(name, step)?),
            "norm1" | "norm2" | "norm3" if !parent.contains("resnets") => tokens(tap(name), shape),
            "attn1" => {
                tokens(&minus(tap(&format!("{parent}.after attn1")), tap(&format!("{transformer}.proj_in"))), shape)
            }
            "attn2" => {
                tokens(&minus(tap(&format!("{parent}.after attn2")), tap(&format!("{parent}.after attn1"))), shape)
            }
            "ff" => tokens(&minus(tap(parent), tap(&format!("{parent}.after attn2"))), shape),
            "0" if parent.ends_with("transformer_blocks") => tokens(tap(name), shape),
            "proj_out" => minus(tap(parent), tap(&parent.replace("attentions", "resnets"))),
            "conv1" => {
                let time = self.time_vector(&format!("{parent}.time_emb_proj"), step)?;
                let pixels = shape[2] * shape[3];
                tap(name).iter().enumerate().map(|(i, v)| v - time[i / pixels % time.len()]).collect()
            }
            "conv2" => minus(tap(parent), self.shortcut(parent)),
            _ => tap(name).to_vec(),
        })
    }

    /// The output of a module of the VAE as the reference has it, of this shape. Norms are with the activation that is fused with ours.
    pub fn of_vae(&self, name: &str, shape: &[usize]) -> Vec<f32> {
        let (parent, leaf) = name.rsplit_once('.').unwrap_or(("", name));
        match leaf {
            "to_q" => {
                // Ours are scaled already.
                let scale = (shape[2] as f32).sqrt();
                tokens(self.tap(name), shape).into_iter().map(|v| v * scale).collect()
            }
            "to_k" | "to_v" => tokens(self.tap(name), shape),
            "0" if parent.ends_with("to_out") => {
                let attention = parent.trim_end_matches(".to_out");
                tokens(&minus(self.tap(attention), self.tap(&attention.replace("attentions.0", "resnets.0"))), shape)
            }
            "conv2" => minus(self.tap(parent), self.shortcut(parent)),
            _ => self.tap(name).to_vec(),
        }
    }

    /// What a norm gives before the activation that is fused with ours, by the plain form, from the input that ours had; nothing if the
    /// module `root` + `name` is not such a norm.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn before_activation(&self, root: &str, name: &str, shape: &[usize], epsilon: f64) -> Result<Option<Vec<f32>>> {
        let (parent, leaf) = name.rsplit_once('.').unwrap_or(("", name));
        let input = match leaf {
            "norm1" if parent.contains("resnets") => format!("{parent}.input"),
            "norm2" if parent.contains("resnets") => format!("{parent}.conv1"),
            "conv_norm_out" => format!("{name}.input"),
            _ => return Ok(None),
        };
        let read = |leaf: &str| self.net.weights.read(&format!("{root}{name}.{leaf}"));
        let sizes = [shape[0], shape[1], shape[2] * shape[3]];
        let (weight, bias) = (read("weight")?, read("bias")?);
        let groups = GROUPS as usize;
        Ok(Some(group_norm::reference::group_norm(self.tap(&input), &weight, &bias, sizes, groups, epsilon)))
    }

    /// The convolution beside a resnet, or what it stands for.
    fn shortcut(&self, resnet: &str) -> &[f32] {
        let own = self.taps.get(&format!("{resnet}.conv_shortcut"));
        own.map_or_else(|| self.tap(&format!("{resnet}.input")), Vec::as_slice)
    }

    /// What the module `name`, a `time_emb_proj`, gives at a step; ours have the bias of the BatchNorm before it added.
    pub fn time_vector(&self, name: &str, step: usize) -> Result<Vec<f32>> {
        let weight = format!("diff_model.{name}.weight");
        let all = self.net.graph.constants();
        let found = all.iter().find(|c| c.inputs.iter().any(|(input, _)| *input == weight));
        let found = found.unwrap_or_else(|| panic!("no constant is made of {weight}"));
        let resnet = name.trim_end_matches(".time_emb_proj");
        let bn2 = batch_norm(&self.net.weights, &format!("{resnet}.conv1.bn2"))?;
        let rows = floats(&(found.recipe)(&self.net.weights)?);
        let row = &rows[(1 + step) * bn2.len()..][..bn2.len()];
        Ok(row.iter().zip(bn2).map(|(v, (_, bias))| v - bias).collect())
    }
}

/// The numbers of a constant in f32.
pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// `[B, C, N]` to `[B, N, C]`.
fn tokens(planes: &[f32], shape: &[usize]) -> Vec<f32> {
    let &[_, n, c] = shape else { panic!("tokens have three dimensions, not {shape:?}") };
    let transposed = |sample: &[f32]| (0..n * c).map(|i| sample[i % c * n + i / c]).collect::<Vec<_>>();
    planes.chunks(n * c).flat_map(transposed).collect()
}

pub fn minus(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// Scale and bias of a BatchNorm of the U-Net.
pub fn batch_norm(weights: &dyn Source, prefix: &str) -> Result<Vec<(f32, f32)>> {
    let read = |leaf: &str| weights.read(&format!("diff_model.{prefix}.{leaf}"));
    let (weight, bias, mean, var) = (read("weight")?, read("bias")?, read("running_mean")?, read("running_var")?);
    Ok((0..weight.len())
        .map(|i| {
            let scale = weight[i] / (var[i] + 1e-5).sqrt();
            (scale, bias[i] - mean[i] * scale)
        })
        .collect())
}

/// What a BatchNorm was given, from what it gave: `[B, C, N]`.
pub fn before_batch_norm(weights: &dyn Source, prefix: &str, values: &[f32]) -> Result<Vec<f32>> {
    let folded = batch_norm(weights, prefix)?;
    let n = values.len() / folded.len() / 2;
    let undone = |(i, v): (usize, &f32)| {
        let (scale, bias) = folded[i / n % folded.len()];
        (v - bias) / scale
    };
    Ok(values.iter().enumerate().map(undone).collect())
}
