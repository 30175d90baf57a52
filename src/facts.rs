//! What a measure states about itself.
//!
//! Facts are data. They are printed on the measure's page, decide what the operations check before they call it, and each
//! of them has a test that fails when the fact is wrong, in both directions: an invariance must hold where it is claimed
//! and must fail where it is not.

/// How a number is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Larger means more alike.
    Similarity,
    /// Smaller means more alike.
    Distance,
    /// A number of one representation; the score of a pair is the difference of the two numbers.
    Statistic,
}

impl Kind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Similarity => "similarity",
            Self::Distance => "distance",
            Self::Statistic => "statistic",
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// An n x d representation.
    Matrix,
    /// An n x n matrix of similarities or distances that the user computed.
    PairMatrix,
    /// Class ids, or class scores whose largest entry decides.
    Predictions,
    /// Class scores of a stated kind.
    Probabilities,
}

impl Input {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Matrix => "matrix",
            Self::PairMatrix => "pair_matrix",
            Self::Predictions => "predictions",
            Self::Probabilities => "probabilities",
        }
    }
}

/// A change of a representation that a score may ignore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Another order of the columns.
    Permutation,
    /// A rotation or reflection of the rows.
    Orthogonal,
    /// One common positive factor.
    Scaling,
    /// Any invertible linear map of the rows.
    InvertibleLinear,
    /// The same shift of every row.
    Translation,
    /// Any invertible linear map followed by a shift.
    Affine,
    /// The same renaming of the classes on both sides.
    Relabeling,
    /// Any increasing function of the scores within a row.
    Monotone,
    /// A constant added to all scores of a row.
    RowShift,
}

impl Change {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Permutation => "permutation",
            Self::Orthogonal => "orthogonal",
            Self::Scaling => "scaling",
            Self::InvertibleLinear => "invertible_linear",
            Self::Translation => "translation",
            Self::Affine => "affine",
            Self::Relabeling => "relabeling",
            Self::Monotone => "monotone",
            Self::RowShift => "row_shift",
        }
    }
}

/// How the score of fewer rows follows from what was made of all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jackknife {
    /// It does not: the score is computed anew.
    Recompute,
    /// It is a function of two matrices over pairs whose entries depend on other rows by double centering alone.
    Centered,
    /// The same with U-centered matrices.
    UCentered,
    /// It is the mean of the scores of the rows that stay.
    MeanOfRows,
}

impl Jackknife {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recompute => "recompute",
            Self::Centered => "centered",
            Self::UCentered => "u_centered",
            Self::MeanOfRows => "mean_of_rows",
        }
    }
}

/// The row of facts that stands beside each formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// How to read the number.
    pub kind: Kind,
    /// What is compared.
    pub input: Input,
    /// Smallest and largest possible score.
    pub range: (f64, f64),
    /// The score of a representation with itself.
    pub identity_value: f64,
    /// Whether exchanging x and y leaves the score alone.
    pub symmetric: bool,
    /// Whether it is a distance that obeys the triangle inequality.
    pub is_metric: bool,
    /// Changes of either argument that leave the score alone.
    pub invariant_to: &'static [Change],
    /// Further changes that leave it alone when the first argument alone is changed.
    pub source_invariant_to: &'static [Change],
    /// Fewest rows for which the score is defined.
    pub min_rows: usize,
    /// Whether row i of x and row i of y must belong to the same input.
    pub rows_paired: bool,
    /// Whether x and y must have the same number of columns.
    pub equal_widths: bool,
    /// Whether the score compares whole groups of models as well as pairs.
    pub groups: bool,
    /// Fewest models of a group; a table of votes is a whole group.
    pub fewest_models: usize,
    /// Whether a mean that all rows share moves the score, where it is not subtracted.
    pub mean_matters: bool,
    /// Whether an unrelated pair is expected to score about 0 whatever its shape.
    pub chance_corrected: bool,
    /// Whether a repeated sample pair breaks the exchangeability of rows (predictions repeat by nature).
    pub repeats_matter: bool,
    /// Whether the score listens more to rows far from the others: not where rows are ranked, or brought to one length.
    pub row_sizes_matter: bool,
    /// Whether it listens more to columns of large variance, where no invertible map leaves it alone anyway.
    pub column_sizes_matter: bool,
    /// How the score of fewer rows follows.
    pub jackknife: Jackknife,
    /// What changes in jumps when rows come or go, so that leaving rows out tells little about precision.
    pub jumps: Option<&'static str>,
    /// Where the definition comes from.
    pub reference: &'static str,
    /// Time and memory in n, d and r.
    pub cost: &'static str,
}

impl Facts {
    /// A symmetric similarity of matrices between 0 and 1, to be completed.
    pub const SIMILARITY: Self = Self {
        kind: Kind::Similarity,
        input: Input::Matrix,
        range: (0.0, 1.0),
        identity_value: 1.0,
        symmetric: true,
        is_metric: false,
        invariant_to: &[],
        source_invariant_to: &[],
        min_rows: 2,
        rows_paired: true,
        equal_widths: false,
        groups: false,
        fewest_models: 2,
        mean_matters: false,
        chance_corrected: false,
        repeats_matter: true,
        row_sizes_matter: true,
        column_sizes_matter: true,
        jackknife: Jackknife::Recompute,
        jumps: None,
        reference: "",
        cost: "",
    };

    /// A symmetric distance of matrices, to be completed.
    pub const DISTANCE: Self =
        Self { kind: Kind::Distance, range: (0.0, f64::INFINITY), identity_value: 0.0, ..Self::SIMILARITY };

    /// A descriptive statistic compared by absolute difference, to be completed.
    pub const STATISTIC: Self =
        Self { kind: Kind::Statistic, rows_paired: false, repeats_matter: false, min_rows: 2, ..Self::DISTANCE };

    /// A measure of predictions, to be completed.
    pub const PREDICTIONS: Self = Self {
        input: Input::Predictions,
        min_rows: 1,
        repeats_matter: false,
        invariant_to: &[Change::Relabeling, Change::Monotone, Change::RowShift],
        ..Self::SIMILARITY
    };

    /// Whether larger means more alike.
    pub fn larger_is_more_alike(&self) -> bool {
        self.kind == Kind::Similarity
    }
}
