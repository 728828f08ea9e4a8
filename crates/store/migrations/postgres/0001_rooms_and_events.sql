-- Text is kept and given back byte for byte: only UTF-8 can do that.
DO $$ BEGIN
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'the encoding of this database is %, Parlor needs UTF8', current_setting('server_encoding');
    END IF;
END $$;

-- Which history this is. One row. A database that was restored, or a standby that was promoted, is another history:
-- what was told of seqs before does not hold any more.
CREATE TABLE history (
    sole boolean PRIMARY KEY DEFAULT true CHECK (sole),
    -- The first half of every room's epoch.
    epoch text NOT NULL,
    -- How many epochs there have been: the upper bits of events.tx.
    generation integer NOT NULL,
    -- Where this history is: system identifier, database, timeline. If that is another one than here, it was moved.
    place text NOT NULL
);
INSERT INTO history (epoch, generation, place) VALUES ('', 0, '');

CREATE TABLE rooms (
    -- Short, because it stands in every key of every event; and an incarnation: a room that is deleted and made again
    -- under its name gets another one.
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The position of the last event.
    last_seq bigint NOT NULL DEFAULT 0,
    -- The position of the first event that is still kept; last_seq + 1 if none is.
    first_seq bigint NOT NULL DEFAULT 1,
    -- 1 public, 2 private, 3 direct.
    kind smallint NOT NULL,
    name text COLLATE "C" NOT NULL CONSTRAINT rooms_name UNIQUE,
    display_name text
)
-- Every batch updates last_seq, which no index covers: with room in the page that touches no index (HOT).
WITH (fillfactor = 50);
CREATE INDEX rooms_public ON rooms (name) WHERE kind = 1;

-- The log: everything that happened in a room, in order. A row changes only when its text is scrubbed (body) and when
-- a message is edited (edit_seq).
CREATE TABLE events (
    room bigint NOT NULL,
    seq bigint NOT NULL,
    -- history.generation << 44 | pg_current_xact_id(): a global cursor that needs no clock. Read only what is below
    -- the xmin of a snapshot.
    tx bigint NOT NULL,
    at timestamptz NOT NULL,
    -- The message that an edit or a deletion changes.
    target bigint,
    -- The message that a message answers.
    reply_to bigint,
    -- In a message: its latest edit, which says what it says now. The text is kept once.
    edit_seq bigint,
    -- 1 message, 2 edited, 3 deleted.
    kind smallint NOT NULL,
    author text COLLATE "C" NOT NULL,
    author_name text NOT NULL,
    request text COLLATE "C" NOT NULL,
    -- Null in what has no text, and where a deletion has scrubbed it.
    body text,
    PRIMARY KEY (room, seq),
    CONSTRAINT events_request UNIQUE (room, author, request)
);
-- Pages of history, and counts of unread messages: reactions to one message must not make them slow.
CREATE INDEX events_messages ON events (room, seq) WHERE kind = 1;
-- All changes of one message, to scrub them.
CREATE INDEX events_changes ON events (room, target) WHERE target IS NOT NULL;
CREATE INDEX events_tx ON events (tx);

-- Where the scans of heads stood in the last minutes, for whoever takes them over.
CREATE TABLE marks (tx bigint PRIMARY KEY);

-- Written to find out whether a commit succeeds.
CREATE TABLE pulse (sole boolean PRIMARY KEY DEFAULT true CHECK (sole), beats bigint NOT NULL);
INSERT INTO pulse (beats) VALUES (0);
