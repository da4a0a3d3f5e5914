//! Which bytes of a file are still missing, and how many connections fetch them.

use serde::{Deserialize, Serialize};

/// Fewest bytes that are worth a connection of their own.
const WORTH_SPLITTING: u64 = 1 << 20;
/// Most connections at a time. Browsers allow six to one host.
const MAX_CONNECTIONS: usize = 4;
/// A connection is added only when the rest of the download would take longer than this, seconds.
const LONG: f64 = 5.0;
/// A connection is added only if the one added before it made the download faster by at least this factor.
const HELPED: f64 = 1.15;

/// The missing bytes `from..to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first missing byte.
    pub from: u64,
    /// The byte after the last one, where another range or the file's end begins; `u64::MAX` while the length of the file is unknown.
    pub to: u64,
}

impl Range {
    /// All of a file of this length; 0 while it is unknown.
    pub fn whole(bytes: u64) -> Self {
        Self { from: 0, to: if bytes == 0 { u64::MAX } else { bytes } }
    }
}

/// A range that a connection works on.
#[derive(Clone, Copy, Debug)]
struct Taken {
    range: Range,
    by: Option<Worker>,
}

/// Identifies a connection.
pub type Worker = u32;

/// All missing ranges.
#[derive(Debug, Default)]
pub struct Ranges {
    open: Vec<Taken>,
    last: Worker,
}

impl Ranges {
    /// These ranges, none of which has a connection.
    pub fn new(missing: &[Range]) -> Self {
        let open = missing.iter().filter(|range| range.from < range.to).map(|&range| Taken { range, by: None });
        Self { open: open.collect(), last: 0 }
    }

    /// Replaces all ranges by `missing`, which has no connection. Connections that had a range find nothing left to do.
    pub fn restart(&mut self, missing: Range) {
        self.open = vec![Taken { range: missing, by: None }];
    }

    /// The ranges, for the record.
    pub fn missing(&self) -> Vec<Range> {
        self.open.iter().map(|taken| taken.range).collect()
    }

    /// A range for one more connection: one without a connection, or else the second half of the longest.
    pub fn take(&mut self) -> Option<(Worker, Range)> {
        self.last += 1;
        let by = Some(self.last);
        if let Some(free) = self.open.iter_mut().find(|taken| taken.by.is_none()) {
            free.by = by;
            return Some((self.last, free.range));
        }
        let longest = self.open.iter_mut().max_by_key(|taken| taken.range.to - taken.range.from)?;
        let length = longest.range.to - longest.range.from;
        if longest.range.to == u64::MAX || length < 2 * WORTH_SPLITTING {
            return None;
        }
        let half = Range { from: longest.range.from + length / 2, to: longest.range.to };
        longest.range.to = half.from;
        self.open.push(Taken { range: half, by });
        Some((self.last, half))
    }

    /// Ends a connection. What it has not fetched is left to others.
    pub fn leave(&mut self, worker: Worker) {
        for taken in self.open.iter_mut().filter(|taken| taken.by == Some(worker)) {
            taken.by = None;
        }
    }

    /// The rest of a connection's range; none when it is complete.
    pub fn left(&self, worker: Worker) -> Option<Range> {
        self.open.iter().find(|taken| taken.by == Some(worker)).map(|taken| taken.range)
    }

    /// A connection received `count` bytes: where they belong in the file, and how many of them to keep. The others belong to a range that
    /// another connection has taken over meanwhile.
    pub fn wanted(&self, worker: Worker, count: u64) -> (u64, u64) {
        self.left(worker).map_or((0, 0), |range| (range.from, count.min(range.to - range.from)))
    }

    /// The next `wanted` bytes of a connection's range (see [`Self::wanted`]) are on the disk.
    pub fn arrived(&mut self, worker: Worker, wanted: u64) {
        for taken in self.open.iter_mut().filter(|taken| taken.by == Some(worker)) {
            taken.range.from += wanted;
        }
        self.open.retain(|taken| taken.range.from < taken.range.to);
    }

    /// The file turned out to end here.
    pub fn end(&mut self, at: u64) {
        for taken in &mut self.open {
            taken.range.to = taken.range.to.min(at);
        }
        self.open.retain(|taken| taken.range.from < taken.range.to);
    }
}

/// Bytes in all of these ranges.
pub fn length(missing: &[Range]) -> u64 {
    missing.iter().map(|range| range.to - range.from).fold(0, u64::saturating_add)
}

/// Bytes of room that a file still needs: for what is missing of its published form, and for its pack, which takes as much at most. `bytes` is
/// its length; where that is unknown (0), as much is counted as has come: there has to be room for a pack of that.
pub fn room(bytes: u64, missing: &[Range], came: u64) -> u64 {
    if bytes == 0 { came } else { bytes.saturating_add(length(missing).min(bytes)) }
}

