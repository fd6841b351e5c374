-- What was taken back by which event, so that this can be taken back too.
CREATE INDEX activity_withdrawn ON activity_version (home, withdrawn_by)
    WHERE withdrawn_by IS NOT NULL AND until_position IS NULL;
