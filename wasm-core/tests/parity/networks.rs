//! The tiny networks against every number that the reference gave out.

use wasm_core::diffusion::schedule::Schedule;
use wasm_core::gpu::{Arena, Constants, Element, Gpu, Graph, Layout, Plan, View};
use wasm_core::kernels::Activation;
use wasm_core::kernels::lambda_local::{LambdaLocal, pack_filters};
use wasm_core::models::moebius::conditioning::Branches;
use wasm_core::models::moebius::config::{LATENT_CHANNELS, UNET_CHANNELS, UnetConfig, VaeConfig};
use wasm_core::models::moebius::module::{self, Module};
use wasm_core::models::moebius::{conditioning, unet, vae};
use wasm_core::weights::{self, Pack, Source, Synthetic, unet_input};
use wasm_core::{Result, Unpaced};

use crate::modules::{Modules, batch_norm, before_batch_norm, floats};
use crate::pipeline::Tampered;
use crate::rig::{Errors, Trial, fixture, relative_l2, report};

/// Bound for a tensor of a network in f32.
const F32: f64 = 1e-4;
/// Bound for the U-Net's output in 16 bits.
const F16: f64 = 1e-2;

/// A seed for weights other than those of the reference's numbers.
pub const OTHER_SEED: u64 = 0x5EED;

/// The timesteps of the reference's runs: nineteen of twenty steps.
pub fn timesteps() -> Vec<u32> {
    Schedule::new(20, 0.99).expect("nineteen steps").steps().iter().map(|step| step.timestep).collect()
}

/// The outputs in `file` that are called `prefix` and a timestep: which of [`timesteps`] it is, and the timestep.
pub fn outputs(file: &dyn Source, prefix: &str) -> Vec<[u32; 2]> {
    let all = timesteps();
    let of = |name: &str| {
        let timestep = name.strip_prefix(prefix)?.parse().ok()?;
        let step = all.iter().position(|known| *known == timestep).expect("a timestep of the reference's runs");
        Some([step as u32, timestep])
    };
    let found: Vec<_> = file.tensors().iter().filter_map(|tensor| of(&tensor.name)).collect();
    assert!(!found.is_empty(), "no output is called {prefix}");
    found
}

/// A graph on the GPU with synthetic weights of the names and shapes that it asks for.
pub struct Loaded {
    pub graph: Graph,
    arena: Arena,
    layout: Layout,
    pub plan: Plan,
    pub weights: Synthetic,
    // The plan reads them.
    _constants: Constants,
}

impl Loaded {
    /// With the weights that the reference's numbers were computed with.
    pub async fn new(gpu: &Gpu, graph: Graph) -> Result<Self> {
        let weights = Synthetic::new(graph.inputs()?)?;
        Self::with(gpu, graph, weights, None).await
    }

    /// With a pack that was made of the weights, if any.
    pub async fn with(gpu: &Gpu, graph: Graph, weights: Synthetic, pack: Option<&Pack>) -> Result<Self> {
        Self::of(gpu, graph, weights, pack.map(|pack| pack as &dyn Source)).await
    }

    async fn of(gpu: &Gpu, graph: Graph, weights: Synthetic, source: Option<&dyn Source>) -> Result<Self> {
        let (mut arena, mut layouts) = Arena::of(&[&graph]);
        let layout = layouts.swap_remove(0);
        arena.allocate(gpu)?;
        let mut constants = Constants::new();
        constants.load(gpu, &[&graph], source.unwrap_or(&weights), &Unpaced).await?;
        let plan = Plan::new(gpu, &graph, &arena, &layout, &constants)?;
        Ok(Self { graph, arena, layout, plan, weights, _constants: constants })
    }

    pub fn write(&self, gpu: &Gpu, view: &View, values: &[f32]) -> Result<()> {
        gpu.write_view(self.arena.of_view(&self.layout, view)?, view, values)
    }

    pub async fn read(&self, gpu: &Gpu, view: &View) -> Result<Vec<f32>> {
        gpu.read_view(self.arena.of_view(&self.layout, view)?, view).await
    }
}

pub fn reference(file: &str) -> Result<Box<dyn Source>> {
    weights::open(fixture(&format!("moebius/{file}")))
}

