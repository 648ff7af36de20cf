"""The speech API: OpenAI's protocol, streaming from the engine's first chunk."""
