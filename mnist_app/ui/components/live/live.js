/* The answer while the pen moves: the networks run here over the canvas's own pixels, and paint
   into the answers that the server wrote. After the stroke the server's answer takes their place.

   What is seen and computed is told to all elements, see `whileDrawing` in shared.js. */

const LARGEST_DIFFERENCE = 0.001;
const NEXT_LOOK = 100; // milliseconds: a canvas may still be loading what it shows
const MOST_LOOKS = 30;
const ONE_FRAME = 16; // milliseconds: a browser that takes longer shows the answer before the maps

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".live");
  const watcher = keptAt(root, () => new Watcher());
  watcher.update(data);
  return whileShown(root, () => watcher.watch());
}

class Watcher {
  constructor() {
    this.listeners = {
      pointerdown: (event) => this.schedule(event),
      pointermove: (event) => this.schedule(event),
      [CANVAS_CHANGED]: () => this.repeat(),
      [CANVAS_SENT]: ({ detail }) => (this.sent = detail),
      [LOOK]: () => this.lookSoon(),
      [PREPARE_CHANGED]: ({ detail }) => {
        this.prepare = { ...this.prepare, ...detail };
        this.repeat();
      },
      [NETWORK_CHANGED]: ({ detail }) => this.change(detail),
    };
    [this.frame, this.telling] = [0, 0];
    this.asked = [];
    this.turns = new Turns();
  }

  /* Takes what the server knows: which networks, what is changed, its answers to the last stroke. */
  update(data) {
    this.prepare = data.prepare;
    this.asked = data.networks.map((asked) => ({ ...asked, layers: null }));
    this.said = data.probabilities[this.asked[0]?.key];
    this.asked.forEach((asked) => this.fetch(asked));
    if (data.stroke !== this.stroke) {
      this.stroke = data.stroke;
      this.turns.forget();
      this.compare(data);
    }
    this.lookSoon();
  }

  /* Listens to the pen and to the page; returns what ends that. */
  watch() {
    for (const [name, listen] of Object.entries(this.listeners)) document.addEventListener(name, listen, true);
    return () => {
      for (const [name, listen] of Object.entries(this.listeners)) document.removeEventListener(name, listen, true);
      clearTimeout(this.looking);
      clearTimeout(this.telling);
      cancelAnimationFrame(this.frame);
      [this.frame, this.telling] = [0, 0];
    };
  }

  /* A network answers with other changes before the server knows of them. */
  async change({ key, changes }) {
    const asked = this.asked.find((one) => one.key === key);
    if (!asked) return;
    asked.changes = changes;
    await this.fetch(asked);
    this.repeat();
  }

  fetch(asked) {
    return fetchOnce(`/${asked.url}`, unpackNetwork).then(
      ({ layers }) => (asked.layers = changedLayers(asked, layers)),
      (error) => {
        console.warn("The network cannot run in this browser:", error);
        asked.isMissing = true;
      },
    );
  }

  schedule(event) {
    const canvas = event.composedPath()[0];
    if (event.buttons && canvas.matches?.("canvas.upper-canvas")) this.readSoon(canvas);
  }

  /* What is drawn was changed by other means than the pen, or something else about it. */
  repeat() {
    const canvas = findCanvas();
    if (canvas) this.readSoon(canvas);
  }

  readSoon(canvas) {
    clearTimeout(this.looking);
    if (!this.asked[0]?.layers) return;
    this.canvas = canvas;
    this.goOn();
  }

  /* With the next frame: reads what is drawn if it may be another, and lets networks answer. */
  goOn() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.answering = millisecondsOf(() => this.answer());
      if (this.isSlow) this.telling ||= setTimeout(() => this.tell());
      else this.tell();
      if (this.turns.areLeft()) this.goOn();
    });
  }

  read(canvas) {
    this.seen = this.see(layersOf(canvas));
    this.turns.start(this.seen.problem ? [] : this.asked, this.prepare?.comparesWithUnprepared);
  }

  see(pictures, prepare = this.prepare) {
    const ink = movedInk(toGray(pixelsOf(pictures)), prepare);
    const normalized = withExample(normalizeInk(ink), prepare);
    const layers = this.asked[0]?.layers;
    return { ink, ...normalized, layers, prepared: prepared(normalized.image, prepare) };
  }

  /* What is drawn and what the first network says to it, painted nowhere. */
  glance(canvas) {
    const seen = this.see(layersOf(canvas));
    const [first] = this.asked;
    return { ...seen, results: seen.problem ? {} : { [first.key]: resultOf(first, seen.prepared) } };
  }

  answer() {
    if (this.canvas) this.read(this.canvas);
    this.canvas = null;
    const { ink, image, prepared } = this.seen;
    for (const { asked, isPrepared } of this.turns.next()) {
      const its = asked.whole ? scaleWhole(ink) : isPrepared ? prepared : image;
      const result = this.resultOf(asked, its);
      this.turns.keep(asked.key, isPrepared, result);
      if (isPrepared) paintAnswers(asked.key, result, its);
    }
  }

  tell() {
    this.telling = 0;
    const { results, unprepared } = this.turns;
    const event = new CustomEvent(LIVE, { detail: { ...this.seen, results, unprepared } });
    const telling = millisecondsOf(() => document.dispatchEvent(event));
    this.isSlow = this.answering + telling > ONE_FRAME;
  }

  /* A network that nobody changed says what the first one says. */
  resultOf(asked, image) {
    const [first] = this.asked;
    const said = this.turns.results[first.key];
    const isSame = asked !== first && asked.layers === first.layers && asked.whole === first.whole;
    return isSame && said?.image === image ? said : { ...resultOf(asked, image), image };
  }

  /* For those who want to know what is drawn although no pen moves. What the server said to it tells
     whether the canvas shows it by now. */
  lookSoon(left = MOST_LOOKS) {
    clearTimeout(this.looking);
    this.looking = setTimeout(() => {
      const canvas = findCanvas();
      const [first] = this.asked;
      if (first?.isMissing) {
        document.dispatchEvent(new Event(NO_NETWORK));
      } else if (canvas && first?.layers && !this.frame) {
        const detail = this.glance(canvas);
        const isOther = this.said && !(differenceOf(this.said, detail.results[first.key]) <= LARGEST_DIFFERENCE);
        if (!isOther || !left) document.dispatchEvent(new CustomEvent(LOOKED, { detail }));
        else this.lookSoon(left - 1);
      } else if (left) {
        this.lookSoon(left - 1);
      }
    }, NEXT_LOOK);
  }

  /* Server and browser must say the same to the picture that the server read. On the canvas the next
     stroke may have begun; and where another picture was sent since, nobody is asked. */
  async compare({ stroke, probabilities, prepare }) {
    const bytes = bytesOf(this.sent?.split(",")[1] ?? "");
    if (!bytes.length || !stroke.endsWith(`-${checksumOf(bytes)}`)) return;
    const picture = await createImageBitmap(new Blob([bytes]));
    const { ink, problem, prepared } = this.see([picture], prepare);
    if (problem) return;
    for (const asked of this.asked) {
      // Each in its own task, so that the pen waits for one network at most.
      setTimeout(() => compareAnswers(asked, probabilities[asked.key], asked.whole ? scaleWhole(ink) : prepared));
    }
  }
}

