"""Recordings of any length in which the best seconds of someone's voice are looked for."""
