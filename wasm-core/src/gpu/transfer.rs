//! Values between host and GPU, in the layout of a [`View`].

use half::f16;

use super::{Buffer, Element, Gpu, View};
use crate::{Error, GpuError, Result};

/// Most bytes that are written before the queue is flushed. Written bytes wait in memory of the queue, which some drivers take from
/// the GPU's, and which would otherwise grow as large as the model.
const IN_FLIGHT: usize = 16 << 20;

impl Gpu {
    /// Writes many bytes in pieces. Natively, each piece has arrived before the next is written; in a browser, it has been sent.
    ///
    /// # Errors
    /// [`GpuError::DeviceLost`].
    pub(super) fn upload(&self, buffer: &Buffer, offset: u64, bytes: &[u8]) -> Result<()> {
        for (piece, place) in bytes.chunks(IN_FLIGHT).zip((offset..).step_by(IN_FLIGHT)) {
            self.queue().write_buffer(buffer.raw(), place, piece);
            self.on_its_way.set(self.on_its_way.get() + piece.len());
            if self.on_its_way.get() >= IN_FLIGHT {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        self.on_its_way.set(0);
        self.queue().submit([]);
        let waited = self.device().poll(wgpu::PollType::wait_indefinitely());
        Ok(waited.map(|_| ()).map_err(|e| GpuError::DeviceLost(e.to_string()))?)
    }

    /// Writes dense row-major `[B, C, H, W]` values to where `view` has them in `buffer`.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are not as many values as the view has elements.
    pub fn write_view(&self, buffer: &Buffer, view: &View, values: &[f32]) -> Result<()> {
        let expected = (view.batch * view.channels * view.pixels()) as usize;
        if values.len() != expected {
            return Err(Error::Shape(format!("{} values where {:?} has {expected}", values.len(), view.shape())));
        }
        if values.is_empty() {
            return Ok(());
        }
        let pixels = view.pixels() as usize;
        let sample = view.channels as usize * pixels;
        for (b, planes) in (0..).zip(values.chunks_exact(sample)) {
            // Copies are in units of 4 bytes. They may include padding, which may hold anything.
            let mut padded = vec![0.0; view.channels as usize * view.plane as usize];
            for (to, from) in padded.chunks_exact_mut(view.plane as usize).zip(planes.chunks_exact(pixels)) {
                to[..pixels].copy_from_slice(from);
            }
            let at = u64::from(view.offset + b * view.batch_stride) * view.element.size();
            self.queue().write_buffer(buffer.raw(), at, &encode(view.element, &padded));
        }
        Ok(())
    }

    /// The values of `view` in `buffer`, dense and row-major.
    ///
    /// # Errors
    /// As [`Gpu::read`].
    pub async fn read_view(&self, buffer: &Buffer, view: &View) -> Result<Vec<f32>> {
        let last = (view.batch - 1) * view.batch_stride + view.channels * view.plane;
        let at = u64::from(view.offset) * view.element.size();
        let end = (u64::from(view.offset + last) * view.element.size()).min(buffer.size());
        let values = decode(view.element, &self.read(buffer, at, end - at).await?);
        let mut dense = vec![];
        for b in 0..view.batch {
            for c in 0..view.channels {
                let from = (b * view.batch_stride + c * view.plane) as usize;
                dense.extend_from_slice(&values[from..from + view.pixels() as usize]);
            }
        }
        Ok(dense)
    }
}

/// The bytes of `values` as `element`.
pub(super) fn encode(element: Element, values: &[f32]) -> Vec<u8> {
    match element {
        Element::F32 => bytemuck::cast_slice(values).to_vec(),
        Element::F16 => values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect(),
    }
}

fn decode(element: Element, bytes: &[u8]) -> Vec<f32> {
    match element {
        Element::F32 => bytemuck::pod_collect_to_vec(bytes),
        Element::F16 => bytes.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
    }
}
