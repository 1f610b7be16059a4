// What a page tells: banner, badge, icon, spinner, progress, empty state.

define('s-banner', class extends Component {
  static attributes = ['heading', 'tone', 'dismissible', 'hidden'];
  static style = `
    :host { display: block; }
    .banner { display: grid; grid-template-columns: auto 1fr auto; gap: 4px 10px; padding: 12px 14px; }
    .banner { border-radius: 8px; border-inline-start: 4px solid currentColor; }
    h2 { font-weight: 700; }
    .content { display: flex; flex-direction: column; gap: 8px; min-inline-size: 0; }
    .words { color: var(--ink); }
    .actions { display: flex; flex-wrap: wrap; gap: 8px; }
    .actions:not(.some) { display: none; }
    button { all: unset; cursor: pointer; padding: 4px; border-radius: 4px; block-size: 24px; box-sizing: border-box; }
    button:focus-visible { outline: 2px solid var(--focus); }
  `;

  markup() {
    const tone = TONES[this.text('tone')] ?? TONES.info;
    const heading = this.text('heading');
    const colours = `color: var(--${tone.colour}); background: var(--${tone.colour}-back)`;
    return `<div class="banner" role="${tone === TONES.critical ? 'alert' : 'status'}" style="${colours}">
      ${icon(tone.icon, 18)}
      <div class="content">
        ${heading && `<h2>${escaped(heading)}</h2>`}
        <div class="words"><slot></slot></div>
        <div class="actions ${this.hasSlotted('secondary-actions') ? 'some' : ''}">
          <slot name="secondary-actions"></slot>
        </div>
      </div>
      ${this.is('dismissible') ? `<button aria-label="Dismiss">${icon('x')}</button>` : ''}
    </div>`;
  }

  wire() {
    this.root.querySelector('button')?.addEventListener('click', () => {
      this.dispatchEvent(new Event('dismiss'));
      this.hidden = true;
      this.dispatchEvent(new Event('afterhide'));
    });
  }
});

define('s-badge', class extends Component {
  static attributes = ['tone', 'icon', 'size', 'color'];
  static style = `
    :host { display: inline-flex; vertical-align: middle; }
    span { display: inline-flex; gap: 4px; align-items: center; padding: 1px 8px; border-radius: 4px; }
    span { font-size: 12px; line-height: 18px; font-weight: 600; white-space: nowrap; }
  `;

  markup() {
    const colour = TONES[this.text('tone')]?.colour ?? 'plain';
    const sign = this.text('icon') && icon(this.text('icon'), 12);
    return `<span style="color: var(--${colour}); background: var(--${colour}-back)">${sign}<slot></slot></span>`;
  }
});

define('s-icon', class extends Component {
  static attributes = ['type', 'tone', 'color', 'size'];
  static style = ':host { display: inline-flex; vertical-align: middle; } span { display: inline-flex; }';

  markup() {
    const quiet = this.text('color') === 'subdued' ? 'var(--quiet)' : 'inherit';
    const tone = TONES[this.text('tone')];
    const size = this.text('size') === 'small' ? 14 : 18;
    return `<span style="color: ${tone ? `var(--${tone.colour})` : quiet}">${icon(this.text('type'), size)}</span>`;
  }
});

define('s-empty-state', class extends Component {
  static attributes = ['heading'];
  static style = `
    :host { display: block; text-align: center; padding: 32px 16px; }
    h2 { font-weight: 700; font-size: 14px; margin-block-end: 4px; }
    p { color: var(--quiet); }
    .actions { display: flex; gap: 8px; justify-content: center; margin-block-start: 12px; }
  `;

  markup() {
    return `<slot name="graphic"></slot>
      <h2>${escaped(this.text('heading'))}</h2><p><slot name="subheading"></slot></p>
      <div class="actions"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div>`;
  }
});

define('s-spinner', class extends Component {
  static attributes = ['size', 'accessibilityLabel'];
  static style = `
    :host { display: inline-flex; }
    span { inline-size: 18px; block-size: 18px; border: 2px solid var(--line); border-radius: 50%; }
    span { border-block-start-color: var(--accent); animation: turn .8s linear infinite; }
    @keyframes turn { to { rotate: 1turn; } }
    @media (prefers-reduced-motion: reduce) { span { animation: none; } }
  `;

  markup() {
    return `<span role="img" aria-label="${escaped(this.text('accessibilityLabel', 'Loading'))}"></span>`;
  }
});

define('s-progress', class extends Component {
  static attributes = ['value', 'max', 'tone', 'accessibilityLabel'];
  static style = `
    :host { display: block; }
    .track { block-size: 8px; border-radius: 4px; background: var(--plain-back); overflow: hidden; }
    .done { block-size: 100%; background: var(--accent); }
  `;

  markup() {
    const [value, max] = [Number(this.text('value', '0')), Number(this.text('max', '1'))];
    return `<div class="track" role="progressbar" aria-valuemin="0" aria-valuemax="${max}" aria-valuenow="${value}"
      aria-label="${escaped(this.text('accessibilityLabel', 'Progress'))}"
      ><div class="done" style="inline-size: ${(100 * value) / max}%"></div></div>`;
  }
});
