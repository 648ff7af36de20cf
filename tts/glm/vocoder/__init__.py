"""Mel to samples: HiFT at 24 kHz, whole or in a stream, and Vocos2D at 32 kHz."""