fn shape_of(source: &dyn Source, name: &str) -> Vec<usize> {
    source.tensors().iter().find(|t| t.name == name).map(|t| t.shape.clone()).unwrap_or_default()
}

/// `[B, N, C]` to `[B, C, N]`.
fn planes(tokens: &[f32], shape: &[usize]) -> Vec<f32> {
    let &[_, n, c] = shape else { panic!("tokens have three dimensions, not {shape:?}") };
    let transposed = |sample: &[f32]| (0..n * c).map(|i| sample[i % n * c + i / n]).collect::<Vec<_>>();
    tokens.chunks(n * c).flat_map(transposed).collect()
}

fn silu(values: Vec<f32>) -> Vec<f32> {
    values.into_iter().map(|v| Activation::Silu.of(v)).collect()
}

/// The U-Net as a graph with taps; its input and its output.
fn tiny_unet(config: UnetConfig, element: Element, branches: Branches, taps: bool) -> Result<(Graph, View, View)> {
    let mut g = if taps { Graph::with_taps() } else { Graph::new() };
    let input = g.persistent("input", element, [1, UNET_CHANNELS, config.side, config.side]);
    let noise = g.persistent("noise", Element::F32, [branches.count(), LATENT_CHANNELS, config.side, config.side]);
    unet::record(&mut g, &config, element, &timesteps(), branches, input, noise)?;
    Ok((g, input, noise))
}

/// Output and every intermediate of the U-Net in f32.
pub async fn tiny_unet_intermediates(gpu: &Gpu) -> Result<()> {
    let file = reference("unet_tiny.safetensors")?;
    let (graph, input, noise) = tiny_unet(UnetConfig::TINY, Element::F32, Branches::Both, true)?;
    let net = Loaded::new(gpu, graph).await?;
    let mut errors = Errors::default();
    net.write(gpu, &input, &file.read("input.sample")?)?;
    for [step, timestep] in outputs(file.as_ref(), "output.eps.t") {
        net.plan.submit(gpu, step);
        let found = net.read(gpu, &noise).await?;
        errors.note(
            &format!("output at {timestep}"),
            relative_l2(&found, &file.read(&format!("output.eps.t{timestep}"))?),
            F32,
        );
        let modules = Modules::read(gpu, &net, 2).await?;
        let prefix = format!("t{timestep}.");
        for tensor in file.tensors() {
            let Some(name) = tensor.name.strip_prefix(&prefix) else { continue };
            if let Some(attention) = name.strip_suffix(".pos_conv") {
                let norm_v = file.read(&format!("{prefix}{attention}.norm_v"))?;
                let found = position_lambda(gpu, &net.weights, attention, &norm_v, &tensor.shape).await?;
                errors.note(&tensor.name, relative_l2(&found, &file.read(&tensor.name)?), F32);
                continue;
            }
            let (found, expected) = comparable(&modules, &net, file.as_ref(), name, [step, timestep])?;
            errors.note(&tensor.name, relative_l2(&found, &expected), F32);
        }
    }
    // Two different samples: each branch of either is one of the fixture's rows.
    let samples = file.read("input.sample_b2")?;
    for [step, timestep] in outputs(file.as_ref(), "output.eps_b2.t") {
        let expected = file.read(&format!("output.eps_b2.t{timestep}"))?;
        for (row, sample) in samples.chunks(samples.len() / 2).enumerate() {
            net.write(gpu, &input, sample)?;
            net.plan.submit(gpu, step);
            let found = net.read(gpu, &noise).await?;
            let half = found.len() / 2;
            let rows = row * half..(row + 1) * half;
            let error = relative_l2(&found[rows.clone()], &expected[rows]);
            errors.note(&format!("output of a batch at {timestep}"), error, F32);
        }
    }
    errors.finish("tiny U-Net in f32");
    Ok(())
}

