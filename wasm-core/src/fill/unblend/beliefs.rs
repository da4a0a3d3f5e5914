//! Where the mark lies: each masked pixel's cover by loopy belief propagation on a Markov random field.

use super::graph::{Graph, Near, Site};
use super::mark::Path;
use super::scene::Grain;
use super::{FULL, LABELS, Labels, Rgb, STATES, States, UNKNOWN};
use crate::{Pacer, Result};

/// Prior of each label strictly between none and all, against 1 for those two.
const PARTLY: f32 = 0.1;
/// Prior of [`UNKNOWN`].
const UNEXPLAINED: f32 = 0.05 / 3.0;
/// How well an unexplained pixel goes with an explained one, and with its like.
const UNKNOWN_BESIDE: f32 = 0.02;
const UNKNOWN_TOGETHER: f32 = 0.5;
/// Unblending stretches differences by `1 / s`. A density has to be stretched with them, once for each independent
/// channel; those of photographs are close to one.
const STRETCH: f32 = 1.3;
/// Scale of differences of textured neighbours, against their mean.
const HEAVY_SCALE: f32 = 0.8;
/// Summed variance of neighbours that are equal up to a level.
const EQUAL_VARIANCE: f32 = 1.5;
/// Standard deviation of rounding to 8 bits.
pub(super) const ROUNDING: f32 = 0.3;

/// How often labels stand beside each other, over how often they would by chance: measured on rendered text of many
/// fonts, sizes and angles, then simplified.
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

/// What the surroundings say about how neighbours differ.
#[derive(Clone, Copy)]
struct Likeness {
    heavy_variance: f32,
    heavy_share: f32,
    equal_peak: f32,
}

impl Likeness {
    pub(super) fn new(grain: Grain) -> Self {
        let scale = HEAVY_SCALE * grain.heavy;
        Self {
            heavy_variance: 3.0 * scale * scale,
            heavy_share: 1.0 - grain.equal,
            equal_peak: grain.equal * grain.heavy / 0.7,
        }
    }

    /// Density of a squared difference, summed over channels, when the two carry `blur`. Student's t with three
    /// degrees of freedom for both kinds of neighbours, because edges are far more frequent than a Gaussian has them.
    #[inline(always)]
    fn density(&self, squared: f32, blur: f32) -> f32 {
        let student = |variance: f32| {
            let total = variance + blur;
            let tail = 1.0 + squared / (3.0 * total);
            (variance / total).sqrt() / (tail * tail)
        };
        self.heavy_share * student(self.heavy_variance) + self.equal_peak * student(EQUAL_VARIANCE)
    }

    /// The same for each state.
    #[inline(never)]
    fn densities(&self, squared: &Lanes, own: f32, blur: &Lanes) -> Lanes {
        std::array::from_fn(|state| self.density(squared[state], own + blur[state]))
    }
}

/// What [`propagate`] is to find out.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    /// Only "no mark" and "unexplained" are open: what everything else is compared with.
    pub(super) null: bool,
    /// Whether to compute the evidence.
    pub(super) weigh: bool,
    /// Factors for the labels of each site, from elsewhere.
    pub(super) hint: Option<&'a [Labels]>,
}

impl Task<'_> {
    pub(super) const LABEL: Task<'static> = Task { null: false, weigh: false, hint: None };
    pub(super) const WEIGH: Task<'static> = Task { null: false, weigh: true, hint: None };
    pub(super) const NULL: Task<'static> = Task { null: true, weigh: true, hint: None };
}

/// What is thought of the sites.
pub(super) struct Beliefs {
    /// Probabilities.
    pub(super) states: Vec<States>,
    /// Bethe's approximation of the logarithm of the likelihood, where it was asked for.
    pub(super) evidence: f32,
}

/// Loopy belief propagation; all messages of a direction are sent at once, mixed half and half with the last ones.
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

/// The states of a site in whole SIMD vectors; what is beyond the last state is 0.
type Lanes = [f32; LANES];
const LANES: usize = STATES.next_multiple_of(4);

