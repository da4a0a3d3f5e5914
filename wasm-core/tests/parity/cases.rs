//! The list of all cases, for whoever runs them.

/// Expands `$with!` on every case: the name it goes by, and the function.
#[macro_export]
macro_rules! with_all_cases {
    ($with:ident) => {
        $with! {
            parity_add_noise = kernels::add_noise::matches_its_reference;
            parity_assemble = kernels::assemble::matches_its_reference;
            parity_conv2d = kernels::conv2d::matches_its_reference;
            parity_depthwise_conv = kernels::depthwise_conv::matches_its_reference;
            parity_finite_check = kernels::finite_check::matches_its_reference;
            parity_group_norm = kernels::group_norm::matches_its_reference;
            parity_lambda_content = kernels::lambda_content::matches_its_reference;
            parity_lambda_cross = kernels::lambda_cross::matches_its_reference;
            parity_lambda_local = kernels::lambda_local::matches_its_reference;
            parity_layer_norm = kernels::layer_norm::matches_its_reference;
            parity_matmul = kernels::matmul::matches_its_reference;
            parity_posterior = kernels::posterior::matches_its_reference;
            parity_sampler_step = kernels::sampler_step::matches_its_reference;
            parity_scaled_copy = kernels::scaled_copy::matches_its_reference;
            parity_softmax = kernels::softmax::matches_its_reference;
            parity_transpose = kernels::transpose::matches_its_reference;
            parity_winograd = kernels::winograd::matches_its_reference;
            parity_norm_epsilons = networks::norm_epsilons;
            parity_tiny_unet_with_every_intermediate = networks::tiny_unet_intermediates;
            parity_tiny_unet_in_16_bits = networks::tiny_unet_in_16_bits;
            parity_shared_prefix_of_the_branches = networks::shared_prefix;
            parity_conditional_branch_alone = networks::conditional_branch_alone;
            parity_tiny_vae_with_every_intermediate = networks::tiny_vae;
            parity_vae_in_16_bits = networks::vae_in_16_bits;
            parity_unet_in_8_bits = packs::unet_in_8_bits;
            parity_vae_in_8_bits = packs::vae_in_8_bits;
            parity_a_registered_model_is_installed_loaded_and_runs = contract::a_registered_model_is_installed_loaded_and_runs;
            parity_a_gpu_is_measured_and_models_are_estimated = contract::a_gpu_is_measured_and_models_are_estimated;
            parity_trajectory_in_8_bits = pipeline::trajectory_in_8_bits;
            parity_tiny_pipeline_to_the_final_pictures = pipeline::tiny_pipeline;
            parity_runs_are_reproducible = pipeline::reproducible;
            parity_runs_leak_nothing = pipeline::leaks_nothing;
            parity_overflow_falls_back_to_f32 = pipeline::falls_back_to_f32;
            parity_a_fast_run_leaves_guidance_out_late = pipeline::fast_run;
            parity_another_schedule = pipeline::changes_its_schedule;
            parity_a_lost_device_is_survived = pipeline::survives_a_lost_device;
            parity_bad_weights_are_refused = pipeline::refuses_bad_weights;
        }
    };
}

/// Expands `$with!` on the names of a few cases, which a browser runs where all would take too long: one for each family of kernels, with the
/// folders of `src/kernels` that it stands for, and one for the networks. `e2e/moebius.test.mjs` runs all kernels together, in the engine
/// that ships, and compares the picture with a native run's.
#[macro_export]
macro_rules! with_representatives {
    ($with:ident) => {
        $with! {
            // Element by element.
            parity_posterior: posterior add_noise assemble scaled_copy;
            parity_sampler_step: sampler_step finite_check;
            // Products of matrices, in tiles.
            parity_matmul: matmul;
            parity_conv2d: conv2d;
            parity_winograd: winograd;
            parity_depthwise_conv: depthwise_conv;
            // Sums over a group, and over the channels of a pixel.
            parity_group_norm: group_norm;
            parity_layer_norm: layer_norm;
            parity_softmax: softmax;
            // Through workgroup memory.
            parity_transpose: transpose;
            parity_lambda_content: lambda_content;
            parity_lambda_cross: lambda_cross;
            parity_lambda_local: lambda_local;
            parity_norm_epsilons:;
        }
    };
}
