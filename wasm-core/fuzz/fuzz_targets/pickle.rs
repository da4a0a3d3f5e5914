//! The reader of pickles: the input is the `data.pkl` of an otherwise sound container, whose one storage has the key
//! `0`. Within `torch_zip` alone, most mutations would end at the archive's directory.
//!
//! In `wasm-core`: `RUSTC_BOOTSTRAP=1 cargo fuzz run pickle -- -rss_limit_mb=512 -max_len=65536 -timeout=10`, with
//! `ASAN_OPTIONS=quarantine_size_mb=16`, as freed tensors of 256 MiB would count as used.

#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use std::io::{Cursor, Write};
use wasm_core::weights;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Room for the storages of the seeds. The bytes make finite numbers of every type.
const STORAGE: [u8; 4096] = [0x3C; 4096];

fuzz_target!(|pickle: &[u8]| {
    if let Ok(source) = weights::open(container(pickle)) {
        reading::read_all(&*source);
    }
});

fn container(pickle: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(pickle.len() + STORAGE.len() + 512)));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, data) in [("archive/data.pkl", pickle), ("archive/data/0", &STORAGE)] {
        zip.start_file(name, stored).expect("a file is begun");
        zip.write_all(data).expect("memory takes all");
    }
    zip.finish().expect("an archive is finished").into_inner()
}
