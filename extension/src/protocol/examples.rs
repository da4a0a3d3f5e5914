//! An example of every message, for the tests. Functions that match on requests make the compiler ask for the missing ones.

use super::background::{
    EditOffered, EnsureEngine, FindInFrame, OpenInTab, PickEnded, PickIn, StartInFrame, ToBackground,
};
use super::engine::{
    Cancel, Convert, EditNote, Encode, Encoded, EngineChoice, EngineEvent, Erase, Erased, FileFormat, FindMark,
    FindText, FoundText, Framing, Hiding, Keep, Lay, Learn, Learnt, LeftOut, Open, Opened, Prepare, Propose, Proposed,
    Purpose, Reading, Ready, Release, Resume, Resumed, Rewind, Route, SaveAs, Select, Stage, Stop, StopFinding, Take,
    Taken, ToEngine,
};
use super::models::{
    Add, Delete, DescribeGpu, Estimate, Export, Exported, Gpu, Import, Install, KeepWarm, List, Listed, Look, Measure,
    Model, ModelOption, ModelsEvent, Offer, Offered, OptionPreset, OptionValue, Pause, Precision, Prefer, Status,
    Storage, StoreSettings, ToModels, UseHub, Verify, Work,
};
use super::page::{
    Apply, Bytes, Close, Compare, Compared, Entrust, Fetch, FetchOriginal, Hello, Hide, IsOnTop, LostFocus, Measured,
    MoveToEditor, PageEvent, Picture, PictureKind, Preserve, ReadDirect, ReadShown, Recall, Recalled, Revert, Seen,
    Shown, Subject, Target, ToPage,
};
use super::scroll::{ScrollTo, Scrolled, Survey, Surveyed, ToScroller};
use super::upload::{Field, HandOver, Handed, HandedFile, Held, ToField};
use super::{Call, Clip, Corner, Cutout, Done, DownloadFault, Failure, Geometry, Point, Rect, Size, WeightStorage};
use serde_json::Value;

/// What answers a request of type `C`, as JSON.
fn reply<C: Call>(reply: C::Reply) -> Value {
    let value = serde_json::to_value(&reply).expect("plain data");
    let _: C::Reply = serde_json::from_value(value.clone()).expect("own output");
    value
}

const RECT: Rect = Rect { x: 1, y: 2, width: 3, height: 4 };

/// A box of `size` (CSS pixels) around `center`, in a viewport of 1000 x 800: no border, no transform, a picture of the same size.
pub(crate) fn plain_geometry(size: Size, center: Point) -> Geometry {
    Geometry {
        viewport: Size { width: 1000.0, height: 800.0 },
        dpr: 1.0,
        center,
        linear: [1.0, 0.0, 0.0, 1.0],
        border_box: size,
        content_origin: Point::default(),
        content_box: size,
        natural: size,
        fit: "fill".into(),
        position: "50% 50%".into(),
    }
}

/// An `<img>` without a URL, whose pixels the page may read.
pub(crate) fn plain_picture(geometry: Geometry) -> Picture {
    Picture {
        kind: PictureKind::Image,
        url: None,
        page_origin: "https://example.org".into(),
        original_url: None,
        same_origin: true,
        alt: String::new(),
        edited: false,
        geometry,
        shown: None,
        as_stored: false,
    }
}

fn geometry() -> Geometry {
    Geometry {
        viewport: Size { width: 1280.0, height: 720.0 },
        dpr: 2.0,
        border_box: Size { width: 302.0, height: 202.0 },
        content_origin: Point { x: 1.0, y: 1.0 },
        natural: Size { width: 600.0, height: 400.0 },
        ..plain_geometry(Size { width: 300.0, height: 200.0 }, Point { x: 300.5, y: 200.25 })
    }
}

fn picture() -> Picture {
    Picture {
        kind: PictureKind::SvgImage,
        url: Some("https://example.org/a.png".into()),
        alt: "A cat".into(),
        original_url: Some("https://example.org/cat.jpg".into()),
        shown: Some(Box::new(Shown {
            geometry: geometry(),
            clips: vec![Clip {
                x: 1.0,
                y: 2.0,
                width: 3.0,
                height: 4.5,
                scale: [1.0, 1.5],
                insets: [0.0, 1.0, 2.0, 3.0],
                radii: vec!["8px".into(), "50% 20px".into(), "0px".into(), "0px".into()],
            }],
            altered: true,
        })),
        ..plain_picture(geometry())
    }
}

