"""The recount: what every table must hold, told from the records alone and without the pipeline's code."""