function millisecondsOf(work) {
  const began = performance.now();
  work();
  return performance.now() - began;
}

function compareAnswers(asked, probabilities, image) {
  if (!asked.layers || !probabilities) return;
  const difference = differenceOf(probabilities, resultOf(asked, image));
  if (difference <= LARGEST_DIFFERENCE) return;
  console.warn(`Browser and server differ by ${(100 * difference).toFixed(2)} points.`);
}

/* The largest difference between two answers' probabilities; NaN where there is no result. */
function differenceOf(probabilities, result) {
  return Math.max(...probabilities.map((share, digit) => Math.abs(share - result?.probabilities[digit])));
}

/* The layers with the visitor's changes; null where the network cannot answer with these. */
function changedLayers({ changes }, layers) {
  if (!changes) return layers;
  try {
    return withChanges(layers, changes);
  } catch {
    return null;
  }
}

/* What a network says, and what each of its layers makes of an image, by its name. */
function resultOf({ layers, rejectBelow }, image) {
  const outputs = {};
  runNetwork(layers, image).forEach((values, at) => {
    outputs[layers[at].spec.name] = { values, shape: layers[at].shape };
  });
  return { outputs, rejectBelow, probabilities: outputs[layers.at(-1).spec.name].values };
}

/* What the network gets of the image, as the page's controls have it. */
function prepared(image, prepare) {
  return PREPARE[prepare?.kind]?.(image, prepare) ?? image;
}

/* What is drawn, at another place of the canvas where the page's controls moved it. */
function movedInk(ink, prepare) {
  return prepare?.kind === "move" ? moveInk(ink, prepare) : ink;
}

/* On an empty canvas the page may look into an example. */
function withExample(normalized, prepare) {
  if (normalized.problem !== "blank" || !prepare?.example) return normalized;
  return { ...normalized, image: bytesOf(prepare.example), problem: "" };
}

const PREPARE = {
  corrupt,
  hide: (image, { row, column, window }) => {
    const reach = window >> 1;
    if (!window) return image;
    return image.map((value, at) => {
      const [down, right] = [Math.floor(at / IMAGE_SIDE) - row, (at % IMAGE_SIDE) - column];
      return Math.max(Math.abs(down), Math.abs(right)) <= reach ? 0 : value;
    });
  },
  shift: (image, { down, right }) =>
    image.map((_, at) => {
      const [row, column] = [Math.floor(at / IMAGE_SIDE) - down, (at % IMAGE_SIDE) - right];
      const isInside = row >= 0 && column >= 0 && row < IMAGE_SIDE && column < IMAGE_SIDE;
      return isInside ? image[row * IMAGE_SIDE + column] : 0;
    }),
};

/* The finished strokes, and the unfinished one that lies over them. */
function layersOf(upper) {
  return [upper.getRootNode().querySelector("canvas.dc-canvas.lower-canvas"), upper];
}

/* Returns what pictures of one size show that lie over each other. */
function pixelsOf(pictures) {
  const [{ width, height }] = pictures;
  pixelsOf.canvas ??= new OffscreenCanvas(width, height);
  const context = pixelsOf.canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  for (const picture of pictures) context.drawImage(picture, 0, 0);
  return context.getImageData(0, 0, width, height);
}

/* The CRC-32 of bytes as eight hexadecimal digits: the end of `Drawing.version`. */
function checksumOf(bytes) {
  let rest = -1;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  return (~rest >>> 0).toString(16).padStart(8, "0");
}
