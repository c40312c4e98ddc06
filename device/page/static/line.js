// The line to the page's server, which is opened again whenever it breaks.

// The server says that it is there at least every 3 s: a line that is dead, as of a device that has lost its power, may
// look whole for minutes.
const SILENT_MS = 9000;
const SOONEST_MS = 500;
const LATEST_MS = 5000;

export class Line {
  // `take` is called with each message that comes, and `lost` when the server itself is away.
  constructor(path, take, lost) {
    this.path = path;
    this.take = take;
    this.lost = lost;
    this.wait = SOONEST_MS;
    this.open();
  }

  open() {
    const url = new URL(this.path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new WebSocket(url);
    this.listen();
    this.socket.onmessage = (message) => {
      this.listen();
      this.wait = SOONEST_MS;
      this.take(JSON.parse(message.data));
    };
    this.socket.onclose = () => this.again();
  }

  // Wait for the next message, but not for ever.
  listen() {
    clearTimeout(this.silent);
    this.silent = setTimeout(() => this.again(), SILENT_MS);
  }

  again() {
    clearTimeout(this.silent);
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket.close();
    this.lost();
    setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(LATEST_MS, this.wait * 1.6);
  }

  // Ask for something; return whether there is somebody to ask.
  ask(message) {
    const open = this.socket.readyState === WebSocket.OPEN;
    if (open) this.socket.send(JSON.stringify(message));
    return open;
  }
}
