"""The review that the owners hold: what moved beyond noise, what missed its target, where it hurts, and what to do."""
