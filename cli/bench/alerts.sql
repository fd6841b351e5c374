-- name: drop_accounts!
-- Those of an earlier run.
WITH memberships AS (DELETE FROM access.membership WHERE account LIKE :home || '/reader-%')
DELETE FROM access.account WHERE account LIKE :home || '/reader-%';

-- name: make_accounts!
-- Accounts that may see all of the home.
INSERT INTO access.account (account, home, kind, shown_name, language, made_at)
SELECT :home || '/reader-' || number, :home, 'program', 'reader', 'id', '2026-01-01' FROM generate_series(1, :accounts::int) AS number;

-- name: make_memberships!
-- What they are to it.
INSERT INTO access.membership (account, home, role)
SELECT :home || '/reader-' || number, :home, 'viewer' FROM generate_series(1, :accounts::int) AS number;

-- name: make_subscriptions!
-- Of a hundred subscriptions 90 are to a partnership, 6 to a country, 2 to an issue, one to a rating and one to all; or all of
-- them to all. Every second one is somebody's without an account.
INSERT INTO subscription (subscription, home, account, role, scope, value, kinds, silence_months, lead_days, language, channel,
    address, receiver, digest, key, made_at, confirmed_at)
SELECT gen_random_uuid(), :home, CASE WHEN number % 2 = 0 THEN :home || '/reader-' || 1 + number % :accounts::int END,
    CASE WHEN number % 2 = 0 THEN 'viewer' END,
    CASE WHEN :to_all::boolean OR share = 99 THEN 'all' WHEN share < 90 THEN 'partnership' WHEN share < 96 THEN 'country'
         WHEN share < 98 THEN 'issue' ELSE 'rating' END,
    CASE WHEN :to_all::boolean OR share = 99 THEN '' WHEN share < 90 THEN 'city-' || to_char(number / 100 % 1000, 'FM0000')
         WHEN share < 96 THEN 'C' || chr(65 + number / 100 % 26) WHEN share < 98 THEN 'issue ' || number / 100 % 6
         ELSE (ARRAY['aktif', 'kurang_aktif', 'tidak_aktif'])[1 + number / 100 % 3] END,
    '{dormant,revived,rating_fell,rating_rose,will_fall}', CASE WHEN number % 7 = 0 THEN 18 END, '{90,30,7}', 'id', 'webhook',
    'https://example.org/' || number, 'example.org:443', 'none', number::text, '2026-01-01', '2026-01-01'
FROM generate_series(1, :subscriptions::int) AS number CROSS JOIN LATERAL (SELECT number % 100 AS share) AS drawn;

-- name: make_alert!
-- What is told: a partnership is dormant.
INSERT INTO alert (home, alert, partnership, kind, rule, by_law, crossed, due, raised_on, position, raised_at, document)
VALUES (:home, :alert, 'city-0007', 'dormant', 'dormancy', true, '{}', '2026-11-21', '2026-11-21', 1, :raised_at,
    '{"country": "CA", "issue": "issue 1", "rating": {"before": "kurang_aktif", "after": "kurang_aktif"}}')
ON CONFLICT DO NOTHING;

-- name: settle!
-- Let the planner know what is there.
ANALYZE subscription, access.membership, access.account;
