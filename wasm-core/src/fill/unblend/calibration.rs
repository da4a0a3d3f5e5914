//! Measures, on generated pictures, what the bounds of [`verdict`](super::verdict), [`palette`](super::palette) and [`edges`](super::edges) are bounds
//! of. Run it after a change of one of them, and keep each bound between the marks and the others:
//!
//! `cargo test --release -p wasm-core --lib calibration -- --ignored --nocapture`

#![expect(clippy::print_stdout, reason = "the tables are what it is for")]

use super::colour::Rgb;
use super::edges::Edges;
use super::mark::Mark;
use super::palette::Palette;
use super::parts;
use super::recover::Check;
use super::scene::Scene;
use super::search::{Evident, find_evident, find_mark};
use super::tests::{foliage, laid_over, letters, page, scene_of};
use super::{Labelling, covers_of_copies, lift};
use crate::Unpaced;
use crate::pixels::{Image, Mask};
use pollster::block_on;

/// Colours of marks: light, dark, grey and strong ones.
const COLOURS: [Rgb; 5] = [[255.0; 3], [0.0; 3], [128.0; 3], [220.0, 40.0, 40.0], [50.0, 80.0, 200.0]];
/// Opacities of marks. The last is that of opaque letters, which must not be taken for a mark.
const OPACITIES: [f32; 5] = [0.2, 0.35, 0.5, 0.65, 1.0];

/// What is measured for each picture, in the order of the table's columns.
const COLUMNS: [&str; 11] = [
    "clear",
    "correlation",
    "texture",
    "contrast",
    "spread",
    "misfit",
    "bare",
    "full",
    "unknown",
    "impossible",
    "loose",
];

/// The same of the search by edges; the last six only where a mark is evident.
const EDGE_COLUMNS: [&str; 12] = [
    "clear",
    "likelihood",
    "share",
    "by chance",
    "contrast",
    "spread",
    "fitted",
    "correlation",
    "misfit",
    "own pairs",
    "others",
    "gain",
];

/// The measures of the search without a palette.
fn measures(mark: &Mark, check: &Check) -> [f32; COLUMNS.len()] {
    let fit = &mark.fit;
    let covered = check.covered.max(1.0);
    [
        mark.clear,
        fit.correlation,
        fit.texture.0 / mark.clear,
        fit.contrast,
        fit.spread,
        fit.misfit,
        check.bare / check.sites,
        check.full / check.sites,
        check.unknown / check.sites,
        check.impossible / covered,
        check.loose / check.partly.max(1.0),
    ]
}

/// What speaks for and against a mark once it is lifted, and its cover.
fn lifted(
    scene: &Scene<'_>,
    mask: &Mask,
    mark: &Mark,
    labelling: Labelling,
    palette: Option<&Palette>,
) -> (Check, Vec<f32>) {
    let covers = block_on(covers_of_copies(scene, mark, palette, &Unpaced)).unwrap();
    let (_, check, cover) = block_on(lift(scene, mask, (mark, &covers, labelling), palette, &Unpaced)).unwrap();
    (check, cover)
}

/// Prints how each picture is measured by the search without a palette.
fn print_search(name: &str, image: &Image, mask: &Mask) {
    let scene = block_on(Scene::new(image, mask, &Unpaced)).unwrap().expect("a scene");
    let Some(mark) = block_on(find_mark(&scene, &Unpaced)).unwrap() else {
        println!("{name:<28} no evidence");
        return;
    };
    let (check, _) = lifted(&scene, mask, &mark, Labelling::BY_AREAS, None);
    let values: String = measures(&mark, &check).iter().map(|v| format!("{v:>12.3}")).collect();
    println!("{name:<28}{values}");
}