/// How what the mark does not explain goes with every state.
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

/// A propagation under way. Its parts are kept out of the asynchronous code, which there is a copy of wherever it is awaited.
struct Propagation {
    /// Each site's states without its masked neighbours, the likeliest 1.
    alone: Vec<Lanes>,
    /// Logarithm of what that took.
    scale: f64,
    links: Links,
    /// By the direction that they come from.
    messages: Vec<[Lanes; 4]>,
    fresh: Vec<[Lanes; 2]>,
}

impl Propagation {
    #[inline(never)]
    fn new(graph: &Graph<'_>, path: &Path, task: &Task<'_>) -> Self {
        let views: Vec<View> = graph.sites.iter().map(|s| View::new(s, path)).collect();
        let likeness: Vec<Likeness> = graph.sites.iter().map(|s| Likeness::new(s.grain)).collect();
        let mut scale = 0.0f64;
        let mut stretches = Stretches::new(path);
        let alone: Vec<Lanes> = (0..graph.sites.len())
            .map(|at| {
                let site = &graph.sites[at];
                let mut states = unary(site, &views[at], &likeness[at], stretches.of(site.grain), task.null);
                if let Some(hint) = task.hint {
                    states.iter_mut().zip(hint[at]).for_each(|(s, h)| *s *= h);
                }
                let most = states.iter().fold(f32::MIN_POSITIVE, |m, s| m.max(*s));
                scale += libm::log(f64::from(most));
                states.map(|s| s / most)
            })
            .collect();
        let links = Links::new(graph, &views, &likeness);
        let mut even = [0.0; LANES];
        even[..STATES].fill(1.0 / STATES as f32);
        let messages = vec![[even; 4]; alone.len()];
        let fresh = vec![[[0.0; LANES]; 2]; alone.len()];
        Self { alone, scale, links, messages, fresh }
    }

    /// Every site hears from its neighbours once.
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

    #[inline(never)]
    fn beliefs(&self, weigh: bool) -> Beliefs {
        let Self { alone, messages, .. } = self;
        let evidence = if weigh { self.scale + bethe(alone, messages, &self.links) } else { 0.0 };
        let of = |lanes: Lanes| -> States { std::array::from_fn(|state| lanes[state]) };
        let states = alone.iter().zip(messages).map(|(alone, m)| of(unit(cavity(alone, m, usize::MAX)))).collect();
        Beliefs { states, evidence: evidence as f32 }
    }
}

/// What a site would show under each label, channel by channel, with its [blur](Path::blur). Beyond the labels it is as under full cover.
struct View {
    hidden: [Lanes; 3],
    blur: Lanes,
}

impl View {
    fn new(site: &Site, path: &Path) -> Self {
        let hidden = path.hidden(site.colour);
        let blur = path.blur(&hidden);
        Self {
            hidden: std::array::from_fn(|i| std::array::from_fn(|k| hidden[k.min(FULL)][i])),
            blur: std::array::from_fn(|k| blur[k.min(FULL)]),
        }
    }

    /// Squared differences from a colour, summed over the channels.
    #[inline(always)]
    fn squared(&self, colour: Rgb) -> Lanes {
        std::array::from_fn(|k| {
            let [r, g, b] = std::array::from_fn(|i| self.hidden[i][k] - colour[i]);
            r * r + g * g + b * b
        })
    }
}

