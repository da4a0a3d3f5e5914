//! Searches for the mark: from several starts, the first of which the steps at its edges suggest, by turns of labelling and line fitting, with and without a rim.

use super::beliefs::{Beliefs, Task, propagate};
use super::colour::{Rgb, distance, median};
use super::copies::{Cover, Hint, hint_from_copies, note_cover};
use super::edges::{Edges, Veil as EdgeVeil};
use super::graph::{Graph, Site};
use super::line_fit::{Pair, fit_colour, fit_line, pairs, sureness};
use super::mark::{LineFit, Mark, Rim};
use super::parts;
use super::scene::Scene;
use super::steps::{Steps, Veil};
use super::verdict::{MIN_EVIDENCE, MIN_STEPS, is_evident, is_opaque, is_plausible, is_strong};
use crate::{Pacer, Result, Stage};

/// Maximum number of pixels that the colour and the transparency are estimated on.
const FIT_SITES: usize = 24_000;
/// Maximum number of pixels that their starting values are searched on.
const START_SITES: usize = 9_000;

/// The transparencies of [`CLEAR`], each with the colour that most of the pixels agree on which deviate from the first guess.
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

/// Transparencies to start from: the first [`PROBES`] span the range, and the others are tried only if one of them is promising.
const CLEAR: [f32; 7] = [0.3, 0.5, 0.7, 0.2, 0.4, 0.6, 0.8];
const PROBES: usize = 3;
/// Once a probe has a plausible line, only transparencies at most this far from its own are tried.
const BESIDE: f32 = 0.15;
/// A plausible mark that the steps suggest, and whose line has at least this correlation, needs no other starts.
const SURE_CORRELATION: f32 = 0.975;
/// Two starts whose colours are nearer than this, in levels, count as one.
const SAME: f32 = 0.5;

/// Whether a line is worth further search. Marks are far above these bounds, nearly all objects below.
fn is_promising(mark: &Mark) -> bool {
    let fit = &mark.fit;
    fit.correlation >= 0.7 && fit.misfit <= 10.0 && fit.pairs >= 75
}

/// Minimum likelihood of the steps, in nats per pair, of a mark whose line is not promising on a small sample and may be on a larger one.
const MORE_STEPS: f32 = 0.02;

/// The deviation of a pixel from its first guess, in levels, that texture may explain.
fn tolerance(site: &Site) -> f32 {
    (2.0 * site.grain.mean).max(3.0)
}

/// A mark with its labels on the sample.
struct Candidate {
    mark: Mark,
    beliefs: Beliefs,
    /// Log-likelihood ratio against there being no mark, in nats per site.
    evidence: f32,
}

impl Candidate {
    /// Greater for better ones. By evidence alone, marks that hardly change anything would win: those that explain the steps at their edges count for
    /// more, and those with a plausible line for even more.
    fn rank(&self) -> (bool, bool, f32) {
        let LineFit { steps, misfit, .. } = self.mark.fit;
        let value = self.evidence + WEIGHT_OF_STEPS * steps - WEIGHT_OF_MISFIT * misfit;
        (is_plausible(&self.mark), steps >= MIN_STEPS, value)
    }
}

/// Weight of the likelihood of the steps, in nats per pair, beside the evidence. A pixel is in four pairs, of which few cross an edge.
const WEIGHT_OF_STEPS: f32 = 30.0;
/// Weight of the misfit of the line beside the evidence.
const WEIGHT_OF_MISFIT: f32 = 0.25;

/// Compares marks on a sample of the mask.
struct Scales<'a> {
    graph: Graph<'a>,
    /// Log-likelihood without a mark, in nats.
    null: f32,
    steps: &'a Steps,
}

impl<'a> Scales<'a> {
    /// Rounds of belief propagation.
    const ROUNDS: usize = 6;

    async fn new(scene: &'a Scene<'a>, steps: &'a Steps, focus: Option<(u32, u32)>, pacer: &dyn Pacer) -> Result<Self> {
        let graph = Graph::new(scene, scene.pieces.sample(START_SITES, focus));
        let path = Mark::new(0.5, [128.0; 3]).path();
        let null = propagate(&graph, &path, Self::ROUNDS, &Task::NULL, pacer).await?.evidence;
        Ok(Self { graph, null, steps })
    }

    /// Labels the sample for a mark and computes its evidence.
    async fn weigh(&self, mark: Mark, pacer: &dyn Pacer) -> Result<Candidate> {
        let beliefs = propagate(&self.graph, &mark.path(), Self::ROUNDS, &Task::WEIGH, pacer).await?;
        let evidence = (beliefs.evidence - self.null) / self.graph.sites.len() as f32;
        let mut candidate = Candidate { mark, beliefs, evidence };
        let fit = self.pairs(&candidate).map(|pairs| fit_line(&pairs).fit).unwrap_or_default();
        candidate.mark.fit = LineFit { steps: self.steps.score(&candidate.mark), ..fit };
        Ok(candidate)
    }

