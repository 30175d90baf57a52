"""What asv times over the commits: the public API, no peers. How to run: benches/README.md."""
