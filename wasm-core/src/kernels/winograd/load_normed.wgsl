// Pixels after a GroupNorm (group_norm_by_channel.wgsl) and SiLU, as activation.wgsl has it.
@group(0) @binding(3) var<storage, read> norms : array<vec4<f32>>;

alias Norm = vec4<f32>;   // pivot, rest, scale, bias

fn norm_of(sample : u32, c : u32) -> Norm {
    return norms[quad_of(p.norms, sample, 0u) + c];
}

fn normed(norm : Norm, value : f32) -> f32 {
    let y = fma((value - norm.x) - norm.y, norm.z, norm.w);
    return y / (1.0 + exp(min(-y, 80.0)));
}
