"""Webhooks: payloads of other systems come in, signed callbacks go out."""
