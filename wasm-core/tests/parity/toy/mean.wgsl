// The mean of what surrounds the hole, times a gain, blended into the hole.
//
// picture : [4, N], three colours and 1 where the picture is known. y : [3, N]. One workgroup per colour.

struct Params {
    pixels : u32,
}

@group(0) @binding(0) var<uniform>             p       : Params;
@group(0) @binding(1) var<storage, read>       picture : array<f32>;
@group(0) @binding(2) var<storage, read>       blend   : array<f32>;
@group(0) @binding(3) var<storage, read>       gain    : array<f32>;
@group(0) @binding(4) var<storage, read_write> y       : array<f32>;

var<workgroup> sums : array<vec2<f32>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_id) lane : vec3<u32>) {
    let colour = group.x;
    var sum = vec2<f32>(0.0);
    for (var i = lane.x; i < p.pixels; i += 64u) {
        let known = picture[3u * p.pixels + i];
        sum += known * vec2<f32>(picture[colour * p.pixels + i], 1.0);
    }
    sums[lane.x] = sum;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane.x < half { sums[lane.x] += sums[lane.x + half]; }
    }
    workgroupBarrier();
    let mean = gain[colour] * sums[0].x / max(sums[0].y, 1.0);
    for (var i = lane.x; i < p.pixels; i += 64u) {
        let shown = picture[colour * p.pixels + i];
        let share = blend[0] * (1.0 - picture[3u * p.pixels + i]);
        y[colour * p.pixels + i] = mix(shown, mean, share);
    }
}
