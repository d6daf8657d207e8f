"""A real Apache Kafka on this machine, for tests and for chaos: fetched by Maven, one process, its log on disk."""
