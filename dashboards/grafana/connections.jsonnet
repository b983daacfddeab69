// SPDX-License-Identifier: MIT
// Whose connections: units, containers and listening ports, why they end, how long their states last.
local s = import 'lib/shown.libsonnet';
local t = import 'lib/tcptwin.libsonnet';
local words = t.words;

local of_unit = 'job=~"$job",instance=~"$instance",unit=~"$unit"';
local of_port = 'job=~"$job",instance=~"$instance",port=~"$port"';
local increase(metric, by, others, matchers='') =
  'round(sum by (%s) (increase(%s%s[$__range])))' % [by, metric, t.select(matchers, others)];
local by_unit(how) = t.rows(increase('tcptwin_unit_connections_closed_total', 'unit, container', of_unit, 'how="%s"' % how));
local hows = ['fin', 'rst_sent', 'rst_received', 'timeout', 'unreachable', 'refused'];
local column(i) = 'Value #' + std.char(65 + i);

local units = t.table(
  'Units and containers',
  |||
    Each systemd unit (or cgroup) and container: connections opened, how they ended, and findings of `tcptwin stuck`,
    in the time range. rst_sent is the unit's own doing, rst_received its peers'; timeout a dead path. Units that were idle
    for ten minutes may be part of "other".
  |||,
  [
    t.rows(increase('tcptwin_unit_connections_opened_total', 'unit, container', of_unit, 'role="active"')),
    t.rows(increase('tcptwin_unit_connections_opened_total', 'unit, container', of_unit, 'role="passive"')),
    t.rows(increase('tcptwin_unit_stuck_found_total', 'unit, container', of_unit)),
  ] + [by_unit(how) for how in hows],
  [
    ['unit', 'unit', null, []],
    ['container', 'container', 120, []],
    [column(0), 'connects', 100, t.unit('short')],
    [column(1), 'accepts', 100, t.unit('short')],
  ] + [
    [
      column(3 + i),
      hows[i],
      110,
      t.unit('short') + (if hows[i] == 'fin' then [] else t.colored_text([[0, words.faint], [1, words.endings[hows[i]]]])),
    ]
    for i in std.range(0, std.length(hows) - 1)
  ] + [[column(2), 'stuck', 90, t.unit('short') + t.colored_text([[0, words.faint], [1, words.bad]])]],
  sort='rst_sent',
  first=[{ id: 'merge', options: {} }, t.only_above([column(i) for i in std.range(0, 2 + std.length(hows))])],
);

local failures = ['accept_overflow_reset', 'request_timeout', 'request_dropped', 'request_reset_bad_syn'];
local at_port(cause) = t.rows(increase('tcptwin_listener_failures_total', 'port', of_port, 'cause="%s"' % cause));

local ports = t.table(
  'Listening ports',
  |||
    SYNs taken, handshakes finished, and half-open connections that came to nothing, in the time range.
    accept_overflow_reset: the server does not accept() fast enough (compare Recv-Q and Send-Q in `ss -ltn`).
    request_timeout: a SYN flood, or our SYN+ACK does not reach the client. request_dropped: a scanner.
  |||,
  [
    t.rows(increase('tcptwin_listener_requests_total', 'port', of_port)),
    t.rows(increase('tcptwin_listener_handshakes_total', 'port', of_port)),
    t.rows('sum by (port) (tcptwin_half_open%s)' % t.select('', of_port)),
  ] + [at_port(cause) for cause in failures],
  [
    ['port', 'port', 80, []],
    [column(0), 'SYNs', 100, t.unit('short')],
    [column(1), 'handshakes', 110, t.unit('short')],
    [column(2), 'half-open now', 130, t.unit('short') + t.colored_text([[0, words.faint], [8, words.plain], [128, words.warn], [1024, words.bad]])],
  ] + [
    [column(3 + i), failures[i], null, t.unit('short') + t.colored_text([[0, words.faint], [1, if i == 0 then words.bad else words.warn]])]
    for i in std.range(0, std.length(failures) - 1)
  ],
  sort='accept_overflow_reset',
);

local cut_off = t.lines(
  'Cut off, by unit',
  'Connections of each unit that did not end with FIN. The moment at which one rises is the moment to look at its log.',
  [t.over_time('topk(8, sum by (unit) (rate(tcptwin_unit_connections_closed_total%s[$__rate_interval])))' % t.select(s.bad_hows, of_unit), '{{unit}}')],
  'cps',
);

local opened = t.lines(
  'Opened, by unit',
  'New connections of each unit, both roles. A unit that suddenly connects more often has lost its connection pool, or retries.',
  [t.over_time('topk(8, sum by (unit) (rate(tcptwin_unit_connections_opened_total%s[$__rate_interval])))' % t.select('', of_unit), '{{unit}}')],
  'cps',
);

local stuck = t.lines(
  'Found stuck, by unit',
  'New findings of `tcptwin stuck`, which names the process and the peer of each.',
  [t.over_time('topk(8, sum by (unit) (increase(tcptwin_unit_stuck_found_total%s[$__rate_interval])))' % t.select('', of_unit), '{{unit}}')],
  'short',
  bars=true,
);

local port_failures = t.lines(
  'Handshakes that failed at a port',
  'Half-open connections that came to nothing, by port and cause.',
  [t.over_time('topk(8, sum by (port, cause) (rate(tcptwin_listener_failures_total%s[$__rate_interval])))' % t.select('', of_port), '{{port}} {{cause}}')],
  'cps',
);

local stuck_kinds = t.table(
  'Stuck, and what to do',
  'Findings of `tcptwin stuck` in the time range by kind. `sudo tcptwin stuck --once` lists what is stuck now, with process, unit and peer.',
  [t.rows('label_replace(%s > 0, "advice", "$1", "kind", "(.+)")' % s.counted('tcptwin_stuck_found_total', 'kind'))],
  [
    ['Value', 'found', 65, t.unit('short')],
    ['kind', 'kind', 150, []],
    ['advice', 'what to do', null, t.mapped(words.advice_on_stuck) + t.wrapped],
  ],
  sort='found',
  first=[],
  cells='lg',
) + { fieldConfig+: { defaults+: { noValue: 'Nothing was found stuck' } } };

t.dashboard('connections', 'Connections', 'Whose connections: units, containers and ports; why connections end, and how long states last.', [
  t.row('', 7, [[units, 24]]),
  t.row('', 8, [[cut_off, 8], [opened, 8], [stuck, 8]]),
  t.row('Listening ports', 8, [[ports, 24]]),
  t.row('', 8, [[port_failures, 12], [s.half_open_by_port, 12]]),
  t.row('Why connections end', 11, [[s.causes_of_endings(), 15], [s.ends_by_how, 9]]),
  t.row('How long states last, and what is stuck', 9, [[s.state_spans, 7], [s.stuck_by_state, 7], [stuck_kinds, 10]]),
], [
  t.variable('unit', 'tcptwin_unit_connections_opened_total' + t.select()),
  t.variable('port', 'tcptwin_half_open' + t.select()) + { sort: 3 },
])
