// See reduce_columns.wgsl.
const QUADS = 1u;   // of pixels of a workgroup
