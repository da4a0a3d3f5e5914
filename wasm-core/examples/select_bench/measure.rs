//! Finds the things of the cases and says how well.

use std::path::Path;
use std::time::Instant;

use image::GrayImage;
use wasm_core::pixels::{Image, Mask};
use wasm_core::{Unpaced, select};

use crate::Result;

/// One case.
struct Case {
    id: String,
    kind: String,
    click: (f64, f64),
    circle: Vec<(f64, f64)>,
}

fn cases(folder: &Path) -> Result<Vec<Case>> {
    let place = |text: &str| -> Result<(f64, f64)> {
        let (x, y) = text.split_once(',').ok_or("a place is two numbers")?;
        Ok((x.parse()?, y.parse()?))
    };
    let list = std::fs::read_to_string(folder.join("cases.tsv"))?;
    let case = |line: &str| -> Result<Case> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [id, kind, click, circle] = fields[..] else { return Err("a case has four fields".into()) };
        let circle = circle.split(' ').map(place).collect::<Result<_>>()?;
        Ok(Case { id: id.into(), kind: kind.into(), click: place(click)?, circle })
    };
    list.lines().skip(1).map(case).collect()
}

fn picture(path: &Path) -> Result<Image> {
    let pixels = image::open(path)?.to_rgba8();
    Ok(Image::new(pixels.width(), pixels.height(), pixels.into_raw())?)
}

/// Intersection over union with what the matte covers by half.
fn iou(found: Option<&Mask>, matte: &GrayImage) -> f64 {
    let (mut both, mut any) = (0u64, 0u64);
    for (x, y, pixel) in matte.enumerate_pixels() {
        let (a, b) = (found.is_some_and(|found| found.at(x, y) >= 128), pixel.0[0] >= 128);
        both += u64::from(a && b);
        any += u64::from(a || b);
    }
    both as f64 / any.max(1) as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Prints a line for each case, and the medians. Writes what was found into `results`.
#[expect(clippy::print_stdout, reason = "printing is what it is for")]
pub(crate) fn measure(folder: &Path, results: Option<&Path>) -> Result<()> {
    let (mut clicks, mut circles, mut times) = (vec![], vec![], [vec![], vec![], vec![]]);
    for case in cases(folder)? {
        let image = picture(&folder.join(format!("{}.png", case.id)))?;
        let matte = image::open(folder.join(format!("{}_matte.png", case.id)))?.to_luma8();
        let start = Instant::now();
        let selector = pollster::block_on(select::Selector::new(&image, &Unpaced))?;
        let prepared = Instant::now();
        let by_click = selector.clicked(&image, case.click)?;
        let clicked = Instant::now();
        let by_circle = select::enclosed(&image, &case.circle)?;
        let enclosed = Instant::now();
        let (click, circle) = (iou(by_click.as_ref(), &matte), iou(by_circle.as_ref(), &matte));
        println!("{}\t{click:.3}\t{circle:.3}\t{}", case.id, case.kind);
        clicks.push(click);
        circles.push(circle);
        let spent = [prepared - start, clicked - prepared, enclosed - clicked];
        (0..3).for_each(|i| times[i].push(spent[i].as_secs_f64() * 1e3));
        if let Some(results) = results {
            std::fs::create_dir_all(results)?;
            write(&results.join(format!("{}_click.png", case.id)), by_click.as_ref(), &matte)?;
            write(&results.join(format!("{}_circle.png", case.id)), by_circle.as_ref(), &matte)?;
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    println!(
        "median IoU: click {:.3} (mean {:.3}), circle {:.3} (mean {:.3})",
        median(&mut clicks.clone()),
        mean(&clicks),
        median(&mut circles.clone()),
        mean(&circles)
    );
    let [prepare, click, circle] = times.each_mut().map(|times| median(times));
    println!("median ms: prepare {prepare:.0}, click {click:.0}, circle {circle:.0}");
    Ok(())
}

fn write(path: &Path, found: Option<&Mask>, like: &GrayImage) -> Result<()> {
    let pixel = |x, y| image::Luma([found.map_or(0, |found| found.at(x, y))]);
    GrayImage::from_fn(like.width(), like.height(), pixel).save(path)?;
    Ok(())
}

/// Prints how long preparing, a click and a circle take on a picture: the slowest of several.
#[expect(clippy::print_stdout, reason = "printing is what it is for")]
pub(crate) fn time(path: &Path) -> Result<()> {
    let image = picture(path)?;
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    let start = Instant::now();
    let selector = pollster::block_on(select::Selector::new(&image, &Unpaced))?;
    println!("{width} x {height}: prepare {} ms", start.elapsed().as_millis());
    let (mut click, mut circle) = (0, 0);
    for i in 1..20 {
        let at = (f64::from(i * 7 % 20) / 20.0, f64::from(i) / 20.0);
        let start = Instant::now();
        selector.clicked(&image, (at.0 * width, at.1 * height))?;
        click = click.max(start.elapsed().as_millis());
        let around = |corner: i32| {
            let (sin, cos) = (f64::from(corner) / 30.0 * std::f64::consts::TAU).sin_cos();
            let radius = 0.05 + 0.4 * f64::from(i) / 20.0;
            ((0.5 + radius * cos) * width, (0.5 + radius * sin) * height)
        };
        let outline: Vec<_> = (0..30).map(around).collect();
        let start = Instant::now();
        select::enclosed(&image, &outline)?;
        circle = circle.max(start.elapsed().as_millis());
    }
    println!("slowest click {click} ms, slowest circle {circle} ms");
    Ok(())
}
