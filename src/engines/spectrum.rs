//! Singular value decomposition of a representation, and the cheaper thing many measures really need: an orthonormal basis.

use std::sync::Arc;

use super::centered::centered_if;
use crate::error::{Error, Result};
use crate::linalg::{self, Matrix};
use crate::measure::Summary;
use crate::options::{Named, damaged};
use crate::par::Par;
use crate::representation::Representation;
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
    /// Of the centered (or raw) data, with singular values below the rank cut left out.
    pub fn of(x: &Representation<'_>, center: bool, par: Par<'_>) -> Result<Arc<Self>> {
        x.shared(if center { "centered spectrum" } else { "raw spectrum" }, || {
            let columns = centered_if(center, x, par)?;
            par.check()?;
            let found = linalg::svd(&columns.matrix)?;
            let cut = columns.rank_cut(found.s[0]);
            let rank = found.s.iter().filter(|s| **s > cut).count();
            if rank == 0 {
                return Err(Error::NoVariance { name: x.name().to_owned() });
            }
            Ok(Self {
                u: found.u.leading_columns(rank),
                v: found.v.leading_columns(rank),
                s: found.s[..rank].to_vec(),
                scale: columns.scale,
            })
        })
    }

    /// Number of singular values above the cut.
    pub fn rank(&self) -> usize {
        self.s.len()
    }
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

    fn load(parts: &mut Named) -> Result<Self> {
        let found = Self {
            u: parts.saved_matrix("u")?,
            s: parts.saved_floats("s")?.0.to_vec(),
            v: parts.saved_matrix("v")?,
            scale: parts.saved_number("scale")?,
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
    /// Of the centered (or raw) columns; by products alone where the rank is certain, else from the spectrum.
    pub fn of(x: &Representation<'_>, center: bool, par: Par<'_>) -> Result<Arc<Self>> {
        x.shared(if center { "centered basis" } else { "raw basis" }, || {
            let columns = centered_if(center, x, par)?;
            // The largest singular value is at most the norm, so this cut is at least as strict as the one of the rank.
            let cut = columns.rank_cut(columns.squared_norm.sqrt());
            let q = match linalg::orthonormal(&columns.matrix, cut, par)? {
                Some(q) => q,
                None => Spectrum::of(x, center, par)?.u.clone(),
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

    fn load(parts: &mut Named) -> Result<Self> {
        Ok(Self { q: parts.saved_matrix("q")?, columns: parts.saved_count("columns")? })
    }

    fn rows(&self) -> usize {
        self.q.rows()
    }
}

/// A matrix as a named array.
pub fn saved(m: &Matrix) -> Value {
    Value::Floats { data: m.data().into(), shape: vec![m.rows(), m.cols()] }
}
