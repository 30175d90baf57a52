use super::overlap::Agreement;
use super::*;
use crate::numerics::sums;
use crate::representation::{Storage, View};
use crate::saved::SavedParts;
use crate::summary::Summary;
use crate::testing::{permute, representation};
use crate::value::Value;

/// Repeatable numbers between -1 and 1.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// Plain reading of the definition: the scores of all others in double precision, sorted, for every row.
fn slow(values: &[f64], d: usize, metric: Metric) -> (Vec<Vec<(f64, u32)>>, Vec<f64>) {
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let scale = crate::linalg::unit_scale(largest);
    let scale = if (1e-30..1e30).contains(&scale) { 1.0 } else { scale };
    let scaled = |row: &[f64], scale: f64| row.iter().map(|v| v * scale).collect::<Vec<f64>>();
    let rows: Vec<Vec<f64>> = values
        .chunks(d)
        .map(|row| {
            let row = scaled(row, scale);
            let small = metric == Metric::Cosine && sums::squares(&row) < 1e-200;
            let size = row.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            if small { scaled(&row, crate::linalg::unit_scale(size)) } else { row }
        })
        .collect();
    let length = |i: usize| sums::squares(&rows[i]).sqrt();
    let score = |i: usize, j: usize| match metric {
        Metric::Euclidean => -sums::squares(&rows[i].iter().zip(&rows[j]).map(|(a, b)| a - b).collect::<Vec<f64>>()),
        Metric::Cosine if length(i) == 0.0 || length(j) == 0.0 => 0.0,
        Metric::Cosine => sums::dot(&rows[i], &rows[j]) / (length(i) * length(j)),
        _ => sums::dot(&rows[i], &rows[j]),
    };
    let sorted = |i: usize| {
        let others = (0..rows.len()).filter(|&j| j != i);
        let mut scored: Vec<(f64, u32)> = others.map(|j| (score(i, j), j as u32)).collect();
        scored.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap().then(a.1.cmp(&b.1)));
        scored
    };
    ((0..rows.len()).map(sorted).collect(), (0..rows.len()).map(length).collect())
}

/// Inputs on which a shortcut would be found out.
fn awkward() -> Vec<(&'static str, usize, Vec<f64>)> {
    let fill = |n: usize, d: usize, seed: u64| {
        let mut next = noise(seed);
        (0..n * d).map(|_| next()).collect::<Vec<f64>>()
    };
    let mut all = vec![
        ("plain", 24, fill(300, 24, 1)),
        ("wide", 700, fill(150, 700, 2)),
        ("one column", 1, fill(200, 1, 3)),
        ("few rows", 5, fill(9, 5, 4)),
        ("two rows", 3, fill(2, 3, 5)),
        ("integers, many ties", 4, fill(400, 4, 6).iter().map(|v| (v * 3.0).round()).collect()),
        ("one column of integers", 1, fill(300, 1, 7).iter().map(|v| (v * 20.0).round()).collect()),
        ("all equal", 3, [0.1, 0.7, 0.3].repeat(200)),
        ("all zero", 3, vec![0.0; 600]),
        ("tiny", 20, fill(300, 20, 8).iter().map(|v| v * 1e-300).collect()),
        ("huge", 20, fill(300, 20, 9).iter().map(|v| v * 1e300).collect()),
        ("offset", 20, fill(300, 20, 10).iter().map(|v| v + 1e7).collect()),
        ("large offset", 20, fill(300, 20, 11).iter().map(|v| v + 1e14).collect()),
        ("positive", 30, fill(300, 30, 12).iter().map(|v| v.abs()).collect()),
    ];
    let mut copies = fill(300, 12, 13);
    for i in (0..3600).step_by(36) {
        copies.copy_within(i..i + 12, i + 12);
    }
    all.push(("a third are copies", 12, copies));
    let mut next = noise(14);
    let base = fill(20, 16, 15);
    let close = |size: f64, next: &mut dyn FnMut() -> f64| {
        (0..400 * 16).map(|at| base[at / 16 % 20 * 16 + at % 16] + size * next()).collect::<Vec<f64>>()
    };
    all.push(("clusters 1e-9 wide", 16, close(1e-9, &mut next)));
    all.push(("clusters 1e-4 wide", 16, close(1e-4, &mut next)));
    all.push(("clusters of copies", 16, close(0.0, &mut next)));
    let near: Vec<f64> = (0..1200 * 8).map(|at| base[at % 8] + 1e-9 * next()).collect();
    all.push(("a crowd", 8, near));
    let mut far = fill(300, 20, 16);
    far[7 * 20..8 * 20].iter_mut().for_each(|v| *v *= 1e6);
    all.push(("a far row", 20, far.clone()));
    far[7 * 20..8 * 20].iter_mut().for_each(|v| *v *= 1e30);
    all.push(("a very far row", 20, far));
    let mut zeros = fill(300, 20, 17);
    (0..300).step_by(9).for_each(|i| zeros[i * 20..(i + 1) * 20].fill(0.0));
    all.push(("zero rows", 20, zeros.clone()));
    zeros.iter_mut().for_each(|v| *v = v.abs());
    all.push(("zero rows among positive ones", 20, zeros));
    let mut spread = fill(300, 20, 18);
    spread
        .chunks_mut(20)
        .enumerate()
        .for_each(|(i, row)| row.iter_mut().for_each(|v| *v *= 10_f64.powi(i as i32 - 150)));
    all.push(("rows of all sizes", 20, spread));
    // Duplicate directions of many lengths: cosines that are tied but for round-off.
    let rays: Vec<f64> =
        (0..400 * 6).map(|at| base[at / 6 % 25 * 6 + at % 6] * (1.0 + (at / 6) as f64 / 7.0)).collect();
    all.push(("rays", 6, rays));
    all
}

