//! Opens a GPU: chooses the adapter, requests its limits, and notices when the device is lost.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::memory::Ledger;
use super::submissions::Submissions;
use super::{Buffer, LANES, Program, Usage};
use crate::{GpuError, Result};

/// Which adapter to take where there are several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preference {
    /// The fastest.
    #[default]
    Fastest,
    /// One that computes on the CPU, for tests.
    Software,
}

/// Gets one of the limits.
type OfLimits = fn(&wgpu::Limits) -> u32;

/// The limits that kernels rely on. Every WebGPU adapter offers them.
const LIMITS: [(&str, u32, OfLimits); 4] = [
    ("maxComputeWorkgroupStorageSize", 16 << 10, |l| l.max_compute_workgroup_storage_size),
    ("maxComputeInvocationsPerWorkgroup", LANES, |l| l.max_compute_invocations_per_workgroup),
    ("maxStorageBuffersPerShaderStage", 8, |l| l.max_storage_buffers_per_shader_stage),
    ("maxComputeWorkgroupSizeX", LANES, |l| l.max_compute_workgroup_size_x),
];

/// Errors that the browser or the driver has reported and that have not been returned yet.
#[derive(Debug, Default)]
struct Faults {
    lost: Option<String>,
    error: Option<GpuError>,
}

/// A device with its queue, its compiled programs, and a count of its memory.
#[derive(Debug)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    info: wgpu::AdapterInfo,
    limits: wgpu::Limits,
    features: wgpu::Features,
    ledger: Ledger,
    faults: Arc<Mutex<Faults>>,
    pipelines: RefCell<HashMap<Program, wgpu::ComputePipeline>>,
    /// Bytes written since the queue was last flushed.
    pub(super) on_its_way: Cell<usize>,
    pub(super) submissions: Submissions,
}

