// Writes the buyer's privacy choice into the cart, as the attribute `_backstop`: a second record of it, which reaches the
// app with the order even where a blocker has stopped the pixel. Value: see docs/pixel-protocol.md, "The cart's record".
(function () {
  'use strict';

  var NAME = '_backstop';
  var SETTLE = 1000; // milliseconds: several changes at once are one write
  var BROWSER_ID = /^fb\.\d\.\d{10,13}\.[^\s;]{1,490}$/;
  var timer = null;
  var busy = false;
  var done = null; // what this page has seen in the cart, or put there
  var ADDING = '[type="submit"], [name="add"], [name="checkout"], a[href*="/checkout"], form[action*="/cart"] button';

  function cookie(name) {
    var found = document.cookie.split('; ').filter(function (pair) {
      return pair.indexOf(name + '=') === 0;
    })[0];
    var value = found ? found.slice(name.length + 1) : '';
    return BROWSER_ID.test(value) ? value : '';
  }

  // The letters of what is allowed; null while the buyer has neither chosen nor is allowed for without a choice.
  function letters(privacy) {
    var allowed =
      (privacy.marketingAllowed() ? 'm' : '') +
      (privacy.analyticsProcessingAllowed() ? 'a' : '') +
      (privacy.preferencesProcessingAllowed() ? 'p' : '') +
      (privacy.saleOfDataAllowed() ? 's' : '');
    if (allowed.indexOf('ma') === 0) return allowed;
    var said = privacy.currentVisitorConsent();
    return said.marketing === 'no' || said.analytics === 'no' ? allowed || '-' : null;
  }

  // What stands in the cart, without the time: the same choice is not written again.
  function choice(privacy) {
    var allowed = letters(privacy);
    if (allowed === null) return null;
    var all = allowed.indexOf('ma') === 0 && allowed.indexOf('s') > 0;
    return {letters: allowed, ids: all ? cookie('_fbp') + ';' + cookie('_fbc') : ';'};
  }

  function same(written, wanted) {
    var parts = (written || '').split(';');
    return parts[0] === '1' && parts[1] === wanted.letters && parts.slice(3).join(';') === wanted.ids;
  }

  function root() {
    var routes = window.Shopify && window.Shopify.routes;
    return (routes && routes.root) || '/';
  }

  function write(wanted) {
    var value = ['1', wanted.letters, new Date().toISOString(), wanted.ids].join(';');
    var attributes = {};
    attributes[NAME] = value;
    return fetch(root() + 'cart/update.js', {
      method: 'POST',
      keepalive: true,
      headers: {'Content-Type': 'application/json', Accept: 'application/json'},
      body: JSON.stringify({attributes: attributes}),
    });
  }

  // Only a cart with goods in it is written to: a visitor who only looks gets no cart because of us.
  function record() {
    var privacy = window.Shopify && window.Shopify.customerPrivacy;
    if (busy || !privacy || typeof privacy.marketingAllowed !== 'function') return;
    var wanted = choice(privacy);
    if (!wanted || done === wanted.letters + wanted.ids) return;
    busy = true;
    fetch(root() + 'cart.js', {headers: {Accept: 'application/json'}})
      .then(function (answer) {
        return answer.ok ? answer.json() : null;
      })
      .then(function (cart) {
        if (!cart || !(cart.item_count > 0)) return null;
        var written = cart.attributes && cart.attributes[NAME];
        return same(written, wanted) ? {ok: true} : write(wanted);
      })
      .then(function (answer) {
        if (answer && answer.ok) done = wanted.letters + wanted.ids;
      })
      .catch(function () {}) // a shop must not suffer from us: the pixel's own record remains
      .then(function () {
        busy = false;
      });
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(record, SETTLE);
  }

  // What puts goods into the cart differs from theme to theme; a form or such a button is pressed in all of them.
  function pressed(event) {
    var target = event.target;
    if (target && target.closest && target.closest(ADDING)) soon();
  }

  function listen() {
    document.addEventListener('visitorConsentCollected', soon);
    document.addEventListener('submit', soon, true);
    document.addEventListener('click', pressed, true);
    record(); // at once: who goes straight on to the checkout stays on the cart's page for a moment only
  }

  if (window.Shopify && typeof window.Shopify.loadFeatures === 'function') {
    window.Shopify.loadFeatures([{name: 'consent-tracking-api', version: '0.1'}], function (fault) {
      if (!fault) listen();
    });
  }
})();