/// Neighbors that are certain and those tied for the last places, by the definition, from all scores of a row.
fn plain_split(row: &[(f64, u32)], k: usize, error: &dyn Fn(f64, u32) -> f64) -> (Vec<u32>, Vec<u32>) {
    let last = row[k - 1].0;
    let of_last = row.iter().filter(|item| item.0 == last).map(|item| error(last, item.1)).fold(0.0, f64::max);
    let is_tied = |item: &&(f64, u32)| (item.0 - last).abs() <= error(item.0, item.1) + of_last;
    let tied: Vec<u32> = row.iter().filter(is_tied).map(|item| item.1).collect();
    let certain: Vec<u32> =
        row.iter().filter(|item| item.0 > last && !tied.contains(&item.1)).map(|item| item.1).collect();
    if certain.len() + tied.len() == k {
        (certain.into_iter().chain(tied).collect(), Vec::new())
    } else {
        (certain, tied)
    }
}

fn ordered(mut list: Vec<u32>) -> Vec<u32> {
    list.sort_unstable();
    list
}

/// All members as sets: those who are certain, those who are tied.
fn members(found: &Neighbors, i: usize) -> (Vec<u32>, Vec<u32>) {
    (ordered(found.certain(i).to_vec()), found.tied(i).collect())
}

#[test]
fn lists_are_those_of_double_precision() {
    for (name, d, values) in awkward() {
        let n = values.len() / d;
        for metric in [Metric::Cosine, Metric::Euclidean, Metric::Inner] {
            let (sorted, lengths) = slow(&values, d, metric);
            let g = exact::round_off(d);
            for k in [1, 2, 10, 33, n / 2, n - 1].into_iter().filter(|&k| 0 < k && k < n) {
                let x = representation("x", &values, d);
                let found = Neighbors::of(&x, metric, k, Par::SEQ).unwrap();
                // Forced through the screen, which otherwise leaves these to the plain way.
                let scan = centered::scan(&x, Par::SEQ).unwrap();
                let rows = ScaledRows::new(&x, metric, &scan, Par::SEQ).unwrap();
                let screened = screen::choose(&rows, k, &Groups::default(), Par::SEQ).unwrap();
                let screened = Neighbors::from_chosen(k, screened);
                assert!(screened.cuts == found.cuts, "{name}, {metric:?}, k = {k}, screened");
                assert!(screened.lists == found.lists, "{name}, {metric:?}, k = {k}, screened");
                for i in 0..n {
                    let error = |score: f64, j: u32| match metric {
                        Metric::Cosine => g + exact::ROUNDED,
                        Metric::Euclidean => exact::error_of_square(g, score.abs().sqrt(), lengths[i]),
                        _ => (g + exact::ROUNDED) * lengths[i] * lengths[j as usize],
                    };
                    let (certain, tied) = plain_split(&sorted[i], k, &error);
                    let expected = (ordered(certain), ordered(tied));
                    assert_eq!(members(&found, i), expected, "{name}, {metric:?}, k = {k}, row {i}");
                }
            }
        }
    }
}