/// The position lambdas of an attention's values `norm_v`, `[B, Vd, H, W]`, as `[B, K, Vd, H, W]`. The network never makes them: its kernel contracts
/// them with the queries. Here the queries of head k are 1 for key k and 0 for all others, so that the kernel gives its k-th lambda.
async fn position_lambda(
    gpu: &Gpu,
    weights: &dyn Source,
    attention: &str,
    norm_v: &[f32],
    shape: &[usize],
) -> Result<Vec<f32>> {
    let &[batch, keys, values, height, width] = shape else { panic!("five dimensions") };
    let read = |leaf: &str| weights.read(&format!("diff_model.{attention}.pos_conv.{leaf}"));
    let (weight, bias) = (read("weight")?, read("bias")?);
    let (heads, pixels) = (keys.next_multiple_of(4), height * width);
    let [b, k, v, h, w, a] = [batch, keys, values, height, width, heads].map(|size| size as u32);

    let mut t = Trial::new(0);
    let one_hot = |i: usize| f32::from(i / pixels / keys % heads == i / pixels % keys);
    let q = t.given(Element::F32, [b, a * k, h, w], (0..batch * heads * keys * pixels).map(one_hot).collect());
    let content = (0..batch * keys * values).map(|i| bias[i / values % keys]).collect();
    let content = t.given(Element::F32, [b, k, 1, v], content);
    let given = t.given(Element::F32, [b, v, h, w], norm_v.to_vec());
    let filters = t.constant(pack_filters(&weight, keys));
    let y = t.output(Element::F32, [b, a * v, h, w]);
    LambdaLocal { label: "position lambda", q, v: given, content, filters, residual: None, y }.record(&mut t.g)?;
    let found = t.run(gpu, &[y]).await?.remove(0);
    let of_keys = keys * values * pixels;
    Ok(found.chunks(heads * values * pixels).flat_map(|sample| sample[..of_keys].to_vec()).collect())
}

/// What we have of the fixture's tensor `name`, and the fixture's numbers in the same form.
fn comparable(
    modules: &Modules<'_>,
    net: &Loaded,
    file: &dyn Source,
    name: &str,
    [step, timestep]: [u32; 2],
) -> Result<(Vec<f32>, Vec<f32>)> {
    let weights = &net.weights;
    let config = UnetConfig::TINY;
    let full = format!("t{timestep}.{name}");
    let expected = file.read(&full)?;
    let shape = shape_of(file, &full);
    let tap = |path: &str| modules.tap(path).to_vec();
    let (parent, leaf) = name.rsplit_once('.').unwrap_or(("", name));
    let of_module = |name: &str| modules.of_unet(&config, name, &shape, step as usize, timestep);
    // The constants of conditioning, by what they are called.
    let constant = |label: String| {
        let all = net.graph.constants();
        let found = all.iter().find(|c| c.label == label).unwrap_or_else(|| panic!("there is no constant {label}"));
        Ok::<_, wasm_core::Error>(floats(&(found.recipe)(weights)?))
    };
    // `[branch][channel][12]` of a constant to `[branch][token][channel]`.
    let by_token = |values: Vec<f32>| -> Vec<f32> {
        let channels = values.len() / 24;
        (0..20 * channels)
            .map(|i| values[(i / (10 * channels) * channels + i % channels) * 12 + i / channels % 10])
            .collect()
    };
    Ok(match leaf {
        "time_proj" => (conditioning::sinusoids(config.widths[0], timestep).repeat(2), expected),
        "embedding_layer" => {
            let table = weights.read("embedding_layer.weight")?;
            let (conditional, unconditional) = table.split_at(table.len() / 2);
            ([unconditional, conditional].concat(), expected)
        }
        "conv_norm_out" => (tap(name), silu(expected)),
        "norm1" | "norm2" if parent.contains("resnets") => (tap(name), silu(expected)),
        "to_q" => {
            (before_batch_norm(weights, &format!("{parent}.norm_q"), &tap(&format!("{parent}.norm_q")))?, expected)
        }
        "to_v" if parent.ends_with("attn1") => {
            (before_batch_norm(weights, &format!("{parent}.norm_v"), &tap(&format!("{parent}.norm_v")))?, expected)
        }
        "to_k" if parent.ends_with("attn2") => {
            // Ours are softmaxed over the tokens of each channel.
            let channels = shape[2];
            let mut softmaxed = expected.clone();
            for i in 0..2 * channels {
                let at = |m: usize| (i / channels * 10 + m) * channels + i % channels;
                let sum: f32 = (0..10).map(|m| expected[at(m)].exp()).sum();
                (0..10).for_each(|m| softmaxed[at(m)] = expected[at(m)].exp() / sum);
            }
            (by_token(constant(format!("keys diff_model.{parent}"))?), softmaxed)
        }
        "to_v" => {
            let folded = batch_norm(weights, &format!("{parent}.norm_v"))?;
            let values = by_token(constant(format!("values diff_model.{parent}"))?);
            let undone = |(i, v): (usize, &f32)| (v - folded[i % folded.len()].1) / folded[i % folded.len()].0;
            (values.iter().enumerate().map(undone).collect(), expected)
        }
        "norm_v" if parent.ends_with("attn2") => {
            (by_token(constant(format!("values diff_model.{parent}"))?), planes(&expected, &shape))
        }
        "lambda_c" => {
            // Derived tensors leave the block out of their names.
            let path = name.strip_prefix("derived.").unwrap_or(name);
            let (head, tail) = path.split_once(".attn").unwrap_or((path, ""));
            let path = format!("{head}.transformer_blocks.0.attn{tail}");
            let (k, v) = (shape[1], shape[2]);
            if tail.starts_with('1') {
                let bias = weights.read(&format!("diff_model.{}.pos_conv.bias", path.trim_end_matches(".lambda_c")))?;
                let ours = tap(&path);
                (ours.iter().enumerate().map(|(i, l)| l - bias[i / v % k]).collect(), expected)
            } else {
                let of = path.trim_end_matches(".lambda_c");
                let (keys, values) =
                    (constant(format!("keys diff_model.{of}"))?, constant(format!("values diff_model.{of}"))?);
                let entry = |i: usize| {
                    let (b, row, col) = (i / (k * v), i / v % k, i % v);
                    (0..10).map(|m| keys[(b * k + row) * 12 + m] * values[(b * v + col) * 12 + m]).sum()
                };
                ((0..2 * k * v).map(entry).collect(), expected)
            }
        }
        "depth_conv" => {
            let half = expected.len() / 4;
            let gated = |sample: &[f32]| -> Vec<f32> {
                let (value, gate) = sample.split_at(half);
                value.iter().zip(gate).map(|(v, g)| v * Activation::Silu.of(*g)).collect()
            };
            (tap(&format!("{parent}.gated")), expected.chunks(2 * half).flat_map(gated).collect())
        }
        // The depthwise-separable convolution ends with this BatchNorm, where the fixture looks into one without an inner residual.
        "bn2" => (of_module(parent)?, expected),
        "conv_pw" => (before_batch_norm(weights, &format!("{parent}.bn2"), &of_module(parent)?)?, expected),
        "conv_dw" => {
            // Its BatchNorm and ReLU are part of the kernel.
            let follows = batch_norm(weights, &format!("{parent}.bn1"))?;
            let n = expected.len() / follows.len() / 2;
            let folded = |(i, v): (usize, &f32)| {
                let (scale, bias) = follows[i / n % follows.len()];
                (v * scale + bias).max(0.0)
            };
            (tap(&format!("{parent}.bn1")), expected.iter().enumerate().map(folded).collect())
        }
        _ => (of_module(name)?, expected),
    })
}

