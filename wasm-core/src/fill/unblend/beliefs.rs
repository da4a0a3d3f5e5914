//! Where the mark lies: the cover of each masked pixel by loopy belief propagation on a Markov random field.

use super::colour::{Rgb, weighted_squared};
use super::graph::{Graph, Near, Site};
use super::labels::{FULL, LABELS, Labels, STATES, States, UNKNOWN};
use super::mark::Path;
use super::scene::Grain;
use crate::{Pacer, Result};

/// Prior of each label of partial cover, against 1 for no and for full cover.
const PARTLY: f32 = 0.1;
/// Prior of [`UNKNOWN`].
const UNEXPLAINED: f32 = 0.05 / 3.0;
/// Compatibility of an unexplained pixel with an explained neighbour.
const UNKNOWN_BESIDE: f32 = 0.02;
/// Compatibility of two unexplained neighbours.
const UNKNOWN_TOGETHER: f32 = 0.5;
/// Unblending stretches differences by `1 / s`, and their density has to be divided by that once for each independent channel. This is the number of
/// channels that count as independent; those of photographs are strongly correlated.
const STRETCH: f32 = 1.3;
/// Scale of the density of textured differences over their mean.
const HEAVY_SCALE: f32 = 0.8;
/// Density of the differences at edges of drawn content, over the density of no difference among texture.
const EDGES: f32 = 0.3;
/// Power of [`beside`] on drawn content. There, a letter below the mark looks like an edge of the mark as often as not, and its shape has to tell
/// the two apart. Of 1, 2, 3, 5 and 8, 3 is best on pages with words laid over them; from 5, gaps between letters close.
const SHAPE_ON_DRAWN: i32 = 3;
/// Variance of the difference of neighbours that are equal up to a level, summed over the channels, in squared levels.
const EQUAL_VARIANCE: f32 = 1.5;

/// Depth in the mask, in pixels, down to which guesses count: further than in masks along letters. And further in, depth at which they count half.
const TIGHT: f32 = 16.0;
const REACH: f32 = 16.0;

/// Factor for all labels but the first where a mark covers a small part of what is painted: with it, [`beside`] is as fond of bare surfaces as of
/// covered ones.
const LOOSE: f32 = 0.28;

/// How often two labels are neighbours, over how often they would be by chance. Measured on rendered text of many fonts, sizes and angles, then
/// simplified.
fn beside(a: usize, b: usize) -> f32 {
    let t = |k: usize| k as f32 / FULL as f32;
    match (a.min(b), a.max(b)) {
        (0, 0) => 1.6,
        (FULL, FULL) => 3.0,
        (0, FULL) => 0.025,
        (0, k) => 0.95 * (1.0 - t(k)) + 0.06,
        (k, FULL) => 0.2 + 1.65 * t(k),
        _ => 2.6,
    }
}

/// Density of the differences between neighbours, as the surroundings suggest it: a mixture for textured and for equal neighbours.
#[derive(Clone, Copy)]
struct DifferenceModel {
    heavy_variance: f32,
    heavy_share: f32,
    equal_peak: f32,
    equal_variance: f32,
    /// Density of any difference whatever: where most neighbours are equal, the others are letters and lines.
    edges: f32,
}

impl DifferenceModel {
    /// On drawn content there are edges.
    fn new(grain: Grain, task: &Task<'_>, hue: f32) -> Self {
        let heavy = if hue > 1.0 { grain.weighted } else { grain.heavy };
        let scale = HEAVY_SCALE * heavy;
        // Rounding is the same in brightness and in hue, and so weighted as well.
        let rounding = (1.0 + 2.0 * hue) / 3.0;
        Self {
            heavy_variance: 3.0 * scale * scale,
            heavy_share: 1.0 - grain.equal,
            equal_peak: grain.equal * heavy / (0.7 * rounding.sqrt()),
            equal_variance: EQUAL_VARIANCE * rounding,
            edges: if task.is_drawn { EDGES * (1.0 - grain.equal) * grain.equal * grain.equal } else { 0.0 },
        }
    }

    /// Density of a squared difference, summed over the channels, when the difference has the additional variance `blur`. Both kinds of
    /// neighbours have Student's t distribution with three degrees of freedom, because edges are far more frequent than in a Gaussian one.
    #[inline(always)]
    fn density(&self, squared: f32, blur: f32) -> f32 {
        let student = |variance: f32| {
            let total = variance + blur;
            let tail = 1.0 + squared / (3.0 * total);
            (variance / total).sqrt() / (tail * tail)
        };
        self.heavy_share * student(self.heavy_variance) + self.equal_peak * student(self.equal_variance) + self.edges
    }

