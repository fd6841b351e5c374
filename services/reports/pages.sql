-- name: changed_since^
-- What could change the ratings of a home between two positions? `mark` moves when the tables are swapped, or when what was
-- parked is let go: then nothing that was kept holds.
SELECT concat_ws('/', to_regclass('activity_version')::oid, (SELECT count(*) FROM parked),
           (SELECT coalesce(sum(parked.position), 0) FROM parked)) AS mark,
       array(SELECT DISTINCT partnership FROM event
             WHERE home = :home AND event.position > :since AND event.position <= :position AND partnership IS NOT NULL)
           AS partnerships,
       EXISTS (SELECT FROM event WHERE home = :home AND event.position > :since AND event.position <= :position
               AND partnership IS NULL AND type <> ALL(:of_no_rating::text[])) AS is_whole;

-- name: slugs_as_known
-- Which partnerships stood in the registry of a home, as known at a position?
SELECT partnership FROM partnership_version
WHERE home = :home AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
ORDER BY partnership;

-- name: counted_by_month
-- How many activities counted in each month of a period, by partnership, as known at a position? From the index alone.
SELECT asked.partnership, to_char(each.effective, 'YYYY-MM') AS month, count(*) AS counted
FROM unnest(:partnerships::text[]) AS asked (partnership)
CROSS JOIN unnest(:kinds::smallint[]) AS named (kind)
CROSS JOIN LATERAL (
    SELECT effective FROM activity_version
    WHERE home = :home AND partnership COLLATE "C" = asked.partnership AND kind = named.kind
      AND effective >= :first AND effective <= :last AND outcome = 'held' AND withdrawn_by IS NULL
      AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
) AS each
GROUP BY asked.partnership, month;

-- name: latest_news
-- What was last recorded that a reader may see, as known at a position? Of activities those that stand; what belongs to an
-- import is left to the event that completes it. No further back than so many positions.
SELECT event.position, event.event_id, event.type, event.partnership, event.recorded_at, version.facts
FROM event
LEFT JOIN activity_version AS version
    ON event.type = 'activity.recorded' AND version.home = event.home AND version.activity = event.event_id
    AND version.withdrawn_by IS NULL
    AND version.from_position <= :position AND (version.until_position IS NULL OR version.until_position > :position)
WHERE event.home = :home AND event.position <= :position AND event.position > :position - :back::bigint
  AND event.import_id IS NULL AND event.type = ANY(:types::text[])
  AND (:allowed::text[] IS NULL OR event.partnership IS NULL OR event.partnership = ANY(:allowed::text[]))
  AND (event.type <> 'activity.recorded' OR version.activity IS NOT NULL)
ORDER BY event.position DESC LIMIT :most;

-- name: activities_found
-- Which activities have all that is asked for, as known at a position? An activity that was held stands on the day it took
-- effect, any other on the last day that its date can mean. At most so many are looked at, so that a word that is in all of
-- them is answered too; the latest of these come first. What a page does not show is not read.
SELECT version.activity, version.facts, version.from_position, version.stated_on, version.first_day, version.last_day,
       version.withdrawn_by, coalesce(completed.recorded_at, recorded.recorded_at) AS recorded_at, recorded.author,
       recorded.position, coalesce(completed.position, recorded.position) AS known_from, page.found
