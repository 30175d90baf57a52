//! What holds for every measure of the list, seen from outside the crate and without Python.

use _core::facts::{Change, Input};
use _core::measures::all;
use _core::measures::registry::Entry;
use _core::operations::{Instance, OnError, Operand, compare, pairwise};
use _core::par::{Par, Watch, with_threads};
use _core::representation::{Storage, View};
use _core::value::Value;
use _core::{Error, Representation};
use ndarray::{Array2, ArrayView2};
use proptest::prelude::*;

/// Numbers without structure, the same every time.
fn noise(rows: usize, cols: usize, seed: u64) -> Array2<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    Array2::from_shape_fn((rows, cols), |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    })
}

/// Rows that sum to one, which every measure of predictions accepts.
fn shares(rows: usize, cols: usize, seed: u64) -> Array2<f64> {
    let mut found = noise(rows, cols, seed).mapv(|v| v.exp());
    for mut row in found.rows_mut() {
        let total = row.sum();
        row.mapv_inplace(|v| v / total);
    }
    found
}

fn side<'a>(name: &str, view: ArrayView2<'a, f64>) -> Operand<'a> {
    Operand::Data(Representation::matrix(name, View::F64(view), Storage::F64).unwrap())
}

/// Every measure with default options, and examples of those that must be given (class ids would fit one number of rows
/// only: measures that need them are tested from Python).
fn measures() -> Vec<Instance> {
    let with = |entry: &Entry| {
        let (_, options) = entry.probe().unwrap();
        let required: Vec<_> = options.into_iter().filter(|option| option.required).collect();
        if required.iter().any(|option| option.per_row) {
            return None;
        }
        let given = required.into_iter().map(|option| (option.name.to_owned(), option.examples[0].clone())).collect();
        Some(Instance::new(entry.name, given).unwrap())
    };
    all().filter_map(with).collect()
}

fn data(instance: &Instance, rows: usize, cols: usize, seed: u64) -> Array2<f64> {
    match instance.measure.facts().input {
        Input::Matrix | Input::PairMatrix => noise(rows, cols, seed),
        Input::Predictions | Input::Probabilities => shares(rows, cols, seed),
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    for instance in measures() {
        let (x, y) = (data(&instance, 700, 40, 1), data(&instance, 700, 40, 2));
        let score = |threads: usize| {
            let (x, y) = (side("x", x.view()), side("y", y.view()));
            with_threads(threads, &Watch::default(), |par| compare(&instance, &x, &y, par)).unwrap().value
        };
        let one = score(1);
        for threads in [2, 3, 8] {
            assert_eq!(one.to_bits(), score(threads).to_bits(), "{} with {threads} threads", instance.measure.name());
        }
    }
}

/// The form that a measure states is that of its scores, with default options and with each example of each option.
#[test]
fn the_form_of_a_score_is_the_stated_one() {
    for entry in all() {
        let (_, options) = entry.probe().unwrap();
        let required: Vec<_> =
            options.iter().filter(|one| one.required).map(|one| (one.name, &one.examples[0])).collect();
        let tried = options.iter().flat_map(|one| one.examples.iter().map(move |example| (one.name, example)));
        let mut seen = 0;
        for (name, example) in std::iter::once(("", &Value::None)).chain(tried) {
            let others = required.iter().copied().filter(|(other, _)| *other != name);
            let given = others.chain((!name.is_empty()).then_some((name, example)));
            // Some options have an effect beside others only.
            let Ok(instance) = Instance::new(entry.name, given.map(|(n, v)| (n.to_owned(), v.clone())).collect())
            else {
                continue;
            };
            let (x, y) = (data(&instance, 12, 3, 1), data(&instance, 12, 3, 2));
            let summary = |name: &str, x: &Array2<f64>| side(name, x.view()).summary(&instance, Par::SEQ);
            let (Ok(k), Ok(l)) = (summary("x", &x), summary("y", &y)) else { continue };
            let form = instance.measure.form(&k, &l).unwrap().name();
            assert_eq!(form, instance.measure.facts().form, "{} {name} {example}", entry.name);
            seen += 1;
        }
        assert!(seen > options.len() / 2, "{}: {seen} of {} options", entry.name, options.len());
    }
}

#[test]
fn a_grid_holds_what_single_comparisons_say() {
    for instance in measures() {
        let all: Vec<Array2<f64>> = (0..3).map(|seed| data(&instance, 60, 5, seed)).collect();
        let sides = || all.iter().map(|x| side("x", x.view())).collect::<Vec<_>>();
        let grid = &pairwise(std::slice::from_ref(&instance), &sides(), None, OnError::Raise, Par::SEQ).unwrap()[0];
        for i in 0..3 {
            for j in 0..3 {
                let [x, y] = [i, j].map(|at| side("x", all[at].view()));
                let alone = compare(&instance, &x, &y, Par::SEQ).unwrap().value;
                let name = instance.measure.name();
                assert!((grid.values.at(i, j) - alone).abs() < 1e-10, "{name}: {} {alone}", grid.values.at(i, j));
            }
        }
    }
}

/// Scaling by a power of two is exact, so what ignores scale must ignore it to the last bit. This also catches every
/// tolerance that is absolute where it should be relative.
#[test]
fn powers_of_two_change_nothing_for_measures_that_ignore_scale() {
    for instance in
        measures().iter().filter(|instance| instance.measure.facts().invariant_to.contains(&Change::Scaling))
    {
        let (x, y) = (noise(40, 6, 1), noise(40, 6, 2));
        let score = |factor: f64| {
            let scaled = x.mapv(|v| v * factor);
            compare(instance, &side("x", scaled.view()), &side("y", y.view()), Par::SEQ).unwrap().value
        };
        for exponent in [-200, -60, -13, 7, 60, 200] {
            let (there, here) = (score(2.0_f64.powi(exponent)), score(1.0));
            assert_eq!(there.to_bits(), here.to_bits(), "{} at 2^{exponent}", instance.measure.name());
        }
    }
}

#[test]
fn a_cancelled_run_says_so() {
    let instance = Instance::new("cka", Vec::new()).unwrap();
    let x = noise(300, 20, 1);
    let watch = Watch::default();
    watch.cancel();
    let outcome = with_threads(2, &watch, |par| compare(&instance, &side("x", x.view()), &side("y", x.view()), par));
    assert!(matches!(outcome, Err(Error::Interrupted { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// No array reaches a panic: there is a score inside its range, or a named error.
    #[test]
    fn any_small_array_gives_a_score_or_a_named_error(
        rows in 1_usize..9,
        cols in 1_usize..5,
        values in prop::collection::vec(
            prop_oneof![Just(0.0), Just(1.0), -3.0..3.0_f64, Just(1e300), Just(1e-300), Just(f64::NAN), Just(-1e150)],
            64,
        ),
    ) {
        let x = Array2::from_shape_fn((rows, cols), |(i, j)| values[i * cols + j]);
        let y = Array2::from_shape_fn((rows, cols), |(i, j)| values[63 - i * cols - j]);
        for instance in measures() {
            match compare(&instance, &side("x", x.view()), &side("y", y.view()), Par::SEQ) {
                Ok(outcome) => {
                    let (low, high) = instance.measure.facts().range;
                    let slack = 1e-9 * (1.0 + outcome.value.abs());
                    let inside = outcome.value >= low - slack && outcome.value <= high + slack;
                    prop_assert!(inside, "{}: {}", instance.measure.name(), outcome.value);
                }
                Err(error) => prop_assert!(!error.code().is_empty() && !error.to_string().is_empty()),
            }
        }
    }
}
