//! The edit: what is painted, what was filled with which results, and what of it has been kept.
//!
//! This is the one place where an edit changes. What the screen shows and what the engine has are projections of it (see
//! [`super::projection`]); they are brought up to date after each change and never change it.

use super::history::History;
use super::projection::{ResultId, Wanted};
use super::variations::Variations;
use crate::masks::laying::Places;
use crate::masks::mask::{Mask, MaskOp};
use crate::masks::stroke::Stamp;
use crate::protocol::engine::{EditNote, EngineChoice, Framing, Hiding, JobId, Reading, Route};
use crate::protocol::models::OptionValue;
use crate::protocol::{Failure, Rect};
use std::rc::Rc;

mod transfer;

/// What was painted for a fill.
#[derive(Clone, Debug, PartialEq)]
pub struct Hole {
    /// Where, in image pixels.
    pub rect: Rect,
    /// Coverage of `rect` row by row, one byte a pixel: 0 keeps, 255 erases.
    pub coverage: Rc<[u8]>,
}

impl Hole {
    fn of((rect, coverage): (Rect, Vec<u8>)) -> Self {
        Self { rect, coverage: coverage.into() }
    }
}

/// How a result is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// What fills the hole.
    pub engine: EngineChoice,
    /// The same picture, hole, engine and seed give the same pixels.
    pub seed: u32,
    /// What is filled.
    pub hole: Hole,
}

/// One result of a fill. `P` holds its pixels; the document never looks at them.
#[derive(Clone, Debug)]
pub struct FillResult<P> {
    /// Its name.
    pub id: ResultId,
    /// Where its pixels belong in the picture.
    pub rect: Rect,
    /// Its pixels.
    pub pixels: P,
    /// None where that is not known: the fill was made before the page went away.
    pub made: Option<Made>,
    /// How the built-in fill took the paint; none for a model, and where it is not known.
    pub reading: Option<Reading>,
}

/// A fill that the engine is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its number, and the name of the result it will give.
    pub id: JobId,
    /// What is asked for.
    pub made: Made,
    /// The number of fills on which the result will lie.
    pub onto: usize,
}

/// A job whose result is waited for.
#[derive(Clone, Copy, Debug)]
struct Pending {
    job: JobId,
    /// What it fills was painted in the first so many steps of the history. What is painted after them waits for the next fill.
    steps: usize,
    /// Where it fills, image pixels.
    rect: Rect,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Document<P> {
    mask: Mask,
    history: History<Variations<FillResult<P>>>,
    /// The job whose result is waited for.
    pending: Option<Pending>,
    /// The results that showed when the picture was last saved, copied or written into the page.
    kept: Vec<ResultId>,
    /// What was left of the picture then.
    kept_framing: Option<Framing>,
    /// The last number that was given to a job or a result.
    last: ResultId,
}

impl<P> Default for Document<P> {
    fn default() -> Self {
        Self {
            mask: Mask::new(0, 0),
            history: History::default(),
            pending: None,
            kept: vec![],
            kept_framing: None,
            last: 0,
        }
    }
}

impl<P> Document<P> {
    /// Begins with another picture, of this size in pixels. A job that still runs for the picture before cannot change it.
    pub fn open(&mut self, width: u32, height: u32) {
        *self = Self { mask: Mask::new(width, height), last: self.last, ..Self::default() };
    }

    // ------------------------------------------------------------------ painting

    /// What is painted.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// What is painted: the smallest rectangle around it, and its coverage.
    pub fn painted(&mut self) -> Option<(Rect, Vec<u8>)> {
        self.mask.cut()
    }

    /// Whether something was painted or erased, also if it was undone.
    pub fn is_begun(&self) -> bool {
        !self.history.is_empty()
    }

    /// True when something is painted.
    pub fn is_painted(&self) -> bool {
        self.mask.extent().is_some()
    }

