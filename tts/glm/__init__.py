"""GLM-TTS on plain PyTorch: text and a few seconds of someone's voice become speech.

Written from a specification of the published model. Rooms: ``checkpoint/`` (files to tensors),
``text/`` (text to token ids), ``reference/`` (a recording to tokens, mel and embedding), ``lm/``
(text to speech tokens), ``flow/`` (speech tokens to mel), ``vocoder/`` (mel to samples).
``engine.py`` is what castbook sees; it imports torch only once it is loaded.
"""
