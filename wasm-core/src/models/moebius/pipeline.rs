//! From a picture with a mask to a picture: encode, denoise, decode.

use std::rc::Rc;

use super::config::{LATENT_CHANNELS, LATENT_FACTOR, UNET_CHANNELS, UnetConfig, VaeConfig};
use super::progress::Progress;
use super::unet::Prefix;
use super::vae_names::CurrentNames;
use super::{packing, unet, vae};
use crate::diffusion::schedule::Schedule;
use crate::gpu::{Arena, Buffer, Constants, Element, Gpu, Graph, Layout, Plan, Usage, View};
use crate::kernels::add_noise::AddNoise;
use crate::kernels::assemble::Assemble;
use crate::kernels::ddim_step::DdimStep;
use crate::kernels::finite_check::FiniteCheck;
use crate::kernels::posterior::Posterior;
use crate::kernels::scaled_copy::ScaledCopy;
use crate::nn::constants;
use crate::weights::Source;
use crate::{Error, GpuError, Pacer, Result, Stage};

/// Which networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelConfig {
    /// The U-Net's dimensions.
    pub unet: UnetConfig,
    /// The VAE's dimensions.
    pub vae: VaeConfig,
}

impl ModelConfig {
    /// The published model.
    pub const FULL: Self = Self { unet: UnetConfig::FULL, vae: VaeConfig::FULL };
    /// The tiny one of the tests.
    pub const TINY: Self = Self { unet: UnetConfig::TINY, vae: VaeConfig::TINY };
}

/// How each network stores its activations. Arithmetic is in f32 either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Precision {
    /// The U-Net's.
    pub unet: Element,
    /// The VAE's. The VAEs of SDXL's family are known to leave the range of 16 bits.
    pub vae: Element,
}

impl Precision {
    /// Everything in f32.
    pub const F32: Self = Self { unet: Element::F32, vae: Element::F32 };

    /// The policy: the U-Net in 16 bits where the adapter can, the VAE in 32.
    pub fn preferred(gpu: &Gpu) -> Self {
        Self { unet: if gpu.has_f16() { Element::F16 } else { Element::F32 }, vae: Element::F32 }
    }
}

/// The networks as graphs, before any device. They run one at a time.
#[derive(Debug)]
pub struct Graphs {
    /// A picture to a latent.
    pub encode: Graph,
    /// The picture's latent under noise: what denoising starts with.
    pub start: Graph,
    /// One step of the sampler, both branches of guidance.
    pub step: Graph,
    /// A latent to a picture.
    pub decode: Graph,
}

