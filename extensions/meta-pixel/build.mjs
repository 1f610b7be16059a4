// Builds dist/main.js with the options of Shopify's CLI, so that what is tested is what `shopify app deploy` ships.
import {buildSync} from 'esbuild';
import {statSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const LARGEST = 12 * 1024; // bytes; every page of a shop loads it
const here = name => fileURLToPath(new URL(name, import.meta.url));

buildSync({
  entryPoints: [here('src/index.js')],
  outfile: here('dist/main.js'),
  bundle: true,
  minify: true,
  target: 'es6',
  format: 'iife',
  legalComments: 'none',
  logLevel: 'warning',
});

const {size} = statSync(here('dist/main.js'));
if (size > LARGEST) throw new Error(`The bundle has ${size} bytes, more than ${LARGEST}.`);
