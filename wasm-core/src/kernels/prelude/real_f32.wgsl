// Activations in 32 bits.
alias Real = f32;
alias Real4 = vec4<f32>;
