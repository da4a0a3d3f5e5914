// As many bytes as the GPU can read and write.
@group(0) @binding(0) var<storage, read>       whole : array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> copied : array<vec4<f32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
    let first = group.x * 1024u + lane;
    copied[first] = whole[first];
    copied[first + 256u] = whole[first + 256u];
    copied[first + 512u] = whole[first + 512u];
    copied[first + 768u] = whole[first + 768u];
}