/// The noise that the tiny U-Net with weights of this seed sees in `sample` at a step.
async fn predicted(gpu: &Gpu, element: Element, seed: u64, sample: &[f32], step: u32) -> Result<Vec<f32>> {
    let (graph, input, noise) = tiny_unet(UnetConfig::TINY, element, Branches::Both, false)?;
    let weights = Synthetic::seeded(seed, graph.inputs()?)?;
    let net = Loaded::with(gpu, graph, weights, None).await?;
    net.write(gpu, &input, sample)?;
    net.plan.submit(gpu, step);
    net.read(gpu, &noise).await
}

/// Output of the U-Net in 16 bits.
pub async fn tiny_unet_in_16_bits(gpu: &Gpu) -> Result<()> {
    if !gpu.has_f16() {
        crate::rig::report("parity tiny U-Net in f16: not run, this adapter has no shader-f16");
        return Ok(());
    }
    let file = reference("unet_tiny.safetensors")?;
    let sample = file.read("input.sample")?;
    let mut errors = Errors::default();
    for [step, timestep] in outputs(file.as_ref(), "output.eps.t") {
        let found = predicted(gpu, Element::F16, 0, &sample, step).await?;
        let expected = file.read(&format!("output.eps.t{timestep}"))?;
        errors.note(&format!("output at {timestep}"), relative_l2(&found, &expected), F16);
    }
    // For other weights the reference has no numbers; 32 bits, which equal it elsewhere, stand in for it.
    let expected = predicted(gpu, Element::F32, OTHER_SEED, &sample, 0).await?;
    let found = predicted(gpu, Element::F16, OTHER_SEED, &sample, 0).await?;
    errors.note("output with other weights", relative_l2(&found, &expected), F16);
    errors.finish("tiny U-Net in f16");
    Ok(())
}

