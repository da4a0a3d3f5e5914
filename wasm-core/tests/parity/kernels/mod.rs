//! Each kernel against its plain reference.

pub mod add_noise;
pub mod assemble;
pub mod conv2d;
pub mod depthwise_conv;
pub mod finite_check;
pub mod group_norm;
pub mod lambda_content;
pub mod lambda_cross;
pub mod lambda_local;
pub mod layer_norm;
pub mod matmul;
pub mod posterior;
pub mod sampler_step;
pub mod scaled_copy;
pub mod softmax;
pub mod transpose;
pub mod winograd;
