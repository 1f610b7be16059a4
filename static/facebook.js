// Logging in at Facebook, which may not be framed: in a window of its own, opened by the click itself. How far it has
// come is asked of our server: once Facebook's pages were in it, the window and this page may not know each other any more.
'use strict';
(() => {
  const ASK_EVERY = 1500; // milliseconds
  const LONGEST = 10 * 60_000; // as long as a login may take
  const part = (name) => document.getElementById(`facebook-${name}`);
  let turn = 0; // the newest login is the one that is waited for

  const say = (name) => {
    for (const one of ['waiting', 'blocked', 'failed']) if (part(one)) part(one).hidden = one !== name;
  };

  async function begin() {
    const mine = ++turn;
    const opened = window.open('about:blank', 'facebook-login', 'popup,width=640,height=760');
    try {
      const answer = await fetch('/facebook/start', { method: 'POST' });
      if (!answer.ok) throw new Error('not begun');
      const { url } = await answer.json();
      const there = new URL(url); // the window says what it has to say in the language of this page
      there.searchParams.set('locale', document.documentElement.lang);
      if (opened) opened.location = there;
      else part('link').href = there;
      say(opened ? 'waiting' : 'blocked');
      await wait(mine, opened);
    } catch {
      opened?.close();
      say('failed');
    }
  }

  async function wait(mine, opened) {
    for (const end = Date.now() + LONGEST; Date.now() < end && mine === turn && part('go'); ) {
      await new Promise((done) => setTimeout(done, ASK_EVERY));
      const answer = await fetch('/facebook/state').catch(() => null); // one that fails is asked again
      const { state, go } = answer?.ok ? await answer.json() : {};
      if (mine !== turn || !part('go') || (state !== 'granted' && state !== 'ended')) continue;
      opened?.close();
      part('go').href = go; // app.js follows links
      part('go').click();
      return;
    }
  }

  addEventListener('click', (event) => {
    if (event.composedPath().some((node) => node.dataset?.facebook === 'begin')) begin();
  });
})();
