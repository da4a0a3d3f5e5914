// Four neighbouring pixels of a map of any width: read one by one, some of them perhaps outside. The reads are in a loop: unrolled, there
// are so many that a software adapter takes minutes to compile them.
alias Cell    = Real;
alias OutCell = Out;

// Queries outside the map are those of its edge: results for them are discarded.
fn q_one(plane : u32, x : u32, row : u32) -> f32 {
    return f32(q[plane + min(row, p.height - 1u) * p.width + min(x, p.width - 1u)]);
}

fn q_quad(plane : u32, x : u32, row : u32) -> vec4<f32> {
    return vec4<f32>(
        q_one(plane, x, row), q_one(plane, x + 1u, row), q_one(plane, x + 2u, row), q_one(plane, x + 3u, row),
    );
}

// Values outside the map are 0. Negative coordinates, converted to unsigned, are larger than any map.
fn v_one(plane : u32, x : i32, row : i32) -> f32 {
    let near_x   = min(u32(x), p.width - 1u);
    let near_row = min(u32(row), p.height - 1u);
    let inside   = u32(x) == near_x && u32(row) == near_row;
    return select(0.0, f32(v[plane + near_row * p.width + near_x]), inside);
}

fn v_quad(plane : u32, x : i32, row : i32) -> vec4<f32> {
    var four = vec4<f32>(0.0);
    for (var i = 0; i < 4; i++) {
        four = vec4<f32>(four.yzw, v_one(plane, x + i, row));
    }
    return four;
}

fn put_one(y_plane : u32, r_plane : u32, x : u32, row : u32, sum : f32) {
    if x < p.width && row < p.height {
        let n = row * p.width + x;
        var value = sum;
        if p.residual != 0u { value += f32(r[r_plane + n]); }
        y[y_plane + n] = narrow_one(value);
    }
}

fn put_quad(y_plane : u32, r_plane : u32, x : u32, row : u32, sum : vec4<f32>) {
    put_one(y_plane, r_plane, x, row, sum.x);
    put_one(y_plane, r_plane, x + 1u, row, sum.y);
    put_one(y_plane, r_plane, x + 2u, row, sum.z);
    put_one(y_plane, r_plane, x + 3u, row, sum.w);
}
