//! Which pictures are there, which one shows, and which ones are awake: that is, have an overlay and a decoded picture.

/// Names a picture for as long as the page lives.
pub type PictureId = u32;

/// How many pictures are awake at once. Each takes memory, in the page and in the engine.
pub const AWAKE: usize = 3;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shelf {
    order: Vec<PictureId>,
    /// Those that have been shown, the one that shows last.
    seen: Vec<PictureId>,
    next: PictureId,
}

impl Shelf {
    /// Puts another picture at the end; gives its name.
    pub fn add(&mut self) -> PictureId {
        self.next += 1;
        self.order.push(self.next);
        self.next
    }

    /// Takes a picture away. If it showed, its neighbour shows: the next one, or else the one before.
    pub fn remove(&mut self, id: PictureId) {
        let Some(place) = self.order.iter().position(|other| *other == id) else { return };
        let showed = self.shown() == Some(id);
        self.order.remove(place);
        self.seen.retain(|other| *other != id);
        if let Some(neighbour) = self.order.get(place).or(self.order.last()).filter(|_| showed) {
            self.show(*neighbour);
        }
    }

    /// Shows a picture, if it is there.
    pub fn show(&mut self, id: PictureId) {
        if self.order.contains(&id) {
            self.seen.retain(|other| *other != id);
            self.seen.push(id);
        }
    }

    /// Shows the picture that is `by` places further, if there is one.
    pub fn step(&mut self, by: isize) {
        let place = self.shown().and_then(|shown| self.order.iter().position(|other| *other == shown));
        let next = place.and_then(|place| self.order.get(place.checked_add_signed(by)?)).copied();
        if let Some(next) = next {
            self.show(next);
        }
    }

    /// The picture that shows.
    pub fn shown(&self) -> Option<PictureId> {
        self.seen.last().copied()
    }

    /// All pictures, in the order in which they came.
    pub fn all(&self) -> &[PictureId] {
        &self.order
    }

    /// Those that have been shown and may be put to sleep, because [`AWAKE`] others were shown after them.
    pub fn sleepers(&self) -> &[PictureId] {
        &self.seen[..self.seen.len().saturating_sub(AWAKE)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(count: usize) -> Shelf {
        let mut shelf = Shelf::default();
        for _ in 0..count {
            shelf.add();
        }
        shelf
    }

    #[test]
    fn a_picture_that_goes_leaves_its_place_to_the_next_one() {
        let mut shelf = with(3);
        assert_eq!((shelf.all(), shelf.shown()), (&[1, 2, 3][..], None));
        shelf.show(2);
        shelf.remove(2);
        assert_eq!(shelf.shown(), Some(3));
        shelf.remove(3);
        assert_eq!(shelf.shown(), Some(1));
        shelf.remove(1);
        assert_eq!((shelf.all(), shelf.shown()), (&[][..], None));
        assert_eq!(shelf.add(), 4, "no name is used twice");
    }

    #[test]
    fn a_picture_that_does_not_show_goes_unnoticed() {
        let mut shelf = with(3);
        shelf.show(1);
        shelf.remove(2);
        shelf.remove(9);
        shelf.show(9);
        assert_eq!((shelf.all(), shelf.shown()), (&[1, 3][..], Some(1)));
    }

    #[test]
    fn steps_end_at_the_ends() {
        let mut shelf = with(2);
        shelf.step(1);
        assert_eq!(shelf.shown(), None);
        shelf.show(1);
        shelf.step(-1);
        assert_eq!(shelf.shown(), Some(1));
        shelf.step(1);
        shelf.step(1);
        assert_eq!(shelf.shown(), Some(2));
    }

    #[test]
    fn those_sleep_that_were_not_looked_at_for_longest() {
        let mut shelf = with(5);
        for id in [1, 2, 3] {
            shelf.show(id);
        }
        assert_eq!(shelf.sleepers(), [0; 0]);
        shelf.show(1);
        shelf.show(4);
        assert_eq!(shelf.sleepers(), [2]);
        shelf.show(5);
        assert_eq!(shelf.sleepers(), [2, 3]);
    }
}
