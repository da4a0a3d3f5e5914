//! Undo and redo of painting, of fills and of crops, in one line of steps.

use crate::masks::mask::MaskOp;
use crate::protocol::engine::Framing;
use serde::{Deserialize, Serialize};

/// Something that can be undone.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Step<F> {
    /// A step of painting.
    Paint(MaskOp),
    /// A fill. It used up what was painted before it.
    Fill(F),
    /// The picture was cropped or turned: what is left of it since.
    Frame(Framing),
}

/// What was done, and how much of it stands. `F` is what is known of a fill.
///
/// A fill clears the mask. Undoing the fill brings the mask back, so that it can be corrected and erased again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct History<F> {
    steps: Vec<Step<F>>,
    /// The first `now` steps stand; the others can be redone.
    now: usize,
}

impl<F> Default for History<F> {
    fn default() -> Self {
        Self { steps: vec![], now: 0 }
    }
}

impl<F> History<F> {
    /// Records a step of painting. What was undone before is given up.
    pub fn painted(&mut self, op: MaskOp) {
        self.push(Step::Paint(op));
    }

    /// Records that the picture was cropped or turned. What was undone before is given up.
    pub fn framed(&mut self, framing: Framing) {
        self.push(Step::Frame(framing));
    }

    /// What is left of the picture; none where it was neither cropped nor turned.
    pub fn framing(&self) -> Option<Framing> {
        self.steps[..self.now].iter().rev().find_map(|step| match step {
            Step::Frame(framing) => Some(*framing),
            _ => None,
        })
    }

    /// The step that painted, if it is the last one that stands.
    pub fn painted_last(&self) -> Option<&MaskOp> {
        match self.steps[..self.now].last() {
            Some(Step::Paint(op)) => Some(op),
            _ => None,
        }
    }

    /// Whether nothing was done, not even what was undone since.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many steps stand.
    pub fn standing(&self) -> usize {
        self.now
    }

    /// Records a fill of what was painted in the first `steps` steps. What was painted since stays painted. What was undone before is given up.
    pub fn filled(&mut self, steps: usize, fill: F) {
        self.give_up_undone();
        self.steps.insert(steps.min(self.now), Step::Fill(fill));
        self.now += 1;
    }

    fn push(&mut self, step: Step<F>) {
        self.give_up_undone();
        self.steps.push(step);
        self.now += 1;
    }

    /// The fills that stand, oldest first.
    pub fn fills(&self) -> impl DoubleEndedIterator<Item = &F> {
        fills(&self.steps[..self.now])
    }

    /// All fills, oldest first: those that stand and after them those that can be redone.
    pub fn all_fills(&self) -> impl DoubleEndedIterator<Item = &F> {
        fills(&self.steps)
    }

    /// The same history with other things known of its fills. `what` also gets what was painted for a fill, oldest fill first. None
    /// where it gives none, or where more steps stand than there are.
    pub fn try_map<G>(self, mut what: impl FnMut(F, &[MaskOp]) -> Option<G>) -> Option<History<G>> {
        let mut painted = vec![];
        let mut steps = Vec::with_capacity(self.steps.len());
        for step in self.steps {
            steps.push(match step {
                Step::Paint(op) => {
                    painted.push(op.clone());
                    Step::Paint(op)
                }
                Step::Fill(fill) => Step::Fill(what(fill, &std::mem::take(&mut painted))?),
                Step::Frame(framing) => Step::Frame(framing),
            });
        }
        (self.now <= steps.len()).then_some(History { steps, now: self.now })
    }

    /// The newest fill that stands.
    pub fn last_fill_mut(&mut self) -> Option<&mut F> {
        self.steps[..self.now].iter_mut().rev().find_map(|step| match step {
            Step::Fill(fill) => Some(fill),
            Step::Paint(_) | Step::Frame(_) => None,
        })
    }

    /// What is painted now: the standing steps since the last standing fill.
    pub fn ops(&self) -> impl Iterator<Item = &MaskOp> {
        ops(since_fill(&self.steps[..self.now]))
    }

