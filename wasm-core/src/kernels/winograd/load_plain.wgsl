// Pixels as they are.
alias Norm = u32;

fn norm_of(sample : u32, c : u32) -> Norm {
    return 0u;
}

fn normed(norm : Norm, value : f32) -> f32 {
    return value;
}
