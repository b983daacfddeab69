// SPDX-License-Identifier: MIT
// Does a dashboard have the shape that Grafana's own types give it, the options of each kind of panel included?
import Ajv from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';

const TYPES = 'node_modules/@grafana/schema/dist/types/raw';
const ajv = new Ajv({ strict: false, allErrors: true });
const made = new Map();

function validator(path, type) {
  const key = `${path} ${type}`;
  if (!made.has(key)) {
    const generator = createGenerator({ path: `${TYPES}/${path}/x/types.gen.d.ts`, type, skipTypeCheck: true, additionalProperties: false });
    made.set(key, ajv.compile(generator.createSchema(type)));
  }
  return made.get(key);
}

// What is wrong, in words. `needs`: whether what has a default may not be left out.
function wrong(valid, value, where, needs) {
  valid(value);
  const errors = (valid.errors ?? []).filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'oneOf' && (needs || keyword !== 'required'));
  return errors.map(({ instancePath, message, params }) => `${where}${instancePath} ${message} ${JSON.stringify(params)}`);
}

export function misshapes(dashboard) {
  const found = wrong(validator('dashboard', 'Dashboard'), dashboard, '', true);
  for (const { type, title, options, fieldConfig } of dashboard.panels.filter((panel) => panel.type !== 'row')) {
    const path = `composable/${type}/panelcfg`;
    found.push(...wrong(validator(path, 'Options'), options, `panel '${title}', options`, false));
    if (type === 'timeseries' || type === 'table') {
      found.push(...wrong(validator(path, 'FieldConfig'), fieldConfig.defaults.custom, `panel '${title}', custom`, false));
    }
  }
  return found;
}
