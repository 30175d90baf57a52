//! Orbits in single precision whose counts are those of double precision.
//!
//! Single precision is wrong by a few millionths of a standard deviation. Only values within a ten-thousandth of the observed
//! one could be counted wrongly: each of these is computed again, from the definition and in double precision. Where ties
//! make them many, the whole orbit is run again in double precision, which costs less than so many single values.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::orbits::Orbits;
use super::residual::Residual;
use super::{Precision, Request};
use crate::error::Result;
use crate::form::Bilinear;
use crate::numerics::streams::permutation;
use crate::par::Par;

/// In standard deviations: closer to the observed value than this is too close for single precision.
const MARGIN: f64 = 1e-4;
/// More such values than this, and the orbit is run again.
const FEW: usize = 8;

/// The orbits of one test.
pub struct Settled<'a> {
    form: &'a Bilinear<'a>,
    k: &'a Residual<'a>,
    l: &'a Residual<'a>,
    key: [u8; 32],
    sigma: Vec<usize>,
    single: Option<Orbits<'a, f32>>,
    double: OnceLock<Orbits<'a, f64>>,
    observed: f64,
    margin: f64,
    adjudicated: AtomicUsize,
}

impl<'a> Settled<'a> {
    /// Make ready for `count` orbits; the values of the first, which begins with the observed one.
    pub fn begin(
        form: &'a Bilinear<'a>,
        k: &'a Residual<'a>,
        l: &'a Residual<'a>,
        count: usize,
        request: &Request,
        par: Par<'_>,
    ) -> Result<(Self, Vec<f64>)> {
        let sigma = permutation(&request.key, 0, k.n());
        let std = k.variance(l).map(f64::sqrt);
        let single = match (request.precision, std) {
            (Precision::Double, _) | (_, None) => None,
            (Precision::Single, Some(std)) => Some(std),
            (Precision::Auto, Some(std)) => (!request.return_null).then_some(std),
        };
        let mut found = Self {
            form,
            k,
            l,
            key: request.key,
            sigma,
            single: None,
            double: OnceLock::new(),
            observed: 0.0,
            margin: 0.0,
            adjudicated: AtomicUsize::new(0),
        };
        let Some(std) = single else {
            let (engine, first) = Orbits::begin(k, l, &found.sigma, count, par)?;
            found.double.get_or_init(|| engine);
            return Ok((found, first));
        };
        let (engine, mut first) = Orbits::begin(k, l, &found.sigma, count, par)?;
        found.single = Some(engine);
        found.observed = form.k.inner(form.l, None, par)?;
        found.margin = MARGIN * std;
        first[0] = found.observed;
        let first = found.settle(first, &found.sigma, 1, par)?;
        Ok((found, first))
    }

    /// The values of orbit r.
    pub fn orbit(&self, r: usize, par: Par<'_>) -> Result<Vec<f64>> {
        let tau = permutation(&self.key, r as u64, self.sigma.len());
        match &self.single {
            Some(engine) => self.settle(engine.run(&tau, par)?, &tau, 0, par),
            None => self.in_double(&tau, par),
        }
    }

    /// Number of values that were computed again.
    pub fn adjudicated(&self) -> usize {
        self.adjudicated.load(Relaxed)
    }

    /// Values in single precision, with those too close to the observed one replaced; the first `known` are right.
    fn settle(&self, mut values: Vec<f64>, tau: &[usize], known: usize, par: Par<'_>) -> Result<Vec<f64>> {
        let close = |value: f64| (value - self.observed).abs() <= self.margin;
        let doubtful: Vec<usize> = (known..values.len()).filter(|&s| close(values[s])).collect();
        self.adjudicated.fetch_add(doubtful.len(), Relaxed);
        if doubtful.len() > FEW {
            let mut again = self.in_double(tau, par)?;
            again[..known].copy_from_slice(&values[..known]);
            return Ok(again);
        }
        for s in doubtful {
            let mut order = vec![0; tau.len()];
            for (i, &item) in self.sigma.iter().enumerate() {
                order[item] = tau[(i + s) % tau.len()];
            }
            values[s] = self.form.k.inner(self.form.l, Some(&order), par)?;
        }
        Ok(values)
    }

    fn in_double(&self, tau: &[usize], par: Par<'_>) -> Result<Vec<f64>> {
        let engine = match self.double.get() {
            Some(engine) => engine,
            None => {
                let (engine, _) = Orbits::begin(self.k, self.l, &self.sigma, 2, par)?;
                self.double.get_or_init(|| engine)
            }
        };
        engine.run(tau, par)
    }
}
