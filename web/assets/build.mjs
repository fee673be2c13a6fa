// Builds everything that is JavaScript or CSS: `npm ci && npm run build`.
//
//   engine/bpmn/js/dist/feel.js   FEEL for the server, one classic script run inside quickjs
//   web/static/dist/              what browsers load: hashed names, shared chunks, manifest.json
//   web/static/dist/fonts/        the Chinese serif of the documents (PDF), with its licence; no page loads it
//
// LICENSES.txt beside it holds the licences of what was bundled. manifest.json maps an entry to its files: {"app": {"js": "app-ABC.js", "css": "app-DEF.css"}, "viewer": {…}, "form": {…}}.
// Pages ask for `app` only; app.js fetches an island's script and style when a page holds one (see app.js).

import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { PurgeCSS } from 'purgecss';

import { strictFeelin } from '../../engine/bpmn/js/strict-feelin.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const dist = path.join(root, 'web/static/dist');
const out = path.join(root, 'web/static/dist.new'); // takes its place when all of it is there: a running server misses nothing
const STUDIO = ['diagram-editor', 'table-editor', 'form-editor', 'text-editor', 'compare', 'moving'];
const serif = path.join(root, 'node_modules/@expo-google-fonts/noto-serif-sc');

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

/** Scripts that may name a class; in a dictionary every other English word would be one. */
async function speaking() {
  const found = await fs.readdir(path.join(root, 'web/assets'), { recursive: true });
  return found.filter((file) => file.endsWith('.js') && !path.basename(file).startsWith('words')).map((file) => `web/assets/${file}`);
}

// Tabler is 635 kB, of which our pages use a few components: what no page, form or script names is left out.
const usedTabler = {
  name: 'used-tabler',
  setup(builder) {
    builder.onLoad({ filter: /@tabler[\\/]core[\\/].*\.css$/ }, async ({ path: file }) => {
      const [{ css }] = await new PurgeCSS().purge({
        css: [{ raw: await fs.readFile(file, 'utf8') }],
        content: ['web/templates/**/*.html', 'web/pages/**/*.py', 'web/*.py', 'forms/*.py', ...(await speaking())].map((glob) => path.join(root, glob)),
        defaultExtractor: (text) => text.match(/[A-Za-z][\w-]*/g) ?? [],
        safelist: { standard: [/^row(-cols(-md)?-[1-4])?$/, /^col(-md)?-\d+$/] }, // forms/html.py puts these names together
        variables: true,
        keyframes: true,
        fontFace: true,
      });
      return { contents: css.replace(/\/\*# sourceMappingURL.*?\*\//g, ''), loader: 'css', resolveDir: path.dirname(file) };
    });
  },
};

// CodeMirror writes its rules into a <style> element, which our CSP forbids; with this line changed it uses a constructed sheet.
const sheetsNotStyles = {
  name: 'sheets-not-styles',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]style-mod[\\/](src|dist)[\\/]style-mod\.c?js$/ }, async ({ path: file }) => {
      const source = await fs.readFile(file, 'utf8');
      const strict = source.replace('!root.head && root.adoptedStyleSheets', 'root.adoptedStyleSheets');
      if (strict === source) throw new Error(`${file}: the line to change is not there`);
      return { contents: strict, loader: 'js' };
    });
  },
};

// form-js' editor draws with parts of its viewer: they must share one preact (hooks live in it), and form-words.js hooks the same one.
const onePreact = {
  name: 'one-preact',
  setup(builder) {
    const home = path.join(root, 'node_modules/@bpmn-io/form-js-editor');
    builder.onResolve({ filter: /^preact(\/|$)/ }, ({ path: wanted, importer, kind, pluginData }) => {
      if (pluginData === 'found' || !/[\\/]form-js-viewer[\\/]|[\\/]studio[\\/]form[\\/]/.test(importer)) return undefined;
      return builder.resolve(wanted, { resolveDir: home, importer: path.join(home, 'index.js'), kind, pluginData: 'found' });
    });
  },
};

