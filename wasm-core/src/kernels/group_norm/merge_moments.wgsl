// The moments of a group from those of its parts, by a workgroup.
//
// Parts (count n, mean m = pivot + rest, M2) are merged in pairs by Chan's formula, in the same order in every workgroup:
//   d = m_b - m_a    m = m_a + d n_b / n    M2 = M2_a + M2_b + d^2 n_a n_b / n
// The mean stays in two numbers, as f32 cannot hold it well enough beside a small deviation: X - pivot is exact then.

const PARTS = 64u;   // most of a group

var<workgroup> merged : array<vec4<f32>, PARTS>;

fn merge(a : vec4<f32>, b : vec4<f32>) -> vec4<f32> {
    if b.x == 0.0 { return a; }
    let count    = a.x + b.x;
    let share    = b.x / count;
    let distance = (b.y - a.y) + (b.z - a.z);
    return vec4<f32>(count, a.y, a.z + distance * share, a.w + b.w + distance * distance * a.x * share);
}

// Merges `part` of the first PARTS invocations, whose count is 0 where there is none; `first_reach` is half of the parts, as the next power of
// two, and 0 for one part.
fn merge_all(lane : u32, part : vec4<f32>, first_reach : u32) -> vec4<f32> {
    if lane < PARTS { merged[lane] = part; }
    workgroupBarrier();
    for (var reach = first_reach; reach > 0u; reach /= 2u) {
        if lane < reach { merged[lane] = merge(merged[lane], merged[lane + reach]); }
        workgroupBarrier();
    }
    return merged[0];
}