/// The conditional branch alone gives what it gives beside the other one.
pub async fn conditional_branch_alone(gpu: &Gpu) -> Result<()> {
    let config = UnetConfig { side: 8, ..UnetConfig::TINY };
    let sample = unet_input("input.unet_tiny.sample", 1, config.side as usize);
    let mut errors = Errors::default();
    for seed in [0, OTHER_SEED] {
        let mut results = vec![];
        for branches in [Branches::Both, Branches::Conditional] {
            let (graph, input, noise) = tiny_unet(config, Element::F32, branches, false)?;
            let weights = Synthetic::seeded(seed, graph.inputs()?)?;
            let net = Loaded::with(gpu, graph, weights, None).await?;
            net.write(gpu, &input, &sample)?;
            net.plan.submit(gpu, 1);
            results.push(net.read(gpu, &noise).await?);
        }
        let (unconditional, conditional) = results[0].split_at(results[1].len());
        assert!(relative_l2(unconditional, conditional) > 100.0 * F32, "both branches are the same");
        errors.note(&format!("seed {seed}"), relative_l2(&results[1], conditional), F32);
    }
    errors.finish("conditional branch alone");
    Ok(())
}

/// What is computed once for both branches gives the same bits as for each of them.
pub async fn shared_prefix(gpu: &Gpu) -> Result<()> {
    // The size does not matter, and a small one is quick.
    let config = UnetConfig { side: 4, ..UnetConfig::TINY };
    let sample = unet_input("input.unet_tiny.sample", 1, config.side as usize);
    let mut results = vec![];
    for branches in [Branches::Both, Branches::BothSeparately] {
        let (graph, input, noise) = tiny_unet(config, Element::F32, branches, false)?;
        let net = Loaded::new(gpu, graph).await?;
        net.write(gpu, &input, &sample)?;
        net.plan.submit(gpu, 0);
        results.push(net.read(gpu, &noise).await?);
    }
    let mut errors = Errors::default();
    errors.note("shared against separate prefix", relative_l2(&results[0], &results[1]), 0.0);
    errors.finish("shared prefix");
    Ok(())
}

/// Rows and columns `[y0, x0, side]` of every plane.
pub fn crop(values: &[f32], side: usize, [y0, x0, size]: [usize; 3]) -> Vec<f32> {
    let rows =
        |plane: &[f32]| (0..size * size).map(|i| plane[(y0 + i / size) * side + x0 + i % size]).collect::<Vec<_>>();
    values.chunks(side * side).flat_map(rows).collect()
}

/// What the encoder makes of a picture and the decoder of a latent, in f32, without intermediate results.
pub async fn vae_as_it_runs(gpu: &Gpu, config: VaeConfig, picture: &[f32], latent: &[f32]) -> Result<[Vec<f32>; 2]> {
    let (side, n) = (config.side, config.latent_side());
    let mut g = Graph::new();
    let image = g.persistent("image", Element::F32, [1, 3, side, side]);
    let moments = g.persistent("moments", Element::F32, [1, 8, n, n]);
    vae::record_encoder(&mut g, &config, Element::F32, image, moments)?;
    let encoder = Loaded::new(gpu, g).await?;
    encoder.write(gpu, &image, picture)?;
    encoder.plan.submit(gpu, 0);
    let encoded = encoder.read(gpu, &moments).await?;
    drop(encoder);
    let mut g = Graph::new();
    let input = g.persistent("latent", Element::F32, [1, LATENT_CHANNELS, n, n]);
    let image = g.persistent("image", Element::F32, [1, 3, side, side]);
    vae::record_decoder(&mut g, &config, Element::F32, input, image)?;
    let decoder = Loaded::new(gpu, g).await?;
    decoder.write(gpu, &input, latent)?;
    decoder.plan.submit(gpu, 0);
    Ok([encoded, decoder.read(gpu, &image).await?])
}

