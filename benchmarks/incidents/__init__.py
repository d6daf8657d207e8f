"""Does the right page come, in time, and only once? Incidents are played into the real pipeline and its watchers."""
