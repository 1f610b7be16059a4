// Fields that are ticked: checkbox, switch, choice list.

const TICK_STYLE = `${FIELD_STYLE}
  .row { display: grid; grid-template-columns: auto 1fr; gap: 2px 8px; align-items: start; }
  .row label { margin: 0; cursor: pointer; }
  .row :is(.details, .error) { grid-column: 2; margin: 0; }
  input { all: revert; inline-size: 18px; block-size: 18px; margin: 1px 0; accent-color: var(--accent); flex: none; }
  input:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
  input[disabled] { opacity: .5; }
  input[role="switch"] { appearance: none; inline-size: 38px; block-size: 22px; margin: 0; cursor: pointer; }
  input[role="switch"] { border-radius: 22px; background: #757189; position: relative; transition: background .15s; }
  input[role="switch"]::after { content: ""; position: absolute; inset: 3px auto 3px 3px; inline-size: 16px; }
  input[role="switch"]::after { border-radius: 50%; background: #fff; transition: translate .15s; }
  input[role="switch"]:checked { background: var(--accent); }
  input[role="switch"]:checked::after { translate: 16px; }
  @media (prefers-reduced-motion: reduce) { input, input::after { transition: none !important; } }
`;

class Tick extends Field {
  static style = TICK_STYLE;
  static attributes = [...Field.attributes, 'checked', 'indeterminate'];
  static role = '';

  initial() {
    return this.is('checked');
  }

  submitted(isChecked) {
    return isChecked ? this.value : null;
  }

  get value() {
    return this.text('value', 'on');
  }

  set value(value) {
    this.setAttribute('value', value);
  }

  get checked() {
    return Boolean(this.current);
  }

  set checked(isChecked) {
    this.keep(Boolean(isChecked));
    if (this.control) this.control.checked = Boolean(isChecked);
  }

  changed(name) {
    if (name === 'checked') this.begin();
    else if (name === 'value') this.keep(this.current);
    this.draw();
  }

  markup() {
    const label = this.text('label');
    const alone = label ? '' : attribute('aria-label', this.text('accessibilityLabel'));
    const role = attribute('role', this.constructor.role);
    return `<div class="row"><input type="checkbox"${role} ${this.state()}${alone}${this.checked ? ' checked' : ''}>
      ${label && this.labelMarkup()}${this.notes()}</div>`;
  }

  read() {
    this.keep(this.control.checked);
  }
}

define('s-checkbox', class extends Tick {});
define('s-switch', class extends Tick {
  static role = 'switch';
});

define('s-choice-list', class extends Field {
  static attributes = [
    'label', 'name', 'details', 'error', 'disabled', 'multiple', 'values', 'labelAccessibilityVisibility',
  ];
  static style = `${TICK_STYLE}
    fieldset { border: 0; padding: 0; margin: 0; min-inline-size: 0; }
    legend { padding: 0; margin-block-end: 6px; }
    .row { margin-block-end: 8px; }
  `;

  choices() {
    return [...this.querySelectorAll('s-choice')];
  }

  initial() {
    const chosen = this.choices().filter((choice) => choice.hasAttribute('selected'));
    return chosen.map((choice) => choice.getAttribute('value'));
  }

  submitted(values) {
    const form = new FormData();
    for (const value of values) form.append(this.text('name'), value);
    return form;
  }

  get values() {
    return this.current;
  }

  set values(values) {
    this.keep([...values]);
    this.draw();
  }

  get value() {
    return this.current?.[0] ?? '';
  }

  set value(value) {
    this.values = [value];
  }

  choice(element, number) {
    const value = element.getAttribute('value');
    const details = element.querySelector('[slot="details"]')?.textContent.trim();
    const text = [...element.childNodes].filter((node) => !node.slot).map((node) => node.textContent).join('').trim();
    const isOff = this.is('disabled') || element.hasAttribute('disabled');
    const state = `${this.current.includes(value) ? ' checked' : ''}${isOff ? ' disabled' : ''}`;
    const described = details && attribute('aria-describedby', `more-${number}`);
    return `<div class="row">
      <input type="${this.is('multiple') ? 'checkbox' : 'radio'}" name="choice" id="choice-${number}"
        value="${escaped(value)}"${state}${described || ''}>
      <label for="choice-${number}">${escaped(text)}</label>
      ${details ? `<div class="details" id="more-${number}">${escaped(details)}</div>` : ''}
    </div>`;
  }

  markup() {
    const described = ['error', 'details'].filter((name) => this.text(name)).join(' ');
    const isHidden = this.text('labelAccessibilityVisibility') === 'exclusive';
    return `<fieldset${attribute('aria-describedby', described)}>
      <legend class="${isHidden ? 'unseen' : ''}">${escaped(this.text('label'))}</legend>
      ${this.choices().map((element, number) => this.choice(element, number)).join('')}${this.notes()}</fieldset>`;
  }

  wire() {
    for (const input of this.root.querySelectorAll('input')) {
      input.addEventListener('change', () => {
        this.keep([...this.root.querySelectorAll('input:checked')].map(({value}) => value));
        this.dispatchEvent(new Event('change', {bubbles: true}));
      });
    }
  }

  formDisabledCallback() {
    this.draw();
  }
});
