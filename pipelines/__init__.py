"""What is computed from the events: one small file per rollup, and the machinery that runs them."""
