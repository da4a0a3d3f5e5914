//! The words that are written in a picture, as the engine has found them: which one is pointed at, which ones a rectangle takes, which one comes next.

use crate::masks::mask::{MaskOp, Words};
use crate::masks::runs::packed;
use crate::protocol::{Point, Rect};
use std::collections::HashSet;
use std::ops::Range;

/// What a rectangle covers of a word counts from this share of the word's height on, or of the rectangle's side where that is shorter: neither a
/// touch of the lines around it counts, nor does a rectangle have to be as high as the words that it runs along.
const TOUCH: f64 = 1.0 / 3.0;

/// The words of a picture in the order in which they are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    words: Vec<Word>,
    lines: Vec<Range<usize>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Word {
    /// Around its strokes, image pixels.
    rect: Rect,
    /// Which of its pixels belong to them: 0 or 255.
    strokes: Vec<u8>,
}

/// Where the keyboard goes from a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the next one, or the one before.
    Along {
        /// To the next one.
        forward: bool,
    },
    /// To the nearest one below, or above.
    Across {
        /// To the one below.
        down: bool,
    },
}

impl Text {
    /// The words of lines from left to right, with the pixels of their strokes, word by word. None where these are more or fewer than the words
    /// have.
    pub fn new(lines: Vec<Vec<Rect>>, strokes: &[u8]) -> Option<Self> {
        let mut rest = strokes;
        let mut read = Vec::with_capacity(lines.len());
        for line in lines.into_iter().filter(|line| !line.is_empty()) {
            let mut words = vec![];
            for rect in line {
                let (own, others) = rest.split_at_checked(rect.width as usize * rect.height as usize)?;
                words.push(Word { rect, strokes: own.to_vec() });
                rest = others;
            }
            read.push(words);
        }
        let (mut words, mut lines) = (vec![], vec![]);
        for line in in_reading_order(read) {
            lines.push(words.len()..words.len() + line.len());
            words.extend(line);
        }
        rest.is_empty().then_some(Self { words, lines })
    }

    /// The words whose middle lies in this part of the picture.
    #[must_use]
    pub fn within(self, part: Rect) -> Self {
        let [left, top, right, bottom] = sides(part);
        let is_in = |word: &Word| {
            let [x0, y0, x1, y1] = sides(word.rect);
            let (x, y) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
            (left..right).contains(&x) && (top..bottom).contains(&y)
        };
        let (mut words, mut lines) = (vec![], vec![]);
        for line in self.lines {
            let first = words.len();
            words.extend(self.words[line].iter().filter(|word| is_in(word)).cloned());
            if words.len() > first {
                lines.push(first..words.len());
            }
        }
        Self { words, lines }
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether nothing is written there.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The box of a word, image pixels.
    pub fn rect(&self, word: usize) -> Rect {
        self.words[word].rect
    }

    /// Whether each word is among these boxes.
    pub fn among(&self, boxes: &[Rect]) -> Vec<bool> {
        let key = |Rect { x, y, width, height }: &Rect| [*x, *y, *width, *height];
        let boxes: HashSet<[u32; 4]> = boxes.iter().map(key).collect();
        self.words.iter().map(|word| boxes.contains(&key(&word.rect))).collect()
    }

    /// The word at a place, or the nearest one that is at most so far away; image pixels.
    pub fn at(&self, place: Point, reach: f64) -> Option<usize> {
        let away = |word: &Word| {
            let [left, top, right, bottom] = sides(word.rect);
            (left - place.x).max(place.x - right).max(0.0).hypot((top - place.y).max(place.y - bottom).max(0.0))
        };
        let near = self.words.iter().map(away).enumerate().filter(|(_, away)| *away <= reach);
        near.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(word, _)| word)
    }

    /// The words that a rectangle between two corners takes; image pixels.
    pub fn swept(&self, from: Point, to: Point) -> Vec<usize> {
        let (left, top) = (from.x.min(to.x), from.y.min(to.y));
        // Who drags straight along a line spans no rectangle.
        let (right, bottom) = (from.x.max(to.x).max(left + 1.0), from.y.max(to.y).max(top + 1.0));
        let is_taken = |word: &Word| {
            let [x0, y0, x1, y1] = sides(word.rect);
            let enough = |covered: f64, side: f64| covered > 0.0 && covered >= TOUCH * side.min(y1 - y0);
            enough(right.min(x1) - left.max(x0), (right - left).min(x1 - x0))
                && enough(bottom.min(y1) - top.max(y0), bottom - top)
        };
        (0..self.len()).filter(|word| is_taken(&self.words[*word])).collect()
    }

    /// The words of the line in which a word stands.
    pub fn line(&self, word: usize) -> Vec<usize> {
        self.lines.iter().find(|line| line.contains(&word)).cloned().unwrap_or(word..word + 1).collect()
    }

