"""Manuscript to script. Pure text: knows no audio, no engine, no Prefect."""
