"""The local page: the four dashboards, live, in a browser, without Grafana."""
