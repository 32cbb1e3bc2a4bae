/* A kernel to edit: one field an entry, colored by its value, arrow keys up and down between them. */

const PAUSE = 500; // milliseconds without a key after which what was typed is sent
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i; // as filters.read_kernel has it
const LARGEST = 1000;
const timers = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const matrix = parentElement.querySelector(".matrix");
  const { rows, columns, texts, limit, colors } = data;
  matrix.setAttribute("aria-label", data.label);
  matrix.classList.toggle("large", columns > 3);
  matrix.style.gridTemplateColumns = `repeat(${columns}, auto)`;
  if (matrix.childElementCount !== rows * columns) {
    matrix.replaceChildren(...Array.from({ length: rows * columns }, () => document.createElement("input")));
  }
  const fields = [...matrix.children];
  const palette = Uint8Array.from(atob(colors), (letter) => letter.charCodeAt(0));
  const isNew = matrix.dataset.version !== data.version;
  matrix.dataset.version = data.version;

  fields.forEach((field, index) => {
    const row = Math.floor(index / columns);
    const column = index % columns;
    field.setAttribute("aria-label", `${data.label}, row ${row + 1}, column ${column + 1}`);
    field.inputMode = "text";
    field.autocomplete = "off";
    if (isNew) field.value = texts[row][column];
    paint(field, palette, limit);
    field.oninput = () => {
      paint(field, palette, limit);
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
      fields.forEach((other) => paint(other, palette, limit));
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

/* The numbers of a pasted matrix, written with commas between them (Python, CSV) or as decimal points. */
function numbersIn(text, count) {
  const readings = [/[\s;()[\],]+/, /[\s;()[\]]+/].map((separator) =>
    text.split(separator).filter((word) => NUMBER.test(plain(word))),
  );
  return readings.find((numbers) => numbers.length === count);
}

function plain(text) {
  return text.trim().replace(",", ".").replace("−", "-");
}

function paint(field, palette, limit) {
  const text = plain(field.value);
  const value = NUMBER.test(text) ? Number(text) : NaN;
  const isRight = Math.abs(value) <= LARGEST;
  field.classList.toggle("wrong", !isRight);
  const share = isRight ? Math.min(Math.max(value / limit, -1), 1) : 0;
  const [red, green, blue] = palette.slice(3 * Math.round(127.5 * (1 + share)));
  field.style.background = `rgb(${red}, ${green}, ${blue})`;
  field.style.color = 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#000" : "#fff";
}
