// SPDX-License-Identifier: MIT
// The rules of Grafana's dashboard linter, as far as they concern Prometheus, and a few of our own. Each takes
// a dashboard and yields what is wrong with it.
import { parser } from '@prometheus-io/lezer-promql';

const COUNTING = new Set(['Rate', 'Irate', 'Increase']);

// PromQL as Prometheus gets it, of the same length, so that places in it still hold.
export function filled(expression) {
  return expression.replace(/\[\$(__rate_interval|__range)\]/g, (all) => `[${'5m'.padStart(all.length - 2, ' ')}]`);
}

export function queries(dashboard) {
  return dashboard.panels.flatMap((panel) => (panel.targets ?? []).map((target) => ({ panel, target, where: `panel '${panel.title}', query ${target.refId}` })));
}

// Each vector selector with its text, its metric, and the function it is handed to.
function selectors(expression) {
  const found = [];
  parser.parse(filled(expression)).iterate({
    enter({ name, node, from, to }) {
      if (name === 'VectorSelector') {
        let around = node.parent;
        while (around && around.name !== 'FunctionCall') {
          around = around.parent;
        }
        const called = around?.getChild('FunctionIdentifier')?.firstChild?.name;
        const text = expression.slice(from, to);
        found.push({ text, metric: text.split('{')[0], called });
      }
    },
  });
  return found;
}

function parses(expression) {
  let right = true;
  parser.parse(filled(expression)).iterate({ enter: ({ type }) => { right &&= !type.isError; } });
  return right;
}

const isShown = (panel) => panel.type !== 'row';

export const RULES = {
  *'the data source can be chosen'({ templating }) {
    const found = templating.list.find(({ name }) => name === 'datasource');
    if (found?.type !== 'datasource' || found.query !== 'prometheus' || found.label !== 'Data source') {
      yield "no variable 'datasource' of the type datasource, for prometheus, labelled 'Data source'";
    }
  },
  // The linter wants '.+' for all jobs, too. But up and process_... are metrics of everybody's jobs: all of
  // them are those that the variable lists.
  *'job and instance can be chosen'({ templating }) {
    for (const [wanted, all] of [['job', undefined], ['instance', '.+']]) {
      const found = templating.list.find(({ name }) => name === wanted);
      if (found?.type !== 'query' || found.label !== wanted || !found.multi || !found.includeAll || found.allValue !== all) {
        yield `no variable '${wanted}': a query, labelled so, of several values and all of them (${all ?? 'one by one'})`;
      }
    }
  },
  *'variables follow the time range and the data source'({ templating }) {
    for (const { name, type, refresh, datasource } of templating.list) {
      if (type === 'query' && (refresh !== 2 || datasource?.uid !== '${datasource}')) {
        yield `variable '${name}' is not refreshed with the time range, or not from \${datasource}`;
      }
    }
  },
  *'variables are PromQL'({ templating }) {
    for (const { name, type, query } of templating.list) {
      const metric = type === 'query' && /^label_values\((.+), \w+\)$/.exec(query.query)?.[1];
      if (type === 'query' && !(metric && parses(metric))) {
        yield `variable '${name}': not label_values(METRIC, LABEL): ${query.query}`;
      }
    }
  },
  *'panels have title, description and unit'({ panels }) {
    for (const { title, description, fieldConfig } of panels.filter(isShown)) {
      if (!title || !description || !fieldConfig?.defaults?.unit) {
        yield `panel '${title}' lacks a title, a description or a unit`;
      }
    }
  },
  *'panels ask the chosen data source'({ panels }) {
    for (const { title, datasource, targets } of panels.filter(isShown)) {
      if (!targets?.length) {
        yield `panel '${title}' asks nothing`;
      }
      if ([datasource, ...(targets ?? []).map((target) => target.datasource)].some((asked) => asked?.uid !== '${datasource}')) {
        yield `panel '${title}' asks a data source that cannot be chosen`;
      }
    }
  },
  *'queries are PromQL'(dashboard) {
    for (const { target, where } of queries(dashboard)) {
      if (!parses(target.expr)) {
        yield `${where} does not parse: ${target.expr}`;
      }
    }
  },
  *'queries choose by job and instance'(dashboard) {
    for (const { target, where } of queries(dashboard)) {
      for (const { text } of selectors(target.expr)) {
        if (!text.includes('job=~"$job"') || !text.includes('instance=~"$instance"')) {
          yield `${where}: ${text} lacks job=~"$job" or instance=~"$instance"`;
        }
      }
    }
  },
  // The linter wants $__rate_interval everywhere. A table or a number over the whole time range is asked once, and
  // counts with increase(...[$__range]): that is meant.
  *'rates take $__rate_interval, or all of the time range where asked once'(dashboard) {
    for (const { target, where } of queries(dashboard)) {
      const allowed = target.instant ? ['$__range'] : ['$__rate_interval'];
      for (const [, range] of target.expr.matchAll(/\[([^\]]+)\]/g)) {
        if (!allowed.includes(range)) {
          yield `${where}: [${range}] is not [${allowed[0]}]`;
        }
      }
    }
  },
  *'counters are counted'(dashboard) {
    for (const { target, where } of queries(dashboard)) {
      for (const { metric, called } of selectors(target.expr)) {
        if (/_(total|bucket|count|sum)$/.test(metric) && !COUNTING.has(called)) {
          yield `${where}: ${metric} is not in rate() or increase()`;
        }
      }
    }
  },
  *'nobody edits what is generated'({ editable }) {
    if (editable !== false) {
      yield 'editable is not false';
    }
  },
  *'panels have places and numbers of their own'({ panels }) {
    const taken = new Map();
    for (const { id, title, gridPos } of panels) {
      const cells = [...Array(gridPos.h)].flatMap((_, y) => [...Array(gridPos.w)].map((__, x) => `${gridPos.x + x},${gridPos.y + y}`));
      for (const key of [`number ${id}`, ...cells]) {
        if (taken.has(key)) {
          yield `panels '${title}' and '${taken.get(key)}' share ${key}`;
          break;
        }
        taken.set(key, title);
      }
      if (gridPos.x + gridPos.w > 24) {
        yield `panel '${title}' ends right of the page`;
      }
    }
  },
};

export function violations(dashboard, dashboards) {
  const found = Object.values(RULES).flatMap((rule) => [...rule(dashboard)]);
  const known = new Set(dashboards.map(({ uid }) => uid));
  for (const [, uid] of JSON.stringify(dashboard).matchAll(/"\/d\/([\w-]+)/g)) {
    if (!known.has(uid)) {
      found.push(`a link leads to ${uid}, which does not exist`);
    }
  }
  return found;
}
