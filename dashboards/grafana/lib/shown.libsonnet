// SPDX-License-Identifier: MIT
// Queries and panels that more than one dashboard shows.
local t = import 'tcptwin.libsonnet';
local words = t.words;
local on = t.select;

// A share of 0 where nothing happened at all.
local share(part, whole) = '%s / clamp_min(%s, 0.000001)' % [part, whole];
local rate(metric, by='', matchers='', others='job=~"$job",instance=~"$instance"') =
  'sum%s (rate(%s%s[$__rate_interval]))' % [if by == '' then '' else ' by (' + by + ')', metric, on(matchers, others)];
local counted(metric, by='', matchers='') =
  'round(sum%s (increase(%s%s[$__range])))' % [if by == '' then '' else ' by (' + by + ')', metric, on(matchers)];
local now(metric, by='', matchers='') =
  'sum%s (%s%s)' % [if by == '' then '' else ' by (' + by + ')', metric, on(matchers)];
local quantile(q, metric, by='', window='$__rate_interval') =
  'histogram_quantile(%s, sum by (le%s) (rate(%s_bucket%s[%s])))' % [q, if by == '' then '' else ', ' + by, metric, on(), window];

// The states in the order of the RFC's figure, CLOSED on top.
local machine = [words.states[std.length(words.states) - 1]] + words.states[0:std.length(words.states) - 1];

local bad_hows = 'how=~"rst_sent|rst_received|timeout|unreachable"';

