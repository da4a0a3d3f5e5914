// The weight of a tap of a phase is the sum of one, two or four of the nine weights. This is a file of its own because it would make
// other convolutions a tenth slower.

// Of the three weights in a row or column, the first one that a phase's tap takes.
fn first_of(parity : u32, t : u32) -> u32 {
    return t * (1u + parity);
}

// And whether it takes the one after it as well.
fn takes_two(parity : u32, t : u32) -> bool {
    return t != parity;
}

fn weight_of_tap(t : u32, c : u32, quad : u32) -> vec4<f32> {
    let tap  = 3u * first_of(phase / 2u, t / 2u) + first_of(phase % 2u, t % 2u);
    let wide = takes_two(phase % 2u, t % 2u);
    var sum  = weight(tap, c, quad);
    if wide { sum += weight(tap + 1u, c, quad); }
    if takes_two(phase / 2u, t / 2u) {
        sum += weight(tap + 3u, c, quad);
        if wide { sum += weight(tap + 4u, c, quad); }
    }
    return sum;
}
