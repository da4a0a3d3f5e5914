//! The arrows of docs/architecture.md, checked on the source of both crates.

use std::path::{Path, PathBuf};

/// Each layer with the layers of its own crate that it may use. A layer is a file or folder directly below `src/`.
type Layers = &'static [(&'static str, &'static [&'static str])];

const EXTENSION: Layers = &[
    ("protocol", &[]),
    ("model_catalogue", &["protocol"]),
    ("browser", &["protocol"]),
    ("wire", &["protocol", "browser"]),
    ("background", &["protocol", "browser", "wire"]),
    ("engine_host", &["protocol", "model_catalogue", "browser", "wire"]),
    ("ui", &["protocol", "browser", "wire"]),
    ("model_client", &["protocol", "browser", "wire", "ui"]),
    ("overlay", &["protocol", "browser", "wire", "ui", "model_client"]),
    ("models_page", &["protocol", "browser", "wire", "ui", "model_client"]),
];

const WASM_CORE: Layers = &[
    ("error", &[]),
    ("pacer", &["Result"]),
    ("pixels", &["Error", "Result"]),
    ("codec", &["Error", "Result", "pixels"]),
    ("fill", &["Error", "Result", "Pacer", "Stage", "Unpaced", "pacer", "pixels"]),
    ("erase", &["Error", "Result", "Checkpoint", "Pacer", "Stage", "Unpaced", "pixels", "fill"]),
    ("weights", &["Error", "Result", "WeightsError", "Misshapen"]),
    ("gpu", &["Error", "Result", "GpuError", "Pacer", "Stage", "weights"]),
    ("kernels", &["Error", "Result", "gpu"]),
    ("nn", &["Error", "Result", "WeightsError", "Pacer", "Stage", "weights", "gpu", "kernels"]),
    ("noise", &[]),
    ("diffusion", &["Error", "Result"]),
    (
        "models",
        &[
            "Error",
            "Result",
            "GpuError",
            "WeightsError",
            "Pacer",
            "Stage",
            "pixels",
            "weights",
            "gpu",
            "kernels",
            "nn",
            "noise",
            "diffusion",
        ],
    ),
    (
        "inpaint",
        &[
            "Error",
            "Result",
            "Checkpoint",
            "Pacer",
            "Stage",
            "Unpaced",
            "pacer",
            "pixels",
            "fill",
            "erase",
            "noise",
            "diffusion",
            "models",
        ],
    ),
    ("web", &["Error", "Result", "Checkpoint", "Pacer", "Stage"]),
];

/// What only one layer may name.
const RESERVED: &[(&str, &str, &str)] = &[
    ("extension/src", "wasm_core", "engine_host"),
    ("extension/src", "\"chrome\"", "browser"),
    ("wasm-core/src", "wasm_bindgen", "web"),
    ("wasm-core/src", "js_sys", "web"),
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("extension lives in the repository").to_owned()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).expect("readable folder") {
        let path = entry.expect("readable entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// First folder or file below `src/`; empty for `lib.rs` and the programs, which may use everything.
fn layer(source: &Path, src: &Path) -> String {
    let inside = source.strip_prefix(src).expect("below src");
    let first = inside.iter().next().expect("a file").to_string_lossy().replace(".rs", "");
    if matches!(first.as_str(), "lib" | "bin") { String::new() } else { first }
}

/// Code without comments.
fn code(source: &Path) -> String {
    let text = std::fs::read_to_string(source).expect("readable source");
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn check(folder: &str, layers: Layers) -> Vec<String> {
    let src = repository().join(folder);
    let mut faults = vec![];
    for source in sources(&src) {
        let name = layer(&source, &src);
        if name.is_empty() {
            continue;
        }
        let Some((_, allowed)) = layers.iter().find(|(l, _)| *l == name) else {
            faults.push(format!("{} is in no layer", source.display()));
            continue;
        };
        for used in code(&source).split("crate::").skip(1) {
            let names: Vec<&str> = match used.strip_prefix('{') {
                Some(group) => group.split('}').next().unwrap_or("").split(',').map(str::trim).collect(),
                None => vec![used],
            };
            for used in names {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let own = used == name || (used == "pixels" && name == "pixels");
                if !own && !allowed.contains(&used.as_str()) {
                    faults.push(format!("{} uses {used}", source.display()));
                }
            }
        }
    }
    faults
}

#[test]
fn arrows_point_one_way() {
    let mut faults = check("extension/src", EXTENSION);
    faults.extend(check("wasm-core/src", WASM_CORE));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn reserved_names_stay_where_they_belong() {
    let mut faults = vec![];
    for (folder, word, owner) in RESERVED {
        let src = repository().join(folder);
        for source in sources(&src) {
            let name = layer(&source, &src);
            // Programs are the platform's edge.
            if name != *owner && !name.is_empty() && code(&source).contains(word) {
                faults.push(format!("{} names {word}", source.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
