/* What a phone has to send. It stays here, through a reload as well, until the server has it. */

const KEPT_FOR = [1, 2, 3, 5]; // seconds until the next try, the last one again and again
const TIMEOUT = 8000; // milliseconds
const AGAIN = ["paused", "fast", "store"]; // reasons that pass

class Outbox {
  constructor(storage) {
    this.storage = storage;
    this.letters = storage.read("outbox") ?? [];
    this.path = ""; // of the room where the phone is: what was drawn for another one waits
    this.tries = 0;
    this.told = () => {};
  }

  add(letter) {
    this.letters.push({ ...letter, path: this.path, sending: randomToken() });
    this.keep();
    this.deliver();
  }

  keep() {
    this.storage.write("outbox", this.letters);
  }

  /* Sends one after the other. Call it again whenever it may work now. */
  async deliver() {
    clearTimeout(this.later);
    const letter = this.letters.find((one) => one.path === this.path);
    if (this.isSending || !letter) return;
    this.isSending = true;
    const { path, ...content } = letter;
    const answer = await post(path, content);
    this.isSending = false;
    const waits = !answer || answer.status >= 500 || AGAIN.includes(answer.said.reason);
    if (!waits) {
      this.letters = this.letters.filter((one) => one !== letter);
      this.keep();
    }
    this.tries = waits ? this.tries + 1 : 0;
    this.told(answer, waits);
    if (waits) this.later = setTimeout(() => this.deliver(), 1000 * pauseAfter(this.tries));
    else this.deliver();
  }
}

/* A whole room that tries again does not do so at once. */
function pauseAfter(tries) {
  return KEPT_FOR[Math.min(tries, KEPT_FOR.length) - 1] * (0.75 + Math.random() / 2);
}

/* Returns {status, said}, or null where nothing came back. */
async function post(path, content) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT);
  try {
    const response = await fetch(path, { method: "POST", body: JSON.stringify(content), signal: abort.signal });
    return { status: response.status, said: (await response.json().catch(() => null)) ?? {} };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/* crypto.randomUUID is only there with TLS, which a lecture hall's network has not. */
function randomToken() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* What this browser keeps of the app; where it keeps nothing, as long as the page is open. */
class Kept {
  constructor() {
    this.values = {};
  }

  read(name) {
    try {
      return JSON.parse(localStorage.getItem(`mnist_lab_${name}`)) ?? this.values[name];
    } catch {
      return this.values[name];
    }
  }

  write(name, value) {
    this.values[name] = value;
    try {
      localStorage.setItem(`mnist_lab_${name}`, JSON.stringify(value));
    } catch {
      // It is full, or switched off.
    }
  }
}
