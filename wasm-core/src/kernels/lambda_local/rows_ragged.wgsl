// Four neighbouring pixels of a map of any width: read one by one, some of them perhaps outside.
alias Cell    = Real;
alias OutCell = Out;

// Queries outside the map are those of its edge: what is computed with them is thrown away.
fn q_one(plane : u32, x : u32, row : u32) -> f32 {
    return f32(q[plane + min(row, p.height - 1u) * p.width + min(x, p.width - 1u)]);
}

fn q_quad(plane : u32, x : u32, row : u32) -> vec4<f32> {
    return vec4<f32>(
        q_one(plane, x, row), q_one(plane, x + 1u, row), q_one(plane, x + 2u, row), q_one(plane, x + 3u, row),
    );
}

// Values outside the map are 0. Coordinates left of and above the map become larger than any map when they lose their sign.
fn v_one(plane : u32, x : i32, row : i32) -> f32 {
    if u32(x) >= p.width || u32(row) >= p.height { return 0.0; }
    return f32(v[plane + u32(row) * p.width + u32(x)]);
}

fn v_quad(plane : u32, x : i32, row : i32) -> vec4<f32> {
    return vec4<f32>(v_one(plane, x, row), v_one(plane, x + 1, row), v_one(plane, x + 2, row), v_one(plane, x + 3, row));
}

fn put_one(y_plane : u32, r_plane : u32, x : u32, row : u32, sum : f32) {
    if x >= p.width || row >= p.height { return; }
    let n = row * p.width + x;
    var value = sum;
    if p.residual != 0u { value += f32(r[r_plane + n]); }
    y[y_plane + n] = Out(value);
}

fn put_quad(y_plane : u32, r_plane : u32, x : u32, row : u32, sum : vec4<f32>) {
    put_one(y_plane, r_plane, x, row, sum.x);
    put_one(y_plane, r_plane, x + 1u, row, sum.y);
    put_one(y_plane, r_plane, x + 2u, row, sum.z);
    put_one(y_plane, r_plane, x + 3u, row, sum.w);
}
