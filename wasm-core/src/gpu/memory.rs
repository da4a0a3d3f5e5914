//! GPU buffers that are counted, and whose memory is freed when they are dropped.

use std::cell::Cell;
use std::rc::Rc;

/// How much GPU memory our buffers take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many buffers exist.
    pub buffers: usize,
    /// Their bytes together.
    pub bytes: u64,
    /// The most bytes that ever existed at once.
    pub peak: u64,
}

/// Counts the buffers of one device.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Rc<Cell<Usage>>);

impl Ledger {
    pub(super) fn usage(&self) -> Usage {
        self.0.get()
    }

    /// Counts the buffer `raw` until the result is dropped.
    pub(super) fn keep(&self, raw: wgpu::Buffer) -> Buffer {
        let mut usage = self.0.get();
        usage.buffers += 1;
        usage.bytes += raw.size();
        usage.peak = usage.peak.max(usage.bytes);
        self.0.set(usage);
        Buffer { raw, ledger: self.clone() }
    }
}

/// A GPU buffer. Dropping it frees its memory at once, not at the browser's next garbage collection.
#[derive(Debug)]
pub struct Buffer {
    raw: wgpu::Buffer,
    ledger: Ledger,
}

impl Buffer {
    /// The buffer itself.
    pub fn raw(&self) -> &wgpu::Buffer {
        &self.raw
    }

    /// Its bytes.
    pub fn size(&self) -> u64 {
        self.raw.size()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut usage = self.ledger.0.get();
        usage.buffers -= 1;
        usage.bytes -= self.raw.size();
        self.ledger.0.set(usage);
        self.raw.destroy();
    }
}
