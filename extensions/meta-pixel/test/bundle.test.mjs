// What Shopify gets: the bundle and the declaration. `npm test` builds the bundle first.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import test from 'node:test';

const read = (path) => readFile(new URL(`../${path}`, import.meta.url), 'utf8');

test('the bundle is small and stands alone', async () => {
  const bundle = await read('dist/main.js');

  assert.ok(bundle.length < 12 * 1024, `${bundle.length} bytes`);
  assert.ok(!/\brequire\(|\bimport\b|console\./.test(bundle));
});

test('the only hosts in the bundle are Meta\'s', async () => {
  const hosts = (await read('dist/main.js')).match(/https?:\/\/[\w.-]+/g);

  assert.deepEqual([...new Set(hosts)], ['https://www.facebook.com']);
});

test('the declaration asks for marketing and analytics and limits the use of data itself', async () => {
  const toml = await read('shopify.extension.toml');

  for (const line of ['analytics = true', 'marketing = true', 'preferences = false', 'sale_of_data = "ldu"']) {
    assert.ok(toml.includes(`\n${line}\n`), line);
  }
  assert.deepEqual(
    [...toml.matchAll(/^\[settings\.fields\.(\w+)\]$/gm)].map(([, name]) => name),
    ['pixelID', 'ingestKey', 'collector', 'contentIds', 'ldu'],
  );
});

test('dependencies are pinned and the lock names no host', async () => {
  const {dependencies, devDependencies} = JSON.parse(await read('package.json'));
  const lock = await read('package-lock.json');

  for (const version of Object.values({...dependencies, ...devDependencies})) assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.ok(!lock.includes('"resolved"') && !lock.includes('://'));
});
