/* Grids of tiles side by side; a click picks a tile. */

const GAP = 2; // CSS pixels between tiles
const LEAST_SHRINK = 0.4;

const redraws = new WeakMap();
const fits = new WeakMap(); // how far a set of grids was shrunk to fit its place
const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => redraws.get(target)?.()));

export default function ({ parentElement, data, setTriggerValue }) {
  const scroller = parentElement.querySelector(".scroller");
  const own = keptAt(scroller, () => ({}));
  own.data = data;
  const redraw = () => draw(scroller, data, setTriggerValue);
  redraws.set(scroller, redraw);
  redraw();
  return whileShown(scroller, () => {
    observer.observe(scroller);
    const stop = whileDrawing((seen) => follow(scroller, own.data, seen));
    return () => {
      observer.unobserve(scroller);
      stop();
    };
  });
}

/* What the pen has drawn so far. */
function follow(scroller, { grids, live, oneScale }, { layers, results }) {
  const outputs = results[live]?.outputs;
  if (!outputs) return;
  const root = scroller.querySelector(".tile-grids");
  const found = grids.map((grid) => (grid.live ? liveTiles(grid.live, layers, outputs) : null));
  const together = oneScale && scaleOf(found, { aroundZero: true });
  grids.forEach((grid, at) => {
    const values = found[at];
    if (values?.length !== grid.count * grid.rows * grid.columns) return;
    if (grid.palette !== "gray") {
      const scale = together || scaleOf([values], { aroundZero: grid.palette === "diverging" });
      grid.palette = scale.low < 0 ? "diverging" : "sequential";
      grid.indices = indicesOn(values, scale);
    } else grid.indices = indicesOn(values, { low: 0, high: 1 });
    paintTiles(root.children[at].querySelector("canvas"), grid, paletteOf(grid.palette), grid.zoom * fits.get(root).shrink);
  });
}

function draw(scroller, data, setTriggerValue) {
  const root = scroller.querySelector(".tile-grids");
  const { grids } = data;
  root.setAttribute("aria-label", data.label);
  while (root.childElementCount > grids.length) root.lastElementChild.remove();
  while (root.childElementCount < grids.length) root.append(newFigure());
  const widths = grids.map((grid) => GAP + grid.across * (grid.columns * grid.zoom + GAP));
  const natural = Math.max(...widths);
  const room = scroller.clientWidth;
  const drawAt = (shrink) =>
    grids.forEach((grid, index) => {
      const figure = root.children[index];
      const zoom = grid.zoom * shrink;
      show(figure, grid, paletteOf(grid.palette), zoom);
      markPicked(figure, grid, zoom, data);
      listen(figure, grid, zoom, setTriggerValue);
    });
  const measures = JSON.stringify([room, grids.map(({ name, count, zoom }) => [name, count, zoom])]);
  const known = fits.get(root);
  if (known?.measures === measures) {
    drawAt(known.shrink);
    return;
  }
  let shrink = Math.min(1, Math.max(LEAST_SHRINK, room / natural));
  drawAt(shrink);
  // Captions may be wider than their tiles: what they take, the tiles give, little by little.
  for (let more = 0; more < 3 && root.scrollWidth > room && shrink > LEAST_SHRINK; more++) {
    shrink = Math.max(LEAST_SHRINK, shrink - (root.scrollWidth - room) / natural);
    drawAt(shrink);
  }
  fits.set(root, { measures, shrink });
}

function newFigure() {
  const figure = document.createElement("figure");
  figure.className = "tile-grid";
  figure.innerHTML =
    "<figcaption><strong></strong><span></span></figcaption>" +
    '<div class="tiles"><canvas role="img"></canvas>' +
    '<div class="mark hover"></div><div class="mark picked"></div></div>';
  return figure;
}

function show(figure, grid, palette, zoom) {
  const [title, note] = figure.querySelectorAll("figcaption > *");
  title.textContent = grid.title;
  note.innerText = grid.note;
  paintTiles(figure.querySelector("canvas"), grid, palette, zoom);
}

function paintTiles(canvas, { indices, label, count, rows, columns, across }, palette, zoom) {
  const down = Math.ceil(count / across);
  canvas.setAttribute("aria-label", label);
  // A value takes a whole number of the canvas's own pixels, at least as many as the screen shows.
  const ratio = Math.max(1, Math.ceil(zoom * devicePixelRatio));
  const gap = Math.max(1, Math.round((GAP / zoom) * ratio));
  canvas.width = across * (columns * ratio + gap) - gap;
  canvas.height = down * (rows * ratio + gap) - gap;
  canvas.style.width = `${across * (columns * zoom + GAP) - GAP}px`;
  canvas.style.height = `${down * (rows * zoom + GAP) - GAP}px`;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  const paper = new OffscreenCanvas(columns, rows);
  const values = typeof indices === "string" ? bytesOf(indices) : indices;
  for (let tile = 0; tile < count; tile++) {
    const own = values.subarray(tile * rows * columns, (tile + 1) * rows * columns);
    paper.getContext("2d").putImageData(imageOf(own, palette, rows, columns), 0, 0);
    const left = (tile % across) * (columns * ratio + gap);
    const top = Math.floor(tile / across) * (rows * ratio + gap);
    pen.drawImage(paper, left, top, columns * ratio, rows * ratio);
  }
}

function markPicked(figure, grid, zoom, { picked }) {
  const isHere = picked && picked.tile < grid.count;
  frame(figure.querySelector(".picked"), grid, zoom, isHere ? picked.tile : null);
}

function listen(figure, grid, zoom, setTriggerValue) {
  const tiles = figure.querySelector(".tiles");
  const hover = figure.querySelector(".hover");
  const under = (event) => {
    const box = tiles.querySelector("canvas").getBoundingClientRect();
    return grid.pickable ? tileAt(grid, zoom, event.clientX - box.left, event.clientY - box.top) : null;
  };
  tiles.onpointermove = (event) => {
    const tile = under(event);
    frame(hover, grid, zoom, tile);
    tiles.title = tile === null ? "" : `${grid.title}, ${grid.word} ${grid.numbers?.[tile] ?? tile}`;
    tiles.classList.toggle("pickable", tile !== null);
  };
  tiles.onpointerleave = () => frame(hover, grid, zoom, null);
  tiles.onclick = (event) => {
    const tile = under(event);
    if (tile !== null) setTriggerValue("picked", { name: grid.name, tile });
  };
}

/* The number of the tile at a place of the canvas, in CSS pixels; null where there is none. The gap
   belongs to the tile before it. */
function tileAt({ count, rows, columns, across }, zoom, x, y) {
  const column = Math.floor(x / (columns * zoom + GAP));
  const row = Math.floor(y / (rows * zoom + GAP));
  const tile = row * across + column;
  return row >= 0 && column >= 0 && column < across && tile < count ? tile : null;
}

function frame(mark, { rows, columns, across }, zoom, tile) {
  mark.style.display = tile === null ? "none" : "block";
  if (tile === null) return;
  mark.style.left = `${(tile % across) * (columns * zoom + GAP)}px`;
  mark.style.top = `${Math.floor(tile / across) * (rows * zoom + GAP)}px`;
  mark.style.width = `${columns * zoom}px`;
  mark.style.height = `${rows * zoom}px`;
}
