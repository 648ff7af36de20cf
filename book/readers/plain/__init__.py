"""Text without markup to blocks: plain text, Markdown, scripts."""
