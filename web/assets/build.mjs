// Builds everything that is JavaScript or CSS: `npm ci && npm run build`.
//
//   engine/bpmn/js/dist/feel.js   FEEL for the server, one classic script run inside quickjs
//   web/static/dist/              what browsers load: hashed names, shared chunks, manifest.json
//
// manifest.json maps an entry to its files: {"viewer": {"js": "viewer-ABC.js", "css": "viewer-DEF.css", "imports": ["chunk-….js"]}}

import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

import { strictFeelin } from '../../engine/bpmn/js/strict-feelin.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');

async function server() {
  await build({
    absWorkingDir: root,
    entryPoints: ['engine/bpmn/js/server.js'],
    outfile: 'engine/bpmn/js/dist/feel.js',
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    plugins: [strictFeelin],
    // quickjs has no Intl; feelin needs it for named time zones only, and we use offsets
    banner: { js: 'globalThis.Intl ??= { DateTimeFormat: class { constructor() { throw new RangeError("no named time zones"); } } };' },
    legalComments: 'eof',
    logLevel: 'warning',
  });
}

await server();
