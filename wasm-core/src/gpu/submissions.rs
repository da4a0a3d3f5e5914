//! Decides how much work one submission holds: as much as the GPU does in about 40 ms, which is measured while it works.
//!
//! While a GPU computes it draws nothing else, and an operating system resets a GPU that does not answer for seconds.

use std::cell::Cell;

use web_time::Instant;

/// What one submission should take, milliseconds: three frames of a screen.
const WANTED: f64 = 40.0;
/// Work of the first submission, operations: very little for a GPU, and not too much for a GPU that the CPU emulates.
const FIRST: u64 = 100_000_000;
/// Largest growth of the budget from one submission to the next. The times of the first, short submissions are not reliable.
const GROWTH: f64 = 4.0;
/// Largest budget: more than any GPU does in 40 ms.
const MAX_BUDGET: u64 = 4_000_000_000_000;

/// See the module. Times are milliseconds since its beginning.
#[derive(Debug)]
pub(super) struct Submissions {
    budget: Cell<u64>,
    beginning: Instant,
    /// When the last submission was seen to be done.
    last_done: Cell<f64>,
}

impl Default for Submissions {
    fn default() -> Self {
        Self { budget: Cell::new(FIRST), beginning: Instant::now(), last_done: Cell::new(0.0) }
    }
}

impl Submissions {
    /// Operations that the next submission may hold.
    pub(super) fn budget(&self) -> u64 {
        self.budget.get()
    }

    fn now(&self) -> f64 {
        self.beginning.elapsed().as_secs_f64() * 1000.0
    }

    /// Submits an encoder that holds `work` operations.
    pub(super) fn submit(&self, queue: &wgpu::Queue, encoder: wgpu::CommandEncoder, work: u64) -> Submission {
        let at = self.now();
        let index = queue.submit([encoder.finish()]);
        #[cfg(not(target_arch = "wasm32"))]
        {
            Submission { work, at, index }
        }
        #[cfg(target_arch = "wasm32")]
        {
            let _ = index;
            let (sender, done) = futures_channel::oneshot::channel();
            queue.on_submitted_work_done(move || {
                // The receiver of a plan's last submission may have been dropped.
                let _ = sender.send(());
            });
            Submission { work, at, done }
        }
    }

    /// Waits until a submission is done, or lost with the device.
    #[cfg_attr(target_arch = "wasm32", expect(unused_variables, reason = "a browser reports what is done by itself"))]
    pub(super) async fn wait_for(&self, submission: Submission, device: &wgpu::Device) {
        // A lost device is noticed when a result is read. Natively, it calls no callback.
        #[cfg(not(target_arch = "wasm32"))]
        let _ = device.poll(wgpu::PollType::Wait { submission_index: Some(submission.index), timeout: None });
        #[cfg(target_arch = "wasm32")]
        let _ = submission.done.await;
        self.learn(submission.work, submission.at, self.now());
    }

    /// Adapts the budget after `work` operations that were submitted at `from` are done `now`.
    fn learn(&self, work: u64, from: f64, now: f64) {
        // The submission began to run when the one before it was done, if that was after `from`.
        let took = now - from.max(self.last_done.replace(now));
        let fitting = work as f64 * WANTED / took.max(0.01);
        let budget = self.budget.get() as f64;
        // The time of a small submission says little about a much larger one, so the growth is limited.
        let grown = fitting.min(budget.max(work as f64) * GROWTH);
        let next = if grown > budget { grown } else { (budget + grown) / 2.0 };
        self.budget.set((next as u64).clamp(1, MAX_BUDGET));
    }
}

/// Work that has been submitted to the GPU.
pub(super) struct Submission {
    work: u64,
    at: f64,
    #[cfg(not(target_arch = "wasm32"))]
    index: wgpu::SubmissionIndex,
    #[cfg(target_arch = "wasm32")]
    done: futures_channel::oneshot::Receiver<()>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds submissions of the budget's size to a GPU of `rate` operations a millisecond; what the last one took.
    fn settled(rate: f64) -> f64 {
        let submissions = Submissions::default();
        let (mut now, mut took) = (0.0, 0.0);
        for _ in 0..20 {
            let work = submissions.budget();
            took = work as f64 / rate;
            submissions.learn(work, now, now + took);
            now += took;
        }
        took
    }

    #[test]
    fn submissions_become_as_long_as_wanted_on_every_gpu() {
        for rate in [1e6, 3e7, 1e9, 2e10] {
            let took = settled(rate);
            assert!((took / WANTED - 1.0).abs() < 0.05, "{took} ms at {rate}");
        }
    }

    #[test]
    fn a_short_submission_does_not_shrink_the_budget() {
        let submissions = Submissions::default();
        submissions.learn(FIRST, 0.0, WANTED);
        let budget = submissions.budget();
        submissions.learn(FIRST / 100, 50.0, 50.0 + WANTED / 100.0);
        assert_eq!(submissions.budget(), budget);
    }

    #[test]
    fn time_spent_waiting_for_the_one_before_does_not_count() {
        let submissions = Submissions::default();
        submissions.learn(FIRST, 0.0, WANTED);
        submissions.learn(FIRST, 1.0, 2.0 * WANTED);
        assert!((submissions.budget() as f64 / FIRST as f64 - 1.0).abs() < 0.01);
    }
}
