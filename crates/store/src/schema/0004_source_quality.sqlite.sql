-- Runs of data quality over data services made from databases. Figures and masked examples only, as JSON text.
CREATE TABLE source_quality (
    service TEXT NOT NULL,
    at      INTEGER NOT NULL,
    text    TEXT NOT NULL,
    PRIMARY KEY (service, at)
) STRICT;