    /// True when what is painted holds a thing that was selected. Nothing erases it unasked: the user may still add to it, take from it and mend it.
    pub fn holds_selection(&self) -> bool {
        let since_clear = |holds, op: &MaskOp| *op != MaskOp::Clear && (holds || op.is_selection());
        self.is_painted() && self.history.ops().fold(false, since_clear)
    }

    /// The boxes of the words of text that are selected.
    pub fn words(&self) -> Vec<Rect> {
        let mut boxes = vec![];
        for op in self.history.ops() {
            match op {
                MaskOp::Words(words) if words.away => boxes.retain(|word| !words.boxes.contains(word)),
                MaskOp::Words(words) => boxes.extend(&words.boxes),
                MaskOp::Clear | MaskOp::Instead(..) => boxes.clear(),
                _ => {}
            }
        }
        boxes
    }

    /// Whether words are painted as a whole, as it takes to hide them. Says whether that changes what is painted.
    pub fn paint_whole_words(&mut self, whole: bool) -> bool {
        let changes = std::mem::replace(&mut self.mask.whole_words, whole) != whole && !self.words().is_empty();
        if changes {
            self.discard_drag();
        }
        changes
    }

    /// Paints a piece of a stroke that is still being dragged. It counts once the stroke is recorded.
    pub fn drag(&mut self, from: Stamp, to: Stamp, erase: bool) {
        self.mask.capsule(from, to, erase);
    }

    /// Records a stroke that was painted piece by piece.
    /// While a job runs, it is paint for the next one.
    pub fn record(&mut self, stroke: MaskOp) {
        self.history.painted(stroke);
    }

    /// Paints, and records it.
    pub fn paint(&mut self, op: MaskOp) {
        self.mask.apply(&op);
        self.record(op);
    }

    /// Paints, in place of `before` where that was painted last: both are one step.
    pub fn paint_instead(&mut self, before: Option<&MaskOp>, op: MaskOp) {
        if self.painted_last().is_some_and(|last| Some(last) == before) {
            self.history.undo();
        }
        self.record(op);
        self.discard_drag();
    }

    /// The step that painted, if nothing else was done since.
    pub fn painted_last(&self) -> Option<&MaskOp> {
        self.history.painted_last()
    }

    /// Takes away what was dragged and not recorded.
    pub fn discard_drag(&mut self) {
        self.mask.replay(self.history.ops());
    }

    // --------------------------------------------------------------------- fills

    /// A job that fills what is painted. The mask stays until [`Self::finish`].
    ///
    /// # Errors
    /// [`Failure::EmptyMask`] and [`Failure::WholeMask`].
    pub fn begin(&mut self, engine: EngineChoice, seed: u32) -> Result<Job, Failure> {
        self.paint_whole_words(engine.hides());
        let engine = as_words_are_taken(engine, self.history.ops());
        let (rect, coverage) = self.mask.cut().ok_or(Failure::EmptyMask)?;
        if self.mask.is_whole() {
            return Err(Failure::WholeMask);
        }
        let onto = self.fills();
        self.pending = None;
        Ok(self.job(Made { engine, seed, hole: Hole { rect, coverage: coverage.into() } }, onto))
    }

    /// A job that gives the last fill another result. `seed` is that of its first result. None where there is no fill
    /// whose hole is known. The built-in fill, left to itself, first takes the paint in every other way that gives something
    /// else, and then again in that of the chosen result.
    pub fn begin_again(&mut self, engine: EngineChoice, seed: u32) -> Option<Job> {
        let hole = self.hole_again(&engine)?;
        let engine = if engine == EngineChoice::INSTANT {
            EngineChoice::Instant { route: self.next_route().unwrap_or_default() }
        } else {
            engine
        };
        let engine = as_words_are_taken(engine, self.history.filled_ops());
        let seed = seed.wrapping_add(self.last_fill()?.made());
        let onto = self.fills() - 1;
        self.pending = None;
        Some(self.job(Made { engine, seed, hole }, onto))
    }

