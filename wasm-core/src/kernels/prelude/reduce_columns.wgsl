// Reductions over the channels of 16 pixels, or of 8 or 4 (columns_16.wgsl and others), for all of them at once.
//
// A workgroup is CHANNELS channels x QUADS quads of pixels, quads being neighbours, so that the loads of neighbouring lanes are of neighbouring
// memory. Each of the four numbers of a quad is reduced on its own: what padding holds never reaches another pixel.
const CHANNELS = LANES / QUADS;

var<workgroup> quad_partials : array<vec4<f32>, LANES>;

// They end with a barrier, so that another reduction may follow.
fn sum_over_channels(lane : u32, value : vec4<f32>) -> vec4<f32> {
    quad_partials[lane] = value;
    workgroupBarrier();
    for (var reach = CHANNELS / 2u * QUADS; reach >= QUADS; reach /= 2u) {
        if lane < reach { quad_partials[lane] += quad_partials[lane + reach]; }
        workgroupBarrier();
    }
    let sum = quad_partials[lane % QUADS];
    workgroupBarrier();
    return sum;
}

fn max_over_channels(lane : u32, value : vec4<f32>) -> vec4<f32> {
    quad_partials[lane] = value;
    workgroupBarrier();
    for (var reach = CHANNELS / 2u * QUADS; reach >= QUADS; reach /= 2u) {
        if lane < reach { quad_partials[lane] = max(quad_partials[lane], quad_partials[lane + reach]); }
        workgroupBarrier();
    }
    let most = quad_partials[lane % QUADS];
    workgroupBarrier();
    return most;
}
