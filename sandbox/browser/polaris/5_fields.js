// Fields with text in them. All are form-associated: their name and value are in the form's FormData.

const FIELD_STYLE = `
  :host { display: block; }
  label { display: block; margin-block-end: 4px; }
  .unseen { position: absolute; clip-path: inset(50%); }
  .needed::after { content: " *"; color: var(--bad); }
  .frame { display: flex; align-items: center; gap: 6px; min-block-size: 34px; padding-inline: 10px; }
  .frame { background: var(--card); border: 1px solid var(--edge); border-radius: 6px; }
  .frame:focus-within { outline: 2px solid var(--focus); outline-offset: 1px; }
  .frame.wrong { border-color: var(--bad); background: var(--bad-back); }
  input, select, textarea { all: unset; flex: 1; min-inline-size: 0; padding-block: 6px; overflow-wrap: anywhere; }
  .frame :focus-visible { outline: none; } /* the frame around it shows the focus */
  .aside { color: var(--quiet); }
  .details { color: var(--quiet); margin-block-start: 4px; }
  .error { color: var(--bad); margin-block-start: 4px; display: flex; gap: 4px; }
`;

class Field extends Component {
  static formAssociated = true;
  static focusable = true;
  static kind = 'text'; // of the inner input
  static style = FIELD_STYLE;
  static attributes = [
    'label', 'name', 'value', 'details', 'error', 'required', 'disabled', 'readOnly', 'placeholder', 'autocomplete',
    'prefix', 'suffix', 'min', 'max', 'step', 'minLength', 'maxLength', 'rows', 'labelAccessibilityVisibility',
    'accessibilityLabel', 'inputMode',
  ];

  constructor() {
    super();
    this.internals = this.attachInternals();
  }

  // --- Its value: `current` is what the form gets, `first` what a reset brings back

  begin() {
    this.first = this.initial();
    this.keep(this.first);
  }

  initial() {
    return this.text('value');
  }

  /** The form's share of a value. */
  submitted(value) {
    return value;
  }

  keep(value) {
    this.current = value;
    this.internals.setFormValue(this.submitted(value));
  }

  get value() {
    return this.current ?? this.text('value');
  }

  set value(value) {
    this.keep(String(value));
    if (this.control) this.control.value = value;
  }

  get form() {
    return this.internals.form;
  }

  get type() {
    return this.constructor.kind;
  }

  formResetCallback() {
    this.keep(this.first);
    this.draw();
  }

  formDisabledCallback(isDisabled) {
    if (this.control) this.control.disabled = isDisabled;
  }

  changed(name) {
    if (name === 'value') this.begin();
    this.draw();
  }

  // --- Its markup

  labelMarkup() {
    const isHidden = this.text('labelAccessibilityVisibility') === 'exclusive';
    const classes = `${isHidden ? 'unseen' : ''} ${this.is('required') ? 'needed' : ''}`;
    return `<label for="control" class="${classes}">${escaped(this.text('label'))}</label>`;
  }

  /** What describes a field below it: its error first. */
  notes() {
    const [error, details] = [this.text('error'), this.text('details')];
    const sign = icon('alert-triangle', 14);
    return `${error && `<div class="error" id="error">${sign}<span>${escaped(error)}</span></div>`}
      <slot name="error"></slot>
      ${details && `<div class="details" id="details">${escaped(details)}</div>`}<slot name="details"></slot>`;
  }

  /** The attributes that every inner control has. */
  state() {
    const described = ['error', 'details'].filter((name) => this.text(name)).join(' ');
    const [isWrong, isRequired] = [this.text('error') && 'true', this.is('required') && 'true'];
    return `id="control"${attribute('aria-describedby', described)}${attribute('aria-invalid', isWrong)}
      ${attribute('aria-required', isRequired)}
      ${this.is('disabled') ? ' disabled' : ''}${this.is('readOnly') ? ' readonly' : ''}`;
  }

  inner() {
    const passed = ['placeholder', 'autocomplete', 'min', 'max', 'step', 'minLength', 'maxLength', 'inputMode'];
    const more = passed.map((name) => attribute(name, this.text(name))).join('');
    return `<input type="${this.constructor.kind}" ${this.state()}${more} value="${escaped(this.current)}">`;
  }

  markup() {
    const aside = (name) => this.text(name) && `<span class="aside">${escaped(this.text(name))}</span>`;
    return `${this.labelMarkup()}<div class="frame ${this.text('error') ? 'wrong' : ''}">
      ${aside('prefix')}${this.inner()}${aside('suffix')}<slot name="accessory"></slot></div>${this.notes()}`;
  }

  // --- Its events: `input` passes out of the shadow by itself, `change` does not

  wire() {
    this.control = this.root.getElementById('control');
    this.control.addEventListener('input', () => this.read());
    this.control.addEventListener('change', () => {
      this.read();
      this.dispatchEvent(new Event('change', {bubbles: true}));
    });
    // Enter in a field submits, as in a plain form.
    this.control.addEventListener('keydown', ({key, isComposing}) => {
      if (key === 'Enter' && !isComposing && this.control.localName === 'input') this.form?.requestSubmit();
    });
  }

  read() {
    this.keep(this.control.value);
  }
}

const INPUTS = {
  's-text-field': 'text', 's-password-field': 'password', 's-email-field': 'email', 's-url-field': 'url',
  's-number-field': 'number', 's-search-field': 'search', 's-date-field': 'date',
};
for (const [tag, kind] of Object.entries(INPUTS)) {
  define(tag, class extends Field {
    static kind = kind;
  });
}

define('s-text-area', class extends Field {
  inner() {
    return `<textarea rows="${escaped(this.text('rows', '3'))}" ${this.state()}>${escaped(this.current)}</textarea>`;
  }
});

define('s-select', class extends Field {
  options() {
    return [...this.querySelectorAll('s-option')];
  }

  initial() {
    const options = this.options();
    const chosen = options.find((option) => option.hasAttribute('selected'));
    const usual = this.text('placeholder') ? undefined : options[0];
    return this.text('value') || ((chosen ?? usual)?.getAttribute('value') ?? '');
  }

  inner() {
    const placeholder = this.text('placeholder');
    const chosen = this.current ? '' : ' selected';
    const none = placeholder && `<option value="" disabled${chosen}>${escaped(placeholder)}</option>`;
    const options = this.options().map((option) => {
      const value = option.getAttribute('value');
      const state = `${value === this.current ? ' selected' : ''}${option.hasAttribute('disabled') ? ' disabled' : ''}`;
      return `<option value="${escaped(value)}"${state}>${escaped(option.textContent.trim())}</option>`;
    });
    return `<select ${this.state()}>${none}${options.join('')}</select>${icon('chevron-down')}`;
  }
});
