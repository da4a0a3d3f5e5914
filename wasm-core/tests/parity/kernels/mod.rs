//! Each kernel against its plain reference.

pub mod conv2d;
pub mod depthwise_conv;
pub mod group_norm;
pub mod lambda_content;
pub mod lambda_cross;
pub mod lambda_local;
pub mod layer_norm;
pub mod matmul;
pub mod scaled_copy;
pub mod softmax;
