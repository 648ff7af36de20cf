"""Jobs over HTTP: orders placed, followed, ended, and what they made."""