/// Both halves of the VAE, every intermediate.
pub async fn tiny_vae(gpu: &Gpu) -> Result<()> {
    let file = reference("vae_tiny.safetensors")?;
    let config = VaeConfig::TINY;
    let (side, n) = (config.side, config.latent_side());
    let mut errors = Errors::default();

    let mut g = Graph::with_taps();
    let image = g.persistent("image", Element::F32, [1, 3, side, side]);
    let moments = g.persistent("moments", Element::F32, [1, 8, n, n]);
    vae::record_encoder(&mut g, &config, Element::F32, image, moments)?;
    let encoder = Loaded::new(gpu, g).await?;
    encoder.write(gpu, &image, &file.read("input.image")?)?;
    encoder.plan.submit(gpu, 0);
    let found = encoder.read(gpu, &moments).await?;
    errors.note("moments", relative_l2(&found, &file.read("output.moments")?), F32);
    let (mean, logvar) = found.split_at(found.len() / 2);
    let clamped: Vec<f32> = logvar.iter().map(|v| v.clamp(-30.0, 20.0)).collect();
    let std: Vec<f32> = clamped.iter().map(|v| (0.5 * v).exp()).collect();
    for (name, values) in [("mean", mean), ("logvar", &clamped), ("std", &std)] {
        errors.note(name, relative_l2(values, &file.read(&format!("output.{name}"))?), F32);
    }
    let of_encoder = Modules::read(gpu, &encoder, 1).await?;

    let mut g = Graph::with_taps();
    let latent = g.persistent("latent", Element::F32, [1, 4, n, n]);
    let image = g.persistent("image", Element::F32, [1, 3, side, side]);
    vae::record_decoder(&mut g, &config, Element::F32, latent, image)?;
    let decoder = Loaded::new(gpu, g).await?;
    decoder.write(gpu, &latent, &file.read("input.latent")?)?;
    decoder.plan.submit(gpu, 0);
    errors.note("decoded", relative_l2(&decoder.read(gpu, &image).await?, &file.read("output.decoded")?), F32);
    let of_decoder = Modules::read(gpu, &decoder, 1).await?;

    for tensor in file.tensors() {
        let (part, name) = match tensor.name.split_once('.') {
            Some(("input" | "output", _)) => continue,
            Some((part @ ("tl32" | "br16"), rest)) => (part, rest),
            _ => ("", tensor.name.as_str()),
        };
        let mut expected = file.read(&tensor.name)?;
        let modules = if name.starts_with("encoder.") || name == "quant_conv" { &of_encoder } else { &of_decoder };
        let found = modules.of_vae(name, &tensor.shape);
        if matches!(name.rsplit('.').next(), Some("norm1" | "norm2" | "conv_norm_out")) {
            expected = silu(expected);
        }
        let found = if part.is_empty() {
            found
        } else {
            let size = tensor.shape[3];
            let channels = tensor.shape[1];
            let side = (found.len() / channels).isqrt();
            let from = if part == "tl32" { 0 } else { side - size };
            crop(&found, side, [from, from, size])
        };
        errors.note(&tensor.name, relative_l2(&found, &expected), F32);
    }
    // As it runs: norms are done while maps are read, and results overwrite them.
    let lean = vae_as_it_runs(gpu, config, &file.read("input.image")?, &file.read("input.latent")?).await?;
    for (found, name) in lean.iter().zip(["output.moments", "output.decoded"]) {
        errors.note(&format!("{name}, as it runs"), relative_l2(found, &file.read(name)?), F32);
    }
    errors.finish("tiny VAE");
    Ok(())
}

/// What the decoder makes of `latent` with first layers that are `factor` times as large, and up to 16 times, and the largest number that it stores on the way if every
/// intermediate result is kept.
async fn decoded(gpu: &Gpu, element: Element, factor: f32, latent: &[f32], taps: bool) -> Result<(Vec<f32>, f32)> {
    let config = VaeConfig { side: 64, ..VaeConfig::TINY };
    let n = config.latent_side();
    let mut g = if taps { Graph::with_taps() } else { Graph::new() };
    let input = g.persistent("latent", element, [1, LATENT_CHANNELS, n, n]);
    let image = g.persistent("image", Element::F32, [1, 3, config.side, config.side]);
    vae::record_decoder(&mut g, &config, element, input, image)?;
    let inputs = g.inputs()?;
    let scaled = Tampered::new(0, inputs.clone())
        .with("decoder.conv_in.weight", factor)
        .with("post_quant_conv.weight", factor.min(16.0));
    let net = Loaded::of(gpu, g, Synthetic::new(inputs)?, Some(&scaled)).await?;
    net.write(gpu, &input, latent)?;
    net.plan.submit(gpu, 0);
    let mut largest: f32 = 0.0;
    for view in net.graph.taps().values() {
        largest = net.read(gpu, view).await?.into_iter().fold(largest, |most, v| most.max(v.abs()));
    }
    Ok((net.read(gpu, &image).await?, largest))
}