#[test]
fn neither_threads_nor_strides_nor_storage_change_a_list() {
    let (n, d) = (700, 40);
    let mut next = noise(3);
    let narrow: Vec<f32> = (0..n * d).map(|_| next() as f32).collect();
    let values: Vec<f64> = narrow.iter().map(|v| f64::from(*v)).collect();
    let turned: Vec<f64> = (0..n * d).map(|at| values[at % n * d + at / n]).collect();
    for metric in [Metric::Cosine, Metric::Euclidean, Metric::Inner] {
        let plain = Neighbors::of(&representation("x", &values, d), metric, 10, Par::SEQ).unwrap();
        let watch = crate::par::Watch::default();
        let threaded = crate::par::with_threads(3, &watch, |par| {
            Neighbors::of(&representation("x", &values, d), metric, 10, par).unwrap()
        });
        assert_eq!(plain, threaded);
        let columns = ndarray::ArrayView2::from_shape((d, n), &turned).unwrap().reversed_axes();
        let x = Representation::matrix("x", View::F64(columns), Storage::F64).unwrap();
        assert_eq!(plain, Neighbors::of(&x, metric, 10, Par::SEQ).unwrap());
        let view = ndarray::ArrayView2::from_shape((n, d), &narrow).unwrap();
        let x = Representation::matrix("x", View::F32(view), Storage::F32).unwrap();
        assert_eq!(plain, Neighbors::of(&x, metric, 10, Par::SEQ).unwrap());
    }
}

#[test]
fn distances_may_be_given() {
    let (n, d) = (150, 6);
    let mut next = noise(4);
    let values: Vec<f64> = (0..n * d).map(|_| next()).collect();
    let gap = |i: usize, j: usize| {
        let square = |c: usize| (values[i * d + c] - values[j * d + c]).powi(2);
        (0..d).map(square).sum::<f64>().sqrt()
    };
    let distances: Vec<f64> = (0..n * n).map(|at| gap(at / n, at % n)).collect();
    let by_rows = Neighbors::of(&representation("x", &values, d), Metric::Euclidean, 7, Par::SEQ).unwrap();
    let given = Neighbors::of(&representation("x", &distances, n), Metric::Precomputed, 7, Par::SEQ).unwrap();
    assert_eq!(by_rows, given);
    let refused = Neighbors::of(&representation("x", &values, d), Metric::Precomputed, 7, Par::SEQ).unwrap_err();
    assert_eq!(refused.code(), "not_symmetric");
}

/// By hand: 0 has four copies, -0 among them; 1 has one.
#[test]
fn copies_are_counted() {
    let values = [0.0, 0.0, 1.0, 2.0, -0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, -0.0, 0.0, 0.0, 5.0, 5.0];
    let x = representation("x", &values, 2);
    assert_eq!(Neighbors::of(&x, Metric::Euclidean, 4, Par::SEQ).unwrap().copies(), [0, 2, 3, 5, 6]);
    assert_eq!(Neighbors::of(&x, Metric::Euclidean, 1, Par::SEQ).unwrap().copies(), [0, 1, 2, 3, 4, 5, 6]);
    assert!(Neighbors::of(&x, Metric::Euclidean, 5, Par::SEQ).unwrap().copies().is_empty());
    assert_eq!(Neighbors::of(&x, Metric::Cosine, 2, Par::SEQ).unwrap().zero(), 5);
}

#[test]
fn k_must_be_below_n() {
    let x = representation("x", &[1.0, 2.0, 3.0], 1);
    assert_eq!(Neighbors::of(&x, Metric::Cosine, 3, Par::SEQ).unwrap_err(), Error::KTooLarge { k: 3, n: 3 });
    assert_eq!(Neighbors::of(&x, Metric::Cosine, 0, Par::SEQ).unwrap_err().code(), "bad_option");
}