    /// What was painted for the newest fill that stands.
    pub fn filled_ops(&self) -> impl Iterator<Item = &MaskOp> {
        let standing = &self.steps[..self.now];
        let end = standing.iter().rposition(|step| matches!(step, Step::Fill(_))).unwrap_or(0);
        ops(since_fill(&standing[..end]))
    }

    /// Forgets the steps that could be redone.
    pub fn give_up_undone(&mut self) {
        self.steps.truncate(self.now);
    }

    /// Whether the step that would be done again is one of painting.
    pub fn would_paint(&self) -> bool {
        matches!(self.steps.get(self.now), Some(Step::Paint(_)))
    }

    /// Takes the last standing step back. False where there is none.
    pub fn undo(&mut self) -> bool {
        let before = self.now;
        self.now = before.saturating_sub(1);
        self.now < before
    }

    /// Does the next step again. False where there is none.
    pub fn redo(&mut self) -> bool {
        let before = self.now;
        self.now = (before + 1).min(self.steps.len());
        self.now > before
    }

    /// Whether there is something to undo, and something to redo.
    pub fn can(&self) -> (bool, bool) {
        (self.now > 0, self.now < self.steps.len())
    }
}

/// The steps after the last fill.
fn since_fill<F>(steps: &[Step<F>]) -> &[Step<F>] {
    let start = steps.iter().rposition(|step| matches!(step, Step::Fill(_))).map_or(0, |at| at + 1);
    &steps[start..]
}

fn ops<F>(steps: &[Step<F>]) -> impl Iterator<Item = &MaskOp> {
    steps.iter().filter_map(|step| match step {
        Step::Paint(op) => Some(op),
        Step::Fill(_) | Step::Frame(_) => None,
    })
}

fn fills<F>(steps: &[Step<F>]) -> impl DoubleEndedIterator<Item = &F> {
    steps.iter().filter_map(|step| match step {
        Step::Fill(fill) => Some(fill),
        Step::Paint(_) | Step::Frame(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoing_a_fill_brings_the_mask_back() {
        let mut history = History::default();
        history.painted(MaskOp::Invert);
        history.painted(MaskOp::Clear);
        history.filled(history.standing(), 'a');
        history.painted(MaskOp::Invert);
        assert_eq!((history.ops().count(), history.fills().count()), (1, 1));
        assert!(history.undo() && history.undo());
        assert_eq!(history.fills().count(), 0);
        assert_eq!(history.ops().cloned().collect::<Vec<_>>(), [MaskOp::Invert, MaskOp::Clear]);
        assert!(history.redo());
        assert_eq!((history.fills().copied().collect::<String>().as_str(), history.ops().count()), ("a", 0));
        assert_eq!(history.can(), (true, true));
    }

    #[test]
    fn a_new_step_gives_up_what_was_undone() {
        let mut history = History::default();
        history.painted(MaskOp::Invert);
        history.filled(history.standing(), 'a');
        history.undo();
        assert_eq!((history.fills().count(), history.all_fills().count()), (0, 1));
        history.painted(MaskOp::Clear);
        assert!(!history.redo());
        assert_eq!((history.all_fills().count(), history.ops().count()), (0, 2));
    }

    #[test]
    fn a_crop_is_a_step_between_paint_and_neither_takes_nor_gives_any() {
        let framing = Framing::whole((4, 3)).turned(true);
        let mut history = History::default();
        history.painted(MaskOp::Invert);
        history.framed(framing);
        assert_eq!((history.framing(), history.ops().count(), history.painted_last()), (Some(framing), 1, None));
        history.filled(history.standing(), 'a');
        assert_eq!((history.framing(), history.filled_ops().count()), (Some(framing), 1));
        assert!(history.undo() && history.undo());
        assert_eq!((history.framing(), history.painted_last()), (None, Some(&MaskOp::Invert)));
        assert!(!history.would_paint(), "the next step is the crop");
        assert!(history.redo());
        assert_eq!(history.framing(), Some(framing));
    }

    #[test]
    fn there_is_nothing_before_the_beginning() {
        let mut history = History::<char>::default();
        assert!(!history.undo() && !history.redo());
        assert_eq!(history.can(), (false, false));
        history.painted(MaskOp::Invert);
        history.undo();
        history.give_up_undone();
        assert_eq!(history.can(), (false, false));
    }
}
