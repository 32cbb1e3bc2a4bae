/* A network as columns of maps and units, the ten digits at the right: painted while the pen moves,
   walked through by mouse or keys. The server sends maps only where the browser has no network. */

const PATIENCE = 2000; // milliseconds after which the server is asked for maps
const LARGE_SIDE = 168; // CSS pixels of a tile that is enlarged
const STEP_DELAY = 150; // milliseconds after which an open explanation follows the mark
const ARROWS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".layers");
  const board = keptAt(root, () => new Board(root));
  board.send = { setStateValue, setTriggerValue };
  board.update(data);
  return whileShown(root, () => board.follow());
}

class Board {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.stage = this.find(".stage");
    this.mark = null; // {column, tile}; the last column is the digits
    this.hovered = null;
    this.values = {}; // the last answer in the browser, by layer
    this.observer = new ResizeObserver(() => this.arrange());
    this.listen();
  }

  listen() {
    this.stage.addEventListener("pointermove", (event) => this.hover(event.pointerType === "touch" ? null : this.under(event)));
    this.stage.addEventListener("pointerleave", () => this.hover(null));
    this.stage.addEventListener("click", (event) => this.click(this.under(event)));
    this.stage.addEventListener("keydown", (event) => this.press(event));
    this.stage.addEventListener("focus", () => this.focus());
    this.stage.addEventListener("blur", () => this.showMark());
  }

  /* Follows the network and the size of the place; returns what ends that. */
  follow() {
    const ends = [
      whatIsDrawn((seen) => this.see(seen), () => this.askForMaps()),
      // After the stroke the digits are the server's.
      whileDrawing(({ results }) => results[this.data.live] && this.showDigits(results[this.data.live].probabilities)),
    ];
    const escape = (event) => this.escape(event);
    addEventListener("keydown", escape, true);
    this.observer.observe(this.stage);
    return () => {
      ends.forEach((end) => end());
      removeEventListener("keydown", escape, true);
      this.observer.disconnect();
      clearTimeout(this.waiting);
    };
  }

  wait() {
    clearTimeout(this.waiting);
    if (Object.keys(this.values).length) return;
    this.waiting = setTimeout(() => this.askForMaps(), PATIENCE);
  }

  askForMaps() {
    if (!this.data.maps) this.send.setStateValue("needs_maps", true);
  }

  update(data) {
    const isOther = data.network !== this.data?.network || data.version !== this.data.version;
    this.data = data;
    if (isOther) this.build();
    // Another of a column's folded layers may be open.
    else this.columns.forEach((column, at) => Object.assign(column, data.columns[at]));
    this.find(".stage").setAttribute("aria-label", data.label);
    if (data.maps) this.take(data.maps);
    else this.wait();
    if (data.probabilities) this.showDigits(data.probabilities);
    if (data.picked) this.mark = this.placeOf(data.picked);
    this.showMark();
  }

  build() {
    this.values = {};
    this.mark = this.hovered = null;
    this.columns = this.data.columns.map((column) => ({ ...column, strip: new Strip(column) }));
    this.find(".columns").replaceChildren(
      ...this.columns.map((column) => {
        column.figure = document.createElement("figure");
        column.figure.className = "column";
        column.figure.innerHTML =
          '<figcaption></figcaption><div class="tiles"><canvas role="img"></canvas><div class="mark" hidden></div></div>';
        fillCaption(column.figure.querySelector("figcaption"), column);
        column.canvas = column.figure.querySelector("canvas");
        column.canvas.setAttribute("aria-label", column.label);
        return column.figure;
      }),
    );
    fillCaption(this.find(".digits figcaption"), this.data.digits);
    this.rows = this.data.digits.names.map((name) => {
      const row = document.createElement("div");
      row.className = "row";
      row.innerHTML = `<b>${name}</b><i></i><span></span>`;
      return row;
    });
    this.find(".rows").replaceChildren(...this.rows);
    this.size = "";
    this.arrange();
  }

  /* Lays the tiles out anew where the place has another size. */
  arrange() {
    const place = this.find(".columns");
    const height = place.clientHeight - (this.find(".digits figcaption").offsetHeight || 0);
    const size = `${place.clientWidth} ${height} ${devicePixelRatio}`;
    if (size === this.size || height < 20) return;
    this.size = size;
    const boxes = layOut(this.columns, place.clientWidth, height);
    this.columns.forEach((column, at) => {
      Object.assign(column, { box: { count: column.count, ...boxes[at] } });
      const { across, width, height: high, room } = column.box;
      const down = Math.ceil(column.count / across);
      const [wide, tall] = [across * (width + TILE_GAP) - TILE_GAP, down * (high + TILE_GAP) - TILE_GAP];
      column.figure.style.width = `${room}px`;
      column.figure.classList.toggle("narrow", room < HEADING - 1);
      column.canvas.style.width = `${wide}px`;
      column.canvas.style.height = `${tall}px`;
      column.canvas.width = Math.round(wide * devicePixelRatio);
      column.canvas.height = Math.round(tall * devicePixelRatio);
      column.strip.drawAll(column.canvas, column.box);
    });
    this.showMark();
  }

  /* What the network in the browser makes of the drawing. */
  see({ results }) {
    const result = results[this.data.live];
    if (!result || !this.columns.every(({ shown }) => result.outputs[shown])) return;
    clearTimeout(this.waiting);
    if (this.data.maps) this.send.setStateValue("needs_maps", false);
    this.values = result.outputs;
    const { high } = scaleOf(this.data.inner.map((name) => this.values[name].values), { aroundZero: true });
    for (const column of this.columns) {
      const { values } = this.values[column.shown];
      writeIndices(column.strip.indices, values, column.count, column.palette === "gray" ? 0 : high);
    }
    this.paint(high);
  }

  /* The server's maps, where the browser has no network. */
  take({ limit, indices }) {
    this.columns.forEach((column) => column.strip.indices.set(bytesOf(indices[column.name])));
    this.paint(limit);
  }

  paint(limit) {
    for (const column of this.columns) {
      column.strip.fill();
      if (column.box) column.strip.drawAll(column.canvas, column.box);
    }
    this.showLegend(limit);
    if (this.hovered) this.enlarge();
  }

  showLegend(limit) {
    const canvas = this.find(".legend canvas");
    if (canvas.width !== 256) {
      canvas.width = 256;
      canvas.height = 1;
      const all = Uint8Array.from({ length: 256 }, (_, at) => at);
      canvas.getContext("2d").putImageData(imageOf(all, paletteOf("diverging"), 1, 256), 0, 0);
    }
    const [least, most] = this.root.querySelectorAll(".legend span");
    least.textContent = `Value: ${rounded(-limit)}`;
    most.textContent = rounded(limit);
    this.find(".legend").hidden = !this.data.inner.length;
  }

  showDigits(probabilities) {
    const first = probabilities.indexOf(Math.max(...probabilities));
    this.rows.forEach((row, digit) => {
      row.style.setProperty("--share", probabilities[digit].toFixed(3));
      row.lastChild.textContent = percent(probabilities[digit]);
      row.classList.toggle("first", digit === first);
    });
  }

  /* All columns as the keys walk through them. */
  walk() {
    return [...this.columns.map(({ box, count }) => ({ count, across: box.across })), { count: 10, across: 1 }];
  }

  under(event) {
    const target = event.composedPath().find((one) => one.classList?.contains("row") || one.classList?.contains("tiles"));
    if (!target) return null;
    if (target.classList.contains("row")) return { column: this.columns.length, tile: this.rows.indexOf(target) };
    const column = this.columns.findIndex(({ canvas }) => canvas.parentNode === target);
    const box = target.getBoundingClientRect();
    const tile = tileUnder(this.columns[column].box, event.clientX - box.left, event.clientY - box.top);
    return tile === null ? null : { column, tile };
  }

  placeOf({ name, tile }) {
    const column = this.columns.findIndex((one) => one.name === name);
    return { column: column < 0 ? this.columns.length : column, tile };
  }

  hover(place) {
    this.hovered = place?.column < this.columns.length ? place : null;
    this.enlarge();
  }

  click(place) {
    if (!place) return;
    this.mark = place;
    this.showMark();
    this.hover(null);
    this.open();
  }

  open() {
    const { column, tile } = this.mark;
    this.send.setTriggerValue("picked", { name: this.columns[column]?.name ?? this.data.digits.name, tile });
  }

  focus() {
    this.mark ??= { column: 0, tile: 0 };
    this.showMark();
    this.say();
  }

  press(event) {
    if (event.key === "Enter" || event.key === " ") {
      if (this.mark) this.open();
    } else if (ARROWS.includes(event.key)) {
      this.mark = steppedTo(this.walk(), this.mark ?? { column: 0, tile: 0 }, event.key);
      this.showMark();
      this.say();
      this.hover(this.mark);
      clearTimeout(this.stepping);
      if (this.data.picked) this.stepping = setTimeout(() => this.open(), STEP_DELAY);
    } else {
      return;
    }
    event.preventDefault();
  }

  /* Escape closes what is open, before anything else hears of it: it also clears the canvas. */
  escape(event) {
    if (event.key !== "Escape" || !(this.data.picked || this.hovered)) return;
    event.stopImmediatePropagation();
    this.hover(null);
    if (this.data.picked) this.send.setTriggerValue("closed", true);
  }

  showMark() {
    const isSeen = this.mark && (this.data.picked || this.stage.matches(":focus"));
    const { column, tile } = isSeen ? this.mark : {};
    this.columns.forEach(({ figure, box }, at) => {
      const mark = figure.querySelector(".mark");
      mark.hidden = at !== column || !box;
      if (mark.hidden) return;
      mark.style.left = `${(tile % box.across) * (box.width + TILE_GAP)}px`;
      mark.style.top = `${Math.floor(tile / box.across) * (box.height + TILE_GAP)}px`;
      mark.style.width = `${box.width}px`;
      mark.style.height = `${box.height}px`;
      if (this.stage.matches(":focus-visible")) figure.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
    this.rows.forEach((row, digit) => row.classList.toggle("marked", column === this.columns.length && digit === tile));
  }

  say() {
    this.find(".words").textContent = this.nameOf(this.mark);
  }

  nameOf({ column, tile }) {
    const { name, word } = this.columns[column] ?? { name: "probabilities", word: "digit" };
    return `${name}, ${word} ${tile}`;
  }

  /* A floating picture of the tile under the pointer, beside it. */
  enlarge() {
    const large = this.find(".large");
    large.style.display = this.hovered ? "block" : "none";
    if (!this.hovered) return;
    const { column: at, tile } = this.hovered;
    const { strip, box, canvas, rows, columns } = this.columns[at];
    const picture = large.querySelector("canvas");
    const high = rows === columns ? LARGE_SIDE : Math.round((LARGE_SIDE * rows) / columns);
    const ratio = Math.max(1, Math.ceil(devicePixelRatio));
    if (picture.width !== LARGE_SIDE * ratio) picture.width = LARGE_SIDE * ratio;
    if (picture.height !== high * ratio) picture.height = high * ratio;
    strip.draw(picture.getContext("2d"), tile, 0, 0, picture.width, picture.height);
    const own = this.values[this.columns[at].shown];
    const value = own && rows * columns === 1 ? `: ${rounded(own.values[tile])}` : "";
    large.querySelector("figcaption").textContent = this.nameOf(this.hovered) + value;
    this.putBeside(large, canvas.getBoundingClientRect(), box, tile);
  }

  putBeside(large, canvas, { across, width, height }, tile) {
    const frame = this.root.getBoundingClientRect();
    const left = canvas.left - frame.left + (tile % across) * (width + TILE_GAP);
    const top = canvas.top - frame.top + Math.floor(tile / across) * (height + TILE_GAP);
    const [wide, high] = [large.offsetWidth, large.offsetHeight];
    const fitsRight = left + width + 12 + wide < frame.width;
    large.style.left = `${fitsRight ? left + width + 12 : Math.max(0, left - wide - 12)}px`;
    large.style.top = `${Math.max(0, Math.min(top + height / 2 - high / 2, frame.height - high))}px`;
  }
}

function fillCaption(caption, { title, size, note, about }) {
  const parts = [["b", title], ["span", size], ["div", note]].map(([kind, text]) => {
    const part = document.createElement(kind);
    part.textContent = text;
    return part;
  });
  caption.replaceChildren(...parts);
  caption.title = about;
}
