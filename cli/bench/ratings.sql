-- name: make_partnerships!
-- A registry of that many partnerships, each known from a position of its own on.
INSERT INTO partnership_version (home, partnership, from_position, facts)
SELECT :home, 'city-' || to_char(number, 'FM0000'), number, jsonb_build_object('name', jsonb_build_object('id', 'Kota ' || number),
    'level', 'city', 'country', 'JP', 'mou_date', '2010-08-17')
FROM generate_series(1, :partnerships::int) AS number;

-- name: make_events!
-- As many events about them, evenly over ten years; the first are the registrations.
INSERT INTO event (position, home, event_id, type, partnership, author, recorded_at, recorded_on, payload)
SELECT position, :home, ('00000000-0000-4000-8000-' || to_char(position, 'FM000000000000'))::uuid,
    CASE WHEN position <= :partnerships::int THEN 'partnership.registered' ELSE 'activity.recorded' END,
    'city-' || to_char(CASE WHEN position <= :partnerships::int THEN position
        ELSE 1 + (hashint8extended(position, 1) & 4294967295) % :partnerships::int END, 'FM0000'),
    'jakarta/bureau', day + interval '9 hours' + position * interval '1 microsecond', day, convert_to(repeat('x', 600), 'UTF8')
FROM generate_series(1::bigint, :events::bigint) AS position
CROSS JOIN LATERAL (SELECT date '2011-01-01' + (position * 3650 / :events::bigint)::int AS day) AS recorded;

-- name: make_activities!
-- An activity for each posting: of every kind, one in six with a month or a year as its date, four in five held, one in
-- fifty corrected later. The facts are as wide as those of an activity with a description.
INSERT INTO activity_version (home, activity, from_position, until_position, partnership, indicator, direction, outcome, mode,
    first_day, last_day, stated_on, facts)
SELECT event.home, event.event_id, version.from_position, version.until_position, event.partnership,
    (array['contact', 'document', 'visit', 'aid', 'joint_event'])[1 + drawn % 5],
    (array['outbound', 'inbound', 'mutual'])[1 + drawn / 5 % 3],
    (array['held', 'held', 'held', 'held', 'planned'])[1 + drawn / 15 % 5],
    (array['in_person', 'online', 'unknown'])[1 + drawn / 75 % 3],
    CASE drawn / 225 % 12 WHEN 0 THEN date_trunc('year', day)::date WHEN 1 THEN date_trunc('month', day)::date ELSE day END,
    CASE drawn / 225 % 12 WHEN 0 THEN (date_trunc('year', day) + interval '1 year - 1 day')::date
        WHEN 1 THEN (date_trunc('month', day) + interval '1 month - 1 day')::date ELSE day END,
    event.recorded_on, :facts::jsonb || jsonb_build_object(
        'partnership', event.partnership, 'occurred', day::text,
        'indicator', (array['contact', 'document', 'visit', 'aid', 'joint_event'])[1 + drawn % 5],
        'direction', (array['outbound', 'inbound', 'mutual'])[1 + drawn / 5 % 3],
        'outcome', (array['held', 'held', 'held', 'held', 'planned'])[1 + drawn / 15 % 5],
        'mode', (array['in_person', 'online', 'unknown'])[1 + drawn / 75 % 3])
FROM event
CROSS JOIN LATERAL (SELECT hashint8extended(position, 2) & 4294967295 AS drawn) AS chance
CROSS JOIN LATERAL (SELECT event.recorded_on - (drawn / 2700 % 60)::int AS day) AS happened
CROSS JOIN LATERAL (
    SELECT position + 1 + (drawn / 13500 % 50000) AS corrected_at WHERE drawn / 2700 % 50 = 0
    UNION ALL SELECT NULL WHERE drawn / 2700 % 50 <> 0
) AS correction
CROSS JOIN LATERAL (
    SELECT position AS from_position, corrected_at AS until_position
    UNION ALL SELECT corrected_at, NULL WHERE corrected_at IS NOT NULL
) AS version
WHERE event.partnership IS NOT NULL AND event.type = 'activity.recorded';

-- name: settle!
-- As autovacuum leaves them.
VACUUM ANALYZE activity_version, event, partnership_version;