impl Graphs {
    /// Records everything.
    ///
    /// # Errors
    /// [`Error::Shape`]: a fault in the configuration.
    pub fn record(config: &ModelConfig, schedule: &Schedule, precision: Precision) -> Result<Self> {
        let side = config.vae.latent_side();
        if side != config.unet.side {
            let what = format!("the U-Net takes latents of {0} x {0}, not {side} x {side}", config.unet.side);
            return Err(Error::Shape(what));
        }
        let latent = [1, LATENT_CHANNELS, side, side];
        let image = [1, 3, config.vae.side, config.vae.side];
        let f32s = |g: &mut Graph, label, shape| g.persistent(label, Element::F32, shape);
        let check = |g: &mut Graph, x: View| {
            let count = g.persistent(name::FINITE, Element::F32, SCALARS);
            FiniteCheck { label: "finite check", x, y: count }.record(g)
        };

        let mut encode = Graph::new();
        let g = &mut encode;
        let picture = f32s(g, name::IMAGE, image);
        let moments = f32s(g, name::MOMENTS, [1, 2 * LATENT_CHANNELS, side, side]);
        vae::record_encoder(g, &config.vae, precision.vae, picture, moments)?;
        let noise = f32s(g, name::POSTERIOR_NOISE, latent);
        let encoded = f32s(g, name::ENCODED, latent);
        Posterior { label: "posterior", moments, noise, scale: LATENT_FACTOR, y: encoded }.record(g)?;
        check(g, encoded)?;

        let mut start = Graph::new();
        let g = &mut start;
        let image_latents = f32s(g, name::IMAGE_LATENTS, latent);
        let noise = f32s(g, name::NOISE, latent);
        let coefficients = f32s(g, name::START, SCALARS);
        let latents = f32s(g, name::LATENTS, latent);
        AddNoise { label: "start", x: image_latents, noise, coefficients, y: latents }.record(g)?;

        let mut step = Graph::new();
        let g = &mut step;
        let latents = f32s(g, name::LATENTS, latent);
        let mask = f32s(g, name::MASK, [1, 1, side, side]);
        let masked = f32s(g, name::MASKED_LATENTS, latent);
        let input = g.tensor(precision.unet, [1, UNET_CHANNELS, side, side]);
        Assemble { label: "input", latents, mask, masked, y: input }.record(g)?;
        let predicted = f32s(g, name::PREDICTED, [2, LATENT_CHANNELS, side, side]);
        let timesteps: Vec<u32> = schedule.steps().iter().map(|s| s.timestep).collect();
        unet::record(g, &config.unet, precision.unet, &timesteps, Prefix::Shared, input, predicted)?;
        let table = constants::table(g, format!("DDIM at {timesteps:?}"), coefficients_of(schedule));
        let guidance = f32s(g, name::GUIDANCE, SCALARS);
        let next = f32s(g, name::NEXT_LATENTS, latent);
        DdimStep { label: "DDIM step", predicted, latents, coefficients: table, guidance, y: next }.record(g)?;
        ScaledCopy { label: "latents for the next step", factor: 1.0, x: next, y: latents }.record(g)?;
        check(g, latents)?;

        let mut decode = Graph::new();
        let g = &mut decode;
        let latents = f32s(g, name::LATENTS, latent);
        let unscaled = f32s(g, name::DECODER_INPUT, latent);
        ScaledCopy { label: "decoder input", factor: 1.0 / LATENT_FACTOR, x: latents, y: unscaled }.record(g)?;
        // The first layer takes activations as the others do.
        let input = if precision.vae == Element::F32 {
            unscaled
        } else {
            let input = g.tensor(precision.vae, latent);
            ScaledCopy { label: "decoder input in 16 bits", factor: 1.0, x: unscaled, y: input }.record(g)?;
            input
        };
        let decoded = f32s(g, name::DECODED, image);
        vae::record_decoder(g, &config.vae, precision.vae, input, decoded)?;
        check(g, decoded)?;
        Ok(Self { encode, start, step, decode })
    }

    /// All of them, the one with the largest tensors first.
    pub fn all(&self) -> [&Graph; 4] {
        [&self.decode, &self.encode, &self.step, &self.start]
    }

    /// One arena for all of them, not allocated yet, and the layouts in the order of [`Graphs::all`].
    pub fn lay_out(&self) -> (Arena, [Layout; 4]) {
        let mut arena = Arena::new();
        let layouts = self.all().map(|graph| arena.lay_out(graph));
        (arena, layouts)
    }

    /// Bytes of GPU memory that a run needs: constants and tensors.
    pub fn bytes(&self) -> (u64, u64) {
        (Constants::bytes(&self.all()), self.lay_out().0.bytes())
    }
}

/// Shape of a few numbers that a kernel reads or writes.
const SCALARS: [u32; 4] = [1, 1, 1, 4];

/// `[steps, 4]` for [`DdimStep`].
fn coefficients_of(schedule: &Schedule) -> Vec<f32> {
    let row = |s: &crate::diffusion::schedule::Step| [s.sqrt_alpha, s.sqrt_noise, s.sqrt_alpha_prev, s.sqrt_noise_prev];
    schedule.steps().iter().flat_map(row).collect()
}

