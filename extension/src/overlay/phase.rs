//! What the overlay is doing, and where it goes from there.
//!
//! Every transition is a total function: it has an answer in every phase, also for what should not happen there. The
//! oneshot channels that belong to a phase (who waits for an answer, what stops the work) are the interface's; the phase
//! says which of them counts.

use crate::protocol::engine::JobId;

/// A question that only the user can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// May the pixels be read in this way?
    Read,
    /// May the frame that holds the picture be entered?
    Frame,
    /// Shall an interrupted edit go on?
    Resume,
    /// Shall this model be downloaded?
    Download,
    /// May the page read what it only shows?
    PutIn,
    /// Shall the overlay close although something would be lost?
    Close,
    /// Shall everything be as it was before, and nothing of the edit be left?
    Revert,
}

/// Names what stops a piece of work.
pub type StopId = u32;

/// Work that locks the picture and the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A hole is being filled.
    Fill {
        /// The job that the engine is busy with; none before it is asked and after it has answered.
        job: Option<JobId>,
    },
    /// The picture is being saved, copied, put back or written into the page.
    Keep {
        /// What stops it; none once it has been stopped, or is past the point where it can be.
        stop: Option<StopId>,
    },
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// There is no picture yet.
    Opening,
    /// A question shows.
    Asking(Question),
    /// The user paints, or could.
    Painting,
    /// A fill shows and nothing is painted.
    Done,
    /// A failure shows. Painting goes on as if it did not.
    Failed,
    /// Something runs.
    Running(Work),
    /// The overlay goes away. Nothing leads out of this.
    Closing,
}

/// What the phase has to know of the rest of the overlay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// There is a picture.
    pub opened: bool,
    /// Something is painted.
    pub painted: bool,
    /// How many fills show.
    pub fills: usize,
    /// Closing would lose a fill.
    pub unsaved: bool,
    /// Something is being dragged that will be painted.
    pub dragging: bool,
    /// The user has wanted to leave again and again while work did not stop.
    pub insisted: bool,
}

/// What Escape or the close button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayOut {
    /// Nothing: what is needed is under way.
    Wait,
    /// Tell the engine to stop this job.
    Cancel(JobId),
    /// Stop the work that this names.
    Stop(StopId),
    /// Answer "no" to the question or failure that shows.
    AnswerNo,
    /// Take back what led to the question that shows, because its "no" does something, too.
    Withdraw,
    /// Give up what is being dragged.
    DropGesture,
    /// Take everything painted away.
    ClearMask,
    /// Ask whether to close.
    Ask,
    /// Close.
    Close,
    /// Close although work has not stopped. What is unfinished is left to the engine, which keeps it.
    Leave,
}

