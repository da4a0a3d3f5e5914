//! Networks out of packs against the same networks out of published weights.

use std::collections::BTreeMap;

use wasm_core::gpu::{Element, Gpu, Graph};
use wasm_core::models::ModelFile;
use wasm_core::models::moebius::conditioning::Branches;
use wasm_core::models::moebius::config::{LATENT_CHANNELS, UNET_CHANNELS, UnetConfig, VaeConfig};
use wasm_core::models::moebius::network::Network;
use wasm_core::models::moebius::{unet, vae};
use wasm_core::nn::WeightElement;
use wasm_core::weights::{Pack, Source, Synthetic, UNIT_VARIANCE, input, unet_input};
use wasm_core::{Result, Unpaced};

use crate::networks::{Loaded, OTHER_SEED, outputs, reference, timesteps};
use crate::rig::{Errors, relative_l2, report};

/// What 8 bits may cost at the output of a tiny network: 1.5e-2 were seen with two seeds.
const EIGHT_BITS: f64 = 2.5e-2;
/// What they may cost at that of a full-size one, whose sums are longer: 3.2e-2 were seen in the U-Net.
const EIGHT_BITS_FULL: f64 = 5e-2;

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

/// What a U-Net with weights of this seed sees at these of the reference's timesteps, from a pack or not.
async fn predictions(gpu: &Gpu, config: UnetConfig, seed: u64, steps: &[u32], pack: bool) -> Result<Vec<Vec<f32>>> {
    let mut g = Graph::new();
    let input = g.persistent("input", Element::F32, [1, UNET_CHANNELS, config.side, config.side]);
    let noise = g.persistent("noise", Element::F32, [2, LATENT_CHANNELS, config.side, config.side]);
    unet::record(&mut g, &config, Element::F32, &timesteps(), Branches::Both, input, noise)?;
    let synthetic = Synthetic::seeded(seed, g.inputs()?)?;
    let pack = if pack { Some(packed(Network::Unet(config), &synthetic).await?) } else { None };
    let net = Loaded::with(gpu, g, synthetic, pack.as_ref()).await?;
    let name = if config.side == UnetConfig::FULL.side { "input.unet_full.sample" } else { "input.unet_tiny.sample" };
    net.write(gpu, &input, &unet_input(name, 1, config.side as usize))?;
    let mut found = vec![];
    for &step in steps {
        net.plan.submit(gpu, step);
        found.push(net.read(gpu, &noise).await?);
    }
    Ok(found)
}

/// The U-Net's output for weights in 8 bits against that for 16 at each of these steps, and against the reference's numbers where it has some: in the file, under
/// names that begin so.
async fn unet_errors(
    gpu: &Gpu,
    errors: &mut Errors,
    what: &str,
    config: UnetConfig,
    seed: u64,
    steps: &[u32],
    reference_outputs: Option<(&str, &str)>,
) -> Result<()> {
    let expected = predictions(gpu, config, seed, steps, false).await?;
    let prepared = predictions(gpu, config, seed, steps, true).await?;
    assert!(prepared == expected, "a pack of 16 bits gives other numbers than the weights it was made of");
    let eight = UnetConfig { weights: WeightElement::I8, ..config };
    let found = predictions(gpu, eight, seed, steps, true).await?;
    let mut note = |against: &str, step: u32, found: &[f32], expected: &[f32]| {
        let (error, timestep) = (relative_l2(found, expected), timesteps()[step as usize]);
        report(&format!(
            "parity {what} U-Net in 8 bits against {against} at {timestep}: relative L2 error {error:.2e}"
        ));
        let bound = if config.side == UnetConfig::FULL.side { EIGHT_BITS_FULL } else { EIGHT_BITS };
        errors.note(&format!("{what} against {against} at {timestep}"), error, bound);
    };
    for ((found, expected), step) in found.iter().zip(&expected).zip(steps) {
        note("16 bits", *step, found, expected);
    }
    if let Some((file, prefix)) = reference_outputs {
        let file = reference(file)?;
        for [step, timestep] in outputs(file.as_ref(), prefix) {
            let at =
                steps.iter().position(|known| *known == step).expect("every step of the reference's is among them");
            note("the reference", step, &found[at], &file.read(&format!("{prefix}{timestep}"))?);
        }
    }
    Ok(())
}

/// What 8 bits cost at the U-Net's output.
pub async fn unet_in_8_bits(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    let tiny = UnetConfig::TINY;
    if gpu.is_software() && cfg!(target_arch = "wasm32") {
        // A browser on the CPU does one step, of a smaller map, for which the reference has no numbers.
        unet_errors(gpu, &mut errors, "tiny", UnetConfig { side: 8, ..tiny }, 0, &[9], None).await?;
    } else {
        // A CPU playing a GPU does the first, the last and two between them.
        let all: Vec<u32> = (0..timesteps().len() as u32).collect();
        let steps = if gpu.is_software() { vec![0, 9, 17, 18] } else { all };
        let of_reference = Some(("unet_tiny.safetensors", "output.eps.t"));
        unet_errors(gpu, &mut errors, "tiny", tiny, 0, &steps, of_reference).await?;
        unet_errors(gpu, &mut errors, "tiny, other weights,", tiny, OTHER_SEED, &[0], None).await?;
        if !gpu.is_software() {
            let of_reference = Some(("unet_full.safetensors", "eps.t"));
            unet_errors(gpu, &mut errors, "full-size", UnetConfig::FULL, 0, &steps, of_reference).await?;
        }
    }
    errors.finish("U-Net in 8 bits");
    Ok(())
}

