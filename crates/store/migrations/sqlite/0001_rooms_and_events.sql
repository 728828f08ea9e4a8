-- As in the folder for Postgres, where the columns are explained; this says what differs.

CREATE TABLE history (
    sole INTEGER PRIMARY KEY DEFAULT 1 CHECK (sole = 1),
    epoch TEXT NOT NULL
) STRICT;
INSERT INTO history (epoch) VALUES (lower(hex(randomblob(4))));

CREATE TABLE rooms (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    last_seq INTEGER NOT NULL DEFAULT 0,
    first_seq INTEGER NOT NULL DEFAULT 1,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT
) STRICT;
CREATE INDEX rooms_public ON rooms (name) WHERE kind = 1;

CREATE TABLE events (
    -- In the order of commits, because there is one writer: the global cursor. Never used twice.
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    room INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    -- Microseconds since 1970.
    at INTEGER NOT NULL,
    target INTEGER,
    reply_to INTEGER,
    edit_seq INTEGER,
    kind INTEGER NOT NULL,
    author TEXT NOT NULL,
    author_name TEXT NOT NULL,
    request TEXT NOT NULL,
    body TEXT,
    UNIQUE (room, seq),
    UNIQUE (room, author, request)
) STRICT;
-- No index of the messages alone: every index costs each message a page of the write-ahead log. A page of history walks
-- the log, and what is in the file of one process is read from memory.
CREATE INDEX events_changes ON events (room, target) WHERE target IS NOT NULL;

CREATE TABLE pulse (sole INTEGER PRIMARY KEY DEFAULT 1 CHECK (sole = 1), beats INTEGER NOT NULL) STRICT;
INSERT INTO pulse (beats) VALUES (0);
