"""Tests of what an event is: models, verdicts, and what is derived from them."""
