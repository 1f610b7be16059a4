// Builds dist/main.js with the options of Shopify's CLI, so that what is tested is what `shopify app deploy` ships.
import {buildSync} from 'esbuild';
import {fileURLToPath} from 'node:url';

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
