//! What else each fill could look like: a few results of one hole, of which one shows.

/// How many results of one fill are kept side by side.
pub const MOST: usize = 4;

/// The results of one fill.
#[derive(Clone, Debug)]
struct Fill<T> {
    results: Vec<T>,
    chosen: usize,
    /// Results that were ever made of it.
    made: u32,
}

/// The results of every fill that was made and not given up, in order of the fills.
#[derive(Clone, Debug)]
pub struct Variations<T> {
    fills: Vec<Fill<T>>,
}

impl<T> Default for Variations<T> {
    fn default() -> Self {
        Self { fills: vec![] }
    }
}

impl<T> Variations<T> {
    /// The first result of fill number `fill`. That fill, if there was one, and those after it are given up.
    pub fn filled(&mut self, fill: usize, result: T) {
        self.fills.truncate(fill);
        self.fills.push(Fill { results: vec![result], chosen: 0, made: 1 });
    }

    /// One more result of fill number `fill`, which is chosen. When there are [`MOST`], the oldest makes room; fills that were laid on
    /// top are given up.
    pub fn again(&mut self, fill: usize, result: T) {
        self.fills.truncate(fill + 1);
        let Some(Fill { results, chosen, made }) = self.fills.get_mut(fill) else { return };
        if results.len() == MOST {
            results.remove(0);
        }
        results.push(result);
        *chosen = results.len() - 1;
        *made += 1;
    }

    /// The results of fill number `fill`, and which of them shows. None where there is no such fill.
    pub fn of(&self, fill: usize) -> Option<(&[T], usize)> {
        self.fills.get(fill).map(|fill| (fill.results.as_slice(), fill.chosen))
    }

    /// How many results were ever made of fill number `fill`.
    pub fn made(&self, fill: usize) -> u32 {
        self.fills.get(fill).map_or(0, |fill| fill.made)
    }

    /// The results that show, of the first `fills` fills.
    pub fn chosen(&self, fills: usize) -> impl Iterator<Item = &T> {
        self.fills.iter().take(fills).filter_map(|fill| fill.results.get(fill.chosen))
    }

    /// Shows another result. None where there is no such result, or where it shows already; otherwise fills that were laid on top are
    /// given up.
    pub fn choose(&mut self, fill: usize, result: usize) -> Option<&T> {
        let Fill { results, chosen, .. } = self.fills.get(fill)?;
        if *chosen == result || result >= results.len() {
            return None;
        }
        self.fills.truncate(fill + 1);
        let Fill { results, chosen, .. } = self.fills.get_mut(fill)?;
        *chosen = result;
        results.get(result)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.fills.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_side_by_side_and_the_newest_shows() {
        let mut variations = Variations::default();
        variations.filled(0, "a");
        variations.again(0, "b");
        assert_eq!(variations.of(0), Some((&["a", "b"][..], 1)));
        assert_eq!(variations.choose(0, 0), Some(&"a"));
        assert_eq!(variations.choose(0, 0), None, "it shows already");
        assert_eq!(variations.choose(0, 2), None);
        assert_eq!(variations.choose(1, 0), None);
        assert_eq!(variations.chosen(5).copied().collect::<Vec<_>>(), ["a"]);
        assert_eq!(variations.of(1), None);
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut variations = Variations::default();
        variations.filled(0, 0);
        for i in 1..=MOST {
            variations.again(0, i);
        }
        assert_eq!(variations.of(0), Some((&[1, 2, 3, 4][..], 3)));
        assert_eq!(variations.made(0), 5, "what went counts, so that no seed comes twice");
        variations.again(3, 9);
        assert_eq!(variations.made(3), 0, "there is no such fill to vary");
    }

    #[test]
    fn what_was_laid_on_top_is_given_up() {
        let mut variations = Variations::default();
        variations.filled(0, "a");
        variations.filled(1, "on a");
        variations.again(0, "b");
        assert_eq!(variations.of(1), None);
        variations.filled(1, "on b");
        assert_eq!(variations.chosen(2).copied().collect::<Vec<_>>(), ["b", "on b"]);
        assert_eq!(variations.chosen(1).count(), 1);
        variations.choose(0, 0);
        assert_eq!(variations.of(1), None);
        variations.filled(0, "c");
        assert_eq!(variations.of(0), Some((&["c"][..], 0)), "another fill in its place");
        variations.clear();
        assert_eq!(variations.of(0), None);
    }
}
