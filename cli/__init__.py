"""The `tidegauge` command: one subcommand a file."""
