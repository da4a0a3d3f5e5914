//! Compares boxes with those that are true.

use std::fmt;
use wasm_core::pixels::Rect;
use wasm_core::text::Line;

use crate::Result;

/// Left, top, right, bottom, in pixels.
#[derive(Clone, Copy)]
struct Box4([f64; 4]);

impl Box4 {
    fn of(rect: &Rect) -> Self {
        Self([rect.x, rect.y, rect.right(), rect.bottom()].map(f64::from))
    }

    fn area(&self) -> f64 {
        (self.0[2] - self.0[0]).max(0.0) * (self.0[3] - self.0[1]).max(0.0)
    }

    fn shared(&self, other: &Self) -> f64 {
        let [a, b] = [self.0, other.0];
        Self([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]).area()
    }

    /// Intersection over union.
    fn overlap(&self, other: &Self) -> f64 {
        let shared = self.shared(other);
        shared / (self.area() + other.area() - shared)
    }
}

/// A picture and where its text is.
pub(crate) struct Case {
    pub(crate) file: String,
    pub(crate) script: String,
    pub(crate) ground: String,
    /// Whether whole lines are compared.
    is_by_line: bool,
    /// Each box with whether it has letters or digits.
    boxes: Vec<(Box4, bool)>,
}

/// How many boxes there are, how many of them were found; how many were found, how many of them are right.
#[derive(Default)]
pub(crate) struct Score {
    wanted: usize,
    hit: usize,
    found: usize,
}

impl Score {
    pub(crate) fn add(&mut self, other: &Self) {
        self.wanted += other.wanted;
        self.hit += other.hit;
        self.found += other.found;
    }

    pub(crate) fn recall(&self) -> f64 {
        self.hit as f64 / self.wanted.max(1) as f64
    }

    pub(crate) fn precision(&self) -> f64 {
        self.hit as f64 / self.found.max(1) as f64
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "recall {:.3}\tprecision {:.3}\tof {}", self.recall(), self.precision(), self.wanted)
    }
}

/// The cases of a table that `e2e/text-pages.mjs` wrote.
pub(crate) fn cases(table: &str) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = vec![];
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [file, script, ground, level, x, _, width, _, y, height, text] = fields[..] else {
            return Err("a box has eleven fields".into());
        };
        if cases.last().is_none_or(|case| case.file != file) {
            let is_by_line = level == "line";
            cases.push(Case {
                file: file.into(),
                script: script.into(),
                ground: ground.into(),
                is_by_line,
                boxes: vec![],
            });
        }
        let [x, y, width, height] = [x.parse::<f64>()?, y.parse()?, width.parse()?, height.parse()?];
        let place = Box4([x, y, x + width, y + height]);
        cases.last_mut().ok_or("a case")?.boxes.push((place, text.chars().any(char::is_alphanumeric)));
    }
    Ok(cases)
}

impl Case {
    pub(crate) fn score(&self, lines: &[Line], picture: Rect) -> Score {
        let found: Vec<Box4> = if self.is_by_line {
            lines.iter().map(|line| Box4::of(&line.rect)).collect()
        } else {
            lines.iter().flat_map(|line| &line.words).map(Box4::of).collect()
        };
        let is_whole = |place: &Box4| place.shared(&Box4::of(&picture)) >= place.area();
        let (wanted, spared): (Vec<_>, Vec<_>) =
            self.boxes.iter().partition(|(place, is_text)| *is_text && is_whole(place));
        let mut pairs: Vec<(f64, usize, usize)> = vec![];
        for (i, (place, _)) in wanted.iter().enumerate() {
            let overlaps = found.iter().enumerate().map(|(j, other)| (place.overlap(other), i, j));
            pairs.extend(overlaps.filter(|(overlap, ..)| *overlap >= 0.5));
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut is_hit, mut is_right) = (vec![false; wanted.len()], vec![false; found.len()]);
        for (_, i, j) in pairs {
            if !is_hit[i] && !is_right[j] {
                (is_hit[i], is_right[j]) = (true, true);
            }
        }
        let is_spared = |place: &Box4| spared.iter().any(|(other, _)| place.shared(other) >= 0.5 * place.area());
        let counted = found.iter().zip(&is_right).filter(|(place, is_right)| **is_right || !is_spared(place)).count();
        Score { wanted: wanted.len(), hit: is_hit.iter().filter(|is_hit| **is_hit).count(), found: counted }
    }
}
