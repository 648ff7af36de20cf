"""The commands of ``castbook``: parse, call, print. Nothing is decided here."""
