"""Lets `python -m cli` be the same as `tidegauge`."""

from cli.main import main

main()
