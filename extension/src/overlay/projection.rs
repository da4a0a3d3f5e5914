//! How the engine and the screen follow the document: from what each of them has to what the document wants.
//!
//! Nothing here talks to anybody: the planned commands are carried out by `ui::engine` and `ui::screen`, which note what
//! they have in a [`Held`] or a list of results.

use crate::protocol::engine::JobId;

/// Names a result: the number of the job that made it. No two results of an overlay have the same.
pub type ResultId = JobId;

/// What the document wants the engine to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The chosen result of every fill, oldest first: those that show and after them those that can be redone.
    pub line: Vec<ResultId>,
    /// The first so many of them show.
    pub showing: usize,
}

/// What an engine has, as far as its answers tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    stack: Vec<ResultId>,
    applied: usize,
}

/// One request to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open the picture with all results of [`Wanted::line`] applied.
    Open,
    /// Apply the first `fills` of the results that the engine has.
    Rewind {
        /// How many.
        fills: usize,
    },
    /// Put result number `index` of [`Wanted::line`] on the first `index` results; the engine forgets those after it.
    Lay {
        /// Which.
        index: usize,
    },
}

/// The next request that brings the engine nearer to what is wanted; none when it is there.
///
/// `held` is none for an engine that does not have the picture. The requests are as few as possible: one for each result
/// that the engine lacks, or one if it lacks none and applies too many or too few.
pub fn next_command(held: Option<&Held>, wanted: &Wanted) -> Option<Command> {
    let Some(held) = held else { return Some(Command::Open) };
    let shows = &wanted.line[..wanted.showing.min(wanted.line.len())];
    let common = common_prefix(&held.stack, shows);
    if common < shows.len() {
        return Some(Command::Lay { index: common });
    }
    (held.applied != common).then_some(Command::Rewind { fills: common })
}

impl Held {
    /// What an engine has that has just opened the picture.
    pub fn opened(wanted: &Wanted) -> Self {
        Self { stack: wanted.line.clone(), applied: wanted.line.len() }
    }

    /// The engine carried a command out.
    pub fn done(&mut self, command: Command, wanted: &Wanted) {
        match command {
            Command::Open => *self = Self::opened(wanted),
            Command::Rewind { fills } => self.applied = fills,
            Command::Lay { index } => {
                self.applied = index;
                self.filled(wanted.line[index]);
            }
        }
    }

    /// The engine filled a hole: the result lies on those that were applied, and the engine has forgotten the others.
    pub fn filled(&mut self, result: ResultId) {
        self.stack.truncate(self.applied);
        self.stack.push(result);
        self.applied = self.stack.len();
    }
}

/// What has to be drawn to bring the screen up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// The source picture and every result.
    Everything,
    /// The results from this one on.
    From(usize),
}

/// `drawn` are the results that the screen shows; none when something else is drawn there (a preview, half of a fade).
/// None is given when nothing has to be drawn.
pub fn drawing(drawn: Option<&[ResultId]>, wanted: &[ResultId]) -> Option<Drawing> {
    let Some(drawn) = drawn else { return Some(Drawing::Everything) };
    match common_prefix(drawn, wanted) {
        common if common < drawn.len() => Some(Drawing::Everything),
        common if common < wanted.len() => Some(Drawing::From(common)),
        _ => None,
    }
}

fn common_prefix(a: &[ResultId], b: &[ResultId]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An engine as `engine_host` has it, which refuses what that one would refuse.
    #[derive(Debug, Default)]
    struct ModelEngine {
        stack: Vec<ResultId>,
        applied: usize,
    }

    impl ModelEngine {
        fn serve(&mut self, command: Command, wanted: &Wanted) {
            match command {
                Command::Open => {
                    self.stack = wanted.line.clone();
                    self.applied = self.stack.len();
                }
                Command::Rewind { fills } => {
                    assert!(fills <= self.stack.len(), "there are not that many fills");
                    self.applied = fills;
                }
                Command::Lay { index } => {
                    assert!(index <= self.stack.len(), "there are not that many fills");
                    self.stack.truncate(index);
                    self.stack.push(wanted.line[index]);
                    self.applied = self.stack.len();
                }
            }
        }
    }

    fn wanted() -> impl Strategy<Value = Wanted> {
        // Few numbers, so that different wishes begin alike.
        (prop::collection::vec(0..3u32, 0..5), 0..6usize).prop_map(|(line, showing)| {
            let showing = showing.min(line.len());
            Wanted { line, showing }
        })
    }

    proptest! {
        #[test]
        fn the_engine_gets_where_it_is_wanted_by_the_fewest_commands(
            wishes in prop::collection::vec((wanted(), any::<bool>()), 1..8)
        ) {
            let mut engine = ModelEngine::default();
            let mut held = None::<Held>;
            for (wanted, lost) in wishes {
                if lost {
                    held = None;
                }
                let shows = &wanted.line[..wanted.showing];
                let least = match &held {
                    None => 1 + usize::from(wanted.showing < wanted.line.len()),
                    Some(held) => {
                        let missing = shows.len() - common_prefix(&held.stack, shows);
                        if missing > 0 { missing } else { usize::from(held.applied != shows.len()) }
                    }
                };
                let mut commands = 0;
                while let Some(command) = next_command(held.as_ref(), &wanted) {
                    engine.serve(command, &wanted);
                    held.get_or_insert_default().done(command, &wanted);
                    commands += 1;
                    prop_assert!(commands <= 10, "it never ends");
                }
                prop_assert_eq!(&engine.stack[..engine.applied], shows);
                let held = held.as_ref().expect("it is open now");
                prop_assert_eq!((&held.stack, held.applied), (&engine.stack, engine.applied));
                prop_assert_eq!(commands, least);
            }
        }
    }

    #[test]
    fn redoing_costs_one_short_command_and_another_result_costs_its_pixels() {
        let mut held = Held::opened(&Wanted { line: vec![1, 2, 3], showing: 3 });
        let undone = Wanted { line: vec![1, 2, 3], showing: 1 };
        assert_eq!(next_command(Some(&held), &undone), Some(Command::Rewind { fills: 1 }));
        held.done(Command::Rewind { fills: 1 }, &undone);
        let redone = Wanted { line: vec![1, 2, 3], showing: 3 };
        assert_eq!(next_command(Some(&held), &redone), Some(Command::Rewind { fills: 3 }));
        let other = Wanted { line: vec![1, 4], showing: 2 };
        assert_eq!(next_command(Some(&held), &other), Some(Command::Lay { index: 1 }));
        held.filled(4);
        assert_eq!(next_command(Some(&held), &other), None);
    }

    #[test]
    fn the_screen_draws_no_more_than_it_has_to() {
        assert_eq!(drawing(None, &[]), Some(Drawing::Everything));
        assert_eq!(drawing(Some(&[]), &[]), None);
        assert_eq!(drawing(Some(&[1, 2]), &[1, 2]), None);
        assert_eq!(drawing(Some(&[1]), &[1, 2, 3]), Some(Drawing::From(1)));
        assert_eq!(drawing(Some(&[1, 2]), &[1]), Some(Drawing::Everything));
        assert_eq!(drawing(Some(&[1, 2]), &[1, 3]), Some(Drawing::Everything));
    }
}
