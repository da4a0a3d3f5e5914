//! The arrows of docs/architecture.md, checked on the source of both crates and of the page shim.
//!
//! `cargo test -p extension --test layering -- --nocapture picture` prints the layers inside every folder.

#[path = "layering/graph.rs"]
mod graph;
#[path = "layering/rust.rs"]
mod rust;
#[path = "layering/typescript.rs"]
mod typescript;

use graph::Graph;
use rust::{Crate, Use};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Each layer with the layers of its own crate that it may use, in tests too. A layer is a file or folder directly below `src/`.
type Layers = &'static [(&'static str, &'static [&'static str])];

const EXTENSION: Layers = &[
    ("protocol", &[]),
    ("model_catalogue", &["protocol"]),
    ("picture_size", &["protocol"]),
    ("masks", &["protocol"]),
    ("releases", &[]),
    ("browser", &["protocol", "picture_size"]),
    ("wire", &["protocol", "browser"]),
    ("drafts", &["protocol", "browser"]),
    ("background", &["protocol", "releases", "browser", "wire", "drafts"]),
    ("engine_host", &["protocol", "model_catalogue", "picture_size", "browser", "wire"]),
    ("ui", &["protocol", "browser", "wire"]),
    ("model_client", &["protocol", "browser", "wire", "ui"]),
    ("overlay", &["protocol", "masks", "picture_size", "browser", "wire", "ui", "model_client"]),
    ("models_page", &["protocol", "browser", "wire", "ui", "model_client", "drafts"]),
    ("batch", &["protocol", "masks", "picture_size", "browser", "wire", "ui"]),
    ("editor", &["protocol", "batch", "picture_size", "browser", "wire", "ui", "drafts"]),
    ("popup", &["protocol", "releases", "browser", "wire", "ui"]),
    ("welcome", &["browser", "ui"]),
    ("privacy", &["browser", "ui"]),
    ("changes", &["protocol", "releases", "browser", "ui"]),
];

const WASM_CORE: Layers = &[
    ("error", &[]),
    ("pacer", &["error"]),
    ("pixels", &["error"]),
    ("codec", &["error", "pacer", "pixels"]),
    ("fill", &["error", "pacer", "pixels"]),
    ("erase", &["error", "pacer", "pixels", "fill"]),
    ("hide", &["erase", "error", "pacer", "pixels"]),
    ("leftover", &["error", "pacer", "pixels"]),
    ("find", &["error", "pacer", "pixels"]),
    ("select", &["error", "pacer", "pixels"]),
    ("text", &["error", "pacer", "pixels"]),
    ("weights", &["error"]),
    ("gpu", &["error", "pacer", "weights"]),
    ("kernels", &["error", "gpu"]),
    ("nn", &["error", "pacer", "weights", "gpu", "kernels"]),
    ("noise", &[]),
    ("diffusion", &["error"]),
    ("models", &["error", "pacer", "weights", "gpu", "kernels", "nn", "noise", "diffusion"]),
    ("inpaint", &["error", "pacer", "pixels", "fill", "erase", "noise", "models"]),
    ("web", &["error", "pacer"]),
];

