/* Layers side by side, each a sheet of maps; a click picks one. */

const GAP = 2;

const redraws = new WeakMap();
const fits = new WeakMap(); // how far a set of sheets was shrunk to fit its place
const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => redraws.get(target)?.()));

export default function ({ parentElement, data, setTriggerValue }) {
  const scroller = parentElement.querySelector(".scroller");
  const redraw = () => draw(scroller, data, setTriggerValue);
  redraws.set(scroller, redraw);
  observer.observe(scroller);
  redraw();
  return () => observer.unobserve(scroller);
}

function draw(scroller, data, setTriggerValue) {
  const root = scroller.querySelector(".maps");
  const palettes = Object.fromEntries(Object.entries(data.colors).map(([name, text]) => [name, bytes(text)]));
  root.setAttribute("aria-label", data.label);
  root.classList.toggle("wrapped", data.wrapped);
  while (root.childElementCount > data.layers.length) root.lastElementChild.remove();
  while (root.childElementCount < data.layers.length) root.append(sheet());
  const widths = data.layers.map((layer) => GAP + layer.across * (layer.columns * layer.zoom + GAP));
  const natural = data.wrapped ? Math.max(...widths) : widths.reduce((sum, width) => sum + width);
  const room = scroller.clientWidth;
  const smallest = data.wrapped ? 0.4 : 0.7;
  const drawAt = (shrink) =>
    data.layers.forEach((layer, index) => {
      const figure = root.children[index];
      const scale = layer.zoom * shrink;
      show(figure, layer, palettes[layer.palette], scale);
      markPicked(figure, layer, scale, data);
      listen(figure, layer, scale, setTriggerValue);
    });
  const measures = JSON.stringify([room, data.layers.map(({ name, count, zoom }) => [name, count, zoom])]);
  const known = fits.get(root);
  if (known?.measures === measures) {
    drawAt(known.shrink);
    return;
  }
  let shrink = Math.min(1, Math.max(smallest, room / natural));
  drawAt(shrink);
  // Captions may be wider than their tiles: what they take, the tiles give, little by little.
  for (let more = 0; more < 3 && root.scrollWidth > room && shrink > smallest; more++) {
    shrink = Math.max(smallest, shrink - (root.scrollWidth - room) / natural);
    drawAt(shrink);
  }
  fits.set(root, { measures, shrink });
}

function sheet() {
  const figure = document.createElement("figure");
  figure.className = "layer";
  figure.innerHTML =
    '<figcaption><strong></strong><span></span></figcaption>' +
    '<div class="tiles"><canvas role="img"></canvas><div class="names"></div>' +
    '<div class="mark hover"></div><div class="mark picked"></div></div>';
  return figure;
}

function show(figure, layer, palette, scale) {
  const { rows, columns, across, count, names } = layer;
  const [title, note] = figure.querySelectorAll("figcaption > *");
  title.textContent = layer.title;
  note.innerText = layer.note;
  const values = bytes(layer.values);
  const down = Math.ceil(count / across);
  const canvas = figure.querySelector("canvas");
  canvas.setAttribute("aria-label", layer.label);
  const ratio = Math.max(1, Math.ceil(scale * devicePixelRatio));
  const gap = Math.max(1, Math.round((GAP / scale) * ratio));
  canvas.width = across * (columns * ratio + gap) - gap;
  canvas.height = down * (rows * ratio + gap) - gap;
  canvas.style.width = `${across * (columns * scale + GAP) - GAP}px`;
  canvas.style.height = `${down * (rows * scale + GAP) - GAP}px`;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  const tile = new OffscreenCanvas(columns, rows);
  const paper = tile.getContext("2d");
  const pixels = new ImageData(columns, rows);
  for (let map = 0; map < count; map++) {
    for (let place = 0; place < rows * columns; place++) {
      const color = 3 * values[map * rows * columns + place];
      pixels.data.set([palette[color], palette[color + 1], palette[color + 2], 255], 4 * place);
    }
    paper.putImageData(pixels, 0, 0);
    const left = (map % across) * (columns * ratio + gap);
    const top = Math.floor(map / across) * (rows * ratio + gap);
    pen.drawImage(tile, left, top, columns * ratio, rows * ratio);
  }
  const list = figure.querySelector(".names");
  figure.querySelector(".tiles").classList.toggle("named", Boolean(names));
  list.replaceChildren(
    ...(names ?? []).map((name, index) => {
      const line = document.createElement("div");
      line.textContent = name;
      line.className = index === layer.first ? "first" : "";
      line.style.top = `${(index + 0.5) * (rows * scale + GAP) - GAP / 2}px`;
      return line;
    }),
  );
}

function markPicked(figure, layer, scale, { picked, wrapped }) {
  const isHere = picked && (wrapped || picked.layer === layer.name) && picked.map < layer.count;
  place(figure.querySelector(".picked"), layer, scale, isHere ? picked.map : null);
}

function listen(figure, layer, scale, setTriggerValue) {
  const tiles = figure.querySelector(".tiles");
  const hover = figure.querySelector(".hover");
  const under = (event) => {
    const box = tiles.querySelector("canvas").getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / (layer.columns * scale + GAP));
    const row = Math.floor((event.clientY - box.top) / (layer.rows * scale + GAP));
    const map = row * layer.across + column;
    return column >= 0 && column < layer.across && map >= 0 && map < layer.count ? map : null;
  };
  tiles.onpointermove = (event) => {
    const map = layer.pickable ? under(event) : null;
    place(hover, layer, scale, map);
    tiles.title = map === null ? "" : `${layer.title}, ${layer.word} ${layer.numbers?.[map] ?? map}`;
    tiles.classList.toggle("pickable", map !== null);
  };
  tiles.onpointerleave = () => place(hover, layer, scale, null);
  tiles.onclick = (event) => {
    const map = layer.pickable ? under(event) : null;
    if (map !== null) setTriggerValue("picked", { layer: layer.name, map });
  };
}

function place(mark, layer, scale, map) {
  mark.style.display = map === null ? "none" : "block";
  if (map === null) return;
  mark.style.left = `${(map % layer.across) * (layer.columns * scale + GAP)}px`;
  mark.style.top = `${Math.floor(map / layer.across) * (layer.rows * scale + GAP)}px`;
  mark.style.width = `${layer.columns * scale}px`;
  mark.style.height = `${layer.rows * scale}px`;
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
