//! The words of a line, by the gaps between its letters.

use super::grouping::Group;
use super::plane::Plane;
use crate::pixels::Rect;

/// What is wider than this share of the height of letters is usually a gap between words; and the same where letters hang from a line, as in
/// Devanagari, so that those of a word leave none.
const USUAL: f32 = 0.4;
const USUAL_HUNG: f32 = 0.18;
/// A line's own gaps may say otherwise, down and up to these factors: no gap at all is more usual than one of an em.
const LEAST: f32 = 0.4;
const MOST: f32 = 1.6;
/// Letters hang from a line in the upper half of them that fills so much of their width; less is enough where what is connected is wider than high.
/// Bars, which fill all of their width, are narrower.
const ALL_HUNG: f32 = 0.93;
const NARROW: f32 = 0.5;
const HUNG: f32 = 0.7;
const WIDE: f32 = 1.3;
/// Pixels with at least this share of a line's contrast belong to the inside of strokes.
const INSIDE: f32 = 0.75;

/// The boxes of a line's words, from left to right.
pub(super) fn words(line: &Group, ink: &Plane) -> Vec<Rect> {
    let pieces = pieces(line);
    let height = height(line);
    let gaps: Vec<f32> = pieces.windows(2).map(|pair| (pair[1].x - pair[0].right()) as f32 / height).collect();
    let limit = limit(&gaps, if are_hung(line, &pieces, ink) { USUAL_HUNG } else { USUAL });
    let mut words: Vec<Rect> = vec![];
    for (at, piece) in pieces.into_iter().enumerate() {
        match words.last_mut() {
            Some(word) if gaps[at - 1] <= limit => *word = word.union(&piece),
            _ => words.push(piece),
        }
    }
    words
}

/// The boxes around parts that are above each other, from left to right: between them one can see through the line.
fn pieces(line: &Group) -> Vec<Rect> {
    let mut rects: Vec<Rect> = line.parts().map(|part| part.rect).collect();
    rects.sort_unstable_by_key(|rect| rect.x);
    let mut pieces: Vec<Rect> = vec![];
    for rect in rects {
        match pieces.last_mut() {
            Some(piece) if rect.x <= piece.right() => *piece = piece.union(&rect),
            _ => pieces.push(rect),
        }
    }
    pieces
}

/// The height of letters: half of a line's ink is in letters as high as this, or higher. Dots count for little.
pub(super) fn height(line: &Group) -> f32 {
    let mut letters: Vec<(u32, u32)> = line.letters.iter().map(|part| (part.rect.height, part.area)).collect();
    letters.sort_unstable();
    let ink: u32 = letters.iter().map(|(_, area)| area).sum();
    let mut lower = 0;
    let median = letters.into_iter().find(|(_, area)| {
        lower += area;
        2 * lower >= ink
    });
    median.map_or(1.0, |(height, _)| height as f32)
}

/// Whether the letters of words hang from a line and so are connected.
fn are_hung(line: &Group, pieces: &[Rect], ink: &Plane) -> bool {
    let least = INSIDE * line.contrast();
    let filled = |y: u32| {
        let row = &ink.levels[y as usize * ink.width..][line.rect.x as usize..line.rect.right() as usize];
        row.iter().filter(|ink| f32::from(**ink) > least).count()
    };
    let fullest =
        (line.rect.y..line.rect.bottom()).map(|y| (filled(y), y)).max_by_key(|(filled, y)| (*filled, u32::MAX - y));
    let Some((filled, y)) = fullest else { return false };
    let widths: f32 = pieces.iter().map(|piece| piece.width as f32).sum();
    let squares: f32 = pieces.iter().map(|piece| (piece.width as f32).powi(2)).sum();
    let share = filled as f32 / widths;
    // The mean width of the pieces, where each pixel counts as much as another, by the height of letters.
    let wide = squares / widths / height(line);
    2 * (y - line.rect.y) < line.rect.height && ((share > ALL_HUNG && wide > NARROW) || (share > HUNG && wide > WIDE))
}

/// The widest gap inside of a word. Between the gaps inside of words and those between them, no gap is; of all such steps, the largest one by its
/// factor is taken, less by how far it is from what is usual.
fn limit(gaps: &[f32], usual: f32) -> f32 {
    let (least, most) = ((usual * LEAST).ln(), (usual * MOST).ln());
    let mut logs = vec![least, most];
    logs.extend(gaps.iter().map(|gap| gap.ln().clamp(least, most)));
    logs.sort_by(f32::total_cmp);
    let steps = logs.windows(2).map(|pair| {
        let middle = (pair[0] + pair[1]) / 2.0;
        (pair[1] - pair[0] - (middle - usual.ln()).abs(), middle)
    });
    steps.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(usual, |(_, middle)| middle.exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_of_a_line_tell_where_its_words_end() {
        let between = |gaps: &[f32], usual| {
            let limit = limit(gaps, usual);
            gaps.iter().filter(|gap| **gap > limit).count()
        };
        assert_eq!(between(&[0.1, 0.12, 0.5, 0.1, 0.55], USUAL), 2, "proportional letters");
        assert_eq!(between(&[0.25, 0.3, 1.1, 0.25], USUAL), 1, "letters of one width");
        assert_eq!(between(&[0.1, 0.2, 0.15], USUAL), 0, "one word");
        assert_eq!(between(&[0.6], USUAL), 1, "two letters");
        assert_eq!(between(&[0.3, 0.28, 0.05], USUAL_HUNG), 2, "connected letters");
        assert_eq!(between(&[], USUAL), 0);
    }
}