    /// [`Self::density`] for each state; `own` is the blur of one neighbour and `blur` that of the other under each state.
    #[inline(never)]
    fn densities(&self, squared: &Lanes, own: f32, blur: &Lanes) -> Lanes {
        std::array::from_fn(|state| self.density(squared[state], own + blur[state]))
    }
}

/// The factor by which a label takes part in a likelihood ratio, from the density of a difference with that label on both sides. The density under two labels
/// times the factors of both is the likelihood of an edge of the mark over that of an edge of the picture; with one label on both sides, it is 1.
#[inline(always)]
fn evening(same: f32) -> f32 {
    1.0 / (same + 1e-30).sqrt()
}

/// What [`propagate`] is to compute.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    /// Whether a site can only be bare or unexplained. This is the null hypothesis that marks are compared with.
    pub(super) null: bool,
    /// Whether to compute the evidence.
    pub(super) weigh: bool,
    /// Whether the mark was found on drawn content, where neighbours are equal or differ by anything.
    pub(super) is_drawn: bool,
    /// Whether differences in hue are weighted by [`Scene::hue`](super::scene::Scene::hue). The bounds of the evidence of a mark that no edges tell are
    /// measured without.
    pub(super) by_hue: bool,
    /// Whether the mark covers a small part of what is painted.
    pub(super) is_loose: bool,
    /// Whether areas of one label are all equally likely, so that edges alone tell where the mark lies. By its texture, whatever part of the picture is
    /// smoother than the surroundings of the mask would pass for covered. Where there is no mark, it is texture that tells.
    pub(super) is_by_edges: bool,
    /// Factors for the labels of each site, from the copies of a repeated mark.
    pub(super) hint: Option<&'a [Labels]>,
}

impl Task<'_> {
    pub(super) const LABEL: Task<'static> = Task {
        null: false,
        weigh: false,
        is_drawn: false,
        by_hue: false,
        is_loose: false,
        is_by_edges: false,
        hint: None,
    };
    pub(super) const WEIGH: Task<'static> = Task { weigh: true, ..Self::LABEL };
    pub(super) const NULL: Task<'static> = Task { null: true, ..Self::WEIGH };
}

/// The marginal distributions of the sites.
pub(super) struct Beliefs {
    /// Probabilities of the states of each site.
    pub(super) states: Vec<States>,
    /// Bethe approximation of the log-likelihood, if the task asks for it; otherwise 0.
    pub(super) evidence: f32,
}

/// Loopy belief propagation. All messages of a direction are sent at once, each damped to the mean of the new and the last one.
pub(super) async fn propagate(
    graph: &Graph<'_>,
    path: &Path,
    rounds: usize,
    task: &Task<'_>,
    pacer: &dyn Pacer,
) -> Result<Beliefs> {
    let mut propagation = Propagation::new(graph, path, task);
    for round in 0..rounds {
        pacer.checkpoint().await?;
        propagation.exchange(round);
    }
    pacer.checkpoint().await?;
    Ok(propagation.beliefs(task.weigh))
}

/// A number for each state, padded with zeros to whole SIMD vectors.
type Lanes = [f32; LANES];
const LANES: usize = STATES.next_multiple_of(4);

/// Compatibility of an unexplained site with each state of its neighbour.
const UNKNOWN_FITS: Lanes = {
    let mut fits = [0.0; LANES];
    let mut label = 0;
    while label < LABELS {
        fits[label] = UNKNOWN_BESIDE;
        label += 1;
    }
    fits[UNKNOWN] = UNKNOWN_TOGETHER;
    fits
};

/// The state of a propagation.
struct Propagation {
    /// Each site's potential without its masked neighbours, scaled so that the largest is 1.
    alone: Vec<Lanes>,
    /// Sum of the logarithms of the scales that were divided out of `alone`.
    scale: f64,
    links: Links,
    /// The messages to each site, in the order of [`Site::near`] of the neighbour that sent them.
    messages: Vec<[Lanes; 4]>,
    /// The messages of the present round to each site along one axis, before damping.
    fresh: Vec<[Lanes; 2]>,
}

