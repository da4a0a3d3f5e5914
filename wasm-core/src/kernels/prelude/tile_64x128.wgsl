// See outer_product.wgsl.
const TILE_M = 64u;
const TILE_N = 128u;
const SLICES = 2u;
const DEPTH  = 16u;   // how much of the inner dimension is staged at a time
