"""Tests of where results go: migrations, the writer, the Prometheus page, the health server."""
