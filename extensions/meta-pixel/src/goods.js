// What an event is about, in Meta's custom_data words: ids, quantities, prices and the words of a search. Never a
// title or a category: these can tell of health or money what Meta must not be told.
import {looksPersonal} from './address.js';

const LONGEST_LIST = 10; // of a collection or a search, as many ids as the first screen shows
const LONGEST_SEARCH = 100;

/** The digits of a Shopify id: 'gid://shopify/Order/6100', '6100' and 6100 give '6100'; null when there are none. */
export function digitsOf(id) {
  const match = /^(?:gid:\/\/shopify\/\w+\/)?([1-9]\d{0,18})(?:\?.*)?$/.exec(String(id));
  return match && match[1];
}

/** The digits of the order that a checkout became; null before, and when Shopify leaves the id out. */
export const orderIdOf = (checkout) => digitsOf(checkout?.order?.id);

function amountOf(money) {
  const amount = Number.parseFloat(money?.amount);
  return Number.isFinite(amount) ? Number(amount.toFixed(4)) : undefined;
}

const currencyOf = (code) => (/^[a-z]{3}$/i.test(code) ? code.toUpperCase() : null);

/** The id by which the merchant's catalogue at Meta calls a variant. */
const idOf = (variant, contentIds) => digitsOf(contentIds === 'variant' ? variant?.id : variant?.product?.id);

// The setting says what the catalogue calls an item, so whatever it names is a `product`, as the server says too.
const named = (ids) => (ids.length > 0 ? {content_type: 'product', content_ids: ids} : {});

/** A list of goods that was looked at: its first ids. */
function listed(variants, contentIds) {
  const ids = (variants || []).map((variant) => idOf(variant, contentIds)).filter(Boolean);
  return named([...new Set(ids)].slice(0, LONGEST_LIST));
}

/** Goods with quantities and what they cost together. `lines`: {variant, quantity}. */
function priced(lines, total, currency, contentIds) {
  const contents = lines
    .map(({variant, quantity}) => ({id: idOf(variant, contentIds), quantity, item_price: amountOf(variant?.price)}))
    .filter(({id}) => id);
  const counted = contents.length > 0 && {
    contents,
    num_items: lines.reduce((sum, {quantity}) => sum + (quantity || 0), 0),
  };
  const value = amountOf(total);
  const money = {value, currency: currencyOf(currency || total?.currencyCode)};
  return Object.assign(named(contents.map(({id}) => id)), counted, money);
}

function searched({query, productVariants}, contentIds) {
  const words = String(query || '').trim();
  const isFit = words && words.length <= LONGEST_SEARCH && !looksPersonal(words);
  return Object.assign(isFit ? {search_string: words} : {}, listed(productVariants, contentIds));
}

/** Meta's custom_data for one of Shopify's events, from the parts that its `data` has. Empty for a page view. */
export function customData({productVariant, cartLine, collection, searchResult, checkout}, contentIds) {
  if (productVariant) {
    return priced([{variant: productVariant, quantity: 1}], productVariant.price, null, contentIds);
  }
  if (cartLine) {
    const {merchandise: variant, quantity, cost} = cartLine;
    return priced([{variant, quantity}], cost?.totalAmount, null, contentIds);
  }
  if (collection) return listed(collection.productVariants, contentIds);
  if (searchResult) return searched(searchResult, contentIds);
  if (!checkout) return {};
  const {lineItems, totalPrice, currencyCode} = checkout;
  const goods = priced((lineItems || []).filter(Boolean), totalPrice, currencyCode, contentIds);
  return Object.assign(goods, {order_id: orderIdOf(checkout)});
}
