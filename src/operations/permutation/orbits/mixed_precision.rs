//! Orbits of a bilinear score: which engine, and certainty in double precision at the speed of single.
//!
//! Many orbits of one relabeling come cheaper by multipliers of the circle ([`crate::operations::permutation::orbits::multipliers`]) than by fresh relabelings
//! ([`CyclicOrbits`]): for a prime number of items by consecutive powers, for any other by a few units. A *block* is what one
//! relabeling gives: its orbits one after the other, the multiplier 1 first.
//!
//! Single precision is wrong by a few millionths of a standard deviation. Only values within a ten-thousandth of the observed
//! one could be counted wrongly: each of these is computed again, from the definition and in double precision. Where ties
//! make them many, the whole block is run again in double precision, which costs less than so many single values.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use crate::error::Result;
use crate::form::Bilinear;
use crate::numerics::fft::LaneFloat;
use crate::operations::permutation::orbits::OrbitEngine;
use crate::operations::permutation::orbits::cyclic::CyclicOrbits;
use crate::operations::permutation::orbits::multipliers::{CompositeMultipliers, OrbitFloat, PrimeMultipliers};
use crate::operations::permutation::orbits::relabelings::{Multipliers, Relabeling, Relabelings};
use crate::operations::permutation::orbits::residual::Residual;
use crate::operations::permutation::request::{Precision, Request};
use crate::par::Par;

/// Distance from the observed value, in standard deviations, that is too close for single precision.
const MARGIN: f64 = 1e-4;
/// More such values than this, and one for so many orbits more, and the block is run again: that is then quicker.
const FEW: usize = 8;
const FEW_OF: usize = 16;

/// The engine of one precision; y's matrix as whole rows where multipliers are taken.
enum PrecisionEngine<'a, T> {
    Shifts(CyclicOrbits<'a, T>),
    Powers(PrimeMultipliers<T>, Vec<T>),
    CompositeMultipliers(CompositeMultipliers<T>, Vec<T>),
}

/// Part of the value that engines of multipliers leave out: the mean, and the linear part unless it stands on the diagonals.
struct LinearPart<'a> {
    k: &'a Residual<'a>,
    l: &'a Residual<'a>,
    diagonals: Option<[Vec<f64>; 2]>,
}

impl LinearPart<'_> {
    /// Add the mean and the linear part to the values of a block.
    fn add(&self, sigma: &[usize], block: &Relabeling, n: usize, values: &mut [f64]) {
        let mean = self.k.mean(self.l);
        if self.diagonals.is_some() {
            values.iter_mut().for_each(|value| *value += mean);
            return;
        }
        let (left, right): (Vec<_>, Vec<_>) = (self.k.effects().collect(), self.l.effects().collect());
        let laid = |effects: &[[f64; 2]], order: &mut dyn Iterator<Item = usize>| -> Vec<Complex<f64>> {
            order.map(|item| Complex::new(effects[item][0], effects[item][1])).collect()
        };
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        let mut of_k = laid(&left, &mut sigma.iter().copied());
        forward.process(&mut of_k);
        for (row, values) in values.chunks_exact_mut(n).enumerate() {
            let factor = block.factors[row];
            let mut of_l = laid(&right, &mut (0..n).map(|i| block.tau[factor * i % n]));
            forward.process(&mut of_l);
            of_l.iter_mut().zip(&of_k).for_each(|(l, k)| *l *= k.conj());
            inverse.process(&mut of_l);
            values.iter_mut().zip(&of_l).for_each(|(value, linear)| *value += mean + linear.re / n as f64);
        }
    }
}

impl<'a, T: LaneFloat + OrbitFloat> PrecisionEngine<'a, T> {
    /// Make the engine; plain orbits give the values of the first block on the way.
    fn begin(
        linear: &LinearPart<'a>,
        sigma: &[usize],
        multipliers: Multipliers,
        relabelings: usize,
        par: Par<'_>,
    ) -> Result<(Self, Option<Vec<f64>>)> {
        if multipliers == Multipliers::None {
            let (engine, first) = CyclicOrbits::begin(linear.k, linear.l, sigma, relabelings, par)?;
            return Ok((Self::Shifts(engine), Some(first)));
        }
        let diagonal = |side: usize| linear.diagonals.as_ref().map(|both| both[side].as_slice());
        let rows_of_k: Vec<T> = linear.k.whole(diagonal(0), par)?;
        let rows_of_l = linear.l.whole(diagonal(1), par)?;
        Ok(match multipliers {
            Multipliers::Powers(_) => (Self::Powers(PrimeMultipliers::new(&rows_of_k, sigma, par)?, rows_of_l), None),
            _ => (Self::CompositeMultipliers(CompositeMultipliers::new(&rows_of_k, sigma, par)?, rows_of_l), None),
        })
    }

    /// Make the engine, and the values of the first block.
    fn start(
        linear: &LinearPart<'a>,
        sigma: &[usize],
        relabelings: &Relabelings,
        block: &Relabeling,
        par: Par<'_>,
    ) -> Result<(Self, Vec<f64>)> {
        let (engine, first) = Self::begin(linear, sigma, relabelings.multipliers(), relabelings.count(), par)?;
        let first = first.map_or_else(|| engine.run(linear, sigma, block, par), Ok)?;
        Ok((engine, first))
    }

