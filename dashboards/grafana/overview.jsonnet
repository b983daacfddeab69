// SPDX-License-Identifier: MIT
// The first look: is something wrong, since when, whose is it, what to do; then the state machine itself.
local s = import 'lib/shown.libsonnet';
local t = import 'lib/tcptwin.libsonnet';
local words = t.words;

local here = '&${instance:queryparam}';
local connections = t.link('Whose connections', 'connections', here);
local divergences = t.link('What it means', 'divergences', here);
local service = t.link('tcptwin itself', 'service', here);

local signs = [
  t.total(
    'Divergences',
    'TCP did what neither RFC 9293 nor a documented habit of Linux explains. Anything above 0 deserves a look: click for kinds and advice.',
    s.counted('tcptwin_divergences_total'),
    'short',
    s.none_is_good,
    divergences,
  ),
  t.stat(
    'Stuck now',
    'Sockets in a state for longer than is healthy, most often CLOSE_WAIT: a process that does not close. `sudo tcptwin stuck` names them.',
    s.now('tcptwin_stuck_sockets'),
    'short',
    [[0, words.good], [1, words.warn], [50, words.bad]],
    link=connections,
  ),
  t.stat(
    'Handshakes failing',
    'Share of handshakes that came to nothing, both directions. See the row "Handshakes" for the reasons.',
    s.handshakes_failing(),
    'percentunit',
    [[0, words.good], [0.01, words.warn], [0.05, words.bad]],
    link=connections,
    decimals=1,
  ),
  t.stat(
    'Cut off',
    'Share of connections that ended by RST, time-out or as unreachable instead of by FIN. See the causes below.',
    s.bad_endings(),
    'percentunit',
    [[0, words.good], [0.02, words.warn], [0.1, words.bad]],
    link=connections,
    decimals=1,
  ),
  t.stat(
    'Half-open now',
    'Connections between SYN and third ACK. Hundreds are a flood or a dead path; see "Half-open connections, by port".',
    s.now('tcptwin_half_open'),
    'short',
    [[0, words.good], [128, words.warn], [1024, words.bad]],
    link=connections,
  ),
  t.stat(
    'TIME_WAIT now',
    'Those that closed first wait here for 60 s. Towards one destination about 28,000 (net.ipv4.ip_local_port_range) use up the local ports.',
    s.now('tcptwin_sockets', matchers='state="time_wait"'),
    'short',
    [[0, words.good], [10000, words.warn], [20000, words.bad]],
  ),
  t.total(
    'Events lost',
    'What tcptwin knows it did not see; the numbers beside may lack as much. See docs/loss.md: usually a larger --buffer-size.',
    s.counted('tcptwin_events_lost_total'),
    'short',
    [[0, words.good], [1, words.warn]],
    service,
  ),
  t.stat(
    'Watching',
    'Of the chosen hosts, how many Prometheus could scrape.',
    'sum(up%s)' % t.select(),
    'short',
    [[0, words.bad], [1, words.good]],
    link=service,
  ) + { options+: { graphMode: 'none' } },
];

local transitions_by_cause = t.lines(
  'Causes of state changes',
  |||
    The ten most frequent stimuli, in the words of `tcptwin trace`; `tcptwin explain CAUSE` tells RFC and Linux' way.
    fin_received and local_close are the quiet life of TCP; a cause that is new here is the beginning of a story.
  |||,
  [t.over_time('topk(10, %s > 0)' % s.rate('tcptwin_transitions_total', 'cause'), '{{cause}}')],
  'cps',
);

local opened = t.lines(
  'Connections opened',
  'First SYNs sent (active, connect) and received (passive, accept). Compare with the endings: what opens must end.',
  [t.over_time(s.rate('tcptwin_connections_opened_total', 'role'), '{{role}}')],
  'cps',
  { active: '#79c0ff', passive: '#7ee787' },
);

