// See outer_product.wgsl.
const TILE_M = 128u;
const TILE_N = 128u;
const SLICES = 1u;
const DEPTH  = 16u;   // how much of the inner dimension is staged at a time
