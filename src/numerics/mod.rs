//! Arithmetic that knows no word of the domain: sums in a fixed order, ranks and their correlation, random streams, the beta
//! and gamma functions, the normal law, Student's t, Fourier transforms.

pub mod beta;
pub mod double;
pub mod fft;
pub mod float;
pub mod gamma;
pub mod kendall;
pub mod line;
pub mod near_ranks;
pub mod ranks;
pub mod streams;
pub mod student;
pub mod sums;

/// The vector instructions chosen at run time.
pub fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            return "avx512";
        }
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            return "avx2";
        }
    }
    if cfg!(target_arch = "aarch64") { "neon" } else { "portable" }
}
