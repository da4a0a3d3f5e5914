// The prelude of every kernel.

// Invocations of a workgroup.
const LANES = 256u;

// Where the elements of a tensor [B, C, N] lie in its buffer, in single elements.
struct Strides {
    offset : u32,   // of the first one; a multiple of 4
    plane  : u32,   // from one channel to the next; a multiple of 4
    batch  : u32,   // from one sample to the next; a multiple of 4
    unused : u32,
}

// The first element of a channel.
fn element_of(s : Strides, sample : u32, channel : u32) -> u32 {
    return s.offset + sample * s.batch + channel * s.plane;
}

// The same for a buffer that is read in fours.
fn quad_of(s : Strides, sample : u32, channel : u32) -> u32 {
    return element_of(s, sample, channel) / 4u;
}
