//! Erases from a file what a mask covers: `cargo run --release -p wasm-core --example erase -- in.png mask.png out.png`.
//!
//! The pictures may have any name: their first bytes tell the format. They are turned upright as their Exif says. The mask is white where to erase,
//! grey where to blend; one with transparency is opaque where to erase, whatever its colours. `--seed N` gives another fill, `--route NAME` says what the
//! paint is taken for (automatic, see-through, only-marks, everything) or how the built-in fill does it (smooth, patches). `--model PACK` uses a model (see the example `pack`)
//! instead of the built-in fill, with the VAE of `--vae PACK` (`vae` with the same extension beside the model), `--steps N` (20), `--guidance S`
//! (2.5), `--reference-start` (from the picture with what is to go, as the reference does) and `--f32` (never in 16 bits). `--times` erases
//! twice, says when each stage of the second began, and the longest stretch that a cancel would have waited. `--bench DIR OUT` runs every case of a benchmark folder (manifest.tsv with the columns
//! id, input and mask) and writes `OUT/<id>.png` and `OUT/times.tsv`.
#![expect(clippy::print_stdout, reason = "a command-line example")]

use image::{DynamicImage, ImageDecoder, ImageReader};
use std::cell::Cell;
use std::error::Error;
use std::future::ready;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};
use wasm_core::fill::{Reading, Route};
use wasm_core::gpu::{Gpu, Preference};
use wasm_core::inpaint::{Settings, Start, inpaint};
use wasm_core::models::moebius::MoebiusModel;
use wasm_core::models::moebius::graphs::{ModelConfig, Precision};
use wasm_core::models::moebius::options::schedule;
use wasm_core::models::moebius::pipeline::Moebius;
use wasm_core::models::{Model, Painter, Values};
use wasm_core::pixels::{Image, Mask, Patch};
use wasm_core::weights::Pack;
use wasm_core::{Checkpoint, Pacer, Stage, Unpaced, erase_by};

fn read(path: &Path) -> Result<DynamicImage, Box<dyn Error>> {
    let mut decoder = ImageReader::open(path)?.with_guessed_format()?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn read_image(path: &Path) -> Result<Image, Box<dyn Error>> {
    let image = read(path)?.into_rgba8();
    Ok(Image::new(image.width(), image.height(), image.into_raw())?)
}

fn read_mask(path: &Path, image: &Image) -> Result<Mask, Box<dyn Error>> {
    let mask = read(path)?;
    if (mask.width(), mask.height()) != (image.width(), image.height()) {
        return Err(format!("{}: a mask has the size of its picture", path.display()).into());
    }
    let alpha: Vec<u8> = mask.to_rgba8().pixels().map(|pixel| pixel[3]).collect();
    let is_opaque = alpha.iter().all(|alpha| *alpha == 255);
    Ok(Mask::new(image.bounds(), if is_opaque { mask.into_luma8().into_raw() } else { alpha })?)
}

/// The routes of the built-in fill by their names.
const ROUTES: [(Route, &str); 6] = [
    (Route::Automatic, "automatic"),
    (Route::SeeThrough, "see-through"),
    (Route::OnlyMarks, "only-marks"),
    (Route::Everything, "everything"),
    (Route::Smooth, "smooth"),
    (Route::Patches, "patches"),
];

fn name(route: Route) -> &'static str {
    ROUTES.iter().find(|known| known.0 == route).map_or("", |known| known.1)
}

fn names(routes: &[Route]) -> String {
    routes.iter().map(|route| name(*route)).collect::<Vec<_>>().join(", ")
}

/// What fills the hole.
enum Engine {
    Instant(Route),
    Model(Box<dyn Painter>, Values),
}

/// Says when each stage begins, and keeps the longest time between two checkpoints: so long a cancel waits at most.
struct Times {
    start: Instant,
    last: Cell<Option<Stage>>,
    checkpoint: Cell<Instant>,
    longest: Cell<Duration>,
}

impl Pacer for Times {
    fn progress(&self, stage: Stage, _: f32) {
        if self.last.replace(Some(stage)) != Some(stage) {
            println!("{:9.1} ms  {stage:?}", self.start.elapsed().as_secs_f64() * 1000.0);
        }
    }

    fn checkpoint(&self) -> Checkpoint<'_> {
        let stretch = self.checkpoint.replace(Instant::now()).elapsed();
        self.longest.set(self.longest.get().max(stretch));
        Box::pin(ready(Ok(())))
    }
}