pub(super) fn to_page() -> Vec<ToPage> {
    vec![
        Hello.into(),
        ReadDirect.into(),
        ReadShown.into(),
        Compare.into(),
        Fetch.into(),
        FetchOriginal.into(),
        Hide { hidden: true }.into(),
        IsOnTop.into(),
        LostFocus.into(),
        Apply { changed: RECT, width: 5, height: 6 }.into(),
        Revert.into(),
        Close.into(),
        MoveToEditor.into(),
        Entrust { rects: vec![RECT], width: 5, height: 6 }.into(),
        Preserve { edit: "{}".into(), fills: 2, unsaved: true, hidden: false, begun: true }.into(),
        Recall.into(),
    ]
}

pub(super) fn reply_of_page(call: &ToPage) -> Value {
    match call {
        ToPage::Hello(_) => reply::<Hello>(Subject::Picture { picture: Box::new(picture()) }),
        ToPage::ReadDirect(_) => reply::<ReadDirect>(Bytes { drawn: true }),
        ToPage::ReadShown(_) => reply::<ReadShown>(Bytes { drawn: true }),
        ToPage::Compare(_) => reply::<Compare>(Compared { same: true }),
        ToPage::Fetch(_) => reply::<Fetch>(Bytes { drawn: false }),
        ToPage::FetchOriginal(_) => reply::<FetchOriginal>(Bytes { drawn: false }),
        ToPage::Hide(_) => reply::<Hide>(Measured { geometry: geometry() }),
        ToPage::IsOnTop(_) => reply::<IsOnTop>(Seen { on_top: true }),
        ToPage::LostFocus(_) => reply::<LostFocus>(Done {}),
        ToPage::Apply(_) => reply::<Apply>(Done {}),
        ToPage::Revert(_) => reply::<Revert>(Done {}),
        ToPage::Close(_) => reply::<Close>(Done {}),
        ToPage::MoveToEditor(_) => reply::<MoveToEditor>(Done {}),
        ToPage::Entrust(_) => reply::<Entrust>(Done {}),
        ToPage::Preserve(_) => reply::<Preserve>(Done {}),
        ToPage::Recall(_) => reply::<Recall>(Recalled { edit: Some("{}".into()) }),
    }
}

fn handed() -> Vec<HandedFile> {
    vec![
        HandedFile { kept: Some(1), name: "a.pdf".into(), last_modified: Some(1e12) },
        HandedFile { kept: None, name: "cat.jpg".into(), last_modified: None },
    ]
}

pub(super) fn to_scroller() -> Vec<ToScroller> {
    vec![Survey.into(), ScrollTo { top: 850.5, last: true }.into()]
}

pub(super) fn reply_of_scroller(call: &ToScroller) -> Value {
    match call {
        ToScroller::Survey(_) => reply::<Survey>(Surveyed {
            width: 1265.0,
            height: 4000.0,
            view: 850.0,
            dpr: 1.25,
            inner: false,
            wide: false,
        }),
        ToScroller::ScrollTo(_) => reply::<ScrollTo>(Scrolled { top: 850.4, height: 4000.0 }),
    }
}

pub(super) fn to_field() -> Vec<ToField> {
    vec![Held.into(), HandOver { files: handed() }.into()]
}

pub(super) fn reply_of_field(call: &ToField) -> Value {
    match call {
        ToField::Held(_) => reply::<Held>(Field { multiple: true, accept: "image/*".into(), files: handed() }),
        ToField::HandOver(_) => reply::<HandOver>(Handed { taken: true }),
    }
}

pub(super) fn subjects() -> Vec<Subject> {
    vec![
        Subject::Picture { picture: Box::new(picture()) },
        Subject::Frame { origin: "https://example.org".into(), frame_id: 3, src_url: Some("u".into()) },
    ]
}

pub(super) fn page_events() -> Vec<PageEvent> {
    vec![
        PageEvent::Moved { geometry: geometry() },
        PageEvent::OnTop { on_top: true },
        PageEvent::Gone,
        PageEvent::Deliver { metadata: true },
    ]
}

