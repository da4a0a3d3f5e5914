//! The cheapest cut of a graph between a source and a sink: Boykov & Kolmogorov, "An Experimental Comparison of Min-Cut/Max-Flow Algorithms for
//! Energy Minimization in Vision" (PAMI 2004). Two trees of paths grow from the two ends, flow goes where they meet, and what loses its
//! connection is adopted anew.

use std::collections::VecDeque;

/// No arc, and the two ends of what hangs on a terminal itself or on nothing.
const NONE: u32 = u32::MAX;
const TERMINAL: u32 = u32::MAX - 1;
const ORPHAN: u32 = u32::MAX - 2;
/// What is too little to be called flow.
const LEAST: f32 = 1e-6;

struct Arc {
    to: u32,
    next: u32,
    rest: f32,
}

#[derive(Clone)]
struct Node {
    first: u32,
    /// The arc to its parent in its tree.
    parent: u32,
    /// Of the sink's tree.
    is_sink: bool,
    is_active: bool,
    /// When its distance was last known to be right, and that distance to the terminal.
    time: u32,
    distance: u32,
    /// What can still come from the source; below 0, what can still go to the sink.
    rest: f32,
}

/// A graph whose nodes are numbered from 0.
pub(super) struct MaxFlow {
    nodes: Vec<Node>,
    /// An arc and its opposite lie side by side.
    arcs: Vec<Arc>,
    active: VecDeque<u32>,
    orphans: VecDeque<u32>,
    time: u32,
}

impl MaxFlow {
    /// A graph of so many nodes, without arcs.
    pub(super) fn new(nodes: usize) -> Self {
        let node =
            Node { first: NONE, parent: NONE, is_sink: false, is_active: false, time: 0, distance: 0, rest: 0.0 };
        Self { nodes: vec![node; nodes], arcs: vec![], active: VecDeque::new(), orphans: VecDeque::new(), time: 0 }
    }

    /// What it costs more to have the node on the sink's side than on the source's; negative where that is cheaper.
    pub(super) fn prefer(&mut self, node: usize, by: f32) {
        self.nodes[node].rest += by;
    }

    /// What it costs to have the two on different sides.
    pub(super) fn join(&mut self, a: usize, b: usize, cost: f32) {
        for (from, to) in [(a, b), (b, a)] {
            self.arcs.push(Arc { to: to as u32, next: self.nodes[from].first, rest: cost });
            self.nodes[from].first = self.arcs.len() as u32 - 1;
        }
    }

    /// Cuts, and says which nodes are on the source's side.
    pub(super) fn cut(mut self) -> Vec<bool> {
        for node in 0..self.nodes.len() {
            let rest = self.nodes[node].rest;
            if rest.abs() > LEAST {
                self.nodes[node].is_sink = rest < 0.0;
                self.nodes[node].parent = TERMINAL;
                self.nodes[node].distance = 1;
                self.activate(node as u32);
            }
        }
        let mut current = None;
        while let Some(node) = current.take().or_else(|| self.next_active()) {
            if self.nodes[node as usize].parent == NONE {
                continue;
            }
            let Some(bridge) = self.grow(node) else { continue };
            self.time += 1;
            self.augment(bridge);
            while let Some(orphan) = self.orphans.pop_front() {
                self.adopt(orphan);
            }
            current = Some(node);
        }
        self.nodes.iter().map(|node| node.parent != NONE && !node.is_sink).collect()
    }

    fn activate(&mut self, node: u32) {
        if !std::mem::replace(&mut self.nodes[node as usize].is_active, true) {
            self.active.push_back(node);
        }
    }

    fn next_active(&mut self) -> Option<u32> {
        let node = self.active.pop_front()?;
        self.nodes[node as usize].is_active = false;
        Some(node)
    }

    /// What can flow along the arc in the direction of its tree: away from the source, towards the sink.
    fn passes(&self, arc: u32, is_sink: bool) -> bool {
        self.arcs[(if is_sink { arc ^ 1 } else { arc }) as usize].rest > LEAST
    }

    /// Grows the tree of a node. Gives an arc from the source's tree to the sink's, where they meet.
    fn grow(&mut self, node: u32) -> Option<u32> {
        let (is_sink, time, distance) = {
            let it = &self.nodes[node as usize];
            (it.is_sink, it.time, it.distance)
        };
        let mut arc = self.nodes[node as usize].first;
        while arc != NONE {
            if self.passes(arc, is_sink) {
                let to = self.arcs[arc as usize].to;
                let near = &mut self.nodes[to as usize];
                if near.parent == NONE {
                    (near.is_sink, near.parent, near.time, near.distance) = (is_sink, arc ^ 1, time, distance + 1);
                    self.activate(to);
                } else if near.is_sink != is_sink {
                    return Some(if is_sink { arc ^ 1 } else { arc });
                } else if near.time <= time && near.distance > distance + 1 {
                    (near.parent, near.time, near.distance) = (arc ^ 1, time, distance + 1);
                }
            }
            arc = self.arcs[arc as usize].next;
        }
        None
    }

