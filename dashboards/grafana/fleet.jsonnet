// SPDX-License-Identifier: MIT
// Many hosts: which one is unlike the others, and in what.
local s = import 'lib/shown.libsonnet';
local t = import 'lib/tcptwin.libsonnet';
local words = t.words;

local overview = {
  title: 'This host',
  url: '/d/tcptwin-overview?${__url_time_range}&${datasource:queryparam}&${job:queryparam}&var-instance=${__data.fields.host}',
};
local host_of_series = overview { url: '/d/tcptwin-overview?${__url_time_range}&${datasource:queryparam}&${job:queryparam}&var-instance=${__field.labels.instance}' };

// Over the time range, for tables.
local share(part, whole) = s.share('sum by (instance) (increase(%s[$__range]))' % part, 'sum by (instance) (increase(%s[$__range]))' % whole);
local failures = 'tcptwin_handshake_failures_total' + t.select();
local failing = s.share(
  'sum by (instance) (increase(%s[$__range]))' % failures,
  '(sum by (instance) (increase(%s[$__range])) + sum by (instance) (increase(tcptwin_handshake_duration_seconds_count%s[$__range])))' % [failures, t.select()]
);
local cut_off = share('tcptwin_connections_closed_total' + t.select(s.bad_hows), 'tcptwin_connections_closed_total' + t.select());
local stuck = s.now('tcptwin_stuck_sockets', 'instance');
local divergences = s.counted('tcptwin_divergences_total', 'instance');
local lost = s.counted('tcptwin_events_lost_total', 'instance');

// One number to sort by: the shares in percent, what is stuck in tens, and ten for each divergence.
local trouble = '100 * (%s) + 100 * (%s) + (%s) / 10 + 10 * (%s)' % [failing, cut_off, stuck, divergences];

local hosts = t.table(
  'Hosts, worst first',
  |||
    One line a host, sorted by trouble: shares of failed handshakes and of connections cut off in percent, plus a tenth of what is
    stuck, plus 10 for each divergence. Red cells say why a host is on top; its name leads to its overview.
  |||,
  [
    t.rows('round(%s, 0.1)' % trouble),
    t.rows('max by (instance) (up%s)' % t.select()),
    t.rows(failing),
    t.rows(cut_off),
    t.rows(stuck),
    t.rows(divergences),
    t.rows(s.now('tcptwin_half_open', 'instance')),
    t.rows(s.now('tcptwin_sockets', 'instance', 'state="time_wait"')),
    t.rows(s.now('tcptwin_sockets', 'instance', 'state="established"')),
    t.rows('sum by (instance) (rate(tcptwin_connections_opened_total%s[$__range]))' % t.select()),
    t.rows(lost),
    t.rows('max by (instance) (tcptwin_table_entries%s) / max by (instance) (tcptwin_table_capacity%s)' % [t.select(), t.select()]),
  ],
  [
    ['instance', 'host', null, t.link_to([overview])],
    ['Value #A', 'trouble', 140, t.bar(words.bad) + t.unit('short', 1)],
    ['Value #B', 'up', 60, t.colored_text([[0, words.bad], [1, words.good]])],
    ['Value #C', 'failing', 90, t.unit('percentunit', 1) + t.tinted([[0, 'transparent'], [0.01, words.warn], [0.05, words.bad]])],
    ['Value #D', 'cut off', 90, t.unit('percentunit', 1) + t.tinted([[0, 'transparent'], [0.02, words.warn], [0.1, words.bad]])],
    ['Value #E', 'stuck', 80, t.unit('short') + t.tinted([[0, 'transparent'], [1, words.warn], [50, words.bad]])],
    ['Value #F', 'divergences', 110, t.unit('short') + t.tinted([[0, 'transparent'], [1, words.bad]])],
    ['Value #G', 'half-open', 95, t.unit('short') + t.tinted([[0, 'transparent'], [128, words.warn], [1024, words.bad]])],
    ['Value #H', 'TIME_WAIT', 100, t.unit('short') + t.tinted([[0, 'transparent'], [10000, words.warn], [20000, words.bad]])],
    ['Value #I', 'established', 110, t.unit('short')],
    ['Value #J', 'opened/s', 95, t.unit('short', 1)],
    ['Value #K', 'lost', 70, t.unit('short') + t.tinted([[0, 'transparent'], [1, words.warn]])],
    ['Value #L', 'table', 80, t.unit('percentunit', 1) + t.tinted([[0, 'transparent'], [0.8, words.warn], [0.95, words.bad]])],
  ],
  sort='trouble',
);

