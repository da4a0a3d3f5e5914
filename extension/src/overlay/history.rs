//! Undo and redo of strokes and of fills, in one line.

use super::mask::MaskOp;

/// Something that can be undone.
#[derive(Clone, Debug)]
enum Step {
    /// A step of painting.
    Paint(MaskOp),
    /// A fill. It used up what was painted before it.
    Fill,
}

/// What was done, and how much of it stands.
///
/// A fill clears the mask; undoing it brings the mask back, so that it can be mended and tried again.
#[derive(Clone, Debug, Default)]
pub struct History {
    steps: Vec<Step>,
    /// Steps before this stand; those from it on can be redone.
    now: usize,
}

/// What an undo or redo crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossed {
    /// A step of painting: the picture is the same.
    Paint,
    /// A fill: the picture changed to this many fills.
    Fill {
        /// Fills that stand now.
        fills: usize,
    },
}

impl History {
    /// Records a step of painting. What was undone before is given up.
    pub fn painted(&mut self, op: MaskOp) {
        self.push(Step::Paint(op));
    }

    /// Records a fill.
    pub fn filled(&mut self) {
        self.push(Step::Fill);
    }

    fn push(&mut self, step: Step) {
        self.give_up_undone();
        self.steps.push(step);
        self.now += 1;
    }

    /// How many fills show.
    pub fn fills(&self) -> usize {
        self.steps[..self.now].iter().filter(|s| matches!(s, Step::Fill)).count()
    }

    /// What is painted now: the steps since the last fill.
    pub fn ops(&self) -> impl Iterator<Item = &MaskOp> {
        let start = self.steps[..self.now].iter().rposition(|s| matches!(s, Step::Fill)).map_or(0, |at| at + 1);
        self.steps[start..self.now].iter().filter_map(|s| match s {
            Step::Paint(op) => Some(op),
            Step::Fill => None,
        })
    }

    /// What can be redone stands on a result that shows no more.
    pub fn give_up_undone(&mut self) {
        self.steps.truncate(self.now);
    }

    /// Takes the last standing step back.
    pub fn undo(&mut self) -> Option<Crossed> {
        self.now = self.now.checked_sub(1)?;
        Some(self.crossed(self.now))
    }

    /// Does the next step again.
    pub fn redo(&mut self) -> Option<Crossed> {
        if self.now == self.steps.len() {
            return None;
        }
        self.now += 1;
        Some(self.crossed(self.now - 1))
    }

    fn crossed(&self, step: usize) -> Crossed {
        match self.steps[step] {
            Step::Paint(_) => Crossed::Paint,
            Step::Fill => Crossed::Fill { fills: self.fills() },
        }
    }

    /// Whether there is something to undo, and something to redo.
    pub fn can(&self) -> (bool, bool) {
        (self.now > 0, self.now < self.steps.len())
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoing_a_fill_brings_the_mask_back() {
        let mut history = History::default();
        history.painted(MaskOp::Invert);
        history.painted(MaskOp::Clear);
        history.filled();
        history.painted(MaskOp::Invert);
        assert_eq!((history.ops().count(), history.fills()), (1, 1));
        assert_eq!(history.undo(), Some(Crossed::Paint));
        assert_eq!(history.undo(), Some(Crossed::Fill { fills: 0 }));
        assert_eq!(history.ops().cloned().collect::<Vec<_>>(), [MaskOp::Invert, MaskOp::Clear]);
        assert_eq!(history.redo(), Some(Crossed::Fill { fills: 1 }));
        assert_eq!((history.ops().count(), history.can()), (0, (true, true)));
    }

    #[test]
    fn a_new_step_gives_up_what_was_undone() {
        let mut history = History::default();
        history.painted(MaskOp::Invert);
        history.filled();
        history.undo();
        history.painted(MaskOp::Clear);
        assert_eq!((history.redo(), history.fills(), history.ops().count()), (None, 0, 2));
    }

    #[test]
    fn there_is_nothing_before_the_beginning() {
        let mut history = History::default();
        assert_eq!((history.undo(), history.redo(), history.can()), (None, None, (false, false)));
        history.painted(MaskOp::Invert);
        history.undo();
        history.give_up_undone();
        assert_eq!(history.can(), (false, false));
    }
}
