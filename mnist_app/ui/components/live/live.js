/* The answer while the pen moves: the network runs here over the canvas's own pixels, and paints
   into the answer that the server wrote. After the stroke the server's answer takes its place. */

const LARGEST_DIFFERENCE = 0.001;
const networks = new Map();
const watchers = new WeakMap();

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".live");
  let watcher = watchers.get(root);
  if (!watcher) {
    watcher = new Watcher();
    watchers.set(root, watcher);
  }
  watcher.update(data);
  return () => watcher.stop();
}

class Watcher {
  constructor() {
    this.look = (event) => this.schedule(event);
    this.frame = 0;
    this.last = null;
  }

  /* Takes what the server knows: which network, and its answer to the last stroke. */
  update(data) {
    document.addEventListener("pointermove", this.look, true);
    document.addEventListener("pointerdown", this.look, true);
    this.rejectBelow = data.rejectBelow;
    if (data.url !== this.url) {
      this.url = data.url;
      this.network = null;
      load(`/${data.url}`).then(
        (network) => (this.network = this.url === data.url ? network : this.network),
        (error) => console.warn("The network cannot run in this browser:", error),
      );
    }
    if (data.stroke !== this.stroke) {
      this.stroke = data.stroke;
      this.compare(data.probabilities);
    }
  }

  stop() {
    document.removeEventListener("pointermove", this.look, true);
    document.removeEventListener("pointerdown", this.look, true);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  schedule(event) {
    const canvas = event.composedPath()[0];
    const isDrawing = event.buttons && canvas.matches?.("canvas.upper-canvas");
    if (!isDrawing || !this.network || this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.read(canvas);
    });
  }

  read(canvas) {
    const { image, problem } = normalizeInk(toGray(pixelsOf(canvas)));
    if (problem) return;
    const probabilities = runNetwork(this.network.layers, image).at(-1);
    this.last = probabilities;
    paint(probabilities, this.rejectBelow, image);
  }

  /* The server's answer is on the page by now; it and the browser must say the same. */
  compare(probabilities) {
    const last = this.last;
    this.last = null;
    if (!last || !probabilities || this.frame) return;
    const difference = Math.max(...probabilities.map((share, digit) => Math.abs(share - last[digit])));
    if (difference > LARGEST_DIFFERENCE) {
      console.warn(`Browser and server differ by ${(100 * difference).toFixed(2)} points.`);
    }
  }
}

/* Fetches a network once, however many elements ask for it. */
function load(url) {
  if (!networks.has(url)) {
    const loading = fetch(url).then(async (response) => {
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      return unpackNetwork(await response.arrayBuffer());
    });
    loading.catch(() => networks.delete(url));
    networks.set(url, loading);
  }
  return networks.get(url);
}

/* Returns the finished strokes with the unfinished one over them. */
function pixelsOf(upper) {
  const { width, height } = upper;
  pixelsOf.canvas ??= new OffscreenCanvas(width, height);
  const context = pixelsOf.canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  const lower = upper.getRootNode().querySelector("canvas.lower-canvas");
  for (const layer of [lower, upper]) context.drawImage(layer, 0, 0);
  return context.getImageData(0, 0, width, height);
}

function paint(probabilities, rejectBelow, image) {
  const answer = document.querySelector("[data-answer]");
  if (!answer) return;
  const said = inWords(probabilities, rejectBelow);
  answer.dataset.source = "live";
  answer.dataset.digit = said.digit;
  // The digit that is read aloud changes once a stroke, with the server's answer.
  const digit = answer.querySelector(".lab-live");
  digit.textContent = said.digit || "–";
  digit.classList.toggle("lab-nothing", said.digit === "");
  const words = answer.querySelector(".lab-words");
  words.replaceChildren(strong(said.headline), said.sentence);
  answer.querySelectorAll(".lab-chart > div").forEach((row, at) => {
    row.style.setProperty("--share", probabilities[at].toFixed(3));
    row.classList.toggle("first", at === said.first);
    row.querySelector("span").textContent = percent(probabilities[at]);
  });
  answer.querySelector(".lab-seen img").src = asPicture(image);
}

function strong(text) {
  const element = document.createElement("strong");
  element.textContent = text;
  return element;
}

/* The same sentences as ui/markup/predictions.py has. */
function inWords(probabilities, rejectBelow) {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const [first, second] = order;
  const [sure, other] = [percent(probabilities[first]), percent(probabilities[second])];
  if (probabilities[first] + probabilities[second] < rejectBelow) {
    const sentence = `The nearest is ${first}, at ${sure}.`;
    return { digit: "", first, headline: "I don't recognize a digit here", sentence };
  }
  const digit = String(first);
  if (probabilities[first] >= 0.9) {
    return { digit, first, headline: `${sure} sure`, sentence: `Then ${second}: ${other}` };
  }
  return {
    digit,
    first,
    headline: `Not sure: ${first} or ${second}`,
    sentence: `${first}: ${sure}, ${second}: ${other}`,
  };
}

/* Like ui/markup/numbers.py: claims neither none nor all. */
function percent(share) {
  const rounded = (100 * share).toFixed(1);
  if (rounded === "100.0") return "> 99.9%";
  return rounded === "0.0" ? "< 0.1%" : `${rounded}%`;
}

function asPicture(image) {
  asPicture.canvas ??= document.createElement("canvas");
  const canvas = asPicture.canvas;
  canvas.width = canvas.height = IMAGE_SIDE;
  const pixels = new ImageData(IMAGE_SIDE, IMAGE_SIDE);
  image.forEach((value, at) => pixels.data.set([value, value, value, 255], 4 * at));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas.toDataURL();
}
