-- Appends a batch of messages some of which may be there already: those are answered with the seq that they have.
-- Parameters and answers as in messages_new.sql, and a row for each draft that is known.
WITH moment AS MATERIALIZED (
    SELECT epoch, generation::bigint << 44 | pg_current_xact_id()::text::bigint AS tx, clock_timestamp() AS at
    FROM history
),
room AS MATERIALIZED (
    SELECT r.room, r.drafts, coalesce(r.key, (SELECT rooms.key FROM rooms WHERE rooms.name = r.name)) AS key
    FROM unnest($1::bigint[], $2::text[], $3::int[]) WITH ORDINALITY AS r (key, name, drafts, room)
),
-- By room. Without nulls: only then is an element found without walking to it.
remembered AS MATERIALIZED (
    SELECT array_agg(coalesce(key, 0) ORDER BY room) AS keys FROM room
),
-- With the seq that the same request has already: negative if it was another request under that id.
draft AS MATERIALIZED (
    SELECT d.*, (
        SELECT CASE
            WHEN e.kind = 1 AND e.reply_to IS NOT DISTINCT FROM d.reply_to AND (e.body IS NULL OR e.body = d.body)
            THEN e.seq ELSE -e.seq
        END
        FROM events e WHERE e.room = d.key AND e.author = d.author AND e.request = d.request
    ) AS known
    FROM (
        SELECT d.*, (SELECT keys FROM remembered)[d.room] AS key
        FROM unnest($4::int[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[])
            WITH ORDINALITY AS d (room, nth, author, author_name, request, body, reply_to, draft)
    ) d
),
known AS MATERIALIZED (
    SELECT draft, room, nth, key, known AS seq FROM draft WHERE known IS NOT NULL
),
-- Nearly always false: then nobody counts.
repeats AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM known) AS are_there
),
-- Takes the locks. A room that is gone has no row here.
head AS (
    UPDATE rooms SET last_seq = rooms.last_seq + new.drafts
    FROM (
        SELECT room, key, drafts - CASE
            WHEN (SELECT are_there FROM repeats) THEN (SELECT count(*) FROM known WHERE known.room = room.room)
            ELSE 0
        END AS drafts
        FROM room
    ) new
    WHERE rooms.key = new.key
    RETURNING new.room, rooms.key, rooms.last_seq - new.drafts AS base
),
-- By room; -1 where there is none.
places AS MATERIALIZED (
    SELECT array_agg(key) AS keys, array_agg(base) AS bases
    FROM (
        SELECT max(key) AS key, max(base) AS base
        FROM (SELECT room, key, base FROM head UNION ALL SELECT room, -1, -1 FROM room) either
        GROUP BY room ORDER BY room
    ) place
),
appended AS (
    INSERT INTO events (room, seq, tx, at, reply_to, kind, author, author_name, request, body)
    SELECT key,
        base + nth - CASE
            WHEN (SELECT are_there FROM repeats)
            THEN (SELECT count(*) FROM known WHERE known.room = placed.room AND known.nth < placed.nth)
            ELSE 0
        END,
        (SELECT tx FROM moment), (SELECT at FROM moment), reply_to, 1, author, author_name, request, body
    FROM (SELECT draft.*, (SELECT bases FROM places)[room] AS base FROM draft WHERE known IS NULL) placed
    WHERE base >= 0
)
SELECT keys, bases, moment.at, epoch, known, known_seq, known_at
FROM places CROSS JOIN moment CROSS JOIN (
    SELECT coalesce(array_agg(draft), '{}') AS known, coalesce(array_agg(seq), '{}') AS known_seq,
        coalesce(array_agg((SELECT e.at FROM events e WHERE e.room = known.key AND e.seq = abs(known.seq))), '{}')
            AS known_at
    FROM known
) found
