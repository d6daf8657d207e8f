"""Where results go: ClickHouse, the dead-letter topic, the Prometheus page. Plain code, no Bytewax."""
