// The admin's side of App Bridge (app_bridge/ is the other): answers and carries out what the app in the frame asks.
// Only the frame, and only while it shows the app's origin, is listened to and told anything.

export class Bridge {
  /** `handlers`: type of a message -> function of its fields; what it returns (or resolves to) answers a question. */
  constructor(frame, origin, handlers) {
    Object.assign(this, {frame, origin, handlers});
    addEventListener('message', (event) => this.receive(event));
  }

  tell(type, fields = {}) {
    this.frame.contentWindow?.postMessage({appBridge: type, ...fields}, this.origin);
  }

  async receive({source, origin, data}) {
    if (source !== this.frame.contentWindow || origin !== this.origin) return;
    const type = data?.appBridge;
    if (typeof type !== 'string' || !Object.hasOwn(this.handlers, type)) return;
    const value = await this.handlers[type](data);
    if (data.n !== undefined) this.tell('answer', {n: data.n, value});
  }
}
