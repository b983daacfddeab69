// SPDX-License-Identifier: MIT
// check.mjs FILE...: are these dashboards what Grafana reads, and do they keep the rules? Then plants each
// violation into a copy, to see that it would have been found.
import { readFileSync } from 'node:fs';
import { violations } from './rules.mjs';
import { misshapes } from './schema.mjs';

const dashboards = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')));
const complaints = (dashboard) => [...misshapes(dashboard), ...violations(dashboard, dashboards)];

const first = (dashboard, type) => dashboard.panels.find((panel) => panel.type === type);
const variable = (dashboard, wanted) => dashboard.templating.list.find(({ name }) => name === wanted);
const query = (dashboard, change) => { const { targets } = first(dashboard, 'timeseries'); targets[0].expr = change(targets[0].expr); };
const PLANTED = {
  'additional properties': (d) => { first(d, 'stat').tragets = []; },
  'must be number': (d) => { first(d, 'stat').gridPos.w = '3'; },
  'must be equal to one of the allowed values': (d) => { first(d, 'stat').fieldConfig.defaults.thresholds.mode = 'absolut'; },
  'options must NOT have additional properties': (d) => { first(d, 'table').options.showHead = true; },
  'custom must NOT have additional properties': (d) => { first(d, 'timeseries').fieldConfig.defaults.custom.fillOpac = 1; },
  "no variable 'datasource'": (d) => { variable(d, 'datasource').label = 'source'; },
  "no variable 'job'": (d) => { variable(d, 'job').allValue = '.+'; },
  "no variable 'instance'": (d) => { variable(d, 'instance').allValue = '.*'; },
  'not refreshed': (d) => { variable(d, 'job').refresh = 1; },
  'not label_values': (d) => { variable(d, 'job').query.query = 'label_values(up{, job)'; },
  'lacks a title': (d) => { first(d, 'stat').description = ''; },
  'or a unit': (d) => { first(d, 'stat').fieldConfig.defaults.unit = ''; },
  'asks nothing': (d) => { first(d, 'stat').targets = []; },
  'cannot be chosen': (d) => { first(d, 'stat').datasource.uid = 'abc'; },
  'does not parse': (d) => query(d, (text) => `${text})`),
  'lacks job': (d) => query(d, (text) => text.replace('job=~"$job",', '')),
  'is not [$__rate_interval]': (d) => query(d, (text) => text.replace('$__rate_interval', '5m')),
  'is not in rate()': (d) => query(d, () => 'sum(tcptwin_events_lost_total{job=~"$job",instance=~"$instance"})'),
  'editable is not false': (d) => { d.editable = true; },
  'share number': (d) => { d.panels[1].id = d.panels[0].id; },
  'share 0,0': (d) => { d.panels[1].gridPos.x = 0; },
  'right of the page': (d) => { d.panels[0].gridPos.x = 23; },
  'which does not exist': (d) => { first(d, 'stat').fieldConfig.defaults.links = [{ title: 'x', url: '/d/tcptwin-nothing?' }]; },
};

let failed = 0;
function complain(text) {
  console.log(text);
  failed += 1;
}
for (const dashboard of dashboards) {
  complaints(dashboard).forEach((text) => complain(`${dashboard.uid}: ${text}`));
}
for (const [expected, plant] of Object.entries(PLANTED)) {
  const copy = structuredClone(dashboards.find(({ uid }) => uid === 'tcptwin-overview'));
  plant(copy);
  if (!complaints(copy).some((text) => text.includes(expected))) {
    complain(`planted, and not found: '${expected}'; found: ${JSON.stringify(complaints(copy))}`);
  }
}
console.log(failed > 0 ? `${failed} complaints` : `ok: ${dashboards.length} dashboards; each of ${Object.keys(PLANTED).length} planted violations is found`);
process.exitCode = failed > 0 ? 1 : 0;
