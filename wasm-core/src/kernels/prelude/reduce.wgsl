// Reductions over a workgroup of LANES invocations. They end with a barrier, so that another reduction may follow.

var<workgroup> partials : array<f32, LANES>;

fn workgroup_sum(lane : u32, value : f32) -> f32 {
    partials[lane] = value;
    workgroupBarrier();
    for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
        if lane < reach { partials[lane] += partials[lane + reach]; }
        workgroupBarrier();
    }
    let sum = partials[0];
    workgroupBarrier();
    return sum;
}

fn workgroup_max(lane : u32, value : f32) -> f32 {
    partials[lane] = value;
    workgroupBarrier();
    for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
        if lane < reach { partials[lane] = max(partials[lane], partials[lane + reach]); }
        workgroupBarrier();
    }
    let most = partials[0];
    workgroupBarrier();
    return most;
}
