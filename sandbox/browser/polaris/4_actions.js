// What a merchant presses: buttons, links, modals; commandFor and command.

const COMMANDS = {
  '--show': 'showOverlay', '--hide': 'hideOverlay', '--toggle': 'toggleOverlay', '--auto': 'toggleOverlay',
};

class Action extends Component {
  static focusable = true;
  static formAssociated = true;

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.addEventListener('click', (event) => this.pressed(event));
  }

  get form() {
    return this.internals.form;
  }

  get isOff() {
    return this.is('disabled') || this.is('loading');
  }

  pressed(event) {
    if (this.isOff) {
      event.stopImmediatePropagation();
      event.preventDefault();
      return;
    }
    this.carryOut();
    if (event.defaultPrevented || !this.form) return;
    if (this.text('type') === 'submit') this.form.requestSubmit();
    else if (this.text('type') === 'reset') this.form.reset();
  }

  carryOut() {
    const name = this.text('commandFor');
    const target = name && this.getRootNode().getElementById(name);
    if (name && !target) console.error(`commandFor names "${name}", which is not on the page.`);
    target?.[COMMANDS[this.text('command', '--auto')]]?.();
  }

  /** A link where there is an address, else a button. */
  element(classes, inner) {
    const href = this.text('href');
    const common = `class="${classes}"${attribute('aria-label', this.text('accessibilityLabel'))}`;
    if (href) {
      const download = this.is('download') ? ` download="${escaped(this.text('download'))}"` : '';
      return `<a ${common} href="${escaped(href)}"${attribute('target', this.text('target'))}${download}>${inner}</a>`;
    }
    const state = `${this.isOff ? ' disabled' : ''}${this.is('loading') ? ' aria-busy="true"' : ''}`;
    return `<button type="button" ${common}${state}>${inner}</button>`;
  }
}

const ACTION_ATTRIBUTES = ['href', 'target', 'download', 'commandFor', 'command', 'accessibilityLabel'];

define('s-button', class extends Action {
  static attributes = [...ACTION_ATTRIBUTES, 'variant', 'tone', 'icon', 'type', 'disabled', 'loading', 'inlineSize'];
  static style = `
    :host { display: inline-flex; }
    .button { all: unset; box-sizing: border-box; cursor: pointer; min-block-size: 32px; padding: 5px 12px; }
    .button { display: inline-flex; gap: 6px; align-items: center; justify-content: center; text-align: center; }
    .button { border: 1px solid var(--edge); border-radius: 6px; background: var(--card); }
    .button { font: 600 13px/20px var(--font); }
    .button:hover { background: var(--soft); }
    .button:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
    .button[disabled] { cursor: default; opacity: .55; }
    .critical { color: var(--bad); }
    .primary { background: var(--accent); border-color: var(--accent); color: #fff; }
    .primary:hover { background: var(--accent-dark); }
    .primary.critical { background: var(--bad); border-color: var(--bad); color: #fff; }
    .tertiary { background: none; border-color: transparent; padding-inline: 8px; }
    .bare { padding: 5px 7px; }
    @media (pointer: coarse) { .button { min-block-size: 40px; } }
  `;

  markup() {
    const usual = this.slot === 'primary-action' ? 'primary' : 'secondary';
    const wanted = this.text('variant', 'auto');
    const sign = this.text('icon');
    const classes = ['button', wanted === 'auto' ? usual : wanted, this.text('tone')];
    if (sign && !this.textContent.trim()) classes.push('bare');
    return this.element(escaped(classes.join(' ')), `${sign && icon(sign)}<slot></slot>`);
  }
});

define('s-link', class extends Action {
  static attributes = [...ACTION_ATTRIBUTES, 'tone'];
  static style = `
    :host { display: inline; }
    a, button { all: unset; cursor: pointer; color: var(--link); border-radius: 4px; }
    a, button { text-decoration: underline; text-underline-offset: 2px; }
    :focus-visible { outline: 2px solid var(--focus); }
    :host([tone="neutral"]) * { color: inherit; }
  `;

  markup() {
    return this.element('', '<slot></slot>');
  }
});

define('s-clickable', class extends Action {
  static attributes = [...ACTION_ATTRIBUTES, 'type', 'disabled', 'loading', 'padding'];
  static style = `
    :host { display: block; }
    a, button { all: unset; display: block; box-sizing: border-box; inline-size: 100%; cursor: pointer; }
    :focus-visible { outline: 2px solid var(--focus); }
    :hover { background: var(--soft); }
  `;

  markup() {
    const padding = `<style>.inner { padding: ${lengths(this.text('padding', 'none'))} !important; }</style>`;
    return padding + this.element('inner', '<slot></slot>');
  }
});

define('s-button-group', class extends Component {
  static attributes = ['gap', 'accessibilityLabel'];
  static style = ':host { display: flex; flex-wrap: wrap; gap: 8px; }';

  markup() {
    return '<slot></slot><slot name="secondary-actions"></slot><slot name="primary-action"></slot>';
  }
});

define('s-modal', class extends Component {
  static attributes = ['heading', 'size', 'padding', 'accessibilityLabel'];
  static style = `
    dialog { padding: 0; border: 1px solid var(--edge); border-radius: 10px; color: var(--ink); }
    dialog { inline-size: min(620px, calc(100vw - 24px)); max-block-size: min(85vh, 720px); }
    dialog { font: 400 13px/20px var(--font); box-shadow: 0 18px 50px #1b143f66; overflow: hidden; }
    dialog[open] { display: flex; flex-direction: column; }
    .head, .foot { flex: none; }
    :host([size="small"]) dialog { inline-size: min(400px, calc(100vw - 24px)); }
    :host([size="large"]) dialog { inline-size: min(900px, calc(100vw - 24px)); }
    dialog::backdrop { background: #1b143f80; }
    .head { display: flex; align-items: center; padding: 12px 16px; border-block-end: 1px solid var(--line); }
    h2 { flex: 1; font-weight: 700; font-size: 14px; }
    .head button { all: unset; cursor: pointer; padding: 4px; border-radius: 4px; display: flex; }
    .head button:focus-visible { outline: 2px solid var(--focus); }
    .body { padding: 16px; overflow: auto; }
    .foot { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 8px; padding: 12px 16px; }
    .foot { border-block-start: 1px solid var(--line); }
  `;

  markup() {
    const heading = this.text('heading');
    return `<dialog aria-label="${escaped(heading || this.text('accessibilityLabel'))}">
      <div class="head"><h2>${escaped(heading)}</h2><button aria-label="Close">${icon('x', 18)}</button></div>
      <div class="body"><slot></slot></div>
      <div class="foot"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div>
    </dialog>`;
  }

  wire() {
    this.dialog = this.root.querySelector('dialog');
    this.root.querySelector('.head button').addEventListener('click', () => this.hideOverlay());
    this.dialog.addEventListener('close', () => this.tell('hide', 'afterhide'));
  }

  showOverlay() {
    if (this.dialog.open) return;
    this.dialog.showModal();
    this.tell('show', 'aftershow');
  }

  hideOverlay() {
    this.dialog.close();
  }

  toggleOverlay() {
    if (this.dialog.open) this.hideOverlay();
    else this.showOverlay();
  }

  tell(...names) {
    for (const name of names) this.dispatchEvent(new Event(name));
  }
});
