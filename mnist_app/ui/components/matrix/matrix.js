/* A kernel to edit: one field an entry, colored by its value, arrow keys up and down between them. */

const PAUSE = 500; // milliseconds without a key after which what was typed is sent
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i; // as convolution.read_kernel has it
const LARGEST_ENTRY = 1000;
const timers = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const matrix = parentElement.querySelector(".matrix");
  const { rows, columns, texts, scale } = data;
  const palette = paletteOf(data.palette);
  matrix.setAttribute("aria-label", data.label);
  matrix.classList.toggle("large", columns > 3);
  matrix.style.gridTemplateColumns = `repeat(${columns}, auto)`;
  if (matrix.childElementCount !== rows * columns) {
    matrix.replaceChildren(...Array.from({ length: rows * columns }, () => document.createElement("input")));
  }
  const fields = [...matrix.children];
  const isNew = matrix.dataset.version !== data.version;
  matrix.dataset.version = data.version;

  fields.forEach((field, index) => {
    const row = Math.floor(index / columns);
    const column = index % columns;
    field.setAttribute("aria-label", `${data.label}, row ${row + 1}, column ${column + 1}`);
    field.inputMode = "text";
    field.autocomplete = "off";
    if (isNew) field.value = texts[row][column];
    paint(field, palette, scale);
    field.oninput = () => {
      paint(field, palette, scale);
      clearTimeout(timers.get(matrix));
      timers.set(matrix, setTimeout(send, PAUSE));
    };
    field.onfocus = () => field.select();
    field.onchange = send;
    field.onkeydown = (event) => {
      const step = { ArrowUp: -columns, ArrowDown: columns, Enter: 0 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      if (step === 0) send();
      else fields[index + step]?.focus();
    };
    field.onpaste = (event) => {
      const numbers = numbersIn(event.clipboardData.getData("text"), fields.length);
      if (!numbers) return;
      event.preventDefault();
      numbers.forEach((text, place) => (fields[place].value = text));
      fields.forEach((other) => paint(other, palette, scale));
      send();
    };
  });

  function send() {
    clearTimeout(timers.get(matrix));
    if (!matrix.isConnected) return;
    const typed = fields.map((field) => field.value);
    const lines = Array.from({ length: rows }, (_, row) => typed.slice(row * columns, (row + 1) * columns));
    setStateValue("typed", { version: data.version, texts: lines });
  }
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

/* The value of an entry; NaN where it is no number, or too large. */
function valueOf(text) {
  const value = NUMBER.test(plain(text)) ? Number(plain(text)) : NaN;
  return Math.abs(value) <= LARGEST_ENTRY ? value : NaN;
}

function paint(field, palette, scale) {
  const value = valueOf(field.value);
  field.classList.toggle("wrong", Number.isNaN(value));
  fill(field, colorAt(palette, indexOn(Number.isNaN(value) ? 0 : value, scale)));
}
