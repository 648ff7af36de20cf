"""The steps. The only place where book, tts and audio meet."""
