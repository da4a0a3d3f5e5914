//! A complete model, small enough to be read in one go: it paints the mean of what surrounds the hole. It exists in tests only, and shows
//! that a model takes part by being registered: nothing in the engine knows it.
//!
//! It has one weight (a gain for each colour), one option (how much of the hole's filling it replaces), one kernel, and the same in plain
//! Rust for where there is no GPU.

mod painter;

use std::collections::BTreeMap;
use std::rc::Rc;

#[cfg(not(target_arch = "wasm32"))]
use wasm_core::gpu::Field;
use wasm_core::gpu::{Constant, Device, Dispatch, Element, Gpu, Graph, Params, Program, When};
use wasm_core::models::moebius::MoebiusModel;
use wasm_core::models::{
    Answer, Cost, Landmark, Model, ModelFile, NETWORK, OptionSpec, Painter, Registry, Values, WeightElement, Written,
};
use wasm_core::nn::packing::{self, Storage};
use wasm_core::weights::{Pack, Source};
use wasm_core::{Pacer, Result, WeightsError};

use painter::ToyPainter;

/// The models of a build that has the toy, too.
pub static MODELS: Registry = Registry::new(&[&MoebiusModel, &ToyModel]);

/// Pixels to a side of the square that it takes.
pub const SIDE: u32 = 16;
/// Its only tensor: a gain for each colour, and one that is not used.
const GAIN: &str = "toy.gain";
/// What its packs have written in them.
const NAME: &str = "toy 16 f32";

/// How much of the hole's filling is replaced.
pub const BLEND: OptionSpec = OptionSpec {
    id: "blend",
    label: "toyBlend",
    help: "",
    min: 0.0,
    max: 1.0,
    step: 0.25,
    default: 1.0,
    presets: &[],
    phrase: "blend {}",
};

/// See the module.
pub struct ToyModel;

impl Model for ToyModel {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn landmarks(&self) -> &'static [Landmark] {
        &[(GAIN, &[1])]
    }

    fn options(&self) -> &'static [OptionSpec] {
        static OPTIONS: [OptionSpec; 1] = [BLEND];
        &OPTIONS
    }

    fn needs_gpu(&self) -> bool {
        false
    }

    fn recognise(&self, source: &dyn Source, _weights: WeightElement) -> Option<Box<dyn ModelFile>> {
        let is_ours = source.tensors().iter().any(|info| info.name == GAIN && info.shape == [4]);
        is_ours.then(|| Box::new(ToyFile) as Box<dyn ModelFile>)
    }

    fn file(&self, network: &str) -> Option<Box<dyn ModelFile>> {
        (network == NAME).then(|| Box::new(ToyFile) as Box<dyn ModelFile>)
    }

    fn cost(&self, _packs: &[Pack], _gpu: Option<&Gpu>) -> Result<Cost> {
        let pixels = u64::from(SIDE * SIDE);
        Ok(Cost { memory: 7 * 4 * pixels, operations: 9 * pixels })
    }

    fn estimate(&self, _gpu: &Gpu, device: Device) -> Option<f64> {
        Some(f64::from(9 * SIDE * SIDE) / device.flops)
    }

    fn load<'a>(
        &'a self,
        packs: &'a [Pack],
        gpu: Option<Rc<Gpu>>,
        _options: &'a Values,
        pacer: &'a dyn Pacer,
    ) -> Answer<'a, Box<dyn Painter>> {
        Box::pin(async move {
            let [pack] = packs else {
                return Err(WeightsError::WrongNetworks(format!("{} files", packs.len())).into());
            };
            let painter = match gpu {
                Some(gpu) => ToyPainter::on_gpu(gpu, pack, pacer).await?,
                None => ToyPainter::on_cpu(pack)?,
            };
            Ok(Box::new(painter) as Box<dyn Painter>)
        })
    }
}

/// The model's only file.
struct ToyFile;

impl ModelFile for ToyFile {
    fn network(&self) -> String {
        NAME.into()
    }

    fn weights(&self) -> WeightElement {
        WeightElement::F16
    }

    fn is_part(&self) -> bool {
        false
    }

    fn pack<'a>(
        &'a self,
        source: &'a dyn Source,
        about: &'a BTreeMap<String, String>,
        out: &'a mut dyn FnMut(&[u8]) -> Result<()>,
        pacer: &'a dyn Pacer,
    ) -> Answer<'a, Written> {
        Box::pin(async move {
            let mut about = about.clone();
            about.insert(NETWORK.into(), self.network());
            let storage = Storage { weights: self.weights(), is_sensitive: |_| true };
            packing::pack(&[graph()], storage, source, &about, out, pacer).await
        })
    }
}

/// Its one kernel, from the tensors `picture` (`[4, SIDE, SIDE]`) and `blend` to `painted` (`[3, SIDE, SIDE]`).
fn graph() -> Graph {
    let mut g = Graph::new();
    let picture = g.persistent("picture", Element::F32, [1, 4, SIDE, SIDE]);
    let blend = g.persistent("blend", Element::F32, [1, 1, 1, 4]);
    let painted = g.persistent("painted", Element::F32, [1, 3, SIDE, SIDE]);
    let gain = g.constant(Constant {
        label: GAIN.into(),
        bytes: 16,
        inputs: vec![(GAIN.into(), vec![4])],
        scales: vec![],
        recipe: Rc::new(|weights| Ok(bytes_of(&weights.read(GAIN)?))),
        when: When::Loading,
    });
    let program = Program::new("mean_of_surroundings", include_str!("mean.wgsl"));
    let mean = Dispatch::new("mean", program, [3, 1, 1], &MeanParams { pixels: SIDE * SIDE });
    g.dispatch(mean.read(&picture).read(&blend).constant(gain).write(&painted));
    g
}

/// What its kernel is told.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct MeanParams {
    pixels: u32,
}

impl Params for MeanParams {
    #[cfg(not(target_arch = "wasm32"))]
    const FIELDS: &'static [Field] = &[Field { name: "pixels", kind: "u32", offset: 0, size: 4 }];
}

/// Numbers as they lie on the GPU.
fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
