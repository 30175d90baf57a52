//! Edges from inputs to their neighbors, by how many places around the circle they span.

/// Edges by offset.
pub struct EdgeBuckets {
    /// Starts of the edges of an offset; one more entry than offsets.
    begin: Vec<usize>,
    /// Places where they start.
    starts: Vec<u32>,
}

impl EdgeBuckets {
    /// The edges of items laid out in an order; `offsets(place, places)` appends those that start at a place.
    pub fn new(order: &[usize], offsets: impl Fn(usize, &[u32], &mut Vec<u32>)) -> Self {
        let (n, place) = (order.len(), places(order));
        let (mut edges, mut ends) = (Vec::new(), Vec::with_capacity(n));
        for q in 0..n {
            offsets(q, &place, &mut edges);
            ends.push(edges.len());
        }
        let mut begin = vec![0_usize; n + 1];
        edges.iter().for_each(|&o| begin[o as usize + 1] += 1);
        (0..n).for_each(|o| begin[o + 1] += begin[o]);
        let mut next = begin.clone();
        let mut starts = vec![0; edges.len()];
        let mut from = 0;
        for (q, end) in (0..).zip(ends) {
            for &o in &edges[from..end] {
                starts[next[o as usize]] = q;
                next[o as usize] += 1;
            }
            from = end;
        }
        Self { begin, starts }
    }

    /// Start of the edges of this offset.
    pub fn of(&self, offset: u32) -> &[u32] {
        &self.starts[self.begin[offset as usize]..self.begin[offset as usize + 1]]
    }
}

/// The place of every item.
pub fn places(order: &[usize]) -> Vec<u32> {
    let mut place = vec![0; order.len()];
    order.iter().zip(0..).for_each(|(&item, at)| place[item] = at);
    place
}

/// Places from one to another, around the circle.
pub fn offset(from: u32, to: u32, n: usize) -> u32 {
    if to >= from { to - from } else { to + n as u32 - from }
}
