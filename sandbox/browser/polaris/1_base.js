// TEST USE ONLY: a stand-in for Shopify's polaris.js, which exists on Shopify's CDN only. Exact in tags, attributes,
// slots, form association, events and commands; its looks are its own and meant to be told apart from Shopify's.
// The files of this folder are one script: served in the order of their numbers, inside one function (stand_ins.py).
// This one: what all components share.

document.head.append(Object.assign(document.createElement('link'), {
  rel: 'stylesheet',
  href: document.currentScript.src.replace(/\.js(\?.*)?$/, '.css'),
}));

// Drawn for this sandbox: paths on a field of 20 by 20.
const ICONS = {
  'alert-triangle': 'M10 8v4M10 14.4v.2M10 3l7.6 13.6H2.4z',
  'arrow-down': 'M10 4v12M5 11l5 5 5-5',
  'arrow-up': 'M10 16V4M5 9l5-5 5 5',
  check: 'M4.5 10.5l3.6 3.6 7.4-8',
  'chevron-down': 'M5 8l5 5 5-5',
  'chevron-left': 'M12 5l-5 5 5 5',
  'chevron-right': 'M8 5l5 5-5 5',
  'chevron-up': 'M5 12l5-5 5 5',
  clock: 'M10 5.6V10l3 2',
  connect: 'M8 12l4-4M7 9l-2 2a3 3 0 0 0 4 4l2-2M13 11l2-2a3 3 0 0 0-4-4L9 7',
  external: 'M8 4H4v12h12v-4M11 3h6v6M17 3l-8 8',
  info: 'M10 9v5M10 6v.3',
  lock: 'M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3',
  minus: 'M6 10h8',
  refresh: 'M16 8a6.5 6.5 0 1 0 .4 4M16 3v5h-5',
  send: 'M3 10l14-6-5 13-3-5z',
  x: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
};
const RINGED = ['info', 'clock'];
const UNKNOWN_ICON = 'M10 9v2';

/** An icon as markup; names that end in "-circle" get a ring. `size`: CSS pixels. */
function icon(name, size = 16) {
  const bare = name.replace(/-circle$/, '');
  const isCircled = bare !== name;
  const ring = isCircled || RINGED.includes(name) ? '<circle cx="10" cy="10" r="7.6"/>' : '';
  const smaller = isCircled ? ' transform="translate(4 4) scale(.6)"' : '';
  return `<svg viewBox="0 0 20 20" width="${size}" height="${size}" aria-hidden="true" fill="none"
    stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"
    >${ring}<path d="${ICONS[bare] ?? UNKNOWN_ICON}"${smaller}/></svg>`;
}

const ENTITIES = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'};
const escaped = (text) => String(text ?? '').replace(/[&<>"]/g, (sign) => ENTITIES[sign]);
/** `name="value"` for markup, or nothing where there is no value. */
const attribute = (name, value) => (value ? ` ${name}="${escaped(value)}"` : '');

/** The colours of a tone, by its CSS variables, and the icon of a banner. */
const TONES = {
  success: {colour: 'good', icon: 'check-circle'},
  warning: {colour: 'warn', icon: 'alert-triangle'},
  caution: {colour: 'warn', icon: 'alert-triangle'},
  critical: {colour: 'bad', icon: 'alert-triangle'},
  info: {colour: 'info', icon: 'info'},
};

const shared = new CSSStyleSheet();
shared.replaceSync(`
  *, :host { box-sizing: border-box; }
  :host([hidden]) { display: none !important; }
  :where(h1, h2, h3, p) { margin: 0; font: inherit; }
  :where(button, input, select, textarea) { font: inherit; color: inherit; }
  :focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
  svg { flex: none; }
`);

/** Attributes that are true by being there; the others are text. */
const BOOLEANS = new Set([
  'checked', 'disabled', 'dismissible', 'hidden', 'indeterminate', 'loading', 'multiple', 'paginate', 'readOnly',
  'required', 'selected', 'hasNextPage', 'hasPreviousPage',
]);

class Component extends HTMLElement {
  static attributes = []; // in camel case, as properties; HTML writes them in lower case
  static style = '';
  static focusable = false;

  static get observedAttributes() {
    return this.attributes.map((name) => name.toLowerCase());
  }

  constructor() {
    super();
    this.root = this.attachShadow({mode: 'open', delegatesFocus: this.constructor.focusable});
    this.root.adoptedStyleSheets = [shared];
  }

  text(name, otherwise = '') {
    return this.getAttribute(name) ?? otherwise;
  }

  is(name) {
    return this.hasAttribute(name);
  }

  hasSlotted(slot) {
    return this.querySelector(`:scope > [slot="${slot}"]`) !== null;
  }

  connectedCallback() {
    if (!this.isLive) this.begin(); // one that only moves keeps what was typed
    this.isLive = true;
    this.draw();
    if (document.readyState !== 'loading') return;
    // While the parser runs, an element is connected before its children: once more when they are there.
    addEventListener('DOMContentLoaded', () => {
      this.begin();
      this.draw();
    }, {once: true});
  }

  attributeChangedCallback(name, before, now) {
    if (this.isLive && before !== now) this.changed(name);
  }

  begin() {}

  changed() {
    this.draw();
  }

  draw() {
    this.root.innerHTML = `<style>${this.constructor.style}</style>${this.markup()}`;
    this.wire();
  }

  markup() {
    return '<slot></slot>';
  }

  wire() {}
}

/** Defines a component, with a property for each of its attributes that the class has not written itself. */
function define(tag, type) {
  for (const name of type.attributes) {
    if (name in type.prototype) continue;
    const isBoolean = BOOLEANS.has(name);
    Object.defineProperty(type.prototype, name, {
      configurable: true,
      get() {
        return isBoolean ? this.is(name) : this.text(name);
      },
      set(value) {
        if (isBoolean) this.toggleAttribute(name, Boolean(value));
        else this.setAttribute(name, value);
      },
    });
  }
  customElements.define(tag, type);
}
