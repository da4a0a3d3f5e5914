//! The text for bug reports: the GPU, the browser and the models. It contains no file names, addresses or pictures of the user's.

use crate::protocol::models::{Gpu, Model, ModelId, Precision, Status};
use std::fmt;

/// One measured run. Times are in milliseconds.
pub struct Measured {
    /// Which model ran.
    pub model: ModelId,
    /// Loading the model.
    pub load: f64,
    /// Encoding: two pictures to latents.
    pub encode: f64,
    /// One step of the sampler.
    pub step: f64,
    /// Memory of the engine's module, bytes.
    pub memory: f64,
}

/// The contents of the text.
pub struct Diagnostics<'a> {
    /// The extension's version.
    pub version: &'a str,
    /// The browser's user agent string.
    pub browser: &'a str,
    /// The GPU, if there is one.
    pub gpu: Option<&'a Gpu>,
    /// How fast a model runs on it, if that was measured.
    pub measured: Option<&'a Measured>,
    /// The models on this machine.
    pub models: &'a [Model],
}

/// The id of a model of the catalogue; a placeholder for the user's own models, because names of files may be private.
fn public(id: &str) -> &str {
    if id.starts_with("own-") { "own model" } else { id }
}

impl fmt::Display for Diagnostics<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Rubout {}", self.version)?;
        writeln!(out, "Browser: {}", self.browser)?;
        match self.gpu {
            Some(gpu) => {
                let software = if gpu.software { ", software" } else { "" };
                writeln!(out, "GPU: {}{software}, shader-f16: {}", gpu.name, if gpu.f16 { "yes" } else { "no" })?;
                for (name, value) in &gpu.limits {
                    writeln!(out, "  {name}: {value}")?;
                }
            }
            None => writeln!(out, "GPU: none that WebGPU can use")?,
        }
        for model in self.models {
            let status = match model.status {
                Status::Available => "available",
                Status::Busy => "busy",
                Status::Paused => "paused",
                Status::Installed => "installed",
                Status::Outdated => "of another version",
            };
            let precision = match model.precision {
                Some(Precision::F16) => ", f16",
                Some(Precision::Int8) => ", int8",
                None => "",
            };
            writeln!(out, "Model {}: {status}{precision}, {} bytes", public(&model.id), model.bytes)?;
        }
        if let Some(Measured { model, load, encode, step, memory }) = self.measured {
            let model = public(model);
            writeln!(
                out,
                "Measured {model}: ready in {load:.0} ms, encode {encode:.1} ms, step {step:.1} ms, heap {memory} bytes"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_users_is_in_it() {
        let gpu =
            Gpu { name: "acme x1".into(), software: false, f16: true, limits: vec![("maxBufferSize".into(), 4e9)] };
        let model = |id: &str, name: &str, source: &str| Model {
            id: id.into(),
            name: name.into(),
            source: source.into(),
            licence: None,
            pinned: None,
            part: false,
            status: Status::Installed,
            precision: Some(Precision::Int8),
            bytes: 12,
            sha256: Some("ab".into()),
            used: Some(1.0),
            estimate: None,
            options: vec![],
        };
        let models =
            [model("ft_places2", "Moebius", "hub"), model("own-jane-doe", "Jane Doe.bin", "https://secret.example/x")];
        let measured = Measured { model: "own-jane-doe".into(), load: 1234.0, encode: 39.3, step: 29.04, memory: 6e7 };
        let text = Diagnostics {
            version: "1.2.3",
            browser: "Chrome/156",
            gpu: Some(&gpu),
            measured: Some(&measured),
            models: &models,
        };
        let text = text.to_string();
        for needed in ["1.2.3", "Chrome/156", "acme x1", "maxBufferSize: 4000000000", "ft_places2", "int8", "29.0 ms"] {
            assert!(text.contains(needed), "{needed} is missing in {text}");
        }
        for private in ["jane", "Jane", "secret", "https"] {
            assert!(!text.contains(private), "{private} is in {text}");
        }
    }
}
