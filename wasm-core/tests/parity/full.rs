//! The full-size networks against the reference's outputs and the statistics of every module. Needs a real GPU: hundreds of GFLOP each.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu, Graph};
use wasm_core::kernels::Activation;
use wasm_core::models::moebius::conditioning::Branches;
use wasm_core::models::moebius::config::{LATENT_CHANNELS, UNET_CHANNELS, UnetConfig, VaeConfig};
use wasm_core::models::moebius::{unet, vae};
use wasm_core::weights::{UNIT_VARIANCE, input, unet_input};

use crate::modules::Modules;
use crate::networks::{Loaded, outputs, reference, timesteps};
use crate::rig::{Errors, fixture, relative_l2, report};

/// In front of the names of the U-Net's modules.
const ROOT: &str = "diff_model.";
/// What the statistics of a module may differ by, in units of its standard deviation.
const STATISTICS: f64 = 1e-4;

fn too_slow(gpu: &Gpu, what: &str) -> bool {
    if gpu.is_software() {
        report(&format!("parity full-size {what}: not run, {} computes on the CPU", gpu.info().name));
    }
    gpu.is_software()
}

/// One line of a summary: mean, standard deviation, least, most, and the first eight values.
struct Row {
    name: String,
    shape: Vec<usize>,
    numbers: [f64; 4],
    first: Vec<f64>,
}

fn summary(file: &str) -> Vec<Row> {
    let text = String::from_utf8(fixture(&format!("moebius/{file}"))).unwrap();
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let number = |text: &str| text.parse::<f64>().unwrap();
        Row {
            name: columns[0].trim_start_matches(ROOT).to_owned(),
            shape: columns[1].split('x').map(|side| side.parse().unwrap()).collect(),
            numbers: [2, 3, 4, 5].map(|i| number(columns[i])),
            first: columns[6].split(',').map(number).collect(),
        }
    };
    text.lines().skip(1).map(row).collect()
}

/// Deviation of the statistics of `values` from a row, in its standard deviations.
fn deviation(values: &[f32], row: &Row) -> f64 {
    let [mean, std, least, most] = row.numbers;
    let n = values.len() as f64;
    let found_mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let found_std = (values.iter().map(|&v| (f64::from(v) - found_mean).powi(2)).sum::<f64>() / n).sqrt();
    let found_least = values.iter().copied().fold(f32::MAX, f32::min);
    let found_most = values.iter().copied().fold(f32::MIN, f32::max);
    let pairs = [(found_mean, mean), (found_std, std), (f64::from(found_least), least), (f64::from(found_most), most)];
    let first = values.iter().map(|&v| f64::from(v)).zip(row.first.iter().copied());
    pairs.into_iter().chain(first).map(|(a, b)| (a - b).abs() / std).fold(0.0, f64::max)
}

/// Which network a summary is of.
#[derive(Clone, Copy)]
enum Network {
    /// At a step of the sampler, and its timestep.
    Unet([u32; 2]),
    Vae,
}

/// Prints and notes the deviation of every module.
fn compare(errors: &mut Errors, what: &str, network: Network, modules: &Modules<'_>, rows: &[Row]) -> Result<()> {
    for row in rows {
        let (name, shape) = (row.name.as_str(), row.shape.as_slice());
        let (root, epsilon) = match network {
            Network::Unet(_) => (ROOT, 1e-5),
            Network::Vae => ("", 1e-6),
        };
        let found = match network {
            Network::Unet([step, timestep]) => {
                modules.of_unet(&UnetConfig::FULL, name, shape, step as usize, timestep)?
            }
            Network::Vae => modules.of_vae(name, shape),
        };
        // Statistics after an activation do not tell those before it: the plain form makes these from the same input, and ours must be
        // what the activation makes of them.
        let found = match modules.before_activation(root, name, shape, epsilon)? {
            Some(before) => {
                let activated: Vec<f32> = before.iter().map(|&v| Activation::Silu.of(v)).collect();
                errors.note(&format!("{what} {name}, activated"), relative_l2(&found, &activated), 2e-5);
                before
            }
            None => found,
        };
        let off = deviation(&found, row);
        report(&format!("parity full-size {what}: {off:.1e} {name} {shape:?}"));
        errors.note(&format!("{what} {name}"), off, STATISTICS);
    }
    Ok(())
}

