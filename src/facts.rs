//! Statements of a measure about itself.
//!
//! Facts are data. They are printed on the measure's page, decide what the operations check before they call it, and each
//! of them has a test that fails when the fact is wrong, in both directions: an invariance must hold where it is claimed
//! and must fail where it is not.

use crate::value::Value;

/// Reading of a number.
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

/// Object of the comparison.
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

/// The mathematical form of a score, by which operations choose what is fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormName {
    /// A monotone function of an inner product of two matrices over pairs.
    Bilinear(Step),
    /// A function of the product of two matrices.
    Cross,
    /// A mean over rows of a function of their two neighbor lists.
    Neighbors,
    /// A score that does not use which row is which.
    Unpaired,
    /// A mean of a function of one row of either side.
    Rows,
    /// Any other function of a pair.
    Pair,
}

impl FormName {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bilinear(_) => "bilinear",
            Self::Cross => "cross",
            Self::Neighbors => "neighbors",
            Self::Unpaired => "unpaired",
            Self::Rows => "rows",
            Self::Pair => "pair",
        }
    }

    /// The step from the inner product to the score, where there is an inner product.
    pub fn link(self) -> Option<Step> {
        match self {
            Self::Bilinear(step) => Some(step),
            _ => None,
        }
    }
}

/// The monotone step from an affine function of an inner product to a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// As it is.
    Identity,
    /// Its root, of what is not negative.
    Root,
    /// The angle with this cosine; falls where the cosine rises.
    Arccos,
}

impl Step {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Root => "root",
            Self::Arccos => "arccos",
        }
    }
}

/// The triangle inequality: a score of x and z is at most that of x and y plus that of y and z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Triangle {
    /// It may fail.
    No,
    /// It holds, and representations that differ in what the measure looks at may still be 0 apart: a pseudometric.
    Pseudo,
    /// It holds, and 0 means equal up to the invariances that are stated.
    Metric,
}

impl Triangle {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Pseudo => "pseudo",
            Self::Metric => "metric",
        }
    }
}

/// Route from the sums of all rows to the score of fewer.
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
    /// Reading of the number.
    pub kind: Kind,
    /// Object of the comparison.
    pub input: Input,
    /// Form of the score where no row is left out.
    pub form: FormName,
    /// Smallest and largest possible score.
    pub range: (f64, f64),
    /// The score of a representation with itself.
    pub identity_value: f64,
    /// Invariance of the score when x and y are exchanged.
    pub symmetric: bool,
    /// Validity of the triangle inequality.
    pub triangle: Triangle,
    /// Exponent g of the factor s^g by which the score grows where both sides are multiplied by s. None where it grows
    /// otherwise, and where scaling is an invariance anyway.
    pub degree: Option<i8>,
    /// Changes of either argument that leave the score alone.
    pub invariant_to: &'static [Change],
    /// Further changes that leave it alone when the first argument alone is changed.
    pub source_invariant_to: &'static [Change],
    /// Fewest rows for which the score is defined.
    pub min_rows: usize,
    /// Need for row i of x and row i of y to belong to the same input.
    pub rows_paired: bool,
    /// Need for as many columns of x as of y.
    pub equal_widths: bool,
    /// Scores of whole groups of models, beside those of pairs.
    pub groups: bool,
    /// Fewest models of a group; a table of votes is a whole group.
    pub fewest_models: usize,
    /// Influence of a mean that all rows share, where it is not subtracted.
    pub mean_matters: bool,
    /// A score of about 0 to be expected of an unrelated pair, whatever its shape.
    pub chance_corrected: bool,
    /// Loss of exchangeability by a repeated pair of rows (predictions repeat by nature).
    pub repeats_matter: bool,
    /// Larger influence of rows far from the others: not where rows are ranked, or brought to one length.
    pub row_sizes_matter: bool,
    /// Larger influence of columns of large variance, where no invertible map leaves the score alone anyway.
    pub column_sizes_matter: bool,
    /// Route to the score of fewer rows.
    pub jackknife: Jackknife,
    /// Name of a part that changes in jumps when rows come or go, so that leaving rows out tells little about precision.
    pub jumps: Option<&'static str>,
    /// Source of the definition.
    pub reference: &'static str,
    /// Time and memory in n, d and r.
    pub cost: &'static str,
}

impl Facts {
    /// A symmetric similarity of matrices between 0 and 1, to be completed.
    pub const SIMILARITY: Self = Self {
        kind: Kind::Similarity,
        input: Input::Matrix,
        form: FormName::Pair,
        range: (0.0, 1.0),
        identity_value: 1.0,
        symmetric: true,
        triangle: Triangle::No,
        degree: None,
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
    pub const STATISTIC: Self = Self {
        kind: Kind::Statistic,
        form: FormName::Unpaired,
        rows_paired: false,
        repeats_matter: false,
        min_rows: 2,
        ..Self::DISTANCE
    };

    /// A measure of predictions, to be completed.
    pub const PREDICTIONS: Self = Self {
        input: Input::Predictions,
        form: FormName::Rows,
        min_rows: 1,
        repeats_matter: false,
        invariant_to: &[Change::Relabeling, Change::Monotone, Change::RowShift],
        ..Self::SIMILARITY
    };

    /// Validity of the triangle inequality, for those who need no finer answer.
    pub fn is_metric(&self) -> bool {
        self.triangle != Triangle::No
    }

    /// Exponent g of the factor s^g by which the score grows where both sides are multiplied by s: 0 where scaling is an
    /// invariance, None where there is no such exponent.
    pub fn degree(&self) -> Option<i8> {
        if self.invariant_to.contains(&Change::Scaling) { Some(0) } else { self.degree }
    }

    /// The facts by name, in the order in which they are printed.
    pub fn fields(&self) -> Vec<(&'static str, Value)> {
        let names = |all: &[Change]| Value::List(all.iter().map(|change| change.name().into()).collect());
        vec![
            ("kind", self.kind.name().into()),
            ("input", self.input.name().into()),
            ("form", self.form.name().into()),
            ("link", self.form.link().map(Step::name).into()),
            ("range", self.range.into()),
            ("identity_value", self.identity_value.into()),
            ("symmetric", self.symmetric.into()),
            ("is_metric", self.is_metric().into()),
            ("triangle", self.triangle.name().into()),
            ("degree", self.degree().map(i64::from).into()),
            ("invariant_to", names(self.invariant_to)),
            ("source_invariant_to", names(self.source_invariant_to)),
            ("min_rows", self.min_rows.into()),
            ("rows_paired", self.rows_paired.into()),
            ("equal_widths", self.equal_widths.into()),
            ("groups", self.groups.into()),
            ("fewest_models", self.fewest_models.into()),
            ("mean_matters", self.mean_matters.into()),
            ("chance_corrected", self.chance_corrected.into()),
            ("repeats_matter", self.repeats_matter.into()),
            ("row_sizes_matter", self.row_sizes_matter.into()),
            ("column_sizes_matter", self.column_sizes_matter.into()),
            ("jackknife", self.jackknife.name().into()),
            ("jumps", self.jumps.into()),
            ("reference", self.reference.into()),
            ("cost", self.cost.into()),
        ]
    }

    /// Larger numbers for what is more alike.
    pub fn larger_is_more_alike(&self) -> bool {
        self.kind == Kind::Similarity
    }
}
