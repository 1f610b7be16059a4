// The runtime in a context of this process: a worker for PixelManager that a test can look into.
import {readFile} from 'node:fs/promises';
import vm from 'node:vm';
import {PixelManager, workerSource} from '../manager.js';
import {Cookies, MemoryStorage} from '../node_store.mjs';

const RUNTIME = await readFile(new URL('../runtime.js', import.meta.url), 'utf8');
export const ALLOWED = {marketing: true, analytics: true, preferences: false, sale_of_data: true};
export const DECLARATION = {analytics: true, marketing: true, preferences: false, sale_of_data: 'ldu'};
export const SHOP = 'https://x.myshopify.com';

/** `bundle`: the extension's script; `network(url, options)`: what the platform's fetch does. */
export function memoryWorker(bundle, network) {
  const listeners = [];
  let context = null;
  const globals = (onMessage) => ({
    console, setTimeout, clearTimeout, setInterval, clearInterval, Headers, Request, Response, URL, URLSearchParams,
    fetch: network,
    XMLHttpRequest: class {},
    importScripts: () => {},
    indexedDB: {},
    AbortController,
    crypto,
    onmessage: null,
    postMessage: (message) => queueMicrotask(() => onMessage(structuredClone(message))),
    addEventListener: (type, listener) => listeners.push(listener),
  });
  return {
    started: 0,
    sent: [],
    get scope() {
      return context;
    },
    start(onMessage) {
      this.started += 1;
      context = vm.createContext(globals(onMessage));
      vm.runInContext('globalThis.self = globalThis;', context);
      vm.runInContext(workerSource(RUNTIME, bundle), context);
    },
    send(message) {
      this.sent.push(message);
      queueMicrotask(() => listeners.forEach((listener) => listener({data: structuredClone(message)})));
    },
    stop() {
      listeners.length = 0;
    },
  };
}

/** A manager over a memory worker; `given` replaces parts of page, consent, declaration and network. */
export function managed(bundle, given = {}) {
  const worker = memoryWorker(bundle, given.network ?? (async () => ({type: 'default', status: 204})));
  const clock = {now: () => Date.now(), offset: 0};
  const [localStorage, sessionStorage] = [new MemoryStorage(), new MemoryStorage()];
  const cookies = new Cookies(clock.now);
  const {hostname} = new URL(SHOP);
  const cookie = {read: () => cookies.read(hostname), write: (line) => cookies.write(line, hostname)};
  const store = {cookie, localStorage, sessionStorage};
  const manager = new PixelManager({
    pixel: given.pixel === null ? null : {settings: {pixelID: '1'}, declaration: given.declaration ?? DECLARATION},
    page: {url: `${SHOP}/products/salve`, shop: 'x.myshopify.com', clientId: 'c1', ...given.page},
    consent: given.consent ?? ALLOWED,
    worker,
    store,
    clock,
  });
  return {manager, worker, store, clock};
}
