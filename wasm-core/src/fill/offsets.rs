//! Statistics of the ways between patches and their likenesses: in most pictures a few dominate (He and Sun 2012).

/// The way from a patch to its likeness, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Offset(pub(super) (i64, i64));

/// How many dominate.
const MOST: usize = 4;
/// Dominant offsets are further apart than this in x or y: next to a peak there are others like it.
const APART: i64 = 2;

impl Offset {
    /// Between two pixels of a field that is `width` wide, by their indices.
    pub(super) fn between(from: u32, to: u32, width: usize) -> Self {
        let (from, to, width) = (i64::from(from), i64::from(to), width as i64);
        Self((to % width - from % width, to / width - from / width))
    }
}

/// The most frequent offsets.
#[inline(never)]
pub(super) fn dominant(mut all: Vec<Offset>) -> Vec<Offset> {
    all.sort_unstable();
    let mut peaks: Vec<(usize, Offset)> = all.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0])).collect();
    peaks.sort_unstable_by_key(|(count, offset)| (std::cmp::Reverse(*count), *offset));
    let mut found: Vec<Offset> = vec![];
    for (_, Offset((dx, dy))) in peaks {
        if found.len() == MOST {
            break;
        }
        if found.iter().all(|Offset((x, y))| (x - dx).abs().max((y - dy).abs()) > APART) {
            found.push(Offset((dx, dy)));
        }
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
        assert_eq!(dominant(all.collect()), [(40, 0), (-7, 12), (0, -33), (5, 5)].map(Offset));
    }

    #[test]
    fn offsets_lead_from_one_pixel_to_the_other() {
        assert_eq!(Offset::between(3 * 50 + 40, 7 * 50 + 2, 50), Offset((-38, 4)));
    }
}
