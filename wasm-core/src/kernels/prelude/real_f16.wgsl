enable f16;
// Activations in 16 bits; arithmetic stays in 32.
alias Real = f16;
alias Real4 = vec4<f16>;