/// Folders whose modules have an order: each row may use the rows above it, and modules of one row never each other.
/// `mod` is the folder's own file, `*` stands for every module that no row names.
const ORDERS: &[(&str, &[&str])] = &[
    (
        "extension/shim",
        &[
            "css native protocol",
            "dom tree",
            "edit heartbeat inputs offered refusal style target",
            "attributes canvas channel clicked farewell geometry topmost",
            "covers",
            "edits overlay pick pixels shown",
            "rescue",
            "session",
            "main offer scroll upload",
        ],
    ),
    (
        "extension/src/engine_host/model_store",
        &[
            "records jobs",
            "settings hash_file",
            "packs",
            "download prepare recover cache",
            "install gpu",
            "listing",
            "calls",
            "mod",
        ],
    ),
    ("extension/src/drafts", &["record", "store", "mod"]),
    ("extension/src/model_catalogue", &["listing ranges meter", "catalogue", "hub record", "leftovers wanted"]),
    ("extension/src/picture_size", &["bytes repeats sides", "*", "icon", "header", "svg", "mod"]),
    (
        "extension/src/models_page",
        &[
            "address buttons coalesce diagnostics pace settings_file",
            "context row",
            "list",
            "actions data gpu own room settings",
            "page",
            "start",
            "mod",
        ],
    ),
    ("extension/src/overlay", &["*", "ui", "mod"]),
    (
        "extension/src/editor",
        &[
            "drawing engine gif_metadata heif_metadata keys names reach shelf svg_metadata tiff_metadata tiles",
            "cleaning guest",
            "picture",
            "frame intake keeper",
            "capture strip target",
            "workspace",
            "kept sizing upload",
            "errands",
            "start",
            "mod",
        ],
    ),
    (
        "wasm-core/src/codec",
        &[
            "format gif_blocks heif jpeg paths tiff_values vp8 xmp",
            "streams",
            "previews",
            "maker_note",
            "exif",
            "comments packet resources",
            "png_text",
            "metadata palette",
            "rows tiff",
            "decode encode framing",
            "deep",
            "mod",
        ],
    ),
    (
        "wasm-core/src/fill",
        &[
            "clusters membrane offsets random summed_area",
            "captions field unblend",
            "biharmonic content flats lattice patch_match pyramid strokes",
            "axis_lines nn_field smooth straight_lines thin votes",
            "gradients panels seam texture",
            "synthesis",
            "mod",
        ],
    ),
    (
        "wasm-core/src/fill/unblend",
        &[
            "colour labels pieces",
            "mark scene",
            "edges graph steps",
            "beliefs palette",
            "copies recover",
            "drawn line_fit parts",
            "verdict",
            "search",
            "mod",
        ],
    ),
    ("wasm-core/src/pixels", &["rect", "image", "*", "components", "mod"]),
    // One model never uses another.
    ("wasm-core/src/models", &["options progress", "contract", "registry", "*", "mod"]),
    (
        "extension/src/overlay/ui",
        &[
            "frames bitmaps",
            "hover lines mask_layer stencil page settings jobs proposal save_sheet",
            "screen options",
            "text_layer view_layer",
            "painter",
            "results engine stage methods handover toolbar last_mask",
            "dock",
            "app",
            "guarded painting",
            "leaving",
            "failing",
            "stepping",
            "consenting",
            "erasing keeping models pixels",
            "cropping hovering proposing moving save_as laying taking",
            "opening selecting",
            "buttons keys pointer",
            "start",
            "mod",
        ],
    ),
    (
        "extension/src/ui",
        &[
            "asker dom listen size units connection",
            "sentences translation save_file announcer offer_switch own_keys question_dialog notice sheet sight",
            "alert",
        ],
    ),
];

/// Folders in which modules still use each other in a circle. No folder may join them, and one whose circles are open has to leave.
const STILL_CIRCULAR: &[&str] = &[];

/// What only one layer, or none, may name.
const RESERVED: &[(&str, &str, &str)] = &[
    ("extension/src", "wasm_core", "engine_host"),
    ("extension/src", "\"chrome\"", "browser"),
    // Whose picture is decoded, its size was read before.
    ("extension/src", "create_image_bitmap", "browser"),
    ("wasm-core/src", "wasm_bindgen", "web"),
    ("wasm-core/src", "js_sys", "web"),
    // Whoever is not a model knows none: the contract in `wasm_core::models` is all there is.
    ("wasm-core/src", "models::moebius", "models"),
    ("wasm-core/src", "\"vae\"", "models"),
    ("extension/src", "\"vae\"", NOBODY),
    ("extension/src", "models::moebius", NOBODY),
    ("extension/src", "wasm_core::diffusion", NOBODY),
    ("extension/src", "wasm_core::kernels", NOBODY),
    ("extension/src", "wasm_core::nn", NOBODY),
    ("extension/src", "wasm_core::noise", NOBODY),
];

/// In the place of an owner: no layer may name it.
const NOBODY: &str = "";

const CRATES: [&str; 2] = ["extension/src", "wasm-core/src"];
const SHIM: &str = "extension/shim";

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

/// Uses between the layers of a crate that `layers` does not allow.
fn check(folder: &str, layers: Layers) -> Vec<String> {
    let read = Crate::read(&repository().join(folder));
    let mut faults = BTreeSet::new();
    let known = |name: &String| layers.iter().any(|(layer, _)| layer == name);
    faults.extend(
        read.modules()
            .filter_map(|path| path.first())
            .filter(|name| !known(name))
            .map(|name| format!("{folder}/{name} is in no layer")),
    );
    for Use { from, to, name, .. } in read.uses() {
        let Some(user) = from.first() else { continue };
        let used = to.first().map_or("the crate's root", String::as_str);
        let allowed = layers.iter().find(|(layer, _)| layer == user).map_or(&[][..], |(_, allowed)| allowed);
        if user != used && !allowed.contains(&used) {
            faults.insert(format!("{folder}/{} uses {used} ({name})", from.join("/")));
        }
    }
    faults.into_iter().collect()
}

/// [`read_folders`], once.
static FOLDERS: LazyLock<BTreeMap<String, Graph>> = LazyLock::new(read_folders);