/// How much densities are [stretched](STRETCH) under each label; sites beside each other share that.
struct Stretches {
    /// Logarithm of how far differences are.
    lengths: Labels,
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

/// What a site says without its masked neighbours.
fn unary(site: &Site, view: &View, likeness: &Likeness, stretches: &Labels, null: bool) -> Lanes {
    let mut states = [0.0; LANES];
    states[..STATES].fill(PARTLY);
    (states[0], states[FULL], states[UNKNOWN]) = (1.0, 1.0, UNEXPLAINED);
    let spread = 2.5 * site.grain.mean + 2.0;
    let off = view.squared(site.guess);
    for (k, state) in states.iter_mut().enumerate().take(LABELS) {
        let over = view.hidden.iter().fold(0.0f32, |m, v| m.max(v[k] - 258.0).max(-3.0 - v[k])) / 4.0;
        *state *= stretches[k] / ((1.0 + over * over) * (1.0 + off[k] / (6.0 * spread * spread)));
        if null && k > 0 {
            *state = 1e-12;
        }
    }
    for near in site.near {
        if let Near::Known(colour) = near {
            let densities = likeness.densities(&view.squared(colour), 0.0, &view.blur);
            for (k, state) in states.iter_mut().enumerate().take(LABELS) {
                *state *= beside(0, k) * densities[k];
            }
            states[UNKNOWN] *= UNKNOWN_BESIDE;
        }
    }
    states
}

/// Two neighbouring sites.
struct Link {
    pub(super) from: u32,
    pub(super) to: u32,
    /// By the label of `from`, then the state of `to`.
    fits: [Lanes; LABELS],
}

/// To the right, and down.
struct Links([Vec<Link>; 2]);

impl Links {
    fn new(graph: &Graph<'_>, views: &[View], likeness: &[Likeness]) -> Self {
        let table: [Lanes; LABELS] =
            std::array::from_fn(|a| std::array::from_fn(|b| if b < LABELS { beside(a, b) } else { 0.0 }));
        Self([0, 2].map(|direction| {
            let mut links = vec![];
            for (p, site) in graph.sites.iter().enumerate() {
                let Near::Site(to) = site.near[direction] else { continue };
                let (from, next) = (&views[p], &views[to as usize]);
                let mut fits = table;
                for (a, fits) in fits.iter_mut().enumerate() {
                    let difference = next.squared(from.hidden.map(|channel| channel[a]));
                    let densities = likeness[p].densities(&difference, from.blur[a], &next.blur);
                    fits.iter_mut().zip(densities).for_each(|(fit, density)| *fit *= density);
                    fits[UNKNOWN] = UNKNOWN_BESIDE;
                }
                links.push(Link { from: p as u32, to, fits });
            }
            links
        }))
    }
}

impl Link {
    /// What `to` hears from `from`.
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

    /// What `from` hears from `to`.
    #[inline(always)]
    fn backward(&self, to: &Lanes) -> Lanes {
        let mut heard = [0.0; LANES];
        for (h, fits) in heard.iter_mut().zip(self.fits.iter().chain([&UNKNOWN_FITS])) {
            *h = sum(&std::array::from_fn(|state| fits[state] * to[state]));
        }
        heard
    }
}

/// A site's states from everything but one direction, adding up to 1.
#[inline(always)]
fn cavity(alone: &Lanes, messages: &[Lanes; 4], without: usize) -> Lanes {
    let mut product = *alone;
    for (_, message) in messages.iter().enumerate().filter(|(direction, _)| *direction != without) {
        product.iter_mut().zip(message).for_each(|(p, m)| *p *= m);
    }
    unit(product)
}

#[inline(always)]
fn unit(states: Lanes) -> Lanes {
    let share = 1.0 / (sum(&states) + 1e-30);
    states.map(|s| s * share)
}

/// In an order that suits vectors of four.
#[inline(always)]
fn sum(lanes: &Lanes) -> f32 {
    let mut sums = [0.0; 4];
    for part in lanes.chunks_exact(4) {
        sums.iter_mut().zip(part).for_each(|(s, v)| *s += v);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

#[inline(always)]
fn mix(message: &mut Lanes, fresh: &Lanes, round: usize) {
    if round == 0 {
        *message = *fresh;
    } else {
        message.iter_mut().zip(fresh).for_each(|(m, f)| *m = 0.5 * (*m + f));
    }
}

/// Logarithm of the partition function (Yedidia, Freeman, Weiss 2001): sites minus links, so that nothing counts twice.
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