/// Labels of what lasts beyond one graph's run.
mod name {
    pub(super) const IMAGE: &str = "image";
    pub(super) const MOMENTS: &str = "moments";
    pub(super) const POSTERIOR_NOISE: &str = "posterior noise";
    pub(super) const ENCODED: &str = "encoded";
    pub(super) const IMAGE_LATENTS: &str = "image latents";
    pub(super) const MASKED_LATENTS: &str = "masked latents";
    pub(super) const MASK: &str = "latent mask";
    pub(super) const NOISE: &str = "noise";
    pub(super) const START: &str = "start coefficients";
    pub(super) const GUIDANCE: &str = "guidance";
    pub(super) const LATENTS: &str = "latents";
    pub(super) const NEXT_LATENTS: &str = "next latents";
    pub(super) const PREDICTED: &str = "predicted noise";
    pub(super) const DECODER_INPUT: &str = "decoder input";
    pub(super) const DECODED: &str = "decoded";
    pub(super) const FINITE: &str = "not finite";
}

/// What a run needs. All planes are row-major; `side` is the image's, `n` the latent's, an eighth of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The picture in [-1, 1]: `[3, side, side]`.
    pub image: Vec<f32>,
    /// The picture with 0 where it is to be repainted: `[3, side, side]`.
    pub masked_image: Vec<f32>,
    /// 1 where the latent is to be repainted: `[n, n]`.
    pub latent_mask: Vec<f32>,
    /// Gaussian noise `[4, n, n]` that denoising starts with.
    pub noise: Vec<f32>,
    /// Where in its distribution the picture's latent is sampled: Gaussian noise `[4, n, n]`; the mean if absent.
    pub posterior_image: Option<Vec<f32>>,
    /// The same for the masked picture.
    pub posterior_masked: Option<Vec<f32>>,
    /// Guidance scale g: `e = eu + g (ec - eu)`.
    pub guidance: f32,
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The decoded picture, about [-1, 1]: `[3, side, side]`.
    pub decoded: Vec<f32>,
    /// How activations were stored.
    pub precision: Precision,
    /// Whether 16 bits were tried first, in this run or an earlier one, and did not suffice.
    pub fell_back: bool,
}

/// What went on inside a run, for comparison with a reference.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The picture's latent, scaled.
    pub image_latents: Vec<f32>,
    /// The masked picture's.
    pub masked_latents: Vec<f32>,
    /// The latents before the first step, and after each.
    pub latents: Vec<Vec<f32>>,
    /// The noise that the U-Net saw at each step: unconditional, then conditional.
    pub predicted: Vec<Vec<f32>>,
    /// What the decoder was given.
    pub decoder_input: Vec<f32>,
}

/// All graphs ready to run, in one arena.
#[derive(Debug)]
struct Session {
    arena: Arena,
    encode: Plan,
    start: Plan,
    step: Plan,
    decode: Plan,
    /// Where the finite check and latents come back, step after step.
    latents_out: Buffer,
    /// Where the finite check and the decoded picture come back.
    decoded_out: Buffer,
}

/// A model on a GPU.
#[derive(Debug)]
pub struct Moebius {
    gpu: Rc<Gpu>,
    config: ModelConfig,
    schedule: Schedule,
    precision: Precision,
    fell_back: bool,
    constants: Constants,
    session: Option<Session>,
}