impl Propagation {
    /// Potentials of sites and links, and even messages.
    #[inline(never)]
    fn new(graph: &Graph<'_>, path: &Path, task: &Task<'_>) -> Self {
        let hue = if task.by_hue { graph.scene.hue } else { 1.0 };
        let views: Vec<View> = graph.sites.iter().map(|s| View::new(s, path, hue)).collect();
        let models: Vec<DifferenceModel> =
            graph.sites.iter().map(|s| DifferenceModel::new(s.grain, task, hue)).collect();
        let mut scale = 0.0f64;
        let mut stretches = Stretches::new(path);
        let alone: Vec<Lanes> = (0..graph.sites.len())
            .map(|at| {
                let site = &graph.sites[at];
                let mut states = unary(site, &views[at], &models[at], stretches.of(site.grain), (path, task));
                if let Some(hint) = task.hint {
                    states.iter_mut().zip(hint[at]).for_each(|(s, h)| *s *= h);
                }
                let most = states.iter().fold(f32::MIN_POSITIVE, |m, s| m.max(*s));
                scale += libm::log(f64::from(most));
                states.map(|s| s / most)
            })
            .collect();
        let links = Links::new(graph, &views, &models, task);
        let mut even = [0.0; LANES];
        even[..STATES].fill(1.0 / STATES as f32);
        let messages = vec![[even; 4]; alone.len()];
        let fresh = vec![[[0.0; LANES]; 2]; alone.len()];
        Self { alone, scale, links, messages, fresh }
    }

    /// One round of messages along both axes.
    #[inline(never)]
    fn exchange(&mut self, round: usize) {
        let Self { alone, links, messages, fresh, .. } = self;
        for (axis, links) in links.0.iter().enumerate() {
            let (ahead, back) = (2 * axis, 2 * axis + 1);
            for link in links {
                let (p, q) = (link.from as usize, link.to as usize);
                fresh[q][1] = unit(link.forward(&cavity(&alone[p], &messages[p], ahead)));
                fresh[p][0] = unit(link.backward(&cavity(&alone[q], &messages[q], back)));
            }
            for link in links {
                mix(&mut messages[link.to as usize][back], &fresh[link.to as usize][1], round);
                mix(&mut messages[link.from as usize][ahead], &fresh[link.from as usize][0], round);
            }
        }
    }

    /// The marginal distributions that the present messages give.
    #[inline(never)]
    fn beliefs(&self, weigh: bool) -> Beliefs {
        let Self { alone, messages, .. } = self;
        let evidence = if weigh { self.scale + bethe(alone, messages, &self.links) } else { 0.0 };
        let of = |lanes: Lanes| -> States { std::array::from_fn(|state| lanes[state]) };
        let states = alone.iter().zip(messages).map(|(alone, m)| of(unit(cavity(alone, m, usize::MAX)))).collect();
        Beliefs { states, evidence: evidence as f32 }
    }
}

/// The hidden colour of a site under each label, channel by channel, and its [blur](Path::blur). The padding repeats full cover.
#[derive(Clone, Copy)]
struct View {
    hidden: [Lanes; 3],
    blur: Lanes,
    /// [`Scene::hue`](super::scene::Scene::hue), or 1 without it.
    hue: f32,
}

impl View {
    fn new(site: &Site, path: &Path, hue: f32) -> Self {
        let hidden = path.hidden(site.colour);
        let blur = path.blur(&hidden, hue);
        Self {
            hidden: std::array::from_fn(|i| std::array::from_fn(|k| hidden[k.min(FULL)][i])),
            blur: std::array::from_fn(|k| blur[k.min(FULL)]),
            hue,
        }
    }

    /// Squared differences of the hidden colours from a colour, summed over the channels and weighted.
    #[inline(always)]
    fn squared(&self, colour: Rgb) -> Lanes {
        std::array::from_fn(|k| weighted_squared(std::array::from_fn(|i| self.hidden[i][k] - colour[i]), self.hue))
    }
}

/// The factors by which densities are [stretched](STRETCH) under each label. They depend on the grain only, which neighbouring sites share.
struct Stretches {
    /// Logarithm of the factor by which unblending stretches differences.
    lengths: Labels,
    /// The share of equal neighbours of the last site, and the factors for it.
    last: (f32, Labels),
}

impl Stretches {
    fn new(path: &Path) -> Self {
        Self { lengths: path.cover.map(|cover| -libm::logf(1.0 - cover)), last: (f32::NAN, [0.0; LABELS]) }
    }

    fn of(&mut self, grain: Grain) -> &Labels {
        if grain.equal != self.last.0 {
            self.last = (grain.equal, self.lengths.map(|length| libm::expf(length * STRETCH * (1.0 - grain.equal))));
        }
        &self.last.1
    }
}

