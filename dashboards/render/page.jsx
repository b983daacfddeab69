// SPDX-License-Identifier: MIT
// Draws one dashboard's JSON with Grafana's runtime, and tells render.mjs in window.panels how each panel is.
import { LoadingState, createTheme } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { config, setDataSourceSrv, setEchoSrv, setPluginImportUtils, setRunRequest } from '@grafana/runtime';
import {
  DataSourceVariable, EmbeddedScene, QueryVariable, SceneControlsSpacer, SceneDataTransformer, SceneGridItem, SceneGridLayout,
  SceneQueryRunner, SceneRefreshPicker, SceneTimePicker, SceneTimeRange, SceneVariableSet, VariableValueSelectors, VizPanel,
} from '@grafana/scenes';
import { ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { HashRouter } from 'react-router-dom';
import { from, map } from 'rxjs';

import { registerFields, registerPanels } from './panels';
import { Prometheus } from './prometheus';

window.failures = [];
window.addEventListener('error', ({ message }) => window.failures.push(message));
window.addEventListener('unhandledrejection', ({ reason }) => window.failures.push(String(reason?.message ?? reason)));

function prepareRuntime() {
  const source = new Prometheus();
  const settings = { ...source.instanceSettings, uid: 'prometheus', name: 'Prometheus', type: 'prometheus', isDefault: true, meta: source.meta };
  setDataSourceSrv({ get: async () => source, getList: () => [settings], getInstanceSettings: () => settings, reload: () => {} });
  setRunRequest((queried, request) =>
    from(queried.query(request)).pipe(map(({ data, state }) => ({ state: state ?? LoadingState.Done, series: data, annotations: [], timeRange: request.range, request })))
  );
  setEchoSrv({ addEvent: () => {}, addBackend: () => {}, flush: () => {} });
  setPluginImportUtils({ importPanelPlugin: async (id) => { throw new Error(`no panel '${id}' here`); }, getPanelPluginFromCache: () => undefined });
  registerFields();
  registerPanels();
}

function variable(described) {
  const chosen = new URLSearchParams(window.location.search).get(`var-${described.name}`);
  const shared = { name: described.name, label: described.label };
  if (described.type === 'datasource') {
    return new DataSourceVariable({ ...shared, pluginId: described.query });
  }
  return new QueryVariable({
    ...shared, datasource: described.datasource, query: described.query, isMulti: described.multi, includeAll: described.includeAll,
    allValue: described.allValue, sort: described.sort, refresh: described.refresh,
    ...(chosen ? { value: [chosen], text: [chosen] } : { value: described.current.value, text: described.current.text }),
  });
}

function panel(described) {
  const queried = new SceneQueryRunner({ queries: described.targets, datasource: described.datasource, minInterval: '15s' });
  return new VizPanel({
    key: `panel-${described.id}`, pluginId: described.type, title: described.title, description: described.description,
    options: described.options, fieldConfig: described.fieldConfig,
    $data: new SceneDataTransformer({ $data: queried, transformations: described.transformations }),
  });
}

function rowTitle({ title, gridPos }) {
  return new SceneGridItem({ ...grid(gridPos), body: new VizPanel({ pluginId: 'row', title, options: {}, fieldConfig: { defaults: {}, overrides: [] }, displayMode: 'transparent' }) });
}

function grid({ x, y, w, h }) {
  return { x, y, width: w, height: h, isResizable: false, isDraggable: false };
}

function state(shown) {
  const { data } = shown.state.$data.state;
  return {
    title: shown.state.title,
    state: data?.state,
    error: shown.state._pluginLoadError ?? data?.errors?.[0]?.message ?? data?.error?.message,
    series: data?.series.length ?? 0,
    rows: data?.series.reduce((sum, frame) => sum + frame.length, 0) ?? 0,
  };
}

async function main() {
  const parameters = new URLSearchParams(window.location.search);
  const described = await (await fetch(`/dashboard/${parameters.get('dashboard')}.json`)).json();
  const panels = described.panels.filter(({ type }) => type !== 'row').map((each) => [panel(each), each.gridPos]);
  const scene = new EmbeddedScene({
    $timeRange: new SceneTimeRange({ from: new Date(Number(parameters.get('from'))).toISOString(), to: new Date(Number(parameters.get('to'))).toISOString(), timeZone: 'utc' }),
    $variables: new SceneVariableSet({ variables: described.templating.list.map(variable) }),
    controls: [new VariableValueSelectors({}), new SceneControlsSpacer(), new SceneTimePicker({}), new SceneRefreshPicker({})],
    body: new SceneGridLayout({
      children: [
        ...panels.map(([body, place]) => new SceneGridItem({ ...grid(place), body })),
        ...described.panels.filter(({ type }) => type === 'row').map(rowTitle),
      ],
    }),
  });
  window.panels = () => panels.map(([each]) => state(each));
  const theme = createTheme({ colors: { mode: parameters.get('theme') ?? 'dark' } });
  config.theme2 = theme;
  createRoot(document.getElementById('root')).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <HashRouter>
        <div style={{ padding: 12, background: theme.colors.background.canvas, minHeight: '100vh' }}>
          <h3 style={{ margin: '0 8px 4px', color: theme.colors.text.primary, font: '500 18px Inter, sans-serif' }}>{described.title}</h3>
          <scene.Component model={scene} />
        </div>
        <PortalContainer />
      </HashRouter>
    </ThemeContext.Provider>
  );
}

prepareRuntime();
initPluginTranslations('grafana')
  .then(main)
  .catch((failed) => window.failures.push(`${failed.stack ?? failed}`));
