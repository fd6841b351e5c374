-- The words of activities' titles and places, each language by its own stems, for whoever looks for them. An index over what
-- is there already: nothing more is stored in the table, so a rebuilt one is compared as before.
CREATE INDEX activity_words ON activity_version USING gin ((
    to_tsvector('indonesian', coalesce(facts #>> '{title,id}', ''))
    || to_tsvector('english', coalesce(facts #>> '{title,en}', ''))
    || to_tsvector('simple', coalesce(facts ->> 'place', ''))));