pub(super) fn targets() -> Vec<Target> {
    vec![
        Target::Clicked { src_url: None },
        Target::Pick,
        Target::PickEnd,
        Target::Frame { origin: "https://example.org".into(), frame_id: 3, src_url: Some("u".into()) },
    ]
}

pub(crate) fn picture_kinds() -> [PictureKind; 6] {
    use PictureKind::{Background, Canvas, Generated, Image, SvgImage, Video};
    [Image, Background, Canvas, SvgImage, Video, Generated]
}

pub(super) fn to_background() -> Vec<ToBackground> {
    vec![
        EnsureEngine.into(),
        OpenInTab { token: "t".into(), editor: false }.into(),
        PickEnded.into(),
        StartInFrame { frame_id: 3, src_url: Some("u".into()) }.into(),
        PickIn { tab_id: 1 }.into(),
        EditOffered.into(),
        FindInFrame { token: "t".into() }.into(),
    ]
}

pub(super) fn reply_of_background(call: &ToBackground) -> Value {
    match call {
        ToBackground::EnsureEngine(_) => reply::<EnsureEngine>(()),
        ToBackground::OpenInTab(_) => reply::<OpenInTab>(()),
        ToBackground::PickEnded(_) => reply::<PickEnded>(()),
        ToBackground::StartInFrame(_) => reply::<StartInFrame>(()),
        ToBackground::PickIn(_) => reply::<PickIn>(()),
        ToBackground::EditOffered(_) => reply::<EditOffered>(()),
        ToBackground::FindInFrame(_) => reply::<FindInFrame>(()),
    }
}

fn options() -> Vec<OptionValue> {
    vec![OptionValue { id: "steps".into(), value: 20.0 }]
}

pub(super) fn engine_choices() -> Vec<EngineChoice> {
    let model = EngineChoice::Model { model: "m".into(), options: options() };
    let hide = Hiding::ALL.map(|by| EngineChoice::Hide { by });
    Route::ALL.into_iter().map(|route| EngineChoice::Instant { route }).chain([model]).chain(hide).collect()
}

pub(super) fn to_engine() -> Vec<ToEngine> {
    let mut calls: Vec<ToEngine> = vec![
        Open { fills: vec![RECT], key: Some("u".into()) }.into(),
        Resume.into(),
        Release.into(),
        Keep { session: "token".into(), edit: "{}".into() }.into(),
        Take { session: "token".into() }.into(),
        Propose { mask: RECT }.into(),
        Select { outline: vec![Point { x: 1.5, y: 2.0 }] }.into(),
        FindText.into(),
        StopFinding.into(),
        Learn { mask: RECT }.into(),
        FindMark { width: 120, height: 40 }.into(),
        Prepare { model: "m".into(), options: options() }.into(),
        Cancel { job: 1 }.into(),
        Stop.into(),
        Rewind { fills: 2 }.into(),
        Convert.into(),
        Lay { patch: RECT, onto: 2 }.into(),
        Encode {
            format: FileFormat::Png,
            purpose: Purpose::Page,
            part: Some(Cutout { rect: RECT, corners: vec![Corner { x: 7.5, y: 6.5, across: -2.0, down: 1.5 }] }),
            note: None,
            save_as: None,
            framing: None,
        }
        .into(),
        Encode {
            format: FileFormat::Jpeg,
            purpose: Purpose::File,
            part: None,
            note: Some(EditNote { agent: "a".into(), actions: vec!["b".into()], trained: true }),
            save_as: Some(SaveAs { quality: Some(80), width: 300, height: 200 }),
            framing: Some(Framing { part: RECT, turns: 3 }),
        }
        .into(),
    ];
    calls.extend(engine_choices().into_iter().map(|engine| Erase { job: 1, mask: RECT, engine, seed: 9 }.into()));
    calls
}

fn reading() -> Reading {
    Reading { route: Route::SeeThrough, others: vec![Route::Everything], made_up: 0.25 }
}

