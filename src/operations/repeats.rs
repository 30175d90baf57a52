//! Sample pairs that occur more than once.

use std::collections::HashMap;

use crate::engines::centered::survey;
use crate::error::Result;
use crate::par::Par;
use crate::representation::Representation;

/// How often sample pairs repeat.
pub struct Repeats {
    /// Rows whose pair `(x_i, y_i)` equals that of an earlier row, bit for bit.
    pub repeated: usize,
    /// Number of rows in the largest group of equal pairs.
    pub largest_group: usize,
}

/// Rows that repeat an earlier row on both sides.
pub fn repeats(x: &Representation<'_>, y: &Representation<'_>, par: Par<'_>) -> Result<Repeats> {
    let (p, q) = (survey(x, par)?, survey(y, par)?);
    let mut groups: HashMap<(u64, u64), Vec<usize>> = HashMap::with_capacity(p.marks.len());
    for (i, (a, b)) in p.marks.iter().zip(&q.marks).enumerate() {
        groups.entry((a.to_bits(), b.to_bits())).or_default().push(i);
    }
    let (mut repeated, mut largest_group) = (0, 1);
    for rows in groups.values().filter(|rows| rows.len() > 1) {
        let same = rows[1..].iter().filter(|&&i| equal(x, rows[0], i) && equal(y, rows[0], i)).count();
        repeated += same;
        largest_group = largest_group.max(same + 1);
    }
    Ok(Repeats { repeated, largest_group })
}

fn equal(x: &Representation<'_>, i: usize, j: usize) -> bool {
    let Ok((view, _)) = x.view() else { return false };
    let (mut a, mut b) = (vec![0.0; x.cols()], vec![0.0; x.cols()]);
    view.read_row(i, &mut a);
    view.read_row(j, &mut b);
    a == b
}
