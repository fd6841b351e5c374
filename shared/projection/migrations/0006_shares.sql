-- Several workers share the partitions of a projection: each row says how far its share has come, and who works on it.
-- `fence` grows with every change of hands, so that a worker that was thought dead can write nothing more.
ALTER TABLE checkpoint
    ADD COLUMN first_partition smallint NOT NULL DEFAULT 0,
    ADD COLUMN last_partition smallint NOT NULL DEFAULT 63,
    ADD COLUMN worker uuid,
    ADD COLUMN fence bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT checkpoint_pkey,
    ADD PRIMARY KEY (projection, first_partition);
ALTER TABLE checkpoint
    ALTER COLUMN first_partition DROP DEFAULT,
    ALTER COLUMN last_partition DROP DEFAULT,
    ADD CHECK (0 <= first_partition AND first_partition <= last_partition AND last_partition <= 63);

-- Who works: alive while its session is there and it was seen not long ago.
CREATE TABLE worker (
    projection    text NOT NULL,
    worker        uuid NOT NULL,
    session_pid   integer NOT NULL,
    session_began timestamptz NOT NULL,
    seen_at       timestamptz NOT NULL,
    PRIMARY KEY (projection, worker)
);

-- An event of the whole home waits for each partnership, or in each partition, by itself.
ALTER TABLE parked ADD COLUMN partition smallint NOT NULL DEFAULT 0;
UPDATE parked SET partition = (get_byte(sha256(convert_to(home || '/' || partnership, 'UTF8')), 0) & 7) * 8
    + (get_byte(sha256(convert_to(home || '/' || partnership, 'UTF8')), 0) >> 3 & 7)
WHERE partnership <> '';
ALTER TABLE parked ALTER COLUMN partition DROP DEFAULT, DROP CONSTRAINT parked_pkey,
    ADD PRIMARY KEY (position, partition, partnership);
INSERT INTO parked (position, home, partnership, error, partition)
SELECT position, home, partnership, error, each.partition
FROM parked CROSS JOIN generate_series(1, 63) AS each (partition)
WHERE partnership = '';
