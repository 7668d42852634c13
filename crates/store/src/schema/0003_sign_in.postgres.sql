-- The last code of each person's second factor. No journal: nothing is decided by it, and only the last one counts.
CREATE TABLE sign_in_code (
    person  TEXT PRIMARY KEY,
    number  BIGINT NOT NULL
);
