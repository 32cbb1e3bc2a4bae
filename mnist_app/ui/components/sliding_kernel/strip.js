/* The learned kernels in a strip, each above its map: a click on a kernel picks it, on a map mutes it. */

const GAP = 3; // CSS pixels between tiles
const LEAST_TILE = 34;
const SMALLER = 0.75; // in two rows

class Strip {
  /* `on` is told {pick, mute}, each a function of a kernel's number. */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.pairs = [];
    root.addEventListener("click", (event) => this.click(event.target.closest("button")));
    root.addEventListener("keydown", (event) => this.press(event));
  }

  /* Lays out so many kernels in the width that there is; returns how high they are. */
  arrange(count, width) {
    if (this.pairs.length !== count) {
      this.pairs = Array.from({ length: count }, (_, number) => newPair(number));
      this.root.replaceChildren(...this.pairs.map(({ element }) => element));
      this.letIn(this.pairs[0]?.kernel);
    }
    if (this.width === width && this.count === count) return this.height;
    Object.assign(this, { width, count });
    const { columns, side, rows } = fitTiles(count, width, innerHeight);
    this.columns = columns;
    this.root.style.setProperty("--tile", `${side}px`);
    this.root.style.gridTemplateColumns = `repeat(${columns}, ${side}px)`;
    this.height = rows * 2 * (side + GAP);
    return this.height;
  }

  /* Paints the kernels, all in one scale, and which of them are picked, changed or muted. */
  paintKernels(kernels, side, picked) {
    const scale = aroundZero(kernels.map(({ weights }) => weights));
    this.pairs.forEach(({ element, kernel, map }, number) => {
      const { weights, isMuted, isEdited } = kernels[number];
      paintGrid(kernel.firstChild, { rows: side, columns: side, values: weights }, scale);
      element.classList.toggle("muted", isMuted);
      element.classList.toggle("edited", isEdited && !isMuted);
      kernel.setAttribute("aria-pressed", number === picked);
      map.setAttribute("aria-pressed", isMuted);
    });
  }

  paintMaps(maps, scale) {
    maps.forEach((map, number) => paintGrid(this.pairs[number].map.firstChild, map, scale));
  }

  click(button) {
    if (!button) return;
    this.letIn(button);
    const number = Number(button.parentElement.dataset.number);
    if (button.className === "tile-kernel") this.on.pick(number);
    else this.on.mute(number);
  }

  /* Arrow keys go from tile to tile; Tab comes to one of them only. */
  press(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const number = Number(button.parentElement.dataset.number);
    const isKernel = button.className === "tile-kernel";
    const moves = {
      ArrowLeft: [number - 1, isKernel],
      ArrowRight: [number + 1, isKernel],
      ArrowDown: isKernel ? [number, false] : [number + this.columns, true],
      ArrowUp: isKernel ? [number - this.columns, false] : [number, true],
      Home: [0, isKernel],
      End: [this.pairs.length - 1, isKernel],
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    const [to, toKernel] = moves[event.key];
    const pair = this.pairs[to];
    if (!pair) return;
    this.letIn(toKernel ? pair.kernel : pair.map);
    (toKernel ? pair.kernel : pair.map).focus();
  }

  letIn(button) {
    for (const { kernel, map } of this.pairs) kernel.tabIndex = map.tabIndex = -1;
    if (button) button.tabIndex = 0;
  }
}

/* How many tiles stand side by side, in how many rows, and their side in CSS pixels. */
function fitTiles(count, width, height) {
  const rows = Math.max(1, Math.ceil((count * (LEAST_TILE + GAP)) / (width + GAP)));
  const columns = Math.max(1, Math.ceil(count / rows));
  const largest = Math.max(40, 0.06 * height) * (rows > 1 ? SMALLER : 1);
  return { rows, columns, side: Math.floor(Math.min(largest, (width + GAP) / columns - GAP)) };
}

function newPair(number) {
  const element = document.createElement("div");
  element.className = "pair";
  element.dataset.number = number;
  element.innerHTML =
    `<button type="button" class="tile-kernel" aria-label="Kernel ${number}" title="Kernel ${number}"><canvas></canvas></button>` +
    `<button type="button" class="tile-map" aria-label="Mute map ${number}" title="Mute map ${number}"><canvas></canvas></button>`;
  const [kernel, map] = element.children;
  return { element, kernel, map };
}
