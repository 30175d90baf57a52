//! The only door for data.
//!
//! A [`Representation`] is a checked view of what a model computed for n inputs, one row per input, together with a memo
//! of the products that engines have already made from it. Asking eight measures for a score makes one spectrum, one set
//! of distances, one centered copy: whoever comes first computes, the others share. The memo is dropped with the
//! representation.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ndarray::ArrayView2;

use crate::error::{Error, Result};

/// The type in which the numbers were stored before they came here; it bounds what rounding has done to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Storage {
    /// IEEE double precision.
    F64,
    /// IEEE single precision.
    F32,
    /// IEEE half precision.
    F16,
    /// Half precision with the exponent of single precision.
    Bf16,
    /// Whole numbers, which are exact.
    Int,
}

impl Storage {
    /// The short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::Int => "int",
        }
    }

    /// The type of that short name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::F64, Self::F32, Self::F16, Self::Bf16, Self::Int].into_iter().find(|storage| storage.name() == name)
    }

    /// Half the distance between 1 and the next number.
    pub fn unit_roundoff(self) -> f64 {
        match self {
            Self::F64 => f64::EPSILON / 2.0,
            Self::F32 => f64::from(f32::EPSILON) / 2.0,
            Self::F16 => 2.0_f64.powi(-11),
            Self::Bf16 => 2.0_f64.powi(-8),
            Self::Int => 0.0,
        }
    }
}

/// Numbers where they lie, with any strides.
#[derive(Debug, Clone)]
pub enum View<'a> {
    /// Double precision.
    F64(ArrayView2<'a, f64>),
    /// Single precision (and half precision, widened by the caller).
    F32(ArrayView2<'a, f32>),
}

impl View<'_> {
    /// Number of rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        match self {
            Self::F64(view) => view.dim(),
            Self::F32(view) => view.dim(),
        }
    }

    /// The entry in row `i` and column `j`.
    pub fn at(&self, i: usize, j: usize) -> f64 {
        match self {
            Self::F64(view) => view[[i, j]],
            Self::F32(view) => f64::from(view[[i, j]]),
        }
    }

    /// Copy row `i` into `out`, in double precision.
    pub fn read_row(&self, i: usize, out: &mut [f64]) {
        match self {
            Self::F64(view) => {
                let row = view.row(i);
                match row.as_slice() {
                    Some(values) => out.copy_from_slice(values),
                    None => out.iter_mut().zip(row).for_each(|(o, v)| *o = *v),
                }
            }
            Self::F32(view) => {
                let row = view.row(i);
                match row.as_slice() {
                    Some(values) => out.iter_mut().zip(values).for_each(|(o, v)| *o = f64::from(*v)),
                    None => out.iter_mut().zip(row).for_each(|(o, v)| *o = f64::from(*v)),
                }
            }
        }
    }
}

/// Data as they were handed in.
#[derive(Debug, Clone)]
pub enum Data<'a> {
    /// One row per input, one column per unit (or per class, or per input).
    Matrix(View<'a>, Storage),
    /// One class id per input.
    Labels(std::borrow::Cow<'a, [i64]>),
    /// One real number per input, which no measure accepts; kept so that each can say what it misses.
    Reals(Vec<f64>),
}

type Memo = HashMap<String, Arc<dyn Any + Send + Sync>>;

/// Representation of n inputs by one model.
pub struct Representation<'a> {
    name: String,
    data: Data<'a>,
    memo: Mutex<Memo>,
}

impl<'a> Representation<'a> {
    /// A matrix of real numbers.
    pub fn matrix(name: impl Into<String>, view: View<'a>, storage: Storage) -> Result<Self> {
        let name = name.into();
        let (n, d) = view.shape();
        if n == 0 || d == 0 {
            return Err(Error::EmptyInput { name, shape: format!("({n}, {d})") });
        }
        Ok(Self { name, data: Data::Matrix(view, storage), memo: Mutex::default() })
    }

    /// Class ids.
    pub fn labels(name: impl Into<String>, labels: impl Into<std::borrow::Cow<'a, [i64]>>) -> Result<Self> {
        let (name, labels) = (name.into(), labels.into());
        if labels.is_empty() {
            return Err(Error::EmptyInput { name, shape: "(0,)".into() });
        }
        Ok(Self { name, data: Data::Labels(labels), memo: Mutex::default() })
    }