/// The modules in each folder that has some, by the folder's path in the repository. What is deeper stands for the module that it is in.
fn read_folders() -> BTreeMap<String, Graph> {
    let mut graphs: BTreeMap<String, Graph> = BTreeMap::new();
    for src in CRATES {
        let read = Crate::read(&repository().join(src));
        let place = |path: &[String], depth: usize| {
            let own = if depth == 0 { "lib" } else { "mod" };
            path.get(depth).map_or(own, String::as_str).to_owned()
        };
        let folder = |path: &[String]| [&[src.to_owned()], path].concat().join("/");
        for path in read.modules() {
            for depth in 0..path.len() {
                graphs.entry(folder(&path[..depth])).or_default().add_part(&path[depth]);
            }
        }
        for Use { from, to, name, .. } in read.uses().into_iter().filter(|used| !used.is_test) {
            let depth = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            let graph = graphs.entry(folder(&from[..depth])).or_default();
            graph.add_arrow(&place(&from, depth), &place(&to, depth), || format!("{} names {name}", folder(&from)));
        }
    }
    let shim = graphs.entry(SHIM.to_owned()).or_default();
    for (from, to) in typescript::imports(&repository().join(SHIM)) {
        shim.add_arrow(&from, &to, || format!("{SHIM}/{from}.ts imports ./{to}"));
    }
    graphs
}

/// Arrows in a folder that point against its order.
fn against_order(folder: &str, graph: &Graph, order: &[&str]) -> Vec<String> {
    let row = |name: &str| order.iter().position(|row| row.split(' ').any(|part| part == name));
    let row_or_rest = |name: &str| row(name).or_else(|| row("*"));
    let mut faults = vec![];
    for (from, to, place) in graph.arrows() {
        match (row_or_rest(from), row_or_rest(to)) {
            (Some(user), Some(used)) if used < user || (used == user && row(from).is_none() && row(to).is_none()) => {}
            (Some(_), Some(_)) => faults.push(format!("{folder}: {from} may not use {to}: {place}")),
            _ => faults.push(format!("{folder}: {from} or {to} has no place in the order")),
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
fn no_modules_of_a_folder_use_each_other_in_a_circle() {
    let mut faults = vec![];
    let graphs = &*FOLDERS;
    for (folder, graph) in graphs {
        let circles = graph.circles();
        match (circles.is_empty(), STILL_CIRCULAR.contains(&folder.as_str())) {
            (false, false) => faults.extend(circles.into_iter().map(|circle| format!("{folder}: {circle}"))),
            (true, true) => faults.push(format!("{folder} has no circle any more: take it out of STILL_CIRCULAR")),
            _ => {}
        }
    }
    let gone = STILL_CIRCULAR.iter().filter(|folder| !graphs.contains_key(**folder));
    faults.extend(gone.map(|folder| format!("{folder} is no folder any more: take it out of STILL_CIRCULAR")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn modules_keep_the_order_of_their_folder() {
    let graphs = &*FOLDERS;
    let faults: Vec<String> = ORDERS
        .iter()
        .flat_map(|(folder, order)| match graphs.get(*folder) {
            Some(graph) => against_order(folder, graph, order),
            None => vec![format!("{folder} is no folder any more: take it out of ORDERS")],
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn an_arrow_against_the_order_is_seen() {
    let mut graph = Graph::default();
    for (from, to) in [("low", "other"), ("high", "low"), ("a", "b"), ("a", "high")] {
        graph.add_arrow(from, to, String::new);
    }
    assert_eq!(against_order("f", &graph, &["other", "low", "*", "high"]), ["f: a may not use high: "]);
    assert_eq!(
        against_order("f", &graph, &["other low", "*", "high"]),
        ["f: a may not use high: ", "f: low may not use other: "]
    );
    assert_eq!(against_order("f", &graph, &["other", "low", "high"]).len(), 2);
}

/// The picture of the layers for people: a line for each folder, first the modules that use no other.
#[test]
#[expect(clippy::print_stdout, reason = "the picture is what this is run for")]
fn the_picture_of_the_layers_is_drawn() {
    let graphs = &*FOLDERS;
    let width = graphs.keys().map(String::len).max().unwrap_or(0);
    let mut picture = String::new();
    for (folder, graph) in graphs.iter().filter(|(_, graph)| graph.arrows().next().is_some()) {
        let layers = graph.layers().into_iter().map(|layer| layer.join(", ")).collect::<Vec<_>>();
        picture += &format!("{folder:width$}  {}\n", layers.join(" ◄ "));
    }
    println!("{picture}");
    assert!(picture.contains("wasm-core/src ") && picture.contains(" ◄ "));
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