impl Gpu {
    /// Opens the preferred adapter, with all of its limits and with the optional features that are used here.
    ///
    /// # Errors
    /// [`GpuError::NoAdapter`], or [`GpuError::Limit`] if the adapter is below what every kernel needs.
    pub async fn open(preference: Preference) -> Result<Self> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            force_fallback_adapter: preference == Preference::Software,
            ..Default::default()
        };
        let adapter =
            instance.request_adapter(&options).await.map_err(|e| GpuError::NoAdapter(first_line(&e.to_string())))?;
        Self::on(&adapter, adapter.limits()).await
    }

    /// Opens an adapter with `limits`, which must not exceed its own.
    ///
    /// # Errors
    /// As [`Gpu::open`].
    pub async fn on(adapter: &wgpu::Adapter, limits: wgpu::Limits) -> Result<Self> {
        for (limit, needed, of) in LIMITS {
            let available = of(&limits);
            if available < needed {
                return Err(GpuError::Limit { limit, needed: needed.into(), available: available.into() }.into());
            }
        }
        let features = adapter.features() & (wgpu::Features::SHADER_F16 | wgpu::Features::TIMESTAMP_QUERY);
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("rubout"),
            required_features: features,
            required_limits: limits.clone(),
            // The arena reuses memory already, so the driver's allocator need not reserve any.
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) =
            adapter.request_device(&descriptor).await.map_err(|e| GpuError::NoAdapter(first_line(&e.to_string())))?;
        let faults = Arc::new(Mutex::new(Faults::default()));
        let lost = faults.clone();
        device.set_device_lost_callback(move |reason, message| {
            let message = if message.is_empty() { format!("{reason:?}") } else { first_line(&message) };
            lost.lock().unwrap_or_else(PoisonError::into_inner).lost.get_or_insert(message);
        });
        let errors = faults.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            let fault = match error {
                wgpu::Error::OutOfMemory { .. } => GpuError::OutOfMemory,
                other => GpuError::Refused(other.to_string()),
            };
            errors.lock().unwrap_or_else(PoisonError::into_inner).error.get_or_insert(fault);
        }));
        let info = adapter.get_info();
        Ok(Self {
            device,
            queue,
            info,
            limits,
            features,
            ledger: Ledger::default(),
            faults,
            pipelines: RefCell::default(),
            on_its_way: Cell::default(),
            submissions: Submissions::default(),
        })
    }

    /// The device.
    pub fn device(&self) -> &wgpu::Device {
        &self.device
    }

    /// Frees all its memory now. Every later operation on it fails.
    pub fn destroy(&self) {
        self.device.destroy();
    }

    /// Its queue.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    /// The adapter's description of itself.
    pub fn info(&self) -> &wgpu::AdapterInfo {
        &self.info
    }

    /// The limits of the device.
    pub fn limits(&self) -> &wgpu::Limits {
        &self.limits
    }

    /// Whether shaders may use 16-bit floats.
    pub fn has_f16(&self) -> bool {
        self.features.contains(wgpu::Features::SHADER_F16)
    }

    /// Whether passes can be timed.
    pub fn has_timestamps(&self) -> bool {
        self.features.contains(wgpu::Features::TIMESTAMP_QUERY)
    }

    /// Whether the adapter computes on the CPU.
    pub fn is_software(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::Cpu
    }

    /// The memory that our buffers take.
    pub fn usage(&self) -> Usage {
        self.ledger.usage()
    }

    /// Checks that a buffer of this many bytes can be made and bound as a whole.
    ///
    /// # Errors
    /// [`GpuError::Limit`] naming the limit.
    pub fn check_buffer(&self, bytes: u64) -> Result<()> {
        let limits = [
            ("maxBufferSize", self.limits.max_buffer_size),
            ("maxStorageBufferBindingSize", self.limits.max_storage_buffer_binding_size),
        ];
        for (limit, available) in limits {
            if available < bytes {
                return Err(GpuError::Limit { limit, needed: bytes, available }.into());
            }
        }
        Ok(())
    }

    /// Checks that a dispatch may have this many workgroups.
    ///
    /// # Errors
    /// [`GpuError::Limit`] naming the limit.
    pub fn check_workgroups(&self, workgroups: [u32; 3]) -> Result<()> {
        let available = self.limits.max_compute_workgroups_per_dimension;
        let needed = workgroups.into_iter().max().unwrap_or(0);
        if needed > available {
            let limit = "maxComputeWorkgroupsPerDimension";
            return Err(GpuError::Limit { limit, needed: needed.into(), available: available.into() }.into());
        }
        Ok(())
    }

    /// A storage buffer that can be copied from and to.
    pub fn storage(&self, label: &str, bytes: u64) -> Buffer {
        use wgpu::BufferUsages as U;
        self.buffer(label, bytes.next_multiple_of(16).max(16), U::STORAGE | U::COPY_DST | U::COPY_SRC)
    }

    pub(super) fn buffer(&self, label: &str, size: u64, usage: wgpu::BufferUsages) -> Buffer {
        let descriptor = wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
        self.ledger.keep(self.device.create_buffer(&descriptor))
    }

    /// The compiled program.
    pub(super) fn pipeline(&self, program: &Program) -> wgpu::ComputePipeline {
        if let Some(known) = self.pipelines.borrow().get(program) {
            return known.clone();
        }
        let label = program.label();
        let descriptor = wgpu::ShaderModuleDescriptor {
            label: Some(&label),
            source: wgpu::ShaderSource::Wgsl(program.wgsl().into()),
        };
        // SAFETY: natively, naga's checks on every index cost up to 20 times the arithmetic. The shaders are ours, every
        // index is guarded by the shapes in the parameters, and the same shaders run with all checks in browsers,
        // where this call compiles like any other.
        #[expect(unsafe_code, reason = "see above")]
        let module =
            unsafe { self.device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) };
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(&label),
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                // Kernels write workgroup memory before they read it.
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        self.pipelines.borrow_mut().insert(program.clone(), pipeline.clone());
        pipeline
    }

    /// Reads the bytes `offset..offset + bytes` of a buffer, after everything submitted so far has run.
    ///
    /// # Errors
    /// As [`Gpu::check`].
    pub async fn read(&self, buffer: &Buffer, offset: u64, bytes: u64) -> Result<Vec<u8>> {
        let staging = self.staging(bytes.next_multiple_of(4));
        let mut read = self.copy_out(&[(buffer, offset, staging.size())], &staging).await?;
        read.truncate(bytes as usize);
        Ok(read)
    }

    /// A buffer for [`Gpu::copy_out`].
    pub fn staging(&self, bytes: u64) -> Buffer {
        self.buffer("read back", bytes, wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ)
    }

    /// Reads parts of buffers (each with its offset and its length in bytes), one after another, after everything submitted so far has
    /// run.
    ///
    /// # Errors
    /// As [`Gpu::read`].
    pub async fn copy_out(&self, parts: &[(&Buffer, u64, u64)], staging: &Buffer) -> Result<Vec<u8>> {
        self.copied(self.begin_copy_out(parts, staging)).await
    }

    /// Begins [`Gpu::copy_out`]: what is submitted from here on may run while the copy is waited for.
    pub fn begin_copy_out<'a>(&self, parts: &[(&Buffer, u64, u64)], staging: &'a Buffer) -> Copying<'a> {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut at = 0;
        for (buffer, offset, bytes) in parts {
            encoder.copy_buffer_to_buffer(buffer.raw(), *offset, staging.raw(), at, *bytes);
            at += bytes;
        }
        let submission = self.queue.submit([encoder.finish()]);
        let (sender, mapped) = futures_channel::oneshot::channel();
        staging.raw().map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver is gone only if the copy was given up.
            let _ = sender.send(result);
        });
        Copying { staging, mapped, is_over: false, submission }
    }

    /// The bytes of a copy that was begun.
    ///
    /// # Errors
    /// As [`Gpu::read`].
    pub async fn copied(&self, mut copying: Copying<'_>) -> Result<Vec<u8>> {
        // Natively, this waits for the copy. In a browser, the event loop completes it.
        let submission_index = Some(copying.submission.clone());
        let polled = self.device.poll(wgpu::PollType::Wait { submission_index, timeout: None });
        let mapped = (&mut copying.mapped).await;
        self.check()?;
        polled.map_err(|e| GpuError::DeviceLost(e.to_string()))?;
        if !matches!(mapped, Ok(Ok(()))) {
            copying.is_over = true;
            return Err(GpuError::DeviceLost("a result never came back".into()).into());
        }
        match copying.staging.raw().get_mapped_range(..) {
            Ok(view) => Ok(view.to_vec()),
            Err(e) => Err(GpuError::Refused(e.to_string()).into()),
        }
    }

    /// Returns the first error since the last call. A lost device stays lost.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`], [`GpuError::OutOfMemory`] or [`GpuError::Refused`].
    pub fn check(&self) -> Result<()> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = &faults.lost {
            return Err(GpuError::DeviceLost(reason.clone()).into());
        }
        match faults.error.take() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }
}

/// A copy from the GPU that is under way. Dropping it frees its staging buffer for the next one.
#[derive(Debug)]
pub struct Copying<'a> {
    staging: &'a Buffer,
    mapped: futures_channel::oneshot::Receiver<std::result::Result<(), wgpu::BufferAsyncError>>,
    /// Whether the buffer is not mapped, nor about to be.
    is_over: bool,
    submission: wgpu::SubmissionIndex,
}

impl Drop for Copying<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.staging.raw().unmap();
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}