    /// The pairs of means that the labels of a candidate give; none when there are too few.
    fn pairs(&self, candidate: &Candidate) -> Option<Vec<Pair>> {
        pairs(&self.graph, &sureness(&candidate.beliefs, None))
    }

    /// Fits the line and labels again, by turns, until the transparency stays the same.
    async fn polish(&self, mut best: Candidate, pacer: &dyn Pacer) -> Result<Candidate> {
        for _ in 0..3 {
            let Some(pairs) = self.pairs(&best) else { break };
            let mark = fit_line(&pairs);
            if !is_usable(&mark) {
                break;
            }
            let done = (mark.clear - best.mark.clear).abs() < 0.003;
            let next = self.weigh(Mark { rim: best.mark.rim, ..mark }, pacer).await?;
            if next.rank() <= best.rank() {
                break;
            }
            best = next;
            if done {
                break;
            }
        }
        Ok(best)
    }

    /// The best start, with the colour fitted to its labels. None when none of the probes has a promising line: for a mark, covered and bare
    /// means soon lie on a line whatever transparency the search starts from.
    async fn start(&self, starts: &[(f32, Rgb)], veils: &[Veil], pacer: &dyn Pacer) -> Result<Option<Candidate>> {
        let mut best: Option<Candidate> = None;
        let mut has_promise = false;
        for veil in veils {
            let next = self.weigh(veil.mark(), pacer).await?;
            has_promise |= is_promising(&next.mark);
            if best.as_ref().is_none_or(|b| next.rank() > b.rank()) {
                best = Some(next);
            }
        }
        if best.as_ref().is_some_and(|b| is_plausible(&b.mark) && b.mark.fit.correlation >= SURE_CORRELATION) {
            return Ok(best);
        }
        // Transparency of the best probe, if it is plausible.
        let mut probed = None;
        for (i, (clear, colour)) in starts.iter().enumerate() {
            if i == PROBES && !has_promise {
                return Ok(None);
            }
            if i >= PROBES && probed.is_some_and(|probe: f32| (probe - clear).abs() > BESIDE) {
                continue;
            }
            pacer.progress(Stage::Filling, i as f32 / starts.len() as f32);
            let first = self.weigh(Mark::new(*clear, *colour), pacer).await?;
            let Some(pairs) = self.pairs(&first) else { continue };
            let line = fit_line(&pairs);
            has_promise |= is_promising(&line);
            let fitted = fit_colour(&pairs, *clear);
            let next = if distance(fitted, *colour) < SAME {
                first
            } else {
                self.weigh(Mark::new(*clear, fitted), pacer).await?
            };
            if best.as_ref().is_none_or(|b| next.rank() > b.rank()) {
                probed = is_plausible(&next.mark).then_some(*clear).or(probed);
                best = Some(next);
            }
        }
        Ok(best)
    }

    /// Tries the transparency that the ratio of textures suggests. It may be better where the means hardly vary, as on paper.
    async fn try_texture(&self, best: Candidate, pacer: &dyn Pacer) -> Result<Candidate> {
        if best.mark.fit.correlation >= 0.9 {
            return Ok(best);
        }
        let Some(pairs) = self.pairs(&best) else { return Ok(best) };
        let clear = fit_line(&pairs).fit.texture.0;
        if !(0.1..0.92).contains(&clear) {
            return Ok(best);
        }
        let other = self.weigh(Mark::new(clear, fit_colour(&pairs, clear)), pacer).await?;
        let other = self.polish(other, pacer).await?;
        Ok(if other.rank() > best.rank() { other } else { best })
    }

