// SPDX-License-Identifier: MIT
// The panels of the dashboards, made of Grafana's own components. Grafana's server brings its panels itself;
// the library has what they are made of.
import {
  EventBusSrv,
  FieldColorModeId,
  PanelPlugin,
  booleanOverrideProcessor,
  cacheFieldDisplayNames,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  getFieldDisplayValues,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';
import { sceneUtils } from '@grafana/scenes';
import { BarGauge, BigValue, PanelContextProvider, TimeSeries, VizRepeater, usePanelContext, useTheme2 } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import React from 'react';

const standard = {
  unit: unitOverrideProcessor,
  min: numberOverrideProcessor,
  max: numberOverrideProcessor,
  decimals: numberOverrideProcessor,
  displayName: displayNameOverrideProcessor,
  color: identityOverrideProcessor,
  noValue: stringOverrideProcessor,
  links: dataLinksOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
  thresholds: thresholdsOverrideProcessor,
  filterable: booleanOverrideProcessor,
  fieldMinMax: booleanOverrideProcessor,
};

export function registerFields() {
  standardFieldConfigEditorRegistry.setInit(() =>
    Object.entries(standard).map(([id, process]) => ({
      id,
      path: id,
      name: id,
      description: '',
      editor: () => null,
      override: () => null,
      process,
      shouldApply: () => true,
      settings: {},
      getItemsCount: () => 0,
    }))
  );
  const known = new Map();
  for (const transformation of Object.values(standardTransformers)) {
    known.set(transformation.id, { id: transformation.id, name: transformation.name, transformation, editor: () => null });
  }
  standardTransformersRegistry.setInit(() => [...known.values()]);
}

const custom = {
  timeseries: {
    drawStyle: 'line', lineWidth: 1, fillOpacity: 0, lineInterpolation: 'linear', showPoints: 'never', spanNulls: false,
    stacking: { mode: 'none', group: 'A' }, axisPlacement: 'auto', axisLabel: '', axisColorMode: 'text', scaleDistribution: { type: 'linear' },
    gradientMode: 'none', barAlignment: 0, pointSize: 5, hideFrom: { legend: false, tooltip: false, viz: false }, thresholdsStyle: { mode: 'off' },
    barWidthFactor: 0.9, insertNulls: false, axisBorderShow: false, axisCenteredZero: false,
  },
  table: { width: undefined, minWidth: undefined, align: 'auto', cellOptions: { type: 'auto' }, inspect: false, wrapText: false, wrapHeaderText: false },
};

function plugin(id, view) {
  const made = new PanelPlugin(view).useFieldConfig({
    standardOptions: { color: { defaultValue: { mode: FieldColorModeId.Thresholds } } },
    useCustomConfig: (builder) => {
      for (const [name, value] of Object.entries(custom[id] ?? {})) {
        builder.addCustomEditor({
          id: name, path: name, name, description: '', editor: () => null, override: () => null,
          process: identityOverrideProcessor, shouldApply: () => true, defaultValue: value,
        });
      }
    },
  });
  made.meta = { id, name: id, info: { logos: {}, author: {} }, module: '', baseUrl: '', type: 'panel', sort: 0 };
  sceneUtils.registerRuntimePanelPlugin({ pluginId: id, plugin: made });
}

const events = new EventBusSrv();

function TimeSeriesPanel({ data, options, width, height, timeRange, timeZone }) {
  const context = usePanelContext();
  return (
    <PanelContextProvider value={{ ...context, eventsScope: 'panel', eventBus: context.eventBus ?? events }}>
      <TimeSeries frames={data.series} structureRev={data.structureRev} timeRange={timeRange} timeZone={timeZone} width={width} height={height} legend={options.legend} options={options} />
    </PanelContextProvider>
  );
}

function useDisplayValues({ data, options, fieldConfig, replaceVariables, timeZone }, sparkline) {
  const theme = useTheme2();
  return getFieldDisplayValues({ fieldConfig, reduceOptions: options.reduceOptions, replaceVariables, theme, data: data.series, sparkline, timeZone });
}

function StatPanel(props) {
  const { options, width, height } = props;
  const theme = useTheme2();
  const values = useDisplayValues(props, options.graphMode !== 'none');
  return (
    <VizRepeater
      source={props.data}
      getValues={() => values}
      renderValue={({ value: { display, sparkline }, width: each, height: high }) => (
        <BigValue value={display} sparkline={sparkline} colorMode={options.colorMode} graphMode={options.graphMode} justifyMode={options.justifyMode} textMode={options.textMode} width={each} height={high} theme={theme} />
      )}
      width={width}
      height={height}
      renderCounter={props.renderCounter}
      autoGrid
      orientation="auto"
    />
  );
}

function BarGaugePanel(props) {
  const { options, width, height } = props;
  const theme = useTheme2();
  const values = useDisplayValues(props, false);
  return (
    <VizRepeater
      source={props.data}
      getValues={() => values}
      renderValue={({ value, width: each, height: high, alignmentFactors, orientation }) => (
        <BarGauge value={value.display} field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex)} width={each} height={high} orientation={orientation} alignmentFactors={alignmentFactors} displayMode={options.displayMode} showUnfilled={options.showUnfilled} valueDisplayMode={options.valueMode} namePlacement={options.namePlacement} theme={theme} itemSpacing={6} />
      )}
      width={width}
      height={height}
      minVizHeight={options.minVizHeight}
      maxVizHeight={options.maxVizHeight}
      minVizWidth={options.minVizWidth}
      itemSpacing={6}
      renderCounter={props.renderCounter}
      orientation={options.orientation}
    />
  );
}

function TablePanel({ data, options, width, height, timeRange, fieldConfig }) {
  const frame = data.series[0];
  if (!frame || frame.length === 0) {
    return <div style={{ color: '#8b949e', padding: 12 }}>{fieldConfig.defaults.noValue ?? 'No data'}</div>;
  }
  cacheFieldDisplayNames(data.series);
  return <TableNG data={frame} width={width} height={height} initialSortBy={options.sortBy} cellHeight={options.cellHeight} noHeader={!options.showHeader} structureRev={data.structureRev} timeRange={timeRange} fieldConfig={fieldConfig} enableVirtualization={false} />;
}

export function registerPanels() {
  plugin('timeseries', TimeSeriesPanel);
  plugin('stat', StatPanel);
  plugin('bargauge', BarGaugePanel);
  plugin('table', TablePanel);
  plugin('row', () => null);
}