impl Engine {
    async fn load(unet: &Path, vae: &Path, options: Values, steps: u32, f32: bool) -> Result<Self, Box<dyn Error>> {
        let packs = [Pack::open(std::fs::read(unet)?)?, Pack::open(std::fs::read(vae)?)?];
        let config = ModelConfig::of_packs(&packs)?;
        let [unet, vae] = &packs;
        let gpu = Rc::new(Gpu::open(Preference::Fastest).await?);
        let precision = if f32 { Precision::F32 } else { Precision::preferred(&gpu, &config) };
        let schedule = schedule(steps)?;
        let model = Moebius::load(gpu, config, schedule, precision, unet, vae, &Unpaced).await?;
        Ok(Self::Model(Box::new(model), options))
    }

    async fn erase(
        &mut self,
        image: &Image,
        mask: &Mask,
        settings: &Settings,
        pacer: &dyn Pacer,
    ) -> wasm_core::Result<Patch> {
        match self {
            Self::Instant(route) => {
                let erased = erase_by(image, mask, settings.seed, *route, pacer).await?;
                let (Reading { route, others }, share) = (erased.reading, erased.made_up);
                let over_text = if erased.invents_text { ", over text" } else { "" };
                println!("{}, {:.1} % made up{over_text}; also: {}", name(route), 100.0 * share, names(&others));
                Ok(erased.patch)
            }
            Self::Model(model, options) => inpaint(model.as_mut(), options, image, mask, settings, pacer).await,
        }
    }
}

/// Seconds that the fill took.
fn run(
    input: &Path,
    mask: &Path,
    output: &Path,
    engine: &mut Engine,
    settings: &Settings,
    times: bool,
) -> Result<f64, Box<dyn Error>> {
    let mut image = read_image(input)?;
    let mask = read_mask(mask, &image)?;
    if times {
        pollster::block_on(engine.erase(&image, &mask, settings, &Unpaced))?;
    }
    let start = Instant::now();
    let patch = if times {
        let (last, checkpoint, longest) = (Cell::new(None), Cell::new(start), Cell::new(Duration::ZERO));
        let times = Times { start, last, checkpoint, longest };
        let patch = pollster::block_on(engine.erase(&image, &mask, settings, &times))?;
        let longest = times.longest.get().max(times.checkpoint.get().elapsed());
        println!("{:9.1} ms  longest stretch without a checkpoint", longest.as_secs_f64() * 1000.0);
        patch
    } else {
        pollster::block_on(engine.erase(&image, &mask, settings, &Unpaced))?
    };
    let seconds = start.elapsed().as_secs_f64();
    image.replace(&patch)?;
    let (width, height) = (image.width(), image.height());
    image::save_buffer(output, image.rgba(), width, height, image::ExtendedColorType::Rgba8)?;
    Ok(seconds)
}

fn bench(folder: &Path, output: &Path, engine: &mut Engine, settings: &Settings) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(output)?;
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv"))?;
    let mut lines = manifest.lines();
    let header: Vec<&str> = lines.next().ok_or("empty manifest")?.split('\t').collect();
    let column = |name: &str| header.iter().position(|h| *h == name).ok_or(format!("no column {name}"));
    let (id, input, mask) = (column("id")?, column("input")?, column("mask")?);
    let mut times = String::new();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let to = output.join(format!("{}.png", cells[id]));
        let seconds = run(&folder.join(cells[input]), &folder.join(cells[mask]), &to, engine, settings, false)?;
        println!("{}\t{seconds:.2}", cells[id]);
        times += &format!("{}\t{seconds:.3}\n", cells[id]);
    }
    std::fs::write(output.join("times.tsv"), times)?;
    Ok(())
}

/// Takes an option with `N` values out of the arguments.
fn option<const N: usize>(arguments: &mut Vec<String>, name: &str) -> Result<Option<[String; N]>, Box<dyn Error>> {
    let Some(at) = arguments.iter().position(|a| a == name) else { return Ok(None) };
    if arguments.len() < at + 1 + N {
        return Err(format!("{name} wants {N} more").into());
    }
    let mut values = arguments.drain(at..=at + N).skip(1);
    Ok(Some(std::array::from_fn(|_| values.next().unwrap_or_default())))
}

