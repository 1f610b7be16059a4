// What Shopify gives a theme's pages, as far as the app's block asks for it; for the browser storefront and Node alike.

const NAMES = ['marketing', 'analytics', 'preferences', 'sale_of_data'];
const WORDS = {true: 'yes', false: 'no'};

/** `window.Shopify`. `allowed()`: what holds now; `chosen()`: the buyer's own choice, null before there is one. */
export function shopifyOf(allowed, chosen) {
  const customerPrivacy = {
    marketingAllowed: () => Boolean(allowed().marketing),
    analyticsProcessingAllowed: () => Boolean(allowed().analytics),
    preferencesProcessingAllowed: () => Boolean(allowed().preferences),
    saleOfDataAllowed: () => Boolean(allowed().sale_of_data),
    currentVisitorConsent: () => Object.fromEntries(NAMES.map((name) => [name, WORDS[chosen()?.[name]] ?? ''])),
  };
  const shopify = {
    routes: {root: '/'},
    loadFeatures(features, ready) {
      shopify.customerPrivacy = customerPrivacy; // only from here on, as in a shop
      ready();
    },
  };
  return shopify;
}

/** Date by a clock that is `offset()` milliseconds ahead. */
export function dateOf(offset) {
  return class extends Date {
    constructor(...given) {
      super(...(given.length ? given : [Date.now() + offset()]));
    }

    static now() {
      return Date.now() + offset();
    }
  };
}
