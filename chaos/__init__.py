"""Chaos: what is broken on purpose, and the recount that tells whether any figure suffered."""