/// Decides whether to add a connection, by whether the last one that was added made the download faster.
#[derive(Debug, Default)]
pub struct Growth {
    /// Bytes a second before the last connection was added.
    before: f64,
    stopped: bool,
}

impl Growth {
    /// Whether to add a connection. `rate` is the present rate of all `connections` together, bytes a second; `left` is how many bytes are
    /// missing.
    pub fn one_more(&mut self, connections: usize, rate: f64, left: u64) -> bool {
        let helped = rate > HELPED * self.before;
        if self.stopped || connections >= MAX_CONNECTIONS || !helped || (left as f64) < LONG * rate {
            // A connection that did not help is not tried again.
            self.stopped |= !helped;
            return false;
        }
        self.before = rate;
        true
    }

    /// A connection broke or was refused: no more are added.
    pub fn stop(&mut self) {
        self.stopped = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: u64 = 1 << 20;

    proptest! {
        /// However connections come, break and go: every byte comes exactly once.
        #[test]
        fn every_byte_comes_once(length in 1_u64..20 * MIB, steps in prop::collection::vec((0_u8..4, 0_usize..4, 1_u64..4 * MIB), 1..200)) {
            let mut ranges = Ranges::new(&[Range { from: 0, to: length }]);
            let mut workers: Vec<Worker> = vec![];
            let mut came: Vec<(u64, u64)> = vec![];
            for (what, which, count) in steps {
                match what {
                    0 => workers.extend(ranges.take().map(|(worker, _)| worker)),
                    1 if !workers.is_empty() => ranges.leave(workers.swap_remove(which % workers.len())),
                    _ if !workers.is_empty() => {
                        let worker = workers[which % workers.len()];
                        let (at, wanted) = ranges.wanted(worker, count);
                        ranges.arrived(worker, wanted);
                        if wanted > 0 { came.push((at, at + wanted)); }
                    }
                    _ => {}
                }
            }
            let mut all = came.clone();
            all.extend(ranges.missing().iter().map(|range| (range.from, range.to)));
            all.sort_unstable();
            prop_assert_eq!(all.first().map(|first| first.0), Some(0));
            prop_assert_eq!(all.last().map(|last| last.1), Some(length));
            prop_assert!(all.windows(2).all(|pair| pair[0].1 == pair[1].0));
            let rest: u64 = came.iter().map(|(from, to)| to - from).sum();
            prop_assert_eq!(rest + super::length(&ranges.missing()), length);
        }
    }

    #[test]
    fn the_longest_range_is_shared_as_long_as_that_is_worth_it() {
        let mut ranges = Ranges::new(&[Range { from: 0, to: 8 * MIB }]);
        let (first, whole) = ranges.take().expect("a range");
        assert_eq!(whole, Range { from: 0, to: 8 * MIB });
        let (second, half) = ranges.take().expect("a range");
        assert_eq!(half, Range { from: 4 * MIB, to: 8 * MIB });
        assert_eq!(ranges.wanted(first, 5 * MIB), (0, 4 * MIB), "the rest is the second's");
        ranges.arrived(first, 4 * MIB);
        assert_eq!(ranges.left(first), None);
        ranges.arrived(second, 3 * MIB);
        assert!(ranges.take().is_none(), "a half of what is left is too little");
        ranges.leave(second);
        assert_eq!(ranges.take().expect("a range").1, Range { from: 7 * MIB, to: 8 * MIB });
    }

    #[test]
    fn a_file_of_unknown_length_has_one_connection() {
        let mut ranges = Ranges::new(&[Range { from: 0, to: u64::MAX }]);
        let (first, _) = ranges.take().expect("a range");
        assert!(ranges.take().is_none());
        ranges.arrived(first, 10);
        ranges.end(10);
        assert!(ranges.missing().is_empty());
    }

    #[test]
    fn there_has_to_be_room_for_the_rest_and_for_the_pack() {
        assert_eq!(room(100, &[Range { from: 0, to: 100 }], 0), 200);
        assert_eq!(room(100, &[Range { from: 60, to: 100 }], 60), 140);
        assert_eq!(room(0, &[Range { from: 60, to: u64::MAX }], 60), 60);
        assert_eq!(room(u64::MAX, &[Range { from: 0, to: u64::MAX }], 0), u64::MAX);
    }

    #[test]
    fn connections_are_added_while_that_helps() {
        let mut growth = Growth::default();
        assert!(growth.one_more(1, 1e6, 100_000_000));
        assert!(growth.one_more(2, 2e6, 100_000_000));
        assert!(!growth.one_more(3, 2.1e6, 100_000_000));
        assert!(!growth.one_more(3, 9e6, 100_000_000), "what did not help is not tried again");
        assert!(!Growth::default().one_more(1, 1e7, 20_000_000), "it is over soon");
        assert!(!Growth::default().one_more(MAX_CONNECTIONS, 1e6, 100_000_000));
    }
}