impl Moebius {
    /// Checks the weights, published ones or packs of this configuration, and brings them to the GPU, ready to run the schedule.
    ///
    /// # Errors
    /// [`Error::Weights`] if they do not fit the configuration, [`Error::Gpu`] if the GPU does not suffice, and the caller's cancel.
    pub async fn load(
        gpu: Rc<Gpu>,
        config: ModelConfig,
        schedule: Schedule,
        precision: Precision,
        unet: &dyn Source,
        vae: &dyn Source,
        pacer: &dyn Pacer,
    ) -> Result<Self> {
        let vae = &CurrentNames::of(vae);
        let graphs = Graphs::record(&config, &schedule, precision)?;
        packing::check(unet, &[&graphs.step])?;
        packing::check(vae, &[&graphs.encode, &graphs.decode])?;
        // Limits first: they are known before anything is uploaded.
        gpu.check_buffer(graphs.lay_out().0.largest().max(Constants::largest(&graphs.all())))?;
        let mut constants = Constants::new();
        constants.load(&gpu, &[&graphs.step], unet, pacer).await?;
        constants.load(&gpu, &[&graphs.encode, &graphs.decode], vae, pacer).await?;
        let session = Session::new(&gpu, &graphs, &constants)?;
        // Browsers compile programs behind our back, in order with everything else: once anything comes back, all of them are there, and
        // complaints about them, too.
        gpu.read(session.arena.persistent(name::FINITE)?, 0, 16).await?;
        gpu.check()?;
        Ok(Self { gpu, config, schedule, precision, fell_back: false, constants, session: Some(session) })
    }

    /// The GPU it is on.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Its dimensions.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// How activations are stored at present.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// GPU memory held, by this model and whatever else shares its [`Gpu`].
    pub fn usage(&self) -> Usage {
        self.gpu.usage()
    }

    /// How many steps there are, and what they do.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Makes it ready for another schedule; what does not depend on it stays where it is. `unet` is what it was loaded from.
    ///
    /// # Errors
    /// As [`Moebius::load`]. After one, the next run is by the old schedule.
    pub async fn reschedule(&mut self, schedule: Schedule, unet: &dyn Source, pacer: &dyn Pacer) -> Result<()> {
        let graphs = Graphs::record(&self.config, &schedule, self.precision)?;
        self.constants.load(&self.gpu, &[&graphs.step], unet, pacer).await?;
        // The old buffers go before the new ones come.
        self.session = None;
        self.schedule = schedule;
        self.session = Some(Session::new(&self.gpu, &graphs, &self.constants)?);
        self.gpu.check()
    }

    /// The whole way, in 16 bits where they suffice.
    ///
    /// The caller's cancel takes effect between steps, and within those that take long. After any error but a lost device the next
    /// run works; after that, open the GPU and load again.
    ///
    /// # Errors
    /// [`Error::Shape`] for anything but this model's one size, [`Error::Gpu`], [`Error::NotFinite`], [`Error::Cancelled`].
    pub async fn run(&mut self, request: &Request, pacer: &dyn Pacer) -> Result<Outcome> {
        self.go_on(request, &mut Progress::default(), pacer, |_| {}).await
    }

    /// As [`Moebius::run`], from where `progress` is, which is kept up to date; `seen` is called after every step.
    ///
    /// # Errors
    /// As [`Moebius::run`].
    pub async fn go_on(
        &mut self,
        request: &Request,
        progress: &mut Progress,
        pacer: &dyn Pacer,
        mut seen: impl FnMut(&Progress),
    ) -> Result<Outcome> {
        self.attempts(request, progress, pacer, None, &mut seen).await
    }

    /// As [`Moebius::run`], noting down what happens on the way.
    ///
    /// # Errors
    /// As [`Moebius::run`].
    pub async fn run_traced(
        &mut self,
        request: &Request,
        pacer: &dyn Pacer,
        trace: Option<&mut Trace>,
    ) -> Result<Outcome> {
        self.attempts(request, &mut Progress::default(), pacer, trace, &mut |_| {}).await
    }

    async fn attempts(
        &mut self,
        request: &Request,
        progress: &mut Progress,
        pacer: &dyn Pacer,
        mut trace: Option<&mut Trace>,
        seen: &mut dyn FnMut(&Progress),
    ) -> Result<Outcome> {
        self.check(request)?;
        loop {
            self.ready()?;
            match self.attempt(request, progress, pacer, trace.as_deref_mut(), seen).await? {
                Ok(decoded) => return Ok(Outcome { decoded, precision: self.precision, fell_back: self.fell_back }),
                Err(Overflow(network)) => {
                    // From the start, so that the next run, which begins in 32 bits, gives the same.
                    *progress = Progress::default();
                    self.fall_back(network)?;
                }
            }
        }
    }

