/* The canvas sends a stroke 200 ms after its end. Whoever is faster would lose it: the button Next
   waits for that long. Enter presses it. Who begins the next digit before its canvas is there draws on
   this one, which looks empty, and the strokes are done again on the next: components/canvas_tools. */

const SENT_AFTER = 300; // milliseconds
const NEXT = ".st-key-next_digit button";
const OTHERS = ".st-key-skip_digit button, .st-key-last_digit button";

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
    if (!event.isTrusted) return;
    if (event.target.closest?.(OTHERS)) document.dispatchEvent(new Event(BLANK_CANVAS));
    if (!event.target.closest?.(NEXT)) return;
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
    this.waiting = setTimeout(() => {
      if (hasInk()) document.dispatchEvent(new Event(BLANK_CANVAS)); // else the same digit is asked for
      document.querySelector(NEXT)?.click();
    }, left);
  }
}

function hasInk() {
  const lower = findCanvas()?.getRootNode().querySelector("canvas.dc-canvas.lower-canvas");
  if (!lower) return false;
  const { data } = lower.getContext("2d").getImageData(0, 0, lower.width, lower.height);
  return data.some((value, at) => at % 4 === 0 && value > 127);
}
