//! Parts that are letters, put together to lines.

use super::boxes::{self, Rows, Rule, Sets, TALLEST};
use super::parts::Part;
use crate::pixels::Rect;

/// The smallest letter that begins a line, in pixels; what is lower is a dot or a dash of one.
const LOWEST: u32 = 4;
/// Letters are at most so many times as wide as high: words whose letters are connected are.
const WIDEST: u32 = 24;
/// Least share of a letter's outline where there is an edge.
const EDGES: f32 = 0.75;
/// Least share of its box that a letter fills: frames fill less.
const FILLED: f32 = 0.1;
/// What is so many times longer than thick and fills so much of its box is a rule.
const RULE: u32 = 6;
const UPRIGHT_RULE: u32 = 14;
const RULE_FILLED: f32 = 0.8;
/// Contrasts of the letters of a line are alike up to this factor.
const CONTRASTS: f32 = 0.5;

/// Letters that stand beside each other, and lines that do.
const LETTERS: Rule = Rule { gap: 1.0, overlap: 0.5, likeness: 0.35 };
const PIECES: Rule = Rule { gap: 1.0, overlap: 0.6, likeness: 0.5 };
/// Two lines that are one together are not much higher than the higher one: text in rows close to each other stays in rows.
const TOGETHER: f32 = 1.35;
/// How far from a line its dots and marks may lie, and how high they are at most, as shares of its height; how far above or below the middle of
/// a letter may be that is a piece of a character.
const BESIDE: f32 = 0.35;
const PIECE_OFF: f32 = 0.1;
const MARK: f32 = 0.7;
/// Least share of the outline of a dot or mark where there is an edge.
const EDGES_OF_MARK: f32 = 0.5;
/// How often pieces, marks and neighbours are looked for: the second time, lines are as high as the first time made them.
const ROUNDS: usize = 2;

/// The letters of a line, and what else belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) rect: Rect,
    /// The letters that it was made of first.
    pub(super) letters: Vec<Part>,
    /// Dots, dashes, and pieces of letters.
    pub(super) marks: Vec<Part>,
}

impl Group {
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.letters.iter().chain(&self.marks)
    }

    pub(super) fn contrast(&self) -> f32 {
        let (contrasts, area) = self.letters.iter().fold((0, 0), |(c, a), part| (c + part.contrasts, a + part.area));
        contrasts as f32 / area.max(1) as f32
    }
}

/// Whether a part may be a letter, or connected letters.
fn is_letter(part: &Part) -> bool {
    let Rect { width, height, .. } = part.rect;
    let filled = part.area as f32 / part.rect.area() as f32;
    let is_rule = filled > RULE_FILLED && (width > RULE * height || height > UPRIGHT_RULE * width);
    (LOWEST..=TALLEST).contains(&height)
        && width <= WIDEST * height
        && part.edge_share() >= EDGES
        && filled >= FILLED
        && !is_rule
}

/// Whether two contrasts may be those of one line.
fn are_alike(a: f32, b: f32) -> bool {
    a.min(b) >= CONTRASTS * a.max(b)
}

/// The lines that parts form.
pub(super) fn lines(parts: &[Part]) -> Vec<Group> {
    let (letters, rest): (Vec<Part>, Vec<Part>) = parts.iter().partition(|part| is_letter(part));
    let rects: Vec<Rect> = letters.iter().map(|part| part.rect).collect();
    let sets = boxes::joined(&rects, LETTERS, |a, b| are_alike(letters[a].contrast(), letters[b].contrast()));
    let mut groups: Vec<Group> = sets
        .into_iter()
        .map(|set| {
            let letters: Vec<Part> = set.into_iter().map(|at| letters[at]).collect();
            Group { rect: boxes::around(letters.iter().map(|part| part.rect)), letters, marks: vec![] }
        })
        .collect();
    let mut rest: Vec<Part> = rest.into_iter().filter(|part| part.edge_share() >= EDGES_OF_MARK).collect();
    for _ in 0..ROUNDS {
        groups = with_groups_inside(groups);
        take_marks(&mut groups, &mut rest);
        groups = connected(groups);
    }
    groups
}

