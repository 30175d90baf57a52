//! Singular value decomposition of a representation, and the cheaper thing many measures really need: an orthonormal basis.

use std::sync::Arc;

use super::centered::{Columns, centered_if};
use super::roundoff::Whitening;
use crate::error::{Error, Result};
use crate::linalg::{self, Matrix};
use crate::par::Par;
use crate::representation::Representation;
use crate::saved::{SavedParts, damaged};
use crate::summary::Summary;
use crate::value::Value;

/// `u diag(s) v'`, cut at the rank.
#[derive(Clone)]
pub struct Spectrum {
    /// n x r, orthonormal columns.
    pub u: Matrix,
    /// r singular values of the scaled data, largest first.
    pub s: Vec<f64>,
    /// d x r, orthonormal columns.
    pub v: Matrix,
    /// The power of two by which the data were multiplied.
    pub scale: f64,
}

/// An orthonormal basis of the column space.
#[derive(Clone)]
pub struct Basis {
    /// n x r.
    pub q: Matrix,
    /// Number of columns of the representation itself.
    pub columns: usize,
}

impl Spectrum {
    /// Of the centered (or raw) data, without the directions that may be round-off.
    pub fn of(x: &Representation<'_>, center: bool, par: Par<'_>) -> Result<Arc<Self>> {
        x.shared(if center { "centered spectrum" } else { "raw spectrum" }, || {
            let columns = centered_if(center, x, par)?;
            par.check()?;
            let found = linalg::svd(&columns.matrix)?;
            let cut = columns.certain_cut(found.s[0]);
            let certain = found.s.iter().filter(|s| **s > cut).count();
            let room = x.rows() - usize::from(center);
            if certain == room.min(x.cols() - columns.constant_columns()) {
                return Ok(Self {
                    u: found.u.leading_columns(certain),
                    v: found.v.leading_columns(certain),
                    s: found.s[..certain].to_vec(),
                    scale: columns.scale,
                });
            }
            // Which directions stand out is seen once columns are weighed; their sizes are those of the data.
            let basis = outstanding(x, center, &columns, par)?;
            let found = linalg::svd(&linalg::product(&basis, &columns.matrix, par)?)?;
            let u = linalg::product_nn(&basis, &found.u, par)?;
            Ok(Self { u, s: found.s, v: found.v, scale: columns.scale })
        })
    }

    /// Number of singular values above the cut.
    pub fn rank(&self) -> usize {
        self.s.len()
    }
}

/// An orthonormal basis of the directions that stand out from round-off.
fn outstanding(x: &Representation<'_>, center: bool, columns: &Columns, par: Par<'_>) -> Result<Arc<Matrix>> {
    x.shared(if center { "centered directions" } else { "raw directions" }, || {
        if columns.squared_norm == 0.0 {
            return Err(Error::NoVariance { name: x.name().to_owned() });
        }
        par.check()?;
        Whitening::of(columns, par)?.basis(columns)
    })
}

impl Summary for Spectrum {
    fn save(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("u", saved(&self.u)),
            ("s", Value::floats(self.s.clone())),
            ("v", saved(&self.v)),
            ("scale", self.scale.into()),
        ]
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        let found = Self {
            u: parts.matrix("u")?,
            s: parts.floats("s")?.0.to_vec(),
            v: parts.matrix("v")?,
            scale: parts.number("scale")?,
        };
        let r = found.s.len();
        let fits = r > 0 && found.u.cols() == r && found.v.cols() == r && found.u.rows() > 0 && found.scale > 0.0;
        if fits { Ok(found) } else { Err(damaged("its parts have different ranks")) }
    }

    fn rows(&self) -> usize {
        self.u.rows()
    }
}

impl Basis {
    /// Of the centered (or raw) columns; by products alone where the rank is certain.
    pub fn of(x: &Representation<'_>, center: bool, par: Par<'_>) -> Result<Arc<Self>> {
        x.shared(if center { "centered basis" } else { "raw basis" }, || {
            let columns = centered_if(center, x, par)?;
            if x.rows() <= x.cols() {
                return Ok(Self { q: Spectrum::of(x, center, par)?.u.clone(), columns: x.cols() });
            }
            let white = Whitening::of(&columns, par)?;
            // The largest singular value is at most the norm, so this cut is at least as strict as the one of the rank.
            let q = match linalg::orthonormal(&columns.matrix, &white.weights, |norm| white.cut(norm), par)? {
                Some(q) => q,
                None => (*outstanding(x, center, &columns, par)?).clone(),
            };
            Ok(Self { q, columns: x.cols() })
        })
    }

    /// Its dimension.
    pub fn rank(&self) -> usize {
        self.q.cols()
    }
}

impl Summary for Basis {
    fn save(&self) -> Vec<(&'static str, Value)> {
        vec![("q", saved(&self.q)), ("columns", self.columns.into())]
    }

    fn load(parts: &mut SavedParts) -> Result<Self> {
        Ok(Self { q: parts.matrix("q")?, columns: parts.count("columns")? })
    }

    fn rows(&self) -> usize {
        self.q.rows()
    }
}

/// A matrix as a named array.
pub fn saved(m: &Matrix) -> Value {
    Value::Floats { data: m.data().into(), shape: vec![m.rows(), m.cols()] }
}