pub(super) fn reply_of_engine(call: &ToEngine) -> Value {
    match call {
        ToEngine::Open(_) => reply::<Open>(Opened {
            width: 5,
            height: 6,
            format: FileFormat::Webp,
            animated: false,
            alpha: true,
            draft: false,
            left_out: Some(LeftOut::GainMap),
        }),
        ToEngine::Resume(_) => reply::<Resume>(Resumed { fills: vec![RECT] }),
        ToEngine::Release(_) => reply::<Release>(Done {}),
        ToEngine::Keep(_) => reply::<Keep>(Done {}),
        ToEngine::Take(_) => reply::<Take>(Taken { edit: Some("{}".into()) }),
        ToEngine::Propose(_) => reply::<Propose>(Proposed { rect: Some(RECT) }),
        ToEngine::Select(_) => reply::<Select>(Proposed { rect: Some(RECT) }),
        ToEngine::FindText(_) => reply::<FindText>(FoundText { lines: vec![vec![RECT, RECT], vec![RECT]] }),
        ToEngine::Learn(_) => reply::<Learn>(Learnt { width: 120, height: 40 }),
        ToEngine::FindMark(_) => reply::<FindMark>(Proposed { rect: Some(RECT) }),
        ToEngine::StopFinding(_) => reply::<StopFinding>(Done {}),
        ToEngine::Erase(_) => {
            reply::<Erase>(Erased { patch: RECT, ms: 12.5, invents_text: true, reading: Some(reading()) })
        }
        ToEngine::Prepare(_) => reply::<Prepare>(Ready { ms: 12.5, memory: 1024.0 }),
        ToEngine::Cancel(_) => reply::<Cancel>(Done {}),
        ToEngine::Stop(_) => reply::<Stop>(Done {}),
        ToEngine::Rewind(_) => reply::<Rewind>(Done {}),
        ToEngine::Lay(_) => reply::<Lay>(Done {}),
        ToEngine::Convert(_) => reply::<Convert>(Encoded {}),
        ToEngine::Encode(_) => reply::<Encode>(Encoded {}),
    }
}

pub(super) fn stages() -> Vec<Stage> {
    vec![
        Stage::Queued,
        Stage::Loading,
        Stage::Reading,
        Stage::Encoding,
        Stage::Denoising { step: 3, steps: 19 },
        Stage::Decoding,
        Stage::Filling,
        Stage::Blending,
        Stage::Writing,
    ]
}

pub(super) fn engine_events() -> Vec<EngineEvent> {
    vec![
        EngineEvent::Progressed { job: Some(1), stage: Stage::Denoising { step: 3, steps: 19 }, done: 0.5 },
        EngineEvent::Progressed { job: None, stage: Stage::Reading, done: 0.0 },
        EngineEvent::Preview { job: 1, x: -3.0, y: 4.0, side: 512 },
    ]
}

pub(super) fn to_models() -> Vec<ToModels> {
    let model = || "m".to_owned();
    vec![
        List.into(),
        Offer { model: model() }.into(),
        Look { url: "https://example.org/m.bin".into() }.into(),
        Install { model: model(), precision: Precision::F16 }.into(),
        Pause { model: model() }.into(),
        Import { name: "m.bin".into(), precision: Precision::Int8 }.into(),
        Add { url: "https://example.org/m.bin".into(), bytes: 7, precision: Precision::F16 }.into(),
        Verify { model: model() }.into(),
        Export { model: model() }.into(),
        UseHub { origin: "https://example.org".into() }.into(),
        Prefer { model: model() }.into(),
        KeepWarm { minutes: 5 }.into(),
        DescribeGpu.into(),
        Estimate.into(),
        Measure { model: model() }.into(),
        Delete { model: model() }.into(),
    ]
}

