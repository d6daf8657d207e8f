"""Who is called when: objectives, the rules that watch them, and the proof that the rules do what they say."""
