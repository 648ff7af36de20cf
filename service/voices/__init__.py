"""Voices of the service over HTTP: upload, consent, list."""
