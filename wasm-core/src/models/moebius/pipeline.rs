//! The model on a GPU, and one run of it: encode the picture with its mask, denoise, decode.

use std::rc::Rc;

use super::config::LATENT_CHANNELS;
use super::graphs::{Graphs, ModelConfig, Precision};
use super::labels as label;
use super::latents::Latents;
use super::vae_names::CurrentNames;
use crate::diffusion::schedule::Schedule;
use crate::gpu::{Arena, Buffer, Constants, Copying, Element, Gpu, Plan, Usage};
use crate::nn::packing::check;
use crate::weights::Source;
use crate::{Error, GpuError, Pacer, Result, Stage};

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
    /// The noise that the U-Net saw at each step: unconditional, then conditional; the latter alone in steps without guidance.
    pub predicted: Vec<Vec<f32>>,
    /// What the decoder was given.
    pub decoder_input: Vec<f32>,
}

/// A task, and what the encoder made of it.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) rgb: Vec<u8>,
    pub(super) hole: Vec<bool>,
    /// Of the picture and of the masked picture, scaled: `[4, n, n]` each.
    pub(super) latents: [Vec<f32>; 2],
}

/// All graphs ready to run, in one arena.
#[derive(Debug)]
struct Session {
    arena: Arena,
    encode: Plan,
    start: Plan,
    step: Plan,
    /// A step without guidance, where the schedule has some.
    unguided: Option<Plan>,
    decode: Plan,
    /// Where the finite check and latents come back, by turns: one step is read while the next one runs.
    latents_out: [Buffer; 2],
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
    /// The latents of the last task, for another result of the same.
    pub(super) encoded: Option<Encoded>,
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
        let vae = &CurrentNames::of(vae)?;
        let graphs = Graphs::record(&config, &schedule, precision)?;
        check(unet, &graphs.unet())?;
        check(vae, &[&graphs.encode, &graphs.decode])?;
        // Limits first: they are known before anything is uploaded.
        gpu.check_buffer(graphs.lay_out().0.largest().max(Constants::largest(&graphs.all())))?;
        let mut constants = Constants::new();
        constants.load(&gpu, &graphs.unet(), unet, pacer).await?;
        constants.load(&gpu, &[&graphs.encode, &graphs.decode], vae, pacer).await?;
        let session = Session::new(&gpu, &graphs, &constants)?;
        // Browsers compile programs behind our back, in order with everything else: once anything comes back, all of them are there, and
        // complaints about them, too.
        gpu.read(session.arena.persistent(label::FINITE)?, 0, 16).await?;
        gpu.check()?;
        Ok(Self {
            gpu,
            config,
            schedule,
            precision,
            fell_back: false,
            constants,
            session: Some(session),
            encoded: None,
        })
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
        self.constants.load(&self.gpu, &graphs.unet(), unet, pacer).await?;
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
        self.go_on(request, &mut Latents::default(), pacer, |_| {}).await
    }

    /// As [`Moebius::run`], from where `progress` is, which is kept up to date; `seen` is called after every step.
    ///
    /// # Errors
    /// As [`Moebius::run`].
    pub async fn go_on(
        &mut self,
        request: &Request,
        progress: &mut Latents,
        pacer: &dyn Pacer,
        mut seen: impl FnMut(&Latents),
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
        self.attempts(request, &mut Latents::default(), pacer, trace, &mut |_| {}).await
    }

    async fn attempts(
        &mut self,
        request: &Request,
        progress: &mut Latents,
        pacer: &dyn Pacer,
        mut trace: Option<&mut Trace>,
        seen: &mut dyn FnMut(&Latents),
    ) -> Result<Outcome> {
        self.check(request)?;
        loop {
            self.ready()?;
            match self.attempt(request, progress, pacer, trace.as_deref_mut(), seen).await? {
                Ok(decoded) => return Ok(Outcome { decoded, precision: self.precision, fell_back: self.fell_back }),
                Err(network) => {
                    // From the start, so that the next run, which begins in 32 bits, gives the same.
                    *progress = Latents::default();
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
        progress: &mut Latents,
        pacer: &dyn Pacer,
        mut trace: Option<&mut Trace>,
        seen: &mut dyn FnMut(&Latents),
    ) -> Result<std::result::Result<Vec<f32>, Overflow>> {
        let latent = request.noise.len();
        match &progress.encoded {
            None => match self.encode_both(request, pacer).await? {
                Ok(encoded) => progress.encoded = Some(encoded),
                Err(overflow) => return Ok(Err(overflow)),
            },
            Some([image, masked]) => {
                self.write(label::IMAGE_LATENTS, image)?;
                self.write(label::MASKED_LATENTS, masked)?;
            }
        }
        self.write(label::MASK, &request.latent_mask)?;
        self.write(label::GUIDANCE, &[request.guidance, 0.0, 0.0, 0.0])?;
        if progress.latents.is_empty() {
            self.start(&request.noise, pacer).await?;
            progress.latents = self.read(label::LATENTS, latent).await?;
        } else {
            self.write(label::LATENTS, &progress.latents)?;
            self.write(label::CLEAN, &progress.clean)?;
        }
        if let Some(trace) = &mut trace {
            [trace.image_latents, trace.masked_latents] = progress.encoded.clone().unwrap_or_default();
            trace.latents = vec![progress.latents.clone()];
            trace.predicted.clear();
        }
        if !self.denoise(latent, progress, pacer, trace.as_deref_mut(), seen).await? {
            return Ok(Err(Overflow::Unet));
        }
        pacer.progress(Stage::Decoding, 0.0);
        self.session()?.decode.run(&self.gpu, 0, pacer).await?;
        let Some(decoded) = self.finite(label::PICTURE, request.image.len()).await? else {
            return Ok(Err(Overflow::Vae));
        };
        if let Some(trace) = &mut trace {
            trace.decoder_input = self.read(label::DECODER_INPUT, latent).await?;
        }
        pacer.progress(Stage::Decoding, 1.0);
        Ok(Ok(decoded))
    }

    /// Stage 3: the steps that are left. Each is submitted before the result of the one before it is waited for, so that the GPU never
    /// waits for the CPU. False if a result is not finite.
    async fn denoise(
        &self,
        latent: usize,
        progress: &mut Latents,
        pacer: &dyn Pacer,
        mut trace: Option<&mut Trace>,
        seen: &mut dyn FnMut(&Latents),
    ) -> Result<bool> {
        let mut running = None;
        for number in progress.steps..self.schedule.steps().len() {
            let session = self.session()?;
            let is_guided = self.schedule.steps()[number].is_guided;
            let plan = session.unguided.as_ref().filter(|_| !is_guided).unwrap_or(&session.step);
            plan.run(&self.gpu, number as u32, pacer).await?;
            let staging = &session.latents_out[number % 2];
            let copying = self.begin_copy(&[label::LATENTS, label::CLEAN], latent, staging)?;
            // With a trace, nothing may overwrite what the step has made before it is noted.
            let done = if trace.is_some() { Some(copying) } else { running.replace(copying) };
            if let Some(done) = done
                && !self.note_step(done, latent, progress, pacer, seen).await?
            {
                return Ok(false);
            }
            if let Some(trace) = &mut trace {
                trace.latents.push(progress.latents.clone());
                let (what, branches) = if is_guided { (label::PREDICTED, 2) } else { (label::CONDITIONAL, 1) };
                trace.predicted.push(self.read(what, branches * latent).await?);
            }
        }
        match running {
            Some(last) => self.note_step(last, latent, progress, pacer, seen).await,
            None => Ok(true),
        }
    }

    /// Waits for the result of a step. False if it is not finite.
    async fn note_step(
        &self,
        copying: Copying<'_>,
        latent: usize,
        progress: &mut Latents,
        pacer: &dyn Pacer,
        seen: &mut dyn FnMut(&Latents),
    ) -> Result<bool> {
        let Some(mut both) = self.if_finite(copying, 2 * latent).await? else { return Ok(false) };
        progress.clean = both.split_off(latent);
        progress.latents = both;
        progress.steps += 1;
        let (step, steps) = (progress.steps as u32, self.schedule.steps().len() as u32);
        pacer.progress(Stage::Denoising { step, steps }, step as f32 / steps as f32);
        seen(progress);
        pacer.checkpoint().await?;
        Ok(true)
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
            (&request.image, &request.posterior_image, label::IMAGE_LATENTS),
            (&request.masked_image, &request.posterior_masked, label::MASKED_LATENTS),
        ];
        for (done, (picture, posterior, target)) in pictures.into_iter().enumerate() {
            self.encode(picture, posterior.as_ref().unwrap_or(&zeros), target, pacer).await?;
            let Some(latents) = self.finite(target, request.noise.len()).await? else {
                return Ok(Err(Overflow::Vae));
            };
            encoded[done] = latents;
            pacer.progress(Stage::Encoding, (done + 1) as f32 / 2.0);
            pacer.checkpoint().await?;
        }
        Ok(Ok(encoded))
    }

    /// Builds the network anew in f32 and remembers that it needs it.
    fn fall_back(&mut self, network: Overflow) -> Result<()> {
        let element = match network {
            Overflow::Unet => &mut self.precision.unet,
            Overflow::Vae => &mut self.precision.vae,
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
        Ok(self.session.as_ref().ok_or_else(|| GpuError::Internal("the model is not on the GPU".into()))?)
    }

    /// Encodes `picture`, samples its latent with `noise`, and keeps it.
    async fn encode(&self, picture: &[f32], noise: &[f32], keep: &str, pacer: &dyn Pacer) -> Result<()> {
        let session = self.session()?;
        self.write(label::PICTURE, picture)?;
        self.write(label::POSTERIOR_NOISE, noise)?;
        session.encode.run(&self.gpu, 0, pacer).await?;
        let (from, to) = (session.arena.persistent(label::ENCODED)?, session.arena.persistent(keep)?);
        let mut encoder = self.gpu.device().create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(from.raw(), 0, to.raw(), 0, from.size());
        self.gpu.queue().submit([encoder.finish()]);
        Ok(())
    }

    /// Stage 2: the picture's latent under noise.
    async fn start(&self, noise: &[f32], pacer: &dyn Pacer) -> Result<()> {
        let start = self.schedule.start();
        self.write(label::NOISE, noise)?;
        self.write(label::START, &[start.image, start.noise, 0.0, 0.0])?;
        self.session()?.start.run(&self.gpu, 0, pacer).await
    }

    /// Waits for what was submitted. The first `count` numbers of a persistent tensor, if what was computed last is finite.
    async fn finite(&self, tensor: &str, count: usize) -> Result<Option<Vec<f32>>> {
        let session = self.session()?;
        let staging = if tensor == label::PICTURE { &session.decoded_out } else { &session.latents_out[0] };
        self.if_finite(self.begin_copy(&[tensor], count, staging)?, count).await
    }

    /// Begins to copy the finite check and the first `count` numbers of each of the persistent `tensors`.
    fn begin_copy<'a>(&self, tensors: &[&str], count: usize, staging: &'a Buffer) -> Result<Copying<'a>> {
        let session = self.session()?;
        let mut parts = vec![(session.arena.persistent(label::FINITE)?, 0, 16)];
        for tensor in tensors {
            parts.push((session.arena.persistent(tensor)?, 0, count as u64 * 4));
        }
        Ok(self.gpu.begin_copy_out(&parts, staging))
    }

    /// The `count` numbers that were copied, if the check counted none that is not finite.
    async fn if_finite(&self, copying: Copying<'_>, count: usize) -> Result<Option<Vec<f32>>> {
        let bytes = self.gpu.copied(copying).await?;
        let not_finite: f32 = bytemuck::pod_read_unaligned(&bytes[..4]);
        Ok((not_finite == 0.0).then(|| bytemuck::pod_collect_to_vec(&bytes[16..16 + count * 4])))
    }

    fn write(&self, tensor: &str, values: &[f32]) -> Result<()> {
        let buffer = self.session()?.arena.persistent(tensor)?;
        let bytes: &[u8] = bytemuck::cast_slice(values);
        if bytes.len() as u64 > buffer.size() {
            return Err(Error::Shape(format!("{} values do not fit into {tensor}", values.len())));
        }
        self.gpu.queue().write_buffer(buffer.raw(), 0, bytes);
        Ok(())
    }

    /// The first `count` numbers of a persistent tensor, once everything submitted has run.
    async fn read(&self, tensor: &str, count: usize) -> Result<Vec<f32>> {
        let buffer = self.session()?.arena.persistent(tensor)?;
        let bytes = self.gpu.read(buffer, 0, count as u64 * 4).await?;
        Ok(bytemuck::pod_collect_to_vec(&bytes))
    }
}

/// The network whose numbers left the range of its precision.
#[derive(Clone, Copy, Debug)]
enum Overflow {
    Unet,
    Vae,
}

impl Session {
    fn new(gpu: &Gpu, graphs: &Graphs, constants: &Constants) -> Result<Self> {
        let (mut arena, layouts) = graphs.lay_out();
        arena.allocate(gpu)?;
        let mut plans = graphs
            .all()
            .into_iter()
            .zip(&layouts)
            .map(|(graph, layout)| Plan::new(gpu, graph, &arena, layout, constants))
            .collect::<Result<Vec<Plan>>>()?
            .into_iter();
        // In the order of `Graphs::all`.
        let mut plan = || plans.next().ok_or_else(|| GpuError::Internal("a network has no plan".into()));
        let out = |tensors: u64, label| Ok::<_, Error>(gpu.staging(16 + tensors * arena.persistent(label)?.size()));
        Ok(Self {
            decode: plan()?,
            encode: plan()?,
            step: plan()?,
            start: plan()?,
            unguided: plan().ok(),
            latents_out: [out(2, label::NEXT_LATENTS)?, out(2, label::NEXT_LATENTS)?],
            decoded_out: out(1, label::PICTURE)?,
            arena,
        })
    }
}
