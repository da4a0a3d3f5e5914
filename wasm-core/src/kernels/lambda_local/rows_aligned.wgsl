// Four neighbouring pixels of a map whose width is a multiple of 4: one read, in the map as a whole or not at all.
alias Cell    = Real4;
alias OutCell = Out4;

// Queries outside the map are those of its edge: results for them are discarded.
fn q_quad(plane : u32, x : u32, row : u32) -> vec4<f32> {
    return vec4<f32>(q[(plane + min(row, p.height - 1u) * p.width + min(x, p.width - 4u)) / 4u]);
}

// Values outside the map are 0. Negative coordinates, converted to unsigned, are larger than any map. Without a branch, so that several reads
// are under way at a time.
fn v_quad(plane : u32, x : i32, row : i32) -> vec4<f32> {
    let inside = u32(x) < p.width && u32(row) < p.height;
    let at     = select(plane, plane + u32(row) * p.width + u32(x), inside);
    return select(vec4<f32>(0.0), vec4<f32>(v[at / 4u]), inside);
}

fn put_quad(y_plane : u32, r_plane : u32, x : u32, row : u32, sum : vec4<f32>) {
    if x >= p.width || row >= p.height { return; }
    let n = row * p.width + x;
    var value = sum;
    if p.residual != 0u { value += vec4<f32>(r[(r_plane + n) / 4u]); }
    y[(y_plane + n) / 4u] = narrow(value);
}
