-- Activities of imports that are not whole yet: they count for nothing, and become activities when the import is completed.
CREATE TABLE staged_activity (
    home        text NOT NULL,
    import_id   uuid NOT NULL,
    activity    uuid NOT NULL,
    partnership text NOT NULL,
    batch       text,
    facts       jsonb NOT NULL,
    PRIMARY KEY (home, import_id, activity)
);
