//! Which boxes stand beside each other, as letters and words of a line do.

use crate::pixels::Rect;

/// What two boxes have in common that belong to one line, as shares of the heights.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// The largest gap between them along the line, by the higher one.
    pub(super) gap: f32,
    /// How much of the lower one is beside the higher one, at least.
    pub(super) overlap: f32,
    /// The smallest height, by the largest.
    pub(super) likeness: f32,
}

/// Height of the rows of boxes that are looked through together, in pixels; no box is higher.
pub(super) const TALLEST: u32 = 80;

/// Sets of boxes: each box knows another one of its set, or itself.
pub(super) struct Sets(Vec<u32>);

impl Sets {
    pub(super) fn new(count: usize) -> Self {
        Self((0..count as u32).collect())
    }

    /// The one box that stands for the set.
    pub(super) fn of(&mut self, mut at: usize) -> usize {
        while self.0[at] as usize != at {
            self.0[at] = self.0[self.0[at] as usize];
            at = self.0[at] as usize;
        }
        at
    }

    pub(super) fn join(&mut self, one: usize, other: usize) {
        let [one, other] = [self.of(one), self.of(other)];
        self.0[one.max(other)] = one.min(other) as u32;
    }

    /// The members of each set.
    pub(super) fn members(mut self) -> Vec<Vec<usize>> {
        let mut members = vec![vec![]; self.0.len()];
        for at in 0..self.0.len() {
            members[self.of(at)].push(at);
        }
        members.retain(|set| !set.is_empty());
        members
    }
}

/// Boxes by rows of [`TALLEST`] pixels, from left to right.
pub(super) struct Rows(Vec<Vec<usize>>);

impl Rows {
    pub(super) fn new(boxes: &[Rect]) -> Self {
        let row = |rect: &Rect| ((rect.y + rect.height / 2) / TALLEST) as usize;
        let mut rows = vec![vec![]; boxes.iter().map(row).max().map_or(0, |last| last + 1)];
        boxes.iter().enumerate().for_each(|(at, rect)| rows[row(rect)].push(at));
        rows.iter_mut().for_each(|row| row.sort_by_key(|at| boxes[*at].x));
        Self(rows)
    }

    /// The boxes whose middle is in the row of `rect` or next to it, and whose left edge is in `left`.
    pub(super) fn near(&self, boxes: &[Rect], rect: Rect, left: std::ops::RangeInclusive<u32>) -> Vec<usize> {
        let row = ((rect.y + rect.height / 2) / TALLEST) as usize;
        let rows = row.saturating_sub(1)..(row + 2).min(self.0.len());
        let of_row = |row: usize| {
            let row = &self.0[row];
            let first = row.partition_point(|at| boxes[*at].x < *left.start());
            let last = row.partition_point(|at| boxes[*at].x <= *left.end());
            row.get(first..last).unwrap_or_default().iter().copied()
        };
        rows.flat_map(of_row).collect()
    }
}

/// Whether two boxes stand beside each other; in either order.
pub(super) fn are_beside(a: Rect, b: Rect, rule: Rule) -> bool {
    let (low, high) = (a.height.min(b.height) as f32, a.height.max(b.height) as f32);
    let gap = a.x.max(b.x) as f32 - a.right().min(b.right()) as f32;
    low >= rule.likeness * high && gap <= rule.gap * high && overlap(a, b) >= rule.overlap * low
}

/// How many rows two boxes share, in pixels; less than 0 where there are rows between them.
pub(super) fn overlap(a: Rect, b: Rect) -> f32 {
    a.bottom().min(b.bottom()) as f32 - a.y.max(b.y) as f32
}

/// Joins boxes that stand beside each other where `fit` says so too.
pub(super) fn joined(boxes: &[Rect], rule: Rule, fit: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut sets = Sets::new(boxes.len());
    let rows = Rows::new(boxes);
    for (at, rect) in boxes.iter().enumerate() {
        let farthest = rect.right() + (rule.gap * TALLEST as f32) as u32;
        for other in rows.near(boxes, *rect, rect.x..=farthest) {
            if other != at && are_beside(*rect, boxes[other], rule) && fit(at, other) {
                sets.join(at, other);
            }
        }
    }
    sets.members()
}

/// The smallest box around some boxes; none are given only by mistake.
pub(super) fn around(boxes: impl IntoIterator<Item = Rect>) -> Rect {
    boxes.into_iter().reduce(|all, one| all.union(&one)).unwrap_or_default()
}
