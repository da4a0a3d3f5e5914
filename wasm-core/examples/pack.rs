//! Prepares a model's published file for the GPU, as the extension does after a download:
//! `cargo run --release -p wasm-core --example pack -- in.bin out.safetensors [--int8]`.
//!
//! `in.bin` is PyTorch's container or safetensors, of any model that the extension knows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};

use wasm_core::models::SHIPPED;
use wasm_core::nn::WeightElement;
use wasm_core::weights::{self, Bytes};
use wasm_core::{Error, Result, Unpaced, WeightsError};

/// A file on disk.
struct OnDisk(RefCell<File>, u64);

impl Bytes for OnDisk {
    fn len(&self) -> u64 {
        self.1
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let mut file = self.0.borrow_mut();
        file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(into)).map_err(unreadable)
    }
}

fn unreadable(error: std::io::Error) -> Error {
    WeightsError::Unreadable(error.to_string()).into()
}

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, paths): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|a| a.starts_with("--"));
    let [input, output] = paths[..] else { return Err("usage: pack IN.bin OUT.safetensors [--int8]".into()) };
    let element = if flags.iter().any(|f| *f == "--int8") { WeightElement::I8 } else { WeightElement::F16 };
    let file = File::open(input)?;
    let length = file.metadata()?.len();
    let source = weights::open(OnDisk(file.into(), length))?;
    let file = SHIPPED.recognise(source.as_ref(), element)?;
    let mut out = BufWriter::new(File::create(output)?);
    let about = BTreeMap::from([("source".to_owned(), input.clone())]);
    let begin = std::time::Instant::now();
    let mut write = |piece: &[u8]| out.write_all(piece).map_err(unreadable);
    let written = pollster::block_on(file.pack(source.as_ref(), &about, &mut write, &Unpaced))?;
    out.flush()?;
    let hash: String = written.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    println!(
        "{}: {:.1} MB in {:.1} s, sha256 {hash}",
        file.network(),
        written.bytes as f64 / 1e6,
        begin.elapsed().as_secs_f64()
    );
    Ok(())
}