    /// What was painted for the last fill, as this engine takes it: to be hidden, words are painted as a whole.
    fn hole_again(&self, engine: &EngineChoice) -> Option<Hole> {
        let hole = self.last_hole()?;
        if !self.history.filled_ops().any(|op| matches!(op, MaskOp::Words(_))) {
            return Some(hole.clone());
        }
        let mut mask = Mask::new(self.mask.width(), self.mask.height());
        mask.whole_words = engine.hides();
        mask.replay(self.history.filled_ops());
        mask.cut().map(Hole::of)
    }

    /// How a further result of the last fill takes the paint. None where the chosen result is a model's, or of an edit that was taken up.
    fn next_route(&self) -> Option<Route> {
        let fill = self.last_fill()?;
        let chosen = fill.chosen().reading.as_ref()?;
        let is_tried = |route: &Route| {
            fill.results().iter().any(|result| result.reading.as_ref().is_some_and(|tried| tried.route == *route))
        };
        // Results that are no longer kept were the first ones: all readings had their turn.
        let all_kept = fill.made() as usize == fill.results().len();
        let untried = chosen.others.iter().copied().find(|route| all_kept && !is_tried(route));
        // What was recovered without a rest is the same whatever the seed.
        let again = if chosen.made_up > 0.0 { chosen.route } else { Route::Everything };
        Some(untried.unwrap_or(again))
    }

    /// The same fill by another engine, in place of `job`.
    pub fn begin_instead(&mut self, job: Job, engine: EngineChoice) -> Job {
        let engine = match job.onto < self.fills() {
            true => as_words_are_taken(engine, self.history.filled_ops()),
            false => as_words_are_taken(engine, self.history.ops()),
        };
        self.job(Made { engine, ..job.made }, job.onto)
    }

    fn job(&mut self, made: Made, onto: usize) -> Job {
        let id = self.next_id();
        let steps = self.pending.map_or(self.history.standing(), |before| before.steps);
        self.pending = Some(Pending { job: id, steps, rect: made.hole.rect });
        Job { id, made, onto }
    }

    fn next_id(&mut self) -> ResultId {
        self.last += 1;
        self.last
    }

    /// The job ended without a result: the document is as it was before.
    pub fn give_up(&mut self, job: JobId) {
        self.pending.take_if(|pending| pending.job == job);
    }

    /// Where a job fills that runs, image pixels.
    pub fn filling(&self) -> Option<Rect> {
        self.pending.map(|pending| pending.rect)
    }

    /// True when something is painted that a job which runs does not fill.
    pub fn waits(&self) -> bool {
        self.pending.is_some_and(|pending| self.history.standing() > pending.steps)
    }

    /// Takes the result of a job. False where the job is not waited for: something else was done meanwhile.
    pub fn finish(&mut self, job: Job, rect: Rect, pixels: P, reading: Option<Reading>) -> bool {
        let Some(Pending { steps, .. }) = self.pending.take_if(|pending| pending.job == job.id) else { return false };
        let again = job.onto < self.fills();
        let result = FillResult { id: job.id, rect, pixels, made: Some(job.made), reading };
        match self.history.last_fill_mut().filter(|_| again) {
            Some(fill) => {
                fill.add(result);
                self.history.give_up_undone();
            }
            None => {
                self.history.filled(steps, Variations::new(result));
                self.discard_drag();
            }
        }
        true
    }

    /// Takes over a fill that was made before the page went away.
    pub fn resume(&mut self, rect: Rect, pixels: P) {
        self.pending = None;
        let id = self.next_id();
        let steps = self.history.standing();
        self.history.filled(steps, Variations::new(FillResult { id, rect, pixels, made: None, reading: None }));
    }

    /// Chooses another result of the last fill. What could be redone is given up, since it was made on top of the result
    /// that showed. False where there is no such result, or where it shows already.
    pub fn choose(&mut self, number: usize) -> bool {
        let chosen = self.history.last_fill_mut().is_some_and(|fill| fill.choose(number));
        if chosen {
            self.pending = None;
            self.history.give_up_undone();
        }
        chosen
    }

