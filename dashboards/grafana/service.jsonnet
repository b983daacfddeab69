// SPDX-License-Identifier: MIT
// tcptwin itself: can one believe what the other dashboards show, and what does it cost.
local s = import 'lib/shown.libsonnet';
local t = import 'lib/tcptwin.libsonnet';
local words = t.words;

local signs = [
  t.stat('Answering', 'Hosts whose tcptwin answers Prometheus.', 'sum(up%s)' % t.select(), 'short', [[0, words.bad], [1, words.good]]) + { options+: { graphMode: 'none' } },
  t.stat(
    'Programs missing',
    'BPF programs that the kernel or our rights did not allow. `tcptwin doctor` says why, and what degrades.',
    'sum(1 - tcptwin_bpf_program_attached%s)' % t.select(),
    'short',
    s.none_is_good
  ),
  t.total('Events lost', 'What tcptwin knows it did not see; docs/loss.md.', s.counted('tcptwin_events_lost_total'), 'short', [[0, words.good], [1, words.warn]]),
  t.stat(
    'Fullest table',
    'Connections in the table of the fullest host. When it is full the oldest make room (--table).',
    'max(tcptwin_table_entries%s / tcptwin_table_capacity%s)' % [t.select(), t.select()],
    'percentunit',
    [[0, words.good], [0.8, words.warn], [0.95, words.bad]],
    decimals=1
  ),
  t.stat(
    'Configuration',
    '1: good when it was last read. 0: refused, and the former one holds; the journal says which line.',
    'min(tcptwin_config_last_reload_successful%s)' % t.select(),
    'short',
    [[0, words.bad], [1, words.good]],
    mappings=[{ type: 'value', options: { '0': { index: 0, text: 'refused' }, '1': { index: 1, text: 'good' } } }]
  ) + { options+: { graphMode: 'none' } },
  t.stat(
    'Latest comparison',
    "How long ago a host compared its table with the kernel's sockets; of all hosts, the one that is furthest behind (--reconcile).",
    'time() - min(tcptwin_reconcile_last_timestamp_seconds%s)' % t.select(),
    's',
    [[0, words.good], [300, words.warn], [3600, words.bad]],
    decimals=0
  ) + { options+: { graphMode: 'none' } },
];

local cpu = t.lines(
  'CPU time of the service',
  'User space only, as a share of one CPU; what its programs take in the kernel is on the right.',
  [t.over_time('sum by (instance) (rate(process_cpu_seconds_total%s[$__rate_interval]))' % t.select(), '{{instance}}')],
  'percentunit'
);
local memory = t.lines(
  'Memory of the service',
  'Resident, with the pages of the ring buffer that were used so far, which grow to twice its size (process_virtual_memory_bytes counts both of its mappings).',
  [
    t.over_time('sum by (instance) (process_resident_memory_bytes%s)' % t.select(), '{{instance}}'),
    t.over_time('max(tcptwin_ring_buffer_bytes%s)' % t.select(), 'ring buffer'),
  ],
  'bytes',
  { 'ring buffer': words.faint }
);
local records = t.lines(
  'Records from the kernel',
  'Emitted by the programs and received here; the space between the two lines is lost in the ring buffer.',
  [
    t.over_time(s.rate('tcptwin_records_emitted_total'), 'emitted'),
    t.over_time(s.rate('tcptwin_records_received_total'), 'received'),
    t.over_time(s.rate('tcptwin_mptcp_skipped_total'), 'MPTCP, left out'),
  ],
  'cps',
  { emitted: '#79c0ff', received: '#56d364' }
);
local delay = t.lines(
  'Delay of a verdict',
  "From the kernel's state change to our verdict; a change into CLOSED waits up to 20 ms for its evidence. Longer means that we are behind.",
  [
    t.over_time(s.quantile(0.5, 'tcptwin_verdict_delay_seconds'), 'median'),
    t.over_time(s.quantile(0.99, 'tcptwin_verdict_delay_seconds'), '99 %'),
  ],
  's',
  { median: '#79c0ff', '99 %': '#1f6feb' }
);
local table = t.lines(
  'Table of connections',
  'Connections and listeners that are kept; evictions are connections that had to make room.',
  [
    t.over_time('sum by (instance) (tcptwin_table_entries%s)' % t.select(), '{{instance}}'),
    t.over_time(s.rate('tcptwin_table_evictions_total'), 'evictions/s'),
  ],
  'short'
);
local descriptors = t.lines(
  'File descriptors',
  'Open, as a share of what may be open.',
  [t.over_time('max by (instance) (process_open_fds%s / process_max_fds%s)' % [t.select(), t.select()], '{{instance}}')],
  'percentunit'
);

