"""The stages of the engine at work: sampling and rendering, each in a thread of its own."""
