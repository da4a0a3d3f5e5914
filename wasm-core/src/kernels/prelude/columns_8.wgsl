// See reduce_columns.wgsl.
const QUADS = 2u;   // of pixels of a workgroup
