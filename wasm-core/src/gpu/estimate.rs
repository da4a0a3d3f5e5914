//! How long a graph takes on a GPU of which only two numbers are known.

use super::Graph;
#[cfg(not(target_arch = "wasm32"))]
use crate::Error;
#[cfg(not(target_arch = "wasm32"))]
use std::str::FromStr;

/// What of the multiply-adds a GPU can do products of matrices reach, and what other kernels do: of one H200 (`docs/performance.md`).
const OF_PRODUCTS: f64 = 0.58;
const OF_OTHERS: f64 = 0.2;
/// What of the bandwidth kernels reach that little else keeps busy.
const OF_BANDWIDTH: f64 = 0.6;
/// Seconds that a dispatch takes besides: it begins when the one before it has ended.
const DISPATCH: f64 = 6e-6;
/// What computes products of matrices.
const PRODUCTS: [&str; 2] = ["matmul", "conv2d"];

/// A GPU as its data sheet has it, or as two short measurements find it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device {
    /// Operations in f32 in a second, two for a multiply-add.
    pub flops: f64,
    /// Bytes of memory that it reads and writes in a second.
    pub bytes: f64,
}

impl Device {
    /// Seconds for one run of the graph: each dispatch takes as long as the longer of its arithmetic and its traffic, and none overlap.
    pub fn seconds(&self, graph: &Graph) -> f64 {
        let of_node = |node: &super::Node| {
            let share = if PRODUCTS.contains(&node.program.name()) { OF_PRODUCTS } else { OF_OTHERS };
            let arithmetic = node.flops as f64 / (share * self.flops);
            arithmetic.max(graph.traffic(node) as f64 / (OF_BANDWIDTH * self.bytes)) + DISPATCH
        };
        graph.nodes().iter().map(of_node).sum()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl FromStr for Device {
    type Err = Error;

    /// Reads the form `3.6 TFLOP/s, 100 GB/s`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let number = |text: &str, units: [(&str, f64); 2]| {
            let found = units.into_iter().find_map(|(unit, factor)| {
                let number: f64 = text.trim().strip_suffix(unit)?.trim().parse().ok()?;
                Some(number * factor).filter(|number| *number > 0.0 && number.is_finite())
            });
            found.ok_or_else(|| Error::Argument(format!("{text:?} is no number of {} or {}", units[0].0, units[1].0)))
        };
        let (flops, bytes) = text.split_once(',').unwrap_or((text, ""));
        Ok(Self {
            flops: number(flops, [("TFLOP/s", 1e12), ("GFLOP/s", 1e9)])?,
            bytes: number(bytes, [("GB/s", 1e9), ("TB/s", 1e12)])?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::{Dispatch, Element, Program, params};

    params! {
        struct Nothing {
            unused: u32,
        }
    }

    #[test]
    fn a_dispatch_takes_as_long_as_the_longer_of_its_two_parts() {
        let device = Device { flops: 1e9, bytes: 1e9 };
        let seconds = |name, flops| {
            let mut g = Graph::new();
            let y = g.tensor(Element::F32, [1, 1, 1, 1_500_000]);
            let dispatch = Dispatch::new("work", Program::new(name, ""), [1, 1, 1], &Nothing { unused: 0 });
            g.dispatch(dispatch.write(&y).flops(flops));
            device.seconds(&g)
        };
        let near = |found: f64, expected: f64| (found - expected - DISPATCH).abs() < 1e-9;
        // 6 MB at 60 % of 1 GB/s.
        assert!(near(seconds("matmul", 1000), 0.01));
        assert!(near(seconds("matmul", 1_160_000_000), 2.0));
        assert!(near(seconds("softmax", 400_000_000), 2.0));
    }

    #[test]
    fn a_device_is_read_as_it_is_written_and_nothing_else_is() {
        assert_eq!("3.6 TFLOP/s, 100 GB/s".parse::<Device>().unwrap(), Device { flops: 3.6e12, bytes: 1e11 });
        assert_eq!("900GFLOP/s,0.05TB/s".parse::<Device>().unwrap(), Device { flops: 9e11, bytes: 5e10 });
        for text in
            ["", "3.6 TFLOP/s", "100 GB/s, 3.6 TFLOP/s", "-1 TFLOP/s, 1 GB/s", "inf TFLOP/s, 1 GB/s", "3 GHz, 1 GB/s"]
        {
            assert!(matches!(text.parse::<Device>(), Err(Error::Argument(_))), "{text:?}");
        }
    }
}
