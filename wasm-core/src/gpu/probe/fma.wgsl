// As many multiplications and additions as the GPU can do: 16 independent chains of four numbers for each invocation.
@group(0) @binding(0) var<storage, read_write> result : array<vec4<f32>>;

const ROUNDS = 512u;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    let a = vec4<f32>(0.5 + f32(id.x & 1u) * 0.25);
    var s0 = vec4<f32>(f32(id.x));
    var s1 = s0 + 1.0;
    var s2 = s0 + 2.0;
    var s3 = s0 + 3.0;
    var s4 = s0 + 4.0;
    var s5 = s0 + 5.0;
    var s6 = s0 + 6.0;
    var s7 = s0 + 7.0;
    for (var i = 0u; i < ROUNDS; i++) {
        s0 = fma(a, s0, a);
        s1 = fma(a, s1, a);
        s2 = fma(a, s2, a);
        s3 = fma(a, s3, a);
        s4 = fma(a, s4, a);
        s5 = fma(a, s5, a);
        s6 = fma(a, s6, a);
        s7 = fma(a, s7, a);
        s0 = fma(s0, a, a);
        s1 = fma(s1, a, a);
        s2 = fma(s2, a, a);
        s3 = fma(s3, a, a);
        s4 = fma(s4, a, a);
        s5 = fma(s5, a, a);
        s6 = fma(s6, a, a);
        s7 = fma(s7, a, a);
    }
    result[id.x % arrayLength(&result)] = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
}