/// Prints whether a palette tells a mark, which, and how often what is below has the same colour on both sides of the mark's edge, over how often it
/// has on one side.
fn print_palette(name: &str, image: &Image, mask: &Mask) {
    let scene = block_on(Scene::new(image, mask, &Unpaced)).unwrap().expect("a scene");
    let Some(palette) = Palette::new(&scene) else {
        println!("{name:<28} not drawn");
        return;
    };
    let Some(mark) = block_on(palette.mark(&Unpaced)).unwrap() else {
        println!("{name:<28} no mark");
        return;
    };
    let (check, _) = lifted(&scene, mask, &mark, Labelling::BY_AREAS, Some(&palette));
    let ([across, equal_across], [within, equal_within]) = (check.across, check.within);
    let seamless = (equal_across / across.max(1.0)) / (equal_within / within.max(1.0)).max(1e-6);
    println!("{name:<28}{:>12.3}{across:>12.0}{seamless:>12.3}", mark.clear);
}

/// Prints how evident each picture's mark is by its edges, painted as a rectangle around it, and how its parts are judged.
fn print_edges(name: &str, image: &Image, mask: &Mask) {
    let rect = mask.rect();
    let mask = Mask::new(rect, vec![255; rect.area()]).unwrap();
    let scene = block_on(Scene::new(image, &mask, &Unpaced)).unwrap().expect("a scene");
    let edges = block_on(Edges::new(&scene, &Unpaced)).unwrap().expect("edges");
    let Some(veil) = block_on(edges.marks(0, &Unpaced)).unwrap().into_iter().next() else {
        println!("{name:<28} no mark");
        return;
    };
    let [own, chance] = veil.shares;
    let values = [veil.mark().clear, veil.likelihood, own, chance, veil.contrast, veil.spread];
    let found = block_on(find_evident(&scene, &edges, &Unpaced)).unwrap();
    let judged = found.map(|Evident { mark, is_loose, .. }| {
        let labelling = Labelling { is_evident: true, is_loose, ..Labelling::BY_AREAS };
        let (_, cover) = lifted(&scene, &mask, &mark, labelling, None);
        let parts = parts::judged(&scene, &edges, &mark, &cover);
        let [own, other] = parts.pairs.map(|pairs| pairs as f32);
        [mark.clear, mark.fit.correlation, mark.fit.misfit, own, other, parts.gain]
    });
    let values: String = values.iter().chain(judged.iter().flatten()).map(|v| format!("{v:>12.3}")).collect();
    println!("{name:<28}{values}");
}

#[test]
#[ignore = "prints tables for whoever changes the bounds; it takes minutes"]
fn tables() {
    println!("{:<28}{:>12}{:>12}{:>12}", "on a page", "clear", "across", "seamless");
    for opacity in OPACITIES {
        for colour in COLOURS {
            let name = format!("opacity {opacity}, {colour:?}");
            let (_, marked, mask) = scene_of(page, letters, |_, _, under, t| laid_over(under, opacity * t, colour));
            print_palette(&name, &marked, &mask);
        }
    }
    let head: String = EDGE_COLUMNS.iter().map(|c| format!("{c:>12}")).collect();
    println!("{:<28}{head}", "by edges, on foliage");
    for opacity in OPACITIES {
        for colour in COLOURS {
            let photo = |x: u32, y: u32| foliage(x, y, 7);
            let (_, marked, mask) = scene_of(photo, letters, |_, _, under, t| laid_over(under, opacity * t, colour));
            print_edges(&format!("opacity {opacity}, {colour:?}"), &marked, &mask);
        }
    }
    let head: String = COLUMNS.iter().map(|c| format!("{c:>12}")).collect();
    println!("{:<28}{head}", "on foliage");
    for seed in [7, 70] {
        let photo = |x: u32, y: u32| foliage(x, y, seed);
        for opacity in OPACITIES {
            for colour in COLOURS {
                let name = format!("opacity {opacity}, {colour:?}");
                let (_, marked, mask) =
                    scene_of(photo, letters, |_, _, under, t| laid_over(under, opacity * t, colour));
                print_search(&name, &marked, &mask);
            }
        }
        let (_, marked, mask) =
            scene_of(photo, letters, |x, y, under, t| laid_over(under, t, foliage(x, y, seed + 99)));
        print_search("other foliage", &marked, &mask);
    }
}
