/* What the canvas has beside it: buttons and keys that do the work of its own toolbar, which is not
   shown. It draws into an open shadow root. */

const LABEL = "Canvas: draw a digit with mouse, finger or pen";
const CANVAS = '[class*="st-key-canvas_"]';
// On Why, while what it put onto the canvas can be taken back: a stroke, although it came as a picture.
const TAKE_BACK = '.st-key-take_back:not([data-stale="true"]) button';
const AFTER_LOADING = 50; // milliseconds until Fabric shows a drawing that it is given
const MOUSE = { pointerdown: "mousedown", pointermove: "mousemove", pointerup: "mouseup" };

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".canvas-tools");
  const own = keptAt(root, () => new Tools());
  own.update(data);
  return whileShown(root, () => own.listen());
}

class Tools {
  constructor() {
    this.listeners = {
      click: (event) => this.click(event),
      keydown: (event) => this.press(event),
      [BLANK_CANVAS]: () => this.blank(canvasOf(this.canvas)),
    };
    for (const name of Object.keys(MOUSE)) this.listeners[name] = (event) => this.record(event);
    this.isNew = true; // until a pen touches a canvas on this page, an empty one says what it is for
    this.strokes = null; // what the pen does until the next canvas is there
    this.follows = false; // whether a finger that began on the last canvas goes on
    this.stroke = null; // what the pen does on this canvas, to be done again if it gets lost
    this.clicks = 0; // what Undo or Clear took away since is not lost
  }

  update({ canvas, beginsEmpty }) {
    this.beginsEmpty = beginsEmpty;
    this.canvas = canvas;
    this.await(canvas);
  }

  /* Returns what ends that. */
  listen() {
    for (const [name, listen] of Object.entries(this.listeners)) document.addEventListener(name, listen, true);
    return () => {
      this.canvas = null;
      for (const [name, listen] of Object.entries(this.listeners)) document.removeEventListener(name, listen, true);
    };
  }

  /* The canvas's own code may load after this. */
  await(canvas) {
    if (canvas !== this.canvas) return;
    const upper = canvasOf(canvas);
    if (upper && upper !== this.greeted) this.greet(upper);
    if (!upper) requestAnimationFrame(() => this.await(canvas));
  }

  greet(upper) {
    this.greeted = upper;
    upper.setAttribute("role", "img");
    upper.setAttribute("aria-label", LABEL);
    const isWaiting = this.beginsEmpty && this.isNew && !this.strokes?.length;
    upper.getRootNode().host.closest(CANVAS)?.toggleAttribute("data-waiting", isWaiting);
    this.replay(upper);
  }

  click(event) {
    const button = event.target.closest?.(".st-key-undo button, .st-key-clear button");
    const upper = button && canvasOf(this.canvas);
    if (!upper) return;
    this.clicks += 1;
    const isUndo = Boolean(button.closest(".st-key-undo"));
    if (!isUndo && !this.beginsEmpty) {
      this.blank(upper);
      return;
    }
    event.stopPropagation();
    event.preventDefault();
    const fabrics = toolbarButton(upper, isUndo ? "Undo" : "Reset canvas & history");
    const takeBack = document.querySelector(TAKE_BACK);
    if (!fabrics.disabled) fabrics.click();
    else if (takeBack) takeBack.click();
    else upper.dispatchEvent(new Event(UNDO_BEGUN, { bubbles: true }));
    // Fabric loads what it shows then.
    setTimeout(() => document.dispatchEvent(new Event(CANVAS_CHANGED)), AFTER_LOADING);
  }

  /* The server brings another canvas. Until then this one looks empty, and what the pen does on it
     is done again on the other. */
  blank(upper) {
    if (!upper) return;
    const lower = upper.getRootNode().querySelector("canvas.dc-canvas.lower-canvas");
    lower.getContext("2d").fillRect(0, 0, lower.width, lower.height);
    this.strokes = [];
  }

