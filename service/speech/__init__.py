"""The speech API: text in, sound out while it is being made."""
