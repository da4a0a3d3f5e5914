//! The reader of PyTorch's container, as it comes: the archive's end, its directory, the pickle and the views.
//!
//! In `wasm-core`: `RUSTC_BOOTSTRAP=1 cargo fuzz run torch_zip -- -rss_limit_mb=512 -max_len=65536 -timeout=10`, with
//! `ASAN_OPTIONS=quarantine_size_mb=16`, as freed tensors of 256 MiB would count as used.

#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use wasm_core::weights;

fuzz_target!(|file: &[u8]| {
    if let Ok(source) = weights::open(file.to_vec()) {
        reading::read_all(&*source);
    }
});
