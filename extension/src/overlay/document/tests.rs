//! Tests of the document: any sequence of what the user and the engine can do keeps document, screen and engine in agreement.

use super::super::projection::{Command, Drawing, Held, drawing, next_command};
use super::*;
use crate::masks::mask::{Taking, Words};
use crate::masks::runs::packed;
use crate::protocol::Point;
use proptest::prelude::*;

const SIZE: u32 = 40;

fn dab(x: f64, y: f64, erase: bool) -> MaskOp {
    MaskOp::Stroke { stamps: vec![Stamp { at: Point { x, y }, radius: 2.0 }], erase }
}

fn model() -> EngineChoice {
    EngineChoice::Model { model: "m".into(), options: vec![OptionValue { id: "steps".into(), value: 20.0 }] }
}

fn phrases(model: &str, options: &[OptionValue]) -> String {
    options.iter().map(|option| format!(": {} of {model}", option.id)).collect()
}

fn opened() -> Document<&'static str> {
    let mut document = Document::default();
    document.open(SIZE, SIZE);
    document
}

/// A document with one fill for each of these results.
fn filled(results: &[&'static str]) -> Document<&'static str> {
    let mut document = opened();
    for pixels in results {
        document.paint(dab(10.0, 10.0, false));
        let job = document.begin(EngineChoice::INSTANT, 1).expect("painted");
        assert!(document.finish(job.clone(), job.made.hole.rect, *pixels, None));
    }
    document
}

fn shown(document: &Document<&'static str>) -> Vec<&'static str> {
    document.showing().map(|result| result.pixels).collect()
}

fn try_again(document: &mut Document<&'static str>, pixels: &'static str) -> u32 {
    let job = document.begin_again(EngineChoice::INSTANT, 1).expect("there is a fill");
    let (seed, rect) = (job.made.seed, job.made.hole.rect);
    assert!(document.finish(job, rect, pixels, None));
    seed
}

#[test]
fn words_are_hidden_as_a_whole_also_after_they_were_erased() {
    let word = Rect { x: 4, y: 4, width: 3, height: 2 };
    let stroke = || [255, 0, 0, 255, 0, 0];
    let words = |away| MaskOp::Words(Words { boxes: vec![word], rect: word, runs: packed(&stroke()), away });
    let black = EngineChoice::Hide { by: Hiding::BlackOut };
    let covers = |job: &Job| job.made.hole.coverage.iter().filter(|covered| **covered > 0).count();
    let mut document = opened();
    document.paint(words(false));
    assert_eq!(document.words(), [word]);
    assert!(document.paint_whole_words(true) && !document.paint_whole_words(true), "once");
    assert_eq!(document.painted().map(|(_, coverage)| coverage), Some(vec![255; 6]));
    let job = document.begin(EngineChoice::INSTANT, 1).expect("painted");
    assert_eq!(covers(&job), 2, "the strokes, to be erased");
    assert_eq!(job.made.engine, EngineChoice::Instant { route: Route::Everything }, "all of them");
    let asked = EngineChoice::Instant { route: Route::SeeThrough };
    assert_eq!(
        document.begin(asked.clone(), 1).map(|job| job.made.engine),
        Ok(asked),
        "unless the user says otherwise"
    );
    let job = document.begin(black.clone(), 1).expect("painted");
    assert_eq!(covers(&job), 6, "the word, to be hidden");

    let job = document.begin(EngineChoice::INSTANT, 1).expect("painted");
    assert!(document.finish(job, word, "p", None));
    assert!(document.words().is_empty(), "the fill has used them up");
    assert_eq!(document.begin_again(black.clone(), 1).map(|job| covers(&job)), Some(6), "hidden after all");
    let job = document.begin_again(black, 1).expect("there is a fill");
    assert!(document.finish(job, word, "q", None));
    assert_eq!(document.begin_again(EngineChoice::INSTANT, 1).map(|job| covers(&job)), Some(2), "and erased again");
    let (text, pixels) = document.write().expect("what is painted can be written");
    let again = Document::read(&text, pixels, SIZE, SIZE).expect("what was written can be read");
    assert_eq!(again.last_hole().map(|hole| hole.coverage.iter().filter(|covered| **covered > 0).count()), Some(6));

    document.paint(words(false));
    document.paint(words(true));
    assert!(document.words().is_empty() && document.painted().is_none(), "given back");
    document.paint(words(false));
    document.paint(MaskOp::Clear);
    assert!(document.words().is_empty() && !document.holds_selection(), "cleared");
}

#[test]
fn a_selection_is_held_until_it_is_undone_cleared_or_filled() {
    let thing = |how| MaskOp::selected(Rect { x: 4, y: 4, width: 3, height: 3 }, &[255; 9], how);
    for how in [Taking::Instead, Taking::Along] {
        let mut document = opened();
        document.paint(dab(30.0, 30.0, false));
        assert!(!document.holds_selection(), "a stroke is none");
        document.paint(thing(how));
        assert!(document.holds_selection());
        document.paint(dab(20.0, 20.0, false));
        assert!(document.holds_selection(), "a stroke that mends it changes nothing");
        assert!(document.undo() && document.undo() && !document.holds_selection(), "undone");
        assert!(document.redo() && document.holds_selection());
        document.paint(MaskOp::Clear);
        document.paint(dab(30.0, 30.0, false));
        assert!(!document.holds_selection(), "cleared");

        document.paint(thing(how));
        let job = document.begin(EngineChoice::INSTANT, 1).expect("painted");
        let rect = job.made.hole.rect;
        assert!(document.finish(job, rect, "p", None));
        document.paint(dab(10.0, 10.0, false));
        assert!(!document.holds_selection(), "a fill has used it up");
    }
    let mut document = opened();
    document.paint(thing(Taking::Instead));
    document.paint(thing(Taking::Away));
    document.painted();
    assert!(!document.holds_selection(), "all of it was taken away");
}

fn square(x: u32, y: u32) -> MaskOp {
    MaskOp::selected(Rect { x, y, width: 3, height: 3 }, &[255; 9], Taking::Along)
}

#[test]
fn what_is_laid_in_another_way_takes_the_place_of_the_first_in_one_step() {
    let mut document = opened();
    document.paint(dab(30.0, 30.0, false));
    let stroke = document.places();
    document.paint_instead(None, square(4, 4));
    document.paint_instead(Some(&square(4, 4)), square(10, 4));
    assert_eq!(document.painted_last(), Some(&square(10, 4)));
    assert!(!document.mask().is_painted(5, 5) && document.mask().is_painted(11, 5));
    assert!(document.holds_selection(), "it waits to be erased");
    // After another step, a further one is laid beside it.
    document.paint(dab(20.0, 20.0, false));
    document.paint_instead(Some(&square(10, 4)), square(4, 4));
    assert!(document.mask().is_painted(5, 5) && document.mask().is_painted(11, 5));
    assert!(document.undo() && document.undo() && document.undo(), "the square, the stroke, the other square");
    assert_eq!(document.places(), stroke);
    assert!(document.undo() && document.places().is_none() && !document.undo());
}

#[test]
fn the_places_of_an_edit_are_what_was_erased_and_what_is_painted() {
    let mut document = opened();
    let mut expected = Mask::new(SIZE, SIZE);
    for op in [square(4, 4), square(30, 8)] {
        document.paint(op.clone());
        expected.apply(&op);
        let job = document.begin(EngineChoice::INSTANT, 1).expect("painted");
        assert!(document.finish(job.clone(), job.made.hole.rect, "p", None));
        assert_eq!(document.places(), Places::of(&expected));
    }
    let before = document.state();
    document.paint(square(20, 35));
    assert_ne!(document.state(), before);
    assert!(document.undo());
    assert_eq!((document.state(), document.places()), (before, Places::of(&expected)));
    assert!(document.undo() && document.undo(), "the second fill, and its paint");
    expected.replay(&[square(4, 4)]);
    assert_eq!(document.places(), Places::of(&expected));
}

#[test]
fn undo_while_a_fill_runs_takes_back_what_was_painted_since_and_no_more() {
    let mut document = opened();
    document.paint(dab(10.0, 10.0, false));
    let job = document.begin(EngineChoice::Instant { route: Route::Automatic }, 1).expect("painted");
    assert_eq!(document.can_step_aside(), (false, false), "nothing was painted since: undo is for the fill itself");
    document.paint(dab(20.0, 20.0, false));
    document.paint(dab(30.0, 30.0, false));
    assert!(document.undo() && document.can_step_aside() == (true, true));
    assert!(document.undo() && document.can_step_aside() == (false, true));
    assert!(document.redo() && document.waits());
    assert!(document.finish(job.clone(), job.made.hole.rect, "a", None), "the fill goes on meanwhile");
    assert_eq!((shown(&document), document.is_painted()), (vec!["a"], true));
    let job = document.begin(EngineChoice::Instant { route: Route::Automatic }, 1).expect("painted");
    assert!(document.undo());
    assert!(!document.finish(job.clone(), job.made.hole.rect, "b", None), "its own paint was taken back");
}

#[test]
fn a_fill_uses_up_the_paint_and_undoing_it_brings_the_paint_back() {
    let mut document = filled(&["a"]);
    assert!(!document.is_painted());
    assert_eq!(shown(&document), ["a"]);
    assert!(document.undo());
    assert!(document.is_painted() && shown(&document).is_empty());
    assert!(document.redo());
    assert!(!document.is_painted());
    assert_eq!(shown(&document), ["a"]);
}

#[test]
fn nothing_and_everything_cannot_be_filled() {
    let mut document = opened();
    assert_eq!(document.begin(EngineChoice::INSTANT, 1), Err(Failure::EmptyMask));
    document.paint(MaskOp::Invert);
    assert_eq!(document.begin(EngineChoice::INSTANT, 1), Err(Failure::WholeMask));
    assert!(document.begin_again(EngineChoice::INSTANT, 1).is_none(), "there is no fill yet");
}

#[test]
fn further_results_use_further_seeds_and_what_was_undone_on_top_is_given_up() {
    let mut document = filled(&["a", "on a"]);
    document.undo();
    assert!(document.can_step().1, "the second fill can be redone");
    assert_eq!(try_again(&mut document, "b"), 2, "seed");
    assert_eq!((shown(&document), document.can_step().1), (vec!["b"], false));
    assert_eq!(try_again(&mut document, "c"), 3, "seed");
    assert!(document.choose(0));
    assert_eq!(shown(&document), ["a"]);
    assert!(!document.choose(0), "it shows already");
}

#[test]
fn a_failed_job_changes_nothing_and_its_late_result_is_refused() {
    let mut document = filled(&["a"]);
    document.paint(dab(30.0, 30.0, false));
    let job = document.begin(EngineChoice::INSTANT, 1).expect("painted");
    document.give_up(job.id);
    assert!(document.is_painted());
    assert!(!document.finish(job.clone(), job.made.hole.rect, "late", None));
    assert_eq!(shown(&document), ["a"]);
}

#[test]
fn a_job_that_was_begun_before_a_change_cannot_change_what_came_after() {
    let changes: [fn(&mut Document<&'static str>); 5] = [
        |document| _ = document.undo(),
        |document| document.revert(),
        |document| document.open(9, 9),
        |document| document.resume(Rect { x: 0, y: 0, width: 1, height: 1 }, "resumed"),
        |document| _ = document.begin(EngineChoice::INSTANT, 5),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut document = filled(&["a"]);
        document.paint(dab(30.0, 30.0, false));
        let job = document.begin(EngineChoice::INSTANT, 1).expect("painted");
        change(&mut document);
        let before = shown(&document);
        assert!(!document.finish(job.clone(), job.made.hole.rect, "late", None), "change {number}");
        assert_eq!(shown(&document), before, "change {number}");
    }
}

#[test]
fn what_is_painted_while_a_fill_runs_stays_for_the_next_one() {
    let mut document = filled(&["a"]);
    document.paint(dab(10.0, 10.0, false));
    let job = document.begin(model(), 1).expect("painted");
    assert_eq!((document.filling(), document.waits()), (Some(job.made.hole.rect), false));
    document.paint(dab(30.0, 30.0, false));
    assert!(document.waits());
    let hole = job.made.hole.clone();
    let job = document.begin_instead(job, EngineChoice::INSTANT);
    assert!(document.finish(job, hole.rect, "b", None));
    assert_eq!(shown(&document), ["a", "b"]);
    assert_eq!((document.mask().at(10, 10), document.mask().at(30, 30)), (0, 255));
    assert_eq!((document.filling(), document.waits()), (None, false));
    document.undo();
    assert!(!document.is_painted() && shown(&document) == ["a", "b"], "the stroke came last");
    document.undo();
    assert_eq!(document.mask().at(10, 10), 255, "the fill's own paint is there again");
    document.redo();
    assert_eq!(document.last_hole(), Some(&hole));
    let again = document.begin_again(EngineChoice::INSTANT, 1).expect("there is a fill");
    document.paint(dab(20.0, 20.0, false));
    assert!(document.finish(again, hole.rect, "c", None));
    assert!(document.is_painted() && shown(&document) == ["a", "c"]);
}

#[test]
fn the_built_in_fill_takes_a_models_place_under_a_number_of_its_own() {
    let mut document = opened();
    document.paint(dab(10.0, 10.0, false));
    let first = document.begin(model(), 7).expect("painted");
    let second = document.begin_instead(first.clone(), EngineChoice::INSTANT);
    assert_eq!((second.made.seed, &second.made.hole), (7, &first.made.hole));
    let rect = first.made.hole.rect;
    assert!(!document.finish(first, rect, "too late", None));
    assert!(document.finish(second, rect, "instant", None));
    assert_eq!(shown(&document), ["instant"]);
}

#[test]
fn what_is_kept_is_what_showed_then() {
    let mut document = filled(&["a", "b"]);
    assert!(document.is_unsaved());
    document.keep();
    assert!(!document.is_unsaved());
    document.undo();
    assert!(document.is_unsaved(), "one fill shows, two are saved");
    document.redo();
    assert!(!document.is_unsaved());
    try_again(&mut document, "c");
    assert!(document.is_unsaved(), "another result shows");
    document.revert();
    assert!(!document.is_unsaved(), "nothing is left to lose");
}

#[test]
fn the_changed_part_is_around_all_results_that_show() {
    let mut document = opened();
    assert_eq!(document.changed(), None);
    document.resume(Rect { x: 3, y: 4, width: 5, height: 6 }, "a");
    document.resume(Rect { x: 1, y: 8, width: 2, height: 9 }, "b");
    assert_eq!(document.changed(), Some(Rect { x: 1, y: 4, width: 7, height: 13 }));
    assert!(document.last_hole().is_none(), "nobody knows what was painted for a fill that was taken over");
}

#[test]
fn a_saved_file_tells_of_each_fill_that_shows() {
    let mut document = filled(&["a"]);
    document.resume(Rect { x: 0, y: 0, width: 1, height: 1 }, "b");
    document.paint(dab(10.0, 10.0, false));
    let job = document.begin(model(), 9).expect("painted");
    document.finish(job.clone(), job.made.hole.rect, "c", None);
    let note = document.edit_note("Rubout".into(), phrases);
    let expected = ["erased with the built-in fill, seed 1", "erased", "erased with the model m, seed 9: steps of m"];
    assert_eq!((note.actions, note.trained), (expected.map(String::from).to_vec(), true));
    document.undo();
    assert!(!document.edit_note("Rubout".into(), phrases).trained, "the model's fill does not show");
}

// ------------------------------------------------------- document, screen and engine together

/// What a user, an engine or the world does next.
#[derive(Clone, Debug)]
enum Event {
    Paint(f64, f64),
    Erase(f64, f64),
    DragAndLetGo(f64, f64),
    Clear,
    Invert,
    /// The picture is cropped to what lies between two corners.
    Crop(f64, f64),
    Turn(bool),
    /// How the job ends.
    Fill(Ending),
    TryAgain(Ending),
    Undo,
    Redo,
    Choose(usize),
    Keep,
    Revert,
    LoseEngine,
    /// Something else was drawn over the picture: a preview or half of a fade.
    Scribble,
    /// The answer of the job that was given up last comes after all.
    LateAnswer,
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Result,
    /// The engine has made it, but its pixels cannot be shown.
    Undecodable,
    Fails,
    Cancelled,
    /// The engine is lost in the middle, and the job is asked for once more.
    LostOnce,
    /// The user paints meanwhile.
    Painted(f64, f64),
}

fn event() -> impl Strategy<Value = Event> {
    let ending = || {
        prop_oneof![
            4 => Just(Ending::Result),
            1 => Just(Ending::Undecodable),
            1 => Just(Ending::Fails),
            1 => Just(Ending::Cancelled),
            1 => Just(Ending::LostOnce),
            2 => (0.0..f64::from(SIZE), 0.0..f64::from(SIZE)).prop_map(|(x, y)| Ending::Painted(x, y)),
        ]
    };
    let side = || 0.0..f64::from(SIZE);
    prop_oneof![
        4 => (side(), side()).prop_map(|(x, y)| Event::Paint(x, y)),
        1 => (side(), side()).prop_map(|(x, y)| Event::Erase(x, y)),
        1 => (side(), side()).prop_map(|(x, y)| Event::DragAndLetGo(x, y)),
        1 => Just(Event::Clear),
        1 => Just(Event::Invert),
        1 => (side(), side()).prop_map(|(x, y)| Event::Crop(x, y)),
        1 => any::<bool>().prop_map(Event::Turn),
        4 => ending().prop_map(Event::Fill),
        4 => ending().prop_map(Event::TryAgain),
        3 => Just(Event::Undo),
        2 => Just(Event::Redo),
        2 => (0..5usize).prop_map(Event::Choose),
        1 => Just(Event::Keep),
        1 => Just(Event::Revert),
        1 => Just(Event::LoseEngine),
        1 => Just(Event::Scribble),
        1 => Just(Event::LateAnswer),
    ]
}

/// An engine that applies results, knows them only by their pixels, and refuses what the real one refuses.
#[derive(Default)]
struct ModelEngine {
    /// None: it does not have the picture.
    open: Option<(Vec<u64>, usize)>,
    held: Option<Held>,
}

impl ModelEngine {
    fn sync(&mut self, document: &Document<u64>, fills: usize) {
        let wanted = document.wanted(fills);
        let pixels: Vec<u64> = document.line().map(|result| result.pixels).collect();
        while let Some(command) = next_command(self.held.as_ref(), &wanted) {
            match command {
                Command::Open => self.open = Some((pixels.clone(), pixels.len())),
                Command::Rewind { fills } => {
                    let (stack, applied) = self.open.as_mut().expect("open");
                    assert!(fills <= stack.len());
                    *applied = fills;
                }
                Command::Lay { index } => self.lay(index, pixels[index]),
            }
            self.held.get_or_insert_default().done(command, &wanted);
        }
    }

    fn lay(&mut self, onto: usize, pixels: u64) {
        let (stack, applied) = self.open.as_mut().expect("open");
        assert!(onto <= stack.len());
        stack.truncate(onto);
        stack.push(pixels);
        *applied = stack.len();
    }

    /// Fills on what is applied; the pixels depend on that and on the job.
    fn fill(&mut self, job: &Job) -> u64 {
        let (stack, applied) = self.open.as_ref().expect("open");
        let onto = *applied;
        let made = stack[..onto].iter().fold(u64::from(job.id), |sum, pixels| sum.wrapping_mul(31) + pixels);
        self.lay(onto, made);
        self.held.as_mut().expect("open").filled(job.id);
        made
    }

    fn lose(&mut self) {
        self.open = None;
        self.held = None;
    }

    fn shows(&self) -> &[u64] {
        self.open.as_ref().map_or(&[], |(stack, applied)| &stack[..*applied])
    }
}

#[derive(Default)]
struct ModelScreen {
    shows: Vec<u64>,
    drawn: Option<Vec<ResultId>>,
}

impl ModelScreen {
    fn sync(&mut self, document: &Document<u64>) {
        let wanted = document.showing_ids();
        let pixels = document.showing().map(|result| result.pixels);
        match drawing(self.drawn.as_deref(), &wanted) {
            Some(Drawing::Everything) => self.shows = pixels.collect(),
            Some(Drawing::From(first)) => self.shows.extend(pixels.skip(first)),
            None => {}
        }
        self.drawn = Some(wanted);
    }
}

#[derive(Default)]
struct World {
    document: Document<u64>,
    engine: ModelEngine,
    screen: ModelScreen,
    given_up: Option<Job>,
}

impl World {
    /// Runs a job to its end, as `ui::erasing` does.
    fn run(&mut self, job: Job, ending: Ending) {
        let rect = job.made.hole.rect;
        self.engine.sync(&self.document, job.onto);
        self.screen.drawn = None; // Previews.
        match ending {
            Ending::Result => {
                let pixels = self.engine.fill(&job);
                assert!(self.document.finish(job, rect, pixels, None));
            }
            Ending::Painted(x, y) => {
                let pixels = self.engine.fill(&job);
                self.document.paint(dab(x, y, false));
                assert!(self.document.finish(job, rect, pixels, None));
                assert!(self.document.mask().at(x as i64, y as i64) > 0, "it is not dropped");
            }
            Ending::LostOnce => {
                self.engine.lose();
                self.engine.sync(&self.document, job.onto);
                let pixels = self.engine.fill(&job);
                assert!(self.document.finish(job, rect, pixels, None));
            }
            Ending::Undecodable => {
                self.engine.fill(&job);
                self.fails(job);
            }
            Ending::Fails | Ending::Cancelled => self.fails(job),
        }
    }

    fn fails(&mut self, job: Job) {
        self.document.give_up(job.id);
        self.given_up = Some(job);
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Paint(x, y) => self.document.paint(dab(x, y, false)),
            Event::Erase(x, y) => self.document.paint(dab(x, y, true)),
            Event::DragAndLetGo(x, y) => {
                let stamp = Stamp { at: Point { x, y }, radius: 3.0 };
                self.document.drag(stamp, stamp, false);
                self.document.discard_drag();
            }
            Event::Clear => self.document.paint(MaskOp::Clear),
            Event::Crop(x, y) => {
                let middle = Point { x: f64::from(SIZE) / 2.0, y: f64::from(SIZE) / 2.0 };
                if let Some(left) = self.document.framed().cropped(middle, Point { x, y }) {
                    self.document.frame(left);
                }
            }
            Event::Turn(clockwise) => _ = self.document.frame(self.document.framed().turned(clockwise)),
            Event::Invert => self.document.paint(MaskOp::Invert),
            Event::Fill(ending) => {
                if let Ok(job) = self.document.begin(EngineChoice::INSTANT, 1) {
                    self.run(job, ending);
                }
            }
            Event::TryAgain(ending) => {
                if let Some(job) = self.document.begin_again(EngineChoice::INSTANT, 1) {
                    self.run(job, ending);
                }
            }
            Event::Undo => _ = self.document.undo(),
            Event::Redo => _ = self.document.redo(),
            Event::Choose(number) => _ = self.document.choose(number),
            Event::Keep => {
                self.document.keep();
                assert!(!self.document.is_unsaved());
            }
            Event::Revert => self.document.revert(),
            Event::LoseEngine => self.engine.lose(),
            Event::Scribble => {
                self.screen.shows.clear();
                self.screen.drawn = None;
            }
            Event::LateAnswer => {
                if let Some(job) = self.given_up.take() {
                    let rect = job.made.hole.rect;
                    assert!(!self.document.finish(job, rect, 0, None), "it was given up");
                }
            }
        }
    }
}

fn coverage(mask: &Mask) -> Vec<u8> {
    let side = i64::from(SIZE);
    (0..side * side).map(|at| mask.at(at % side, at / side)).collect()
}

proptest! {
    #[test]
    fn screen_engine_and_document_agree_whatever_happens(events in prop::collection::vec(event(), 0..40)) {
        let mut world = World::default();
        world.document.open(SIZE, SIZE);
        for event in events {
            world.happens(event);
            world.screen.sync(&world.document);
            world.engine.sync(&world.document, world.document.fills());
            let wanted: Vec<u64> = world.document.showing().map(|result| result.pixels).collect();
            prop_assert_eq!(&world.screen.shows, &wanted, "screen");
            prop_assert_eq!(world.engine.shows(), &wanted, "engine");
            // Each result lies on the very results that it was made on.
            for (at, result) in world.document.showing().enumerate() {
                let made = wanted[..at].iter().fold(u64::from(result.id), |sum, pixels| sum.wrapping_mul(31) + pixels);
                prop_assert_eq!(result.pixels, made, "result {} lies on others than it was made on", result.id);
            }
            let mut replayed = Mask::new(SIZE, SIZE);
            replayed.replay(world.document.history.ops());
            prop_assert_eq!(coverage(&replayed), coverage(&world.document.mask), "mask");
        }
    }

    #[test]
    fn an_edit_that_goes_on_elsewhere_is_the_same(events in prop::collection::vec(event(), 0..40)) {
        let mut world = World::default();
        world.document.open(SIZE, SIZE);
        for event in events {
            world.happens(event);
        }
        let mut here = world.document;
        here.discard_drag();
        let (text, pixels) = here.write().expect("it can be written");
        let mut there = Document::read(&text, pixels.clone(), SIZE, SIZE).expect("it can be read");
        prop_assert_eq!(there.is_unsaved(), here.is_unsaved());
        prop_assert!(Document::<u64>::read(&text, pixels[..pixels.len().saturating_sub(1)].to_vec(), SIZE, SIZE).is_none() || pixels.is_empty());
        loop {
            prop_assert_eq!(coverage(&there.mask), coverage(&here.mask));
            prop_assert_eq!(there.can_step(), here.can_step());
            prop_assert_eq!(there.last_hole(), here.last_hole());
            let all = |document: &Document<u64>| -> Vec<(ResultId, u64, Option<Made>)> {
                let results = document.last_fill().map_or(&[][..], |fill| fill.results());
                document.showing().chain(results).map(|result| (result.id, result.pixels, result.made.clone())).collect()
            };
            prop_assert_eq!(all(&there), all(&here));
            prop_assert_eq!(there.undo(), here.undo());
            if here.can_step() == (false, here.can_step().1) {
                break;
            }
        }
        while here.redo() {
            prop_assert!(there.redo());
        }
        prop_assert_eq!(there.showing_ids(), here.showing_ids());
        prop_assert_eq!(there.next_id(), here.next_id());
    }

    #[test]
    fn undoing_everything_and_redoing_it_ends_where_it_began(events in prop::collection::vec(event(), 0..30)) {
        let mut world = World::default();
        world.document.open(SIZE, SIZE);
        for event in events {
            world.happens(event);
        }
        while world.document.redo() {}
        let (ids, painted) = (world.document.showing_ids(), coverage(&world.document.mask));
        let framing = world.document.framing();
        while world.document.undo() {}
        prop_assert_eq!((world.document.fills(), world.document.is_painted()), (0, false));
        prop_assert_eq!(world.document.framing(), None);
        while world.document.redo() {}
        prop_assert_eq!(world.document.showing_ids(), ids);
        prop_assert_eq!(world.document.framing(), framing);
        prop_assert_eq!(coverage(&world.document.mask), painted);
    }
}

/// A fill that could have been taken in three ways, of which the first was found by itself.
fn read_three_ways(made_up: f32) -> Document<&'static str> {
    let mut document = opened();
    document.paint(dab(10.0, 10.0, false));
    let job = document.begin(EngineChoice::INSTANT, 1).expect("painted");
    finish_read(&mut document, job, Route::SeeThrough, made_up);
    document
}

fn finish_read(document: &mut Document<&'static str>, job: Job, route: Route, made_up: f32) {
    let all = [Route::SeeThrough, Route::OnlyMarks, Route::Everything];
    let others = all.into_iter().filter(|other| *other != route).collect();
    let rect = job.made.hole.rect;
    assert!(document.finish(job, rect, "a", Some(Reading { route, others, made_up })));
}

fn next(document: &mut Document<&'static str>) -> Job {
    document.begin_again(EngineChoice::INSTANT, 1).expect("there is a fill")
}

#[test]
fn the_other_readings_come_before_new_seeds_of_the_chosen_one() {
    let mut document = read_three_ways(0.1);
    for route in [Route::OnlyMarks, Route::Everything, Route::Everything] {
        let job = next(&mut document);
        assert_eq!(job.made.engine, EngineChoice::Instant { route });
        finish_read(&mut document, job, route, 0.5);
    }
    assert!(document.choose(1));
    assert_eq!(next(&mut document).made.engine, EngineChoice::Instant { route: Route::OnlyMarks });
    assert!(document.choose(0));
    let job = next(&mut document);
    assert_eq!((&job.made.engine, job.made.seed), (&EngineChoice::Instant { route: Route::SeeThrough }, 5));
    finish_read(&mut document, job, Route::SeeThrough, 0.1);
    assert!(document.choose(0), "the first result made room");
    assert_eq!(next(&mut document).made.engine, EngineChoice::Instant { route: Route::OnlyMarks });
}

#[test]
fn what_no_seed_changes_is_not_made_again_and_a_route_that_was_chosen_is_kept() {
    let mut document = read_three_ways(0.0);
    for route in [Route::OnlyMarks, Route::Everything] {
        let job = next(&mut document);
        finish_read(&mut document, job, route, 0.5);
    }
    assert!(document.choose(0));
    assert_eq!(next(&mut document).made.engine, EngineChoice::Instant { route: Route::Everything });
    let asked = EngineChoice::Instant { route: Route::SeeThrough };
    assert_eq!(document.begin_again(asked.clone(), 1).expect("there is a fill").made.engine, asked);
    assert_eq!(document.begin_again(model(), 1).expect("there is a fill").made.engine, model());
}

#[test]
fn a_crop_and_a_turn_are_steps_that_leave_paint_and_fills_where_they_are() {
    let mut document = opened();
    let (width, height) = (document.mask().width(), document.mask().height());
    let whole = Framing::whole((width, height));
    assert!(!document.frame(whole), "that changes nothing");
    document.paint(dab(10.0, 10.0, false));
    let painted = document.painted();
    let part = Rect { x: 1, y: 2, width: 5, height: 4 };
    assert!(document.frame(Framing { part, turns: 1 }));
    assert_eq!((document.framed().size(), document.painted()), ((4, 5), painted.clone()));
    assert!(document.is_unsaved() && document.changes() == 1 && document.fills() == 0);
    document.keep();
    assert!(!document.is_unsaved());
    assert!(document.frame(document.framed().turned(false)));
    assert!(document.is_unsaved(), "another shape is another picture");
    assert!(document.undo() && document.framed().turns == 1 && !document.is_unsaved());
    assert!(document.undo() && document.framing().is_none() && document.painted() == painted);
    assert!(document.redo());
    let (text, results) = document.write().expect("can be written");
    let mut read = Document::read(&text, results, width, height).expect("was written so");
    assert_eq!((read.framing(), read.painted(), read.is_unsaved()), (document.framing(), painted, false));
    // Text of another picture, or that somebody made up: what does not lie in this one is not shown.
    let small: Document<&'static str> = Document::read(&text, vec![], 3, 3).expect("steps");
    assert_eq!(small.framing(), None);
}

#[test]
fn a_note_tells_that_a_picture_was_cropped_and_turned() {
    let mut document = opened();
    let actions = |document: &Document<&'static str>| document.edit_note("a".into(), phrases).actions;
    assert!(document.frame(document.framed().turned(false)));
    assert_eq!(actions(&document), ["rotated by 270 degrees"]);
    let part = Rect { x: 1, y: 2, width: 5, height: 4 };
    assert!(document.frame(Framing { part, turns: 0 }));
    assert_eq!(actions(&document), ["cropped"]);
}