// A script that is fetched when it is needed brings its style along, and esbuild would put it into the style of every page.
const stylesApart = {
  name: 'styles-apart',
  setup(builder) {
    builder.onResolve({ filter: /\.css$/ }, ({ path: wanted, importer }) =>
      importer.endsWith('.js') && path.basename(importer) !== 'app.js' ? { path: wanted, namespace: 'apart' } : undefined);
    builder.onLoad({ filter: /./, namespace: 'apart' }, () => ({ contents: '', loader: 'js' }));
  },
};

async function browser() {
  await fs.rm(out, { recursive: true, force: true });
  const islands = {
    viewer: 'web/assets/viewer.js',
    form: 'web/assets/form.js',
    ...Object.fromEntries(STUDIO.map((name) => [name, `web/assets/studio/${name}.js`])),
  };
  const common = {
    absWorkingDir: root,
    outdir: out,
    entryNames: '[name]-[hash]',
    chunkNames: 'chunk-[hash]',
    assetNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022'],
    metafile: true,
    // bpmn-js brings its icon font in four forms; browsers of today need one
    loader: { '.woff2': 'file', '.woff': 'empty', '.ttf': 'empty', '.eot': 'empty', '.svg': 'empty' },
    logLevel: 'warning',
  };
  const plugins = [strictFeelin, usedTabler, sheetsNotStyles, onePreact];
  const result = await build({
    ...common,
    entryPoints: { app: 'web/assets/app.js', ...islands },
    splitting: true,
    plugins: [stylesApart, ...plugins],
    legalComments: 'linked',
  });
  const styles = await build({ ...common, entryPoints: islands, plugins, write: false });
  for (const { path: file, contents } of styles.outputFiles) {
    if (!file.endsWith('.js')) await fs.writeFile(file, contents);
  }
  const manifest = {};
  for (const [file, { entryPoint, cssBundle, imports }] of Object.entries(result.metafile.outputs)) {
    if (!entryPoint) continue;
    manifest[path.basename(entryPoint, '.js')] = {
      js: path.basename(file),
      ...(cssBundle ? { css: path.basename(cssBundle) } : {}),
      imports: imports.filter(({ kind }) => kind === 'import-statement').map(({ path: name }) => path.basename(name)),
    };
  }
  for (const { entryPoint, cssBundle } of Object.values(styles.metafile.outputs)) {
    if (cssBundle) manifest[path.basename(entryPoint, '.js')].css = path.basename(cssBundle);
  }
  await fonts();
  await fs.writeFile(path.join(out, 'LICENSES.txt'), await licences(Object.keys({ ...result.metafile.inputs, ...styles.metafile.inputs })));
  await fs.writeFile(path.join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  await fs.rm(dist, { recursive: true, force: true });
  await fs.rename(out, dist);
  for (const name of (await fs.readdir(dist)).sort()) {
    if (!/\.(js|css)$/.test(name)) continue;
    const bytes = await fs.readFile(path.join(dist, name));
    console.log(`${name.padEnd(28)} ${(bytes.length / 1024).toFixed(1).padStart(8)} kB ${(gzipSync(bytes).length / 1024).toFixed(1).padStart(8)} kB gzip`);
  }
}

async function fonts() {
  const into = path.join(out, 'fonts');
  await fs.mkdir(into, { recursive: true });
  for (const face of ['400Regular', '700Bold']) {
    const file = `NotoSerifSC_${face}.ttf`;
    await fs.copyFile(path.join(serif, face, file), path.join(into, file));
  }
  await fs.copyFile(path.join(serif, 'LICENSE_FONT'), path.join(into, 'LICENSE_FONT.txt'));
}

/** The licence of every package of which something was bundled, as its authors want it passed on. */
async function licences(inputs) {
  const packages = new Set(inputs.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]).filter(Boolean));
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = path.join(root, 'node_modules', name);
    const { version, license } = JSON.parse(await fs.readFile(path.join(folder, 'package.json'), 'utf8'));
    const file = (await fs.readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
    texts.push(`${name} ${version} (${license})\n\n${file ? await fs.readFile(path.join(folder, file), 'utf8') : ''}`.trim());
  }
  return `${texts.join('\n\n----------------------------------------\n\n')}\n`;
}

await server();
await browser();
