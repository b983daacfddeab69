// SPDX-License-Identifier: MIT
// The words of the metrics as people read them: states with their colours, and what docs/ says of each
// cause, kind and L-number, taken from there so that no second text has to be kept.
local catalogue = std.split(importstr '../../../docs/causes-and-divergences.md', '\n');

local headings = [
  i
  for i in std.range(0, std.length(catalogue) - 1)
  if std.startsWith(catalogue[i], '### ')
];

// The lines of the section that begins at line `at`.
local section(k) =
  local end = if k + 1 < std.length(headings) then headings[k + 1] else std.length(catalogue);
  [catalogue[i] for i in std.range(headings[k] + 1, end - 1)];

// What stands behind a mark in bold: the rest of its line, or the first item of its list.
local marked(lines, mark) =
  local bold = '**%s**:' % mark;
  local at = [i for i in std.range(0, std.length(lines) - 1) if std.startsWith(lines[i], bold)];
  assert at != [] : 'docs/causes-and-divergences.md has no "%s" in: %s' % [mark, lines[1]];
  local rest = std.substr(lines[at[0]], std.length(bold) + 1, 1000);
  std.strReplace(if rest != '' then rest else std.substr(lines[at[0] + 2], 2, 1000), '\\*', '*');

// The sections of a chapter: what each is about, and what to do.
local chapter(title) =
  local begin = std.find('## ' + title, catalogue)[0];
  local following = [i for i in std.range(begin + 1, std.length(catalogue) - 1) if std.startsWith(catalogue[i], '## ')];
  local end = if following == [] then std.length(catalogue) else following[0];
  {
    [std.substr(catalogue[headings[k]], 4, 100)]: { meaning: section(k)[1], advice: marked(section(k), 'What to do') }
    for k in std.range(0, std.length(headings) - 1)
    if headings[k] > begin && headings[k] < end
  };

local field(sections, name) = { [word]: sections[word][name] for word in std.objectFields(sections) };
local causes = chapter('Causes');
local kinds = chapter('Divergences');
local dialect = chapter('Deviations of Linux');
local stuck = chapter('Stuck connections');

{
  // In the order of a connection's life; one colour each, on all dashboards. Blue opens, green talks,
  // amber closed first, violet closed second.
  states: [
    { name: 'listen', text: 'LISTEN', color: '#7d858d' },
    { name: 'syn_sent', text: 'SYN_SENT', color: '#79c0ff' },
    { name: 'new_syn_recv', text: 'NEW_SYN_RECV', color: '#4a90e2' },
    { name: 'syn_recv', text: 'SYN_RECV', color: '#1f6feb' },
    { name: 'established', text: 'ESTABLISHED', color: '#56d364' },
    { name: 'fin_wait1', text: 'FIN_WAIT1', color: '#f2cc60' },
    { name: 'fin_wait2', text: 'FIN_WAIT2', color: '#d29922' },
    { name: 'closing', text: 'CLOSING', color: '#db6d28' },
    { name: 'time_wait', text: 'TIME_WAIT', color: '#9e7a3c' },
    { name: 'close_wait', text: 'CLOSE_WAIT', color: '#bc8cff' },
    { name: 'last_ack', text: 'LAST_ACK', color: '#8957e5' },
    { name: 'close', text: 'CLOSED', color: '#6e7681' },
  ],
  // How connections end. Green is orderly; the warmer, the worse.
  endings: {
    fin: '#56d364',
    refused: '#e3b341',
    rst_sent: '#ff9a5c',
    rst_received: '#ff7b72',
    timeout: '#da3633',
    unreachable: '#bc8cff',
    silent: '#8b949e',
    unknown: '#6e7681',
    other: '#484f58',
  },
  verdicts: {
    conformant: '#56d364',
    deviation: '#e3b341',
    divergence: '#ff5c5c',
    unverified: '#79c0ff',
    gap: '#8b949e',
  },
  good: '#56d364',
  bad: '#ff5c5c',
  warn: '#e3b341',
  plain: '#79c0ff',
  faint: '#8b949e',

  // Value mappings from a label's value to what docs/ says of it.
  advice_on_causes: field(causes, 'advice'),
  meanings_of_kinds: field(kinds, 'meaning'),
  advice_on_kinds: field(kinds, 'advice'),
  meanings_of_deviations: field(dialect, 'meaning'),
  advice_on_deviations: field(dialect, 'advice'),
  advice_on_stuck: { [std.strReplace(word, 'stuck ', '')]: stuck[word].advice for word in std.objectFields(stuck) },
}
