"""Tests of the local stack: what emits events without a cluster."""
