"""The benchmarks, one a file: `anlan bench NAME` calls its `run(ground, small=…)`, which hands back a `Result`."""