local programs = t.table(
  'Programs in the kernel',
  |||
    attached: 0 where the kernel or our rights did not allow it. Runs and time are counted only while
    kernel.bpf_stats_enabled is on (tcptwin_bpf_statistics_enabled), which costs a little itself. missed: runs that the
    kernel refused because the program was running on that CPU.
  |||,
  [
    t.rows('min by (program) (tcptwin_bpf_program_attached%s)' % t.select()),
    t.rows(s.counted('tcptwin_bpf_program_recursion_misses_total', 'program')),
    t.rows(s.counted('tcptwin_bpf_program_runs_total', 'program')),
    t.rows(s.share('sum by (program) (increase(tcptwin_bpf_program_run_seconds_total%s[$__range]))' % t.select(), 'sum by (program) (increase(tcptwin_bpf_program_runs_total%s[$__range]))' % t.select())),
  ],
  [
    ['program', 'program', null, []],
    ['Value #A', 'attached', 85, t.colored_text([[0, words.bad], [1, words.good]])],
    ['Value #B', 'missed', 80, t.unit('short', 0) + t.colored_text([[0, words.faint], [1, words.warn]])],
    ['Value #C', 'runs', 90, t.unit('short', 0)],
    ['Value #D', 'each takes', 100, t.unit('s')],
  ],
  sort='missed',
);

local control = t.lines(
  'Control socket',
  'What commands (`snapshot`, `life`, `stuck`, `top`) asked, who was turned away and why, and what they were too slow for.',
  [
    t.over_time(s.rate('tcptwin_control_requests_total', 'request'), 'asked: {{request}}'),
    t.over_time(s.rate('tcptwin_control_refused_total', 'reason'), 'refused: {{reason}}'),
    t.over_time(s.rate('tcptwin_control_missed_findings_total'), 'missed findings'),
  ],
  'cps'
);
local pause = t.lines(
  'Held up by answers',
  'Share of the time for which answers to the control socket held up the thread that judges, and clients connected now.',
  [
    t.over_time(s.rate('tcptwin_control_pause_seconds_total', 'instance'), 'held up, {{instance}}'),
    t.over_time('sum(tcptwin_control_clients%s)' % t.select(), 'clients'),
  ],
  'short'
);

local hosts = t.table(
  'Builds and tiers',
  'What runs where, since when, and in which tiers: t0 tracepoints, t1 iterators, t2 the exact moments (see `tcptwin doctor`).',
  [
    t.rows('time() - max by (instance) (process_start_time_seconds%s)' % t.select()),
    t.rows('sum by (instance) (tcptwin_tier_info%s)' % t.select('tier="t0"')),
    t.rows('sum by (instance) (tcptwin_tier_info%s)' % t.select('tier="t1"')),
    t.rows('sum by (instance) (tcptwin_tier_info%s)' % t.select('tier="t2"')),
    t.rows('time() - max by (instance) (tcptwin_config_last_reload_success_timestamp_seconds%s)' % t.select()),
    t.rows('max by (instance) (tcptwin_bpf_statistics_enabled%s)' % t.select()),
    t.rows('max by (instance) (increase(tcptwin_reconcile_runs_total%s[$__range]))' % t.select()),
    t.rows('max by (instance) (increase(tcptwin_reconcile_adopted_total%s[$__range]))' % t.select()),
  ],
  [
    ['instance', 'host', null, []],
    ['Value #A', 'running for', 100, t.unit('s')],
    ['Value #B', 't0', 45, []],
    ['Value #C', 't1', 45, []],
    ['Value #D', 't2', 45, []],
    ['Value #E', 'configured', 100, t.unit('s')],
    ['Value #F', 'statistics', 90, []],
    ['Value #G', 'comparisons', null, t.unit('short', 0)],
    ['Value #H', 'adopted', null, t.unit('short', 0)],
  ],
  sort='host',
);

t.dashboard('service', 'tcptwin itself', 'Can one believe what the other dashboards show, and what does it cost.', [
  t.row('', 5, [[sign, 4] for sign in signs]),
  t.row('Does it see everything', 8, [[s.events_lost, 8], [records, 8], [delay, 8]]),
  t.row('What it costs', 8, [[cpu, 6], [memory, 6], [table, 6], [descriptors, 6]]),
  t.row('Its programs, and who asks it', 14, [[programs, 12], [control, 6], [pause, 6]]),
  t.row('Hosts', 6, [[hosts, 24]]),
])