    /// Real numbers where class ids or a matrix should be.
    pub fn reals(name: impl Into<String>, values: Vec<f64>) -> Result<Self> {
        let name = name.into();
        if values.is_empty() {
            return Err(Error::EmptyInput { name, shape: "(0,)".into() });
        }
        Ok(Self { name, data: Data::Reals(values), memo: Mutex::default() })
    }

    /// Name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        match &self.data {
            Data::Matrix(view, _) => view.shape().0,
            Data::Labels(labels) => labels.len(),
            Data::Reals(values) => values.len(),
        }
    }

    /// Number of columns; 1 for class ids.
    pub fn cols(&self) -> usize {
        match &self.data {
            Data::Matrix(view, _) => view.shape().1,
            Data::Labels(_) | Data::Reals(_) => 1,
        }
    }

    /// The data themselves.
    pub fn data(&self) -> &Data<'a> {
        &self.data
    }

    /// The matrix, or the error that says a matrix was expected.
    pub fn view(&self) -> Result<(&View<'a>, Storage)> {
        match &self.data {
            Data::Matrix(view, storage) => Ok((view, *storage)),
            Data::Labels(_) | Data::Reals(_) => {
                Err(Error::NotTwoDimensional { name: self.name.clone(), shape: format!("({},)", self.rows()) })
            }
        }
    }

    /// A product of an engine: made by `make` at the first call with this key, shared afterwards.
    ///
    /// No lock is held while `make` runs, so a job stolen meanwhile cannot wait for itself.
    pub fn shared<T: Any + Send + Sync>(&self, key: &str, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let find = |shelf: &Memo| shelf.get(key).cloned().and_then(|kept| kept.downcast::<T>().ok());
        if let Some(kept) = find(&self.shelf()) {
            return Ok(kept);
        }
        let made = Arc::new(make()?);
        let mut shelf = self.shelf();
        if let Some(kept) = find(&shelf) {
            return Ok(kept);
        }
        shelf.insert(key.to_owned(), made.clone());
        Ok(made)
    }

    /// An engine product, if somebody made it.
    pub fn find<T: Any + Send + Sync>(&self, key: &str) -> Option<Arc<T>> {
        self.shelf().get(key).cloned().and_then(|kept| kept.downcast::<T>().ok())
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Memo> {
        self.memo.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A 128-bit fingerprint of shape, storage and values, the same for any strides.
    pub fn fingerprint(&self) -> String {
        let mut hash = Fingerprint::default();
        match &self.data {
            Data::Matrix(view, storage) => {
                let (n, d) = view.shape();
                hash.word(n as u64);
                hash.word(d as u64);
                storage.name().bytes().for_each(|b| hash.word(u64::from(b)));
                let mut row = vec![0.0; d];
                for i in 0..n {
                    view.read_row(i, &mut row);
                    row.iter().for_each(|v| hash.word(v.to_bits()));
                }
            }
            Data::Labels(labels) => labels.iter().for_each(|&v| hash.word(v as u64)),
            Data::Reals(values) => values.iter().for_each(|v| hash.word(v.to_bits())),
        }
        hash.finish()
    }
}

/// Two multiply-and-fold lanes with different odd constants. It tells contents apart; it does not resist an adversary.
struct Fingerprint(u64, u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344)
    }
}

impl Fingerprint {
    fn word(&mut self, word: u64) {
        let fold = |state: u64, odd: u128| {
            let wide = u128::from(state ^ word).wrapping_mul(odd);
            (wide as u64) ^ ((wide >> 64) as u64)
        };
        self.0 = fold(self.0, 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).wrapping_add(1);
        self.1 = fold(self.1, 0xc2b2_ae3d_27d4_eb4f_1656_67b1_9e37_79f9).wrapping_add(self.0);
    }

    fn finish(mut self) -> String {
        (0..4).for_each(|i| self.word(i));
        format!("{:016x}{:016x}", self.0, self.1)
    }
}
