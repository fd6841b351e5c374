-- name: give_places!
-- Every partnership somewhere on the map.
UPDATE partnership_version SET facts = facts || jsonb_build_object(
    'latitude', (hashint8extended(from_position, 3) & 65535) * 130.0 / 65536 - 60,
    'longitude', (hashint8extended(from_position, 4) & 65535) * 360.0 / 65536 - 180);

-- name: post_one!
-- One more activity of some partnership, as if posted now.
WITH posted AS (
    INSERT INTO event (position, home, event_id, type, partnership, author, recorded_at, recorded_on, payload)
    VALUES (:position, :home, gen_random_uuid(), 'activity.recorded', :partnership, 'jakarta/bureau', :recorded_at::timestamptz,
        (:recorded_at::timestamptz)::date, convert_to(repeat('x', 600), 'UTF8'))
    RETURNING *
)
INSERT INTO activity_version (home, activity, from_position, partnership, indicator, direction, outcome, mode, first_day,
    last_day, stated_on, facts)
SELECT home, event_id, position, partnership, 'visit', 'mutual', 'held', 'in_person', recorded_on, recorded_on, recorded_on,
    :facts::jsonb || jsonb_build_object('partnership', partnership, 'occurred', recorded_on::text, 'indicator', 'visit',
        'direction', 'mutual', 'outcome', 'held', 'mode', 'in_person')
FROM posted;
