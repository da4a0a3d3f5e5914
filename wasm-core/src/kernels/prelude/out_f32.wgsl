// The result in 32 bits.
alias Out = f32;
alias Out4 = vec4<f32>;
