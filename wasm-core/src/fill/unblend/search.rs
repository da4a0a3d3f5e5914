//! Looks for the mark: from several starts, by turns of labels and line, with and without a rim.

use super::arithmetic::{distance, median};
use super::beliefs::{Beliefs, Task, propagate};
use super::copies::{Cover, Hint, hint_from_copies, note_cover};
use super::graph::{Graph, Site};
use super::line::{Window, fit_colour, fit_line, sureness, windows};
use super::mark::{Mark, Rim};
use super::scene::Scene;
use super::verdict::{LEAST_EVIDENCE, is_plausible};
use super::{FIT_SITES, Rgb, SEARCH, START_SITES};
use crate::{Pacer, Result, Stage};

/// [`CLEAR`], each with the colour that most deviating pixels agree on.
#[inline(never)]
fn starts(graph: &Graph<'_>) -> Vec<(f32, Rgb)> {
    let deviating: Vec<&Site> = graph.sites.iter().filter(|s| distance(s.colour, s.guess) > tolerance(s)).collect();
    if deviating.len() < 50 {
        return vec![];
    }
    let start = |clear: f32| {
        let single = |s: &Site| -> Rgb { std::array::from_fn(|i| (s.colour[i] - clear * s.guess[i]) / (1.0 - clear)) };
        let mut colour: Rgb =
            std::array::from_fn(|i| median(&mut deviating.iter().map(|s| single(s)[i]).collect::<Vec<_>>()));
        for _ in 0..5 {
            let (mut sum, mut total) = ([0.0f64; 3], 1e-9f64);
            for s in &deviating {
                let seen = single(s);
                let off = (1.0 - clear) * distance(seen, colour) / tolerance(s);
                let weight = f64::from(1.0 / ((1.0 + off * off) * (1.0 + off * off)));
                sum.iter_mut().zip(seen).for_each(|(s, v)| *s += weight * f64::from(v));
                total += weight;
            }
            colour = sum.map(|s| (s / total) as f32);
        }
        (clear, colour.map(|c| c.clamp(0.0, 255.0)))
    };
    CLEAR.map(start).to_vec()
}

/// Transparencies to start from. The first few, spread over the range, tell whether the rest is worth the time.
const CLEAR: [f32; 7] = [0.3, 0.5, 0.7, 0.2, 0.4, 0.6, 0.8];
const PROBES: usize = 3;
/// Once a probe has found a line that could pass, only transparencies so near to its own are tried.
const BESIDE: f32 = 0.15;
/// Colours that are nearer than this, in levels, are weighed once.
const SAME: f32 = 0.5;

/// Whether further search may make something of a line. Marks are far above these bounds, nearly all objects are below.
fn leads_on(mark: &Mark) -> bool {
    let line = &mark.line;
    line.correlation >= 0.7 && line.misfit <= 10.0 && line.windows >= 75
}

fn tolerance(site: &Site) -> f32 {
    (2.0 * site.grain.mean).max(3.0)
}

/// A mark with the beliefs that go with it; `evidence` is per site and over that of there being no mark.
struct Candidate {
    pub(super) mark: Mark,
    pub(super) beliefs: Beliefs,
    pub(super) evidence: f32,
}

/// Weighs marks on a sample of the mask.
struct Scales<'a> {
    pub(super) graph: Graph<'a>,
    pub(super) null: f32,
}

impl<'a> Scales<'a> {
    const ROUNDS: usize = 6;

    pub(super) async fn new(scene: &'a Scene<'a>, pacer: &dyn Pacer) -> Result<Self> {
        let graph = Graph::new(scene, scene.pieces.sample(START_SITES));
        let path = Mark::new(0.5, [128.0; 3]).path();
        let null = propagate(&graph, &path, Self::ROUNDS, &Task::NULL, pacer).await?.evidence;
        Ok(Self { graph, null })
    }

    pub(super) async fn weigh(&self, mark: Mark, pacer: &dyn Pacer) -> Result<Candidate> {
        let beliefs = propagate(&self.graph, &mark.path(), Self::ROUNDS, &Task::WEIGH, pacer).await?;
        let evidence = (beliefs.evidence - self.null) / self.graph.sites.len() as f32;
        Ok(Candidate { mark, beliefs, evidence })
    }

    pub(super) fn windows(&self, candidate: &Candidate) -> Option<Vec<Window>> {
        windows(&self.graph, &sureness(&candidate.beliefs, None))
    }

    fn is_plausible(&self, candidate: &Candidate) -> bool {
        self.windows(candidate).is_some_and(|windows| is_plausible(&fit_line(&windows)))
    }

    /// Labels and line in turn until neither moves.
    async fn polish(&self, mut best: Candidate, pacer: &dyn Pacer) -> Result<Candidate> {
        for _ in 0..3 {
            let Some(windows) = self.windows(&best) else { break };
            let mark = fit_line(&windows);
            if !is_usable(&mark) {
                break;
            }
            let done = (mark.clear - best.mark.clear).abs() < 0.003;
            best = self.weigh(Mark { rim: best.mark.rim, ..mark }, pacer).await?;
            if done {
                break;
            }
        }
        Ok(best)
    }

