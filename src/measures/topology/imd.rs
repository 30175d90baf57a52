//! IMD, the multi-scale intrinsic manifold distance: does heat spread alike on two clouds of points?
//!
//! ```text
//! imd(x, y) = max over t of  exp(-2 (t + 1/t)) |h_x(t) - h_y(t)|,      h(t) = sum_i exp(-t l_i)
//! ```
//!
//! with `l_i` the eigenvalues of the normalized Laplacian `I - D^-1/2 W D^-1/2` of the graph that links every row to its k
//! nearest others, by Euclidean distance. `h(t)` is the trace of the heat kernel: for small t it knows local structure, for
//! large t how many parts the graph has. t runs over 256 values from 0.1 to 10, equally far apart as logarithms. All
//! eigenvalues are computed, so the number is exact: no random probes, whose noise can exceed the distance.
//! `scale="code"` divides h by the number of rows and multiplies the distance by a million, as the authors' code does.
//!
//! An edge has weight 1 if either end is a neighbor of the other. Inputs tied for the last places of a list are neighbors in
//! part, `(k - c) / t` each where t of them share what c nearer ones leave; the edge has the larger weight of its two ends.
//! No index decides, and every list has k neighbors, copies or not.
//!
//! - Misleads with `scale="survey"` where the clouds have different numbers of rows: traces are about as far apart as those,
//!   whatever the shapes. Take `scale="code"` there. Clouds of equal shape that nothing else links have distance 0.
//! - Cost: O(n^2 d + n^3) time, O(n^2) memory, once per representation; a score looks at 256 numbers.
//! - Reference: Tsitsulin et al. (2020), arXiv:1905.11141.

use crate::cost::Cost;
use crate::engines::neighbors::{Metric, Neighbors};
use crate::error::Result;
use crate::facts::Change::{Orthogonal, Permutation, Scaling, Translation};
use crate::facts::{Facts, FormName, Triangle};
use crate::form::{Form, Unpaired};
use crate::linalg::{Matrix, eigenvalues};
use crate::measure::Measure;
use crate::options::Options;
use crate::par::Par;
use crate::representation::Representation;
use crate::saved::{SavedParts, damaged};
use crate::summary::Summary;
use crate::value::Value;

/// Number of times.
const TIMES: usize = 256;
/// Factor of the distances of the authors' code.
const MILLION: f64 = 1e6;

/// Distance of heat traces.
#[derive(Clone, Copy, Debug)]
pub struct Imd {
    k: usize,
    /// Traces divided by the number of rows.
    per_row: bool,
}

/// The trace of the heat kernel by time.
#[derive(Debug, Clone)]
pub struct HeatTrace {
    rows: usize,
    values: Vec<f64>,
}

impl Measure for Imd {
    const NAME: &'static str = "imd";
    const FAMILY: &'static str = "topology";
    type Summary = HeatTrace;

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(Self {
            k: options.int("k").default(5).least(1).examples(&[3, 4]).read()?,
            per_row: options.choice("scale", &[("survey", false), ("code", true)])?,
        })
    }

    fn facts(&self) -> Facts {
        Facts {
            form: FormName::Unpaired,
            invariant_to: &[Permutation, Orthogonal, Scaling, Translation],
            triangle: Triangle::Pseudo,
            min_rows: self.k + 1,
            rows_paired: false,
            repeats_matter: false,
            row_sizes_matter: false,
            jumps: Some("lists of neighbors"),
            reference: "Tsitsulin et al. 2020, arXiv:1905.11141",
            cost: "O(n^2 d + n^3) time and O(n^2) memory per representation, O(1) per pair",
            ..Facts::DISTANCE
        }
    }

    fn cost(&self, n: usize, d: usize) -> Cost {
        let (rows, lists) = (n as f64, Cost::neighbors(n, d, self.k));
        // The graph, its scaled copy and what its decomposition takes.
        let making = lists.making + 6.0 * Cost::triangle(n);
        Cost { making, scoring: 0.0, summary: lists.summary + 4.0 * rows.powi(3), score: 4.0 * TIMES as f64, ..lists }
    }

    fn summarize(&self, x: &Representation<'_>, par: Par<'_>) -> Result<HeatTrace> {
        let lists = Neighbors::of(x, Metric::Euclidean, self.k, par)?;
        par.check()?;
        // Eigenvalues 1 - m of the Laplacian by those m of the scaled graph, which lie between -1 and 1.
        let scaled = eigenvalues(&normalized_graph(&lists))?;
        let trace = |t: f64| scaled.iter().map(|m| (-t * (1.0 - m)).exp()).sum();
        Ok(HeatTrace { rows: x.rows(), values: times().map(trace).collect() })
    }

    fn form<'a>(&'a self, x: &'a HeatTrace, y: &'a HeatTrace) -> Result<Form<'a>> {
        let over = |side: &HeatTrace| if self.per_row { side.rows as f64 / MILLION } else { 1.0 };
        let (n, m) = (over(x), over(y));
        let apart = times().zip(x.values.iter().zip(&y.values));
        let apart = apart.map(|(t, (a, b))| (-2.0 * (t + 1.0 / t)).exp() * (a / n - b / m).abs());
        Ok(Form::Unpaired(Unpaired { score: apart.fold(0.0, f64::max), numbers: None }))
    }
}

