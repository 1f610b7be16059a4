// Text, lists and tables, whose looks are in polaris.css; and a word on tags that do not exist.

const PLAIN_TAGS = ['s-text', 's-paragraph', 's-divider', 's-number', 's-list-item', 's-query-container', 's-option',
  's-option-group', 's-choice'];
for (const tag of PLAIN_TAGS) customElements.define(tag, class extends HTMLElement {});

for (const tag of ['s-unordered-list', 's-ordered-list']) {
  customElements.define(tag, class extends HTMLElement {
    connectedCallback() {
      this.role = 'list';
      whenParsed(() => {
        for (const item of this.children) item.role = 'listitem';
      });
    }
  });
}

customElements.define('s-heading', class extends HTMLElement {
  connectedCallback() {
    let level = 2;
    for (let up = this.closest('s-section'); up; up = up.parentElement?.closest('s-section')) {
      if (up.getAttribute('heading')) level += 1;
    }
    this.role = 'heading';
    this.ariaLevel = String(Math.min(level, 4));
  }
});

/** Runs the action when an element's children are there. */
function whenParsed(action) {
  action();
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', action, {once: true});
}

// --- Tables. The rows stay in the page's tree; below 560 px each one is drawn as an entry of a list.

define('s-table', class extends Component {
  static attributes = ['variant', 'loading', 'paginate', 'hasNextPage', 'hasPreviousPage'];
  static style = `
    :host { display: block; }
    .table { display: table; inline-size: 100%; border-collapse: collapse; }
    @container (inline-size < 560px) { :host(:not([variant="table"])) .table { display: block; } }
    .pages { display: flex; gap: 8px; justify-content: center; padding: 12px; }
    button { all: unset; cursor: pointer; padding: 6px 10px; border: 1px solid var(--edge); border-radius: 6px; }
    button[disabled] { cursor: default; opacity: .5; }
    button:focus-visible { outline: 2px solid var(--focus); }
  `;

  markup() {
    const busy = this.is('loading') ? ' aria-busy="true"' : '';
    const button = (event, label, sign, isOn) => `<button data-event="${event}" aria-label="${label}"
      ${isOn ? '' : 'disabled'}>${icon(sign)}</button>`;
    const pages = `<div class="pages">
      ${button('previouspage', 'Previous page', 'chevron-left', this.is('hasPreviousPage'))}
      ${button('nextpage', 'Next page', 'chevron-right', this.is('hasNextPage'))}</div>`;
    return `<slot name="filters"></slot><div class="table" role="table"${busy}><slot></slot></div>
      ${this.is('paginate') ? pages : ''}`;
  }

  wire() {
    for (const button of this.root.querySelectorAll('button')) {
      button.addEventListener('click', () => this.dispatchEvent(new Event(button.dataset.event)));
    }
    this.watcher ??= new MutationObserver(() => this.labelCells());
    this.watcher.observe(this, {childList: true, subtree: true});
    this.labelCells();
  }

  disconnectedCallback() {
    this.watcher?.disconnect();
  }

  /** Tells each cell its column: for the list form, and for numbers that stand at the end. */
  labelCells() {
    const headers = [...this.querySelectorAll('s-table-header')];
    for (const header of headers) {
      header.toggleAttribute('data-end', /numeric|currency/.test(header.getAttribute('format') ?? ''));
    }
    for (const row of this.querySelectorAll('s-table-row')) {
      [...row.children].slice(0, headers.length).forEach((cell, column) => {
        const header = headers[column];
        cell.dataset.label = header.textContent.trim();
        cell.dataset.place = header.getAttribute('listslot') ?? 'labeled';
        cell.toggleAttribute('data-end', header.hasAttribute('data-end'));
      });
    }
  }
});

const ROW_PARTS = {
  's-table-body': 'rowgroup', 's-table-header-row': 'row', 's-table-header': 'columnheader', 's-table-cell': 'cell',
};
for (const [tag, role] of Object.entries(ROW_PARTS)) {
  customElements.define(tag, class extends HTMLElement {
    connectedCallback() {
      this.role = role;
    }
  });
}

const PRESSABLE = ['A', 'BUTTON', 'S-LINK', 'S-BUTTON'];
customElements.define('s-table-row', class extends HTMLElement {
  connectedCallback() {
    this.role = 'row';
    this.onclick = (event) => {
      const delegate = document.getElementById(this.getAttribute('clickdelegate') ?? '');
      if (!delegate || event.composedPath().some((node) => PRESSABLE.includes(node.tagName))) return;
      delegate.shadowRoot?.querySelector('a, button')?.click();
    };
  }
});

// --- Strictness: the real script knows no other tags either
const complained = new Set();

function lookForUnknownTags() {
  for (const {localName} of document.querySelectorAll('*')) {
    if (!localName.startsWith('s-') || customElements.get(localName) || complained.has(localName)) continue;
    complained.add(localName);
    console.error(`There is no <${localName}>.`);
  }
}

addEventListener('DOMContentLoaded', () => {
  lookForUnknownTags();
  new MutationObserver(lookForUnknownTags).observe(document.body, {childList: true, subtree: true});
});
