//! Warnings about the rows of a test: what cannot move, what depends on each other, what scores infinity.

use std::collections::HashSet;

use super::design::Design;
use crate::error::{Error, Result};
use crate::warning::Warning;

/// The warning that rows cannot move for want of partners.
pub fn in_place(design: &Design) -> Option<Warning> {
    let summary = design.summary();
    (summary.groups_in_place > 0).then(|| {
        let details = vec![
            ("groups_in_place", summary.groups_in_place.into()),
            ("movable", summary.movable.into()),
            ("n", summary.rows.into()),
        ];
        Warning::new("groups_in_place", format!("{summary}."), details)
    })
}

/// The warning that rows of one stimulus trade places with those of others one by one.
pub fn dependent(ids: Option<&[i64]>, n: usize, grouped: bool) -> Result<Option<Warning>> {
    let Some(ids) = ids else { return Ok(None) };
    if ids.len() != n {
        return Err(Error::RowCountMismatch { x: "x".into(), y: "ids".into(), n, m: ids.len() });
    }
    let stimuli = ids.iter().collect::<HashSet<_>>().len();
    if stimuli == n || grouped {
        return Ok(None);
    }
    let message = format!("{n} rows belong to {stimuli} stimuli: p-values assume exchangeable rows; pass groups=.");
    Ok(Some(Warning::new("dependent_rows", message, vec![("n", n.into()), ("stimuli", stimuli.into())])))
}

/// The warning that scores are infinite.
pub fn infinite(count: usize, total: usize) -> Option<Warning> {
    let message = format!(
        "{count} of {total} orders of the rows score infinity: p counts them as equal, and there is no mean, no standard \
         deviation and no z."
    );
    let details = vec![("infinite", count.into()), ("n", total.into())];
    (count > 0).then(|| Warning::new("infinite_scores", message, details))
}
