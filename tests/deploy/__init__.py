"""What is promised of the files that run the stack elsewhere: image, compose, Kubernetes, ClickHouse users."""