/// The mean over all pairings of six inputs is the closed form, with ties and without.
#[test]
fn chance_is_the_mean_over_all_pairings() {
    let n = 6;
    let mut next = noise(9);
    let plain: Vec<f64> = (0..n * 2).map(|_| next()).collect();
    let sides = [
        plain,
        vec![0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 2.0, 0.0, 0.0, 1.0, 5.0, 5.0],
        vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 3.0, 3.0, 3.0, 3.0, 0.0, 1.0],
        vec![0.0; 12],
    ];
    let mut tied = 0;
    for (x, y) in sides.iter().flat_map(|x| sides.iter().map(move |y| (x, y))) {
        for k in 1..n {
            let x = Neighbors::of(&representation("x", x, 2), Metric::Euclidean, k, Par::SEQ).unwrap();
            let y = Neighbors::of(&representation("y", y, 2), Metric::Euclidean, k, Par::SEQ).unwrap();
            tied += usize::from(x.tied_rows() > 0 && y.tied_rows() > 0);
            for agreement in [Agreement::Share, Agreement::Jaccard] {
                let mut pairing: Vec<usize> = (0..n).collect();
                let (mut total, mut count) = (0.0, 0);
                permute(&mut pairing, 0, &mut |order| {
                    total += x.overlaps(&y, Some(order)).iter().map(|&o| agreement.of(o, k)).sum::<f64>() / n as f64;
                    count += 1;
                });
                assert_eq!(count, 720);
                let found = x.at_chance(&y, agreement, None).unwrap();
                assert!((total / f64::from(count) - found).abs() < 1e-13, "k = {k}, {agreement:?}");
            }
        }
    }
    assert!(tied > 20);
}

/// Screened or not: runs are those of the scores, sorted, and no index decides.
#[test]
fn runs_are_members_that_are_equally_near() {
    let mut next = noise(77);
    for n in [40, 400] {
        let values: Vec<f64> = (0..n * 3).map(|_| (next() * 4.0).round()).collect();
        for (metric, k) in [(Metric::Cosine, 12), (Metric::Euclidean, 12), (Metric::Inner, 7)] {
            let found = Neighbors::of(&representation("x", &values, 3), metric, k, Par::SEQ).unwrap();
            assert!(!found.runs.is_empty());
            let (scores, _) = slow(&values, 3, metric);
            for (i, sorted) in scores.iter().enumerate() {
                let certain = found.certain(i).len();
                let is_tied = |at: usize| (sorted[at].0 - sorted[at - 1].0).abs() < 1e-12 * (1.0 + sorted[at].0.abs());
                for at in 1..certain {
                    let before = found.runs[i * k + at - 1];
                    let expected = if is_tied(at) { before } else { at as u32 };
                    assert_eq!(found.runs[i * k + at], expected, "n = {n}, {metric:?}, row {i}, place {at}");
                }
            }
        }
    }
}

/// All pairings of whole matrices of memberships.
#[test]
fn overlaps_are_sums_of_smaller_memberships() {
    let (n, k) = (24, 5);
    let mut next = noise(31);
    let mut integers = |most: f64| (0..n * 2).map(|_| (next() * most).round()).collect::<Vec<f64>>();
    let sides = [integers(1.0), integers(2.0), integers(40.0), vec![1.0; n * 2]];
    let memberships = |side: &Neighbors| {
        let mut all = vec![0.0; n * n];
        for i in 0..n {
            side.certain(i).iter().for_each(|&j| all[i * n + j as usize] = 1.0);
            let places = (k - side.certain(i).len()) as f64;
            let tied: Vec<u32> = side.tied(i).collect();
            tied.iter().for_each(|&j| all[i * n + j as usize] = places / tied.len() as f64);
            assert!((all[i * n..(i + 1) * n].iter().sum::<f64>() - k as f64).abs() < 1e-12);
            assert_eq!(all[i * n + i], 0.0);
        }
        all
    };
    for (x, y) in sides.iter().flat_map(|x| sides.iter().map(move |y| (x, y))) {
        for metric in [Metric::Cosine, Metric::Euclidean, Metric::Inner] {
            let x = Neighbors::of(&representation("x", x, 2), metric, k, Par::SEQ).unwrap();
            let y = Neighbors::of(&representation("y", y, 2), metric, k, Par::SEQ).unwrap();
            let (a, b) = (memberships(&x), memberships(&y));
            for r in 0..4 {
                let order = crate::numerics::streams::permutation(&[5; 32], r, n);
                for (i, found) in x.overlaps(&y, Some(&order)).into_iter().enumerate() {
                    let smaller = |j: usize| f64::min(a[i * n + j], b[order[i] * n + order[j]]);
                    let expected = (0..n).map(smaller).sum::<f64>();
                    assert!((found - expected).abs() < 1e-12, "{metric:?}, row {i}: {found} and {expected}");
                }
            }
        }
    }
}