    /// The values of a block.
    fn run(&self, linear: &LinearPart<'_>, sigma: &[usize], block: &Relabeling, par: Par<'_>) -> Result<Vec<f64>> {
        let mut values = match (self, block.window) {
            (Self::Shifts(engine), _) => return engine.run(&block.tau, par),
            (Self::Powers(engine, l), Some(window)) => engine.run(l, &block.tau, window, par)?,
            (Self::CompositeMultipliers(engine, l), None) => engine.run(l, &block.tau, &block.factors, par)?,
            _ => Vec::new(),
        };
        linear.add(sigma, block, sigma.len(), &mut values);
        Ok(values)
    }
}

/// The orbits of one test.
pub struct MixedPrecision<'a> {
    form: &'a Bilinear<'a>,
    linear: LinearPart<'a>,
    relabelings: Relabelings,
    sigma: Vec<usize>,
    in_single: bool,
    single: Option<PrecisionEngine<'a, f32>>,
    double: OnceLock<PrecisionEngine<'a, f64>>,
    observed: f64,
    margin: f64,
    adjudicated: AtomicUsize,
}

impl<'a> MixedPrecision<'a> {
    /// The engine of all relabelings, to be made ready by [`OrbitEngine::first`].
    pub fn new(
        form: &'a Bilinear<'a>,
        k: &'a Residual<'a>,
        l: &'a Residual<'a>,
        relabelings: Relabelings,
        request: &Request,
    ) -> Self {
        let in_single = match request.precision {
            Precision::Double => false,
            Precision::Single => true,
            Precision::Auto => !request.return_null,
        };
        Self {
            form,
            linear: LinearPart { k, l, diagonals: k.diagonals(l) },
            sigma: relabelings.sigma(),
            relabelings,
            in_single,
            single: None,
            double: OnceLock::new(),
            observed: 0.0,
            margin: 0.0,
            adjudicated: AtomicUsize::new(0),
        }
    }

    /// Values of the first block, on the way to the engine of the precision that was asked for.
    fn begin(&mut self, block: &Relabeling, par: Par<'_>) -> Result<Vec<f64>> {
        if !self.in_single {
            let (engine, first) = PrecisionEngine::start(&self.linear, &self.sigma, &self.relabelings, block, par)?;
            self.double.get_or_init(|| engine);
            return Ok(first);
        }
        let (engine, mut first) = PrecisionEngine::start(&self.linear, &self.sigma, &self.relabelings, block, par)?;
        self.single = Some(engine);
        self.observed = self.form.k.inner(self.form.l, None, par)?;
        self.margin = MARGIN * self.linear.k.std(self.linear.l);
        let observed = block.first * self.sigma.len();
        first[observed] = self.observed;
        self.recomputed_near(first, block, Some(observed), par)
    }

    /// Values in single precision, with those too close to the observed one replaced; one of them may be known.
    fn recomputed_near(
        &self,
        mut values: Vec<f64>,
        block: &Relabeling,
        known: Option<usize>,
        par: Par<'_>,
    ) -> Result<Vec<f64>> {
        let n = self.sigma.len();
        let close = |at: &usize| (values[*at] - self.observed).abs() <= self.margin && Some(*at) != known;
        let doubtful: Vec<usize> = (0..values.len()).filter(close).collect();
        self.adjudicated.fetch_add(doubtful.len(), Relaxed);
        if doubtful.len() > FEW + self.relabelings.multipliers().count() / FEW_OF {
            let mut again = self.in_double(block, par)?;
            if let Some(at) = known {
                again[at] = values[at];
            }
            return Ok(again);
        }
        for at in doubtful {
            let (factor, s) = (block.factors[at / n], at % n);
            let mut order = vec![0; n];
            for (i, &item) in self.sigma.iter().enumerate() {
                order[item] = block.tau[factor * ((i + s) % n) % n];
            }
            values[at] = self.form.k.inner(self.form.l, Some(&order), par)?;
        }
        Ok(values)
    }

    fn in_double(&self, block: &Relabeling, par: Par<'_>) -> Result<Vec<f64>> {
        let engine = if let Some(engine) = self.double.get() {
            engine
        } else {
            let (engine, _) =
                PrecisionEngine::begin(&self.linear, &self.sigma, self.relabelings.multipliers(), 2, par)?;
            self.double.get_or_init(|| engine)
        };
        engine.run(&self.linear, &self.sigma, block, par)
    }
}

impl OrbitEngine for MixedPrecision<'_> {
    fn size(&self) -> usize {
        self.relabelings.size()
    }

    fn first(&mut self, par: Par<'_>) -> Result<Vec<f64>> {
        let block = self.relabelings.get(0);
        let values = self.begin(&block, par)?;
        par.advance(self.size());
        Ok(block.in_order(values))
    }

    fn block(&self, r: usize, par: Par<'_>) -> Result<Vec<f64>> {
        let block = self.relabelings.get(r);
        let values = match &self.single {
            Some(engine) => {
                let values = engine.run(&self.linear, &self.sigma, &block, par)?;
                self.recomputed_near(values, &block, None, par)?
            }
            None => self.in_double(&block, par)?,
        };
        par.advance(self.size());
        Ok(values)
    }

    fn multipliers(&self) -> usize {
        self.relabelings.multipliers().count()
    }

    fn exact(&self) -> Option<(f64, f64)> {
        Some((self.linear.k.mean(self.linear.l), self.linear.k.std(self.linear.l)))
    }

    fn variance_factor(&self) -> f64 {
        self.relabelings.variance_factor()
    }

    fn adjudicated(&self) -> usize {
        self.adjudicated.load(Relaxed)
    }
}
