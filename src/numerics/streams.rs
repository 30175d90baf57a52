//! Random permutations by key and stream.
//!
//! A test has one key of 256 bits. Stream r of it gives permutation r whatever came before and whichever thread asks, so
//! results depend neither on the number of threads nor on how many permutations are drawn after them. Everything that
//! turns the words of the generator into a permutation stands here and is frozen by the values in the tests: an update of
//! a package cannot change published p-values.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Permutation number `stream` of 0, .., n - 1: every order is equally likely.
///
/// # Panics
/// If there are 2^32 items or more, whose pairs no machine could hold.
pub fn permutation(key: &[u8; 32], stream: u64, n: usize) -> Vec<usize> {
    Stream::new(key, stream).permutation(n)
}

/// Permutations of 0, .., count - 1 for one count after the other, from the words of one stream: independent, and of
/// each every order is equally likely.
///
/// # Panics
/// If a count is 2^32 or more.
pub fn permutations(key: &[u8; 32], stream: u64, counts: &[usize]) -> Vec<Vec<usize>> {
    let mut stream = Stream::new(key, stream);
    counts.iter().map(|&count| stream.permutation(count)).collect()
}

/// The words of one stream of a key, from the first on.
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// Stream number `stream` of a key.
    pub fn new(key: &[u8; 32], stream: u64) -> Self {
        let mut words = ChaCha8Rng::from_seed(*key);
        words.set_stream(stream);
        Self(words)
    }

    /// A permutation of 0, .., n - 1 by Fisher and Yates: from the last place down, exchange with a place not above it.
    ///
    /// # Panics
    /// If there are 2^32 items or more.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        assert!(u32::try_from(n).is_ok(), "fewer than 2^32 items");
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            let other = self.below(last as u32 + 1) as usize;
            order.swap(last, other);
        }
        order
    }

    /// A whole number in 0, .., count - 1, each exactly equally likely (Lemire 2019); 0 if there is none.
    pub fn below(&mut self, count: u32) -> u32 {
        loop {
            let product = u64::from(self.0.next_u32()) * u64::from(count);
            let low = product as u32;
            // The remainder is what makes some numbers likelier; the first test spares the division nearly always.
            if low >= count || low >= count.wrapping_neg() % count {
                return (product >> 32) as u32;
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// `numpy.random.SeedSequence(42).generate_state(8, numpy.uint32)`, as bytes.
    pub(crate) fn key_of_42() -> [u8; 32] {
        let words: [u32; 8] =
            [0xcd54_0ab7, 0x9f1e_2e6d, 0x79fb_94b6, 0xd578_73dc, 0x64d4_20b7, 0x7d28_2a1b, 0x4692_d5ff, 0x3365_7971];
        let mut key = [0; 32];
        key.chunks_mut(4).zip(words).for_each(|(bytes, word)| bytes.copy_from_slice(&word.to_le_bytes()));
        key
    }

    #[test]
    fn words_are_those_of_the_reference() {
        for (stream, expected) in [
            (0, [0x2581_7b6a, 0x8db1_24ba, 0x3b5f_2f65, 0x4e24_24c1]),
            (1, [0x6877_3ec2, 0x5404_4cff, 0x2fee_9907, 0xb2ef_2380_u32]),
        ] {
            let mut source = ChaCha8Rng::from_seed(key_of_42());
            source.set_stream(stream);
            assert_eq!([(); 4].map(|()| source.next_u32()), expected);
        }
    }

    #[test]
    fn permutations_are_those_of_the_reference() {
        let key = key_of_42();
        assert_eq!(permutation(&key, 0, 10), [0, 6, 7, 5, 3, 8, 2, 9, 4, 1]);
        assert_eq!(permutation(&key, 1, 10), [0, 8, 5, 7, 6, 3, 9, 1, 2, 4]);
        assert_eq!(permutation(&key, 2, 10), [4, 5, 3, 7, 9, 6, 0, 8, 2, 1]);
        assert_eq!(permutation(&key, 7, 1), [0]);
        assert!(permutation(&key, 7, 0).is_empty());
    }

    /// All 24 orders of four items, 1000 times each but for chance: chi-square below its 99.9 % point.
    #[test]
    fn orders_are_equally_likely() {
        let mut counts = std::collections::HashMap::new();
        for stream in 0..24_000 {
            *counts.entry(permutation(&[7; 32], stream, 4)).or_insert(0_i32) += 1;
        }
        let chi_square: f64 = counts.values().map(|&c| f64::from((c - 1000) * (c - 1000)) / 1000.0).sum();
        assert_eq!(counts.len(), 24);
        assert!(chi_square < 49.7, "{chi_square}");
    }
}
