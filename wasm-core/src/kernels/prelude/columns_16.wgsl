// See reduce_columns.wgsl.
const QUADS = 4u;   // of pixels of a workgroup
