"""Tests of the SQL: migrations, functions and views, on the real engine."""
