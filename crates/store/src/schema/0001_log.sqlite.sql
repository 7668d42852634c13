-- The message log. `text` stands last: what is looked up often then lies in the row's first page.
CREATE TABLE record (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    id_key  INTEGER NOT NULL,
    closes  INTEGER,
    leaf    BLOB NOT NULL,
    nonce   BLOB,
    text    TEXT NOT NULL
) STRICT;

-- A run of 4,096 rows has its own part of this index, so that a group of new rows touches a few
-- pages of the newest part and not one page per row all over the index.
CREATE INDEX record_id ON record (seq >> 12, id_key);

-- Answers "which nonces" and "which calls are open" without reading the rows themselves.
CREATE INDEX record_at ON record (at, kind, closes, nonce);

CREATE TABLE tree_node (
    level   INTEGER NOT NULL,
    idx     INTEGER NOT NULL,
    hash    BLOB NOT NULL,
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    size        INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    text        TEXT NOT NULL,
    signature   BLOB NOT NULL,
    certificate BLOB NOT NULL,
    stamp       BLOB
) STRICT;

CREATE INDEX checkpoint_unstamped ON checkpoint (size) WHERE stamp IS NULL;

CREATE TABLE certificate (
    fingerprint BLOB PRIMARY KEY,
    kind        INTEGER NOT NULL,
    der         BLOB NOT NULL
) STRICT;