impl Phase {
    /// Its name in `html[data-state]`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Painting => "painting",
            Self::Asking(_) => "asking",
            Self::Running(_) => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Closing => "closing",
        }
    }

    /// True where the user may change the edit. There has to be a picture as well.
    pub fn can_paint(self) -> bool {
        matches!(self, Self::Painting | Self::Done | Self::Failed)
    }

    /// True where the user may paint: also while a fill runs, for the next one.
    pub fn can_mark(self) -> bool {
        self.can_paint() || matches!(self, Self::Running(Work::Fill { .. }))
    }

    /// True where nothing but stopping and closing is possible.
    pub fn is_locked(self) -> bool {
        matches!(self, Self::Running(_) | Self::Closing)
    }

    /// True while something runs that must not be disturbed.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// The job that the engine is busy with.
    pub fn job(self) -> Option<JobId> {
        match self {
            Self::Running(Work::Fill { job }) => job,
            _ => None,
        }
    }

    /// Where the overlay rests when nothing runs and nothing is asked.
    pub fn resting(facts: Facts) -> Self {
        match facts {
            Facts { opened: false, .. } => Self::Opening,
            Facts { fills: 1.., painted: false, .. } => Self::Done,
            _ => Self::Painting,
        }
    }

    /// The edit changed, or a failure has been dealt with. Work goes on, and so does a question.
    pub fn settled(self, facts: Facts) -> Self {
        match self {
            Self::Opening | Self::Painting | Self::Done | Self::Failed => Self::resting(facts),
            Self::Asking(_) | Self::Running(_) | Self::Closing => self,
        }
    }

    /// Work begins, where the edit may be changed.
    pub fn started(self, work: Work) -> Self {
        if self.can_paint() { Self::Running(work) } else { self }
    }

    /// The engine is asked for a job, or has answered.
    pub fn with_job(self, job: Option<JobId>) -> Self {
        match self {
            Self::Running(Work::Fill { .. }) => Self::Running(Work::Fill { job }),
            _ => self,
        }
    }

    /// The work is past the point where it can be stopped.
    pub fn unstoppable(self) -> Self {
        match self {
            Self::Running(Work::Keep { .. }) => Self::Running(Work::Keep { stop: None }),
            _ => self,
        }
    }

    /// The work ended.
    pub fn ended(self, facts: Facts) -> Self {
        if self.is_running() { Self::resting(facts) } else { self }
    }

    /// Something failed that the user has to know of. Work that runs has its own end, and a closing overlay says nothing.
    pub fn failed(self) -> Self {
        if self.is_locked() { self } else { Self::Failed }
    }

    /// A question shows, in place of one that shows already.
    pub fn asking(self, question: Question) -> Self {
        if self.is_locked() { self } else { Self::Asking(question) }
    }

    /// The question was answered. Nothing happens when another one has taken its place.
    pub fn answered(self, question: Question, facts: Facts) -> Self {
        match (self, question) {
            (Self::Asking(asked), _) if asked != question => self,
            (Self::Asking(_), Question::Read | Question::Frame | Question::Resume) => Self::Opening,
            (Self::Asking(_), Question::Download | Question::PutIn | Question::Close | Question::Revert) => {
                Self::resting(facts)
            }
            _ => self,
        }
    }

    /// What the close button does: it stops what runs, else it closes, after one question if a fill would be lost. Work that does not stop
    /// keeps nobody who insists.
    pub fn close(self, facts: Facts) -> WayOut {
        match self {
            Self::Closing => WayOut::Wait,
            Self::Running(_) if facts.insisted => WayOut::Leave,
            Self::Running(work) => work.way_out(),
            Self::Asking(Question::Close) => WayOut::Close,
            _ if facts.unsaved => WayOut::Ask,
            _ => WayOut::Close,
        }
    }

    /// What Escape does: it stops what runs, else it answers "no", else it takes away what is painted, else it closes.
    pub fn escape(self, facts: Facts) -> WayOut {
        match self {
            Self::Closing | Self::Running(_) => self.close(facts),
            Self::Asking(Question::PutIn) => WayOut::Withdraw,
            Self::Asking(_) | Self::Failed => WayOut::AnswerNo,
            _ if facts.dragging => WayOut::DropGesture,
            Self::Painting | Self::Done if facts.painted => WayOut::ClearMask,
            _ => self.close(facts),
        }
    }
}

