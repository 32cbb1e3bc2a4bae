/* The canvas sends a stroke 200 ms after its end. Whoever is faster would lose it: the button Next
   waits for that long. Enter presses it. */

const SENT_AFTER = 300; // milliseconds

export default function ({ parentElement }) {
  return whileShown(parentElement.querySelector("div"), () => new NextDigit().listen());
}

class NextDigit {
  constructor() {
    this.penUp = 0; // when the last stroke ended
    this.waiting = 0;
    this.listeners = {
      pointerup: () => (this.penUp = performance.now()),
      click: (event) => this.click(event),
      keydown: (event) => this.press(event),
    };
  }

  /* Returns what ends that. */
  listen() {
    for (const [name, listen] of Object.entries(this.listeners)) document.addEventListener(name, listen, true);
    return () => {
      clearTimeout(this.waiting);
      for (const [name, listen] of Object.entries(this.listeners)) document.removeEventListener(name, listen, true);
    };
  }

  click(event) {
    const button = event.target.closest?.(".st-key-next_digit button");
    if (!button || !event.isTrusted) return;
    event.stopPropagation();
    event.preventDefault();
    this.next();
  }

  press(event) {
    const isTyping = event.composedPath()[0].matches?.("input, textarea, select, button, a, [contenteditable]");
    if (event.key !== "Enter" || event.repeat || isTyping) return;
    event.preventDefault();
    this.next();
  }

  next() {
    clearTimeout(this.waiting);
    const left = Math.max(0, this.penUp + SENT_AFTER - performance.now());
    this.waiting = setTimeout(() => document.querySelector(".st-key-next_digit button")?.click(), left);
  }
}
