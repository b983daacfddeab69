-- SPDX-License-Identifier: MIT
-- Views over what load.sql loaded: each connection between two hosts once, with what both of them say.
CREATE VIEW IF NOT EXISTS ends AS
SELECT id, host,
       line ->> 'time' AS ended,
       line ->> 'role' AS role,
       line ->> '$.local.addr' AS local_addr, line ->> '$.local.port' AS local_port,
       line ->> '$.remote.addr' AS remote_addr, line ->> '$.remote.port' AS remote_port,
       line ->> 'iss' AS iss, line ->> 'irs' AS irs,
       line ->> '$.owner.comm' AS comm,
       line ->> 'closed_by' AS closed_by, line ->> 'how' AS how, line ->> 'why' AS why,
       line ->> 'bytes_in' AS bytes_in, line ->> 'bytes_out' AS bytes_out,
       line ->> 'retransmits' AS retransmits
FROM lives;

-- What one host calls its initial sequence number is the other's initial receive sequence number. The
-- two numbers, together with the addresses, name one connection, however often its ports are used again.
-- Behind NAT the addresses differ: leave them out, and keep the time.
CREATE VIEW IF NOT EXISTS both_ends AS
SELECT client.host AS client_host, client.comm AS client_comm,
       server.host AS server_host, server.comm AS server_comm, server.local_port AS port,
       client.closed_by AS client_says, server.closed_by AS server_says,
       client.how AS client_how, server.how AS server_how,
       client.why AS client_why, server.why AS server_why,
       client.bytes_out AS sent, server.bytes_in AS received,
       client.retransmits + server.retransmits AS retransmits,
       client.id AS client_id, server.id AS server_id
FROM ends AS client
JOIN ends AS server
  ON client.iss = server.irs AND client.irs = server.iss
  AND client.local_addr = server.remote_addr AND client.local_port = server.remote_port
  AND client.remote_addr = server.local_addr AND client.remote_port = server.local_port
  AND abs(julianday(client.ended) - julianday(server.ended)) < 1
WHERE client.role = 'active' AND server.role = 'passive';

-- Reset, says one end, and the other has sent no RST: something between them did.
CREATE VIEW IF NOT EXISTS resets_of_nobody AS
SELECT * FROM both_ends
WHERE (client_how = 'rst_received' AND server_how <> 'rst_sent')
   OR (server_how = 'rst_received' AND client_how <> 'rst_sent');

-- Only one end was seen to end: the other host is not watched, lost the event, or still holds its end.
CREATE VIEW IF NOT EXISTS single_ends AS
SELECT * FROM ends
WHERE id NOT IN (SELECT client_id FROM both_ends UNION SELECT server_id FROM both_ends);
