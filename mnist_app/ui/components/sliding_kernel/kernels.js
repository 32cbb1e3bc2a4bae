/* The kernels: well-known and learned ones, what the visitor made of them, and how their numbers are
   read and written. A kernel is {weights, bias}; kernels are known by a name, as in __init__.py. */

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

class Kernels {
  constructor() {
    this.originals = new Map();
    this.edits = new Map();
    for (const [name, { kernels }] of Object.entries(PRESETS)) {
      for (const [side, weights] of Object.entries(kernels)) {
        this.originals.set(`${name} ${side}`, { weights: Float32Array.from(weights), bias: 0 });
      }
    }
  }

  /* Takes what the server knows: the learned kernels, and edits of kernels that are new here. */
  learn(learned, edited) {
    learned?.kernels.forEach((kernel, number) => this.originals.set(`${learned.name} ${number}`, readKernel(kernel)));
    for (const [name, kernel] of Object.entries(edited)) this.edits.set(name, readKernel(kernel));
  }

  /* Whether the server knows the edits of these kernels. */
  areKnown(edited, names) {
    return names.every((name) => {
      const known = edited[name] ? readKernel(edited[name]) : this.originals.get(name);
      return known.bias === this.now(name).bias && known.weights.every((weight, at) => weight === this.now(name).weights[at]);
    });
  }

  now(name) {
    return this.edits.get(name) ?? this.originals.get(name);
  }

  isEdited(name) {
    return this.edits.has(name);
  }

  isMuted(name) {
    const { weights, bias } = this.now(name);
    return bias === 0 && weights.every((weight) => weight === 0);
  }

  /* Puts a kernel in the place of another; the same as the original is no edit. */
  change(name, kernel) {
    const original = this.originals.get(name);
    const isSame = kernel.bias === original.bias && kernel.weights.every((weight, at) => weight === original.weights[at]);
    if (isSame) this.edits.delete(name);
    else this.edits.set(name, kernel);
  }

  /* Takes a typed number; a text that says what stood there before brings that back exactly. */
  type(name, place, text) {
    const { weights, bias } = this.now(name);
    const original = this.originals.get(name).weights[place];
    const changed = weights.slice();
    changed[place] = text.trim() === textOf(original) ? original : valueOf(text);
    this.change(name, { weights: changed, bias });
  }

  mute(name) {
    this.change(name, { weights: new Float32Array(this.now(name).weights.length), bias: 0 });
  }

  reset(name) {
    this.edits.delete(name);
  }

  /* The edits as the server gets them. */
  sent() {
    return Object.fromEntries(
      [...this.edits].map(([name, { weights, bias }]) => [name, { weights: [...weights], bias }]),
    );
  }
}

/* A kernel as the server sends it. */
function readKernel({ weights, bias }) {
  return { weights: new Float32Array(bytesOf(weights).buffer), bias };
}

/* A weight as it is shown and edited: at most three decimals. */
function textOf(weight) {
  return String(Number(weight.toFixed(3)) + 0);
}

/* The value of an entry; NaN where it is no number, or too large. */
function valueOf(text) {
  const value = NUMBER.test(plain(text)) ? Number(plain(text)) : NaN;
  return Math.abs(value) <= LARGEST_ENTRY ? value : NaN;
}

/* What is wrong with an entry; "" where nothing is. Rows and columns count from 1. */
function problemOf(text, row, column) {
  const place = `Row ${row}, column ${column}`;
  if (!Number.isNaN(valueOf(text))) return "";
  if (!text.trim()) return `${place} is empty. Type a number, such as 0.`;
  const short = text.slice(0, 12);
  if (!NUMBER.test(plain(text))) return `${place}: “${short}” is not a number. Type one, such as −1.5.`;
  return `${place}: ${short} is too large. Use numbers from −${LARGEST_ENTRY} to ${LARGEST_ENTRY}.`;
}

/* The numbers of a pasted matrix, as texts, where there are so many; else undefined. Commas stand
   between them (Python, CSV) or in the place of decimal points (spreadsheets). */
function numbersIn(text, count) {
  const readings = [/[\s;()[\],]+/, /[\s;()[\]]+/].map((separator) =>
    text.split(separator).filter((word) => NUMBER.test(plain(word))),
  );
  return readings.find((numbers) => numbers.length === count);
}

function plain(text) {
  return text.trim().replaceAll(",", ".").replaceAll("−", "-");
}

/* What is to be known about a kernel: a preset, or the learned one that has a number. */
function sentenceOn(preset, number, isZero) {
  if (number !== null) {
    return isZero
      ? "This map is muted: the network has to do without it."
      : "Nobody designed this kernel: the network learned it. Change it and see whether it still reads your digit.";
  }
  return isZero ? "This kernel is all zeros, so every sum is 0. Type in another number." : PRESETS[preset].sentence;
}
