//! The readers of safetensors and of our own packs, which are safetensors with names of a certain kind.
//!
//! In `wasm-core`: `RUSTC_BOOTSTRAP=1 cargo fuzz run safetensors -- -rss_limit_mb=512 -max_len=65536 -timeout=10`.

#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wasm_core::weights::{self, Bytes, Pack, Source};

fuzz_target!(|file: &[u8]| {
    read(file.to_vec());
    if let Some(mended) = mended(file) {
        read(mended);
    }
});

fn read(file: Vec<u8>) {
    let plain = weights::open(file.clone());
    let pack = Pack::open(file);
    if let Ok(pack) = &pack {
        reading::read_all(pack);
        assert!(pack.prepared("").is_none_or(|constant| constant.len() <= 1 << 16));
    }
    if let Ok(plain) = plain {
        reading::read_all(&*plain);
        // A pack does not list its constants, but the file beneath it does.
        let labels = plain.tensors().iter().filter_map(|info| info.name.strip_prefix("constant:"));
        for (pack, label) in pack.iter().flat_map(|pack| labels.clone().map(move |label| (pack, label))) {
            let constant = pack.prepared(label).expect("what is listed is there");
            let mut bytes = vec![0; constant.len() as usize];
            constant.read_at(0, &mut bytes).expect("all of it is there");
            assert!(constant.read_at(constant.len(), &mut [0]).is_err());
            assert!(constant.read_at(u64::MAX, &mut [0]).is_err());
        }
    }
}

/// The file with the lengths made right that hardly any mutation keeps: that of the header, and that of the data.
fn mended(file: &[u8]) -> Option<Vec<u8>> {
    let (_, text) = file.split_at_checked(8)?;
    let (header, data) = text.split_at(text.iter().rposition(|byte| *byte == b'}')? + 1);
    let entries: Value = serde_json::from_slice(header).ok()?;
    let ends = entries.as_object()?.values().filter_map(|entry| entry["data_offsets"][1].as_u64());
    let length = ends.max().unwrap_or(0).min(1 << 16);
    let data = data.iter().copied().chain(std::iter::repeat(0)).take(length as usize);
    Some((header.len() as u64).to_le_bytes().into_iter().chain(header.iter().copied()).chain(data).collect())
}
