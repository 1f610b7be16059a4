// The worker of one document, as PixelManager (pixel/manager.js) wants it: the unchanged production bundle under the
// sandbox's runtime, made from a blob inside a frame without an origin of its own. Its requests carry "Origin: null",
// the harshest case that was seen in the field.
import {workerSource} from '/browser/pixel/manager.js';

const textOf = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return answer.text();
};

/** Script and declaration of the built extension. Rejects when it has not been built. */
export async function extensionFiles() {
  const [runtime, bundle, toml] = await Promise.all(
    ['runtime.js', 'main.js', 'shopify.extension.toml'].map((name) => textOf(`/browser/pixel/${name}`)),
  );
  return {source: workerSource(runtime, bundle), toml};
}

/** What runs inside the frame: it starts the worker and passes messages on. */
const FRAME_SCRIPT = `
  const source = __SOURCE__;
  const worker = new Worker(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
  worker.onmessage = ({data}) => parent.postMessage(data, '*');
  worker.onerror = ({message}) => parent.postMessage({t: 'broken', text: message}, '*');
  addEventListener('message', ({data}) => worker.postMessage(data));
`;

/** A string as it may stand in a script inside HTML. */
const inScript = (text) => JSON.stringify(text).replaceAll('<', '\\u003c');

export function workerOf(source) {
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.hidden = true;
  frame.title = 'Pixel';
  let listener = null;
  return {
    start(onMessage, onBroken) {
      listener = ({source: from, data}) => {
        if (from !== frame.contentWindow) return;
        if (data.t === 'broken') onBroken(new Error(data.text));
        else onMessage(data);
      };
      addEventListener('message', listener);
      frame.srcdoc = `<script>${FRAME_SCRIPT.replace('__SOURCE__', () => inScript(source))}</script>`;
      document.body.append(frame);
    },
    send: (message) => frame.contentWindow?.postMessage(message, '*'),
    stop() {
      removeEventListener('message', listener);
      frame.remove();
    },
  };
}