/// The file name's last part.
fn extension(path: &str) -> &str {
    Path::new(path).extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let seed = option::<1>(&mut arguments, "--seed")?.map_or(Ok(1), |[seed]| seed.parse())?;
    let steps = option::<1>(&mut arguments, "--steps")?.map_or(Ok(20), |[steps]| steps.parse())?;
    let f32 = option::<0>(&mut arguments, "--f32")?.is_some();
    let guidance = option::<1>(&mut arguments, "--guidance")?.map(|[guidance]| guidance.parse()).transpose()?;
    let given = [("steps", f64::from(steps))].into_iter().chain(guidance.map(|guidance| ("guidance", guidance)));
    let options = Values::checked(MoebiusModel.options(), given)?;
    let start = option::<0>(&mut arguments, "--reference-start")?.map_or(Start::Filled, |_| Start::Picture);
    let times = option::<0>(&mut arguments, "--times")?.is_some();
    let settings = Settings { seed, start };
    let vae = option::<1>(&mut arguments, "--vae")?;
    let mut engine = match option::<1>(&mut arguments, "--model")? {
        Some([unet]) => {
            let beside = || Path::new(&unet).with_file_name("vae").with_extension(extension(&unet));
            let vae = vae.map_or_else(beside, |[vae]| vae.into());
            let start = Instant::now();
            let engine = pollster::block_on(Engine::load(Path::new(&unet), &vae, options, steps, f32))?;
            println!("ready in {:.2} s", start.elapsed().as_secs_f64());
            engine
        }
        None => Engine::Instant(match option::<1>(&mut arguments, "--route")? {
            None => Route::Automatic,
            Some([wanted]) => {
                let known = ROUTES.iter().find(|(_, name)| *name == wanted);
                known.ok_or_else(|| format!("--route is one of {}", names(&ROUTES.map(|known| known.0))))?.0
            }
        }),
    };
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--bench", folder, output] => bench(Path::new(folder), Path::new(output), &mut engine, &settings),
        [input, mask, output] => {
            let seconds = run(Path::new(input), Path::new(mask), Path::new(output), &mut engine, &settings, times)?;
            println!("{output}: erased in {seconds:.2} s");
            Ok(())
        }
        _ => {
            Err("usage: erase [--seed N] [--route automatic|see-through|only-marks|everything|smooth|patches] [--model PACK [--vae PACK] [--steps N] [--guidance S] [--reference-start] [--f32]] \
                 ([--times] IN MASK OUT | --bench FOLDER OUT)"
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Luma, Rgba, RgbaImage};
    use std::path::PathBuf;

    /// A photograph, 320 by 240 pixels as stored, that its Exif turns by a quarter.
    const TURNED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/pages/pictures/test/turned.jpg");

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("rubout-erase-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        folder.join(name)
    }

    #[test]
    fn a_picture_is_read_by_what_it_holds_and_upright() {
        let called = scratch("called.png");
        std::fs::copy(TURNED, &called).expect("a copy");
        for path in [Path::new(TURNED), &called] {
            let image = read_image(path).expect("read");
            assert_eq!((image.width(), image.height()), (240, 320), "{}", path.display());
        }
    }

    #[test]
    fn a_mask_is_its_alpha_where_it_has_one_and_else_its_brightness() {
        let picture = Image::new(4, 2, vec![0; 32]).expect("small");
        let is_in = |x: u32| x == 2;
        let alpha = RgbaImage::from_fn(4, 2, |x, _| Rgba([7, 7, 7, if is_in(x) { 255 } else { 0 }]));
        let grey = GrayImage::from_fn(4, 2, |x, _| Luma([if is_in(x) { 255 } else { 0 }]));
        let (of_alpha, of_grey) = (scratch("alpha.png"), scratch("grey.png"));
        alpha.save(&of_alpha).expect("written");
        grey.save(&of_grey).expect("written");
        for path in [&of_alpha, &of_grey] {
            let mask = read_mask(path, &picture).expect("read");
            let covered: Vec<u8> = (0..4).map(|x| mask.at(x, 0)).collect();
            assert_eq!(covered, [0, 0, 255, 0], "{}", path.display());
        }
        let other = Image::new(4, 3, vec![0; 48]).expect("small");
        assert!(read_mask(&of_grey, &other).is_err(), "a mask has the size of its picture");
    }

    #[test]
    fn what_is_erased_is_where_the_mask_is_in_the_upright_picture() {
        let picture = read_image(Path::new(TURNED)).expect("read");
        // The red ball.
        let (x0, y0, x1, y1) = (72, 118, 162, 210);
        let (mask, output) = (scratch("mask.png"), scratch("out.png"));
        let covered = |x: u32, y: u32| (x0..x1).contains(&x) && (y0..y1).contains(&y);
        let painted = RgbaImage::from_fn(240, 320, |x, y| Rgba([0, 0, 0, if covered(x, y) { 255 } else { 0 }]));
        painted.save(&mask).expect("written");
        run(Path::new(TURNED), &mask, &output, &mut Engine::Instant(Route::Automatic), &Settings::default(), false)
            .expect("erased");
        let result = read_image(&output).expect("read");
        let is_red = |image: &Image, x, y| {
            let [r, g, b, _] = image.pixel(x, y);
            r > 140 && g < 70 && b < 90
        };
        let red = |image: &Image| result.bounds().places().filter(|(x, y)| is_red(image, *x, *y)).count();
        assert!(red(&picture) > 1000 && red(&result) < 20, "{} and {}", red(&picture), red(&result));
        for (x, y) in result.bounds().places().filter(|(x, y)| !covered(*x, *y)) {
            assert_eq!(result.pixel(x, y), picture.pixel(x, y), "{x}, {y}");
        }
    }
}