    fn check(&self, request: &Request) -> Result<()> {
        let (side, n) = (self.config.vae.side as usize, self.config.unet.side as usize);
        let latent = LATENT_CHANNELS as usize * n * n;
        let expected = [
            ("the picture", request.image.len(), 3 * side * side),
            ("the masked picture", request.masked_image.len(), 3 * side * side),
            ("the latent mask", request.latent_mask.len(), n * n),
            ("the noise", request.noise.len(), latent),
            ("the posterior noise", request.posterior_image.as_ref().map_or(latent, Vec::len), latent),
            ("the posterior noise", request.posterior_masked.as_ref().map_or(latent, Vec::len), latent),
        ];
        for (what, found, needed) in expected {
            if found != needed {
                let sizes = format!("{side} x {side} pixels and latents of {n} x {n}");
                return Err(Error::Shape(format!("this model takes {sizes}; {what} has {found} values, not {needed}")));
            }
        }
        Ok(())
    }

    async fn attempt(
        &self,
        request: &Request,
        progress: &mut Progress,
        pacer: &dyn Pacer,
        mut trace: Option<&mut Trace>,
        seen: &mut dyn FnMut(&Progress),
    ) -> Result<std::result::Result<Vec<f32>, Overflow>> {
        let latent = request.noise.len();
        match &progress.encoded {
            None => match self.encode_both(request, pacer).await? {
                Ok(encoded) => progress.encoded = Some(encoded),
                Err(overflow) => return Ok(Err(overflow)),
            },
            Some([image, masked]) => {
                self.write(name::IMAGE_LATENTS, image)?;
                self.write(name::MASKED_LATENTS, masked)?;
            }
        }
        self.write(name::MASK, &request.latent_mask)?;
        self.write(name::GUIDANCE, &[request.guidance, 0.0, 0.0, 0.0])?;
        if progress.latents.is_empty() {
            self.start(&request.noise, pacer).await?;
            progress.latents = self.read(name::LATENTS, latent).await?;
        } else {
            self.write(name::LATENTS, &progress.latents)?;
        }
        if let Some(trace) = &mut trace {
            [trace.image_latents, trace.masked_latents] = progress.encoded.clone().unwrap_or_default();
            trace.latents = vec![progress.latents.clone()];
            trace.predicted.clear();
        }
        let steps = self.schedule.steps().len();
        while progress.steps < steps {
            self.session()?.step.run(&self.gpu, progress.steps as u32, pacer).await?;
            let Some(latents) = self.finite(name::LATENTS, latent).await? else {
                return Ok(Err(Overflow(Network::Unet)));
            };
            progress.before = std::mem::replace(&mut progress.latents, latents);
            progress.steps += 1;
            if let Some(trace) = &mut trace {
                trace.latents.push(progress.latents.clone());
                trace.predicted.push(self.read(name::PREDICTED, 2 * latent).await?);
            }
            let (step, steps) = (progress.steps as u32, steps as u32);
            pacer.progress(Stage::Denoising { step, steps }, step as f32 / steps as f32);
            seen(progress);
            pacer.checkpoint().await?;
        }
        pacer.progress(Stage::Decoding, 0.0);
        self.session()?.decode.run(&self.gpu, 0, pacer).await?;
        let Some(decoded) = self.finite(name::DECODED, request.image.len()).await? else {
            return Ok(Err(Overflow(Network::Vae)));
        };
        if let Some(trace) = &mut trace {
            trace.decoder_input = self.read(name::DECODER_INPUT, latent).await?;
        }
        pacer.progress(Stage::Decoding, 1.0);
        Ok(Ok(decoded))
    }