    /// Lets as much flow as the path over this arc takes.
    fn augment(&mut self, bridge: u32) {
        let ends = [self.arcs[bridge as usize ^ 1].to, self.arcs[bridge as usize].to];
        let mut most = self.arcs[bridge as usize].rest;
        for (mut node, is_sink) in ends.into_iter().zip([false, true]) {
            loop {
                let parent = self.nodes[node as usize].parent;
                if parent == TERMINAL {
                    most = most.min(self.nodes[node as usize].rest.abs());
                    break;
                }
                most = most.min(self.arcs[(if is_sink { parent } else { parent ^ 1 }) as usize].rest);
                node = self.arcs[parent as usize].to;
            }
        }
        self.arcs[bridge as usize].rest -= most;
        self.arcs[bridge as usize ^ 1].rest += most;
        for (mut node, is_sink) in ends.into_iter().zip([false, true]) {
            loop {
                let parent = self.nodes[node as usize].parent;
                if parent == TERMINAL {
                    let rest = &mut self.nodes[node as usize].rest;
                    *rest += if is_sink { most } else { -most };
                    if rest.abs() <= LEAST {
                        self.orphan(node);
                    }
                    break;
                }
                let along = if is_sink { parent } else { parent ^ 1 };
                self.arcs[along as usize ^ 1].rest += most;
                self.arcs[along as usize].rest -= most;
                let next = self.arcs[parent as usize].to;
                if self.arcs[along as usize].rest <= LEAST {
                    self.orphan(node);
                }
                node = next;
            }
        }
    }

    fn orphan(&mut self, node: u32) {
        self.nodes[node as usize].parent = ORPHAN;
        self.orphans.push_back(node);
    }

    /// How far a node is from its terminal along its tree; none where the path does not lead there any more.
    fn distance(&mut self, from: u32) -> Option<u32> {
        let (mut node, mut steps) = (from, 0);
        loop {
            let it = &mut self.nodes[node as usize];
            if it.time == self.time && it.parent != ORPHAN && it.parent != NONE {
                steps += it.distance;
                break;
            }
            match it.parent {
                TERMINAL => {
                    (it.time, it.distance) = (self.time, 1);
                    steps += 1;
                    break;
                }
                ORPHAN | NONE => return None,
                parent => {
                    node = self.arcs[parent as usize].to;
                    steps += 1;
                }
            }
        }
        let (mut node, mut left) = (from, steps);
        while self.nodes[node as usize].time != self.time {
            let it = &mut self.nodes[node as usize];
            (it.time, it.distance) = (self.time, left);
            left -= 1;
            node = self.arcs[it.parent as usize].to;
        }
        Some(steps)
    }

    /// Finds another parent for a node; without one it leaves its tree.
    fn adopt(&mut self, node: u32) {
        let is_sink = self.nodes[node as usize].is_sink;
        let (mut best, mut arc) = (None, self.nodes[node as usize].first);
        while arc != NONE {
            let to = self.arcs[arc as usize].to;
            let near = &self.nodes[to as usize];
            // From the neighbour to the node, in the direction of the flow.
            if near.parent != NONE
                && near.is_sink == is_sink
                && self.passes(arc ^ 1, is_sink)
                && let Some(distance) = self.distance(to)
                && best.is_none_or(|(least, _)| distance < least)
            {
                best = Some((distance, arc));
            }
            arc = self.arcs[arc as usize].next;
        }
        if let Some((distance, arc)) = best {
            let it = &mut self.nodes[node as usize];
            (it.parent, it.time, it.distance) = (arc, self.time, distance + 1);
            return;
        }
        let mut arc = self.nodes[node as usize].first;
        while arc != NONE {
            let to = self.arcs[arc as usize].to;
            let (parent, same) = {
                let near = &self.nodes[to as usize];
                (near.parent, near.parent != NONE && near.is_sink == is_sink)
            };
            if same {
                if self.passes(arc ^ 1, is_sink) {
                    self.activate(to);
                }
                if parent < ORPHAN && self.arcs[parent as usize].to == node {
                    self.orphan(to);
                }
            }
            arc = self.arcs[arc as usize].next;
        }
        self.nodes[node as usize].parent = NONE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a labelling costs.
    fn cost(prefers: &[f32], joins: &[(usize, usize, f32)], is_source: impl Fn(usize) -> bool) -> f32 {
        let ends = prefers.iter().enumerate().map(|(node, by)| match is_source(node) {
            true => (-by).max(0.0),
            false => by.max(0.0),
        });
        let cut = joins.iter().filter(|(a, b, _)| is_source(*a) != is_source(*b)).map(|(_, _, cost)| cost);
        ends.sum::<f32>() + cut.sum::<f32>()
    }

    proptest! {
        #[test]
        fn no_other_cut_is_cheaper(
            prefers in prop::collection::vec(-9i8..9, 2..9),
            joins in prop::collection::vec((0usize..9, 0usize..9, 0u8..9), 0..20),
        ) {
            let nodes = prefers.len();
            let prefers: Vec<f32> = prefers.into_iter().map(f32::from).collect();
            let joins: Vec<_> = joins.into_iter().map(|(a, b, c)| (a % nodes, b % nodes, f32::from(c))).filter(|(a, b, _)| a != b).collect();
            let mut flow = MaxFlow::new(nodes);
            prefers.iter().enumerate().for_each(|(node, by)| flow.prefer(node, *by));
            joins.iter().for_each(|(a, b, c)| flow.join(*a, *b, *c));
            let is_source = flow.cut();
            let found = cost(&prefers, &joins, |node| is_source[node]);
            let least = (0..1u32 << nodes).map(|bits| cost(&prefers, &joins, |node| bits >> node & 1 == 1));
            prop_assert_eq!(found, least.fold(f32::INFINITY, f32::min));
        }
    }
}