/// Rows of an indicator code share the group of their class, however many they are.
#[test]
fn groups_are_stored_once() {
    let values: Vec<f64> = (0..900).map(|at| f64::from(u8::from(at / 3 % 3 == at % 3))).collect();
    for metric in [Metric::Cosine, Metric::Euclidean, Metric::Inner] {
        let found = Neighbors::of(&representation("x", &values, 3), metric, 10, Par::SEQ).unwrap();
        assert_eq!((found.tied_rows(), found.groups(), found.stored()), (300, 3, 300), "{metric:?}");
        assert_eq!(found.candidates(), 300 * 99);
    }
}

#[test]
fn saved_lists_come_back_and_damaged_ones_do_not() {
    let values: Vec<f64> = (0..40).map(|i| f64::from(i * i % 17)).collect();
    let kept = Neighbors::of(&representation("x", &values, 4), Metric::Euclidean, 3, Par::SEQ).unwrap();
    assert!(0 < kept.tied_rows() && kept.tied_rows() < 10);
    let parts = || kept.save().into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>();
    assert_eq!(Arc::<Neighbors>::load(&mut SavedParts::new(parts())).unwrap(), kept);
    let lists = |change: &dyn Fn(&mut Vec<i64>)| {
        let mut data: Vec<i64> = kept.lists.iter().map(|&j| if j == SHARED { -1 } else { i64::from(j) }).collect();
        change(&mut data);
        Value::Ints { data: data.into(), shape: vec![10, 3] }
    };
    let group = kept.cuts.groups[0].len() as i64;
    for (name, value) in [
        ("lists", lists(&|data| data[0] = 0)),
        ("lists", lists(&|data| data[7] = 10)),
        ("lists", lists(&|data| data[7] = -2)),
        ("lists", lists(&|data| data.fill(-1))),
        ("lists", lists(&|data| data.truncate(27))),
        ("lists", Value::ints(vec![1, 0])),
        ("lists", Value::Ints { data: Arc::from([]), shape: vec![10, 0] }),
        ("runs", Value::ints(vec![0; 29])),
        ("runs", Value::ints(vec![-1; 30])),
        ("runs", Value::ints((0..30).map(|at| i64::from(at % 3 == 2)).collect::<Vec<_>>())),
        ("tied", Value::ints(vec![0; 10])),
        ("tied", Value::ints(vec![-1; 10])),
        ("tied", Value::ints(vec![i64::MAX; 10])),
        ("tied", Value::ints(vec![-1; 3])),
        ("group_sizes", Value::ints(vec![])),
        ("group_sizes", Value::ints(vec![i64::MAX])),
        ("group_sizes", Value::ints(vec![group, -1])),
        ("groups", Value::ints(vec![3, 3])),
        ("groups", Value::ints(vec![])),
        ("zero", Value::Int(-1)),
        ("copies", Value::ints(vec![3, 3])),
        ("copies", Value::ints(vec![10])),
        ("copies", Value::None),
    ] {
        let mut damaged = parts();
        damaged.retain(|part| part.0 != name);
        damaged.push((name.to_owned(), value));
        assert!(Arc::<Neighbors>::load(&mut SavedParts::new(damaged)).is_err(), "{name}");
    }
}
