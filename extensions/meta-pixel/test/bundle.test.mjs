// What Shopify gets: the bundle and the declaration. `npm test` builds the bundle first.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import test from 'node:test';
import vm from 'node:vm';
import {transformSync} from 'esbuild';

const read = (path) => readFile(new URL(`../${path}`, import.meta.url), 'utf8');
const bundle = await read('dist/main.js');

test('the bundle is small and stands alone', () => {
  assert.ok(bundle.length < 12 * 1024, `${bundle.length} bytes`);
  assert.ok(!/\brequire\(|\bimport\b|console\./.test(bundle));
});

test('the only hosts in the bundle are Meta\'s', () => {
  const hosts = bundle.match(/https?:\/\/[\w.-]+/g);

  assert.deepEqual([...new Set(hosts)], ['https://www.facebook.com']);
});

// --- The language: no newer syntax than ES2015. esbuild parses the bundle; anything newer in it would be written
// differently for a browser of 2015 than for one of tomorrow.
const lowered = (code, target) => transformSync(code, {target}).code;

test('the bundle\'s syntax is ES2015', () => {
  assert.equal(lowered(bundle, 'es2015'), lowered(bundle, 'esnext'));
});

for (const newer of [
  'a ** 2', 'async () => 1', '({...a})', 'try {} catch {}', 'a?.b', 'a ?? b', 'a ||= b', 'class A { b = 1; }', '/x/s',
  '/(?<a>x)/',
]) {
  test(`that test would find ${newer}`, () => {
    const code = newer.startsWith('try') || newer.startsWith('class') ? newer : `x = ${newer}`;
    assert.notEqual(lowered(code, 'es2015'), lowered(code, 'esnext'));
  });
}

// --- The globals: esbuild's `define` replaces free names only, so a name that is found is a global that is used.
const PROMISED = [
  'self', 'console', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'fetch', 'Headers', 'Request',
  'Response',
];
const LANGUAGE = vm.runInNewContext('Object.getOwnPropertyNames(globalThis)');
const ELSEWHERE = `window document navigator location history screen top parent frames localStorage sessionStorage
  indexedDB caches cookieStore XMLHttpRequest WebSocket EventSource Worker SharedWorker Image FileReader File
  FormData Option importScripts postMessage addEventListener dispatchEvent onmessage alert fbq
  requestAnimationFrame requestIdleCallback browser analytics init Shopify Buffer process require module exports
  global MutationObserver HTMLElement DOMParser WorkerGlobalScope registration clients reportError`.split(/\s+/);
const OPEN = [...PROMISED, ...LANGUAGE, 'shopify']; // shopify.extend is how Shopify's package registers a pixel
const EVERYWHERE = new Set([...Object.getOwnPropertyNames(globalThis), ...ELSEWHERE]);
const UNPROMISED = [...EVERYWHERE].filter((name) => !OPEN.includes(name));

function globalsUsed(code, names) {
  const define = Object.fromEntries(names.map((name) => [name, `GLOBAL_${name}`]));
  return [...new Set(transformSync(code, {define}).code.match(/GLOBAL_\w+/g))].map((name) => name.slice(7));
}

test('the bundle uses no global that a strict pixel is not promised', () => {
  for (const name of ['URL', 'URLSearchParams', 'AbortController', 'document']) assert.ok(UNPROMISED.includes(name));
  assert.deepEqual(globalsUsed(bundle, UNPROMISED), []);
  assert.doesNotMatch(bundle, /\bglobalThis\b|\bself\s*[.[]|\beval\b|\bFunction\(/);
  assert.deepEqual(
    globalsUsed(bundle, [...PROMISED, 'shopify']).sort(),
    ['clearTimeout', 'fetch', 'setTimeout', 'shopify'],
  );
});

test('that test would find a global, and leaves local names alone', () => {
  const code = '((URL) => new URL(document.title, typeof crypto))(1)';

  assert.deepEqual(globalsUsed(code, UNPROMISED).sort(), ['crypto', 'document']);
});

// --- The declaration
test('the declaration asks for marketing and analytics and limits the use of data itself', async () => {
  const toml = await read('shopify.extension.toml');

  for (const line of ['analytics = true', 'marketing = true', 'preferences = false', 'sale_of_data = "ldu"']) {
    assert.ok(toml.includes(`\n${line}\n`), line);
  }
  assert.ok(toml.includes('\nruntime_context = "strict"\n'));
  assert.deepEqual(
    [...toml.matchAll(/^\[settings\.fields\.(\w+)\]$/gm)].map(([, name]) => name),
    ['pixelID', 'ingestKey', 'collector', 'contentIds', 'ldu'],
  );
});

test('Shopify\'s package is the only dependency; versions are pinned and the lock names no host', async () => {
  const {dependencies, devDependencies} = JSON.parse(await read('package.json'));
  const lock = await read('package-lock.json');

  assert.deepEqual(Object.keys(dependencies), ['@shopify/web-pixels-extension']);
  for (const version of Object.values({...dependencies, ...devDependencies})) assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.ok(!lock.includes('"resolved"') && !lock.includes('://'));
});
