"""What writes documents, pictures and fitted weights from the code: run by hand or by make."""
