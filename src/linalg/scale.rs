//! Powers of two that bring a matrix to unit size, which is exact.

/// The power of two that brings `largest` into [0.5, 1), or 1 if that is not possible; multiplying by it is exact.
pub fn unit_scale(largest: f64) -> f64 {
    if largest == 0.0 || !largest.is_finite() {
        return 1.0;
    }
    let exponent = largest.log2().floor() as i32 + 1;
    2.0_f64.powi(-exponent.clamp(-1021, 1021))
}
