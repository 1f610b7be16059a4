// A node host and the two servers that its pixels speak to, on one port: Meta under /meta/, the collector beside it.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createServer} from 'node:http';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

const HOST = fileURLToPath(new URL('../node_host.mjs', import.meta.url));
export const SHOP = 'x.myshopify.com';
export const AGENT = 'Mozilla/5.0 (test buyer)';
export const YES = {marketing: true, analytics: true, preferences: true, sale_of_data: true};

export const received = []; // by either server
const waiting = []; // answers held back
export const behaviour = {};
let server;
export let address;
let host;
let answers;
let lastId = 0;

/** `behaviour` may set cors (the collector's header) and meta ('waits': until answerMeta). */
async function serve(request, response) {
  const chunks = await request.toArray();
  const {method, url, headers} = request;
  received.push({method, url, headers, body: Buffer.concat(chunks).toString()});
  const isMeta = url.startsWith('/meta/');
  const cors = behaviour.cors === undefined ? '*' : behaviour.cors;
  if (!isMeta && cors) response.setHeader('Access-Control-Allow-Origin', cors);
  response.statusCode = isMeta ? 200 : 204;
  if (isMeta && behaviour.meta === 'waits') waiting.push(() => response.end());
  else response.end();
}

export async function startHost() {
  server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${server.address().port}`;
  host = spawn(process.execPath, [HOST], {stdio: ['pipe', 'pipe', 'inherit']});
  answers = createInterface({input: host.stdout});
}

export async function stopHost() {
  host.stdin.end();
  const [code] = await once(host, 'exit');
  server.closeAllConnections();
  server.close();
  return code;
}

/** Lets Meta answer what it has held back. */
export function answerMeta() {
  waiting.splice(0).forEach((end) => end());
}

/** No visits, nothing received, both servers well. */
export async function startAfresh() {
  delete behaviour.cors;
  delete behaviour.meta;
  answerMeta();
  await ask({op: 'reset'});
  received.length = 0;
}

export const pause = (milliseconds) => new Promise((resolve) => {
  setTimeout(resolve, milliseconds);
});

/** Sends a line as it stands. */
export const write = (line) => host.stdin.write(`${line}\n`);

export function answerTo(id) {
  return new Promise((resolve) => {
    const listen = (line) => {
      const answer = JSON.parse(line);
      if (answer.id !== id) return;
      answers.off('line', listen);
      resolve(answer);
    };
    answers.on('line', listen);
  });
}

export function ask(request) {
  lastId += 1;
  const answer = answerTo(lastId);
  write(JSON.stringify({id: lastId, visit: 'v1', ...request}));
  return answer;
}

const settings = () => ({
  pixelID: '1234567890',
  ingestKey: 'ingest_key_of_shop',
  collector: `${address}/pixel/evidence`,
  contentIds: 'product',
  ldu: 'no',
});

export const open = (request = {}) => ask({
  op: 'open',
  shop: SHOP,
  url: `https://${SHOP}/`,
  settings: settings(),
  consent: YES,
  userAgent: AGENT,
  map: {'https://www.facebook.com': `${address}/meta`},
  ...request,
});
export const goTo = (path, request = {}) => ask({op: 'open', url: `https://${SHOP}${path}`, ...request});
export const publish = (name, data) => ask({op: 'publish', name, data});
export const settle = (ms = 5000) => ask({op: 'settle', ms});
export const checkout = (order = null) => ({
  checkout: {
    token: 'tok-1',
    order: order && {id: order},
    currencyCode: 'EUR',
    totalPrice: {amount: 54, currencyCode: 'EUR'},
    lineItems: [{quantity: 1, variant: {id: '7', product: {id: '9'}, price: {amount: 54, currencyCode: 'EUR'}}}],
  },
});
export const told = () => received.filter(({url}) => url.startsWith('/meta/tr/'))
  .map(({url}) => Object.fromEntries(new URL(url, address).searchParams));
export const posts = () => received.filter(({url}) => url === '/pixel/evidence').map(({body}) => JSON.parse(body));

/** Asks until `condition` holds, at most two seconds. */
export async function until(condition) {
  for (let turn = 0; turn < 200 && !condition(); turn += 1) {
    await pause(10);
  }
  assert.ok(condition());
}
