//! Named values that cross borders: options coming in, details of errors and warnings going out, saved summaries both ways.

use std::sync::Arc;

/// One value of a kind that Python, files and Rust all know.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Not given.
    None,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// A name or a sentence.
    Text(String),
    /// Whole numbers in a row (class ids, neighbor lists); `shape` has one or two entries.
    Ints {
        /// Numbers in row-major order.
        data: Arc<[i64]>,
        /// One or two lengths whose product is the number of entries.
        shape: Vec<usize>,
    },
    /// Real numbers in a row; `shape` has one or two entries.
    Floats {
        /// Numbers in row-major order.
        data: Arc<[f64]>,
        /// One or two lengths whose product is the number of entries.
        shape: Vec<usize>,
    },
    /// Several values in order.
    List(Vec<Value>),
    /// Values that belong together, as the two ends of a range do.
    Tuple(Vec<Value>),
    /// Named values.
    Fields(Vec<(&'static str, Value)>),
}

impl Value {
    /// A vector of reals.
    pub fn floats(data: impl Into<Arc<[f64]>>) -> Self {
        let data = data.into();
        Self::Floats { shape: vec![data.len()], data }
    }

    /// A vector of whole numbers.
    pub fn ints(data: impl Into<Arc<[i64]>>) -> Self {
        let data = data.into();
        Self::Ints { shape: vec![data.len()], data }
    }

    /// Entries, or rows of a matrix, at these places; what has no such place stays as it is.
    #[must_use]
    pub fn of_rows(&self, stay: &[usize]) -> Self {
        fn picked<T: Copy>(data: &[T], shape: &[usize], stay: &[usize]) -> Option<(Arc<[T]>, Vec<usize>)> {
            let width = shape.get(1).copied().unwrap_or(1);
            let rows = stay.iter().map(|&i| data.get(i * width..(i + 1) * width)).collect::<Option<Vec<_>>>()?;
            Some((rows.concat().into(), std::iter::once(stay.len()).chain(shape.get(1).copied()).collect()))
        }
        match self {
            Self::Ints { data, shape } => picked(data, shape, stay).map(|(data, shape)| Self::Ints { data, shape }),
            Self::Floats { data, shape } => picked(data, shape, stay).map(|(data, shape)| Self::Floats { data, shape }),
            _ => None,
        }
        .unwrap_or_else(|| self.clone())
    }

    /// Equal, where 1 and 1.0 are.
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Float(b)) | (Self::Float(b), Self::Int(a)) => *a as f64 == *b,
            _ => self == other,
        }
    }

    /// Written out in full, an array by its shape and a hash of its entries.
    pub fn written(&self) -> String {
        let hash = |bits: &mut dyn Iterator<Item = u64>| {
            bits.fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ b).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23))
        };
        match self {
            Self::Int(v) => format!("{}", *v as f64),
            Self::Ints { data, .. } => format!("{self}#{:016x}", hash(&mut data.iter().map(|v| *v as u64))),
            Self::Floats { data, .. } => format!("{self}#{:016x}", hash(&mut data.iter().map(|v| v.to_bits()))),
            _ => self.to_string(),
        }
    }

    /// Kind of value, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::Ints { .. } => "an array of integers",
            Self::Floats { .. } => "an array of numbers",
            Self::List(_) => "a list",
            Self::Tuple(_) => "a tuple",
            Self::Fields(_) => "a dictionary",
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => write!(f, "None"),
            Self::Bool(true) => write!(f, "True"),
            Self::Bool(false) => write!(f, "False"),
            Self::Int(v) => write!(f, "{v}"),
            Self::Float(v) => write!(f, "{v}"),
            Self::Text(v) => write!(f, "{v:?}"),
            Self::Ints { shape, .. } | Self::Floats { shape, .. } => write!(f, "<array of shape {shape:?}>"),
            Self::List(values) | Self::Tuple(values) => {
                let written: Vec<String> = values.iter().map(Self::to_string).collect();
                write!(f, "[{}]", written.join(", "))
            }
            Self::Fields(fields) => {
                let written: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                write!(f, "{{{}}}", written.join(", "))
            }
        }
    }
}

impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Self::Bool(v)
    }
}
impl From<usize> for Value {
    fn from(v: usize) -> Self {
        Self::Int(i64::try_from(v).unwrap_or(i64::MAX))
    }
}
impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Self::Int(v)
    }
}
impl From<f64> for Value {
    fn from(v: f64) -> Self {
        Self::Float(v)
    }
}
impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Self::Text(v.to_owned())
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Self::Text(v)
    }
}
impl From<u64> for Value {
    fn from(v: u64) -> Self {
        Self::Int(i64::try_from(v).unwrap_or(i64::MAX))
    }
}
impl From<(f64, f64)> for Value {
    fn from((low, high): (f64, f64)) -> Self {
        Self::Tuple(vec![low.into(), high.into()])
    }
}
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::None, Into::into)
    }
}
impl From<Vec<f64>> for Value {
    fn from(v: Vec<f64>) -> Self {
        Self::floats(v)
    }
}
impl From<Vec<Value>> for Value {
    fn from(v: Vec<Value>) -> Self {
        Self::List(v)
    }
}