    /// Takes the last step back. False where there is none.
    pub fn undo(&mut self) -> bool {
        self.step(History::undo)
    }

    /// Does the step again that was undone last. False where there is none.
    pub fn redo(&mut self) -> bool {
        self.step(History::redo)
    }

    /// A job that runs goes on as long as only paint for the next one changes.
    fn step(&mut self, step: fn(&mut History<Variations<FillResult<P>>>) -> bool) -> bool {
        let fills = self.fills();
        let stepped = step(&mut self.history);
        if stepped {
            let (standing, same) = (self.history.standing(), self.fills() == fills);
            self.pending.take_if(|pending| standing < pending.steps || !same);
            self.discard_drag();
        }
        stepped
    }

    /// Whether there is something to undo, and something to redo, that a job which runs has nothing to do with.
    pub fn can_step_aside(&self) -> (bool, bool) {
        (self.waits(), self.history.would_paint())
    }

    /// Whether there is something to undo, and something to redo.
    pub fn can_step(&self) -> (bool, bool) {
        self.history.can()
    }

    /// Back to the picture as it was opened.
    pub fn revert(&mut self) {
        let (width, height) = (self.mask.width(), self.mask.height());
        self.open(width, height);
    }

    // ------------------------------------------------------------------- cropping

    /// What is left of the picture; none where all of it is, upright.
    pub fn framing(&self) -> Option<Framing> {
        let size = (self.mask.width(), self.mask.height());
        self.history.framing().filter(|framing| framing.fits(size) && *framing != Framing::whole(size))
    }

    /// The same, or all of it.
    pub fn framed(&self) -> Framing {
        self.framing().unwrap_or(Framing::whole((self.mask.width(), self.mask.height())))
    }

    /// Crops or turns the picture: this is left of it. Paint and fills stay where they are in the picture. False where it changes nothing.
    pub fn frame(&mut self, framing: Framing) -> bool {
        let changes = framing != self.framed();
        if changes {
            self.history.framed(framing);
        }
        changes
    }

    /// How many fills show, and one more where the picture is cropped or turned.
    pub fn changes(&self) -> usize {
        self.fills() + usize::from(self.framing().is_some())
    }

    // -------------------------------------------------------------- what there is

    /// How many fills show.
    pub fn fills(&self) -> usize {
        self.history.fills().count()
    }

    /// The newest fill that shows.
    pub fn last_fill(&self) -> Option<&Variations<FillResult<P>>> {
        self.history.fills().next_back()
    }

    /// What was painted for the newest fill that shows, where that is known.
    pub fn last_hole(&self) -> Option<&Hole> {
        Some(&self.last_fill()?.chosen().made.as_ref()?.hole)
    }

    /// Where the picture was erased and is painted; none where nothing is known.
    pub fn places(&self) -> Option<Places> {
        let painted = self.mask.part().map(|(rect, coverage)| Hole { rect, coverage: coverage.into() });
        let erased = self.showing().filter_map(|result| Some(&result.made.as_ref()?.hole));
        let holes: Vec<&Hole> = erased.chain(&painted).collect();
        let around = around(holes.iter().map(|hole| hole.rect))?;
        let mut all = Mask::new(around.width, around.height);
        for Hole { rect, coverage } in holes {
            let inside = Rect { x: rect.x - around.x, y: rect.y - around.y, ..*rect };
            all.apply(&MaskOp::region(inside, coverage));
        }
        let Places { rect, runs, .. } = Places::of(&all)?;
        let rect = Rect { x: rect.x + around.x, y: rect.y + around.y, ..rect };
        Some(Places { width: self.mask.width(), height: self.mask.height(), rect, runs })
    }

    /// Tells an edit from the one before and after each step: the names of the results that show, and how many steps painted since.
    pub fn state(&self) -> (Vec<ResultId>, usize) {
        (self.showing_ids(), self.history.ops().count())
    }

