"""Tests of what is computed: the laws of the shard, and each file of the machinery by itself."""