local per_host(title, description, expr, unit) =
  t.lines(title, description, [t.over_time('topk(8, %s)' % expr, '{{instance}}')], unit)
  + { fieldConfig+: { defaults+: { links: [host_of_series] } } };

local cut = per_host(
  'Cut off, by host',
  'Share of connections that ended by RST, time-out or as unreachable. All together is the network or a service they share; one alone is that host.',
  s.bad_endings('instance'),
  'percentunit'
);
local fail = per_host(
  'Handshakes failing, by host',
  'Share of handshakes that came to nothing. All together: a service that all of them call is down; one alone: its own listeners or its route.',
  s.handshakes_failing('instance'),
  'percentunit'
);
local slow = per_host(
  'Handshake time, 99 %, by host',
  'From SYN to ESTABLISHED, both roles. A host 1 s above the others loses SYNs.',
  s.quantile(0.99, 'tcptwin_handshake_duration_seconds', 'instance'),
  's'
);
local stuck_hosts = per_host('Stuck sockets, by host', 'Sockets in a state for longer than is healthy.', stuck, 'short');
local opened = per_host(
  'Connections opened, by host',
  'An even share is a load balancer that works.',
  s.rate('tcptwin_connections_opened_total', 'instance'),
  'cps'
);
local waiting = per_host('TIME_WAIT, by host', 'Who closes first holds them; 28,000 towards one destination use up the local ports.', s.now('tcptwin_sockets', 'instance', 'state="time_wait"'), 'short');

local signs = [
  t.stat('Hosts', 'Hosts that Prometheus is told to scrape.', 'count(up%s)' % t.select(), 'short', [[0, words.plain]]) + { options+: { graphMode: 'none' } },
  t.stat('Down', 'Hosts that do not answer: the service, the host or the way is down.', 'sum(1 - up%s)' % t.select(), 'short', s.none_is_good),
  t.stat(
    'Hosts with stuck sockets',
    'Hosts on which a socket is in its state for longer than is healthy.',
    'count(%s > 0) or vector(0)' % stuck,
    'short',
    [[0, words.good], [1, words.warn]]
  ),
  t.total('Hosts with divergences', 'Hosts on which TCP did what nothing explains.', 'count(%s > 0) or vector(0)' % divergences, 'short', s.none_is_good, t.link('Divergences', 'divergences')),
  t.stat('Worst host, failing', 'The highest share of failed handshakes of any host.', 'max(%s)' % s.handshakes_failing('instance'), 'percentunit', [[0, words.good], [0.01, words.warn], [0.05, words.bad]], decimals=1),
  t.stat('Worst host, cut off', 'The highest share of connections cut off of any host.', 'max(%s)' % s.bad_endings('instance'), 'percentunit', [[0, words.good], [0.02, words.warn], [0.1, words.bad]], decimals=1),
];

local versions = t.table(
  'Versions',
  'Which build runs where; a fleet in the middle of an upgrade shows two.',
  [t.rows('count by (version, revision, libbpf) (tcptwin_build_info%s)' % t.select())],
  [
    ['version', 'version', null, []],
    ['revision', 'revision', null, []],
    ['libbpf', 'libbpf', null, []],
    ['Value', 'hosts', 70, t.unit('short')],
  ],
  first=[],
);

t.dashboard('fleet', 'Fleet', 'Many hosts: which one is unlike the others, and in what.', [
  t.row('', 5, [[sign, 4] for sign in signs]),
  t.row('Outliers first', 9, [[hosts, 24]]),
  t.row('Who is unlike the others', 8, [[cut, 8], [fail, 8], [slow, 8]]),
  t.row('', 8, [[stuck_hosts, 8], [opened, 8], [waiting, 8]]),
  t.row('Builds', 5, [[versions, 24]]),
])
