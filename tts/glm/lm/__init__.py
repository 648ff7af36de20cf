"""The language model: text and a prompt's speech tokens to more speech tokens, 25 a second."""