    /// Tries the mark with each kind of rim. A rim has to raise the evidence markedly to be accepted.
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

/// Means tell the transparency more precisely than single pixels do, so that a line is preferred to a mark that explains steps better by less than
/// this.
const SAME_STEPS: f32 = 0.95;

/// Whether a line is good enough to replace the present transparency and colour.
fn is_usable(mark: &Mark) -> bool {
    mark.fit.correlation > 0.7 && (0.1..0.92).contains(&mark.clear)
}

/// A mark that sharp edges tell.
pub(super) struct Evident {
    pub(super) mark: Mark,
    /// Whether it covers a small part of what is painted.
    pub(super) is_loose: bool,
    /// Whether it surely is one; objects may have as much in common with another mark.
    pub(super) is_strong: bool,
}

/// The mark that sharp edges tell, with its transparency and colour as the means beside them say if that explains the edges as well; none when the edges
/// tell none.
pub(super) async fn find_evident(scene: &Scene<'_>, edges: &Edges, pacer: &dyn Pacer) -> Result<Option<Evident>> {
    let Some(veil) = evident(edges, pacer).await? else { return Ok(None) };
    let veil = &veil;
    let focus = edges.middle(veil, scene.pieces.window);
    let graph = Graph::new(scene, scene.pieces.sample(FIT_SITES, focus));
    let (mut mark, mut is_loose) = (veil.mark(), false);
    let mut hint: Option<Hint> = None;
    let mut cover = vec![Cover::NONE; scene.pieces.window.area()];
    for round in 0..REFITS {
        let task = Task { hint: hint.as_ref().map(|h| h.labels.as_slice()), is_loose, by_hue: true, ..Task::LABEL };
        let beliefs = propagate(&graph, &mark.path(), REFIT_ROUNDS, &task, pacer).await?;
        note_cover(&graph, &beliefs, &mut cover);
        hint = hint_from_copies(scene, &graph, &cover).or(hint);
        let mut parts = parts::judged(scene, edges, &mark, &parts::covers(&graph, &beliefs));
        let share = parts.covered as f32 / graph.sites.len() as f32;
        let mut beliefs = beliefs;
        if round == 0 && share < LOOSE {
            let task = Task { is_loose: true, by_hue: true, ..Task::LABEL };
            let other = propagate(&graph, &mark.path(), REFIT_ROUNDS, &task, pacer).await?;
            let others = parts::judged(scene, edges, &mark, &parts::covers(&graph, &other));
            is_loose = others.gain > parts.gain;
            if is_loose {
                (beliefs, parts) = (other, others);
            }
        }
        let mut sure = sureness(&beliefs, hint.as_ref());
        for (site, sure) in graph.sites.iter().zip(&mut sure) {
            if !parts.is_own[(site.y * scene.pieces.window.width + site.x) as usize] {
                *sure = (0.0, 0.0);
            }
        }
        let Some(pairs) = pairs(&graph, &sure) else { break };
        let next = fit_line(&pairs);
        mark.fit = next.fit.clone();
        let weight = edges.weigh(&next, veil).likelihood;
        let needed = if next.fit.correlation >= SURE_CORRELATION { FEWER_EDGES } else { SAME_EDGES };
        if !(MIN_REFIT..0.92).contains(&next.clear) || weight < needed * veil.likelihood {
            break;
        }
        mark = next;
    }
    Ok(Some(Evident { is_strong: is_strong(veil, &mark), mark, is_loose }))
}

/// The mark that sharp edges tell, or else the strongest ones.
async fn evident(edges: &Edges, pacer: &dyn Pacer) -> Result<Option<EdgeVeil>> {
    for set in Edges::SETS {
        let veils = edges.marks(set, pacer).await?;
        let Some(best) = veils.first().map(|veil| veil.likelihood) else { continue };
        if set == 0 && is_opaque(&veils[0]) {
            return Ok(None);
        }
        if let Some(veil) = veils.into_iter().find(|veil| is_evident(veil) && veil.likelihood >= NEARLY * best) {
            return Ok(Some(if set == 0 { veil } else { edges.polished(veil, pacer).await? }));
        }
    }
    Ok(None)
}

/// Maximum share of what is painted that the mark covers where that is painted loosely.
const LOOSE: f32 = 0.25;
/// Share of the likelihood of the best mark that one needs to count as well.
const NEARLY: f32 = 0.8;
/// Times that transparency and colour are fitted to the labels that they give, and rounds of belief propagation for that.
const REFITS: usize = 4;
const REFIT_ROUNDS: usize = 10;
/// Means tell a mark more precisely than edges do, so that they are preferred if they explain the edges nearly as well; but for what is nearly opaque.
const SAME_EDGES: f32 = 0.96;
const MIN_REFIT: f32 = 0.15;
/// Where they correlate well, a smaller share of the edges' likelihood is enough: many edges have two sides that are covered in part.
const FEWER_EDGES: f32 = 0.5;

/// The likeliest mark; none when there is no evidence of one.
pub(super) async fn find_mark(scene: &Scene<'_>, pacer: &dyn Pacer) -> Result<Option<Mark>> {
    let steps = Steps::new(scene, pacer).await?;
    let veils = steps.marks(pacer).await?;
    let focus = veils.first().and_then(|veil| steps.middle(veil));
    let scales = Scales::new(scene, &steps, focus, pacer).await?;
    let graph = Graph::new(scene, scene.pieces.sample(FIT_SITES, focus));
    let Some(best) = scales.start(&starts(&graph), &veils, pacer).await? else { return Ok(None) };
    let best = scales.polish(best, pacer).await?;
    let best = scales.try_texture(best, pacer).await?;
    if !is_promising(&best.mark) && best.mark.fit.steps < MORE_STEPS {
        return Ok(None);
    }
    let best = scales.try_rims(best, pacer).await?;
    let bare: f32 = best.beliefs.states.iter().map(|states| states[0]).sum();
    let sites = scales.graph.sites.len() as f32;
    if best.evidence * sites < MIN_EVIDENCE * (sites - bare) {
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
        let Some(pairs) = pairs(&graph, &sureness(&beliefs, hint.as_ref())) else { return Ok(None) };
        let next = fit_line(&pairs);
        let score = steps.score(&next);
        mark = if is_usable(&next) && score >= SAME_STEPS * mark.fit.steps {
            Mark { rim: mark.rim, fit: LineFit { steps: score, ..next.fit }, ..next }
        } else {
            Mark { fit: LineFit { steps: mark.fit.steps, ..next.fit }, ..mark }
        };
    }
    Ok(Some(mark))
}
