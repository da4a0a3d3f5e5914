// How many elements of X are not finite numbers: Y[0] = count, as a float; Y[1], Y[2], Y[3] = 0.
//
// X : [B, C, N]   Y : four floats. One workgroup for everything: it runs once per step of the sampler, and there are 2^20 elements at
// most. The bits of the exponent are tested, because compilers may assume that x != x is never true.
// needs: real, reduce

struct Params {
    x        : Strides,
    y        : Strides,
    batch    : u32,
    channels : u32,
    pixels   : u32,
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       x : array<Real>;
@group(0) @binding(2) var<storage, read_write> y : array<vec4<f32>>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane : u32) {
    var count = 0.0;
    for (var plane = 0u; plane < p.batch * p.channels; plane++) {
        let first = element_of(p.x, plane / p.channels, plane % p.channels);
        for (var i = lane; i < p.pixels; i += LANES) {
            let bits = bitcast<u32>(f32(x[first + i]));
            if (bits & 0x7f800000u) == 0x7f800000u { count += 1.0; }
        }
    }
    let sum = workgroup_sum(lane, count);
    if lane == 0u { y[quad_of(p.y, 0u, 0u)] = vec4<f32>(sum, 0.0, 0.0, 0.0); }
}