impl Work {
    fn way_out(self) -> WayOut {
        match self {
            Self::Fill { job: Some(job) } => WayOut::Cancel(job),
            Self::Keep { stop: Some(stop) } => WayOut::Stop(stop),
            Self::Fill { job: None } | Self::Keep { stop: None } => WayOut::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn question() -> impl Strategy<Value = Question> {
        prop_oneof![
            Just(Question::Read),
            Just(Question::Frame),
            Just(Question::Resume),
            Just(Question::Download),
            Just(Question::PutIn),
            Just(Question::Close),
            Just(Question::Revert),
        ]
    }

    fn work() -> impl Strategy<Value = Work> {
        prop_oneof![
            prop::option::of(1..4u32).prop_map(|job| Work::Fill { job }),
            prop::option::of(1..4u32).prop_map(|stop| Work::Keep { stop }),
        ]
    }

    fn phase() -> impl Strategy<Value = Phase> {
        prop_oneof![
            Just(Phase::Opening),
            question().prop_map(Phase::Asking),
            Just(Phase::Painting),
            Just(Phase::Done),
            Just(Phase::Failed),
            work().prop_map(Phase::Running),
            Just(Phase::Closing),
        ]
    }

    fn facts() -> impl Strategy<Value = Facts> {
        (any::<[bool; 4]>(), 0..3usize).prop_map(|([opened, painted, unsaved, dragging], fills)| {
            let unsaved = unsaved && opened && fills > 0;
            Facts { opened, painted: painted && opened, fills, unsaved, dragging: dragging && opened, insisted: false }
        })
    }

    /// What the interface does on a way out, with the answers that follow from it.
    fn walked(phase: Phase, way: WayOut, facts: &mut Facts) -> Phase {
        match way {
            // What runs ends some time.
            WayOut::Wait | WayOut::Cancel(_) | WayOut::Stop(_) => phase.ended(*facts),
            WayOut::AnswerNo | WayOut::Withdraw => match phase {
                Phase::Asking(question) => phase.answered(question, *facts),
                _ => phase.settled(*facts),
            },
            WayOut::DropGesture => {
                facts.dragging = false;
                phase
            }
            WayOut::ClearMask => {
                facts.painted = false;
                phase.settled(*facts)
            }
            WayOut::Ask => phase.asking(Question::Close),
            WayOut::Close | WayOut::Leave => Phase::Closing,
        }
    }

    proptest! {
        #[test]
        fn closing_again_and_again_leads_out_of_every_phase(phase in phase(), facts in facts()) {
            let (mut phase, mut facts) = (phase, facts);
            for _ in 0..3 {
                phase = walked(phase, phase.close(facts), &mut facts);
            }
            prop_assert_eq!(phase, Phase::Closing);
        }

        #[test]
        fn escape_leads_out_of_every_phase_or_to_the_question_that_it_answers_with_no(
            phase in phase(), facts in facts()
        ) {
            let (mut phase, mut facts) = (phase, facts);
            let mut asked = false;
            for _ in 0..6 {
                let way = phase.escape(facts);
                asked |= way == WayOut::Ask;
                phase = walked(phase, way, &mut facts);
            }
            prop_assert!(phase == Phase::Closing || (asked && facts.unsaved), "{phase:?}");
        }

        #[test]
        fn work_that_never_stops_keeps_nobody_who_insists(work in work(), facts in facts()) {
            let insisted = Facts { insisted: true, ..facts };
            prop_assert_eq!(Phase::Running(work).escape(insisted), WayOut::Leave);
            prop_assert_eq!(Phase::Running(work).close(insisted), WayOut::Leave);
        }

        #[test]
        fn nothing_opens_a_closing_overlay_again(facts in facts(), question in question(), work in work()) {
            let closing = Phase::Closing;
            for next in [
                closing.settled(facts), closing.started(work), closing.with_job(Some(1)), closing.unstoppable(),
                closing.ended(facts), closing.failed(), closing.asking(question), closing.answered(question, facts),
            ] {
                prop_assert_eq!(next, closing);
            }
        }

        #[test]
        fn only_its_own_end_ends_work(facts in facts(), question in question(), work in work(), other in work()) {
            let running = Phase::Running(work);
            for next in [
                running.settled(facts), running.started(other), running.failed(), running.asking(question),
                running.answered(question, facts), running.with_job(Some(1)), running.unstoppable(),
            ] {
                prop_assert!(next.is_running(), "{:?}", next);
            }
            prop_assert!(!running.ended(facts).is_running());
        }

        #[test]
        fn a_question_that_lost_its_place_answers_nothing(phase in phase(), question in question(), facts in facts()) {
            if phase != Phase::Asking(question) {
                prop_assert_eq!(phase.answered(question, facts), phase);
            }
        }
    }

    #[test]
    fn a_fill_is_no_reason_not_to_paint_the_next_one() {
        assert!(Phase::Painting.can_mark() && Phase::Running(Work::Fill { job: Some(1) }).can_mark());
        for other in
            [Phase::Opening, Phase::Asking(Question::Close), Phase::Running(Work::Keep { stop: None }), Phase::Closing]
        {
            assert!(!other.can_mark(), "{other:?}");
        }
    }

    #[test]
    fn it_rests_where_the_edit_says() {
        let facts = Facts { opened: true, ..Facts::default() };
        assert_eq!(Phase::resting(Facts::default()), Phase::Opening);
        assert_eq!(Phase::resting(facts), Phase::Painting);
        assert_eq!(Phase::resting(Facts { fills: 2, ..facts }), Phase::Done);
        assert_eq!(Phase::resting(Facts { fills: 2, painted: true, ..facts }), Phase::Painting);
    }

    #[test]
    fn escape_goes_step_by_step() {
        let all = Facts { opened: true, painted: true, fills: 1, unsaved: true, dragging: true, insisted: false };
        assert_eq!(Phase::Running(Work::Fill { job: Some(3) }).escape(all), WayOut::Cancel(3));
        assert_eq!(Phase::Running(Work::Keep { stop: Some(4) }).escape(all), WayOut::Stop(4));
        assert_eq!(Phase::Running(Work::Keep { stop: Some(4) }).unstoppable().escape(all), WayOut::Wait);
        assert_eq!(Phase::Failed.escape(all), WayOut::AnswerNo);
        assert_eq!(Phase::Painting.escape(all), WayOut::DropGesture);
        assert_eq!(Phase::Painting.escape(Facts { dragging: false, ..all }), WayOut::ClearMask);
        let filled = Facts { dragging: false, painted: false, ..all };
        assert_eq!(Phase::Done.escape(filled), WayOut::Ask);
        assert_eq!(Phase::Done.escape(Facts { unsaved: false, ..filled }), WayOut::Close);
        assert_eq!(Phase::Asking(Question::Close).close(filled), WayOut::Close, "who insists is let go");
    }
}
