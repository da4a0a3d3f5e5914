//! What the user may set about the model.

use crate::Result;
use crate::diffusion::schedule::Schedule;
use crate::models::options::{OptionSpec, Preset};

/// Share of the schedule that is run, as the model's authors have it.
pub const STRENGTH: f64 = 0.99;
/// Steps of the whole schedule in a usual run; [`STRENGTH`] is the share of them that is run.
pub const SAMPLER_STEPS: u32 = 20;

/// The steps of the preset *Fast*, which have a sampler of their own: DPM-Solver++(2M), from the same start as usual.
const FAST_STEPS: u32 = 10;

/// The schedule with `steps` steps; as the reference has it, except for *Fast*.
///
/// # Errors
/// [`crate::Error::Argument`] for steps that [`STEPS`] does not allow.
pub fn schedule(steps: u32) -> Result<Schedule> {
    if steps == FAST_STEPS { Schedule::fast(steps) } else { Schedule::new(steps, STRENGTH) }
}

/// Steps of the whole schedule: more take longer and bring more detail.
pub(super) const STEPS: OptionSpec = OptionSpec {
    id: "steps",
    label: "quality",
    help: "",
    // Of a single step, the share that is run is none.
    min: 2.0,
    max: 1000.0,
    step: 1.0,
    default: SAMPLER_STEPS as f64,
    presets: &[
        Preset { value: FAST_STEPS as f64, label: "qualityFast" },
        Preset { value: 20.0, label: "qualityBalanced" },
        Preset { value: 30.0, label: "qualityBest" },
    ],
    phrase: "{} steps",
};

/// Guidance scale: how much the model keeps to the picture rather than to its own idea of pictures. The default is the authors'.
pub(super) const GUIDANCE: OptionSpec = OptionSpec {
    id: "guidance",
    label: "guidance",
    help: "guidanceHelp",
    min: 1.0,
    max: 6.0,
    step: 0.5,
    default: 2.5,
    presets: &[],
    phrase: "guidance {}",
};

/// All of them, in the order to be shown.
pub(super) static OPTIONS: [OptionSpec; 2] = [STEPS, GUIDANCE];