    /// The results that show, lowest first.
    pub fn showing(&self) -> impl Iterator<Item = &FillResult<P>> {
        self.history.fills().map(Variations::chosen)
    }

    /// The results that show and after them those that can be redone.
    pub fn line(&self) -> impl Iterator<Item = &FillResult<P>> {
        self.history.all_fills().map(Variations::chosen)
    }

    /// What the engine should have, with the first `fills` fills showing.
    pub fn wanted(&self, fills: usize) -> Wanted {
        Wanted { line: self.line().map(|result| result.id).collect(), showing: fills }
    }

    /// The smallest rectangle around the results that show; none without any.
    pub fn changed(&self) -> Option<Rect> {
        around(self.showing().map(|result| result.rect))
    }

    // --------------------------------------------------------------------- keeping

    /// The results that show, in what is left of the picture, are saved, copied or in the page.
    pub fn keep(&mut self) {
        self.kept = self.showing_ids();
        self.kept_framing = self.framing();
    }

    /// True when closing would lose a fill, a crop or a turn.
    pub fn is_unsaved(&self) -> bool {
        self.changes() > 0 && (self.showing_ids() != self.kept || self.framing() != self.kept_framing)
    }

    /// Whether something that shows was hidden.
    pub fn is_hiding(&self) -> bool {
        let hides =
            |result: &FillResult<P>| matches!(result.made, Some(Made { engine: EngineChoice::Hide { .. }, .. }));
        self.showing().any(hides)
    }

    /// The names of the results that show, lowest first.
    pub fn showing_ids(&self) -> Vec<ResultId> {
        self.showing().map(|result| result.id).collect()
    }

    /// What a saved file tells about the fills that show. `phrases` puts what was set about a model into its own words.
    pub fn edit_note(&self, agent: String, phrases: impl Fn(&str, &[OptionValue]) -> String) -> EditNote {
        let mut trained = false;
        let actions = self.showing().map(|result| match &result.made {
            Some(Made { engine: EngineChoice::Instant { .. }, seed, .. }) => {
                format!("erased with the built-in fill, seed {seed}")
            }
            Some(Made { engine: EngineChoice::Model { model, options }, seed, .. }) => {
                trained = true;
                format!("erased with the model {model}, seed {seed}{}", phrases(model, options))
            }
            Some(Made { engine: EngineChoice::Hide { by }, .. }) => match by {
                Hiding::BlackOut => "blacked out".into(),
                Hiding::Pixelate => "pixelated".into(),
                Hiding::Blur => "blurred".into(),
            },
            None => "erased".into(),
        });
        let Framing { part, turns } = self.framed();
        let cropped = (part != Framing::whole((self.mask.width(), self.mask.height())).part).then(|| "cropped".into());
        let turned = (turns > 0).then(|| format!("rotated by {} degrees", u32::from(turns) * 90));
        let actions = actions.chain(cropped).chain(turned).collect();
        EditNote { agent, actions, trained }
    }
}

/// The built-in fill, left to itself, takes words for what they are: of their strokes everything is filled, in however many colours they are written.
fn as_words_are_taken<'a>(engine: EngineChoice, mut ops: impl Iterator<Item = &'a MaskOp>) -> EngineChoice {
    let is_of_words = engine == EngineChoice::INSTANT && ops.any(|op| matches!(op, MaskOp::Words(_)));
    if is_of_words { EngineChoice::Instant { route: Route::Everything } } else { engine }
}

/// The smallest rectangle around some; none without any.
fn around(rects: impl Iterator<Item = Rect>) -> Option<Rect> {
    rects.reduce(|a, b| {
        let (x, y) = (a.x.min(b.x), a.y.min(b.y));
        let right = (a.x + a.width).max(b.x + b.width);
        let bottom = (a.y + a.height).max(b.y + b.height);
        Rect { x, y, width: right - x, height: bottom - y }
    })
}

#[cfg(test)]
mod tests;
