//! The connected pieces of the mask, and which of them are copies of each other.

use crate::pixels::{Mask, Rect};
use crate::{Pacer, Result};

/// Pixels between two checkpoints: a few milliseconds of work.
const CHECKPOINT: usize = 1 << 20;
/// Minimum number of pixels of a piece that is compared with others.
const MIN_COPY: usize = 80;
/// Maximum number of pieces that are compared with each other; the largest are taken.
const MAX_COMPARED: usize = 64;
/// Maximum number of copies that are kept for a piece.
const MAX_COPIES: usize = 24;
/// Two shapes are the same above this overlap (intersection over union).
const SAME_SHAPE: f32 = 0.85;

/// Positions by falling keys. All that is sorted here are 64-bit numbers, so that sorting is compiled once.
pub(super) fn falling(keys: impl Iterator<Item = u32>) -> Vec<usize> {
    let mut order: Vec<u64> = keys.enumerate().map(|(at, key)| u64::from(!key) << 32 | at as u64).collect();
    order.sort_unstable();
    order.into_iter().map(|entry| entry as u32 as usize).collect()
}

/// An offset as a number that sorts like the pair.
fn sortable(dx: i32, dy: i32) -> u64 {
    let shifted = |v: i32| u64::from(v as u32 ^ 1 << 31);
    shifted(dx) << 32 | shifted(dy)
}

/// The offset of [`sortable`].
fn unsorted(offset: u64) -> (i32, i32) {
    let shifted = |v: u64| (v as u32 ^ 1 << 31) as i32;
    (shifted(offset >> 32), shifted(offset))
}

/// A connected piece of the mask.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// Bounding rectangle, in the window.
    pub(super) rect: Rect,
    /// Number of pixels.
    pub(super) pixels: usize,
    /// Offsets (x, y) at which the mask has the same shape again, in pixels.
    pub(super) copies: Vec<(i32, i32)>,
}

/// The mask, divided into connected pieces.
pub(super) struct Pieces {
    /// The part of the picture that is looked at. All other coordinates count from its corner.
    pub(super) window: Rect,
    pub(super) list: Vec<Piece>,
    /// `[window.height, window.width]`: 0 where the picture is known, else 1 + the piece's position in `list`.
    pub(super) labels: Vec<u32>,
}

impl Pieces {
    /// The pieces of `mask` (8-neighbourhood) within `window`.
    pub(super) async fn new(mask: &Mask, window: Rect, pacer: &dyn Pacer) -> Result<Self> {
        let (width, height) = (window.width as usize, window.height as usize);
        let masked: Vec<bool> = (0..window.area())
            .map(|at| mask.at(window.x + (at % width) as u32, window.y + (at / width) as u32) > 0)
            .collect();
        let mut pieces = Self { window, list: vec![], labels: vec![0; masked.len()] };
        let mut open = vec![];
        for start in 0..masked.len() {
            if start % CHECKPOINT == 0 {
                pacer.checkpoint().await?;
            }
            if !masked[start] || pieces.labels[start] != 0 {
                continue;
            }
            let label = pieces.list.len() as u32 + 1;
            let (mut left, mut top, mut right, mut bottom, mut pixels) = (width, height, 0, 0, 0);
            pieces.labels[start] = label;
            open.push(start);
            while let Some(at) = open.pop() {
                let (x, y) = (at % width, at / width);
                (left, right) = (left.min(x), right.max(x + 1));
                (top, bottom) = (top.min(y), bottom.max(y + 1));
                pixels += 1;
                for y in y.saturating_sub(1)..(y + 2).min(height) {
                    for x in x.saturating_sub(1)..(x + 2).min(width) {
                        let next = y * width + x;
                        if masked[next] && pieces.labels[next] == 0 {
                            pieces.labels[next] = label;
                            open.push(next);
                        }
                    }
                }
            }
            let [x, y, right, bottom] = [left, top, right, bottom].map(|v| v as u32);
            let rect = Rect { x, y, width: right - x, height: bottom - y };
            pieces.list.push(Piece { rect, pixels, copies: vec![] });
        }
        pieces.find_copies(pacer).await?;
        Ok(pieces)
    }