    /// All words.
    pub fn all(&self) -> Vec<usize> {
        (0..self.len()).collect()
    }

    /// Where the keyboard goes from a word, or to the first one from none. None where nothing lies that way.
    pub fn beside(&self, word: Option<usize>, way: Way) -> Option<usize> {
        let Some(from) = word.filter(|word| *word < self.len()) else { return (!self.is_empty()).then_some(0) };
        match way {
            Way::Along { forward: true } => Some(from + 1).filter(|word| *word < self.len()),
            Way::Along { forward: false } => from.checked_sub(1),
            Way::Across { down } => self.across(self.rect(from), down),
        }
    }

    /// The nearest word whose middle is beyond an edge of a box.
    fn across(&self, from: Rect, down: bool) -> Option<usize> {
        let [left, top, right, bottom] = sides(from);
        let far = |word: &Word| {
            let [x0, y0, x1, y1] = sides(word.rect);
            let middle = (y0 + y1) / 2.0;
            let beyond = if down { middle - bottom } else { top - middle };
            // A step to the side counts for two, so that a column is kept to.
            (beyond > 0.0).then_some(beyond + 2.0 * (x0 - right).max(left - x1).max(0.0))
        };
        let beyond = self.words.iter().enumerate().filter_map(|(at, word)| Some((at, far(word)?)));
        beyond.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(at, _)| at)
    }

    /// The step that paints these words, or takes them away. None where there are none.
    pub fn op(&self, words: &[usize], away: bool) -> Option<MaskOp> {
        let chosen: Vec<&Word> = words.iter().map(|word| &self.words[*word]).collect();
        let rect = chosen.iter().map(|word| word.rect).reduce(around)?;
        let mut coverage = vec![0; rect.width as usize * rect.height as usize];
        for Word { rect: word, strokes } in &chosen {
            for (y, row) in (word.y - rect.y..).zip(strokes.chunks_exact(word.width.max(1) as usize)) {
                let start = y as usize * rect.width as usize + (word.x - rect.x) as usize;
                coverage[start..start + row.len()].iter_mut().zip(row).for_each(|(all, own)| *all = (*all).max(*own));
            }
        }
        let boxes = chosen.iter().map(|word| word.rect).collect();
        Some(MaskOp::Words(Words { boxes, rect, runs: packed(&coverage), away }))
    }
}

/// Left, top, right and bottom.
fn sides(Rect { x, y, width, height }: Rect) -> [f64; 4] {
    [x, y, x + width, y + height].map(f64::from)
}

/// The rectangle around two.
fn around(one: Rect, other: Rect) -> Rect {
    let (x, y) = (one.x.min(other.x), one.y.min(other.y));
    let right = (one.x + one.width).max(other.x + other.width);
    let bottom = (one.y + one.height).max(other.y + other.height);
    Rect { x, y, width: right - x, height: bottom - y }
}