/// The decoder with maps in 16 bits, also where they are far beyond what these hold.
pub async fn vae_in_16_bits(gpu: &Gpu) -> Result<()> {
    if !gpu.has_f16() {
        report("parity VAE in 16 bits: not run, this adapter has no shader-f16");
        return Ok(());
    }
    let mut errors = Errors::default();
    let latent = weights::input("input.vae_16_bits.latent", LATENT_CHANNELS as usize * 64, weights::UNIT_VARIANCE);
    for factor in [1.0, 5e4] {
        let (expected, largest) = decoded(gpu, Element::F32, factor, &latent, true).await?;
        assert_eq!(factor > 1.0, largest > 65504.0, "{largest} times {factor}");
        let (found, _) = decoded(gpu, Element::F16, factor, &latent, false).await?;
        errors.note(&format!("numbers up to {largest:.1e}"), relative_l2(&found, &expected), 1e-2);
    }
    errors.finish("VAE in 16 bits");
    Ok(())
}

/// Inputs so small that the epsilons of the norms decide.
pub async fn norm_epsilons(gpu: &Gpu) -> Result<()> {
    let file = reference("norm_eps.safetensors")?;
    let mut errors = Errors::default();
    let resnet = "down_blocks.0.resnets.0";
    let transformer = "down_blocks.0.attentions.0";
    let mid = "encoder.mid_block";
    let cases = [
        ("unet.", resnet.to_owned(), Module::Resnet, "x32"),
        ("unet.", format!("{resnet}.norm1"), Module::UnetGroupNorm(1e-5), "x32"),
        ("unet.", "conv_norm_out".to_owned(), Module::UnetGroupNorm(1e-5), "x32"),
        ("unet.", transformer.to_owned(), Module::Transformer, "x32"),
        ("unet.", format!("{transformer}.norm"), Module::UnetGroupNorm(1e-6), "x32"),
        ("unet.", format!("{transformer}.transformer_blocks.0.norm1"), Module::LayerNorm(1e-5), "tokens"),
        ("vae.", mid.to_owned(), Module::VaeMidBlock, "x64"),
        ("vae.", format!("{mid}.attentions.0"), Module::VaeAttention, "x64"),
        ("vae.", format!("{mid}.resnets.0.norm1"), Module::VaeGroupNorm(1e-6), "x64"),
        ("vae.", "decoder.conv_norm_out".to_owned(), Module::VaeGroupNorm(1e-6), "x32"),
    ];
    for (root, path, module, input) in cases {
        let shape = shape_of(file.as_ref(), input);
        let mut given = file.read(input)?;
        let name = format!("{root}{path}");
        let mut expected = file.read(&name)?;
        let channels = if input == "tokens" { shape[2] as u32 } else { shape[1] as u32 };
        if input == "tokens" {
            given = planes(&given, &shape);
            expected = planes(&expected, &shape);
        }
        let mut g = Graph::new();
        let x = g.persistent("x", Element::F32, [1, channels, 16, 16]);
        let y = g.persistent("y", Element::F32, [1, channels, 16, 16]);
        module::record(&mut g, module, &path, &UnetConfig::TINY, &timesteps(), x, y)?;
        let net = Loaded::new(gpu, g).await?;
        net.write(gpu, &x, &given)?;
        net.plan.submit(gpu, 0);
        let bound = if matches!(module, Module::UnetGroupNorm(_) | Module::VaeGroupNorm(_) | Module::LayerNorm(_)) {
            2e-5
        } else {
            F32
        };
        errors.note(&name, relative_l2(&net.read(gpu, &y).await?, &expected), bound);
    }
    errors.finish("epsilons of the norms");
    Ok(())
}
