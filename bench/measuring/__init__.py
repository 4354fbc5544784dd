"""What the benchmarks share: a throw-away city, the machine's limits, and the result they hand back."""
