-- The journal of what people decided. A table of its own: the log of calls has a single writer, this has several.
CREATE TABLE journal (
    seq     BIGINT PRIMARY KEY,
    at      BIGINT NOT NULL,
    leaf    BYTEA NOT NULL,
    text    TEXT NOT NULL
);
