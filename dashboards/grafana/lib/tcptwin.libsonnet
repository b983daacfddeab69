// SPDX-License-Identifier: MIT
// Constructors for the dashboards of this folder: what Grafana wants, said once. A dashboard is a list
// of rows, a row a list of panels with their widths; ids and places follow from that.
local words = import 'words.libsonnet';
local datasource = { type: 'prometheus', uid: '${datasource}' };

local thresholds(steps) = {
  mode: 'absolute',
  // [[0, 'green'], [1, 'red']]: green, from 1 on red.
  steps: [{ color: steps[i][1], value: if i == 0 then null else steps[i][0] } for i in std.range(0, std.length(steps) - 1)],
};

local fixed(color) = { mode: 'fixed', fixedColor: color };

local panel(type, title, description, targets, unit) = {
  type: type,
  title: title,
  description: description,
  datasource: datasource,
  targets: [
    { refId: std.char(65 + i), datasource: datasource, editorMode: 'code' } + targets[i]
    for i in std.range(0, std.length(targets) - 1)
  ],
  transformations: [],
  fieldConfig: {
    defaults: { unit: unit, color: fixed(words.plain), thresholds: thresholds([[0, words.plain]]), mappings: [], links: [] },
    overrides: [],
  },
  options: {},
};

// A legend that leaves room for the lines.
local fitting(shown, width) =
  if shown.type != 'timeseries' || width > 8 then shown
  else if width > 6 then shown { options+: { legend+: { calcs: ['max'], sortBy: 'Max' } } }
  else shown { options+: { legend+: { displayMode: 'list', placement: 'bottom', calcs: [] } } };

local property(id, value) = { id: id, value: value };
local named(name, properties) = { matcher: { id: 'byName', options: name }, properties: properties };

