"""How fast, how lean, how fresh: one file a question, answered as ratios that are measured in one run."""
