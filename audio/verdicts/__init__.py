"""Is a take fit to be heard? Pure functions of samples, text and the voice's own habits."""
