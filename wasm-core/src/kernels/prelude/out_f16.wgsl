enable f16;
// The result in 16 bits.
alias Out = f16;
alias Out4 = vec4<f16>;
