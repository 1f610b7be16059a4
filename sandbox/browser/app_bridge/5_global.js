// window.shopify. What this sandbox's admin does not have is absent rather than pretended.

let lastToast = 0;
const toasts = new Map(); // id -> options

const toast = {
  show(message, options = {}) {
    lastToast += 1;
    const id = String(lastToast);
    toasts.set(id, options);
    const {isError = false, duration = 5000, action = ''} = options;
    tell('toast', {id, text: String(message), isError, duration, action});
    return id;
  },
  hide: (id) => tell('hideToast', {id}),
};

listeners.toast = ({id, what}) => {
  const options = toasts.get(id);
  if (what === 'action') options?.onAction?.();
  else options?.onDismiss?.();
};

const overlay = (method) => async (id) => {
  const modal = document.getElementById(id);
  if (!modal?.[method]) throw new Error(`App Bridge: there is no modal "${id}".`);
  modal[method]();
};

/** What came of a question about scopes; rejects where Shopify refuses it: a scope that the app did not declare. */
async function scopesBy(step, names) {
  const {error, ...answer} = await ask('changeScopes', {step, names: [...names]}, 0); // a person may be asked
  if (error) throw new Error(`App Bridge: ${error}`);
  return answer;
}

window.shopify = Object.freeze({
  config,
  origin: adminOrigin,
  ready: Promise.resolve(),
  environment: {embedded: isEmbedded, mobile: false, pos: false},
  loading: (isLoading) => tell('loading', {isLoading: isLoading !== false}),
  idToken,
  user: () => ask('user'),
  toast,
  saveBar,
  modal: {show: overlay('showOverlay'), hide: overlay('hideOverlay'), toggle: overlay('toggleOverlay')},
  scopes: {
    query: () => ask('scopes'),
    request: (names) => scopesBy('request', names),
    revoke: (names) => scopesBy('revoke', names),
  },
  app: {extensions: () => ask('extensions')},
});
