//! The reference's sampler, step by step: its schedule applied by the plain forms of our kernels.

/// Classifier-free guidance, `unconditional + guidance * (conditional - unconditional)`; `both` holds the unconditional branch's noise, then
/// the conditional one's.
pub fn guide(both: &[f32], guidance: f32) -> Vec<f32> {
    let (unconditional, conditional) = both.split_at(both.len() / 2);
    unconditional.iter().zip(conditional).map(|(u, c)| u + guidance * (c - u)).collect()
}

#[cfg(test)]
mod parity {
    use proptest::prelude::*;
    use wasm_core::diffusion::noise;
    use wasm_core::diffusion::schedule::{Schedule, Step};
    use wasm_core::kernels::add_noise::reference::add_noise;
    use wasm_core::kernels::sampler_step::reference::sampler_step;

    use super::*;
    use crate::networks::reference;
    use crate::rig::report;

    /// Bound for latents along a trajectory: the reference's library takes powers of 0.5 where square roots are taken here.
    const BOUND: f32 = 2e-6;

    /// Largest difference relative to the largest number expected.
    fn relative_error(found: &[f32], expected: &[f32]) -> f32 {
        assert_eq!(found.len(), expected.len());
        let largest = expected.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        let furthest = found.iter().zip(expected).fold(0.0f32, |m, (a, b)| {
            assert!(a.is_finite() && b.is_finite());
            m.max((a - b).abs())
        });
        furthest / largest
    }

    /// The latents that a run begins with.
    fn noisy(schedule: &Schedule, latents: &[f32], noise: &[f32]) -> Vec<f32> {
        add_noise(latents, noise, schedule.start().image, schedule.start().noise)
    }

    /// The latents after `step`, in which the network sees `noise`.
    fn after(step: &Step, latents: &[f32], noise: &[f32]) -> Vec<f32> {
        sampler_step(&noise.repeat(2), latents, 1.0, step.coefficients(), &[]).0
    }

    #[test]
    fn a_toy_model_takes_the_references_path() {
        let file = reference("ddim.safetensors").unwrap();
        let read = |name: &str| file.read(name).unwrap();
        let schedule = Schedule::new(20, 0.99).unwrap();
        let (g, path, noises) = (read("g"), read("trajectory"), read("eps"));
        let mut path = path.chunks_exact(g.len());
        let mut x = noisy(&schedule, &read("latents"), &read("noise"));
        let mut worst = relative_error(&x, path.next().unwrap());
        for (step, noise) in schedule.steps().iter().zip(noises.chunks_exact(g.len())) {
            let e: Vec<f32> = x.iter().zip(&g).map(|(x, g)| step.sqrt_noise * x + 0.05 * g).collect();
            worst = worst.max(relative_error(&e, noise));
            x = after(step, &x, &e);
            worst = worst.max(relative_error(&x, path.next().unwrap()));
        }
        report(&format!("parity sampler: toy model, worst of 39 tensors {worst:.1e} of the largest"));
        assert!(path.next().is_none() && worst < BOUND);
    }

    #[test]
    fn each_step_of_the_tiny_pipeline_is_the_references() {
        for name in ["pipe_sampled", "pipe_mean"] {
            let file = reference(&format!("{name}.safetensors")).unwrap();
            let read = |name: &str| file.read(name).unwrap();
            let schedule = Schedule::new(20, 0.99).unwrap();
            let latents = read("latents");
            let (states, noises) = (read("noisy_latents_per_step"), read("eps_cfg_per_step"));
            let mut states = states.chunks_exact(latents.len());
            let mut noise = read("noise.noise");
            noise::offset(&mut noise, &read("noise.offset"), 0.0357).unwrap();
            let mut x = noisy(&schedule, &latents, &noise);
            let mut worst = relative_error(&x, states.next().unwrap());
            for (step, e) in schedule.steps().iter().zip(noises.chunks_exact(latents.len())) {
                x = after(step, &x, e);
                worst = worst.max(relative_error(&x, states.next().unwrap()));
            }
            report(&format!("parity sampler: {name}, worst of 20 latents {worst:.1e} of the largest"));
            assert!(states.next().is_none() && worst < BOUND);
        }
    }

    proptest! {
        #[test]
        fn a_model_that_knows_the_noise_gets_the_picture_back(
            z in prop::collection::vec(-3.0..3.0f32, 1..20), steps in 2u32..50, n in -3.0..3.0f32
        ) {
            let schedule = Schedule::new(steps, 0.99).unwrap();
            let noise = vec![n; z.len()];
            let mut x = noisy(&schedule, &z, &noise);
            for step in schedule.steps() {
                x = after(step, &x, &noise);
            }
            for (x, z) in x.iter().zip(&z) {
                prop_assert!((x - z).abs() < 1e-3, "{} {}", x, z);
            }
        }
    }

    #[test]
    fn the_fast_sampler_is_that_of_diffusers() {
        let file = crate::rig::fixture("moebius/dpm_solver.json");
        let record: serde_json::Value = serde_json::from_slice(&file).unwrap();
        let numbers = |value: &serde_json::Value| -> Vec<f64> {
            value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
        };
        let singles =
            |value: &serde_json::Value| numbers(value).iter().map(|number| *number as f32).collect::<Vec<f32>>();
        let mut worst = 0.0f32;
        for run in record["runs"].as_array().unwrap() {
            let times = numbers(&run["timesteps"]);
            let schedule = Schedule::fast(times.len() as u32).unwrap();
            let ours: Vec<f64> = schedule.steps().iter().map(|step| f64::from(step.timestep)).collect();
            assert_eq!(ours, times);
            // Theirs is the noise beside a picture that is not scaled.
            let sigmas: Vec<f32> = schedule.steps().iter().map(|step| step.sqrt_noise / step.sqrt_alpha).collect();
            worst = worst.max(relative_error(&sigmas, &singles(&run["sigmas"])[..times.len()]));
            let mut x = singles(&run["latents"][0]);
            let mut before = vec![0.0; x.len()];
            for (i, step) in schedule.steps().iter().enumerate() {
                (x, before) =
                    sampler_step(&singles(&run["noises"][i]).repeat(2), &x, 1.0, step.coefficients(), &before);
                worst = worst.max(relative_error(&x, &singles(&run["latents"][i + 1])));
            }
        }
        report(&format!("parity sampler: DPM-Solver++(2M) of diffusers, worst {worst:.1e} of the largest"));
        assert!(worst < 1e-5);
    }

    #[test]
    fn full_strength_begins_with_noise_alone() {
        let schedule = Schedule::new(20, 1.0).unwrap();
        assert_eq!(noisy(&schedule, &[7.0], &[0.5]), [0.5]);
    }

    #[test]
    fn guidance_goes_beyond_the_conditional_answer() {
        assert_eq!(guide(&[1.0, 0.0, 2.0, -1.0], 2.5), [3.5, -2.5]);
        assert_eq!(guide(&[1.0, 2.0], 1.0), [2.0]);
        assert_eq!(guide(&[1.0, 2.0], 0.0), [1.0]);
    }
}
