//! The largest score of a row, and what to say where there is none.

use crate::error::Error;
use crate::representation::View;

/// Rows that one unit of work looks at.
pub const PANEL: usize = 1024;

/// The largest score of a row; None if one is NaN or infinite, or all are minus infinity. A single class may be ruled out
/// by minus infinity.
pub fn largest_score(row: &[f64]) -> Option<f64> {
    let (largest, defined) = pulp::Arch::new().dispatch(LargestScore(row));
    (defined && largest > f64::NEG_INFINITY).then_some(largest)
}

/// The largest value, and whether all are numbers below infinity.
struct LargestScore<'a>(&'a [f64]);

impl pulp::WithSimd for LargestScore<'_> {
    type Output = (f64, bool);

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> (f64, bool) {
        const LANES: usize = 8;
        let (mut lanes, mut defined) = ([f64::NEG_INFINITY; LANES], [true; LANES]);
        let (head, rest) = self.0.as_chunks::<LANES>();
        for chunk in head {
            for l in 0..LANES {
                lanes[l] = if chunk[l] > lanes[l] { chunk[l] } else { lanes[l] };
                defined[l] &= chunk[l] < f64::INFINITY;
            }
        }
        for (l, v) in rest.iter().enumerate() {
            lanes[l] = lanes[l].max(*v);
            defined[l] &= *v < f64::INFINITY;
        }
        (lanes.into_iter().fold(f64::NEG_INFINITY, f64::max), defined.iter().all(|d| *d))
    }
}

/// The error about values that are not finite; minus infinity may be `allowed`, but not for all classes of a row.
pub fn nonfinite(name: &str, view: &View<'_>, allowed: bool) -> Error {
    let (n, classes) = view.shape();
    let mut row = vec![0.0; classes];
    let (mut first, mut count) = (None, 0);
    for i in 0..n {
        view.read_row(i, &mut row);
        let masked = |v: &f64| allowed && *v == f64::NEG_INFINITY;
        let nothing_left = row.iter().all(masked);
        for (j, v) in row.iter().enumerate() {
            if !v.is_finite() && (nothing_left || !masked(v)) {
                first = first.or(Some((i, j)));
                count += 1;
            }
        }
    }
    let (row, column) = first.unwrap_or((0, 0));
    Error::NonfiniteInput { name: name.to_owned(), count, row, column }
}