/// Joins groups that stand beside each other.
fn connected(groups: Vec<Group>) -> Vec<Group> {
    let rects: Vec<Rect> = groups.iter().map(|group| group.rect).collect();
    let contrasts: Vec<f32> = groups.iter().map(Group::contrast).collect();
    let sets = boxes::joined(&rects, PIECES, |a, b| {
        let highest = rects[a].height.max(rects[b].height);
        are_alike(contrasts[a], contrasts[b])
            && highest <= TALLEST
            && rects[a].union(&rects[b]).height as f32 <= TOGETHER * highest as f32
    });
    merged(groups, sets)
}

fn merged(groups: Vec<Group>, sets: Vec<Vec<usize>>) -> Vec<Group> {
    let mut groups: Vec<Option<Group>> = groups.into_iter().map(Some).collect();
    let merge = |set: Vec<usize>| {
        set.into_iter().filter_map(|at| groups[at].take()).reduce(|mut all, one| {
            all.rect = all.rect.union(&one.rect);
            all.letters.extend(one.letters);
            all.marks.extend(one.marks);
            all
        })
    };
    sets.into_iter().filter_map(merge).collect()
}

/// Pieces of letters that lie in the box of a line, or nearly, belong to it: characters that consist of several.
fn with_groups_inside(groups: Vec<Group>) -> Vec<Group> {
    let homes = Homes::new(&groups);
    let mut sets = Sets::new(groups.len());
    for (at, group) in groups.iter().enumerate() {
        if let Some(home) = homes.of(group.rect, group.contrast(), PIECE_OFF, Some(at)) {
            sets.join(at, home);
        }
    }
    merged(groups, sets.members())
}

/// Gives every line its dots and marks, which are taken out of `rest`.
fn take_marks(groups: &mut [Group], rest: &mut Vec<Part>) {
    let homes = Homes::new(groups);
    rest.retain(|part| {
        let home = homes.of(part.rect, part.contrast(), BESIDE, None);
        if let Some(home) = home {
            groups[home].marks.push(*part);
        }
        home.is_none()
    });
    for group in groups {
        group.rect = boxes::around(group.parts().map(|part| part.rect));
    }
}

/// Finds the line that a mark belongs to.
struct Homes {
    /// The box and the contrast of each line.
    lines: Vec<(Rect, f32)>,
    /// Lines are cut into pieces, so that those near a place are found, each with the number of its line.
    pieces: Vec<Rect>,
    owner: Vec<usize>,
    rows: Rows,
}

impl Homes {
    fn new(groups: &[Group]) -> Self {
        let (mut pieces, mut owner) = (vec![], vec![]);
        for (at, Group { rect, .. }) in groups.iter().enumerate() {
            for x in (rect.x..rect.right()).step_by(TALLEST as usize) {
                pieces.push(Rect { x, width: TALLEST.min(rect.right() - x), ..*rect });
                owner.push(at);
            }
        }
        let lines = groups.iter().map(|group| (group.rect, group.contrast())).collect();
        Self { lines, rows: Rows::new(&pieces), pieces, owner }
    }

    /// The line nearest to a small box beside it whose middle is at most `off` of the line's height above or below it; never the line `but`.
    fn of(&self, rect: Rect, contrast: f32, off: f32, but: Option<usize>) -> Option<usize> {
        let near = self.rows.near(&self.pieces, rect, rect.x.saturating_sub(2 * TALLEST)..=rect.right() + TALLEST);
        let owners = near.into_iter().map(|piece| self.owner[piece]).filter(|owner| Some(*owner) != but);
        let distances = owners.filter_map(|owner| {
            let (home, of_home) = self.lines[owner];
            let height = home.height as f32;
            let distance = distance(rect, home, off);
            let is_small = rect.height as f32 <= MARK * height && rect.width as f32 <= height;
            (is_small && contrast >= CONTRASTS * of_home && distance <= BESIDE * height).then_some((distance, owner))
        });
        distances.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, owner)| owner)
    }
}

/// How far a box is from another one: to the side, or by its middle above or below, where `off` is as far as [`BESIDE`] is to the side.
fn distance(rect: Rect, home: Rect, off: f32) -> f32 {
    let aside = rect.x.max(home.x) as f32 - rect.right().min(home.right()) as f32;
    let middle = rect.y as f32 + rect.height as f32 / 2.0;
    let above_or_below = (home.y as f32 - middle).max(middle - home.bottom() as f32);
    aside.max(above_or_below * BESIDE / off).max(0.0)
}