/// Times equally far apart as logarithms, from 0.1 to 10.
fn times() -> impl Iterator<Item = f64> {
    (0..TIMES).map(|at| 10.0_f64.powf(2.0 * at as f64 / (TIMES - 1) as f64 - 1.0))
}

/// Matrix `D^-1/2 W D^-1/2` of the graph of neighbors.
fn normalized_graph(lists: &Neighbors) -> Matrix {
    let n = lists.n();
    let mut graph = Matrix::zeros(n, n);
    let mut members = Vec::new();
    for i in 0..n {
        lists.places(i, &mut members);
        for &(j, places) in &members {
            let weight = places.membership().max(graph.at(i, j as usize));
            graph.row_mut(i)[j as usize] = weight;
            graph.row_mut(j as usize)[i] = weight;
        }
    }
    // Every row has k neighbors, so no degree is 0.
    let per_root: Vec<f64> = (0..n).map(|i| 1.0 / graph.row(i).iter().sum::<f64>().sqrt()).collect();
    graph.scale_rows(&per_root).scale_columns(&per_root)
}

impl Summary for HeatTrace {
    fn save(&self) -> Vec<(&'static str, Value)> {
        let values = Value::Floats { data: self.values.clone().into(), shape: vec![TIMES] };
        vec![("rows", self.rows.into()), ("values", values)]
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let rows = parts.count("rows")?;
        let (values, _) = parts.floats("values")?;
        // Each of the terms of a trace lies between 0 and 1, up to round-off.
        let most = 1.001 * rows as f64;
        if rows == 0 || values.len() != TIMES || !values.iter().all(|v| (0.0..=most).contains(v)) {
            return Err(damaged("it holds no trace of a heat kernel"));
        }
        Ok(Self { rows, values: values.to_vec() })
    }

    fn rows(&self) -> usize {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::representation;

    /// By hand: three points that are all neighbors have eigenvalues 0, 3/2 and 3/2; so do three copies, tied for one place.
    #[test]
    fn heat_of_a_triangle() {
        for (k, values) in [(2, [0.0, 1.0, 5.0]), (1, [4.0, 4.0, 4.0])] {
            let measure = Imd { k, per_row: false };
            let found = measure.summarize(&representation("x", &values, 1), Par::SEQ).unwrap();
            for (t, value) in times().zip(&found.values) {
                assert!((value - 1.0 - 2.0 * (-1.5 * t).exp()).abs() < 1e-14, "k = {k}, t = {t}");
            }
        }
    }

    /// By hand: of 0, 1 and 3 the first two are next to each other and the last one is next to the second: a path.
    #[test]
    fn distance_of_a_path_and_a_triangle() {
        let measure = Imd { k: 1, per_row: false };
        let of = |values: &[f64]| measure.summarize(&representation("x", values, 1), Par::SEQ).unwrap();
        let (path, triangle) = (of(&[0.0, 1.0, 3.0]), of(&[0.0, 0.0, 0.0]));
        let Form::Unpaired(found) = measure.form(&path, &triangle).unwrap() else { panic!("another form") };
        // Eigenvalues 0, 1 and 2 of a path.
        let apart = |t: f64| {
            let (path, triangle) = ((-t).exp() + (-2.0 * t).exp(), 2.0 * (-1.5 * t).exp());
            (-2.0 * (t + 1.0 / t)).exp() * (path - triangle).abs()
        };
        let expected = times().map(apart).fold(0.0, f64::max);
        assert!((found.score - expected).abs() < 1e-15);
        assert!(expected > 1e-4);
    }
}
