use super::*;
use crate::operations::permutation::orbits::relabelings::Multipliers;
use crate::operations::permutation::tests::request as any_request;

fn request(n_resamples: usize, method: Method) -> Request {
    Request { method, ..any_request(n_resamples) }
}

/// The names of the forms, as of one pair of 3 and 4 columns.
fn scores(form: &str) -> ScoresByForm<(), (), ()> {
    match form {
        "bilinear" => ScoresByForm::Bilinear(()),
        "neighbors" => ScoresByForm::Neighbors(()),
        "cross" => ScoresByForm::Cross((), Widths { pairs: vec![(3, 4)], columns: 4 }),
        _ => ScoresByForm::Other,
    }
}

fn design(kind: &str, n: usize) -> Design {
    let by = |size: usize| (0..n).map(|i| (i / size) as i64).collect::<Vec<_>>();
    match kind {
        "free" => Design::new(n, None, None, Scheme::Permute),
        "pairs" => Design::new(n, None, Some(&by(2)), Scheme::Permute),
        "scattered" => Design::new(n, Some(&by(3)), None, Scheme::Permute),
        _ => Design::new(n, None, None, Scheme::Shift),
    }
    .unwrap()
}

fn chosen(form: &str, kind: &str, n: usize, n_resamples: usize, method: Method) -> String {
    match choose(scores(form), &design(kind, n), &request(n_resamples, method), "test") {
        Ok(Strategy::Exhaustive(count)) => format!("all {count}"),
        Ok(Strategy::AllShifts(..) | Strategy::AllShiftsOfNeighbors(_)) => "circle".into(),
        Ok(Strategy::Independent) => "independent".into(),
        Ok(Strategy::Sequential) => "sequential".into(),
        Ok(Strategy::CyclicOrbits((), all)) => format!("{} of {:?}", all.count(), all.multipliers()),
        Ok(Strategy::NeighborOrbits((), all)) => format!("{} lists of {:?}", all.count(), all.multipliers()),
        Ok(Strategy::LatticeOrbits((), grid, orbits)) => format!("{orbits} of {} rows", grid.length()),
        Ok(Strategy::CrossOrbits((), grid, orbits)) => format!("{orbits} products of {}", grid.q),
        Err(error) => error.code().into(),
    }
}

/// The table, row by row: a pair and a grid read the same one.
#[test]
fn table() {
    use Method::{Auto, Exact, MonteCarlo, Orbits, Sequential};
    for (form, kind, n, n_resamples, method, expected) in [
        // Few pairings are all tried, whatever the form.
        ("bilinear", "free", 5, 119, Auto, "all 120"),
        ("cross", "free", 5, 119, Auto, "all 120"),
        ("other", "free", 5, 119, Auto, "all 120"),
        ("neighbors", "pairs", 10, 119, Auto, "all 120"),
        ("bilinear", "free", 5, 118, Auto, "6 of Powers(4)"),
        ("bilinear", "free", 9, 1, Exact, "all 362880"),
        ("bilinear", "free", 40, 999, Exact, "bad_option"),
        ("other", "circle", 40, 99, Exact, "all 40"),
        // All shifts.
        ("bilinear", "circle", 40, 3, Auto, "circle"),
        ("neighbors", "circle", 40, 3, Orbits, "circle"),
        ("other", "circle", 40, 99, Auto, "all 40"),
        ("cross", "circle", 40, 20, Auto, "independent"),
        ("cross", "circle", 40, 99, Orbits, "not_offered"),
        ("bilinear", "circle", 40, 99, MonteCarlo, "independent"),
        // So few are not worth an orbit, unless orbits are asked for.
        ("bilinear", "free", 41, 13, Auto, "independent"),
        ("neighbors", "free", 41, 13, Auto, "independent"),
        ("cross", "free", 41, 13, Auto, "independent"),
        ("bilinear", "free", 41, 14, Auto, "1 of None"),
        ("neighbors", "free", 41, 14, Auto, "1 lists of None"),
        ("bilinear", "free", 41, 9, Orbits, "1 of None"),
        ("bilinear", "pairs", 40, 9, Auto, "independent"),
        // Orbits, with multipliers where there are many of bilinear scores.
        ("bilinear", "free", 41, 99, Auto, "1 of Powers(3)"),
        ("bilinear", "free", 41, 99, Orbits, "3 of None"),
        ("bilinear", "free", 41, 999, Auto, "1 of Powers(40)"),
        ("bilinear", "free", 1000, 9999, Auto, "1 of Units(10)"),
        ("bilinear", "free", 499, 4999, Auto, "1 of Powers(11)"),
        ("bilinear", "free", 10_007, 99_999, Auto, "10 of None"),
        ("neighbors", "free", 41, 99, Auto, "3 lists of None"),
        ("bilinear", "pairs", 40, 99, Auto, "5 of 20 rows"),
        ("bilinear", "scattered", 40, 99, Auto, "independent"),
        ("bilinear", "scattered", 40, 99, Orbits, "not_offered"),
        ("neighbors", "pairs", 40, 99, Auto, "independent"),
        ("other", "free", 40, 99, Auto, "independent"),
        ("other", "free", 40, 99, Orbits, "not_offered"),
        ("cross", "pairs", 40, 99, Orbits, "not_offered"),
        // What is asked for.
        ("bilinear", "free", 41, 99, MonteCarlo, "independent"),
        ("bilinear", "free", 5, 999, MonteCarlo, "independent"),
        ("bilinear", "free", 41, 99, Sequential, "sequential"),
        ("cross", "circle", 41, 99, Sequential, "sequential"),
    ] {
        let found = chosen(form, kind, n, n_resamples, method);
        assert_eq!(found, expected, "{form}, {kind}, n = {n}, {n_resamples}, {method:?}");
    }
    assert!(chosen("cross", "free", 40, 99, Auto).contains("products of"));
}

/// Orbits begin with the observed arrangement, and the orders of multipliers are multiples of the relabeling.
#[test]
fn orders_of_relabelings() {
    for (n, n_resamples) in [(41, 99), (41, 999), (98, 98 * 20 - 1), (30, 99)] {
        let all = Relabelings::new(n, &request(n_resamples, Method::Auto), true);
        assert_eq!(all.orbits() * n, all.count() * all.size());
        assert!(all.orbits() * n > n_resamples);
        for r in 0..all.count() {
            let relabeling = all.get(r);
            let orders = relabeling.orders();
            assert_eq!(orders.len(), all.multipliers().count());
            if r == 0 {
                assert_eq!(orders[0], all.sigma());
            }
            let ranks: Vec<f64> = (0..relabeling.factors.len() * n).map(|at| (at / n) as f64).collect();
            for (order, rank) in orders.iter().zip(relabeling.in_order(ranks).chunks(n)) {
                let factor = relabeling.factors[rank[0] as usize];
                assert!((0..n).all(|i| order[i] == relabeling.tau[factor * i % n]));
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..n));
            }
        }
    }
    let without = Relabelings::new(41, &request(999, Method::Auto), false);
    assert_eq!((without.count(), without.multipliers()), (25, Multipliers::None));
}
