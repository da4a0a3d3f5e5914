//! The way of any model from its published file to pixels, walked by the toy: nothing here but its registration and its file is the toy's.

use std::collections::BTreeMap;
use std::rc::Rc;

use wasm_core::gpu::{Device, Gpu};
use wasm_core::inpaint::{Inpainting, Settings};
use wasm_core::models::{Model, NETWORK, Painter, Progress, SHIPPED, Task, Values, WeightElement};
use wasm_core::pixels::{Image, Mask, Rect};
use wasm_core::weights::{self, Pack};
use wasm_core::{Error, Result, Unpaced, WeightsError};

use crate::rig::report;
use crate::toy::{MODELS, SIDE};

/// A published file of the toy: safetensors with its one tensor.
fn published() -> Vec<u8> {
    let mut header = br#"{"toy.gain":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#.to_vec();
    header.resize(header.len().next_multiple_of(8), b' ');
    let gain = [0.5f32, 1.0, 1.5, 0.0].map(f32::to_le_bytes).concat();
    [&(header.len() as u64).to_le_bytes()[..], &header, &gain].concat()
}

/// Recognises the published file and packs it, as installing does.
async fn installed() -> Result<Pack> {
    let source = weights::open(published())?;
    let refused = SHIPPED.recognise(source.as_ref(), WeightElement::F16).map(|_| ());
    assert!(matches!(refused, Err(Error::Weights(WeightsError::Mismatch { .. }))), "the toy is shipped: {refused:?}");
    let file = MODELS.recognise(source.as_ref(), WeightElement::F16)?;
    let mut bytes = vec![];
    let mut write = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok(())
    };
    let written = file.pack(source.as_ref(), &BTreeMap::new(), &mut write, &Unpaced).await?;
    assert_eq!(written.bytes, bytes.len() as u64);
    Pack::open(bytes)
}

/// The model of a pack, found by what is written in it.
fn found(packs: &[Pack]) -> Result<&'static dyn Model> {
    let network = packs[0].about(NETWORK);
    assert!(SHIPPED.of_network(network).is_none(), "the toy is shipped");
    let model = MODELS.of_packs(packs)?;
    assert!(MODELS.model(model.name()).is_some());
    Ok(model)
}

pub async fn a_registered_model_is_installed_loaded_and_runs(gpu: &Rc<Gpu>) -> Result<()> {
    let packs = [installed().await?];
    let model = found(&packs)?;
    assert!(!model.needs_gpu());
    let refused = Values::checked(model.options(), [("blend", 1.5)]);
    assert!(matches!(refused, Err(Error::Argument(_))), "{refused:?}");
    let options = Values::checked(model.options(), [("blend", 0.75)])?;
    assert!(model.cost(&packs, None)?.operations > 0);

    let area = (SIDE * SIDE) as usize;
    let in_hole = |at: usize| (50..90).contains(&at);
    let hole: Vec<bool> = (0..area).map(in_hole).collect();
    let rgb: Vec<u8> = (0..3 * area).map(|i| if in_hole(i / 3) { 40 } else { 100 }).collect();
    let mut all = vec![];
    for gpu in [Some(gpu.clone()), None] {
        let mut painter = model.load(&packs, gpu.clone(), &options, &Unpaced).await?;
        assert_eq!(painter.gpu().is_some(), gpu.is_some());
        assert!(painter.is_ready_for(&options) && painter.side() == SIDE);
        let task = Task { rgb: &rgb, hole: &hole, seed: 1, options: &options };
        let mut sketches = 0;
        let painted = painter.paint(&task, &mut Progress::default(), &Unpaced, &mut |_| sketches += 1).await?;
        assert_eq!(sketches, 1);
        // 40 and three quarters of the way to 0.5, 1 and 1.5 times the mean of 100.
        let wanted = |at: usize| if in_hole(at) { [48, 85, 123] } else { [100; 3] };
        for (at, pixel) in painted.chunks_exact(3).enumerate() {
            assert!(pixel.iter().zip(wanted(at)).all(|(a, b)| a.abs_diff(b) <= 1), "{at}: {pixel:?}");
        }
        all.push((erased(painter.as_mut(), &options).await?, painted));
    }
    assert!(all[0] == all[1], "the GPU and the CPU disagree");
    report("parity contract: the toy paints the same on the GPU and without one");
    Ok(())
}

pub async fn a_gpu_is_measured_and_models_are_estimated(gpu: &Rc<Gpu>) -> Result<()> {
    let device = Device::measured(gpu).await?;
    let Device { flops, bytes } = device;
    // A CPU that emulates one, and the fastest GPU there is.
    assert!((1e7..1e15).contains(&flops) && (1e7..1e14).contains(&bytes), "{device:?}");
    for model in SHIPPED.models().iter().chain(MODELS.models()) {
        let seconds = model.estimate(gpu, device).expect("it can be told");
        assert!(seconds > 0.0 && seconds.is_finite(), "{}: {seconds}", model.name());
        let slower = Device { flops: flops / 4.0, bytes: bytes / 4.0 };
        assert!(model.estimate(gpu, slower) > Some(seconds), "{}", model.name());
    }
    report(&format!("parity contract: {:.3} TFLOP/s and {:.1} GB/s measured", flops / 1e12, bytes / 1e9));
    Ok(())
}

/// Erases with a loaded model as the extension does; only the hole changes.
async fn erased(model: &mut dyn Painter, options: &Values) -> Result<Vec<u8>> {
    let image = Image::new(40, 30, (0..40 * 30).flat_map(|i| [(i % 40 * 3) as u8, 90, 60, 255]).collect())?;
    let hole = Rect { x: 10, y: 12, width: 6, height: 5 };
    let mask = Mask::new(hole, vec![255; 30])?;
    let mut inpainting = Inpainting::begin(&image, &mask, Settings::default(), &Unpaced).await?;
    let mut previews = 0;
    inpainting.go_on(model, options, &Unpaced, |preview| previews += preview.pixels).await?;
    assert_eq!(previews, SIDE);
    let patch = inpainting.finish()?;
    assert_eq!(patch.rect, hole);
    Ok(patch.rgba)
}
