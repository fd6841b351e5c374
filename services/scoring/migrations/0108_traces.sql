-- What lets the trace of an alert's cause go on where the alert is told; nothing depends on it.
ALTER TABLE outbox ADD COLUMN traceparent text;
ALTER TABLE delivery ADD COLUMN traceparent text;
