// SPDX-License-Identifier: MIT
// How the page of render.mjs is put together; the paths come from it.
import { defineConfig } from 'vite';

export default defineConfig({
  logLevel: 'warn',
  define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}', global: 'globalThis' },
  // Some packages still ask for the router's former name.
  resolve: { alias: { 'react-router-dom-v5-compat': 'react-router-dom' }, dedupe: ['react', 'react-dom', '@grafana/data', '@grafana/runtime', '@grafana/ui'] },
  build: { minify: false, target: 'es2022', chunkSizeWarningLimit: 100000, reportCompressedSize: false, rollupOptions: { shimMissingExports: true } },
});