FROM (
    SELECT activity, from_position, last_day, count(*) OVER () AS found
    FROM (
        SELECT activity, from_position, last_day FROM activity_version
        WHERE home = :home AND (:withdrawn::boolean OR withdrawn_by IS NULL)
          AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
          AND (:partnership::text IS NULL OR partnership = :partnership)
          AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
          AND (:indicator::text IS NULL OR indicator = :indicator)
          AND (:direction::text IS NULL OR direction = :direction)
          AND (:outcome::text IS NULL OR outcome = :outcome)
          AND (:ids::uuid[] IS NULL OR activity = ANY(:ids::uuid[]))
          AND (:but::uuid[] IS NULL OR activity <> ALL(:but::uuid[]))
          AND (:first::date IS NULL OR CASE outcome WHEN 'held' THEN effective ELSE last_day END >= :first)
          AND (:last::date IS NULL OR CASE outcome WHEN 'held' THEN effective ELSE last_day END <= :last)
          AND (:text::text IS NULL OR
               to_tsvector('indonesian', coalesce(facts #>> '{title,id}', ''))
               || to_tsvector('english', coalesce(facts #>> '{title,en}', ''))
               || to_tsvector('simple', coalesce(facts ->> 'place', ''))
               @@ (websearch_to_tsquery('indonesian', :text) || websearch_to_tsquery('english', :text)
                   || websearch_to_tsquery('simple', :text)))
        LIMIT :looked_at
    ) AS looked_at
    ORDER BY last_day DESC, from_position DESC, activity LIMIT :most OFFSET :skipped
) AS page
JOIN activity_version AS version
    ON version.home = :home AND version.activity = page.activity AND version.from_position = page.from_position
JOIN event AS recorded ON recorded.home = version.home AND recorded.event_id = version.activity
LEFT JOIN completed_import AS completed ON completed.home = recorded.home AND completed.import_id = recorded.import_id
ORDER BY page.last_day DESC, recorded.position DESC;

-- name: timeline_as_known
-- What one partnership did in a period, or up to a day and as planned then, as known at a position, the latest first?
SELECT version.activity, version.facts, version.from_position, version.stated_on, version.first_day, version.last_day,
       version.withdrawn_by, coalesce(completed.recorded_at, recorded.recorded_at) AS recorded_at, recorded.author,
       recorded.position, coalesce(completed.position, recorded.position) AS known_from
FROM (
    SELECT activity, from_position, CASE outcome WHEN 'held' THEN effective ELSE last_day END AS stood_on
    FROM activity_version
    WHERE home = :home AND partnership = :partnership AND withdrawn_by IS NULL
      AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
      AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
      AND (:first::date IS NULL OR CASE outcome WHEN 'held' THEN effective ELSE last_day END >= :first)
      AND (CASE outcome WHEN 'held' THEN effective ELSE last_day END <= :last
           OR (:first::date IS NULL AND outcome = 'planned'))
    ORDER BY stood_on DESC, from_position DESC, activity LIMIT :most
) AS page
JOIN activity_version AS version
    ON version.home = :home AND version.activity = page.activity AND version.from_position = page.from_position
JOIN event AS recorded ON recorded.home = version.home AND recorded.event_id = version.activity
LEFT JOIN completed_import AS completed ON completed.home = recorded.home AND completed.import_id = recorded.import_id;

-- name: documents_as_known
-- Which documents did one partnership sign by a day, as known at a position, the latest first?
SELECT version.activity, version.facts, version.stated_on, coalesce(completed.recorded_at, recorded.recorded_at) AS recorded_at
FROM (
    SELECT activity, from_position FROM activity_version
    WHERE home = :home AND partnership = :partnership AND withdrawn_by IS NULL AND indicator = 'document' AND outcome = 'held'
      AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
      AND from_position <= :position AND (until_position IS NULL OR until_position > :position) AND effective <= :last
    ORDER BY effective DESC, activity LIMIT :most
) AS page
JOIN activity_version AS version
    ON version.home = :home AND version.activity = page.activity AND version.from_position = page.from_position
JOIN event AS recorded ON recorded.home = version.home AND recorded.event_id = version.activity
LEFT JOIN completed_import AS completed ON completed.home = recorded.home AND completed.import_id = recorded.import_id;

-- name: names_as_known
-- What are the partnerships of a home called, as known at a position?
SELECT partnership, facts -> 'name' AS name FROM partnership_version
WHERE home = :home AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]));

-- name: partnerships_found
-- Which partnerships have a text in their name, their field or their country, as known at a position?
SELECT partnership, facts, ended_on FROM partnership_version
WHERE home = :home AND from_position <= :position AND (until_position IS NULL OR until_position > :position)
  AND (:allowed::text[] IS NULL OR partnership = ANY(:allowed::text[]))
  AND strpos(lower(concat_ws(' ', partnership, facts #>> '{name,id}', facts #>> '{name,en}', facts ->> 'country',
                             facts ->> 'issue_basis', facts ->> 'fields')), lower(:text)) > 0
ORDER BY partnership LIMIT :most;

-- name: events_stored
-- Which events stand in the ledger, the latest first, before a position, of one type or all, of one partnership or all?
SELECT position, event_id, type, partnership, author, recorded_at, payload FROM event
WHERE home = :home AND position <= :position AND (:before::bigint IS NULL OR position < :before)
  AND (:type::text IS NULL OR type = :type)
  AND (:partnership::text IS NULL OR partnership = :partnership)
  AND (:allowed::text[] IS NULL OR partnership IS NULL OR partnership = ANY(:allowed::text[]))
ORDER BY position DESC LIMIT :most;

-- name: event_stored^
-- What stands in the ledger under an id?
SELECT position, event_id, type, partnership, author, recorded_at, payload FROM event
WHERE home = :home AND event_id = :event_id AND position <= :position
  AND (:allowed::text[] IS NULL OR partnership IS NULL OR partnership = ANY(:allowed::text[]));

-- name: events_after
-- Which events of any home came after a position, up to another? For those who listen.
SELECT position, home, partnership FROM event
WHERE position > :since AND position <= :position AND type = ANY(:types::text[]) ORDER BY position LIMIT :most;