  record(event) {
    if (event.type === "pointerdown") this.endWaiting(event.target.closest?.(CANVAS));
    if (this.follows) {
      repeat(event, canvasOf(this.canvas), 0, 0);
      this.follows = event.type !== "pointerup";
    }
    if (!this.strokes) {
      this.guard(event);
      return;
    }
    // For a moment there is no canvas in its place.
    const place = event.type === "pointerdown" && event.target.closest?.(CANVAS);
    const begins = Boolean(place);
    if (begins) this.corner = place.getBoundingClientRect();
    if (begins || (this.strokes.length && event.buttons + (event.type === "pointerup"))) this.strokes.push(event);
  }

  endWaiting(place) {
    if (!place) return;
    place.removeAttribute("data-waiting");
    this.isNew = false;
  }

  /* Where another pen's width comes from the server in the middle of a stroke, Fabric gets another
     brush and forgets what the last one drew. Such a stroke is done again. */
  guard(event) {
    if (event.type === "pointerdown") {
      const upper = event.composedPath()[0];
      this.stroke = upper === canvasOf(this.canvas) && !event.button ? { upper, begin: placeIn(upper, event), events: [] } : null;
    }
    if (!this.stroke || !event.isTrusted) return;
    this.stroke.events.push(event);
    if (event.type !== "pointerup") return;
    const { upper, begin, events } = this.stroke;
    const clicks = this.clicks;
    const lookAgain = () => {
      if (clicks !== this.clicks || !upper.isConnected || isInk(upper, begin)) return;
      for (const one of events) repeat(one, upper, 0, 0);
      document.dispatchEvent(new Event(CANVAS_CHANGED));
    };
    // Fabric shows a stroke with the next frame, which a busy browser may not have had by then.
    setTimeout(() => requestAnimationFrame(lookAgain), AFTER_LOADING);
    this.stroke = null;
  }

  replay(upper) {
    if (!this.strokes?.length) {
      this.strokes = null;
      return;
    }
    setTimeout(() => {
      const corner = upper.getBoundingClientRect();
      const [across, down] = [corner.left - this.corner.left, corner.top - this.corner.top];
      for (const event of this.strokes) repeat(event, upper, across, down);
      const last = this.strokes.at(-1);
      this.follows = last.type !== "pointerup" && last.pointerType !== "mouse";
      this.strokes = null;
    }, AFTER_LOADING);
  }

  press(event) {
    const isTyping = event.composedPath()[0].matches?.("input, textarea, select, [contenteditable]");
    if (isTyping || event.altKey || event.defaultPrevented) return;
    const hasControl = event.ctrlKey || event.metaKey;
    const isUndo = hasControl && !event.shiftKey && event.key.toLowerCase() === "z";
    if (!isUndo && !(event.key === "Escape" && !hasControl)) return;
    const button = document.querySelector(isUndo ? ".st-key-undo button" : ".st-key-clear button");
    if (isUndo) event.preventDefault();
    button?.click();
  }
}

/* Fabric listens for the beginning of a stroke on its canvas, and then on the document. */
function repeat({ type, clientX, clientY, buttons }, upper, across, down) {
  const target = type === "pointerdown" ? upper : document;
  const place = { clientX: clientX + across, clientY: clientY + down, buttons };
  target?.dispatchEvent(new MouseEvent(MOUSE[type], { ...place, bubbles: true, composed: true }));
}

function canvasOf(key) {
  for (const element of document.querySelectorAll(`.st-key-${key} *`)) {
    const canvas = element.shadowRoot?.querySelector("canvas.upper-canvas");
    if (canvas) return canvas;
  }
  return null;
}

/* The canvas's pixel under an event. */
function placeIn(upper, { clientX, clientY }) {
  const box = upper.getBoundingClientRect();
  return [((clientX - box.left) * upper.width) / box.width, ((clientY - box.top) * upper.height) / box.height].map(Math.floor);
}

function isInk(upper, place) {
  const lower = upper.getRootNode().querySelector("canvas.dc-canvas.lower-canvas");
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  pen.drawImage(lower, -place[0], -place[1]);
  return pen.getImageData(0, 0, 1, 1).data[0] > 127;
}

function toolbarButton(upper, title) {
  return upper.getRootNode().querySelector(`.dc-toolbar button[title="${title}"]`);
}