    /// The label at a place of the window; none outside of it.
    pub(super) fn label(&self, x: i64, y: i64) -> Option<u32> {
        let inside = x >= 0 && y >= 0 && x < i64::from(self.window.width) && y < i64::from(self.window.height);
        inside.then(|| self.labels[y as usize * self.window.width as usize + x as usize])
    }

    /// Overlap (intersection over union) of a piece, moved by an offset, with the mask there, and the number of its pixels that stay in the window.
    /// Pixels of other pieces in its rectangle do not count.
    fn overlap(&self, piece: usize, (dx, dy): (i32, i32)) -> (f32, usize) {
        let rect = self.list[piece].rect;
        let (mut both, mut either, mut own) = (0usize, 0usize, 0usize);
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let here = self.labels[(y * self.window.width + x) as usize];
                if here != 0 && here != piece as u32 + 1 {
                    continue;
                }
                let Some(there) = self.label(i64::from(x) + i64::from(dx), i64::from(y) + i64::from(dy)) else {
                    continue;
                };
                own += usize::from(here != 0);
                both += usize::from(here != 0 && there != 0);
                either += usize::from(here != 0 || there != 0);
            }
        }
        (both as f32 / either.max(1) as f32, own)
    }

    /// Finds the copies of the largest pieces. Every offset that moves one piece onto another of the same shape is tried on all of them, so that
    /// pieces which the picture's border cuts off find their copies too.
    async fn find_copies(&mut self, pacer: &dyn Pacer) -> Result<()> {
        let mut compared = falling(self.list.iter().map(|piece| piece.pixels as u32));
        compared.retain(|i| self.list[*i].pixels >= MIN_COPY);
        compared.truncate(MAX_COMPARED);
        let mut offsets: Vec<u64> = vec![];
        for (i, &a) in compared.iter().enumerate() {
            pacer.checkpoint().await?;
            for &b in &compared[i + 1..] {
                if let Some((dx, dy)) = self.offset(a, b) {
                    offsets.extend([sortable(dx, dy), sortable(-dx, -dy)]);
                }
            }
        }
        offsets.sort_unstable();
        offsets.dedup();
        for &piece in &compared {
            pacer.checkpoint().await?;
            let mut copies: Vec<(i32, i32)> = vec![];
            for &offset in &offsets {
                let (dx, dy) = unsorted(offset);
                let is_new = copies.iter().all(|(x, y)| (x - dx).abs() + (y - dy).abs() > 3);
                if copies.len() < MAX_COPIES && is_new {
                    let (overlap, own) = self.overlap(piece, (dx, dy));
                    if overlap > SAME_SHAPE && own >= 60 {
                        copies.push((dx, dy));
                    }
                }
            }
            self.list[piece].copies = copies;
        }
        Ok(())
    }

    /// The offset from piece `a` to piece `b`; none unless they have the same shape.
    fn offset(&self, a: usize, b: usize) -> Option<(i32, i32)> {
        let (one, other) = (&self.list[a], &self.list[b]);
        let alike = one.rect.width.abs_diff(other.rect.width) <= 2
            && one.rect.height.abs_diff(other.rect.height) <= 2
            && one.pixels.abs_diff(other.pixels) * 10 <= one.pixels;
        if !alike {
            return None;
        }
        let (dx, dy) = (other.rect.x as i32 - one.rect.x as i32, other.rect.y as i32 - one.rect.y as i32);
        let mut best = (SAME_SHAPE, None);
        for (x, y) in (-1..=1).flat_map(|y| (-1..=1).map(move |x| (dx + x, dy + y))) {
            let overlap = self.overlap(a, (x, y)).0;
            if overlap > best.0 {
                best = (overlap, Some((x, y)));
            }
        }
        best.1
    }

    /// Number of masked pixels.
    pub(super) fn count(&self) -> usize {
        self.list.iter().map(|piece| piece.pixels).sum()
    }

    /// Whether some piece has at least two copies.
    pub(super) fn has_copies(&self) -> bool {
        self.list.iter().any(|p| p.copies.len() >= 2)
    }

    /// The largest pieces that together have at most `limit` pixels; or, when every piece has more, a part of the largest around `focus`, or around
    /// its middle without one.
    pub(super) fn sample(&self, limit: usize, focus: Option<(u32, u32)>) -> Vec<Selection> {
        let order = falling(self.list.iter().map(|piece| piece.pixels as u32));
        let mut room = limit;
        let mut chosen = vec![];
        for &i in &order {
            if self.list[i].pixels <= room {
                room -= self.list[i].pixels;
                chosen.push(Selection::whole(i, self.list[i].rect));
            }
        }
        if let (true, Some(&largest)) = (chosen.is_empty(), order.first()) {
            let rect = self.list[largest].rect;
            let (x, y) = focus.unwrap_or((rect.x + rect.width / 2, rect.y + rect.height / 2));
            // A rectangle of the piece's own proportions, which holds as many of the piece's pixels if they are spread evenly.
            let share = (limit as f32 / self.list[largest].pixels as f32).sqrt();
            let part = |start: u32, length: u32, at: u32| {
                let size = ((length as f32 * share) as u32).clamp(1, length);
                let first = at.saturating_sub(size / 2).clamp(start, start + length - size);
                (first, first + size)
            };
            let (columns, rows) = (part(rect.x, rect.width, x), part(rect.y, rect.height, y));
            chosen.push(Selection { piece: largest, columns, rows });
        }
        chosen
    }

    /// All pieces in groups of at most `limit` pixels; larger pieces are cut between rows.
    pub(super) fn batches(&self, limit: usize) -> Vec<Vec<Selection>> {
        let (mut batches, mut batch, mut room) = (vec![], vec![], limit);
        for (i, piece) in self.list.iter().enumerate() {
            if piece.pixels > limit {
                let rows = (limit as u32 / piece.rect.width.max(1)).max(1);
                for top in (piece.rect.y..piece.rect.bottom()).step_by(rows as usize) {
                    let bottom = (top + rows).min(piece.rect.bottom());
                    let columns = (piece.rect.x, piece.rect.right());
                    batches.push(vec![Selection { piece: i, columns, rows: (top, bottom) }]);
                }
                continue;
            }
            if piece.pixels > room {
                batches.push(std::mem::take(&mut batch));
                room = limit;
            }
            room -= piece.pixels;
            batch.push(Selection::whole(i, piece.rect));
        }
        batches.push(batch);
        batches.retain(|b: &Vec<Selection>| !b.is_empty());
        batches
    }
}

/// Some columns and rows of a piece.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Selection {
    pub(super) piece: usize,
    /// First column, and the one after the last.
    pub(super) columns: (u32, u32),
    /// First row, and the one after the last.
    pub(super) rows: (u32, u32),
}

impl Selection {
    fn whole(piece: usize, rect: Rect) -> Self {
        Self { piece, columns: (rect.x, rect.right()), rows: (rect.y, rect.bottom()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    #[test]
    fn every_copy_finds_all_others() {
        let image = Rect::of_size(150, 60);
        let at = |x: u32, y: u32| {
            let (x, y) = (x % 50, y % 30);
            let legs = (8..20).contains(&y) && !(15..22).contains(&x);
            u8::from((10..30).contains(&x) && (legs || (8..12).contains(&y))) * 255
        };
        let coverage = (0..60).flat_map(|y| (0..150).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect();
        let mask = Mask::new(image, coverage).unwrap();
        let pieces = pollster::block_on(Pieces::new(&mask, image, &Unpaced)).unwrap();
        assert_eq!(pieces.list.len(), 6);
        assert!(pieces.list.iter().all(|p| p.copies.len() == 5), "{:?}", pieces.list);
    }
}