    /// Stage 1: latents of the picture and of the masked one.
    async fn encode_both(
        &self,
        request: &Request,
        pacer: &dyn Pacer,
    ) -> Result<std::result::Result<[Vec<f32>; 2], Overflow>> {
        let zeros = vec![0.0; request.noise.len()];
        pacer.progress(Stage::Encoding, 0.0);
        let mut encoded = [vec![], vec![]];
        let pictures = [
            (&request.image, &request.posterior_image, name::IMAGE_LATENTS),
            (&request.masked_image, &request.posterior_masked, name::MASKED_LATENTS),
        ];
        for (done, (picture, posterior, target)) in pictures.into_iter().enumerate() {
            self.encode(picture, posterior.as_ref().unwrap_or(&zeros), target, pacer).await?;
            let Some(latents) = self.finite(target, request.noise.len()).await? else {
                return Ok(Err(Overflow(Network::Vae)));
            };
            encoded[done] = latents;
            pacer.progress(Stage::Encoding, (done + 1) as f32 / 2.0);
            pacer.checkpoint().await?;
        }
        Ok(Ok(encoded))
    }

    /// Builds the network anew in f32 and remembers that it needs it.
    fn fall_back(&mut self, network: Network) -> Result<()> {
        let element = match network {
            Network::Unet => &mut self.precision.unet,
            Network::Vae => &mut self.precision.vae,
        };
        if *element == Element::F32 {
            return Err(Error::NotFinite);
        }
        *element = Element::F32;
        self.fell_back = true;
        // The old buffers go before the new ones come.
        self.session = None;
        Ok(())
    }

    /// Makes buffers and plans, unless they are there.
    fn ready(&mut self) -> Result<()> {
        if self.session.is_none() {
            let graphs = Graphs::record(&self.config, &self.schedule, self.precision)?;
            self.session = Some(Session::new(&self.gpu, &graphs, &self.constants)?);
        }
        Ok(())
    }

    fn session(&self) -> Result<&Session> {
        Ok(self.session.as_ref().ok_or_else(|| GpuError::Refused("the model is not on the GPU".into()))?)
    }

    /// Encodes `picture`, samples its latent with `noise`, and keeps it.
    async fn encode(&self, picture: &[f32], noise: &[f32], keep: &str, pacer: &dyn Pacer) -> Result<()> {
        let session = self.session()?;
        self.write(name::IMAGE, picture)?;
        self.write(name::POSTERIOR_NOISE, noise)?;
        session.encode.run(&self.gpu, 0, pacer).await?;
        let (from, to) = (session.arena.persistent(name::ENCODED)?, session.arena.persistent(keep)?);
        let mut encoder = self.gpu.device().create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(from.raw(), 0, to.raw(), 0, from.size());
        self.gpu.queue().submit([encoder.finish()]);
        Ok(())
    }

    /// Stage 2: the picture's latent under noise.
    async fn start(&self, noise: &[f32], pacer: &dyn Pacer) -> Result<()> {
        let start = self.schedule.start();
        self.write(name::NOISE, noise)?;
        self.write(name::START, &[start.image, start.noise, 0.0, 0.0])?;
        self.session()?.start.run(&self.gpu, 0, pacer).await
    }

    /// Waits for what was submitted. The first `count` numbers of a persistent tensor, if what was computed last is finite.
    async fn finite(&self, label: &str, count: usize) -> Result<Option<Vec<f32>>> {
        let session = self.session()?;
        let (check, buffer) = (session.arena.persistent(name::FINITE)?, session.arena.persistent(label)?);
        let staging = if label == name::DECODED { &session.decoded_out } else { &session.latents_out };
        let parts = [(check, 0, 16), (buffer, 0, count as u64 * 4)];
        let bytes = self.gpu.copy_out(&parts, staging).await?;
        let not_finite: f32 = bytemuck::pod_read_unaligned(&bytes[..4]);
        Ok((not_finite == 0.0).then(|| bytemuck::pod_collect_to_vec(&bytes[16..16 + count * 4])))
    }

