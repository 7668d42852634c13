-- The journal of what people decided. A table of its own: the log of calls has a single writer, this has several.
CREATE TABLE journal (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    leaf    BLOB NOT NULL,
    text    TEXT NOT NULL
) STRICT;
