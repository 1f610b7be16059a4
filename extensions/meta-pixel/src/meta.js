// What Meta receives: the request to /tr and the browser ids, built as Meta's own script does. Never receipt data.
import {clickId, pageAddress} from './address.js';
import {quietly, within} from './wait.js';

const TR = 'https://www.facebook.com/tr/';
const LONGEST_GET = 2048; // Meta's script posts a form from this length on
const LONGEST_KEEPALIVE = 60000; // the Fetch standard allows 64 KiB for all keepalive bodies of a page together
const ANSWER_LIMIT = 8000; // milliseconds, as in Meta's script
const COOKIE_AGE = 90 * 24 * 60 * 60; // seconds
const BROWSER_ID = /^fb\.\d\.\d{10,13}\.[\x21-\x7e]{1,490}$/; // the collector takes 512 characters

/** Shopify's events that Meta hears of, with Meta's names. */
export const META_EVENTS = {
  page_viewed: 'PageView',
  product_viewed: 'ViewContent',
  product_added_to_cart: 'AddToCart',
  checkout_started: 'InitiateCheckout',
  checkout_completed: 'Purchase',
};

/** Browser ids of a buyer whose ids may not be used. */
export const NO_IDS = {fbp: null, fbc: null};

/** The digits of a Shopify id: 'gid://shopify/Order/6100', '6100' and 6100 give '6100'; null when there are none. */
export function digitsOf(id) {
  const match = /^(?:gid:\/\/shopify\/\w+\/)?([1-9]\d{0,18})(?:\?.*)?$/.exec(String(id));
  return match && match[1];
}

/** The digits of the order that a checkout became; null before, and when Shopify leaves the id out. */
export const orderIdOf = (checkout) => digitsOf(checkout?.order?.id);

/** The id under which Meta drops a second copy; the server builds the same one for a Purchase. Null: no order id. */
export function eventId(name, event) {
  if (name !== 'checkout_completed') return `${META_EVENTS[name].toLowerCase()}.${event.id}`;
  const order = orderIdOf(event.data?.checkout);
  return order && `purchase.${order}`;
}

function amountOf(money) {
  const amount = Number.parseFloat(money?.amount);
  return Number.isFinite(amount) ? Number(amount.toFixed(4)) : null;
}

function itemOf(variant, quantity, contentIds) {
  const id = digitsOf(contentIds === 'variant' ? variant.id : variant.product?.id);
  return id && {id, quantity, item_price: amountOf(variant.price)};
}

/** The parts of an event that speak of goods and money, in one shape for all events. */
function goodsOf(name, data) {
  if (name === 'product_viewed' && data.productVariant) {
    const variant = data.productVariant;
    return {lines: [{variant, quantity: 1}], total: variant.price};
  }
  if (name === 'product_added_to_cart' && data.cartLine) {
    const {merchandise, quantity, cost} = data.cartLine;
    return {lines: [{variant: merchandise, quantity}], total: cost?.totalAmount};
  }
  const {checkout} = data;
  if (!checkout) return null;
  const {lineItems, totalPrice, currencyCode} = checkout;
  return {lines: (lineItems || []).filter(Boolean), total: totalPrice, currency: currencyCode};
}

/** What the event is about in Meta's custom_data words: ids, quantities and prices only. Empty for a page view. */
export function customData(name, data, contentIds) {
  const goods = goodsOf(name, data || {});
  if (!goods) return {};
  const contents = goods.lines
    .map(({variant, quantity}) => variant && itemOf(variant, quantity, contentIds))
    .filter(Boolean);
  const named = contents.length > 0 && {
    content_type: 'product',
    content_ids: contents.map(({id}) => id),
    contents,
    num_items: goods.lines.reduce((sum, {quantity}) => sum + (quantity || 0), 0),
  };
  return {
    ...named,
    value: amountOf(goods.total),
    currency: goods.currency || goods.total?.currencyCode,
    order_id: orderIdOf(data.checkout),
  };
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
  for (const [key, value] of Object.entries(customData(name, event.data, settings.contentIds))) {
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
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parametersOf(name, event, how))) {
    if (value !== null && value !== undefined && value !== '') query.append(key, String(value));
  }
  const options = {method: 'GET', mode: 'no-cors', credentials: 'include', cache: 'no-store', keepalive: true};
  const address = `${TR}?${query}`;
  if (address.length < LONGEST_GET) return [address, options];
  const body = query.toString();
  const headers = {'Content-Type': 'application/x-www-form-urlencoded'};
  return [TR, Object.assign(options, {method: 'POST', headers, body, keepalive: body.length < LONGEST_KEEPALIVE})];
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

/** Meta's first-party cookies on the shop's domain, written where they are missing or the click is a new one. */
export async function browserIds(cookie, href, io) {
  const read = async (name) => {
    const value = await quietly(() => cookie.get(name), '');
    return BROWSER_ID.test(value) ? value : null;
  };
  const write = async (name, payload) => {
    const value = `fb.1.${io.now()}.${payload}`;
    await quietly(() => cookie.set(`${name}=${value}; path=/; max-age=${COOKIE_AGE}; SameSite=Lax`), '');
    return value;
  };
  const click = clickId(href);
  const fbp = (await read('_fbp')) || (await write('_fbp', Math.floor(io.random() * 2 ** 31)));
  const fbc = await read('_fbc');
  const isNewClick = click && (!fbc || fbc.split('.')[3] !== click);
  return {fbp, fbc: isNewClick ? await write('_fbc', click) : fbc};
}
