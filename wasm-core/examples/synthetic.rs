//! Writes made-up weights of the full-size (or, with `--tiny`, the tiny) U-Net or VAE as PyTorch would:
//! `cargo run --release -p wasm-core --example synthetic -- unet|vae out.bin [--tiny]`.
//!
//! For trying downloads and conversions at full size where the published file cannot be had.

use std::fs::File;
use std::io::{BufWriter, Write};

use wasm_core::diffusion::schedule::Schedule;
use wasm_core::models::moebius::graphs::{Graphs, ModelConfig, Precision};
use wasm_core::weights::{Source, Synthetic};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let tiny = arguments.iter().any(|a| a == "--tiny");
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|a| *a != "--tiny").collect();
    let [network, path] = words[..] else { return Err("usage: synthetic unet|vae OUT.bin [--tiny]".into()) };
    let config = if tiny { ModelConfig::TINY } else { ModelConfig::FULL };
    let graphs = Graphs::record(&config, &Schedule::new(20, 0.99)?, Precision::F32)?;
    let inputs = match network {
        "unet" => graphs.step.inputs()?,
        _ => [graphs.encode.inputs()?, graphs.decode.inputs()?].concat(),
    };
    let source = Synthetic::new(inputs)?;

    let mut zip = ZipWriter::new(BufWriter::new(File::create(path)?));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file("archive/data.pkl", stored)?;
    zip.write_all(&pickle(&source))?;
    zip.start_file("archive/byteorder", stored)?;
    zip.write_all(b"little")?;
    for (key, info) in source.tensors().iter().enumerate() {
        zip.start_file(format!("archive/data/{key}"), stored)?;
        for value in source.read(&info.name)? {
            zip.write_all(&half::f16::from_f32(value).to_le_bytes())?;
        }
    }
    zip.start_file("archive/version", stored)?;
    zip.write_all(b"3\n")?;
    zip.finish()?.flush()?;
    Ok(())
}

/// The state dict's directory: a dictionary from names to `_rebuild_tensor_v2(storage, 0, shape, strides, False, {})`.
fn pickle(source: &dyn Source) -> Vec<u8> {
    let text = |text: &str| [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
    let number = |value: usize| [b"J", &(value as u32).to_le_bytes()[..]].concat();
    let tuple = |values: &[usize]| {
        let items: Vec<u8> = values.iter().flat_map(|value| number(*value)).collect();
        [b"(", &items[..], b"t"].concat()
    };
    let mut pickle = b"\x80\x02}".to_vec();
    for (key, info) in source.tensors().iter().enumerate() {
        let count: usize = info.shape.iter().product();
        let mut strides = vec![1; info.shape.len()];
        for at in (1..strides.len()).rev() {
            strides[at - 1] = strides[at] * info.shape[at];
        }
        let storage = [
            b"(",
            &text("storage")[..],
            b"ctorch\nHalfStorage\n",
            &text(&key.to_string()),
            &text("cpu"),
            &number(count),
            b"tQ",
        ];
        pickle.extend(text(&info.name));
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n(");
        pickle.extend(storage.concat());
        pickle.extend([number(0), tuple(&info.shape), tuple(&strides)].concat());
        pickle.extend(b"\x89}tRs");
    }
    pickle.push(b'.');
    pickle
}
