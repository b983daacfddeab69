// SPDX-License-Identifier: MIT
// A data source for Grafana's runtime that speaks Prometheus' HTTP API and shapes what comes back as
// Grafana's own one does: a frame for each series, or one table for each query.
import { DataSourceApi, FieldType, LoadingState, createDataFrame } from '@grafana/data';
import { sceneGraph } from '@grafana/scenes';
import { from, map } from 'rxjs';

const SCRAPE_INTERVAL_S = 15;

function seconds(milliseconds) {
  return Math.max(1, Math.round(milliseconds / 1000));
}

function matcher(value) {
  const one = (text) => (text === '.+' ? text : String(text).replace(/[\\^$*+?.()|[\]{}]/g, '\\\\$&'));
  return Array.isArray(value) ? (value.length === 1 ? one(value[0]) : `(${value.map(one).join('|')})`) : one(value);
}

function interpolated(text, scopedVars) {
  const scene = scopedVars?.__sceneObject?.value?.valueOf?.() ?? scopedVars?.__sceneObject?.value;
  return scene ? sceneGraph.interpolate(scene, text, scopedVars, matcher) : text;
}

async function ask(path, parameters) {
  const answer = await fetch(`/prometheus/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = await answer.json();
  if (body.status !== 'success') {
    throw new Error(`${body.error}: ${parameters.query ?? path}`);
  }
  return body.data;
}

function number(text) {
  return text === 'NaN' ? NaN : text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
}

function legend(target, labels) {
  return target.legendFormat
    ? target.legendFormat.replace(/{{\s*(\w+)\s*}}/g, (_, name) => labels[name] ?? '')
    : Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(', ') || 'Value';
}

function series(target, result) {
  return result.map(({ metric, values, value }) => {
    const points = values ?? [value];
    const { __name__: _, ...labels } = metric;
    return createDataFrame({
      refId: target.refId,
      fields: [
        { name: 'Time', type: FieldType.time, values: points.map(([time]) => time * 1000) },
        { name: 'Value', type: FieldType.number, labels, config: { displayNameFromDS: legend(target, labels) }, values: points.map(([, text]) => number(text)) },
      ],
    });
  });
}

function table(target, result, several) {
  const labels = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))].filter((name) => name !== '__name__').sort();
  return createDataFrame({
    refId: target.refId,
    meta: { preferredVisualisationType: 'rawPrometheus' },
    fields: [
      { name: 'Time', type: FieldType.time, values: result.map(({ value }) => value[0] * 1000) },
      ...labels.map((name) => ({ name, type: FieldType.string, config: { filterable: true }, values: result.map(({ metric }) => metric[name] ?? '') })),
      { name: several ? `Value #${target.refId}` : 'Value', type: FieldType.number, values: result.map(({ value }) => number(value[1])) },
    ],
  });
}

async function answer(target, request) {
  const range = request.range;
  const step = Math.max(seconds(request.intervalMs), SCRAPE_INTERVAL_S);
  const expression = interpolated(target.expr, {
    ...request.scopedVars,
    __rate_interval: { value: `${Math.max(step + SCRAPE_INTERVAL_S, 4 * SCRAPE_INTERVAL_S)}s` },
    __range: { value: `${seconds(range.to.valueOf() - range.from.valueOf())}s` },
    __interval: { value: `${step}s` },
  });
  const result = target.instant
    ? await ask('query', { query: expression, time: seconds(range.to.valueOf()) })
    : await ask('query_range', { query: expression, start: seconds(range.from.valueOf()), end: seconds(range.to.valueOf()), step });
  return { target, result: result.result };
}

export class Prometheus extends DataSourceApi {
  constructor() {
    super({ uid: 'prometheus', name: 'Prometheus', type: 'prometheus', id: 1, meta: { id: 'prometheus', info: { logos: {} } }, jsonData: {}, access: 'proxy', readOnly: true });
    this.meta = { id: 'prometheus', info: { logos: {} } };
  }

  query(request) {
    return from(Promise.all(request.targets.map((target) => answer(target, request)))).pipe(
      map((answers) => {
        const tables = answers.filter(({ target, result }) => target.format === 'table' && result.length > 0);
        return {
          state: LoadingState.Done,
          data: answers.flatMap(({ target, result }) =>
            target.format !== 'table' ? series(target, result) : result.length > 0 ? [table(target, result, tables.length > 1)] : []
          ),
        };
      })
    );
  }

  async metricFindQuery(query, options) {
    const text = interpolated(query.query ?? query, options?.scopedVars);
    const [, metric, label] = text.match(/^label_values\((.+),\s*(\w+)\)$/s);
    const range = options?.range;
    const time = range ? { start: seconds(range.from.valueOf()), end: seconds(range.to.valueOf()) } : {};
    const found = await ask(`label/${label}/values`, { 'match[]': metric, ...time });
    return found.map((value) => ({ text: value }));
  }

  async testDatasource() {
    return { status: 'success', message: '' };
  }
}
