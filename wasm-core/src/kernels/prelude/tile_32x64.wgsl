// See outer_product.wgsl.
const TILE_M = 32u;
const TILE_N = 64u;
const SLICES = 8u;
const DEPTH  = 32u;   // how much of the inner dimension is staged at a time