    /// The best start, with a colour fitted to its own labels. None when no start leads anywhere: whatever transparency one starts with,
    /// covered and bare means of a mark lie on a line soon.
    async fn start(&self, starts: &[(f32, Rgb)], pacer: &dyn Pacer) -> Result<Option<Candidate>> {
        let mut best: Option<(bool, Candidate)> = None;
        let mut is_promising = false;
        for (i, (clear, colour)) in starts.iter().enumerate() {
            if i == PROBES && !is_promising {
                return Ok(None);
            }
            if i >= PROBES
                && best.as_ref().is_some_and(|(plausible, b)| *plausible && (b.mark.clear - clear).abs() > BESIDE)
            {
                continue;
            }
            pacer.progress(Stage::Filling, SEARCH * i as f32 / starts.len() as f32);
            let first = self.weigh(Mark::new(*clear, *colour), pacer).await?;
            let Some(windows) = self.windows(&first) else { continue };
            let line = fit_line(&windows);
            is_promising |= leads_on(&line);
            let fitted = fit_colour(&windows, *clear);
            // Evidence alone likes marks that hardly change anything; a line that could pass counts for more.
            let (next, plausible) = if distance(fitted, *colour) < SAME {
                (first, is_plausible(&line))
            } else {
                let next = self.weigh(Mark::new(*clear, fitted), pacer).await?;
                let plausible = self.is_plausible(&next);
                (next, plausible)
            };
            if best.as_ref().is_none_or(|(p, b)| (plausible, next.evidence) > (*p, b.evidence)) {
                best = Some((plausible, next));
            }
        }
        Ok(best.map(|(_, candidate)| candidate))
    }

    /// Where means say little, because nearly all of the picture is paper, the ratio of textures may say more.
    async fn try_texture(&self, best: Candidate, pacer: &dyn Pacer) -> Result<Candidate> {
        if best.mark.line.correlation >= 0.9 {
            return Ok(best);
        }
        let Some(windows) = self.windows(&best) else { return Ok(best) };
        let clear = fit_line(&windows).line.texture.0;
        if !(0.1..0.92).contains(&clear) {
            return Ok(best);
        }
        let other = self.weigh(Mark::new(clear, fit_colour(&windows, clear)), pacer).await?;
        let is_better = other.evidence > best.evidence;
        let other = self.polish(other, pacer).await?;
        Ok(if is_better || self.is_plausible(&other) { other } else { best })
    }

    /// A rim has to explain a good deal more.
    async fn try_rims(&self, plain: Candidate, pacer: &dyn Pacer) -> Result<Candidate> {
        let (mark, needed) = (plain.mark.clone(), plain.evidence + 0.2);
        let mut best = plain;
        for (under, level) in [(true, 0.0), (true, 255.0), (false, 0.0), (false, 255.0)] {
            let rimmed = Mark { rim: Some(Rim { under, level }), ..mark.clone() };
            let other = self.weigh(rimmed, pacer).await?;
            if other.evidence > needed.max(best.evidence) {
                best = other;
            }
        }
        if best.mark.rim.is_some() { self.polish(best, pacer).await } else { Ok(best) }
    }
}

fn is_usable(mark: &Mark) -> bool {
    mark.line.correlation > 0.7 && (0.1..0.92).contains(&mark.clear)
}

/// The mark, or none that is worth looking through.
pub(super) async fn find_mark(scene: &Scene<'_>, pacer: &dyn Pacer) -> Result<Option<Mark>> {
    let scales = Scales::new(scene, pacer).await?;
    let graph = Graph::new(scene, scene.pieces.sample(FIT_SITES));
    let Some(best) = scales.start(&starts(&graph), pacer).await? else { return Ok(None) };
    let best = scales.polish(best, pacer).await?;
    let best = scales.try_texture(best, pacer).await?;
    let best = scales.try_rims(best, pacer).await?;
    if best.evidence < LEAST_EVIDENCE {
        return Ok(None);
    }
    let mut mark = best.mark;
    let mut hint: Option<Hint> = None;
    let mut cover = vec![Cover::NONE; scene.pieces.window.area()];
    for _ in 0..2 {
        let task = Task { hint: hint.as_ref().map(|h| h.labels.as_slice()), ..Task::LABEL };
        let beliefs = propagate(&graph, &mark.path(), 8, &task, pacer).await?;
        note_cover(&graph, &beliefs, &mut cover);
        hint = hint_from_copies(scene, &graph, &cover).or(hint);
        let Some(windows) = windows(&graph, &sureness(&beliefs, hint.as_ref())) else { return Ok(None) };
        let next = fit_line(&windows);
        mark = if is_usable(&next) {
            Mark { rim: mark.rim, ..next }
        } else {
            Mark { colour: fit_colour(&windows, mark.clear), line: next.line, ..mark }
        };
    }
    Ok(is_plausible(&mark).then_some(mark))
}
