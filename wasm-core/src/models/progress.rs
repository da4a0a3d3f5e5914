//! How far a model has come with a task, outside of the GPU.

use std::any::Any;

/// What a model has of a task so far, in the model's own form. A GPU that is lost takes nothing of it along: on another one, the model goes
/// on from here.
#[derive(Debug, Default)]
pub struct Progress(Option<Box<dyn Any>>);

impl Progress {
    /// The model's own form of it. It begins anew if there is none yet, or that of another model.
    pub fn of<T: Default + 'static>(&mut self) -> &mut T {
        if !self.0.as_ref().is_some_and(|state| state.is::<T>()) {
            self.0 = Some(Box::new(T::default()));
        }
        let state = self.0.as_mut().and_then(|state| state.downcast_mut());
        state.unwrap_or_else(|| unreachable!("it has just been made"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_kept_until_another_model_asks() {
        let mut progress = Progress::default();
        *progress.of::<u32>() = 7;
        assert_eq!(*progress.of::<u32>(), 7);
        assert_eq!(*progress.of::<String>(), "");
        assert_eq!(*progress.of::<u32>(), 0);
    }
}