/// Both timesteps, both branches; f32 with every module, then f16.
pub async fn unet(gpu: &Gpu) -> Result<()> {
    if too_slow(gpu, "U-Net") {
        return Ok(());
    }
    let file = reference("unet_full.safetensors")?;
    let config = UnetConfig::FULL;
    let sample = unet_input("input.unet_full.sample", 1, config.side as usize);
    let mut errors = Errors::default();
    for (element, bound) in [(Element::F32, 1e-4), (Element::F16, 1e-2)] {
        if element == Element::F16 && !gpu.has_f16() {
            report("parity full-size U-Net in f16: not run, this adapter has no shader-f16");
            continue;
        }
        let mut g = if element == Element::F32 { Graph::with_taps() } else { Graph::new() };
        let input = g.persistent("input", element, [1, UNET_CHANNELS, config.side, config.side]);
        let noise = g.persistent("noise", Element::F32, [2, LATENT_CHANNELS, config.side, config.side]);
        unet::record(&mut g, &config, element, &timesteps(), Branches::Both, input, noise)?;
        let net = Loaded::new(gpu, g).await?;
        net.write(gpu, &input, &sample)?;
        for [step, timestep] in outputs(file.as_ref(), "eps.t") {
            net.plan.submit(gpu, step);
            let found = net.read(gpu, &noise).await?;
            let error = relative_l2(&found, &file.read(&format!("eps.t{timestep}"))?);
            report(&format!("parity full-size U-Net in {element:?} at {timestep}: relative L2 error {error:.2e}"));
            errors.note(&format!("{element:?} at {timestep}"), error, bound);
            if element == Element::F32 {
                let modules = Modules::read(gpu, &net, 2).await?;
                let rows = summary(&format!("unet_full_summary_t{timestep}.tsv"));
                let network = Network::Unet([step, timestep]);
                compare(&mut errors, &format!("U-Net at {timestep}"), network, &modules, &rows)?;
            }
        }
    }
    errors.finish("full-size U-Net");
    Ok(())
}

/// Encoder and decoder, every module.
pub async fn vae(gpu: &Gpu) -> Result<()> {
    if too_slow(gpu, "VAE") {
        return Ok(());
    }
    let file = reference("vae_full.safetensors")?;
    let config = VaeConfig::FULL;
    let (side, n) = (config.side, config.latent_side());
    let mut errors = Errors::default();

    let mut g = Graph::with_taps();
    let image = g.persistent("image", Element::F32, [1, 3, side, side]);
    let moments = g.persistent("moments", Element::F32, [1, 8, n, n]);
    vae::record_encoder(&mut g, &config, Element::F32, image, moments)?;
    let net = Loaded::new(gpu, g).await?;
    net.write(gpu, &image, &input("input.vae_full.image", (3 * side * side) as usize, 1.0))?;
    net.plan.submit(gpu, 0);
    let error = relative_l2(&net.read(gpu, &moments).await?, &file.read("output.moments")?);
    report(&format!("parity full-size encoder: relative L2 error {error:.2e}"));
    errors.note("moments", error, 1e-4);
    let modules = Modules::read(gpu, &net, 1).await?;
    compare(&mut errors, "encoder", Network::Vae, &modules, &summary("vae_full_encode_summary.tsv"))?;
    drop(net);

    let mut g = Graph::with_taps();
    let latent = g.persistent("latent", Element::F32, [1, LATENT_CHANNELS, n, n]);
    let image = g.persistent("image", Element::F32, [1, 3, side, side]);
    vae::record_decoder(&mut g, &config, Element::F32, latent, image)?;
    let net = Loaded::new(gpu, g).await?;
    net.write(gpu, &latent, &input("input.vae_full.latent", (LATENT_CHANNELS * n * n) as usize, UNIT_VARIANCE))?;
    net.plan.submit(gpu, 0);
    let found = net.read(gpu, &image).await?;
    let error = relative_l2(&found, &file.read("output.decoded.f16")?);
    report(&format!(
        "parity full-size decoder: relative L2 error {error:.2e} against the whole picture, which is stored in 16 bits"
    ));
    errors.note("decoded, against 16 bits", error, 5e-4);
    for (name, at) in [("tl64", 0), ("mid64", 224), ("br64", 448)] {
        let error = relative_l2(
            &crate::networks::crop(&found, side as usize, [at, at, 64]),
            &file.read(&format!("output.decoded.crop_{name}"))?,
        );
        report(&format!("parity full-size decoder, crop {name}: relative L2 error {error:.2e}"));
        errors.note(name, error, 1e-4);
    }
    let modules = Modules::read(gpu, &net, 1).await?;
    compare(&mut errors, "decoder", Network::Vae, &modules, &summary("vae_full_decode_summary.tsv"))?;
    drop(net);
    let picture = input("input.vae_full.image", (3 * side * side) as usize, 1.0);
    let latent = input("input.vae_full.latent", (LATENT_CHANNELS * n * n) as usize, UNIT_VARIANCE);
    let [encoded, decoded] = crate::networks::vae_as_it_runs(gpu, config, &picture, &latent).await?;
    let error = relative_l2(&encoded, &file.read("output.moments")?);
    report(&format!("parity full-size encoder as it runs: relative L2 error {error:.2e}"));
    errors.note("moments as it runs", error, 1e-4);
    for (name, at) in [("tl64", 0), ("mid64", 224), ("br64", 448)] {
        let found = crate::networks::crop(&decoded, side as usize, [at, at, 64]);
        let error = relative_l2(&found, &file.read(&format!("output.decoded.crop_{name}"))?);
        report(&format!("parity full-size decoder as it runs, crop {name}: relative L2 error {error:.2e}"));
        errors.note(&format!("{name} as it runs"), error, 1e-4);
    }
    errors.finish("full-size VAE");
    Ok(())
}
