// TEST USE ONLY: a stand-in for Shopify's app-bridge.js, which exists on Shopify's CDN only. It has the parts of
// window.shopify that an app's pages rely on, and behaves as documented in tokens, fetch, save bar and bounce page.
// The files of this folder are one script: served in the order of their numbers, inside one function (stand_ins.py).
// This one: the page's facts, and the talk with the admin around it (admin/bridge.js is the other side).

const own = document.currentScript;
if (document.querySelector('script') !== own || own.async || own.defer || own.type === 'module') {
  console.error('App Bridge must be the first script of the document, without async, defer or type="module".');
}
const apiKey = document.querySelector('meta[name="shopify-api-key"]')?.content;
if (!apiKey) throw new Error('App Bridge: <meta name="shopify-api-key"> is missing.');

// The only admin that is listened to: the one on the port that this script came from.
const adminOrigin = (() => {
  const {protocol, port} = new URL(own.src);
  return `${protocol}//admin.localhost${port && `:${port}`}`;
})();
const isEmbedded = window.top !== window;
const around = location.ancestorOrigins?.[0];
if (isEmbedded && around && around !== adminOrigin) {
  console.error(`App Bridge: this page is inside ${around}, not inside the admin ${adminOrigin}.`);
}

/** shop, host and locale come with the first load's address; later loads find them in storage, where there is any. */
const config = (() => {
  const place = 'sandbox-app-bridge';
  const query = new URLSearchParams(location.search);
  let kept = {};
  try {
    kept = JSON.parse(sessionStorage.getItem(place)) ?? {};
  } catch {
    // browsers that block third-party cookies keep a framed page from its storage
  }
  const valueOf = (name) => query.get(name) || kept[name] || '';
  const found = {shop: valueOf('shop'), host: valueOf('host'), locale: valueOf('locale') || 'en'};
  try {
    sessionStorage.setItem(place, JSON.stringify(found));
  } catch {
    // as above
  }
  return Object.freeze({apiKey, ...found, appOrigins: [], debug: {}, disabledFeatures: []});
})();

const ANSWER_LIMIT = 10_000; // milliseconds; questions to a person have none
const asked = new Map(); // number -> resolve
const listeners = {}; // type of a message from the admin -> function
let lastAsked = 0;

/** Tells the admin something. Outside of it there is nobody to tell. */
function tell(type, fields = {}) {
  if (isEmbedded) window.parent.postMessage({appBridge: type, ...fields}, adminOrigin);
}

/** Asks the admin; rejects when nobody answers in time. */
function ask(type, fields = {}, limit = ANSWER_LIMIT) {
  if (!isEmbedded) return Promise.reject(new Error(`App Bridge: ${type} works inside the admin only.`));
  lastAsked += 1;
  const n = lastAsked;
  return new Promise((resolve, reject) => {
    const timer = limit && setTimeout(() => {
      asked.delete(n);
      reject(new Error(`App Bridge: the admin did not answer "${type}".`));
    }, limit);
    asked.set(n, (value) => {
      clearTimeout(timer);
      resolve(value);
    });
    tell(type, {...fields, n});
  });
}

listeners.answer = ({n, value}) => {
  asked.get(n)?.(value);
  asked.delete(n);
};

addEventListener('message', ({source, origin, data}) => {
  if (source !== window.parent || origin !== adminOrigin || typeof data?.appBridge !== 'string') return;
  if (Object.hasOwn(listeners, data.appBridge)) listeners[data.appBridge](data);
});
