//! The noise that a run begins with.

use crate::{Error, Result};

/// Adds `amount` times one number per channel to `noise`, `[channels, ..]`. Noise whose mean varies lets the network
/// change the brightness of what it repaints ("offset noise").
///
/// # Errors
/// [`Error::Shape`] when the noise does not divide into as many channels.
pub fn offset(noise: &mut [f32], per_channel: &[f32], amount: f32) -> Result<()> {
    let channels = per_channel.len();
    if channels == 0 || noise.is_empty() || !noise.len().is_multiple_of(channels) {
        return Err(Error::Shape(format!("{} numbers do not divide into {channels} channels", noise.len())));
    }
    let plane = noise.len() / channels;
    for (channel, number) in noise.chunks_exact_mut(plane).zip(per_channel) {
        channel.iter_mut().for_each(|n| *n += amount * number);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_shifts_whole_channels() {
        let mut noise = vec![1.0, 2.0, 3.0, 4.0];
        offset(&mut noise, &[1.0, -2.0], 0.5).unwrap();
        assert_eq!(noise, [1.5, 2.5, 2.0, 3.0]);
        for channels in [&[][..], &[0.0; 3]] {
            assert!(matches!(offset(&mut noise, channels, 0.5), Err(Error::Shape(_))));
        }
    }
}
