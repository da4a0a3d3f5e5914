//! What every model answers.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;

use super::options::{OptionSpec, Values};
use super::progress::Progress;
use crate::gpu::{Device, Gpu};
use crate::nn::WeightElement;
use crate::nn::packing::Written;
use crate::weights::{Pack, Source};
use crate::{Pacer, Result, WeightsError};

/// What an operation gives that yields to its caller at the [`Pacer`]'s checkpoints.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + 'a>>;

/// A tensor by which a file is recognised: its name and its shape.
pub type Landmark = (&'static str, &'static [usize]);

/// One architecture, with whatever weights.
pub trait Model: Sync {
    /// Its name in the catalogue, such as `moebius`. It never changes.
    fn name(&self) -> &'static str;

    /// Tensors by which its files are recognised, with the shapes that they have in the published model. A file in which none is found
    /// is told to lack them.
    fn landmarks(&self) -> &'static [Landmark];

    /// What the user may set.
    fn options(&self) -> &'static [OptionSpec];

    /// Whether it cannot run without a GPU.
    fn needs_gpu(&self) -> bool;

    /// Recognises one of its files as it was published, by the names and shapes of its tensors. `weights` is the wish how large weights are
    /// to be stored.
    fn recognise(&self, source: &dyn Source, weights: WeightElement) -> Option<Box<dyn ModelFile>>;

    /// The file whose packs have this [`ModelFile::network`] written in them.
    fn file(&self, network: &str) -> Option<Box<dyn ModelFile>>;

    /// What running it takes. `packs` as for [`Model::load`].
    ///
    /// # Errors
    /// [`WeightsError::WrongNetworks`] if the packs do not belong together.
    fn cost(&self, packs: &[Pack], gpu: Option<&Gpu>) -> Result<Cost>;

    /// About how many seconds painting a whole square with its own settings takes on this GPU, which can do so much; none if that cannot be told.
    fn estimate(&self, gpu: &Gpu, device: Device) -> Option<f64>;

    /// Makes it ready to paint with these options. `packs` are those of the model's own file and of the files that it needs, in the
    /// catalogue's order; `gpu` is absent where there is none.
    ///
    /// # Errors
    /// [`crate::Error::Weights`] if the packs are not its own, [`crate::Error::Gpu`] if the GPU does not suffice, and the caller's cancel.
    fn load<'a>(
        &'a self,
        packs: &'a [Pack],
        gpu: Option<Rc<Gpu>>,
        options: &'a Values,
        pacer: &'a dyn Pacer,
    ) -> Answer<'a, Box<dyn Painter>>;
}

/// A file of a model, recognised.
pub trait ModelFile {
    /// Which network it is, as written in packs and records, such as `unet 320 f16`. It never changes: packs outlive versions.
    fn network(&self) -> String;

    /// How large weights are stored in its pack.
    fn weights(&self) -> WeightElement;

    /// Whether it is only a part, which other files need and with which alone nothing can be painted.
    fn is_part(&self) -> bool;

    /// Writes its pack, made of `source`, piece by piece to `out`. `about` goes into the pack's metadata.
    ///
    /// # Errors
    /// [`crate::Error::Weights`] if the tensors do not fit, what `out` fails with, and the caller's cancel.
    fn pack<'a>(
        &'a self,
        source: &'a dyn Source,
        about: &'a BTreeMap<String, String>,
        out: &'a mut dyn FnMut(&[u8]) -> Result<()>,
        pacer: &'a dyn Pacer,
    ) -> Answer<'a, Written>;
}

/// What running a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Bytes of memory that it holds while it is loaded: the GPU's, or the CPU's where it runs there.
    pub memory: u64,
    /// Multiplications and additions of one step, the longest stretch of work without a report of progress.
    pub operations: u64,
}

/// What a model is to repaint.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The picture in levels, `[side, side, 3]`. The hole is filled somehow already.
    pub rgb: &'a [u8],
    /// True in the hole, `[side, side]`.
    pub hole: &'a [bool],
    /// Same task, options and seed: same pixels, on the same machine.
    pub seed: u64,
    /// What the user set.
    pub options: &'a Values,
}

/// What the hole is becoming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// Pixels to a side; a divisor of the model's own.
    pub side: u32,
    /// `[side, side, 3]`.
    pub rgb: Vec<u8>,
}

/// A model that is loaded.
pub trait Painter {
    /// Pixels to a side of the square that it takes.
    fn side(&self) -> u32;

    /// The GPU it is on; none if it runs on the CPU.
    fn gpu(&self) -> Option<&Gpu>;

    /// Whether it can paint with these options as it is, without [`Painter::adapt`].
    fn is_ready_for(&self, options: &Values) -> bool;

    /// Makes it ready for these options. `packs` are those that it was loaded from.
    ///
    /// # Errors
    /// As [`Model::load`]. After one, it is ready for the options that it was ready for before.
    fn adapt<'a>(&'a mut self, options: &'a Values, packs: &'a [Pack], pacer: &'a dyn Pacer) -> Answer<'a, ()>;

    /// Repaints the hole: the whole square in levels, `[side, side, 3]`; only the hole's pixels matter.
    ///
    /// It goes on from where `progress` is and keeps that up to date; `seen` hears how the hole is forming. After any error but a lost GPU
    /// it can be asked again, and after that it can be loaded anew: in both cases with the same task and progress.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] for a square of another size, [`crate::Error::Gpu`], [`crate::Error::NotFinite`] and the caller's cancel.
    fn paint<'a>(
        &'a mut self,
        task: &'a Task<'a>,
        progress: &'a mut Progress,
        pacer: &'a dyn Pacer,
        seen: &'a mut dyn FnMut(Sketch),
    ) -> Answer<'a, Vec<u8>>;
}

/// What packs call the name of their network in their metadata.
pub const NETWORK: &str = "network";

/// These packs do not belong together.
pub(crate) fn wrong(packs: &[Pack]) -> WeightsError {
    WeightsError::WrongNetworks(packs.iter().map(|pack| pack.about(NETWORK)).collect::<Vec<_>>().join(" and "))
}
