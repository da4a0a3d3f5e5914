// See outer_product.wgsl. The widths of a U-Net are multiples of 80, and 240 of the 256 invocations multiply.
const TILE_M = 80u;
const TILE_N = 64u;
const SLICES = 3u;
const DEPTH  = 24u;   // how much of the inner dimension is staged at a time