{
  words: words,
  property: property,
  named: named,
  thresholds: thresholds,

  // Selectors of every metric: `{job=~"$job",instance=~"$instance"}` with more matchers before them.
  select(matchers='', others='job=~"$job",instance=~"$instance"'):: '{' + matchers + (if matchers == '' then '' else ',') + others + '}',

  // Queries. `over_time`: a line each; `now`: one value at the end of the range; `rows`: a table.
  over_time(expr, legend):: { expr: expr, legendFormat: legend, range: true, instant: false, format: 'time_series' },
  now(expr, legend=''):: { expr: expr, legendFormat: legend, range: false, instant: true, format: 'time_series' },
  rows(expr):: { expr: expr, legendFormat: '', range: false, instant: true, format: 'table' },

  // A number with its history behind it. `steps`: the thresholds that colour it.
  stat(title, description, expr, unit, steps, mappings=[], link=null, decimals=null)::
    panel('stat', title, description, [$.over_time(expr, title)], unit) + {
      fieldConfig+: { defaults+: {
        color: { mode: 'thresholds' },
        thresholds: thresholds(steps),
        mappings: mappings,
        [if decimals != null then 'decimals']: decimals,
        [if link != null then 'links']: [link],
      } },
      options: {
        graphMode: 'area',
        colorMode: 'background',
        textMode: 'value',
        justifyMode: 'center',
        orientation: 'auto',
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      },
    },

  // A number over the whole time range.
  total(title, description, expr, unit, steps, link=null)::
    $.stat(title, description, expr, unit, steps, [], link) + {
      targets: [{ refId: 'A', datasource: datasource, editorMode: 'code' } + $.now(expr, title)],
      options+: { graphMode: 'none' },
    },

  // Lines over time. `colors`: by the series' name.
  lines(title, description, targets, unit, colors={}, stacked=false, bars=false, calcs=['lastNotNull', 'max'], texts={})::
    panel('timeseries', title, description, targets, unit) + {
      fieldConfig: {
        defaults: {
          unit: unit,
          min: 0,
          color: { mode: 'palette-classic' },
          thresholds: thresholds([[0, words.plain]]),
          mappings: [],
          links: [],
          custom: {
            drawStyle: if bars then 'bars' else 'line',
            lineWidth: if bars then 0 else if stacked then 1 else 2,
            fillOpacity: if bars then 90 else if stacked then 60 else 8,
            lineInterpolation: 'linear',
            showPoints: 'never',
            spanNulls: false,
            stacking: { mode: if stacked || bars then 'normal' else 'none', group: 'A' },
          },
        },
        overrides: [
          named(name, [property('color', fixed(colors[name]))]
                      + (if std.objectHas(texts, name) then [property('displayName', texts[name])] else []))
          for name in std.objectFields(colors)
        ],
      },
      options: {
        legend: { displayMode: 'table', placement: 'right', showLegend: true, calcs: calcs, sortBy: 'Max', sortDesc: true },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
    },

  // A table of instant queries. `columns`: [[field, shown name, width or null, [properties]]] in their
  // order; any other field is hidden.
  table(title, description, targets, columns, unit='none', sort=null, hidden=[], first=[{ id: 'merge', options: {} }], cells='sm')::
    panel('table', title, description, targets, unit) + {
      transformations: first + [{
        id: 'organize',
        options: {
          excludeByName: { [name]: true for name in ['Time'] + hidden },
          indexByName: { [columns[i][0]]: i for i in std.range(0, std.length(columns) - 1) },
          renameByName: { [column[0]]: column[1] for column in columns },
        },
      }],
      fieldConfig+: {
        defaults+: { color: { mode: 'thresholds' }, custom: { align: 'auto', cellOptions: { type: 'auto' } } },
        overrides: [
          named(column[1], (if column[2] == null then [] else [property('custom.width', column[2])]) + column[3])
          for column in columns
          if column[2] != null || column[3] != []
        ],
      },
      options: {
        showHeader: true,
        cellHeight: cells,
        sortBy: if sort == null then [] else [{ displayName: sort, desc: true }],
      },
    },

  bars(title, description, target, unit, steps, link=null)::
    panel('bargauge', title, description, [target], unit) + {
      fieldConfig+: { defaults+: {
        min: 0,
        color: { mode: 'thresholds' },
        thresholds: thresholds(steps),
        [if link != null then 'links']: [link],
      } },
      options: {
        displayMode: 'basic',
        orientation: 'horizontal',
        showUnfilled: true,
        valueMode: 'color',
        namePlacement: 'left',
        minVizHeight: 16,
        minVizWidth: 8,
        maxVizHeight: 26,
        sizing: 'auto',
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      },
    },

  // Rows in which any of these columns is above 0.
  only_above(columns):: {
    id: 'filterByValue',
    options: {
      type: 'include',
      match: 'any',
      filters: [
        { fieldName: column, config: { id: 'greater', options: { value: 0 } } }
        for column in if std.isArray(columns) then columns else [columns]
      ],
    },
  },

  // Properties of a table's columns.
  unit(name, decimals=null):: [property('unit', name)] + (if decimals == null then [] else [property('decimals', decimals)]),
  tinted(steps):: [property('custom.cellOptions', { type: 'color-background', mode: 'basic' }), property('thresholds', thresholds(steps))],
  colored_text(steps):: [property('custom.cellOptions', { type: 'color-text' }), property('thresholds', thresholds(steps))],
  bar(color):: [property('custom.cellOptions', { type: 'gauge', mode: 'basic' }), property('color', fixed(color)), property('min', 0), property('fieldMinMax', true)],
  mapped(texts, colors={}):: [property('mappings', [{
    type: 'value',
    options: {
      [value]: { index: 0, text: texts[value] } + (if std.objectHas(colors, value) then { color: colors[value] } else {})
      for value in std.objectFields(texts)
    },
  }])],
  // Two lines, in a table of large cells.
  wrapped:: [property('custom.cellOptions', { type: 'auto', wrapText: true }), property('custom.wrapText', true)],
  link_to(link):: [property('links', [link])],

  state_names:: { [state.name]: state.text for state in words.states },
  state_colors:: { [state.name]: state.color for state in words.states },

  // A link to another of these dashboards that keeps the time range and the choice of hosts.
  link(title, dashboard, more=''):: {
    title: title,
    url: '/d/tcptwin-' + dashboard + '?${__url_time_range}&${datasource:queryparam}&${job:queryparam}' + more,
  },

  variable(name, metric):: {
    name: name,
    label: name,
    type: 'query',
    datasource: datasource,
    query: { query: 'label_values(%s, %s)' % [metric, name], refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.+',
    hide: 0,
    regex: '',
    options: [],
    current: { text: ['All'], value: ['$__all'] },
  },

  // All jobs are those of tcptwin, one by one: up and process_... are metrics of everybody's jobs.
  jobs:: std.mergePatch($.variable('job', 'tcptwin_build_info'), { allValue: null }),

  // A row of panels: [[panel, width], ...], all of one height; their widths make 24.
  row(title, height, panels):: { title: title, height: height, panels: panels },

  dashboard(id, title, description, rows, variables=[]):: {
    local place(state, row) =
      local header = if row.title == '' then [] else [{
        type: 'row',
        title: row.title,
        id: state.id,
        collapsed: false,
        panels: [],
        gridPos: { x: 0, y: state.y, w: 24, h: 1 },
      }];
      local y = state.y + std.length(header);
      local id = state.id + std.length(header);
      local widths = [shown[1] for shown in row.panels];
      assert std.foldl(function(a, b) a + b, widths, 0) == 24 : 'the panels of "%s" in %s do not make 24' % [row.title, title];
      {
        id: id + std.length(row.panels),
        y: y + row.height,
        panels: state.panels + header + [
          fitting(row.panels[i][0], widths[i]) {
            id: id + i,
            gridPos: { x: std.foldl(function(a, b) a + b, widths[0:i], 0), y: y, w: widths[i], h: row.height },
          }
          for i in std.range(0, std.length(row.panels) - 1)
        ],
      },
    uid: 'tcptwin-' + id,
    title: 'tcptwin / ' + title,
    description: description,
    tags: ['tcptwin'],
    schemaVersion: 41,
    editable: false,
    graphTooltip: 1,
    fiscalYearStartMonth: 0,
    liveNow: false,
    preload: false,
    refresh: '30s',
    timezone: 'browser',
    weekStart: '',
    time: { from: 'now-1h', to: 'now' },
    timepicker: {},
    annotations: { list: [] },
    links: [{
      type: 'dashboards',
      title: 'tcptwin',
      tags: ['tcptwin'],
      asDropdown: false,
      includeVars: true,
      keepTime: true,
      targetBlank: false,
      icon: 'external link',
      tooltip: '',
      url: '',
    }, {
      type: 'link',
      title: 'RFC 9293',
      url: 'https://www.rfc-editor.org/rfc/rfc9293#section-3.3.2',
      tags: [],
      asDropdown: false,
      includeVars: false,
      keepTime: false,
      targetBlank: true,
      icon: 'doc',
      tooltip: 'The state machine that everything here is held against',
    }],
    templating: { list: [{
      name: 'datasource',
      label: 'Data source',
      type: 'datasource',
      query: 'prometheus',
      refresh: 1,
      multi: false,
      includeAll: false,
      hide: 0,
      regex: '',
      options: [],
      current: { text: '', value: '' },
    }, $.jobs, $.variable('instance', 'tcptwin_build_info{job=~"$job"}')] + variables },
    panels: std.foldl(place, rows, { id: 1, y: 0, panels: [] }).panels,
  },
}
