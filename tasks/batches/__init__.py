"""Batches: rows of a JSONL file, each spoken by itself, each failing by itself."""
