// A file for the browser to keep. It is made here, of what the daemon has told, and is on no server.

import { make } from "./make.js";

const KEPT_MS = 60_000; // browsers take a moment to read it

export function save(name, parts, type) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = make("a", { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

// Return the bytes that base64 stands for.
export function bytes(base64) {
  return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
}
