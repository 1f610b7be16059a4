// Boxes, page and section.

const SPACES = {
  none: 0, 'small-500': 1, 'small-400': 2, 'small-300': 4, 'small-200': 8, 'small-100': 10, small: 12, base: 16,
  large: 20, 'large-100': 20, 'large-200': 24, 'large-300': 32, 'large-400': 40, 'large-500': 48,
}; // CSS pixels

/** A value with the names of spaces in it, as CSS. */
const lengths = (value) => value.split(/\s+/).map((word) => (word in SPACES ? `${SPACES[word]}px` : word)).join(' ');

const PLAIN = [
  'alignContent', 'alignItems', 'blockSize', 'columnGap', 'display', 'gap', 'gridColumn', 'gridRow',
  'gridTemplateColumns', 'gridTemplateRows', 'inlineSize', 'justifyContent', 'justifyItems', 'maxBlockSize',
  'maxInlineSize', 'minBlockSize', 'minInlineSize', 'overflow', 'padding', 'paddingBlock', 'paddingBlockEnd',
  'paddingBlockStart', 'paddingInline', 'paddingInlineEnd', 'paddingInlineStart', 'placeContent', 'placeItems',
  'rowGap',
]; // attributes that are CSS properties under another spelling
const asProperty = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const BACKGROUNDS = {base: 'var(--card)', subdued: 'var(--soft)', strong: 'var(--plain-back)'};
const RADII = {small: '4px', base: '6px', large: '10px', max: '999px'};
const NAMED = {
  background: (value) => `background: ${BACKGROUNDS[value] ?? 'transparent'}`,
  border: (value) => (value === 'none' ? 'border: 0' : 'border: 1px solid var(--line)'),
  borderRadius: (value) => `border-radius: ${RADII[value] ?? '0'}`,
  direction: (value) => `flex-flow: ${value === 'inline' ? 'row wrap' : 'column'}`,
};
const BOX_ATTRIBUTES = [...PLAIN, ...Object.keys(NAMED), 'accessibilityLabel', 'accessibilityRole'];
const BOX_STYLES = Object.fromEntries(BOX_ATTRIBUTES.slice(0, -2).map((name) => [
  name.toLowerCase(),
  NAMED[name] ?? ((value) => `${asProperty(name)}: ${lengths(value)}`),
]));
const ROLES = {section: 'region', header: 'banner', aside: 'complementary', footer: 'contentinfo'};
const RESPONSIVE = /^@container\s*(\S*?)\s*(\(.+?\))\s*(.+?),\s*(.+)$/; // @container [name] (condition) A, B

class Box extends Component {
  static attributes = BOX_ATTRIBUTES;
  static base = 'display: block';

  markup() {
    let rules = this.constructor.base;
    let queries = '';
    for (const {name, value} of this.attributes) {
      const style = BOX_STYLES[name];
      if (!style) continue;
      const [, container, condition, then, otherwise] = RESPONSIVE.exec(value) ?? [];
      rules += `; ${style(otherwise ?? value)}`;
      if (condition) queries += `@container ${container} ${condition} { :host { ${style(then)} } }`;
    }
    this.describe();
    return `<style>:host { ${rules} } ${queries}</style><slot></slot>`;
  }

  describe() {
    const role = this.text('accessibilityRole');
    if (role && role !== 'generic') this.role = ROLES[role] ?? role;
    const label = this.text('accessibilityLabel');
    if (!label) return;
    this.ariaLabel = label;
    if (!this.is('role')) this.role = 'group';
  }
}

define('s-box', Box);
define('s-grid-item', class extends Box {});
define('s-stack', class extends Box {
  static base = 'display: flex; flex-flow: column; gap: 0';
});
define('s-grid', class extends Box {
  static base = 'display: grid';
});

define('s-page', class extends Component {
  static attributes = ['heading', 'inlineSize'];
  static style = `
    :host { display: block; container-type: inline-size; }
    :host(:focus) { outline: none; }
    .whole { max-inline-size: 1000px; margin: 0 auto; padding: 20px 16px 40px; }
    :host([inlinesize="small"]) .whole { max-inline-size: 680px; }
    :host([inlinesize="large"]) .whole { max-inline-size: none; }
    header { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; margin-block-end: 16px; }
    h1 { flex: 1 1 auto; display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
    h1 { font-size: 21px; line-height: 28px; font-weight: 700; }
    .actions { display: flex; flex-wrap: wrap; gap: 8px; }
    .columns { display: grid; gap: 16px; }
    .main, .aside { display: flex; flex-direction: column; gap: 16px; min-inline-size: 0; }
    :is(.main, .aside) > ::slotted(s-link) { align-self: flex-start; }
    @container (inline-size >= 820px) { .two { grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); } }
  `;

  markup() {
    return `<div class="whole">
      <header>
        <slot name="breadcrumb-actions"></slot>
        <h1>${escaped(this.text('heading'))}<slot name="supplemental-start"></slot></h1>
        <div class="actions"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div>
      </header>
      <div class="columns ${this.hasSlotted('aside') ? 'two' : ''}">
        <div class="main"><slot></slot></div>
        <div class="aside"><slot name="aside"></slot></div>
      </div>
    </div>`;
  }
});

define('s-section', class extends Component {
  static attributes = ['heading', 'subheading', 'padding', 'accessibilityLabel'];
  static style = `
    :host { display: block; container-type: inline-size; }
    section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
    .head { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: flex-start; padding: 16px 16px 0; }
    .title { flex: 1 1 12rem; }
    h2, h3 { font-weight: 700; font-size: 14px; line-height: 20px; }
    p { color: var(--quiet); }
    .extras { display: flex; gap: 8px; align-items: center; }
    .body { padding: 16px; display: flex; flex-direction: column; gap: 12px; }
    .body > ::slotted(s-link) { align-self: flex-start; }
    .head + .body { padding-block-start: 12px; }
    :host([padding="none"]) .body { padding: 12px 0 0; }
    :host([padding="none"]) .body:first-child { padding: 0; }
    .nested { border: 0; border-radius: 0; background: none; }
    .nested .head, .nested .body { padding-inline: 0; }
  `;

  markup() {
    const isNested = this.parentElement?.closest('s-section') !== null;
    const label = this.text('heading') || this.text('accessibilityLabel');
    return `<section class="${isNested ? 'nested' : ''}"${attribute('aria-label', label)}>
      ${this.head(isNested ? 'h3' : 'h2')}<div class="body"><slot></slot></div></section>`;
  }

  head(level) {
    const extras = ['supplemental', 'accessory', 'secondary-actions', 'primary-action', 'graphic'];
    const [heading, subheading] = [this.text('heading'), this.text('subheading')];
    if (!heading && !extras.some((slot) => this.hasSlotted(slot))) return '';
    return `<div class="head">
      <slot name="graphic"></slot>
      <div class="title">
        ${heading && `<${level}>${escaped(heading)}</${level}>`}
        ${subheading && `<p>${escaped(subheading)}</p>`}
      </div>
      <div class="extras">${extras.slice(0, -1).map((slot) => `<slot name="${slot}"></slot>`).join('')}</div>
    </div>`;
  }
});