    fn write(&self, label: &str, values: &[f32]) -> Result<()> {
        let buffer = self.session()?.arena.persistent(label)?;
        let bytes: &[u8] = bytemuck::cast_slice(values);
        if bytes.len() as u64 > buffer.size() {
            return Err(Error::Shape(format!("{} values do not fit into {label}", values.len())));
        }
        self.gpu.queue().write_buffer(buffer.raw(), 0, bytes);
        Ok(())
    }

    /// The first `count` numbers of a persistent tensor, once everything submitted has run.
    async fn read(&self, label: &str, count: usize) -> Result<Vec<f32>> {
        let buffer = self.session()?.arena.persistent(label)?;
        let bytes = self.gpu.read(buffer, 0, count as u64 * 4).await?;
        Ok(bytemuck::pod_collect_to_vec(&bytes))
    }
}

/// A network whose numbers left the range of its precision.
#[derive(Clone, Copy, Debug)]
struct Overflow(Network);

#[derive(Clone, Copy, Debug)]
enum Network {
    Unet,
    Vae,
}

impl Session {
    fn new(gpu: &Gpu, graphs: &Graphs, constants: &Constants) -> Result<Self> {
        let (mut arena, [decode, encode, step, start]) = graphs.lay_out();
        arena.allocate(gpu)?;
        let plan = |graph: &Graph, layout: &Layout| Plan::new(gpu, graph, &arena, layout, constants);
        let out = |label| Ok::<_, Error>(gpu.staging(16 + arena.persistent(label)?.size()));
        Ok(Self {
            decode: plan(&graphs.decode, &decode)?,
            encode: plan(&graphs.encode, &encode)?,
            step: plan(&graphs.step, &step)?,
            start: plan(&graphs.start, &start)?,
            latents_out: out(name::NEXT_LATENTS)?,
            decoded_out: out(name::DECODED)?,
            arena,
        })
    }
}

#[cfg(test)]
mod parity {
    use super::*;
    use crate::weights::Synthetic;

    /// The state dict that a table of the fixtures lists.
    fn listed(file: &str) -> Synthetic {
        let path = format!("{}/tests/fixtures/moebius/{file}.tsv", env!("CARGO_MANIFEST_DIR"));
        let table = std::fs::read_to_string(path).unwrap();
        let row = |line: &str| {
            let columns: Vec<&str> = line.split('\t').collect();
            let shape = columns[2].split(',').filter(|side| !side.is_empty()).map(|side| side.parse().unwrap());
            (columns[0].to_owned(), shape.collect())
        };
        Synthetic::new(table.lines().skip(1).map(row)).unwrap()
    }

    #[test]
    fn the_graphs_ask_for_the_references_state_dicts_and_nothing_else() {
        let schedule = Schedule::new(20, 0.99).unwrap();
        for (config, suffix) in [(ModelConfig::FULL, ""), (ModelConfig::TINY, "-tiny")] {
            let graphs = Graphs::record(&config, &schedule, Precision::F32).unwrap();
            packing::check(&listed(&format!("tensors-unet{suffix}")), &[&graphs.step]).unwrap();
            packing::check(&listed(&format!("tensors-vae{suffix}")), &[&graphs.encode, &graphs.decode]).unwrap();
        }
    }

    #[test]
    fn a_latent_of_another_size_is_refused() {
        let schedule = Schedule::new(20, 0.99).unwrap();
        let config = ModelConfig { vae: VaeConfig { side: 768, ..VaeConfig::FULL }, ..ModelConfig::FULL };
        let refused = Graphs::record(&config, &schedule, Precision::F32).map(|_| ());
        assert!(matches!(&refused, Err(Error::Shape(what)) if what.contains("64 x 64")), "{refused:?}");
    }
}
