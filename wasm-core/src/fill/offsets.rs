//! Statistics of the offsets between patches and their matches: in most pictures a few dominate (He and Sun 2012).

/// The offset from a patch to its match: x and y in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset(pub(super) (i64, i64));

/// How many offsets are taken as dominant.
const COUNT: usize = 4;
/// Dominant offsets differ by more than this many pixels in x or y, because every peak has neighbours that are nearly as frequent.
const APART: i64 = 2;

impl Offset {
    /// The offset between two pixels, given as indices into a field of this width.
    pub(super) fn between(from: u32, to: u32, width: usize) -> Self {
        let (from, to, width) = (i64::from(from), i64::from(to), width as i64);
        Self((to % width - from % width, to / width - from / width))
    }

    fn is_apart(self, other: Self) -> bool {
        let ((a, b), (c, d)) = (self.0, other.0);
        (a - c).abs().max((b - d).abs()) > APART
    }

    /// A number that tells offsets apart and can be sorted.
    fn key(self) -> u64 {
        let (dx, dy) = self.0;
        (u64::from(dx as u32) << 32) | u64::from(dy as u32)
    }

    fn of_key(key: u64) -> Self {
        Self((i64::from((key >> 32) as i32), i64::from(key as i32)))
    }
}

/// The most frequent offsets among `all`, the most frequent first.
pub(super) fn dominant(all: impl Iterator<Item = Offset>) -> Vec<Offset> {
    let mut keys: Vec<u64> = all.map(Offset::key).collect();
    keys.sort_unstable();
    let mut peaks: Vec<(usize, Offset)> =
        keys.chunk_by(|a, b| a == b).map(|same| (same.len(), Offset::of_key(same[0]))).collect();
    let mut found: Vec<Offset> = vec![];
    while found.len() < COUNT
        && let Some((_, peak)) = peaks.iter().copied().reduce(|a, b| if b.0 > a.0 { b } else { a })
    {
        found.push(peak);
        peaks.retain(|(_, other)| other.is_apart(peak));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first_and_their_neighbours_not_at_all() {
        let groups = [((40, 0), 50), ((41, 1), 30), ((-7, 12), 20), ((0, -33), 10), ((5, 5), 3), ((90, 90), 1)];
        let all = groups.into_iter().flat_map(|(offset, count)| std::iter::repeat_n(Offset(offset), count));
        assert_eq!(dominant(all), [(40, 0), (-7, 12), (0, -33), (5, 5)].map(Offset));
    }

    #[test]
    fn offsets_lead_from_one_pixel_to_the_other() {
        assert_eq!(Offset::between(3 * 50 + 40, 7 * 50 + 2, 50), Offset((-38, 4)));
    }
}
