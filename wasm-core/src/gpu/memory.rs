//! GPU buffers whose memory is counted, and freed the moment they are dropped.

use std::cell::Cell;
use std::rc::Rc;

/// How much GPU memory is held, in buffers of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Buffers alive.
    pub buffers: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Most bytes that were ever alive at once.
    pub peak: u64,
}

/// Counts the buffers of one device.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Rc<Cell<Usage>>);

impl Ledger {
    pub(super) fn usage(&self) -> Usage {
        self.0.get()
    }

    /// The buffer under this ledger's care.
    pub(super) fn keep(&self, raw: wgpu::Buffer) -> Buffer {
        let mut usage = self.0.get();
        usage.buffers += 1;
        usage.bytes += raw.size();
        usage.peak = usage.peak.max(usage.bytes);
        self.0.set(usage);
        Buffer { raw, ledger: self.clone() }
    }
}

/// A GPU buffer. Dropping it frees its memory at once rather than when a garbage collector gets round to it.
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
