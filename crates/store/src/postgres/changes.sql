-- Writes a batch that has been judged, under the locks of its rooms. No row is touched twice: a batch holds no two
-- changes of one message, and no message beside its change.
--
-- $1 rooms  $2 their new heads
-- an event each: $3 room  $4 seq  $5 kind  $6 target  $7 reply_to  $8 author  $9 author's name  $10 request  $11 body
-- an edited message each: $12 room  $13 seq  $14 the edit's seq
-- a deleted message each: $15 room  $16 seq
WITH moment AS MATERIALIZED (
    SELECT epoch, generation::bigint << 44 | pg_current_xact_id()::text::bigint AS tx, clock_timestamp() AS at
    FROM history
),
advanced AS (
    UPDATE rooms SET last_seq = new.last_seq
    FROM unnest($1::bigint[], $2::bigint[]) AS new (key, last_seq) WHERE rooms.key = new.key
),
appended AS (
    INSERT INTO events (room, seq, tx, at, kind, target, reply_to, author, author_name, request, body)
    SELECT room, seq, (SELECT tx FROM moment), (SELECT at FROM moment), kind, target, reply_to, author, author_name,
        request, body
    FROM unnest($3::bigint[], $4::bigint[], $5::smallint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[],
            $10::text[], $11::text[])
        AS e (room, seq, kind, target, reply_to, author, author_name, request, body)
),
edited AS (
    UPDATE events SET edit_seq = edit.seq
    FROM unnest($12::bigint[], $13::bigint[], $14::bigint[]) AS edit (room, target, seq)
    WHERE events.room = edit.room AND events.seq = edit.target
),
scrubbed AS (
    UPDATE events SET body = NULL
    FROM unnest($15::bigint[], $16::bigint[]) AS gone (room, target)
    WHERE events.room = gone.room AND events.seq = gone.target
),
scrubbed_edits AS (
    UPDATE events SET body = NULL
    FROM unnest($15::bigint[], $16::bigint[]) AS gone (room, target)
    WHERE events.room = gone.room AND events.target = gone.target AND events.kind = 2
)
SELECT epoch, at FROM moment
