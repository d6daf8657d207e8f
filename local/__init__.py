"""The stack without Docker: a broker, a ClickHouse endpoint, the simulator, and what keeps them running."""
