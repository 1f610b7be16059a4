// What the admin shows around the app: toasts, save bar, loading bar, menu, title, address, questions.

const element = (id) => document.getElementById(id);
const ONE_LOAD = ['embedded', 'hmac', 'host', 'id_token', 'locale', 'session', 'shop', 'timestamp'];

/** `shop`: the name in the address. `tellApp`: Bridge.tell. */
export function chromeOf(shop, tellApp) {
  const home = `/store/${shop}`;

  function toast({id, text, isError, duration, action}) {
    const box = document.createElement('div');
    box.id = `toast-${id}`;
    box.className = isError ? 'toast error' : 'toast';
    box.append(text);
    const close = (what) => {
      if (!box.isConnected) return;
      box.remove();
      tellApp('toast', {id, what});
    };
    const button = (label, what) => {
      const made = Object.assign(document.createElement('button'), {type: 'button', textContent: label});
      made.className = 'plain';
      made.addEventListener('click', () => close(what));
      box.append(made);
    };
    if (action) button(action, 'action');
    button('Dismiss', 'dismiss');
    element('toasts').append(box);
    setTimeout(close, duration, 'dismiss');
  }

  function menu(items, path) {
    const entries = items.filter(({isHome}) => !isHome).map(({href, text}) => {
      const link = Object.assign(document.createElement('a'), {href: `${home}${href}`, textContent: text});
      link.dataset.path = href;
      const item = document.createElement('li');
      item.append(link);
      return item;
    });
    const first = element('app-menu').firstElementChild;
    element('app-menu').replaceChildren(first, ...entries);
    const homePath = items.find(({isHome}) => isHome)?.href ?? '/';
    element('app-home').dataset.path = homePath;
    element('app-home').href = `${home}${homePath}`;
    const here = path.split('?')[0];
    const links = [...element('app-menu').querySelectorAll('a')];
    const inside = ({dataset: {path: to}}) => here === to || (to !== homePath && here.startsWith(`${to}/`));
    const current = links.find(inside) ?? links[0];
    for (const link of links) link.ariaCurrent = link === current ? 'page' : null;
  }

  /** The app's place shows in the admin's address, so that a reload comes back to it. */
  function place({path, title, items}) {
    const url = new URL(path, location.origin);
    for (const name of ONE_LOAD) url.searchParams.delete(name);
    history.replaceState(history.state, '', `${home}${url.pathname === '/' ? '' : url.pathname}${url.search}`);
    element('title').textContent = title;
    document.title = `${title} (TEST USE ONLY)`;
    if (items.length > 0) menu(items, path);
  }

  function confirm({question, yes}) {
    const dialog = element('question');
    element('question-text').textContent = question;
    element('question-yes').textContent = yes;
    dialog.returnValue = 'no';
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), {once: true});
    });
  }

  /** The app is gone from the admin. */
  function forget(name) {
    element('app-menu').replaceChildren(element('app-menu').firstElementChild);
    element('app-home').ariaCurrent = null;
    element('title').textContent = name;
    document.title = `${name} (TEST USE ONLY)`;
  }

  const notice = (text) => toast({id: `own-${Date.now()}`, text, isError: false, duration: 5000, action: ''});

  return {
    toast,
    hideToast: ({id}) => element(`toast-${id}`)?.remove(),
    place,
    forget,
    confirm,
    notice,
    saveBar: ({show}) => {
      element('save-bar').hidden = !show;
    },
    loading: ({isLoading}) => {
      element('loading').hidden = !isLoading;
    },
    open: ({address}) => notice(`A shop’s admin would open ${address.replace(/^shopify:\/*/, '')} now.`),
  };
}
