-- Appends a batch of messages that are all new: one statement, one transaction. If one of them is there already, the
-- unique index events_request fails the whole, and messages_known.sql takes the batch.
--
-- There is one join in it, of the list of rooms with rooms_pkey; everything else is a look-up by an index or the
-- element of an array. The rooms come sorted by name: so they are locked in one order by everybody.
--
-- $1 keys of the rooms as remembered, null where not  $2 their names  $3 how many drafts each has
-- a draft each: $4 its room, counted from 1  $5 which of its room's drafts it is, from 1
--               $6 author  $7 author's name  $8 request  $9 body  $10 reply_to
-- One row: of each room its key and the seq before its first new one, or -1 if it is not there; when, and in which
-- epoch; of each draft that was known, which it is, its seq (negative: another request has its id), and when.
WITH moment AS MATERIALIZED (
    SELECT epoch, generation::bigint << 44 | pg_current_xact_id()::text::bigint AS tx, clock_timestamp() AS at
    FROM history
),
room AS MATERIALIZED (
    SELECT r.room, r.drafts, coalesce(r.key, (SELECT rooms.key FROM rooms WHERE rooms.name = r.name)) AS key
    FROM unnest($1::bigint[], $2::text[], $3::int[]) WITH ORDINALITY AS r (key, name, drafts, room)
),
-- Takes the locks. A room that is gone has no row here.
head AS (
    UPDATE rooms SET last_seq = rooms.last_seq + room.drafts FROM room WHERE rooms.key = room.key
    RETURNING room.room, rooms.key, rooms.last_seq - room.drafts AS base
),
-- By room; -1 where there is none. Without nulls: only then is an element found without walking to it.
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
    SELECT key, base + nth, (SELECT tx FROM moment), (SELECT at FROM moment), reply_to, 1, author, author_name,
        request, body
    FROM (
        SELECT d.*, (SELECT keys FROM places)[d.room] AS key, (SELECT bases FROM places)[d.room] AS base
        FROM unnest($4::int[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[])
            AS d (room, nth, author, author_name, request, body, reply_to)
    ) placed
    WHERE base >= 0
)
SELECT keys, bases, at, epoch, '{}'::bigint[] AS known, '{}'::bigint[] AS known_seq, '{}'::timestamptz[] AS known_at
FROM places CROSS JOIN moment
