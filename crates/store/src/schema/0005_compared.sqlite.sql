-- What the rows of others' tables were when they were compared last. Nothing can be guessed from it: hashes have a key that
-- is not here, and keys of rows are encrypted with one that is not here.
CREATE TABLE compared (
    id          INTEGER PRIMARY KEY,
    service     TEXT NOT NULL UNIQUE,
    probe       BLOB NOT NULL,
    base        INTEGER NOT NULL,
    next_place  INTEGER NOT NULL,
    next_number INTEGER NOT NULL,
    token       INTEGER,
    touched     INTEGER NOT NULL,
    read_rows   INTEGER NOT NULL,
    position    BLOB,
    finished    INTEGER,
    alive       INTEGER NOT NULL
) STRICT;

-- Places are given in the order in which rows were read, so that a page of the source is a few pages here.
CREATE TABLE compared_row (
    service   INTEGER NOT NULL,
    place     INTEGER NOT NULL,
    key_hash  BLOB NOT NULL,
    row_hash  BLOB NOT NULL,
    number    INTEGER NOT NULL,
    operation INTEGER NOT NULL,
    row_key   BLOB NOT NULL,
    PRIMARY KEY (service, place)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX compared_row_key ON compared_row (service, key_hash);
CREATE INDEX compared_row_number ON compared_row (service, number) WHERE number > 0;

-- Which places were read in the run that is under way, a bit each: 8,192 places a row. Rows that stay as they were are never written.
CREATE TABLE compared_seen (
    service INTEGER NOT NULL,
    part    INTEGER NOT NULL,
    bits    BLOB NOT NULL,
    PRIMARY KEY (service, part)
) STRICT, WITHOUT ROWID;
