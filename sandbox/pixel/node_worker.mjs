// A web worker's globals in a worker thread of Node: a context of its own with just what runtime.js needs, and a fetch
// that the thread's owner carries out. Messages besides the runtime's: fetch {n, url, options}, fetched {n, ...answer}.
import {Console} from 'node:console';
import vm from 'node:vm';
import {parentPort, workerData} from 'node:worker_threads';

const NULL_BODY_STATUSES = [101, 204, 205, 304];
const OPAQUE = Object.freeze({type: 'opaque', status: 0, ok: false, headers: new Headers(), body: null});
const requests = new Map();
const listeners = [];
let lastRequest = 0;

function answerOf({opaque, status, headers, body}) {
  if (opaque) return OPAQUE;
  return new Response(NULL_BODY_STATUSES.includes(status) ? null : body, {status, headers});
}

parentPort.on('message', (message) => {
  if (message.t !== 'fetched') {
    for (const listener of listeners) listener({data: message});
    return;
  }
  const {resolve, reject} = requests.get(message.n);
  requests.delete(message.n);
  if (message.failed) reject(new TypeError('Failed to fetch'));
  else resolve(answerOf(message));
});

const globals = {
  Headers,
  Request,
  Response,
  URL,
  URLSearchParams,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  console: new Console(process.stderr), // the owner's standard output carries its protocol
  postMessage: (message) => parentPort.postMessage(message),
  addEventListener: (type, listener) => listeners.push(listener),
  fetch: (url, options) => new Promise((resolve, reject) => {
    lastRequest += 1;
    requests.set(lastRequest, {resolve, reject});
    parentPort.postMessage({t: 'fetch', n: lastRequest, url, options});
  }),
};

const context = vm.createContext(globals);
vm.runInContext('globalThis.self = globalThis;', context);
vm.runInContext(workerData.source, context, {filename: 'pixel-worker.js'});