/// What a VAE with weights of this seed decodes of the latent that `name` stands for, from a pack or not.
async fn decoded(gpu: &Gpu, config: VaeConfig, seed: u64, name: &str, pack: bool) -> Result<Vec<f32>> {
    let n = config.latent_side();
    let mut g = Graph::new();
    let latent = g.persistent("latent", Element::F32, [1, LATENT_CHANNELS, n, n]);
    let image = g.persistent("image", Element::F32, [1, 3, config.side, config.side]);
    vae::record_decoder(&mut g, &config, Element::F32, latent, image)?;
    // The pack holds the encoder too.
    let mut e = Graph::new();
    let moments = e.persistent("moments", Element::F32, [1, 2 * LATENT_CHANNELS, n, n]);
    let picture = e.persistent("picture", Element::F32, [1, 3, config.side, config.side]);
    vae::record_encoder(&mut e, &config, Element::F32, picture, moments)?;
    let all = Synthetic::seeded(seed, e.inputs()?.into_iter().chain(g.inputs()?))?;
    let pack = if pack { Some(packed(Network::Vae(config), &all).await?) } else { None };
    let net = Loaded::with(gpu, g, all, pack.as_ref()).await?;
    net.write(gpu, &latent, &input(name, (LATENT_CHANNELS * n * n) as usize, UNIT_VARIANCE))?;
    net.plan.submit(gpu, 0);
    net.read(gpu, &image).await
}

/// What 8 bits cost in the decoded picture, against 16 and against the reference's numbers.
pub async fn vae_in_8_bits(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    let mut note = |what: &str, found: &[f32], expected: &[f32]| {
        let error = relative_l2(found, expected);
        report(&format!("parity VAE in 8 bits, {what}: relative L2 error of the decoded picture {error:.2e}"));
        errors.note(what, error, if what.starts_with("full") { EIGHT_BITS_FULL } else { EIGHT_BITS });
    };
    let eight = |config: VaeConfig| VaeConfig { weights: WeightElement::I8, ..config };
    let small = VaeConfig { side: 32, ..VaeConfig::TINY };
    for seed in [0, OTHER_SEED] {
        let name = "input.vae_tiny.latent";
        let plain = decoded(gpu, small, seed, name, false).await?;
        let prepared = decoded(gpu, small, seed, name, true).await?;
        assert!(plain == prepared, "a pack of 16 bits decodes otherwise than the weights it was made of");
        note("against 16 bits", &decoded(gpu, eight(small), seed, name, true).await?, &plain);
    }
    if !(gpu.is_software() && cfg!(target_arch = "wasm32")) {
        let expected = reference("vae_tiny.safetensors")?.read("output.decoded")?;
        let found = decoded(gpu, eight(VaeConfig::TINY), 0, "input.vae_tiny.latent", true).await?;
        note("tiny against the reference", &found, &expected);
    }
    if !gpu.is_software() {
        let name = "input.vae_full.latent";
        let plain = decoded(gpu, VaeConfig::FULL, 0, name, false).await?;
        let prepared = decoded(gpu, VaeConfig::FULL, 0, name, true).await?;
        assert!(plain == prepared, "a pack of 16 bits decodes otherwise than the weights it was made of");
        let found = decoded(gpu, eight(VaeConfig::FULL), 0, name, true).await?;
        note("full-size against 16 bits", &found, &plain);
        let expected = reference("vae_full.safetensors")?.read("output.decoded.f16")?;
        note("full-size against the reference", &found, &expected);
    }
    errors.finish("VAE in 8 bits");
    Ok(())
}

#[cfg(test)]
mod layout {
    use wasm_core::models::moebius::graphs::ModelConfig;
    use wasm_core::weights::pack::LAYOUT;

    use super::*;
    use crate::pipeline::tampered;

    /// The layout of packs, and the SHA-256 of what each tiny network becomes in it.
    const KNOWN: (u32, [(&str, &str); 4]) = (
        1,
        [
            ("unet 32 f16", "a7bcf1fb8b125b6e11791474dea5c7c451a96974f7493273af9b8d0261b6f2b4"),
            ("unet 32 int8", "480dc362d813a5be440920659cfa036a5254639315100267db35b2bf0581a2ff"),
            ("vae 32 f16", "4bc35b996989b3fe8153668c47215ddd90509c14ee1190e10d8fb69c9aabf090"),
            ("vae 32 int8", "4586e582b99ab4bb467226e181e772bce8e04fbf8c5ae637eca0fc48b43c1f0f"),
        ],
    );

    /// SHA-256 of the pack that a network's synthetic weights become, in hexadecimal.
    fn hash(name: &str) -> String {
        let network = Network::named(name).unwrap();
        let (unet, vae) = tampered(&ModelConfig::TINY, 0);
        let weights: &dyn Source = if matches!(network, Network::Unet(_)) { &unet } else { &vae };
        let (about, mut out) = (BTreeMap::new(), |_: &[u8]| Ok(()));
        let packing = network.pack(weights, &about, &mut out, &Unpaced);
        pollster::block_on(packing).unwrap().sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn parity_a_pack_with_other_bytes_has_another_layout() {
        let found: Vec<(&str, String)> = KNOWN.1.iter().map(|(name, _)| (*name, hash(name))).collect();
        let same = found.iter().zip(KNOWN.1).all(|((_, found), (_, known))| found == known);
        assert!(
            same || LAYOUT != KNOWN.0,
            "the bytes of a pack are other ones, and LAYOUT is {LAYOUT} as before: packs on users' disks would be read as what they are not. Count LAYOUT up \
             in src/weights/pack.rs, then put the new number and these hashes into KNOWN: {found:#?}"
        );
        assert!(
            same && LAYOUT == KNOWN.0,
            "LAYOUT is {LAYOUT}: put this number and these hashes into KNOWN of tests/parity/packs.rs: {found:#?}"
        );
    }
}
