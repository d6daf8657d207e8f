"""No fault at all: what all others are compared with, and the proof that the recount agrees with a run that nothing befell."""

from chaos.fault import Fault


class Calm(Fault):
    """Nothing happens."""

    name = "calm"
    sentence = "nothing happens"