/// The potential of a site without its masked neighbours.
fn unary(
    site: &Site,
    view: &View,
    models: &DifferenceModel,
    stretches: &Labels,
    (path, task): (&Path, &Task<'_>),
) -> Lanes {
    let mut states = [0.0; LANES];
    states[..STATES].fill(PARTLY);
    (states[0], states[FULL], states[UNKNOWN]) = (1.0, 1.0, UNEXPLAINED);
    let spread = 2.5 * site.grain.mean + 2.0;
    let off = View { hue: 1.0, ..*view }.squared(site.guess);
    // A guess from the surroundings tells little about drawn content, which changes at once, and the less the farther they are: where a mark's edges
    // are evident, these tell more.
    let doubt = if task.is_drawn {
        site.grain.equal * site.grain.equal
    } else if task.by_hue {
        let depth = (f32::from(site.depth) - TIGHT).max(0.0);
        depth / (depth + REACH)
    } else {
        0.0
    };
    for (k, state) in states.iter_mut().enumerate().take(LABELS) {
        let over = view.hidden.iter().fold(0.0f32, |m, v| m.max(v[k] - 258.0).max(-3.0 - v[k])) / 4.0;
        let guessed = 1.0 / (1.0 + off[k] / (6.0 * spread * spread));
        let stretch = if task.is_by_edges { 1.0 } else { stretches[k] };
        *state *= stretch / (1.0 + over * over) * (guessed + doubt * (1.0 - guessed));
        if task.is_loose && k > 0 {
            *state *= LOOSE;
        }
        if task.null && k > 0 {
            *state = 1e-12;
        }
    }
    for near in site.near {
        if let Near::Known(colour) = near {
            let densities = models.densities(&view.squared(colour), 0.0, &view.blur);
            let factors = task.is_by_edges.then(|| {
                let there = path.hidden(colour);
                let same = |k: usize| models.density(view.squared(there[k])[k], 2.0 * view.blur[k]);
                let factors: Labels = std::array::from_fn(|k| evening(same(k)));
                factors.map(|factor| factor * factors[0])
            });
            for (k, state) in states.iter_mut().enumerate().take(LABELS) {
                *state *= beside(0, k) * densities[k] * factors.map_or(1.0, |factors| factors[k]);
            }
            states[UNKNOWN] *= UNKNOWN_BESIDE;
        }
    }
    states
}

/// A pair of neighbouring sites.
struct Link {
    from: u32,
    to: u32,
    /// Compatibility by the label of `from`, then by the state of `to`.
    fits: [Lanes; LABELS],
}

/// The links to the right, and those downwards.
struct Links([Vec<Link>; 2]);

impl Links {
    fn new(graph: &Graph<'_>, views: &[View], models: &[DifferenceModel], task: &Task<'_>) -> Self {
        let shape = if task.is_drawn { SHAPE_ON_DRAWN } else { 1 };
        let table: [Lanes; LABELS] =
            std::array::from_fn(|a| std::array::from_fn(|b| if b < LABELS { beside(a, b).powi(shape) } else { 0.0 }));
        Self([0, 2].map(|direction| {
            let mut links = vec![];
            for (p, site) in graph.sites.iter().enumerate() {
                let Near::Site(to) = site.near[direction] else { continue };
                let (from, next) = (&views[p], &views[to as usize]);
                let mut fits = table;
                let mut factors = [1.0; LANES];
                for (a, fits) in fits.iter_mut().enumerate() {
                    let difference = next.squared(from.hidden.map(|channel| channel[a]));
                    let densities = models[p].densities(&difference, from.blur[a], &next.blur);
                    if task.is_by_edges {
                        factors[a] = evening(densities[a]);
                    }
                    fits.iter_mut().zip(densities).for_each(|(fit, density)| *fit *= density);
                }
                if task.is_by_edges {
                    for (fits, factor) in fits.iter_mut().zip(factors) {
                        fits.iter_mut().zip(factors).for_each(|(fit, other)| *fit *= factor * other);
                    }
                }
                fits.iter_mut().for_each(|fits| fits[UNKNOWN] = UNKNOWN_BESIDE);
                links.push(Link { from: p as u32, to, fits });
            }
            links
        }))
    }
}

impl Link {
    /// The message to `to`, given the cavity distribution of `from`.
    #[inline(always)]
    fn forward(&self, from: &Lanes) -> Lanes {
        let mut heard = UNKNOWN_FITS.map(|f| from[UNKNOWN] * f);
        for (fits, weight) in self.fits.iter().zip(from) {
            for (h, f) in heard.iter_mut().zip(fits) {
                *h += weight * f;
            }
        }
        heard
    }

    /// The message to `from`, given the cavity distribution of `to`.
    #[inline(always)]
    fn backward(&self, to: &Lanes) -> Lanes {
        let mut heard = [0.0; LANES];
        for (h, fits) in heard.iter_mut().zip(self.fits.iter().chain([&UNKNOWN_FITS])) {
            *h = sum(&std::array::from_fn(|state| fits[state] * to[state]));
        }
        heard
    }
}

/// The cavity distribution of a site: its potential times the messages from all directions but one, normalised.
#[inline(always)]
fn cavity(alone: &Lanes, messages: &[Lanes; 4], without: usize) -> Lanes {
    let mut product = *alone;
    for (_, message) in messages.iter().enumerate().filter(|(direction, _)| *direction != without) {
        product.iter_mut().zip(message).for_each(|(p, m)| *p *= m);
    }
    unit(product)
}

/// Scales a distribution to a sum of 1.
#[inline(always)]
fn unit(states: Lanes) -> Lanes {
    let share = 1.0 / (sum(&states) + 1e-30);
    states.map(|s| s * share)
}

/// The sum of all lanes, in an order that suits vectors of four.
#[inline(always)]
fn sum(lanes: &Lanes) -> f32 {
    let mut sums = [0.0; 4];
    for part in lanes.chunks_exact(4) {
        sums.iter_mut().zip(part).for_each(|(s, v)| *s += v);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// Damping: the mean of the new and the last message, except in the first round.
#[inline(always)]
fn mix(message: &mut Lanes, fresh: &Lanes, round: usize) {
    if round == 0 {
        *message = *fresh;
    } else {
        message.iter_mut().zip(fresh).for_each(|(m, f)| *m = 0.5 * (*m + f));
    }
}

/// Bethe approximation of the logarithm of the partition function (Yedidia, Freeman, Weiss 2001): terms of the sites minus terms of the links,
/// so that nothing counts twice.
fn bethe(alone: &[Lanes], messages: &[[Lanes; 4]], links: &Links) -> f64 {
    let mut sites: Vec<[f64; LANES]> = alone.iter().map(|s| s.map(f64::from)).collect();
    let mut sum = 0.0;
    for (axis, links) in links.0.iter().enumerate() {
        for link in links {
            let (p, q) = (link.from as usize, link.to as usize);
            let from = cavity(&alone[p], &messages[p], 2 * axis);
            let to = cavity(&alone[q], &messages[q], 2 * axis + 1);
            let (forward, backward) = (link.forward(&from), link.backward(&to));
            sites[q].iter_mut().zip(forward).for_each(|(s, m)| *s *= f64::from(m));
            sites[p].iter_mut().zip(backward).for_each(|(s, m)| *s *= f64::from(m));
            let both: f32 = forward.iter().zip(to).map(|(f, t)| f * t).sum();
            sum -= libm::log(f64::from(both.max(f32::MIN_POSITIVE)));
        }
    }
    sum + sites.iter().map(|s| libm::log(s.iter().sum::<f64>() + 1e-300)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::super::mark::Mark;
    use super::super::scene::Scene;
    use super::super::tests::{foliage, laid_over, letters, scene_of};
    use super::*;
    use crate::Unpaced;
    use pollster::block_on;

    #[test]
    fn by_edges_neighbours_of_one_label_tell_nothing_of_which_it_is() {
        let over = |_, _, colour, cover: f32| laid_over(colour, 0.4 * cover, [255.0; 3]);
        let (_, marked, mask) = scene_of(|x, y| foliage(x, y, 7), letters, over);
        let scene = block_on(Scene::new(&marked, &mask, &Unpaced)).unwrap().unwrap();
        let graph = Graph::new(&scene, scene.pieces.batches(usize::MAX).swap_remove(0));
        let path = Mark::new(0.6, [255.0; 3]).path();
        let unlike = |is_by_edges: bool| {
            let task = Task { is_by_edges, ..Task::LABEL };
            let links = Propagation::new(&graph, &path, &task).links.0;
            let is_unlike = |fits: &[Lanes; LABELS], k: usize| (fits[k][k] / beside(k, k) - 1.0).abs() > 0.01;
            links.iter().flatten().filter(|link| (0..LABELS).any(|k| is_unlike(&link.fits, k))).count()
        };
        assert_eq!(unlike(true), 0);
        assert!(unlike(false) > graph.sites.len());
    }
}