pub(super) fn reply_of_models(call: &ToModels) -> Value {
    let offered = || Offered { bytes: 7, host: "example.org".into() };
    match call {
        ToModels::List(_) => reply::<List>(Listed {
            models: vec![Model {
                id: "m".into(),
                name: "M".into(),
                source: "a/m.bin".into(),
                licence: Some("Apache-2.0".into()),
                pinned: Some(false),
                part: false,
                status: Status::Installed,
                precision: Some(Precision::Int8),
                bytes: 7,
                sha256: Some("00".into()),
                used: Some(1.5),
                estimate: Some(900.0),
                options: vec![ModelOption {
                    id: "steps".into(),
                    label: "l".into(),
                    help: "h".into(),
                    min: 2.0,
                    max: 1000.0,
                    step: 1.0,
                    default: 20.0,
                    presets: vec![OptionPreset { value: 12.0, label: "p".into() }],
                    phrase: "{} steps".into(),
                }],
            }],
            storage: Storage { used: 1.0, quota: 2.0, persistent: true },
            settings: StoreSettings { preferred: Some("m".into()), warm_minutes: 5, hub: "h".into(), mirror: false },
        }),
        ToModels::Offer(_) => reply::<Offer>(offered()),
        ToModels::Look(_) => reply::<Look>(offered()),
        ToModels::Install(_) => reply::<Install>(Done {}),
        ToModels::Pause(_) => reply::<Pause>(Done {}),
        ToModels::Import(_) => reply::<Import>(Done {}),
        ToModels::Add(_) => reply::<Add>(Done {}),
        ToModels::Verify(_) => reply::<Verify>(Done {}),
        ToModels::Export(_) => reply::<Export>(Exported { name: "m.safetensors".into() }),
        ToModels::UseHub(_) => reply::<UseHub>(Done {}),
        ToModels::Prefer(_) => reply::<Prefer>(Done {}),
        ToModels::KeepWarm(_) => reply::<KeepWarm>(Done {}),
        ToModels::DescribeGpu(_) => reply::<DescribeGpu>(Gpu {
            name: "g".into(),
            software: false,
            f16: true,
            limits: vec![("maxBufferSize".into(), 1024.0)],
        }),
        ToModels::Estimate(_) => reply::<Estimate>(Done {}),
        ToModels::Measure(_) => {
            reply::<Measure>(super::models::Measured { load: 1.0, encode: 2.0, step: 3.0, whole: 30.0, memory: 4.0 })
        }
        ToModels::Delete(_) => reply::<Delete>(Done {}),
    }
}

pub(super) fn models_events() -> Vec<ModelsEvent> {
    let model = "m".to_owned();
    vec![ModelsEvent::Progressed { model, work: Work::Verifying, done: 3, total: 7, rate: 1.5 }, ModelsEvent::Changed]
}

pub(super) fn statuses() -> [Status; 5] {
    [Status::Available, Status::Busy, Status::Paused, Status::Installed, Status::Outdated]
}

pub(super) fn weight_storages() -> [WeightStorage; 6] {
    [
        WeightStorage::Float8,
        WeightStorage::Sparse,
        WeightStorage::Quantised,
        WeightStorage::Numpy,
        WeightStorage::Subclass,
        WeightStorage::BeyondF16,
    ]
}

pub(super) fn download_faults() -> [DownloadFault; 3] {
    [DownloadFault::Network, DownloadFault::Refused, DownloadFault::Answer]
}

/// Every failure, those with a kind in every kind.
pub(crate) fn failures() -> Vec<Failure> {
    let detail = || "d".to_owned();
    let mut failures = vec![
        Failure::Unreadable { detail: detail() },
        Failure::PermissionDenied,
        Failure::LoginNeeded,
        Failure::Undecodable { detail: detail() },
        Failure::ForeignFormat { format: "TIFF".into() },
        Failure::EmptyImage,
        Failure::NotLoaded,
        Failure::TooLarge { width: 70_001, height: 70_002 },
        Failure::EmptyMask,
        Failure::WholeMask,
        Failure::Cancelled,
        Failure::Gone,
        Failure::NotReplaceable,
        Failure::WebpSide,
        Failure::Captured,
        Failure::Concealed,
        Failure::ForbiddenPage,
        Failure::Unanswered { detail: "frame removed".into() },
        Failure::EngineLost,
        Failure::StoreLost,
        Failure::Clipboard { detail: detail() },
        Failure::HashMismatch,
        Failure::StorageFull { missing: 12_345_678 },
        Failure::ModelMissing,
        Failure::ModelUnreadable { detail: detail() },
        Failure::BadModel { detail: detail() },
        Failure::OtherLayout,
        Failure::Gpu { detail: detail() },
        Failure::Internal { detail: detail() },
    ];
    let download = |fault| Failure::Download { fault, host: "hub.example".into(), detail: detail() };
    failures.extend(download_faults().map(download));
    let foreign = |storage| Failure::ForeignWeights { storage, detail: detail() };
    failures.extend(weight_storages().map(foreign));
    failures
}
