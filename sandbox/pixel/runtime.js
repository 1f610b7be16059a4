// Stand-in for Shopify's strict web pixel sandbox: runs in a Worker before the extension's bundle, in browsers and in
// Node alike (node_worker.mjs supplies the worker's globals there). A classic script, never a module: see workerSource
// in manager.js. It leaves the extension only the globals that Shopify promises; messages with PixelManager:
//   to the worker    boot, event, consent, change, settle (each with a number n, answered by done {n}), kept {n, value}
//   from the worker  ready, done, keep {n, area, call, args}, net {n, url?, method?, keepalive?, out?}, error {text}
(() => {
  const scope = self;
  const LANGUAGE = `Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date
    Promise RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError globalThis
    JSON Math Intl ArrayBuffer Atomics Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float16Array
    Float32Array Float64Array Uint8ClampedArray BigUint64Array BigInt64Array DataView Map BigInt Set Iterator WeakMap
    WeakSet WeakRef FinalizationRegistry Proxy Reflect decodeURI decodeURIComponent encodeURI encodeURIComponent escape
    unescape eval isFinite isNaN`.split(/\s+/);
  const PROMISED = `self console setTimeout clearTimeout setInterval clearInterval fetch Headers Request
    Response`.split(/\s+/);

  const native = {Request: scope.Request, Date: scope.Date, URL: scope.URL};
  for (const name of ['postMessage', 'addEventListener', 'fetch', 'setTimeout', 'clearTimeout', 'setInterval']) {
    native[name] = scope[name].bind(scope);
  }
  const page = {origin: '', map: {}, blockedHosts: [], clockOffset: 0};
  const post = (message) => native.postMessage(message);

  /** An error of the extension: told to the page, which goes on. */
  const complain = (error) => post({t: 'error', text: `${error?.name}: ${error?.message}`});

  function guarded(action) {
    try {
      action();
    } catch (error) {
      complain(error);
    }
  }

  // --- What is still under way, for "settle"
  let underWay = 0;
  const settling = [];

  /** Answers "settle" once nothing is under way; on a later turn, since an answer may start the next request. */
  function checkSettled() {
    native.setTimeout(() => {
      while (underWay === 0 && settling.length > 0) post({t: 'done', n: settling.shift()});
    }, 0);
  }

  function begin() {
    underWay += 1;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      underWay -= 1;
      checkSettled();
    };
  }

  function tracked(promise) {
    const end = begin();
    promise.then(end, end);
    return promise;
  }

  // --- The globals that the extension meets
  function hideTheRest() {
    const allowed = new Set([...LANGUAGE, ...PROMISED, 'constructor']);
    for (let holder = scope; holder && holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
      for (const name of Object.getOwnPropertyNames(holder)) {
        if (!allowed.has(name)) Reflect.defineProperty(scope, name, {value: undefined, configurable: true});
      }
    }
  }

  const timers = new Map();
  let lastTimer = 0;

  function startTimer(callback, milliseconds, ...args) {
    lastTimer += 1;
    const number = lastTimer;
    const end = begin();
    const handle = native.setTimeout(() => {
      timers.delete(number);
      guarded(() => callback(...args));
      end();
    }, milliseconds);
    timers.set(number, {handle, end});
    return number;
  }

  function stopTimer(number) {
    const timer = timers.get(number);
    if (!timer) return;
    timers.delete(number);
    native.clearTimeout(timer.handle);
    timer.end();
  }

  /** The browser's clock, moved by the sandbox's. */
  const movedDate = () => {
    const now = () => native.Date.now() + page.clockOffset;
    return new Proxy(native.Date, {
      construct: (target, args) => (args.length > 0 ? Reflect.construct(target, args) : new native.Date(now())),
      apply: () => new native.Date(now()).toString(),
      get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
    });
  };

  // --- The network
  const isBlocked = (host) => page.blockedHosts.some((blocked) => host === blocked || host.endsWith(`.${blocked}`));

  function refuse(entry, out, error) {
    post({...entry, out});
    throw error;
  }

  /** The request as the platform's fetch shall make it; a mapped origin may be an address with a path. */
  async function prepared(request) {
    const {origin} = new native.URL(request.url);
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
    const target = page.map[origin] ? page.map[origin] + request.url.slice(origin.length) : request.url;
    return [target, {
      method: request.method,
      mode: request.mode,
      credentials: request.credentials,
      cache: request.cache,
      redirect: request.redirect,
      keepalive: request.keepalive,
      headers: [...request.headers],
      body: hasBody ? await request.text() : undefined,
    }];
  }

  let lastRequest = 0;

  async function sandboxFetch(input, options) {
    const request = new native.Request(input, options);
    lastRequest += 1;
    const n = lastRequest;
    const entry = {t: 'net', n, url: request.url, method: request.method, keepalive: request.keepalive};
    const {origin, hostname} = new native.URL(request.url);
    if (origin === page.origin) {
      const error = new Error(`The shop's own addresses are not open to pixels: ${origin}`);
      error.name = 'RestrictedUrlError';
      refuse(entry, 'restricted', error);
    }
    if (isBlocked(hostname)) refuse(entry, 'blocked', new TypeError('Failed to fetch'));
    const [target, how] = await prepared(request);
    post(entry);
    try {
      const answer = await native.fetch(target, how);
      post({t: 'net', n, out: answer.type === 'opaque' ? 'sent' : String(answer.status)});
      return answer;
    } catch (error) {
      post({t: 'net', n, out: 'failed'});
      throw error;
    }
  }

  // --- Shopify's API object
  const kept = new Map();
  let lastKept = 0;

  /** Asks the page for its cookies or storage: a worker has none of its own. */
  const ask = (area, call) => (...args) => tracked(new Promise((resolve) => {
    lastKept += 1;
    kept.set(lastKept, resolve);
    post({t: 'keep', n: lastKept, area, call, args});
  }));

  const asking = (area, calls) => Object.freeze(Object.fromEntries(calls.map((call) => [call, ask(area, call)])));

  function bus() {
    const callbacks = new Map();
    return {
      subscribe(name, callback) {
        if (!callbacks.has(name)) callbacks.set(name, new Set());
        callbacks.get(name).add(callback);
        return () => callbacks.get(name).delete(callback);
      },
      /** Runs every callback, whatever the others do; "settle" waits for the promises that they return. */
      deliver(names, payload) {
        for (const callback of names.flatMap((name) => [...(callbacks.get(name) || [])])) {
          guarded(() => tracked(Promise.resolve(callback(payload))).catch(complain));
        }
      },
    };
  }

  const analytics = bus();
  const privacy = bus();
  const storageCalls = ['getItem', 'setItem', 'removeItem', 'clear', 'key', 'length'];
  const browser = Object.freeze({
    cookie: asking('cookie', ['get', 'set']),
    localStorage: asking('localStorage', storageCalls),
    sessionStorage: asking('sessionStorage', storageCalls),
    sendBeacon: async (url, body) => {
      sandboxFetch(url, {method: 'POST', mode: 'no-cors', keepalive: true, body}).catch(() => {});
      return true;
    },
  });

  // --- Messages
  let runExtension = () => {};

  const handlers = {
    boot({settings, init, sandbox}) {
      Object.assign(page, sandbox);
      const buses = {analytics: {subscribe: analytics.subscribe}, customerPrivacy: {subscribe: privacy.subscribe}};
      const api = Object.freeze({settings, init, browser, ...buses, _pixelInfo: {}});
      scope.shopify = Object.freeze({
        extend(point, extension) {
          if (point === 'WebPixel::Render') extension(api);
        },
      });
      runExtension();
    },
    event: ({event}) => analytics.deliver([event.name, 'all_events', 'all_standard_events'], event),
    consent: ({customerPrivacy: choice}) => privacy.deliver(['visitorConsentCollected'], {customerPrivacy: choice}),
    change: ({sandbox}) => Object.assign(page, sandbox),
  };

  native.addEventListener('message', ({data: message}) => {
    const {t, n} = message;
    if (t === 'kept') {
      kept.get(n)(message.value);
      kept.delete(n);
      return;
    }
    if (t === 'settle') {
      settling.push(n);
      checkSettled();
      return;
    }
    guarded(() => handlers[t](message));
    post({t: 'done', n});
  });

  scope.runPixel = (run) => {
    hideTheRest();
    const define = (name, value) => Reflect.defineProperty(scope, name, {value, configurable: true, writable: true});
    define('Date', movedDate());
    define('fetch', (input, options) => tracked(sandboxFetch(input, options)));
    define('setTimeout', startTimer);
    define('clearTimeout', stopTimer);
    runExtension = run;
    post({t: 'ready'});
  };
})();
