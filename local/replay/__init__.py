"""Replay of files: our own events or foreign records, read, mapped, moved in time, paced and sent."""