{
  share: share,
  rate: rate,
  counted: counted,
  now: now,
  quantile: quantile,
  bad_hows: bad_hows,

  handshakes_failing(by=''):: share(
    rate('tcptwin_handshake_failures_total', by),
    '(%s + %s)' % [rate('tcptwin_handshake_failures_total', by), rate('tcptwin_handshake_duration_seconds_count', by)]
  ),
  bad_endings(by=''):: share(
    rate('tcptwin_connections_closed_total', by, bad_hows),
    rate('tcptwin_connections_closed_total', by)
  ),

  none_is_good: [[0, words.good], [1, words.bad]],

  // What does not belong to the quiet life of TCP, and since when.
  trouble:: t.lines(
    'What goes wrong: connections cut off or refused, by how',
    |||
      Connections that did not end with FIN, failed handshakes included. Where the colours begin is where the trouble
      began. Orange: this side sent a RST; red: the peer did, or a time-out gave up; amber: nobody listened. The tables below
      say whose it is and what to do.
    |||,
    [t.over_time(rate('tcptwin_connections_closed_total', 'how', 'how=~"rst_sent|rst_received|timeout|unreachable|refused|silent"'), '{{how}}')],
    'cps',
    words.endings,
    bars=true,
  ),

  sockets_by_state:: t.lines(
    'Sockets by state, now',
    |||
      TCP sockets in each state, with what `ss` and node_exporter do not count: half-open connections
      (NEW_SYN_RECV), and TIME_WAIT apart from an orphan's FIN_WAIT2. Growing violet (CLOSE_WAIT) is a process
      that does not close; growing blue is handshakes that hang. LISTEN and TIME_WAIT, which has a panel of its own, are left out.
    |||,
    [t.over_time(now('tcptwin_sockets', 'state', 'state!~"listen|time_wait"'), '{{state}}')],
    'short',
    t.state_colors,
    stacked=true,
    texts=t.state_names,
  ),

  ends_by_how:: t.lines(
    'Connections that ended, by how',
    |||
      Green ended with FIN, as they should. Orange: this side sent a RST; red: the peer sent one, or a time-out
      gave up. What is behind a colour stands in the table of causes, whose it is on "Connections".
    |||,
    [t.over_time(rate('tcptwin_connections_closed_total', 'how'), '{{how}}')],
    'cps',
    words.endings,
    bars=true,
  ),

  causes_of_endings(title='Why connections ended, and what to do'):: t.table(
    title,
    |||
      Endings in the time range other than by FIN: who ended them, how, and the cause in the words of
      `tcptwin life`. `tcptwin life --why CAUSE` shows the connections, `tcptwin explain CAUSE` the whole story.
    |||,
    [t.rows(
      'label_replace(%s > 0, "advice", "$1", "why", "(.+)")' %
      counted('tcptwin_connections_closed_total', 'closed_by, how, why', 'how!="fin"')
    )],
    [
      ['Value', 'count', 100, t.bar(words.bad) + t.unit('short')],
      ['closed_by', 'who', 70, []],
      ['how', 'how', 105, t.mapped({ [how]: how for how in std.objectFields(words.endings) }, words.endings)
                          + [t.property('custom.cellOptions', { type: 'color-text' })]],
      ['why', 'cause', 185, []],
      ['advice', 'what to do', null, t.mapped(words.advice_on_causes) + t.wrapped],
    ],
    sort='count',
    first=[],
    cells='lg',
  ),

  matrix:: t.table(
    'The machine of RFC 9293: state changes from (row) to (column)',
    |||
      How often each arrow of the state diagram was taken in the time range. A grey 0 is an arrow that TCP has and
      nobody took; an empty cell is one that TCP does not have: a number there is a divergence. Most
      counts belong on the way CLOSED, SYN_SENT (or LISTEN, NEW_SYN_RECV, SYN_RECV), ESTABLISHED, then either
      FIN_WAIT1, FIN_WAIT2, TIME_WAIT (closed first) or CLOSE_WAIT, LAST_ACK (closed second). Large numbers in the
      column CLOSED before FIN_WAIT are connections that were cut off. `tcptwin explain FROM TO` tells what leads there.
    |||,
    [t.rows(std.foldl(
      function(query, i) 'label_replace(%s, "row", "%02d", "from", "%s")' % [query, i, machine[i].name],
      std.range(0, std.length(machine) - 1),
      counted('tcptwin_transitions_total', 'from, to', 'from!="other"')
    ))],
    [['from\\to', 'from', 130, t.mapped(t.state_names, t.state_colors) + [t.property('custom.cellOptions', { type: 'color-text' })]]] + [
      [state.name, state.text, null, t.tinted([[null, 'transparent'], [0, 'rgba(128, 128, 128, 0.14)'], [1, state.color]])
                                     + t.unit('short') + [t.property('custom.align', 'center'), t.property('custom.minWidth', 60)]]
      for state in machine
    ],
    first=[
      { id: 'sortBy', options: { fields: {}, sort: [{ field: 'row' }] } },
      { id: 'groupingToMatrix', options: { rowField: 'from', columnField: 'to', valueField: 'Value', emptyValue: 'null' } },
    ],
  ),

  state_spans:: t.table(
    'How long states last',
    |||
      Time spent in each state by the connections that left it in the time range. SYN_SENT and NEW_SYN_RECV are a
      round trip; 1 s more is a lost SYN. CLOSE_WAIT is how long our processes take to close, FIN_WAIT2
      how long the peers take. TIME_WAIT is 60 s on Linux.
    |||,
    [
      t.rows(quantile(q, 'tcptwin_state_duration_seconds', 'state', '$__range'))
      for q in [0.5, 0.95, 0.99]
    ] + [t.rows(counted('tcptwin_state_duration_seconds_count', 'state'))],
    [
      ['state', 'state', 130, t.mapped(t.state_names, t.state_colors) + [t.property('custom.cellOptions', { type: 'color-text' })]],
      ['Value #A', 'median', 80, t.unit('s')],
      ['Value #B', '95 %', 80, t.unit('s')],
      ['Value #C', '99 %', 80, t.unit('s')],
      ['Value #D', 'left it', 70, t.unit('short')],
    ],
    sort='99 %',
    first=[{ id: 'merge', options: {} }, t.only_above('Value #D')],
  ),

  stuck_by_state:: t.lines(
    'Stuck sockets, by state',
    |||
      Sockets that are in their state for longer than is healthy. `sudo tcptwin stuck` names process, unit and peer
      of each, and says what to do. Violet is a process that does not close.
    |||,
    [t.over_time(now('tcptwin_stuck_sockets', 'state'), '{{state}}')],
    'short',
    t.state_colors,
    stacked=true,
    texts=t.state_names,
  ),

  half_open_by_port:: t.lines(
    'Half-open connections, by port',
    |||
      A SYN came, the third ACK did not yet: the SYN queue, which `ss` shows as SYN-RECV. A few are normal. A
      pile on one port is a flood or a path back that is dead; `tcptwin stuck` tells since when.
    |||,
    [t.over_time('topk(10, %s)' % now('tcptwin_half_open', 'port'), 'port {{port}}')],
    'short',
  ),

  handshake_failures:: t.lines(
    'Handshakes that failed, by how it showed',
    |||
      Before ESTABLISHED. active: this host connected; refused is a closed port, timeout no answer at all.
      passive: somebody connected here; timeout is a client that never finished, rst_sent a full accept queue.
    |||,
    [t.over_time(rate('tcptwin_handshake_failures_total', 'role, reason'), '{{role}} {{reason}}')],
    'cps',
    bars=true,
  ),

  handshake_time:: t.lines(
    'Handshake time',
    |||
      From the SYN to ESTABLISHED; passive: to the third ACK, so it includes the client's round trip. Steps of 1 s
      and 3 s are SYNs that had to be sent again: packets are lost, or a SYN queue is full.
    |||,
    [
      t.over_time(quantile(q[0], 'tcptwin_handshake_duration_seconds', 'role'), '{{role}} ' + q[1])
      for q in [[0.5, 'median'], [0.99, '99 %']]
    ],
    's',
    { 'active median': '#79c0ff', 'active 99 %': '#1f6feb', 'passive median': '#7ee787', 'passive 99 %': '#2ea043' },
    calcs=['lastNotNull', 'max'],
  ),

  units_in_trouble(link):: t.table(
    'Whose is it',
    |||
      Units (or cgroups) by what they did in the time range: rst_sent, connections that the unit itself (or its full accept
      queue) cut off, and stuck, what it does not close, are its own doing. rst_received and timeout were done to it:
      look at its peers.
    |||,
    [
      t.rows(counted('tcptwin_unit_connections_closed_total', 'unit', 'how="rst_sent"')),
      t.rows(counted('tcptwin_unit_stuck_found_total', 'unit')),
      t.rows(counted('tcptwin_unit_connections_closed_total', 'unit', 'how="rst_received"')),
      t.rows(counted('tcptwin_unit_connections_closed_total', 'unit', 'how="timeout"')),
    ],
    [
      ['unit', 'unit', null, t.link_to([link])],
      ['Value #A', 'rst_sent', 110, t.bar(words.bad) + t.unit('short')],
      ['Value #B', 'stuck', 65, t.unit('short') + t.colored_text([[0, words.faint], [1, words.bad]])],
      ['Value #C', 'rst_received', 105, t.unit('short')],
      ['Value #D', 'timeout', 75, t.unit('short')],
    ],
    sort='rst_sent',
    first=[{ id: 'merge', options: {} }, t.only_above(['Value #A', 'Value #B', 'Value #C', 'Value #D'])],
  ),

  events_lost:: t.lines(
    'Events lost, by where',
    |||
      What tcptwin knows that it did not see. ring_buffer: too small for a burst (--buffer-size); recursion: refused by
      the kernel; table: full (--table); unseen: found by the comparison with the kernel's sockets. docs/loss.md has each.
    |||,
    [t.over_time(rate('tcptwin_events_lost_total', 'stage'), '{{stage}}')],
    'cps',
    { ring_buffer: '#ff7b72', recursion: '#d29922', malformed: '#da3633', table: '#bc8cff', unseen: '#79c0ff', recording: '#8b949e' },
    bars=true,
  ),
}
