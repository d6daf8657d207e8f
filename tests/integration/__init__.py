"""The whole stack as a person runs it: processes, ports, kills, second starts."""
