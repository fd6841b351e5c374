-- The event that amended an activity last, and what was taken back by which event, so that this can be taken back too.
ALTER TABLE activity ADD COLUMN amended_by uuid;
CREATE INDEX activity_withdrawn ON activity (home, withdrawn_by) WHERE withdrawn_by IS NOT NULL;
