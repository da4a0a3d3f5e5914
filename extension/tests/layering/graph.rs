//! Which part uses which: circles, layers, and the picture of both.

use std::collections::{BTreeMap, BTreeSet};

/// Arrows from each part to the parts that it uses, each with one place in the source that says so.
#[derive(Debug, Default)]
pub(super) struct Graph(BTreeMap<String, BTreeMap<String, String>>);

impl Graph {
    /// Notes a part, used or not.
    pub(super) fn add_part(&mut self, name: &str) {
        self.0.entry(name.to_owned()).or_default();
    }

    /// Notes that `from` uses `to`, as `place` shows; a part may use itself.
    pub(super) fn add_arrow(&mut self, from: &str, to: &str, place: impl FnOnce() -> String) {
        self.add_part(to);
        if from != to {
            self.0.entry(from.to_owned()).or_default().entry(to.to_owned()).or_insert_with(place);
        }
    }

    /// Every arrow as (user, used, place).
    pub(super) fn arrows(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.0
            .iter()
            .flat_map(|(from, used)| used.iter().map(|(to, place)| (from.as_str(), to.as_str(), place.as_str())))
    }

    /// All parts that `from` uses, directly or through others.
    fn reachable(&self, from: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = vec![from];
        while let Some(at) = open.pop() {
            for to in self.0.get(at).into_iter().flat_map(BTreeMap::keys) {
                if found.insert(to.as_str()) {
                    open.push(to);
                }
            }
        }
        found
    }

    /// The parts in groups: those that reach each other in circles together, every other one alone.
    fn groups(&self) -> Vec<BTreeSet<&str>> {
        let reachable: BTreeMap<&str, BTreeSet<&str>> =
            self.0.keys().map(|part| (part.as_str(), self.reachable(part))).collect();
        let mut groups: Vec<BTreeSet<&str>> = vec![];
        for part in self.0.keys().map(String::as_str) {
            if groups.iter().any(|group| group.contains(part)) {
                continue;
            }
            let circle = reachable[part].iter().copied().filter(|other| reachable[other].contains(part));
            groups.push(circle.chain([part]).collect());
        }
        groups
    }

    /// One line for each circle: its members, and an arrow between each two of them with the place that makes it.
    pub(super) fn circles(&self) -> Vec<String> {
        let circles = self.groups().into_iter().filter(|group| group.len() > 1);
        let described = |circle: BTreeSet<&str>| {
            let inside = |(from, to, _): &(&str, &str, &str)| circle.contains(from) && circle.contains(to);
            let arrows = self.arrows().filter(inside).map(|(from, to, place)| format!("\n    {from} -> {to}: {place}"));
            format!("circle of {}{}", circle.iter().copied().collect::<Vec<_>>().join(", "), arrows.collect::<String>())
        };
        circles.map(described).collect()
    }

    /// The parts in layers: each uses only parts of the layers before its own. Members of a circle are joined with `⇄`.
    pub(super) fn layers(&self) -> Vec<Vec<String>> {
        let mut open = self.groups();
        let mut placed = BTreeSet::new();
        let mut layers = vec![];
        while !open.is_empty() {
            let is_ready = |group: &BTreeSet<&str>| {
                group
                    .iter()
                    .all(|part| self.0[*part].keys().all(|to| placed.contains(to) || group.contains(to.as_str())))
            };
            let (ready, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(is_ready);
            assert!(!ready.is_empty(), "groups of parts form no circle");
            layers.push(ready.iter().map(|group| group.iter().copied().collect::<Vec<_>>().join(" ⇄ ")).collect());
            placed.extend(ready.into_iter().flatten().map(str::to_owned));
            open = rest;
        }
        layers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(arrows: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        arrows.iter().for_each(|(from, to)| graph.add_arrow(from, to, || format!("{from} names {to}")));
        graph
    }

    #[test]
    fn circles_of_any_length_are_found_and_nothing_else() {
        assert!(graph(&[("a", "b"), ("b", "c"), ("a", "c"), ("a", "a")]).circles().is_empty());
        let found = graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "a")]).circles();
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("circle of a, b, c") && found[0].contains("c -> a: c names a"), "{found:?}");
    }

    #[test]
    fn layers_start_with_what_uses_nothing() {
        let found = graph(&[("a", "b"), ("c", "b"), ("d", "a"), ("x", "y"), ("y", "x"), ("d", "y")]).layers();
        assert_eq!(found, [vec!["b", "x ⇄ y"], vec!["a", "c"], vec!["d"]]);
    }
}