/// Lines from top to bottom; those that stand beside each other from left to right.
fn in_reading_order(lines: Vec<Vec<Word>>) -> impl Iterator<Item = Vec<Word>> {
    let extent = |line: &[Word]| line.iter().map(|word| word.rect).reduce(around).map_or([0.0; 4], sides);
    let mut lines: Vec<([f64; 4], Vec<Word>)> = lines.into_iter().map(|line| (extent(&line), line)).collect();
    let middle = |[_, top, _, bottom]: &[f64; 4]| (top + bottom) / 2.0;
    lines.sort_by(|(one, _), (other, _)| middle(one).total_cmp(&middle(other)));
    let holds = |one: &[f64; 4], other: &[f64; 4]| (one[1]..one[3]).contains(&middle(other));
    let rows = lines.chunk_by_mut(|(one, _), (other, _)| holds(one, other) && holds(other, one));
    rows.for_each(|row| row.sort_by(|(one, _), (other, _)| one[0].total_cmp(&other[0])));
    lines.into_iter().map(|(_, line)| line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masks::mask::Mask;

    fn word(x: u32, y: u32, width: u32) -> Rect {
        Rect { x, y, width, height: 12 }
    }

    /// Two columns of two lines each; the right one begins a little higher, and is found first.
    fn text() -> Text {
        let lines = vec![
            vec![word(200, 9, 40), word(250, 9, 30)],
            vec![word(10, 10, 50), word(70, 10, 30)],
            vec![word(200, 29, 60)],
            vec![word(10, 30, 20), word(40, 30, 70)],
        ];
        let pixels = lines.iter().flatten().map(|rect| (rect.width * rect.height) as usize).sum();
        Text::new(lines, &vec![255; pixels]).expect("strokes for all words")
    }

    fn point(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    #[test]
    fn lines_are_read_from_the_top_and_beside_each_other_from_the_left() {
        let text = text();
        let lefts: Vec<u32> = text.all().into_iter().map(|word| text.rect(word).x).collect();
        assert_eq!(lefts, [10, 70, 200, 250, 10, 40, 200]);
        assert_eq!((text.line(1), text.line(6)), (vec![0, 1], vec![6]));
    }

    #[test]
    fn words_beyond_what_is_left_of_a_picture_are_none() {
        let left = text().within(Rect { x: 60, y: 0, width: 150, height: 30 });
        let lefts: Vec<u32> = left.all().into_iter().map(|word| left.rect(word).x).collect();
        assert_eq!((lefts, left.line(0)), (vec![70], vec![0]));
        let right = text().within(Rect { x: 200, y: 0, width: 100, height: 100 });
        assert_eq!((right.len(), right.line(0), right.line(2)), (3, vec![0, 1], vec![2]));
    }

    #[test]
    fn strokes_that_are_not_those_of_the_words_are_refused() {
        let lines = || vec![vec![word(0, 0, 2)], vec![]];
        assert_eq!(Text::new(lines(), &[0; 24]).map(|text| text.len()), Some(1));
        assert!(Text::new(lines(), &[0; 23]).is_none() && Text::new(lines(), &[0; 25]).is_none());
        assert!(Text::new(vec![], &[]).is_some_and(|text| text.is_empty() && text.op(&[], false).is_none()));
    }

    #[test]
    fn the_nearest_word_within_reach_is_pointed_at() {
        let text = text();
        assert_eq!(text.at(point(30.0, 15.0), 0.0), Some(0));
        assert_eq!(text.at(point(64.0, 15.0), 0.0), None, "between two words");
        assert_eq!(text.at(point(64.0, 15.0), 5.0), Some(0));
        assert_eq!(text.at(point(66.0, 15.0), 5.0), Some(1));
        assert_eq!(text.at(point(150.0, 100.0), 20.0), None);
    }

    #[test]
    fn a_rectangle_takes_what_it_covers_and_what_it_runs_along() {
        let text = text();
        assert_eq!(text.swept(point(0.0, 0.0), point(120.0, 60.0)), [0, 1, 4, 5]);
        assert_eq!(text.swept(point(120.0, 60.0), point(0.0, 0.0)), [0, 1, 4, 5], "from any corner");
        assert_eq!(text.swept(point(20.0, 15.0), point(90.0, 18.0)), [0, 1], "along the line, as a pen marks it");
        assert_eq!(text.swept(point(90.0, 15.0), point(20.0, 15.0)), [0, 1], "straight along it");
        assert_eq!(text.swept(point(0.0, 5.0), point(120.0, 32.0)), [0, 1], "a touch of the next line does not count");
        assert_eq!(text.swept(point(58.0, 5.0), point(120.0, 25.0)), [1], "nor does one of the word before");
        assert_eq!(text.swept(point(120.0, 0.0), point(190.0, 60.0)), [0; 0]);
    }

    #[test]
    fn the_keyboard_goes_along_lines_and_across_them() {
        let text = text();
        let along = |from, forward| text.beside(from, Way::Along { forward });
        assert_eq!(along(None, true), Some(0));
        assert_eq!((along(Some(3), true), along(Some(4), false)), (Some(4), Some(3)));
        assert_eq!((along(Some(6), true), along(Some(0), false)), (None, None), "the last and the first");
        let across = |from, down| text.beside(Some(from), Way::Across { down });
        assert_eq!((across(1, true), across(3, true)), (Some(5), Some(6)), "in its own column");
        assert_eq!((across(6, false), across(0, false)), (Some(2), None));
        assert_eq!(along(Some(99), true), Some(0), "of another picture");
    }

    #[test]
    fn what_is_painted_are_the_strokes_and_what_is_taken_is_known_by_its_boxes() {
        let strokes = [255, 0, 255, 0, 255, 255, 255, 0];
        let boxes = [Rect { x: 3, y: 2, width: 2, height: 2 }, Rect { x: 7, y: 3, width: 2, height: 2 }];
        let text = Text::new(vec![boxes.to_vec()], &strokes).expect("strokes for both");
        let mut mask = Mask::new(12, 8);
        mask.apply(&text.op(&[0, 1], false).expect("words"));
        let painted: Vec<(i64, i64)> =
            (0..8).flat_map(|y| (0..12).map(move |x| (x, y))).filter(|(x, y)| mask.is_painted(*x, *y)).collect();
        assert_eq!(painted, [(3, 2), (3, 3), (7, 3), (8, 3), (7, 4)]);
        assert_eq!(text.among(&boxes[1..]), [false, true]);
        mask.apply(&text.op(&[0, 1], true).expect("words"));
        assert_eq!(mask.cut(), None);
    }
}
