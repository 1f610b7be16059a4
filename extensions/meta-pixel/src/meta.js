// What Meta receives: the request to /tr, as Meta's own script builds it. Never receipt data.
import {pageAddress} from './address.js';
import {customData, orderIdOf} from './goods.js';
import {within} from './wait.js';

const TR = 'https://www.facebook.com/tr/';
const LONGEST_GET = 2048; // Meta's script posts a form from this length on
const LONGEST_KEEPALIVE = 60000; // the Fetch standard allows 64 KiB for all keepalive bodies of a page together
const ANSWER_LIMIT = 8000; // milliseconds, as in Meta's script

/** Shopify's events that Meta hears of, with Meta's names. */
export const META_EVENTS = {
  page_viewed: 'PageView',
  product_viewed: 'ViewContent',
  collection_viewed: 'ViewCategory',
  search_submitted: 'Search',
  product_added_to_cart: 'AddToCart',
  checkout_started: 'InitiateCheckout',
  payment_info_submitted: 'AddPaymentInfo',
  checkout_completed: 'Purchase',
};

/** The id under which Meta drops a second copy; the server builds the same one for a Purchase. Null: no order id. */
export function eventId(name, event) {
  if (name !== 'checkout_completed') return `${META_EVENTS[name].toLowerCase()}.${event.id}`;
  const order = orderIdOf(event.data?.checkout);
  return order && `purchase.${order}`;
}

/** A value as Meta's script writes it; empty when it is none, or text that cannot be written (half a character). */
function written(value) {
  if (value === null || value === undefined) return '';
  try {
    return encodeURIComponent(value);
  } catch {
    return '';
  }
}

function parametersOf(name, event, {settings, ids, limited}) {
  const page = event.context?.document;
  const screen = event.context?.window?.screen;
  const secret = event.data?.checkout?.token;
  const parameters = {
    id: settings.pixelID,
    ev: META_EVENTS[name],
    eid: eventId(name, event),
    dl: pageAddress(page?.location?.href, secret),
    rl: pageAddress(page?.referrer, secret),
    if: false,
    ts: Date.parse(event.timestamp) || null,
    sw: screen?.width,
    sh: screen?.height,
    fbp: ids.fbp,
    fbc: ids.fbc,
  };
  for (const [key, value] of Object.entries(customData(event.data || {}, settings.contentIds))) {
    parameters[`cd[${key}]`] = Array.isArray(value) ? JSON.stringify(value) : value;
  }
  // Country 0 and state 0 let Meta find the buyer's state itself.
  return limited ? Object.assign(parameters, {dpo: 'LDU', dpoco: 0, dpost: 0}) : parameters;
}

/**
 * The request that tells Meta of one event, as arguments for fetch.
 * `how`: the extension's settings, the browser ids to name, and whether the use of the data is limited.
 */
export function trRequest(name, event, how) {
  const query = Object.entries(parametersOf(name, event, how))
    .map(([key, value]) => [key, written(value)])
    .filter(([, value]) => value)
    .map(([key, value]) => `${key}=${value}`) // keys stay as they are, brackets too
    .join('&');
  const options = {method: 'GET', mode: 'no-cors', credentials: 'include', cache: 'no-store', keepalive: true};
  const address = `${TR}?${query}`;
  if (address.length < LONGEST_GET) return [address, options];
  const headers = {'Content-Type': 'application/x-www-form-urlencoded'};
  const keepalive = query.length < LONGEST_KEEPALIVE;
  return [TR, Object.assign(options, {method: 'POST', headers, body: query, keepalive})];
}

/**
 * Sends the request and calls `report` with what the browser says of it: 'sent' (it left and something answered),
 * 'blocked' (it failed: ad blocker, DNS sink, no network) or 'timeout', after which a late answer is still reported.
 */
export async function deliver(request, io, report) {
  const answer = io.fetch(...request).then(() => 'sent', () => 'blocked');
  const word = await within(answer, ANSWER_LIMIT, 'timeout', io);
  const reported = report(word);
  // A late failure proves nothing, the request may have arrived; a late answer does.
  if (word === 'timeout' && (await answer) === 'sent') await report('sent');
  await reported;
}
