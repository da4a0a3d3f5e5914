//! Sizes of what is shipped, against the budget.

use crate::shell::root;
use crate::{Result, build};
use serde_json::Value;
use std::io::Write;

/// Prints raw and brotli size of every file in `xtask/size-budget.json` (file -> largest raw and brotli size in
/// bytes), and fails when one is over.
pub fn check() -> Result {
    let text = std::fs::read_to_string(root().join("xtask/size-budget.json"))?;
    let budget: Value = serde_json::from_str(&text)?;
    let files = budget.as_object().ok_or("size-budget.json is an object")?;
    let mut over = Vec::new();
    println!("{:24} {:>9} {:>9} {:>9} {:>9}", "file", "raw", "budget", "brotli", "budget");
    for (file, limits) in files {
        let data = std::fs::read(build::folder().join(file))?;
        let sizes = [("raw", data.len() as u64), ("brotli", brotli(&data)? as u64)];
        let mut line = format!("{file:24}");
        for (kind, size) in sizes {
            let limit = limits[kind].as_u64();
            line += &format!(" {size:>9} {:>9}", limit.map_or("-".into(), |l| l.to_string()));
            if limit.is_some_and(|l| size > l) {
                over.push(format!("{file}: {kind} {size}"));
            }
        }
        println!("{line}");
    }
    if over.is_empty() { Ok(()) } else { Err(format!("over budget: {}", over.join("; ")).into()) }
}

fn brotli(data: &[u8]) -> Result<usize> {
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 1 << 16, 11, 22);
    writer.write_all(data)?;
    drop(writer);
    Ok(packed.len())
}
