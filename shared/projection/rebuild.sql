-- name: tables_of
-- Which tables does a schema have?
SELECT table_name FROM information_schema.tables
WHERE table_schema = :schema AND table_type = 'BASE TABLE' ORDER BY table_name;

-- name: comparison_of^
-- What to ask, so that one table is compared with the one of the same name in another schema, column by column?
SELECT format('SELECT (SELECT count(*) FROM %1$I.%3$I) AS rows, (SELECT count(*) FROM %2$I.%3$I) AS rebuilt_rows, '
              '(SELECT count(*) FROM (SELECT %4$s FROM %1$I.%3$I EXCEPT ALL SELECT %4$s FROM %2$I.%3$I) AS only_live) '
              'AS only_live, '
              '(SELECT count(*) FROM (SELECT %4$s FROM %2$I.%3$I EXCEPT ALL SELECT %4$s FROM %1$I.%3$I) AS only_rebuilt) '
              'AS only_rebuilt',
              :live::text, :rebuilt::text, :table::text, columns) AS counts,
       format('(SELECT ''live'' AS side, %4$s AS line FROM %1$I.%3$I '
              'EXCEPT ALL SELECT ''live'', %4$s FROM %2$I.%3$I ORDER BY line LIMIT 3) UNION ALL '
              '(SELECT ''rebuilt'', %4$s AS line FROM %2$I.%3$I '
              'EXCEPT ALL SELECT ''rebuilt'', %4$s FROM %1$I.%3$I ORDER BY line LIMIT 3)',
              :live::text, :rebuilt::text, :table::text, columns) AS lines
FROM (SELECT format('concat_ws('', '', %s)',
                    string_agg(format('coalesce(%1$L || %2$I::text, %3$L)', column_name || '=', column_name,
                                      column_name || ' is null'), ', ' ORDER BY column_name)) AS columns
      FROM information_schema.columns
      WHERE table_name = :table AND table_schema = :live
        AND column_name IN (SELECT column_name FROM information_schema.columns
                            WHERE table_name = :table AND table_schema = :rebuilt)) AS common;

-- name: columns_only_in_one
-- Which columns does a table have in one of two schemas only?
SELECT column_name, min(table_schema) AS schema FROM information_schema.columns
WHERE table_name = :table AND table_schema IN (:live, :rebuilt)
GROUP BY column_name HAVING count(*) = 1 ORDER BY column_name;

-- name: one_rebuild_at_a_time$
-- Is no other program building this projection anew? Holds as long as the session.
SELECT pg_try_advisory_lock(hashtextextended('rebuild ' || :schema, 0));

-- name: carrying_over$
-- What to do, so that a live table gets those rows of the rebuilt one that the live projection has not come to: their
-- position lies beyond its share, or their partnership waits there behind an event that could not be projected?
SELECT format('INSERT INTO %1$I.%3$I SELECT * FROM %2$I.%3$I AS new '
              'WHERE NOT EXISTS (SELECT FROM %1$I.checkpoint AS share WHERE share.projection = %4$L '
              'AND share.position >= new.position AND (get_byte(sha256(convert_to(new.home || ''/'' || new.partnership, ''UTF8'')), 0) & 7) * 8 + (get_byte(sha256(convert_to(new.home || ''/'' || new.partnership, ''UTF8'')), 0) >> 3 & 7) '
              'BETWEEN share.first_partition AND share.last_partition) '
              'OR EXISTS (SELECT FROM %1$I.parked AS waiting WHERE waiting.home = new.home '
              'AND (waiting.partnership = new.partnership AND waiting.position <= new.position '
              'OR waiting.partnership = %5$L AND waiting.position = new.position)) '
              'ON CONFLICT DO NOTHING',
              :live::text, :rebuilt::text, :table::text, :projection::text, '');