local time_wait = t.lines(
  'TIME_WAIT and half-open, in and out',
  |||
    What the kernel's tracepoint hides: TIME_WAIT entered and left each second, and half-open connections that came and
    were finished. Left before its 60 s (reused, killed) shows as the gap between entered and expired.
  |||,
  [
    t.over_time(s.rate('tcptwin_transitions_total', matchers='cause="time_wait_entered"'), 'TIME_WAIT entered'),
    t.over_time(s.rate('tcptwin_transitions_total', matchers='cause="time_wait_expired"'), 'TIME_WAIT expired'),
    t.over_time(s.rate('tcptwin_transitions_total', matchers='cause=~"time_wait_reused_by_connect|time_wait_reopened_by_syn"'), 'TIME_WAIT reused'),
    t.over_time(s.rate('tcptwin_transitions_total', matchers='to="new_syn_recv"'), 'half-open begun'),
    t.over_time(s.rate('tcptwin_transitions_total', matchers='from="new_syn_recv",to="syn_recv"'), 'half-open finished'),
  ],
  'cps',
  {
    'TIME_WAIT entered': '#d29922',
    'TIME_WAIT expired': '#9e7a3c',
    'TIME_WAIT reused': '#ff7b72',
    'half-open begun': '#79c0ff',
    'half-open finished': '#1f6feb',
  },
);

local time_wait_now = t.lines(
  'TIME_WAIT, now',
  'Closed first, waiting for 60 s. Towards one destination about 28,000 use up the local ports (net.ipv4.ip_local_port_range): connect() then fails with EADDRNOTAVAIL.',
  [t.over_time(s.now('tcptwin_sockets', 'instance', 'state="time_wait"'), '{{instance}}')],
  'short',
);

local closers = t.lines(
  'Who ends connections',
  'local: a process here; remote: the peer; kernel: a time-out or a limit; admin: `ss -K` and the like. A shift from one to another has a reason.',
  [t.over_time(s.rate('tcptwin_connections_closed_total', 'closed_by'), '{{closed_by}}')],
  'cps',
  { 'local': '#79c0ff', remote: '#7ee787', both: '#f2cc60', kernel: '#ff7b72', admin: '#bc8cff', unknown: '#6e7681', other: '#484f58' },
);

local health = [
  t.lines(
    'Verdicts',
    'Each state change gets one. Blue and grey (unverified, gap) are our own blind spots, after a loss or a start; red is a divergence.',
    [t.over_time(s.rate('tcptwin_verdicts_total', 'verdict'), '{{verdict}}')],
    'ops',
    words.verdicts,
    stacked=true,
  ),
  s.events_lost,
  t.lines(
    'Delay of a verdict',
    "From the kernel's state change to our verdict; a change into CLOSED waits up to 20 ms for its evidence. Longer means that we are behind.",
    [
      t.over_time(s.quantile(0.5, 'tcptwin_verdict_delay_seconds'), 'median'),
      t.over_time(s.quantile(0.99, 'tcptwin_verdict_delay_seconds'), '99 %'),
    ],
    's',
    { median: '#79c0ff', '99 %': '#1f6feb' },
  ),
];

t.dashboard('overview', 'Overview', 'Is something wrong with TCP on these hosts, since when, whose is it, and what to do.', [
  t.row('', 5, [[sign, 3] for sign in signs]),
  t.row('Since when', 8, [[s.trouble, 10], [s.stuck_by_state, 7], [s.sockets_by_state, 7]]),
  t.row('Whose is it, and what to do', 10, [[s.units_in_trouble(t.link('This unit', 'connections', here + '&var-unit=${__value.raw}')), 9], [s.causes_of_endings(), 15]]),
  t.row('The state machine', 14, [[s.matrix, 24]]),
  t.row('', 8, [[transitions_by_cause, 9], [time_wait, 8], [closers, 7]]),
  t.row('Handshakes', 8, [[s.handshake_failures, 9], [s.handshake_time, 8], [s.half_open_by_port, 7]]),
  t.row('', 8, [[s.state_spans, 9], [time_wait_now, 8], [opened, 7]]),
  t.row('tcptwin itself', 8, [[health[0], 9], [health[2], 8], [health[1], 7]]),
])
