-- SPDX-License-Identifier: MIT
-- Loads what `tcptwin life --json --both-ends-apart` printed on one host, docs/fleet.md:
-- sqlite3 fleet.db -cmd ".parameter set :host \"'web-1'\"" -cmd ".parameter set :file \"'web-1.jsonl'\"" <load.sql
CREATE TABLE IF NOT EXISTS lives (id INTEGER PRIMARY KEY, host TEXT NOT NULL, line TEXT NOT NULL);
INSERT INTO lives (host, line)
SELECT :host, value
FROM json_each('[' || replace(trim(readfile(:file), char(10)), char(10), ',') || ']')
WHERE value ->> 'type' = 'close';
