"""The only door to NATS: the stream, the subjects, appending, finding, following."""
