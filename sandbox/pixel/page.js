// One page as Shopify describes it to pixels. `page`: url, referrer, title, userAgent, languages, width, height.

/** The address in the parts that Shopify's context.document.location has. */
function locationOf(address) {
  const {href, origin, protocol, host, hostname, port, pathname, search, hash} = new URL(address);
  return {href, origin, protocol, host, hostname, port, pathname, search, hash};
}

/** Shopify's `context` of events and of init. Lengths are CSS pixels. */
export function contextOf({url, referrer = '', title = '', userAgent = '', languages = ['en'], width, height}) {
  const location = locationOf(url);
  const [innerWidth, innerHeight] = [width ?? 1280, height ?? 800];
  const nowhere = {pageXOffset: 0, pageYOffset: 0, screenX: 0, screenY: 0, scrollX: 0, scrollY: 0};
  return {
    document: {location, referrer, title, characterSet: 'UTF-8'},
    navigator: {language: languages[0], languages, userAgent, cookieEnabled: true},
    window: {
      innerWidth,
      innerHeight,
      outerWidth: innerWidth,
      outerHeight: innerHeight,
      origin: location.origin,
      location,
      screen: {width: innerWidth, height: innerHeight},
      ...nowhere,
    },
  };
}

/** The buyer's choice {marketing, analytics, preferences, sale_of_data} in the words of Shopify's customerPrivacy. */
export const customerPrivacyOf = ({marketing, analytics, preferences, sale_of_data: saleOfData}) => ({
  marketingAllowed: Boolean(marketing),
  analyticsProcessingAllowed: Boolean(analytics),
  preferencesProcessingAllowed: Boolean(preferences),
  saleOfDataAllowed: Boolean(saleOfData),
});

/** `init.data`: what Shopify tells a pixel of shop, cart and customer; `told` replaces parts of it. */
export const initDataOf = (shop, url, told = {}) => ({
  customer: null,
  cart: null,
  purchasingCompany: null,
  shop: {
    name: shop,
    countryCode: 'US',
    myshopifyDomain: shop,
    storefrontUrl: new URL(url).origin,
    paymentSettings: {currencyCode: 'USD'},
  },
  ...told,
});
