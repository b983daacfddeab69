// SPDX-License-Identifier: MIT
// render.mjs PAGE DASHBOARDS PICTURES PROMETHEUS END [NAME...]: draws each dashboard's hour up to END in
// headless Chromium; fails on an error of the page, a panel in error, or a panel that shows nothing.
import { createServer, request as forward } from 'node:http';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { chromium } from 'playwright-core';

const [page, dashboards, pictures, prometheus, end, ...only] = process.argv.slice(2);
const WIDTH = 1680;
const PATIENCE_MS = 90_000;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml' };
// What a picture shows: the host with the trouble, or all of them.
const CHOSEN = { overview: 'web-2', connections: 'web-2', service: 'web-2' };

// The page, the dashboards' JSON, and Prometheus under /prometheus/, from one address.
function serve() {
  const server = createServer(async (asked, answer) => {
    const { pathname, search } = new URL(asked.url, 'http://here');
    if (pathname.startsWith('/prometheus/')) {
      forward(prometheus + pathname.slice('/prometheus'.length) + search, (got) => {
        answer.writeHead(got.statusCode, got.headers);
        got.pipe(answer);
      }).on('error', (failed) => answer.writeHead(502).end(String(failed))).end();
      return;
    }
    const path = pathname.startsWith('/dashboard/') ? join(dashboards, normalize(pathname.slice(11))) : join(page, normalize(pathname === '/' ? 'index.html' : pathname));
    try {
      const body = await readFile(path);
      answer.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(body);
    } catch {
      answer.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

// What is wrong with the panels: in error, still loading, or without any data.
function wrong(panels) {
  return panels.flatMap(({ title, state, error, rows }) => {
    if (error || state === 'Error') {
      return [`'${title}': ${error ?? 'error'}`];
    }
    return state !== 'Done' ? [`'${title}' is ${state ?? 'not drawn'}`] : rows === 0 ? [`'${title}' shows nothing`] : [];
  });
}

async function draw(browser, address, name) {
  const { panels, templating } = JSON.parse(await readFile(join(dashboards, `${name}.json`), 'utf8'));
  const height = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * 38 + 120;
  const tab = await browser.newPage({ viewport: { width: WIDTH, height }, timezoneId: 'UTC', locale: 'en-GB' });
  const failures = [];
  tab.on('pageerror', (failed) => failed.message.includes('ResizeObserver') || failures.push(failed.message));
  const chosen = templating.list.some(({ name: variable }) => variable === 'instance') && CHOSEN[name];
  const query = new URLSearchParams({ dashboard: name, from: end * 1000 - 3_600_000, to: end * 1000, ...(chosen && { 'var-instance': chosen }) });
  await tab.goto(`${address}/?${query}`);
  const settled = () => {
    const all = window.panels?.() ?? [];
    return window.failures?.length > 0 || (all.length > 0 && all.every(({ state, error }) => error || state === 'Done' || state === 'Error'));
  };
  await tab.waitForFunction(settled, null, { timeout: PATIENCE_MS }).catch(() => {});
  await tab.waitForTimeout(1500); // uPlot and the tables draw in animation frames of their own
  failures.push(...(await tab.evaluate(() => window.failures)), ...wrong(await tab.evaluate(() => window.panels?.() ?? [])));
  for (const details of await tab.locator('details').allTextContents()) {
    failures.push(details.split('\n')[0]); // what Grafana shows in place of a panel that broke
  }
  await tab.screenshot({ path: join(pictures, `${name}.png`) });
  await tab.close();
  return [...new Set(failures)];
}

// Until Prometheus has opened what it holds.
async function awaitPrometheus() {
  for (const begun = Date.now(); ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const ready = await fetch(`${prometheus}/-/ready`).catch(() => null);
    if (ready?.ok) {
      return;
    }
    if (Date.now() - begun > PATIENCE_MS) {
      throw new Error(`no Prometheus at ${prometheus}`);
    }
  }
}

await awaitPrometheus();
const server = await serve();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] });
let failed = 0;
try {
  const names = (await readdir(dashboards)).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5)).sort();
  for (const name of names.filter((each) => only.length === 0 || only.includes(each))) {
    const failures = await draw(browser, `http://127.0.0.1:${server.address().port}`, name);
    failures.forEach((what) => console.error(`${name}: ${what}`));
    console.error(failures.length > 0 ? `${name}: FAILED` : `${name}: drawn`);
    failed += failures.length;
  }
} finally {
  await browser.close();
  server.close();
}
process.exitCode = failed > 0 ? 1 : 0;
