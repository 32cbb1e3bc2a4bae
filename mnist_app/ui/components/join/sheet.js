/* What a finger draws: strokes as points in pixels of a canvas of SIDE. */

const LEAST_STEP = 1; // pixels between two points that are kept

class Sheet {
  constructor(canvas) {
    this.canvas = canvas;
    this.strokes = [];
    this.changed = () => {};
    this.reading = document.createElement("canvas");
    this.reading.width = this.reading.height = SIDE;
    this.finger = null;
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(name, (event) => this.end(event));
    }
    // Safari zooms and scrolls on what is not refused here.
    for (const name of ["touchstart", "touchmove", "dblclick"]) {
      canvas.addEventListener(name, (event) => event.preventDefault(), { passive: false });
    }
    new ResizeObserver(() => this.fit()).observe(canvas);
  }

  get isEmpty() {
    return !this.strokes.length;
  }

  begin(event) {
    if (this.finger !== null || event.button > 0) return;
    this.finger = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push([this.placeOf(event)]);
    this.change();
  }

  move(event) {
    if (event.pointerId !== this.finger) return;
    const stroke = this.strokes.at(-1);
    const [x, y] = this.placeOf(event);
    const [lastX, lastY] = stroke.at(-1);
    if (Math.hypot(x - lastX, y - lastY) < LEAST_STEP) return;
    stroke.push([x, y]);
    this.change();
  }

  end(event) {
    if (event.pointerId === this.finger) this.finger = null;
  }

  undo() {
    this.finger = null;
    this.strokes.pop();
    this.change();
  }

  clear() {
    this.finger = null;
    this.strokes = [];
    this.change();
  }

  placeOf({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return [((clientX - box.left) * SIDE) / box.width, ((clientY - box.top) * SIDE) / box.height];
  }

  fit() {
    const side = Math.round(this.canvas.clientWidth * devicePixelRatio);
    if (!side || this.canvas.width === side) return;
    this.canvas.width = this.canvas.height = side;
    this.paint(this.canvas);
  }

  change() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint(this.canvas);
      this.changed();
    });
  }

  /* The drawing's pixels as networks are shown them, on a canvas of SIDE. */
  pixels() {
    this.paint(this.reading);
    return this.reading.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, SIDE, SIDE);
  }

  /* As the canvas of the pages draws: curves from the middle of one segment to that of the next. */
  paint(canvas) {
    const context = canvas.getContext("2d", { willReadFrequently: canvas === this.reading });
    const scale = canvas.width / SIDE;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, SIDE, SIDE);
    context.strokeStyle = "#fff";
    context.lineWidth = PEN_WIDTH;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of this.strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      stroke.slice(1).forEach(([x, y], at) => {
        const [fromX, fromY] = stroke[at];
        context.quadraticCurveTo(fromX, fromY, (fromX + x) / 2, (fromY + y) / 2);
      });
      context.lineTo(...stroke.at(-1));
      context.stroke();
    }
  }

  /* The strokes in few bytes, as base64: see data/canvas_strokes.py. */
  packed() {
    const points = this.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
    const numbers = new DataView(new ArrayBuffer(4 * (this.strokes.length + points)));
    let at = 0;
    const write = (number) => {
      numbers.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(number))), true);
      at += 2;
    };
    for (const stroke of this.strokes) {
      write(PEN_WIDTH);
      write(stroke.length);
      for (const [x, y] of stroke) {
        write(TENTHS * x);
        write(TENTHS * y);
      }
    }
    return btoa(String.fromCharCode(...new Uint8Array(numbers.buffer)));
  }
}
