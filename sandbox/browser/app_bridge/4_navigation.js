// The app's menu in the admin's side, the page's address and title in the admin's, links that only the admin can open.

customElements.define('s-app-nav', class extends HTMLElement {
  connectedCallback() {
    this.hidden = true; // the admin shows it
  }
});

const menuLinks = () => [...document.querySelectorAll('s-app-nav :is(s-link, a)')];

/** Tells the admin where the app is, and what its menu holds. */
function tellPlace() {
  const items = menuLinks().map((link) => ({
    href: link.getAttribute('href'),
    text: link.textContent.trim(),
    isHome: link.getAttribute('rel') === 'home',
  }));
  tell('place', {path: location.pathname + location.search, title: document.title, items});
}

for (const method of ['pushState', 'replaceState']) {
  const original = history[method].bind(history);
  history[method] = (...args) => {
    original(...args);
    tellPlace();
  };
}
addEventListener('popstate', tellPlace);
addEventListener('DOMContentLoaded', () => {
  tellPlace();
  new MutationObserver(tellPlace).observe(document.head, {childList: true, subtree: true, characterData: true});
});

/** An entry of the menu: the page may act on shopify:navigate of its own link, else a click on a link opens it. */
listeners.navigate = ({href}) => {
  const entry = menuLinks().find((link) => link.getAttribute('href') === href);
  const event = new CustomEvent('shopify:navigate', {bubbles: true, cancelable: true});
  if (entry && !entry.dispatchEvent(event)) return;
  const link = Object.assign(document.createElement('a'), {href, hidden: true});
  document.body.append(link);
  link.click();
  link.remove();
};

addEventListener('click', (event) => {
  const link = event.composedPath().find((node) => node.tagName === 'A' && node.href);
  if (!isEmbedded || link?.protocol !== 'shopify:') return;
  event.preventDefault();
  tell('open', {address: link.href});
}, {capture: true});
