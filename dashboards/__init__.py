"""The dashboards: read from sql/panels, and made into Grafana's JSON, the local page and the review that owners hold."""
