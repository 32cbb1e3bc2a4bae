/* The kernel's cells: a field for each weight over the pixel that it is multiplied by, and the product. */

class Cells {
  /* `on` is told {type: (place, text), paste: (texts), leave: ()}. */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.cells = [];
  }

  /* Shows another kernel; what was typed is replaced. */
  show(title, side, weights) {
    this.side = side;
    this.title = title;
    this.root.setAttribute("aria-label", title);
    if (this.cells.length !== side * side) {
      this.cells = Array.from({ length: side * side }, (_, place) => this.newCell(place));
      this.root.style.setProperty("--side", side);
      this.root.replaceChildren(...this.cells.map(({ element }) => element));
    }
    this.cells.forEach(({ field }, place) => {
      field.value = textOf(weights[place]);
      field.classList.remove("wrong");
      field.setAttribute("aria-label", `${title}, ${this.placeInWords(place)}`);
    });
  }

  /* Colors the cells, and shows the pixels under them and the products. */
  fill(weights, scale, pixels, products) {
    const palette = paletteOf(scale.palette);
    this.cells.forEach(({ element, pixel, product }, place) => {
      const index = indexOn(weights[place], scale);
      if (element.dataset.index !== String(index)) fill(element, colorAt(palette, index));
      element.dataset.index = index;
      setText(pixel, pixels[place] === null ? "0 ×" : `${rounded(pixels[place])} ×`);
      setText(product, `= ${rounded(products[place])}`);
      element.classList.toggle("nothing", products[place] === 0);
    });
  }

  /* The first entry that cannot be used, in words; "" where all can. */
  problem() {
    const problems = this.cells.map(({ field }, place) =>
      problemOf(field.value, Math.floor(place / this.side) + 1, (place % this.side) + 1),
    );
    return problems.find(Boolean) ?? "";
  }

  newCell(place) {
    const element = document.createElement("label");
    element.className = "cell";
    element.innerHTML =
      '<span class="pixel" aria-hidden="true"></span><input type="text" autocomplete="off" spellcheck="false" />' +
      '<span class="product" aria-hidden="true"></span>';
    const [pixel, field, product] = element.children;
    field.addEventListener("input", () => this.type(place));
    field.addEventListener("focus", () => field.select());
    field.addEventListener("change", () => this.on.leave());
    field.addEventListener("keydown", (event) => this.press(event, place));
    field.addEventListener("paste", (event) => this.paste(event));
    return { element, pixel, field, product };
  }

  type(place) {
    const { field } = this.cells[place];
    const isWrong = Number.isNaN(valueOf(field.value));
    field.classList.toggle("wrong", isWrong);
    this.on.type(place, isWrong ? null : field.value);
  }

  /* Arrow keys go to the next cell; to the left and right only from the end of what is typed. */
  press(event, place) {
    const { field } = this.cells[place];
    const [start, end] = [field.selectionStart, field.selectionEnd];
    const isAll = start === 0 && end === field.value.length;
    const column = place % this.side;
    const steps = {
      ArrowUp: -this.side,
      ArrowDown: this.side,
      ArrowLeft: column > 0 && (isAll || end === 0) ? -1 : 0,
      ArrowRight: column < this.side - 1 && (isAll || start === field.value.length) ? 1 : 0,
    };
    if (event.key === "Enter") this.on.leave();
    const next = steps[event.key] ? this.cells[place + steps[event.key]] : null;
    if (!next) return;
    event.preventDefault();
    next.field.focus();
  }

  paste(event) {
    const texts = numbersIn(event.clipboardData.getData("text"), this.cells.length);
    if (!texts) return;
    event.preventDefault();
    texts.forEach((text, place) => {
      this.cells[place].field.value = text;
      this.type(place);
    });
    this.on.leave();
  }

  placeInWords(place) {
    return `row ${Math.floor(place / this.side) + 1}, column ${(place % this.side) + 1}`;
  }
}
