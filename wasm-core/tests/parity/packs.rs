//! Networks out of packs against the same networks out of published weights.

use std::collections::BTreeMap;

use wasm_core::diffusion::schedule::Schedule;
use wasm_core::gpu::{Element, Gpu, Graph};
use wasm_core::models::ModelFile;
use wasm_core::models::moebius::config::{LATENT_CHANNELS, UNET_CHANNELS, UnetConfig, VaeConfig};
use wasm_core::models::moebius::network::Network;
use wasm_core::models::moebius::unet::Prefix;
use wasm_core::models::moebius::{unet, vae};
use wasm_core::nn::WeightElement;
use wasm_core::weights::{Pack, Source, Synthetic, UNIT_VARIANCE, input, unet_input};
use wasm_core::{Result, Unpaced};

use crate::networks::Loaded;
use crate::rig::{Errors, relative_l2, report};

/// What 8 bits may cost at the U-Net's output.
const EIGHT_BITS: f64 = 5e-2;

/// The network's synthetic weights as a pack in memory.
pub async fn packed(network: Network, weights: &dyn Source) -> Result<Pack> {
    let mut file = vec![];
    let about = BTreeMap::from([("source".to_owned(), "synthetic".to_owned())]);
    let mut write = |piece: &[u8]| {
        file.extend_from_slice(piece);
        Ok(())
    };
    let written = network.pack(weights, &about, &mut write, &Unpaced).await?;
    assert_eq!(written.bytes, file.len() as u64);
    let pack = Pack::open(file)?;
    assert_eq!(Network::named(pack.about("network")).is_some(), network.network() == pack.about("network"));
    Ok(pack)
}

/// A U-Net with these weights, at every step of the schedule.
async fn predictions(gpu: &Gpu, config: UnetConfig, steps: &[u32], pack: bool) -> Result<Vec<Vec<f32>>> {
    let mut g = Graph::new();
    let input = g.persistent("input", Element::F32, [1, UNET_CHANNELS, config.side, config.side]);
    let noise = g.persistent("noise", Element::F32, [2, LATENT_CHANNELS, config.side, config.side]);
    unet::record(&mut g, &config, Element::F32, steps, Prefix::Shared, input, noise)?;
    let synthetic = Synthetic::new(g.inputs()?)?;
    let net = if pack {
        let pack = packed(Network::Unet(config), &synthetic).await?;
        Loaded::with(gpu, g, synthetic, Some(&pack)).await?
    } else {
        Loaded::new(gpu, g).await?
    };
    net.write(gpu, &input, &unet_input("input.unet_tiny.sample", 1, config.side as usize))?;
    let mut found = vec![];
    for step in 0..steps.len() as u32 {
        net.plan.submit(gpu, step);
        found.push(net.read(gpu, &noise).await?);
    }
    Ok(found)
}

/// The error of the U-Net's output for weights in 8 bits against those in 16, at each timestep.
pub async fn unet_in_8_bits(gpu: &Gpu) -> Result<()> {
    let all: Vec<u32> = Schedule::new(20, 0.99)?.steps().iter().map(|step| step.timestep).collect();
    // A CPU playing a GPU does the first, the last and two between them; in a browser one, of a smaller map.
    let slow_browser = gpu.is_software() && cfg!(target_arch = "wasm32");
    let steps: Vec<u32> = match gpu.is_software() {
        _ if slow_browser => vec![all[9]],
        true => [0, 6, 12, 18].map(|i| all[i]).to_vec(),
        false => all,
    };
    let side = if slow_browser { 8 } else { UnetConfig::TINY.side };
    let mut configs = vec![("tiny", UnetConfig { side, ..UnetConfig::TINY })];
    if !gpu.is_software() {
        configs.push(("full-size", UnetConfig::FULL));
    }
    let mut errors = Errors::default();
    for (what, config) in configs {
        let expected = predictions(gpu, config, &steps, false).await?;
        let prepared = predictions(gpu, config, &steps, true).await?;
        assert!(prepared == expected, "a pack of 16 bits gives other numbers than the weights it was made of");
        let eight = UnetConfig { weights: WeightElement::I8, ..config };
        for ((found, expected), timestep) in
            predictions(gpu, eight, &steps, true).await?.iter().zip(&expected).zip(&steps)
        {
            let error = relative_l2(found, expected);
            report(&format!("parity {what} U-Net in 8 bits at {timestep}: relative L2 error {error:.2e}"));
            errors.note(&format!("{what} at {timestep}"), error, EIGHT_BITS);
        }
    }
    errors.finish("U-Net in 8 bits");
    Ok(())
}

/// The same for what the VAE decodes.
pub async fn vae_in_8_bits(gpu: &Gpu) -> Result<()> {
    let config = if gpu.is_software() { VaeConfig { side: 32, ..VaeConfig::TINY } } else { VaeConfig::FULL };
    let n = config.latent_side();
    let mut decoded = vec![];
    for (weights, pack) in [(WeightElement::F16, false), (WeightElement::F16, true), (WeightElement::I8, true)] {
        let config = VaeConfig { weights, ..config };
        let mut g = Graph::new();
        let latent = g.persistent("latent", Element::F32, [1, LATENT_CHANNELS, n, n]);
        let image = g.persistent("image", Element::F32, [1, 3, config.side, config.side]);
        vae::record_decoder(&mut g, &config, Element::F32, latent, image)?;
        // The pack holds the encoder too.
        let mut e = Graph::new();
        let moments = e.persistent("moments", Element::F32, [1, 2 * LATENT_CHANNELS, n, n]);
        let picture = e.persistent("picture", Element::F32, [1, 3, config.side, config.side]);
        vae::record_encoder(&mut e, &config, Element::F32, picture, moments)?;
        let all = Synthetic::new(e.inputs()?.into_iter().chain(g.inputs()?))?;
        let net = if pack {
            let pack = packed(Network::Vae(config), &all).await?;
            Loaded::with(gpu, g, all, Some(&pack)).await?
        } else {
            Loaded::with(gpu, g, all, None).await?
        };
        let values = (LATENT_CHANNELS * n * n) as usize;
        net.write(gpu, &latent, &input("input.vae_full.latent", values, UNIT_VARIANCE))?;
        net.plan.submit(gpu, 0);
        decoded.push(net.read(gpu, &image).await?);
    }
    assert!(decoded[0] == decoded[1], "a pack of 16 bits decodes otherwise than the weights it was made of");
    let error = relative_l2(&decoded[2], &decoded[0]);
    let size = if config.side == VaeConfig::FULL.side { "full-size" } else { "tiny" };
    report(&format!("parity {size} VAE in 8 bits: relative L2 error of the decoded picture {error:.2e}"));
    let mut errors = Errors::default();
    errors.note("decoded", error, EIGHT_BITS);
    errors.finish("VAE in 8 bits");
    Ok(())
}
