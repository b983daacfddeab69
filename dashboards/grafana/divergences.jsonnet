// SPDX-License-Identifier: MIT
// What TCP did that RFC 9293 does not explain: divergences with what to do, Linux' documented deviations
// with their meaning, and how much of the evidence there was.
local s = import 'lib/shown.libsonnet';
local t = import 'lib/tcptwin.libsonnet';
local words = t.words;

local verdict(name, title, description, steps) =
  t.total(title, description, s.counted('tcptwin_verdicts_total', matchers='verdict="%s"' % name), 'short', steps);

local signs = [
  t.total(
    'Divergences',
    'What neither RFC 9293 nor a documented habit of Linux explains, with all evidence there. Also silences: timers that outlast their bound, sockets that are not where they must be.',
    s.counted('tcptwin_divergences_total'),
    'short',
    s.none_is_good,
  ),
  verdict('conformant', 'Conformant', 'State changes that RFC 9293 explains.', [[0, words.plain]]),
  verdict('deviation', 'Deviations', 'State changes that a documented habit of Linux explains: expected, each with its L-number below.', [[0, words.plain]]),
  verdict('unverified', 'Unverified', 'State changes whose evidence is incomplete: after a loss, or on connections older than the service. No judgement on the kernel.', [[0, words.good], [1, words.warn]]),
  verdict('gap', 'Gaps', 'An event before was missed; the twin was set right. A loss of ours, never an accusation.', [[0, words.good], [1, words.warn]]),
  t.total(
    'Events lost',
    'What may be missing in the judgement. See the row "How complete is the evidence".',
    s.counted('tcptwin_events_lost_total'),
    'short',
    [[0, words.good], [1, words.warn]],
  ),
];

local kinds = t.table(
  'Divergences by kind, and what to do',
  |||
    Each kind of divergence, how often in the time range, what it means and where to look. `journalctl -u tcptwin` has each
    with its evidence; `tcptwin trace --verdict divergence -x --stack` shows them live, with the kernel's call path.
  |||,
  [t.rows('label_replace(label_replace(%s, "meaning", "$1", "kind", "(.+)"), "advice", "$1", "kind", "(.+)")' % s.counted('tcptwin_divergences_total', 'kind'))],
  [
    ['Value', 'count', 70, t.tinted([[0, 'transparent'], [1, words.bad]]) + t.unit('short')],
    ['kind', 'kind', 150, []],
    ['meaning', 'what it means', null, t.mapped(words.meanings_of_kinds) + t.wrapped],
    ['advice', 'what to do', null, t.mapped(words.advice_on_kinds) + t.wrapped],
  ],
  sort='count',
  first=[],
  cells='lg',
);

local divergences = t.lines(
  'Divergences over time',
  'Since when. Compare with upgrades of the kernel, of drivers and modules, and with losses on the right.',
  [t.over_time('sum by (kind) (increase(tcptwin_divergences_total%s[$__rate_interval]))' % t.select(), '{{kind}}')],
  'short',
  bars=true,
);

local verdicts = t.lines(
  'Verdicts',
  'Each state change gets one. Green and amber are TCP as RFC and Linux describe it; blue and grey are our blind spots; red is a divergence.',
  [t.over_time(s.rate('tcptwin_verdicts_total', 'verdict'), '{{verdict}}')],
  'cps',
  words.verdicts,
  stacked=true,
);

local deviations = t.table(
  'Deviations of Linux, with their meaning',
  |||
    State changes in the time range that a documented habit of Linux explains: expected. `tcptwin explain L12` tells the
    whole story of one, with the RFC's text and why Linux does it.
  |||,
  [t.rows('label_replace(label_replace(%s > 0, "meaning", "$1", "id", "(.+)"), "advice", "$1", "id", "(.+)")' % s.counted('tcptwin_deviations_total', 'id'))],
  [
    ['Value', 'count', 90, t.unit('short')],
    ['id', 'id', 60, []],
    ['meaning', 'what Linux does', null, t.mapped(words.meanings_of_deviations) + t.wrapped],
    ['advice', 'what to do', null, t.mapped(words.advice_on_deviations) + t.wrapped],
  ],
  sort='count',
  first=[],
  cells='lg',
);

local deviations_over_time = t.lines(
  'Deviations over time',
  'The ten most frequent. They follow the traffic; one that rises alone tells of a habit of Linux that begins to matter, such as a full accept queue.',
  [t.over_time('topk(10, %s > 0)' % s.rate('tcptwin_deviations_total', 'id'), '{{id}}')],
  'cps',
);

local reconciled = t.lines(
  "Differences from the kernel's own table",
  "Found and healed when the mirror is compared with the kernel's sockets. missing: the kernel has one that we did not know; ghost: we had one that is gone; mismatch: another state.",
  [
    t.over_time(s.rate('tcptwin_reconcile_differences_total', 'kind'), '{{kind}}'),
    t.over_time(s.rate('tcptwin_gaps_healed_total'), 'gaps healed'),
    t.over_time(s.rate('tcptwin_settled_early_total'), 'judged early'),
  ],
  'cps',
);

local adopted = t.table(
  'What the comparison could see',
  'complete: 1 if the latest comparison saw every socket of every network namespace. refused: namespaces that our rights do not open (`--keep-rights namespaces`).',
  [
    t.rows('min by (instance) (tcptwin_reconcile_complete%s)' % t.select()),
    t.rows('sum by (instance) (tcptwin_reconcile_sockets%s)' % t.select()),
    t.rows('sum by (instance) (tcptwin_reconcile_namespaces%s)' % t.select('result="listed"')),
    t.rows('sum by (instance) (tcptwin_reconcile_namespaces%s)' % t.select('result="refused"')),
    t.rows('time() - max by (instance) (tcptwin_reconcile_last_timestamp_seconds%s)' % t.select()),
  ],
  [
    ['instance', 'host', null, []],
    ['Value #A', 'complete', 90, t.colored_text([[0, words.warn], [1, words.good]])],
    ['Value #B', 'sockets', 75, t.unit('short')],
    ['Value #C', 'netns', 60, []],
    ['Value #D', 'refused', 75, t.colored_text([[0, words.faint], [1, words.warn]])],
    ['Value #E', 'ago', 60, t.unit('s', 0)],
  ],
  sort='host',
);

t.dashboard('divergences', 'Divergences', 'What TCP did that RFC 9293 does not explain, what it means, and how complete the evidence is.', [
  t.row('', 4, [[sign, 4] for sign in signs]),
  t.row('Divergences', 13, [[kinds, 24]]),
  t.row('Since when', 8, [[divergences, 8], [deviations_over_time, 8], [verdicts, 8]]),
  t.row('Deviations of Linux: expected, and worth knowing', 11, [[deviations, 24]]),
  t.row('How complete is the evidence', 8, [[s.events_lost, 8], [reconciled, 8], [adopted, 8]]),
])
