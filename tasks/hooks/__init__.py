"""Hooks: fixed payloads of other systems become texts and books; ends are told to others."""
